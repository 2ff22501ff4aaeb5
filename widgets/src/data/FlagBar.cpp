#include "FlagBar.h"

#include "../parts/Panel.h"
#include "../parts/WrapLayout.h"
#include "SampleAnalysis.h"

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>

#include <algorithm>

namespace lethe {

namespace {

QString countText(SampleFlag flag, std::int64_t count)
{
    switch (flag) {
    case SampleFlag::Both: return FlagBar::tr("%L1 in both sets").arg(count);
    case SampleFlag::Duplicate: return count == 1 ? FlagBar::tr("1 duplicate") : FlagBar::tr("%L1 duplicates").arg(count);
    case SampleFlag::Empty: return FlagBar::tr("%L1 empty").arg(count);
    case SampleFlag::Cut: return FlagBar::tr("%L1 cut").arg(count);
    case SampleFlag::NoLabel: return FlagBar::tr("%L1 with nothing to train").arg(count);
    case SampleFlag::Unknown: return FlagBar::tr("%L1 with unknown characters").arg(count);
    case SampleFlag::Boundary: return FlagBar::tr("%L1 with a token across the border").arg(count);
    case SampleFlag::Near: return FlagBar::tr("%L1 nearly in both sets").arg(count);
    case SampleFlag::Leak: return FlagBar::tr("%L1 whose answer is in the other set").arg(count);
    }
    return {};
}

QString fixText(SampleFlag flag)
{
    switch (flag) {
    case SampleFlag::Both:
    case SampleFlag::Near:
    case SampleFlag::Leak: return FlagBar::tr("remove from retain");
    case SampleFlag::Duplicate: return FlagBar::tr("keep first");
    case SampleFlag::Boundary: return FlagBar::tr("trim prompts");
    default: return FlagBar::tr("remove");
    }
}

} // namespace

FlagBar::FlagBar(QWidget *parent) : QWidget(parent), m_none(captionLabel(tr("Nothing to mend."))), m_compared(captionLabel(QString()))
{
    setObjectName(QStringLiteral("flagBar"));
    auto *flow = new WrapLayout(this, Theme::space(3));
    for (std::size_t at = 0; at < m_entries.size(); ++at) {
        const SampleFlag flag = kSampleFlags[at];
        auto *pair = new QWidget(this);
        auto *line = new QHBoxLayout(pair);
        line->setContentsMargins(0, 0, 0, 0);
        line->setSpacing(Theme::space(1));
        Entry &entry = m_entries[at];
        entry.filter = new QPushButton(pair);
        entry.filter->setProperty("link", true);
        entry.filter->setObjectName(QStringLiteral("flagFilter_") + flagWord(flag));
        entry.filter->setToolTip(flagExplanation(flag) + u' ' + tr("Click to show these rows alone."));
        entry.fix = new QPushButton(fixText(flag), pair);
        entry.fix->setObjectName(QStringLiteral("flagFix_") + flagWord(flag));
        line->addWidget(entry.filter);
        line->addWidget(entry.fix);
        flow->addWidget(pair);
        connect(entry.filter, &QPushButton::clicked, this, [this, flag] { Q_EMIT filterRequested(flag); });
        connect(entry.fix, &QPushButton::clicked, this, [this, flag] { Q_EMIT fixRequested(flag); });
    }
    flow->addWidget(m_none);
    flow->addWidget(m_compared);
    m_compared->hide();
}

void FlagBar::setRowsCompared(std::int64_t compared, std::int64_t rows)
{
    m_compared->setText(tr("The sets are so alike that near-duplicates were looked for in the first %L1 of %L2 forget rows alone.").arg(compared).arg(rows));
    m_compared->setVisible(compared >= 0 && compared < rows);
}

void FlagBar::setCounts(const SetCounts &forget, const SetCounts &retain, std::int64_t longestRow, std::int64_t contextLength)
{
    bool any = false;
    for (std::size_t at = 0; at < m_entries.size(); ++at) {
        const SampleFlag flag = kSampleFlags[at];
        // A row in both sets is one row to the user: counted where it stands in the forget set.
        const bool isOfBoth = flag == SampleFlag::Both || flag == SampleFlag::Near || flag == SampleFlag::Leak;
        const std::int64_t count = isOfBoth ? forget.flagged[at] : forget.flagged[at] + retain.flagged[at];
        any = any || count > 0;
        m_entries[at].filter->setText(flagSign(flag) + u' ' + countText(flag, count));
        m_entries[at].filter->parentWidget()->setVisible(count > 0);
        if (flag == SampleFlag::Cut) {
            const bool fits = contextLength <= 0 || longestRow <= contextLength;
            m_entries[at].fix->setText(fits ? tr("raise length to %L1").arg(longestRow) : tr("raise length to %L1").arg(contextLength));
        }
    }
    m_none->setVisible(!any && forget.rows + retain.rows > 0);
    layout()->invalidate();
}

} // namespace lethe
