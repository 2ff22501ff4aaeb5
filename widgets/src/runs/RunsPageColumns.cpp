// Columns of the table of runs, and views: columns, order and filter under a name.
#include "RunsPagePrivate.h"

#include "../parts/Text.h"
#include "RunExtras.h"
#include "RunFilterModel.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QTableView>

#include <algorithm>
#include <set>

namespace lethe {

namespace {

const QString kColumnsKey = QStringLiteral("runs/columns");
const std::string kViewPrefix = "runs/view/";

QString toText(const QJsonObject &object)
{
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

QJsonObject fromText(const QString &text)
{
    return QJsonDocument::fromJson(text.toUtf8()).object();
}

} // namespace

QJsonObject RunsPage::Private::columnState() const
{
    const QHeaderView *header = table->horizontalHeader();
    QJsonArray columns;
    for (int visual = 0; visual < header->count(); ++visual) {
        const int column = header->logicalIndex(visual);
        const bool hidden = header->isSectionHidden(column);
        // a hidden section has no width: the one it had comes back with it
        const QString id = runs->columnId(column);
        if (!hidden)
            widths.insert(id, header->sectionSize(column));
        columns.append(QJsonObject{{QStringLiteral("id"), id}, {QStringLiteral("shown"), !hidden}, {QStringLiteral("width"), widths.value(id)}});
    }
    return {{QStringLiteral("columns"), columns}, {QStringLiteral("sort"), runs->columnId(header->sortIndicatorSection())},
            {QStringLiteral("descending"), header->sortIndicatorOrder() == Qt::DescendingOrder},
            {QStringLiteral("lineage"), filtered->isTree()}};
}

void RunsPage::Private::applyColumns(const QJsonObject &state)
{
    restoring = true;
    QHeaderView *header = table->horizontalHeader();
    const QJsonArray columns = state[QLatin1String("columns")].toArray();
    QStringList more;
    for (const QJsonValue &value : columns)
        if (const QString id = value[QLatin1String("id")].toString(); id.contains(u':'))
            more.append(id);
    runs->setMoreColumns(more);
    int visual = 0;
    for (const QJsonValue &value : columns) {
        const int column = runs->columnOf(value[QLatin1String("id")].toString());
        if (column < 0)
            continue; // of a later version
        header->moveSection(header->visualIndex(column), visual++);
        if (const int width = value[QLatin1String("width")].toInt(); width > 0) {
            table->setColumnWidth(column, width);
            widths.insert(value[QLatin1String("id")].toString(), width);
        }
        table->setColumnHidden(column, !value[QLatin1String("shown")].toBool(true) && column != RunTableModel::Name);
    }
    if (const int column = runs->columnOf(state[QLatin1String("sort")].toString()); column >= 0)
        table->sortByColumn(column, state[QLatin1String("descending")].toBool() ? Qt::DescendingOrder : Qt::AscendingOrder);
    if (const QJsonValue tree = state[QLatin1String("lineage")]; tree.isBool())
        showLineage(tree.toBool());
    restoring = false;
}

void RunsPage::Private::keepColumns()
{
    if (!restoring)
        workspace.settings().setValue(kColumnsKey, toText(columnState()));
}

void RunsPage::Private::restoreColumns()
{
    defaultColumns();
    if (const QJsonObject kept = fromText(workspace.settings().value(kColumnsKey).toString()); !kept.isEmpty())
        applyColumns(kept);
}

void RunsPage::Private::defaultColumns()
{
    restoring = true;
    runs->setMoreColumns({});
    QHeaderView *header = table->horizontalHeader();
    const int letter = page.fontMetrics().averageCharWidth();
    // what a window of 1280 pixels shows without scrolling comes first
    const int letters[RunTableModel::ColumnCount] = {0, 0, 24, 13, 10, 10, 8, 15, 15, 12, 9, 8, 12, 14, 24};
    for (int column = 0; column < RunTableModel::ColumnCount; ++column) {
        header->moveSection(header->visualIndex(column), column);
        table->setColumnHidden(column, false);
        table->setColumnWidth(column, letters[column] == 0 ? Theme::space(9) : std::max(letters[column] * letter, header->sectionSizeHint(column) + Theme::space(1)));
    }
    table->sortByColumn(RunTableModel::Created, Qt::DescendingOrder);
    restoring = false;
}

void RunsPage::Private::showMore(const QString &id, bool shown)
{
    QStringList more = runs->moreColumns();
    more.removeAll(id);
    if (shown)
        more.append(id);
    const QJsonObject state = columnState(); // the places of those that stay
    restoring = true;
    runs->setMoreColumns(more);
    restoring = false;
    if (!shown)
        applyColumns([&] {
            QJsonObject left = state;
            QJsonArray columns;
            const QJsonArray before = state[QLatin1String("columns")].toArray();
            for (const QJsonValue &value : before)
                if (value[QLatin1String("id")].toString() != id)
                    columns.append(value);
            left.insert(QStringLiteral("columns"), columns);
            return left;
        }());
    if (const int column = runs->columnOf(id); column >= 0) {
        table->setColumnWidth(column, std::max(Theme::space(24), table->horizontalHeader()->sectionSizeHint(column) + Theme::space(1)));
        table->scrollTo(filtered->index(0, column));
    }
    keepColumns();
}

void RunsPage::Private::fillColumnMenu(QMenu &menu)
{
    menu.clear();
    qDeleteAll(menu.findChildren<QMenu *>(QString(), Qt::FindDirectChildrenOnly));
    for (int column = 0; column < RunTableModel::ColumnCount; ++column) {
        QAction *action = menu.addAction(runs->headerData(column, Qt::Horizontal, Qt::AccessibleTextRole).toString().section(u';', 0, 0));
        action->setCheckable(true);
        action->setChecked(!table->isColumnHidden(column));
        action->setEnabled(column != RunTableModel::Name); // a row without a name says nothing
        connect(action, &QAction::toggled, &page, [this, column](bool shown) {
            table->setColumnHidden(column, !shown);
            keepColumns();
        });
    }
    menu.addSeparator();
    const auto offer = [this, &menu](const QString &title, const QString &prefix, const QStringList &ids, const auto &name) {
        QMenu *more = menu.addMenu(title);
        more->setEnabled(!ids.isEmpty());
        for (const QString &each : ids) {
            const QString id = prefix + each;
            QAction *action = more->addAction(name(each));
            action->setCheckable(true);
            action->setChecked(runs->moreColumns().contains(id));
            connect(action, &QAction::toggled, &page, [this, id](bool shown) { showMore(id, shown); });
        }
    };
    std::set<QString> metrics;
    for (const RunRow &run : runs->runs())
        for (const MetricValue &metric : run.finalMetrics)
            metrics.insert(toQt(metric.id));
    offer(tr("More metrics"), QStringLiteral("metric:"), QStringList(metrics.begin(), metrics.end()), [](const QString &id) { return format::metricName(id); });
    offer(tr("Settings of the experiment"), QStringLiteral("setting:"), extras->knownSettings(), [](const QString &path) { return path; });
    menu.addSeparator();
    connect(menu.addAction(tr("Columns as they were first")), &QAction::triggered, &page, [this] {
        defaultColumns();
        keepColumns();
    });
}

// ---- views ---------------------------------------------------------------------------------------------------------

void RunsPage::Private::fillViewMenu(QMenu &menu)
{
    menu.clear();
    qDeleteAll(menu.findChildren<QMenu *>(QString(), Qt::FindDirectChildrenOnly));
    const auto views = workspace.store().values(kViewPrefix);
    QStringList names;
    if (views.ok())
        for (const auto &[key, state] : *views) {
            const QString name = toQt(key).mid(static_cast<int>(kViewPrefix.size()));
            names.append(name);
            QAction *action = menu.addAction(QString(name).replace(u'&', QLatin1String("&&")));
            connect(action, &QAction::triggered, &page, [this, state = toQt(state)] { applyView(fromText(state)); });
        }
    if (names.isEmpty())
        menu.addAction(tr("No view was saved yet"))->setEnabled(false);
    menu.addSeparator();
    connect(menu.addAction(Theme::icon(QStringLiteral("save")), tr("Save as view…")), &QAction::triggered, &page, [this] {
        const auto name = dialogs.askText(&page, tr("Save columns, order and filter"), tr("Name of the view"), {});
        if (name && !name->simplified().isEmpty())
            saveView(name->simplified());
    });
    QMenu *forget = menu.addMenu(tr("Delete view"));
    forget->setEnabled(!names.isEmpty());
    for (const QString &name : std::as_const(names))
        connect(forget->addAction(QString(name).replace(u'&', QLatin1String("&&"))), &QAction::triggered, &page, [this, name] {
            if (const auto gone = workspace.store().setValue(kViewPrefix + toStd(name), {}); !gone.ok())
                say(Message::Level::Error, toQt(gone.error().message()), QStringLiteral("runs.view"));
        });
}

void RunsPage::Private::saveView(const QString &name)
{
    QJsonObject state = columnState();
    state.insert(QStringLiteral("filter"), query->text());
    const auto kept = workspace.store().setValue(kViewPrefix + toStd(name), toStd(toText(state)));
    if (kept.ok())
        say(Message::Level::Success, tr("The view “%1” is kept: columns, order and filter.").arg(name), QStringLiteral("runs.view"));
    else
        say(Message::Level::Error, tr("The view was not kept: %1").arg(toQt(kept.error().message())), QStringLiteral("runs.view"));
}

void RunsPage::Private::applyView(const QJsonObject &state)
{
    applyColumns(state);
    query->setText(state[QLatin1String("filter")].toString());
    keepColumns();
}

} // namespace lethe
