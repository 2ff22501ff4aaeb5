#include "CompareRows.h"

#include "RunCharts.h"

#include "parts/HeatStrip.h"
#include "parts/TableLook.h"
#include "plots/Card.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QSettings>
#include <QtCore/QSignalBlocker>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QTableView>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

QLabel *wrapped(TextRole role, QWidget *parent)
{
    auto *label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setTextFormat(Qt::PlainText);
    Theme::setRole(label, role);
    return label;
}

} // namespace

CompareRows::CompareRows(ComparedSamples &samples, QSettings &settings, QWidget *parent) : QWidget(parent), m_samples(samples), m_settings(settings)
{
    auto *splitter = new QSplitter(Qt::Horizontal, this);
    splitter->setObjectName(QStringLiteral("compareRowsSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(buildTable());
    splitter->addWidget(buildRow());
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 4);
    splitter->setSizes({Theme::space(130), Theme::space(150)});
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, Theme::space(2), 0, 0);
    column->addWidget(splitter);
    connect(&samples, &ComparedSamples::changed, this, [this] {
        fillValues();
        refresh();
    });
}

QWidget *CompareRows::buildTable()
{
    auto *widget = new QWidget;
    m_order = new QComboBox(widget);
    m_order->setObjectName(QStringLiteral("rowsOrder"));
    m_order->setAccessibleName(tr("Which rows come first"));
    m_order->addItem(tr("Worst forgotten"), static_cast<int>(RowOrder::WorstForgotten));
    m_order->addItem(tr("Most damaged"), static_cast<int>(RowOrder::MostDamaged));
    m_order->addItem(tr("By set and row"), static_cast<int>(RowOrder::BySet));
    m_order->setCurrentIndex(std::max(0, m_order->findData(m_settings.value(QStringLiteral("compare/rowsOrder"), 0).toInt())));
    m_value = new QComboBox(widget);
    m_value->setObjectName(QStringLiteral("rowsValue"));
    m_value->setAccessibleName(tr("Value of the rows"));
    m_value->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_value->setMinimumContentsLength(14);
    auto *by = new QLabel(tr("&by"), widget);
    by->setBuddy(m_value);
    Theme::setRole(by, TextRole::Muted);
    m_filter = new QLineEdit(widget);
    m_filter->setObjectName(QStringLiteral("rowsFilter"));
    m_filter->setPlaceholderText(tr("Filter rows"));
    m_filter->setAccessibleName(tr("Filter rows"));
    m_filter->setClearButtonEnabled(true);
    m_model = new RowTableModel(this);
    m_table = new QTableView(widget);
    m_table->setObjectName(QStringLiteral("compareRows"));
    m_table->setAccessibleName(tr("Rows of the evaluations"));
    m_table->setModel(m_model);
    polishTable(m_table);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setSectionsClickable(true);
    m_table->viewport()->installEventFilter(this);
    m_empty = new QLabel(widget);
    m_empty->setWordWrap(true);
    m_empty->setAlignment(Qt::AlignCenter);
    Theme::setRole(m_empty, TextRole::Muted);

    connect(m_order, &QComboBox::activated, this, [this] {
        m_settings.setValue(QStringLiteral("compare/rowsOrder"), m_order->currentData());
        refresh();
    });
    connect(m_value, &QComboBox::activated, this, [this] {
        m_settings.setValue(QStringLiteral("compare/rowsValue"), m_value->currentData());
        refresh();
    });
    connect(m_filter, &QLineEdit::textChanged, this, &CompareRows::refresh);
    connect(m_table->horizontalHeader(), &QHeaderView::sectionClicked, this, [this](int section) {
        const auto run = static_cast<std::size_t>(section - RowTableModel::FirstRun);
        if (section < RowTableModel::FirstRun || run >= m_samples.runs().size())
            return;
        m_leading = m_samples.runs()[run].run;
        refresh();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &CompareRows::showRow);

    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(2));
    top->addWidget(m_order);
    top->addWidget(by);
    top->addWidget(m_value);
    top->addWidget(m_filter, 1);
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, Theme::space(2), 0);
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(m_table, 1);
    column->addWidget(m_empty, 1);
    return widget;
}

