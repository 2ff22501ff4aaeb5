#include "PanelGrid.h"

#include "PlotPanel.h"

#include <QtCore/QEvent>
#include <QtCore/QSettings>
#include <QtWidgets/QGridLayout>
#include <QtWidgets/QMenu>

#include <algorithm>

namespace lethe {
namespace {

constexpr int kPanelWidthInLetters = 38;
constexpr int kPanelHeightInLines = 15;
constexpr int kMostColumns = 3;

} // namespace

PanelGrid::PanelGrid(const QString &name, QSettings *settings, QWidget *parent)
    : QScrollArea(parent), m_name(name), m_settings(settings)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    m_inside = new QWidget(this);
    m_inside->setObjectName(name + QStringLiteral("Grid"));
    m_grid = new QGridLayout(m_inside);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(fontMetrics().height() / 2);
    setWidget(m_inside);
    // the page's own ground shows through
    viewport()->setAutoFillBackground(false);
    m_inside->setAutoFillBackground(false);
    if (m_settings) {
        m_keptOrder = m_settings->value(QStringLiteral("plots/layout/%1/order").arg(m_name)).toStringList();
        m_keptHidden = m_settings->value(QStringLiteral("plots/layout/%1/hidden").arg(m_name)).toStringList();
    }
}

PanelGrid::Item *PanelGrid::item(const QString &id)
{
    const auto found = std::ranges::find(m_items, id, &Item::id);
    return found == m_items.end() ? nullptr : &*found;
}

void PanelGrid::add(const QString &id, const QString &title, QWidget *panel, const QString &before)
{
    panel->setParent(m_inside);
    panel->setMinimumHeight(fontMetrics().height() * kPanelHeightInLines);
    if (auto *plot = qobject_cast<PlotPanel *>(panel)) {
        connect(plot, &PlotPanel::maximiseRequested, this, [this, id] { toggleMaximised(id); });
        connect(plot, &PlotPanel::hideRequested, this, [this, id] { setHidden(id, true); });
        connect(plot, &PlotPanel::moveRequested, this, [this, id](int by) { move(id, by); });
    }
    // before the first that stands behind it in the order that was kept
    const qsizetype rank = m_keptOrder.indexOf(id);
    const auto next = std::ranges::find(m_items, before, &Item::id);
    qsizetype at = next - m_items.begin();
    if (rank >= 0) {
        at = m_items.size();
        for (qsizetype i = 0; i < m_items.size(); ++i) {
            if (m_keptOrder.indexOf(m_items[i].id) > rank) {
                at = i;
                break;
            }
        }
    }
    m_items.insert(at, Item{id, title, panel, true, m_keptHidden.contains(id)});
    arrange();
}

void PanelGrid::remove(const QString &id)
{
    const auto found = std::ranges::find(m_items, id, &Item::id);
    if (found == m_items.end())
        return;
    delete found->panel;
    m_items.erase(found);
    if (m_maximised == id)
        m_maximised.clear();
    arrange();
}

QWidget *PanelGrid::panel(const QString &id) const
{
    const auto found = std::ranges::find(m_items, id, &Item::id);
    return found == m_items.end() ? nullptr : found->panel;
}

void PanelGrid::setAvailable(const QString &id, bool available)
{
    Item *found = item(id);
    if (!found || found->available == available)
        return;
    found->available = available;
    arrange();
}

void PanelGrid::setHidden(const QString &id, bool hidden)
{
    Item *found = item(id);
    if (!found || found->hidden == hidden)
        return;
    found->hidden = hidden;
    if (hidden && m_maximised == id)
        m_maximised.clear();
    keep();
    arrange();
}

bool PanelGrid::isHiddenByUser(const QString &id) const
{
    const auto found = std::ranges::find(m_items, id, &Item::id);
    return found != m_items.end() && found->hidden;
}

void PanelGrid::move(const QString &id, int by)
{
    const auto found = std::ranges::find(m_items, id, &Item::id);
    if (found == m_items.end())
        return;
    // over the ones that are not shown
    qsizetype from = found - m_items.begin();
    qsizetype to = from;
    do {
        to += by;
    } while (to >= 0 && to < m_items.size() && (!m_items[to].available || m_items[to].hidden));
    if (to < 0 || to >= m_items.size())
        return;
    m_items.move(from, to);
    keep();
    arrange();
}

void PanelGrid::toggleMaximised(const QString &id)
{
    m_maximised = m_maximised == id ? QString() : id;
    arrange();
}

QStringList PanelGrid::order() const
{
    QStringList ids;
    for (const Item &each : m_items)
        ids.append(each.id);
    return ids;
}

void PanelGrid::fillMenu(QMenu *menu)
{
    menu->clear();
    for (const Item &each : std::as_const(m_items)) {
        QAction *action = menu->addAction(each.title);
        action->setCheckable(true);
        action->setChecked(!each.hidden);
        const QString id = each.id;
        connect(action, &QAction::toggled, this, [this, id](bool on) { setHidden(id, !on); });
    }
}

void PanelGrid::arrange()
{
    const int wanted = fontMetrics().averageCharWidth() * kPanelWidthInLetters;
    QList<Item *> shown;
    for (Item &each : m_items) {
        const bool isShown = m_maximised.isEmpty() ? each.available && !each.hidden : each.id == m_maximised;
        m_grid->removeWidget(each.panel);
        if (auto *plot = qobject_cast<PlotPanel *>(each.panel))
            plot->setMaximised(each.id == m_maximised);
        if (isShown)
            shown.append(&each);
        else
            each.panel->hide();
    }
    for (int i = 0; i < m_grid->columnCount(); ++i)
        m_grid->setColumnStretch(i, 0);
    for (int i = 0; i < m_grid->rowCount(); ++i)
        m_grid->setRowStretch(i, 0);
    m_columns = std::clamp(viewport()->width() / std::max(1, wanted), 1, kMostColumns);
    m_columns = std::clamp(static_cast<int>(shown.size()), 1, m_columns);
    if (shown.size() == 4 && m_columns == 3)
        m_columns = 2;
    for (int i = 0; i < shown.size(); ++i) {
        const int row = i / m_columns;
        const int column = i % m_columns;
        // the last one takes the rest of its row
        const int span = i == shown.size() - 1 ? m_columns - column : 1;
        m_grid->addWidget(shown[i]->panel, row, column, 1, span);
        m_grid->setRowStretch(row, 1);
        m_grid->setColumnStretch(column, 1);
        shown[i]->panel->show();
    }
    Q_EMIT layoutChanged();
}

void PanelGrid::keep() const
{
    if (!m_settings)
        return;
    QStringList hidden;
    for (const Item &each : m_items) {
        if (each.hidden)
            hidden.append(each.id);
    }
    m_settings->setValue(QStringLiteral("plots/layout/%1/order").arg(m_name), order());
    m_settings->setValue(QStringLiteral("plots/layout/%1/hidden").arg(m_name), hidden);
}

void PanelGrid::resizeEvent(QResizeEvent *event)
{
    QScrollArea::resizeEvent(event);
    const int wanted = fontMetrics().averageCharWidth() * kPanelWidthInLetters;
    if (std::clamp(viewport()->width() / std::max(1, wanted), 1, kMostColumns) != m_columns)
        arrange();
}

void PanelGrid::changeEvent(QEvent *event)
{
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        for (const Item &each : std::as_const(m_items))
            each.panel->setMinimumHeight(fontMetrics().height() * kPanelHeightInLines);
        arrange();
    }
}

} // namespace lethe
