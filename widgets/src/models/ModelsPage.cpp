#include <widgets/ModelsPage.h>

#include "../frame/ActionButton.h"
#include "../parts/Background.h"
#include "../frame/EmptyState.h"
#include "AskPane.h"
#include "FilesPane.h"
#include "ModelDelegate.h"
#include "ModelList.h"
#include "ModelOverview.h"
#include "TensorTable.h"
#include "TokenizerPane.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QSortFilterProxyModel>
#include <QtGui/QAction>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QListView>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

const QString kFoldersKey = QStringLiteral("models/folders");

} // namespace

ModelsPage::ModelsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageModels"), tr("Models"), parent), m_workspace(workspace), m_dialogs(dialogs), m_list(new ModelList(this)),
      m_filtered(new QSortFilterProxyModel(this))
{
    m_filtered->setSourceModel(m_list);
    m_filtered->setFilterCaseSensitivity(Qt::CaseInsensitive);
    buildActions();
    auto *splitter = new QSplitter(Qt::Horizontal, this);
    splitter->setObjectName(QStringLiteral("modelsSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(buildList());
    splitter->addWidget(buildDetails());
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({fontMetrics().averageCharWidth() * 40, fontMetrics().averageCharWidth() * 120});
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::space(5), 0, Theme::space(5), Theme::space(4));
    all->addWidget(splitter);
    connect(&workspace, &Workspace::modelChanged, this, &ModelsPage::takeWorkspaceModel);
    takeWorkspaceModel();
}

QString ModelsPage::hint() const
{
    return tr("Drop a Hugging Face model folder anywhere on the window; its files are checked before a weight is read.");
}

void ModelsPage::buildActions()
{
    const auto make = [this](const char *id, const QString &text, const char *icon, const QString &tip, bool primary = false) {
        auto *action = new QAction(Theme::icon(QLatin1String(icon)), text, this);
        action->setObjectName(QLatin1String(id));
        action->setStatusTip(tip);
        addPageAction(action, primary);
        return action;
    };
    connect(make("actionModelsOpen", tr("Open folder…"), "folder-open", tr("Choose a model folder; it is read where it lies")),
            &QAction::triggered, this, [this] {
                const QString folder = m_dialogs.chooseFolder(this, tr("Open a model folder"), QFileInfo(m_shown).absolutePath());
                if (!folder.isEmpty())
                    m_workspace.openModel(folder);
            });
    connect(make("actionModelsAddFolder", tr("Look in a folder…"), "search", tr("Models right in or under this folder are listed from now on")),
            &QAction::triggered, this, [this] {
                const QString folder = m_dialogs.chooseFolder(this, tr("Look for models in"), {});
                if (folder.isEmpty())
                    return;
                QStringList folders = m_workspace.settings().value(kFoldersKey).toStringList();
                folders.append(folder);
                folders.removeDuplicates();
                m_workspace.settings().setValue(kFoldersKey, folders);
                look(true);
            });
    m_use = make("actionModelsUse", tr("Use in experiment"), "experiment", tr("Make this the model of the experiment being written"), true);
    connect(m_use, &QAction::triggered, this, [this] {
        m_workspace.openModel(m_shown);
        m_workspace.showPage(QStringLiteral("pageExperiment"));
    });
}

QWidget *ModelsPage::buildList()
{
    auto *left = new QWidget(this);
    auto *column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::space(2));
    m_filter = new QLineEdit(left);
    m_filter->setObjectName(QStringLiteral("modelsFilter"));
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setAccessibleName(tr("Filter models"));
    m_filter->setClearButtonEnabled(true);
    m_view = new QListView(left);
    m_view->setObjectName(QStringLiteral("modelsList"));
    m_view->setAccessibleName(tr("Models found here"));
    m_view->setModel(m_filtered);
    m_view->setItemDelegate(new ModelDelegate(m_view));
    m_view->setUniformItemSizes(true);
    m_view->setMinimumWidth(fontMetrics().averageCharWidth() * 28);
    column->addWidget(m_filter);
    column->addWidget(m_view, 1);
    connect(m_filter, &QLineEdit::textChanged, m_filtered, &QSortFilterProxyModel::setFilterFixedString);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) { showModel(m_list->model(m_filtered->mapToSource(current).row())); });
    return left;
}

