#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;
class Workspace;

/// All runs of the store: found, ordered, annotated, deleted, taken up again. `pageRuns`.
class RunsPage final : public Page
{
    Q_OBJECT

public:
    /// Both outlive the page.
    RunsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~RunsPage() override;

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;
    QUndoStack *undoStack() override;

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
