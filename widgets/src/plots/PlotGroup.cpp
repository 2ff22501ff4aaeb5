#include "PlotGroup.h"

#include "PlotPanel.h"

#include <widgets/Dialogs.h>

#include <algorithm>

namespace lethe {

PlotGroup::PlotGroup(QObject *parent)
    : QObject(parent)
{}

Dialogs &PlotGroup::dialogs()
{
    static SystemDialogs system;
    return m_dialogs ? *m_dialogs : system;
}

void PlotGroup::add(PlotPanel *panel)
{
    if (!m_panels.contains(panel))
        m_panels.append(panel);
}

void PlotGroup::remove(PlotPanel *panel)
{
    m_panels.removeAll(panel);
}

void PlotGroup::setFollowing(bool following)
{
    if (m_following == following)
        return;
    if (!following)
        m_x = x();
    m_following = following;
    Q_EMIT followingChanged(following);
    Q_EMIT xChanged();
}

AxisSpan PlotGroup::x() const
{
    if (!m_following)
        return m_x;
    std::optional<AxisSpan> all;
    for (const PlotPanel *panel : m_panels) {
        const auto extent = panel->xExtent();
        if (!extent)
            continue;
        if (!all)
            all = extent;
        all->lower = std::min(all->lower, extent->lower);
        all->upper = std::max(all->upper, extent->upper);
    }
    if (!all)
        return {0, 10};
    const double length = std::max(all->upper - all->lower, all->upper == 0 ? 10.0 : 1e-9);
    if (all->upper <= all->lower)
        return {all->lower - 0.5, all->lower + std::max(1.0, length)};
    return {all->lower - 0.01 * length, all->upper + 0.02 * length};
}

void PlotGroup::setX(const AxisSpan &x)
{
    const bool wasFollowing = m_following;
    m_following = false;
    m_x = x;
    if (wasFollowing)
        Q_EMIT followingChanged(false);
    Q_EMIT xChanged();
}

void PlotGroup::setCursor(std::optional<double> x)
{
    if (m_cursor == x)
        return;
    m_cursor = x;
    Q_EMIT cursorChanged();
}

void PlotGroup::toggleMark()
{
    if (!m_cursor)
        return;
    if (const auto found = std::ranges::find(m_marks, *m_cursor); found != m_marks.end()) {
        m_marks.erase(found);
    } else {
        if (m_marks.size() == 2)
            m_marks.clear();
        m_marks.push_back(*m_cursor);
    }
    Q_EMIT marksChanged();
}

} // namespace lethe
