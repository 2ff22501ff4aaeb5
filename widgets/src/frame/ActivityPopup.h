#pragma once

#include "Popup.h"

#include <widgets/TaskList.h>

#include <QtCore/QTimer>

namespace lethe {

class Workspace;

/// Every job with its stage, bar, rate and time left; the run on the device and the queue that waits for it.
class ActivityPopup final : public Popup
{
    Q_OBJECT

public:
    explicit ActivityPopup(Workspace &workspace, QWidget *parent = nullptr);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void rebuild();
    QWidget *runRow();
    QWidget *taskRow(const TaskState &task);
    QWidget *queueRow(std::size_t index, std::size_t count, const QString &name);

    Workspace &m_workspace;
    QWidget *m_content = nullptr;
    QTimer m_soon; ///< folds a burst of changes into one rebuild
};

} // namespace lethe