QWidget *CompareRows::buildRow()
{
    auto *widget = new QWidget;
    m_prompt = wrapped(TextRole::Heading, widget);
    m_prompt->setObjectName(QStringLiteral("rowsPrompt"));
    m_reference = wrapped(TextRole::Body, widget);
    m_pointed = wrapped(TextRole::Mono, widget);
    m_pointed->setObjectName(QStringLiteral("rowsPointed"));
    m_cards = new QWidget;
    m_cards->setAutoFillBackground(false);
    m_cardColumn = new QVBoxLayout(m_cards);
    m_cardColumn->setContentsMargins(0, 0, 0, 0);
    m_cardColumn->setSpacing(Theme::space(2));
    auto *scroll = new QScrollArea(widget);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(m_cards);
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(Theme::space(2), 0, 0, 0);
    column->setSpacing(Theme::space(2));
    column->addWidget(m_prompt);
    column->addWidget(m_reference);
    column->addWidget(scroll, 1);
    column->addWidget(m_pointed);
    widget->setMinimumWidth(Theme::space(80));
    return widget;
}

RowOrder CompareRows::order() const
{
    return static_cast<RowOrder>(m_order->currentData().toInt());
}

void CompareRows::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

void CompareRows::fillValues()
{
    const QSignalBlocker blocker(m_value);
    QString wanted = m_value->currentData().toString();
    if (wanted.isEmpty())
        wanted = m_settings.value(QStringLiteral("compare/rowsValue"), QStringLiteral("prob")).toString();
    m_value->clear();
    for (const QString &name : rowValueNames(m_samples.runs(), {}))
        m_value->addItem(rowValueTitle(name), name);
    m_value->setCurrentIndex(std::max(0, m_value->findData(wanted)));
}

/// The prompts take what the runs leave, and never less than tells one from another: then the table scrolls.
void CompareRows::fitPrompts()
{
    QHeaderView *header = m_table->horizontalHeader();
    int others = 0;
    for (int column = 0; column < m_model->columnCount(); ++column)
        if (column != RowTableModel::Prompt)
            others += header->sectionSize(column);
    header->resizeSection(RowTableModel::Prompt, std::max(m_table->viewport()->width() - others, fontMetrics().averageCharWidth() * 24));
}

bool CompareRows::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_table->viewport() && event->type() == QEvent::Resize)
        fitPrompts();
    return QWidget::eventFilter(watched, event);
}

void CompareRows::refresh()
{
    const std::vector<RunSamples> &runs = m_samples.runs();
    const auto leading = std::ranges::find(runs, m_leading, &RunSamples::run);
    const std::optional<RowTableModel::Key> kept = m_shown;
    m_model->show(runs, m_value->currentData().toString(), order(), leading == runs.end() ? 0 : static_cast<std::size_t>(leading - runs.begin()), m_filter->text().trimmed());
    const bool any = m_model->rowCount() > 0;
    m_table->setVisible(any);
    m_empty->setVisible(!any);
    m_empty->setText(m_samples.isLoading()       ? tr("Reading rows…")
                     : !m_filter->text().isEmpty() ? tr("No row has these words.")
                                                   : tr("No evaluation of whole sets in these runs stored such rows."));
    QHeaderView *header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Interactive);
    m_table->setColumnWidth(RowTableModel::Set, Theme::space(15));
    m_table->setColumnWidth(RowTableModel::Row, Theme::space(13));
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    for (int column = RowTableModel::FirstRun; column < m_model->columnCount(); ++column)
        m_table->setColumnWidth(column, Theme::space(28));
    fitHeaders(m_table);
    fitPrompts();
    if (!any) {
        m_shown.reset();
        showRow();
        return;
    }
    const int row = kept ? m_model->rowOf(*kept) : -1;
    m_shown.reset();
    m_table->setCurrentIndex(m_model->index(std::max(row, 0), RowTableModel::Prompt));
}

