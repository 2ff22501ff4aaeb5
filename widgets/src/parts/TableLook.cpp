#include "TableLook.h"

#include <widgets/Theme.h>

#include <QtWidgets/QHeaderView>
#include <QtWidgets/QTableView>

namespace lethe {

void polishTable(QTableView *table)
{
    table->setWordWrap(false);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setTabKeyNavigation(false);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->horizontalHeader()->setHighlightSections(false);
    QHeaderView *rows = table->verticalHeader();
    rows->setSectionResizeMode(QHeaderView::Fixed);
    rows->setMinimumSectionSize(1);
    rows->setDefaultSectionSize(Theme::space(7));
    rows->setHighlightSections(false);
    rows->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
    // No arrows: the style sheet's style takes their height off the numbers' place, also where there are none
    rows->setStyleSheet(QStringLiteral("QHeaderView::section { padding: 0px %1px; border: none; font-weight: normal; } "
                                       "QHeaderView::up-arrow, QHeaderView::down-arrow { width: 0px; height: 0px; }").arg(Theme::space(2)));
    // Selected cells keep the place of their text: the item's own padding would move it.
    table->setStyleSheet(QStringLiteral("QTableView::item { padding: 0px; border: none; }"));
}

void fitHeaders(QTableView *table)
{
    QHeaderView *header = table->horizontalHeader();
    header->setTextElideMode(Qt::ElideRight);
    for (int section = 0; section < header->count(); ++section)
        if (const int needed = header->sectionSizeHint(section) + Theme::space(1); header->sectionSize(section) < needed)
            header->resizeSection(section, needed);
}

} // namespace lethe
