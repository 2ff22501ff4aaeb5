#pragma once

#include "StoreReads.h"

#include <QtWidgets/QToolButton>

namespace lethe {

class Workspace;

/// The name of the run in front, as a button with the other runs under it: those that run first, then the latest.
class RunPicker : public QToolButton
{
    Q_OBJECT

public:
    explicit RunPicker(Workspace &workspace, QWidget *parent = nullptr);
    void setCurrent(RunId run, const QString &name, const QString &color);

Q_SIGNALS:
    void picked(qint64 run);

protected:
    void changeEvent(QEvent *event) override;

private:
    QString m_color;
    void fill();

    Workspace &m_workspace;
    StoreReads m_reads;
    RunId m_current = 0;
};

} // namespace lethe
