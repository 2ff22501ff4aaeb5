#include "SettingRow.h"
#include "SettingsPanes.h"

#include <widgets/Dialogs.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtGui/QStandardItemModel>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTreeView>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

void fill(QStandardItemModel &model, const MethodCatalog &catalog)
{
    model.clear();
    model.setHorizontalHeaderLabels({QObject::tr("Method"), QObject::tr("State"), QObject::tr("File")});
    for (const MethodEntry &entry : catalog.entries()) {
        const QString file = QString::fromStdString(entry.file.filename().string());
        const QString name = entry.manifest.id.empty()
            ? file
            : QStringLiteral("%1 – %2").arg(QString::fromStdString(entry.manifest.id), QString::fromStdString(entry.manifest.name));
        auto *method = new QStandardItem(name);
        auto *state = new QStandardItem(entry.error ? QObject::tr("not usable: %1").arg(QString::fromStdString(entry.error->message()))
                                                    : QObject::tr("usable"));
        state->setIcon(entry.error ? Theme::icon(QStringLiteral("error"), Theme::error) : Theme::icon(QStringLiteral("success"), Theme::success));
        auto *where = new QStandardItem(file);
        where->setToolTip(QString::fromStdString(entry.file.string()));
        state->setToolTip(state->text());
        model.appendRow({method, state, where});
    }
}

} // namespace

QWidget *makePluginsPane(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
{
    auto *pane = new QWidget(parent);
    auto *all = new QVBoxLayout(pane);
    all->setContentsMargins(Theme::space(5), Theme::space(4), Theme::space(5), Theme::space(4));
    all->setSpacing(Theme::space(3));
    auto *heading = new QLabel(QObject::tr("Method plugins"), pane);
    Theme::setRole(heading, TextRole::Heading);
    all->addWidget(heading);
    auto *words = new QLabel(QObject::tr("A plugin is one file in one of these folders. Drop it there and press “Read again”."), pane);
    words->setWordWrap(true);
    Theme::setRole(words, TextRole::Muted);
    all->addWidget(words);
    auto *folders = new QLabel(pane);
    folders->setFont(Theme::monoFont());
    folders->setWordWrap(true);
    folders->setTextInteractionFlags(Qt::TextSelectableByMouse);
    all->addWidget(folders);

    auto *model = new QStandardItemModel(pane);
    auto *view = new QTreeView(pane);
    view->setObjectName(QStringLiteral("pluginTable"));
    view->setAccessibleName(QObject::tr("Plugins"));
    view->setModel(model);
    view->setRootIsDecorated(false);
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view->setAllColumnsShowFocus(true);
    all->addWidget(view, 1);

    const auto show = [model, view, folders, &workspace] {
        fill(*model, workspace.catalog());
        view->header()->resizeSection(0, view->fontMetrics().averageCharWidth() * 42);
        view->header()->resizeSection(1, view->fontMetrics().averageCharWidth() * 34);
        QStringList lines;
        for (const auto &folder : workspace.pluginFolders())
            lines << QString::fromStdString(folder.lexically_normal().string());
        folders->setText(lines.join(QLatin1Char('\n')));
    };
    auto *tools = new QHBoxLayout;
    auto *reload = new QPushButton(Theme::icon(QStringLiteral("refresh")), QObject::tr("Read again"), pane);
    reload->setObjectName(QStringLiteral("pluginReload"));
    auto *add = new QPushButton(Theme::icon(QStringLiteral("plus")), QObject::tr("Add folder…"), pane);
    tools->addWidget(reload);
    tools->addWidget(add);
    tools->addStretch();
    all->addLayout(tools);
    QObject::connect(reload, &QPushButton::clicked, &workspace, &Workspace::reloadCatalog);
    QObject::connect(add, &QPushButton::clicked, pane, [&workspace, &dialogs, pane] {
        const QString folder = dialogs.chooseFolder(pane, QObject::tr("Add a plugin folder"), {});
        if (folder.isEmpty())
            return;
        QStringList kept = workspace.settings().value(QStringLiteral("plugins/folders")).toStringList();
        kept.append(folder);
        kept.removeDuplicates();
        workspace.settings().setValue(QStringLiteral("plugins/folders"), kept);
        auto wanted = workspace.pluginFolders();
        wanted.emplace_back(folder.toStdString());
        workspace.setPluginFolders(std::move(wanted));
        workspace.reloadCatalog();
    });
    QObject::connect(&workspace, &Workspace::catalogChanged, pane, show);
    show();
    return pane;
}

} // namespace lethe
