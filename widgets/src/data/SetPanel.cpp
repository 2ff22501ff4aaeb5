#include "SetPanel.h"

#include "../parts/Panel.h"
#include "FilterHeader.h"
#include "SampleAnalysis.h"
#include "SampleSets.h"
#include "SampleTableModel.h"
#include "SampleView.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolButton>

namespace lethe {

SetPanel::SetPanel(SampleTableModel &model, const QString &title, const QString &objectName, QWidget *parent)
    : QWidget(parent), m_model(model), m_card(new Panel(QString(), this)), m_view(new SampleView(model, objectName, this)),
      m_name(headingLabel(title)), m_counts(mutedLabel()), m_filterButton(new QToolButton(this))
{
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_card);

    m_view->setAccessibleName(model.side() == SetSide::Forget ? tr("Forget set") : tr("Retain set"));
    m_counts->setObjectName(objectName + QStringLiteral("Counts"));
    m_counts->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_counts->setMinimumWidth(1); // the table decides how wide the panel is
    m_filterButton->setIcon(Theme::icon(QStringLiteral("filter")));
    m_filterButton->setObjectName(objectName + QStringLiteral("FilterButton"));
    m_filterButton->setToolTip(tr("Filter fields under the header"));
    m_filterButton->setAccessibleName(tr("Show filter fields"));
    m_filterButton->setCheckable(true);
    m_filterButton->setChecked(true);

    auto *line = new QHBoxLayout;
    line->setSpacing(Theme::space(2));
    line->addWidget(m_name);
    line->addWidget(m_counts, 1);
    line->addWidget(m_filterButton);
    m_card->body()->addLayout(line);
    m_card->body()->addWidget(m_view, 1);
    connect(m_filterButton, &QToolButton::toggled, &m_view->filters(), &FilterHeader::setFieldsVisible);
    connect(&m_view->filters(), &FilterHeader::filterEdited, this, &SetPanel::filterEdited);
}

void SetPanel::setCounts(const SetCounts &counts, bool hasTokenizer)
{
    QStringList parts{rowsText(counts.rows)};
    if (m_model.isFiltered())
        parts[0] = tr("%1 of %2").arg(format::count(m_model.rowCount()), rowsText(counts.rows));
    const QString about = counts.exact() ? QString() : QStringLiteral("≈ ");
    const bool known = hasTokenizer && (counts.counted > 0 || counts.rows == 0);
    if (known) {
        parts << tr("%1 tokens").arg(about + format::count(counts.estimatedTokens()));
        parts << tr("%1 trained").arg(about + format::count(counts.estimatedLabels()));
        parts << tr("%1 cut").arg(format::count(counts.cut));
    } else if (hasTokenizer) {
        parts << tr("counting…");
    } else {
        parts << tr("– tokens");
    }
    m_counts->setText(parts.join(QStringLiteral(" · ")));
    m_counts->setToolTip(hasTokenizer ? QString() : tr("Open a model to count tokens."));
}

void SetPanel::setEmptyText(const QString &text)
{
    m_emptyText = text;
    showEmptyText();
}

void SetPanel::showEmptyText()
{
    m_view->setEmptyText(m_model.isFiltered() && !m_model.rows().empty() ? tr("No row passes the filter.") : m_emptyText);
    m_view->viewport()->update();
}

void SetPanel::setActive(bool active)
{
    Theme::mark(m_name, "active", active);
}

void SetPanel::setLit(bool lit)
{
    m_card->setLit(lit);
}

} // namespace lethe
