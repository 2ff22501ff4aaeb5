#pragma once

#include <QtWidgets/QWidget>

class QCheckBox;
class QLabel;

namespace lethe {

class LivePanels;
class PlotGroup;
struct RunHistory;

/// The line under the plots: all values at the crosshair, else at the last step; with two pinned lines, the difference.
class LiveReadout : public QWidget
{
    Q_OBJECT

public:
    LiveReadout(PlotGroup &group, QWidget *parent = nullptr);
    void show(const RunHistory &history, const LivePanels &panels);
    QString text() const;

private:
    PlotGroup &m_group;
    QLabel *m_text;
    QCheckBox *m_follow;
};

} // namespace lethe
