#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;
class Workspace;

/// A correct spec, understood before it starts: method, its form, training, evaluation, what will happen. `pageExperiment`.
class ExperimentPage final : public Page
{
    Q_OBJECT

public:
    /// Both outlive the page.
    ExperimentPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~ExperimentPage() override;

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;
    QUndoStack *undoStack() override;

    /// Starts or queues the draft; where it has problems, focuses the first of them.
    void startRun();

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
