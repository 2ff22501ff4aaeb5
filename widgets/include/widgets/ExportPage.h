#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;
class Workspace;

/// A checkpoint written as a folder that others can load, and proved by loading it. `pageExport`.
class ExportPage final : public Page
{
    Q_OBJECT

public:
    /// Both outlive the page.
    ExportPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~ExportPage() override;

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;
    QUndoStack *undoStack() override;

    /// Shows the page's form for this run.
    void chooseRun(qint64 run);

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
