#pragma once

#include <QtCore/QTimer>
#include <QtWidgets/QStatusBar>
#include <QtWidgets/QToolButton>

class QLabel;

namespace lethe {

class Workspace;

/// A button of the status bar with a thin bar of progress along its lower edge.
class ProgressPart final : public QToolButton
{
    Q_OBJECT

public:
    explicit ProgressPart(QWidget *parent = nullptr) : QToolButton(parent) {}
    /// Below 0: no bar.
    void setFraction(double fraction);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    double m_fraction = -1;
};

/// Device and memory, the running run, the tasks, the store's state: each a button.
class StatusParts final : public QStatusBar
{
    Q_OBJECT

public:
    StatusParts(Workspace &workspace, QWidget *parent = nullptr);

    QToolButton *devicePart() { return m_device; }
    QToolButton *tasksPart() { return m_tasks; }
    /// `62 %` of the run that is on, or empty: for the window's title.
    QString runPercent() const { return m_percent; }
    /// What the action under the pointer would do.
    void showTip(const QString &tip);

Q_SIGNALS:
    void deviceChosen();
    void tasksChosen();
    void storeChosen();
    void percentChanged();

private:
    void showDevice();
    void showRun();
    void showTasks();
    void showStore();

    Workspace &m_workspace;
    QToolButton *m_device;
    ProgressPart *m_run;
    QToolButton *m_tasks;
    QToolButton *m_store;
    QLabel *m_tip;
    QTimer m_memoryTimer;
    QString m_percent;
    bool m_haveDevice = false;
};

} // namespace lethe
