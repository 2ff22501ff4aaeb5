#include "SampleView.h"

#include "../parts/TableLook.h"
#include "FilterHeader.h"
#include "SampleTableModel.h"

#include <widgets/Theme.h>

#include <QtGui/QFocusEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QScrollBar>

#include <algorithm>
#include <unordered_set>

namespace lethe {

namespace {

/// Longer texts, and those of several lines, are edited in a window of their own.
constexpr qsizetype kFitsACell = 160;

} // namespace

SampleView::SampleView(SampleTableModel &model, const QString &objectName, QWidget *parent)
    : QTableView(parent), m_model(model), m_filters(new FilterHeader(this))
{
    setObjectName(objectName);
    setHorizontalHeader(m_filters);
    m_filters->addField(SampleTableModel::Prompt, objectName + QStringLiteral("PromptFilter"), tr("filter"), tr("Filter by prompt"));
    m_filters->addField(SampleTableModel::Answer, objectName + QStringLiteral("AnswerFilter"), tr("filter"), tr("Filter by answer"));
    m_filters->addField(SampleTableModel::Tokens, objectName + QStringLiteral("TokensFilter"), tr(">200"), tr("Filter by tokens, for example >200"));
    m_filters->addField(SampleTableModel::Flags, objectName + QStringLiteral("FlagFilter"), tr("flag"), tr("Filter by flag, for example cut"));
    setModel(&model);
    for (const int column : {SampleTableModel::Known, SampleTableModel::Harm})
        setColumnHidden(column, true);
    polishTable(this);
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(DoubleClicked | EditKeyPressed);
    setDragEnabled(true);
    setAcceptDrops(true);
    setDragDropMode(DragDrop);
    setDefaultDropAction(Qt::MoveAction);
    setDragDropOverwriteMode(false);
    setDropIndicatorShown(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSortingEnabled(true);
    m_filters->setSortIndicatorClearable(true); // a third click brings the set's order back
    m_filters->setSortIndicator(-1, Qt::AscendingOrder);
    verticalHeader()->setSectionsClickable(true);
    m_filters->setSectionResizeMode(QHeaderView::Interactive);
    m_filters->setMinimumSectionSize(fontMetrics().horizontalAdvance(QStringLiteral("0000")));
    m_filters->setStretchLastSection(false);
    connect(m_filters, &QHeaderView::sectionResized, this, [this](int section, int, int size) {
        if (m_fitting)
            return;
        if (section == SampleTableModel::Prompt) {
            const int both = m_filters->sectionSize(SampleTableModel::Prompt) + m_filters->sectionSize(SampleTableModel::Answer);
            m_promptShare = std::clamp(double(size) / std::max(1, both), 0.15, 0.85);
        }
        fitColumns();
    });
}

void SampleView::fitColumns()
{
    m_fitting = true;
    const QFontMetrics metrics = fontMetrics();
    const int air = metrics.horizontalAdvance(QStringLiteral("00"));
    const int tokens = std::max(metrics.horizontalAdvance(QStringLiteral("00 000")), metrics.horizontalAdvance(tr(">200")) + 3 * air) + air;
    const int flag = metrics.horizontalAdvance(QStringLiteral("≡ double")) + air;
    const int number = metrics.horizontalAdvance(QStringLiteral("−0.0000")) + air;
    const bool survey = !isColumnHidden(SampleTableModel::Known);
    const int rest = std::max(0, viewport()->width() - tokens - flag - (survey ? 2 * number : 0));
    const int prompt = static_cast<int>(rest * m_promptShare);
    setColumnWidth(SampleTableModel::Prompt, prompt);
    setColumnWidth(SampleTableModel::Answer, rest - prompt);
    setColumnWidth(SampleTableModel::Tokens, tokens);
    setColumnWidth(SampleTableModel::Flags, flag);
    for (const int column : {SampleTableModel::Known, SampleTableModel::Harm})
        if (survey)
            setColumnWidth(column, number);
    m_fitting = false;
}

void SampleView::setSurveyShown(bool shown)
{
    if (shown != isColumnHidden(SampleTableModel::Known))
        return;
    for (const int column : {SampleTableModel::Known, SampleTableModel::Harm})
        setColumnHidden(column, !shown);
    fitColumns();
}

void SampleView::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

std::vector<int> SampleView::selectedSetRows() const
{
    std::vector<int> rows;
    for (const QItemSelectionRange &range : selectionModel()->selection())
        for (int row = range.top(); row <= range.bottom(); ++row)
            rows.push_back(m_model.rowInSet(row));
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

int SampleView::currentSetRow() const
{
    const QModelIndex current = currentIndex();
    return current.isValid() && current.row() < m_model.rowCount() ? m_model.rowInSet(current.row()) : -1;
}

void SampleView::selectKeys(const std::vector<quint64> &keys)
{
    const std::unordered_set<quint64> wanted(keys.begin(), keys.end());
    QItemSelection selection;
    int first = -1;
    for (int row = 0, count = m_model.rowCount(); row < count; ++row) {
        if (!wanted.contains(m_model.rows()[static_cast<std::size_t>(m_model.rowInSet(row))]->key))
            continue;
        if (first < 0)
            first = row;
        if (!selection.isEmpty() && selection.last().bottom() == row - 1)
            selection.last() = QItemSelectionRange(selection.last().topLeft(), m_model.index(row, SampleTableModel::ColumnCount - 1));
        else
            selection.append(QItemSelectionRange(m_model.index(row, 0), m_model.index(row, SampleTableModel::ColumnCount - 1)));
    }
    if (first < 0)
        return;
    selectionModel()->setCurrentIndex(m_model.index(first, SampleTableModel::Prompt), QItemSelectionModel::NoUpdate);
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    scrollTo(m_model.index(first, SampleTableModel::Prompt));
}

bool SampleView::edit(const QModelIndex &index, EditTrigger trigger, QEvent *event)
{
    if (index.isValid() && (trigger & editTriggers())) {
        const QString text = index.data(Qt::EditRole).toString();
        const bool isText = index.column() == SampleTableModel::Prompt || index.column() == SampleTableModel::Answer;
        if (!isText || text.size() > kFitsACell || text.contains(u'\n')) {
            Q_EMIT editRowRequested(m_model.rowInSet(index.row()));
            return false;
        }
    }
    return QTableView::edit(index, trigger, event);
}

void SampleView::focusInEvent(QFocusEvent *event)
{
    QTableView::focusInEvent(event);
    if (!currentIndex().isValid() && m_model.rowCount() > 0 && event->reason() != Qt::MouseFocusReason)
        setCurrentIndex(m_model.index(0, SampleTableModel::Prompt));
    Q_EMIT focused();
}

void SampleView::paintEvent(QPaintEvent *event)
{
    QTableView::paintEvent(event);
    if (m_model.rowCount() > 0 || m_emptyText.isEmpty())
        return;
    QPainter painter(viewport());
    // The first line says what is, the others what to do.
    const int air = fontMetrics().height();
    const QRect area = viewport()->rect().adjusted(air, air, -air, -air);
    const QString title = m_emptyText.section(u'\n', 0, 0), rest = m_emptyText.section(u'\n', 1);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    const QRect restRect = painter.boundingRect(area, Qt::AlignCenter | Qt::TextWordWrap, rest);
    painter.setPen(Theme::muted());
    painter.drawText(restRect, Qt::AlignCenter | Qt::TextWordWrap, rest);
    painter.setPen(palette().color(QPalette::Text));
    painter.setFont(bold);
    painter.drawText(QRect(area.left(), restRect.top() - 2 * air, area.width(), air * 3 / 2), Qt::AlignCenter, title);
}

} // namespace lethe