QWidget *ModelsPage::buildDetails()
{
    m_right = new QStackedWidget(this);
    m_right->setMinimumWidth(fontMetrics().averageCharWidth() * 60);
    m_right->addWidget(new EmptyState(QStringLiteral("models"), tr("No model chosen"),
                                      tr("Choose one of the list, open a folder, or drop one on the window. Folders are read where they lie, "
                                         "never copied."), this));
    auto *details = new QWidget(this);
    auto *column = new QVBoxLayout(details);
    column->setContentsMargins(Theme::space(3), 0, 0, 0);
    column->setSpacing(Theme::space(1));
    m_name = new QLabel(details);
    m_name->setObjectName(QStringLiteral("modelName"));
    Theme::setRole(m_name, TextRole::Title);
    m_line = new QLabel(details);
    Theme::setRole(m_line, TextRole::Muted);
    m_failure = new QLabel(details);
    m_failure->setWordWrap(true);
    Theme::setRole(m_failure, TextRole::Error);
    column->addWidget(m_name);
    column->addWidget(m_line);
    column->addWidget(m_failure);
    column->addSpacing(Theme::space(1));
    m_tabs = new QTabWidget(details);
    m_tabs->setObjectName(QStringLiteral("modelTabs"));
    m_overview = new ModelOverview(m_workspace, details);
    auto *area = new QScrollArea(details);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    m_overview->setObjectName(QStringLiteral("pageContent"));
    area->setWidget(m_overview);
    m_tensors = new TensorTable(details);
    m_tokenizer = new TokenizerPane(details);
    m_files = new FilesPane(m_workspace, details);
    m_ask = new AskPane(m_workspace, details);
    m_tabs->addTab(area, tr("Overview"));
    m_tabs->addTab(m_tensors, tr("Tensors"));
    m_tabs->addTab(m_tokenizer, tr("Tokenizer"));
    m_tabs->addTab(m_files, tr("Files"));
    m_tabs->addTab(m_ask, tr("Ask"));
    column->addWidget(m_tabs, 1);
    m_right->addWidget(details);
    m_use->setEnabled(false);
    return m_right;
}

void ModelsPage::activate()
{
    look(m_looked && isVisible());
}

bool ModelsPage::focusFilter()
{
    m_filter->setFocus();
    m_filter->selectAll();
    return true;
}

void ModelsPage::look(bool again)
{
    if (m_looking || (m_looked && !again))
        return;
    m_looking = true;
    const auto found = std::make_shared<std::vector<FoundModel>>();
    const QStringList recent = m_workspace.recentModels();
    const QStringList folders = m_workspace.settings().value(kFoldersKey).toStringList();
    m_workspace.tasks().start(tr("Look for models"), this, [found, recent, folders](TaskHandle &task) {
        task.report(tr("Reading headers"), 0, 0);
        *found = findModels(recent, folders, [&task] { return task.isCancelled(); });
        return tr("%n model(s)", nullptr, int(found->size()));
    }, [this, found] {
        m_looking = false;
        m_looked = true;
        const QString shown = m_shown;
        m_list->setModels(std::move(*found));
        takeWorkspaceModel();
        select(!shown.isEmpty() ? shown : m_list->model(0) != nullptr ? m_list->model(0)->folder : QString());
    });
}

void ModelsPage::takeWorkspaceModel()
{
    const auto info = m_workspace.modelInfo();
    if (!info)
        return;
    const QString folder = QString::fromStdString(info->folder.string());
    const FoundModel *known = m_list->model(m_list->rowOf(folder));
    FoundModel model = known != nullptr ? *known
                                        : FoundModel{.folder = folder, .name = QFileInfo(folder).fileName(), .source = tr("recent"), .info = {}, .failure = {}};
    if (model.info == info)
        return;
    model.info = info;
    m_list->upsert(model);
    select(folder);
}

void ModelsPage::select(const QString &folder)
{
    const int row = m_list->rowOf(folder);
    if (row < 0)
        return;
    const QModelIndex index = m_filtered->mapFromSource(m_list->index(row));
    m_view->setCurrentIndex(index);
    showModel(m_list->model(row));
}

void ModelsPage::showModel(const FoundModel *model)
{
    m_use->setEnabled(model != nullptr && model->info && model->info->usable());
    m_right->setCurrentIndex(model != nullptr ? 1 : 0);
    if (model == nullptr)
        return;
    m_shown = model->folder;
    m_name->setText(model->name);
    m_failure->setText(model->failure);
    m_failure->setVisible(!model->failure.isEmpty());
    m_tabs->setVisible(model->info != nullptr);
    m_line->setVisible(model->info != nullptr);
    if (!model->info)
        return;
    const ModelInfo &info = *model->info;
    m_line->setText(tr("%1 · %2 parameters · %3 · %4").arg(QString::fromStdString(info.modelType), format::parameters(info.parameters),
                                                           QString::fromStdString(info.dtype), format::bytes(static_cast<std::int64_t>(info.weightBytes))));
    m_tabs->setTabText(1, tr("Tensors %1").arg(format::count(static_cast<std::int64_t>(info.tensors.size()))));
    m_tabs->setTabText(3, tr("Files %1").arg(info.files.size()));
    m_overview->setModel(model->info);
    m_tensors->setModel(model->info);
    m_files->setModel(model->info);
    m_ask->setModel(model->info);
    m_tokenizer->setTokenizer(nullptr);
    inBackground(m_tokenizer, [folder = info.folder] {
        auto tokenizer = Tokenizer::load(folder);
        return tokenizer.ok() ? std::make_shared<const Tokenizer>(std::move(*tokenizer)) : nullptr;
    }, [this, folder = m_shown](std::shared_ptr<const Tokenizer> tokenizer) {
        if (folder == m_shown)
            m_tokenizer->setTokenizer(std::move(tokenizer));
    });
}

} // namespace lethe