void CompareRows::showRow()
{
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid() || m_model->rowCount() == 0) {
        fillRow({}, {});
        return;
    }
    const RowTableModel::Key key = m_model->key(current.row());
    if (m_shown == key)
        return;
    m_shown = key;
    m_samples.readRow(this, key.set, key.row, [this, key, asked = ++m_asked](const std::vector<RowHistory> &histories) {
        if (asked == m_asked)
            fillRow(key, histories);
    });
}

void CompareRows::fillRow(const RowTableModel::Key &key, const std::vector<RowHistory> &histories)
{
    while (QLayoutItem *item = m_cardColumn->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_prompt->clear();
    m_reference->clear();
    m_pointed->setText(QStringLiteral(" ")); // it keeps its line
    if (histories.empty())
        return;
    for (const RowHistory &history : histories)
        if (!history.entries.empty()) {
            const SampleRecord &sample = history.entries.back().sample;
            m_prompt->setText(sample.prompt.empty() ? tr("%1 row %2").arg(QString::fromStdString(key.set)).arg(key.row + 1) : QString::fromStdString(sample.prompt));
            m_reference->setText(tr("Reference: %1").arg(QString::fromStdString(sample.reference)));
            break;
        }
    for (const RunSamples &run : m_samples.runs()) {
        const auto history = std::ranges::find(histories, run.run, &RowHistory::run);
        if (history != histories.end())
            m_cardColumn->addWidget(runCard(run, *history));
    }
    m_cardColumn->addStretch(1);
}

QWidget *CompareRows::runCard(const RunSamples &run, const RowHistory &history)
{
    auto *card = new Card;
    card->setObjectName(QStringLiteral("rowsRun%1").arg(run.run));
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(Theme::space(3), Theme::space(2), Theme::space(3), Theme::space(2));
    column->setSpacing(Theme::space(1));
    auto *title = new QLabel(card);
    title->setText(QStringLiteral("<span style=\"color:%1\">■</span> <b>%2</b>").arg(run.look.drawn().name(), run.name.toHtmlEscaped()));
    column->addWidget(title);
    if (history.entries.empty())
        column->addWidget([&] {
            QLabel *none = wrapped(TextRole::Muted, card);
            none->setText(tr("This run was not evaluated on this row."));
            return none;
        }());
    const std::string &prompt = history.entries.empty() ? std::string() : history.entries.back().sample.prompt;
    bool stripMissing = false;
    for (const RowHistory::Entry &entry : history.entries) {
        const SampleRecord &sample = entry.sample;
        QStringList facts{entry.step == 0 ? tr("before") : tr("step %1").arg(format::count(entry.step))};
        if (const auto probability = rowValue(sample, "prob"))
            facts.append(tr("p = %1").arg(format::probability(probability)));
        if (sample.rougeRecall)
            facts.append(tr("R-L %1").arg(format::probability(sample.rougeRecall)));
        if (sample.prompt != prompt)
            facts.append(tr("another question"));
        QLabel *line = wrapped(TextRole::Caption, card);
        line->setText(facts.join(QStringLiteral(" · ")));
        column->addWidget(line);
        if (sample.text) {
            QLabel *answer = wrapped(TextRole::Body, card);
            answer->setText(sample.text->empty() ? tr("(empty answer)") : QString::fromStdString(*sample.text));
            column->addWidget(answer);
        }
        if (sample.tokens.empty()) {
            stripMissing = true;
            continue;
        }
        auto *strip = new HeatStrip(card);
        strip->show(sample.tokens, tr("%1, %2: tokens of the reference").arg(run.name, facts.front()));
        connect(strip, &HeatStrip::pointed, m_pointed, [this](const QString &text) { m_pointed->setText(text.isEmpty() ? QStringLiteral(" ") : text); });
        column->addWidget(strip);
    }
    if (stripMissing) {
        QLabel *missing = wrapped(TextRole::Muted, card);
        missing->setText(tr("Some of these evaluations hold no token probabilities: their metrics score no reference of this set, or an older Lethe made them."));
        column->addWidget(missing);
    }
    return card;
}

} // namespace lethe
