#pragma once

#include <widgets/Page.h>

#include <memory>

namespace lethe {

class Dialogs;
class Workspace;

/// The forget and the retain set, side by side: curated here, and shown as the trainer will see them. `pageData`.
class DataPage final : public Page
{
    Q_OBJECT

public:
    /// Both outlive the page.
    DataPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);
    ~DataPage() override;

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;
    QUndoStack *undoStack() override;

    /// Opens the import dialog on \p file; what `Import…`, a drop and the command line do.
    void importFile(const QString &file);
    /// Selects a row of the forget (else the retain) set, counted from 0; filters that hide it are cleared. Nothing where there is none.
    void showRow(bool forget, int row);

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    struct Private;
    std::unique_ptr<Private> m_private;
};

} // namespace lethe
