#pragma once

#include <widgets/Page.h>

#include <memory>

class QLabel;
class QLineEdit;
class QListView;
class QSortFilterProxyModel;
class QStackedWidget;
class QTabWidget;

namespace lethe {

class AskPane;
class Dialogs;
class FilesPane;
class ModelList;
class ModelOverview;
class TensorTable;
class TokenizerPane;
class Workspace;
struct FoundModel;

/// What a folder holds, before it is trusted; and a talk with it. `pageModels`.
class ModelsPage final : public Page
{
    Q_OBJECT

public:
    ModelsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent = nullptr);

    QString hint() const override;
    void activate() override;
    bool focusFilter() override;

private:
    void buildActions();
    QWidget *buildList();
    QWidget *buildDetails();
    void look(bool again);
    void showModel(const FoundModel *model);
    void takeWorkspaceModel();
    void select(const QString &folder);

    Workspace &m_workspace;
    Dialogs &m_dialogs;
    ModelList *m_list;
    QSortFilterProxyModel *m_filtered;
    QLineEdit *m_filter = nullptr;
    QListView *m_view = nullptr;
    QStackedWidget *m_right = nullptr;
    QLabel *m_name = nullptr;
    QLabel *m_line = nullptr;
    QLabel *m_failure = nullptr;
    QTabWidget *m_tabs = nullptr;
    ModelOverview *m_overview = nullptr;
    TensorTable *m_tensors = nullptr;
    TokenizerPane *m_tokenizer = nullptr;
    FilesPane *m_files = nullptr;
    AskPane *m_ask = nullptr;
    QAction *m_use = nullptr;
    QString m_shown;
    bool m_looked = false;
    bool m_looking = false;
};

} // namespace lethe
