#pragma once

#include "RunFeed.h"

#include <QtWidgets/QWidget>

#include <optional>

class QLabel;
class QProgressBar;

namespace lethe {

class IconLabel;
class RunPicker;

/// One line: which run, how it stands, how far, how fast, how long still.
class LiveHeader : public QWidget
{
    Q_OBJECT

public:
    explicit LiveHeader(Workspace &workspace, QWidget *parent = nullptr);
    void show(const RunFeed &feed);
    RunPicker &picker() { return *m_picker; }

private:
    RunPicker *m_picker;
    IconLabel *m_statusIcon;
    QLabel *m_status;
    QLabel *m_step;
    QProgressBar *m_progress;
    QLabel *m_rate;
    QLabel *m_left;
    QLabel *m_memory;
    QLabel *m_evaluations;
    Workspace &m_workspace;
    RunId m_budgetOf = 0; ///< the run whose spec was read
    std::optional<double> m_budgetPercent;
};

} // namespace lethe
