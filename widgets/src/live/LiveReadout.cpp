#include "LiveReadout.h"

#include "LivePanels.h"

#include "plots/PlotGroup.h"
#include "plots/PlotPanel.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QLabel>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

/// `forget 4.218 (smooth 4.574)`
QString valueAt(const PlotPanel &panel, const PlotCurve &curve, double x)
{
    const CurveData &data = *curve.data;
    const std::size_t at = *data.nearest(x);
    const double raw = data.values()[at];
    QString text = curve.name + QLatin1Char(' ') + panel.formatted(raw);
    if (data.smoothing() > 0 && std::isfinite(raw))
        text += LiveReadout::tr(" (smooth %1)").arg(panel.formatted(data.smoothed()[at]));
    return text;
}

} // namespace

LiveReadout::LiveReadout(PlotGroup &group, QWidget *parent)
    : QWidget(parent), m_group(group)
{
    m_text = new QLabel(this);
    m_text->setObjectName(QStringLiteral("liveReadout"));
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    Theme::setRole(m_text, TextRole::Muted);
    m_follow = new QCheckBox(tr("Follow"), this);
    m_follow->setObjectName(QStringLiteral("liveFollow"));
    m_follow->setToolTip(tr("The plots grow with the run (F)"));
    m_follow->setChecked(group.isFollowing());
    connect(m_follow, &QCheckBox::toggled, &group, &PlotGroup::setFollowing);
    connect(&group, &PlotGroup::followingChanged, m_follow, &QCheckBox::setChecked);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::space(3));
    row->addWidget(m_text, 1);
    row->addWidget(m_follow);
}

QString LiveReadout::text() const
{
    return m_text->text();
}

void LiveReadout::show(const RunHistory &history, const LivePanels &panels)
{
    if (history.steps.empty()) {
        m_text->clear();
        return;
    }
    const double last = static_cast<double>(history.steps.back().step);
    const auto &marks = m_group.marks();
    QStringList parts;
    if (marks.size() == 2) {
        const auto [low, high] = std::minmax(marks[0], marks[1]);
        parts.append(tr("steps %1 to %2").arg(qRound64(low)).arg(qRound64(high)));
        for (const char *kind : {"loss", "forget", "retain"}) {
            const PlotPanel *panel = panels.panel(QString::fromLatin1(kind));
            for (const PlotCurve &curve : panel->contents().curves) {
                if (curve.data->isEmpty() || !curve.visible)
                    continue;
                const double change = curve.data->smoothed()[*curve.data->nearest(high)] - curve.data->smoothed()[*curve.data->nearest(low)];
                parts.append(QStringLiteral("%1 %2%3").arg(curve.name, change < 0 ? QStringLiteral("−") : QStringLiteral("+"),
                                                           panel->formatted(std::abs(change))));
            }
        }
        m_text->setText(parts.join(QStringLiteral("  │  ")));
        return;
    }
    const double x = std::clamp(m_group.cursor().value_or(last), static_cast<double>(history.steps.front().step), last);
    parts.append(tr("step %1").arg(format::count(qRound64(x))));
    for (const char *kind : {"loss", "learningRate"}) {
        const PlotPanel *panel = panels.panel(QString::fromLatin1(kind));
        for (const PlotCurve &curve : panel->contents().curves) {
            if (!curve.data->isEmpty() && curve.visible)
                parts.append(valueAt(*panel, curve, x));
        }
    }
    m_text->setText(parts.join(QStringLiteral("  │  ")));
    m_text->setToolTip(m_text->text());
}

} // namespace lethe
