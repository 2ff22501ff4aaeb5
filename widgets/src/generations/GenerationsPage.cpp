#include <widgets/GenerationsPage.h>

#include "AnswerBook.h"
#include "AnswerColumn.h"
#include "AnswerExport.h"
#include "AnswerHistoryModel.h"
#include "AnswerListModel.h"
#include "AskPanel.h"
#include "EvaluationSlider.h"
#include "StrengthPanel.h"
#include "TextDiff.h"

#include "live/RunFeed.h"
#include "live/RunPicker.h"
#include "live/RunWords.h"
#include "live/StateBar.h"
#include "parts/TableLook.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/RunLook.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtGui/QKeyEvent>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QStackedWidget>
#include <QtWidgets/QTableView>

#include <algorithm>

namespace lethe {
namespace {

enum class AnswerPair { BeforeNow, ReferenceNow, ReferenceBefore };
enum class AnswerOrder { MostChanged, LeastChanged, BySet };

/// Another run's last answers, for a column of its own.
struct OtherRun {
    RunRow row;
    AnswerBook book;
};

} // namespace

struct GenerationsPage::Private {
    GenerationsPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    RunFeed feed;
    StoreReads reads;
    AnswerBook book;
    std::vector<OtherRun> others;
    RunPicker *picker = nullptr;
    EvaluationSlider *slider = nullptr;
    QComboBox *pair = nullptr;
    QComboBox *unit = nullptr;
    QCheckBox *withOthers = nullptr;
    QCheckBox *withTokens = nullptr;
    QLineEdit *filter = nullptr;
    QComboBox *order = nullptr;
    AnswerListModel *model = nullptr;
    AnswerListProxy *proxy = nullptr;
    QTableView *list = nullptr;
    StateBar *state = nullptr;
    QStackedWidget *stack = nullptr;
    QLabel *emptyTitle = nullptr;
    QLabel *emptyText = nullptr;
    QLabel *prompt = nullptr;
    QLabel *difference = nullptr;
    AnswerColumn *reference = nullptr;
    AnswerColumn *before = nullptr;
    AnswerColumn *now = nullptr;
    QHBoxLayout *columns = nullptr;
    AnswerHistoryModel *history = nullptr;
    QTableView *historyView = nullptr;
    std::vector<AnswerColumn *> otherColumns;
    AskPanel *ask = nullptr;
    StrengthPanel *strength = nullptr;
    AnswerColumn *atStrength = nullptr; ///< what the pair answers at the strength of the slider
    QSplitter *splitter = nullptr;
    QAction *copy = nullptr;
    QAction *save = nullptr;

    Private(GenerationsPage &owner, Workspace &space, Dialogs &asked)
        : page(owner), workspace(space), dialogs(asked), feed(space, true), reads(space.store())
    {}

    void buildActions();
    QWidget *buildControls();
    QWidget *buildList();
    QWidget *buildAnswers();
    QWidget *buildEmpty();
    void restoreChoices();
    void keepChoices() const;
    void restart();
    void takeEvaluations(std::size_t from);
    void announceSteps();
    void refresh();
    void refreshState();
    void sortList();
    void loadOthers();
    void showOthers(const AnswerBook::Prompt &asked);
    void showStrength(const AnswerBook::Prompt &asked, const SampleRecord *first);
    void askAtStrength();
    int currentPrompt() const;
    void copyRow() const;
    void saveAnswers();
    template<typename Choice> Choice choice(const QComboBox *box) const { return static_cast<Choice>(box->currentData().toInt()); }
};

GenerationsPage::GenerationsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageGenerations"), tr("Generations"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    Private &d = *m_private;
    setFocusPolicy(Qt::ClickFocus);
    d.buildActions();
    d.model = new AnswerListModel(d.book, this);
    d.proxy = new AnswerListProxy(this);
    d.proxy->setSourceModel(d.model);
    d.proxy->setDynamicSortFilter(false); // rows must not wander under the reader while the slider moves
    d.state = new StateBar(this);
    d.splitter = new QSplitter(Qt::Horizontal, this);
    d.splitter->setObjectName(QStringLiteral("generationsSplitter"));
    d.splitter->setChildrenCollapsible(false);
    QWidget *controls = d.buildControls();
    d.splitter->addWidget(d.buildList());
    d.splitter->addWidget(d.buildAnswers());
    d.splitter->setStretchFactor(0, 2);
    d.splitter->setStretchFactor(1, 4);
    d.splitter->setSizes({Theme::space(96), Theme::space(200)});
    d.stack = new QStackedWidget(this);
    d.stack->addWidget(d.buildEmpty());
    d.stack->addWidget(d.splitter);
    d.ask = new AskPanel(workspace, this);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(3));
    column->setSpacing(Theme::space(2));
    column->addWidget(controls);
    column->addWidget(d.state);
    column->addWidget(d.stack, 1);
    column->addWidget(d.ask);
    d.restoreChoices();

    connect(d.picker, &RunPicker::picked, this, [&workspace](qint64 run) { workspace.setShownRun(run); });
    connect(&workspace, &Workspace::shownRunChanged, this, [this] {
        if (m_private->workspace.shownRun() != m_private->feed.run())
            m_private->feed.show(m_private->workspace.shownRun());
    });
    connect(&workspace, &Workspace::comparedChanged, this, [this] { m_private->loadOthers(); });
    connect(&d.feed, &RunFeed::reset, this, [this] { m_private->restart(); });
    connect(&d.feed, &RunFeed::evaluationsArrived, this, [this](std::size_t from) { m_private->takeEvaluations(from); });
    connect(&d.feed, &RunFeed::changed, this, [this] {
        m_private->refreshState();
        m_private->ask->show(m_private->feed.history());
        m_private->strength->show(m_private->feed.history());
    });
    connect(d.strength, &StrengthPanel::changed, this, [this] { m_private->refresh(); });
    connect(d.strength, &StrengthPanel::offered, this, [this] { m_private->askAtStrength(); });
    d.feed.show(workspace.shownRun());
}

GenerationsPage::~GenerationsPage() = default;

QString GenerationsPage::hint() const
{
    if (m_private->book.evaluations() < 2)
        return {};
    return tr("Drag the slider to see an answer change; [ and ] go from one evaluation to the next.");
}

void GenerationsPage::activate()
{
    Private &d = *m_private;
    if (d.feed.run() != d.workspace.shownRun())
        d.feed.show(d.workspace.shownRun());
    if (!isAncestorOf(focusWidget()))
        d.list->setFocus();
}

bool GenerationsPage::focusFilter()
{
    m_private->filter->setFocus(Qt::ShortcutFocusReason);
    m_private->filter->selectAll();
    return true;
}

void GenerationsPage::keyPressEvent(QKeyEvent *event)
{
    Private &d = *m_private;
    if (event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier | Qt::GroupSwitchModifier)) {
        Page::keyPressEvent(event);
        return;
    }
    const auto step = [&d](int by) {
        const int row = std::clamp(d.list->currentIndex().row() + by, 0, std::max(0, d.proxy->rowCount() - 1));
        d.list->setCurrentIndex(d.proxy->index(row, AnswerListModel::Prompt));
    };
    switch (event->key()) {
    case Qt::Key_BracketLeft: d.slider->step(-1); break;
    case Qt::Key_BracketRight: d.slider->step(1); break;
    case Qt::Key_Up: step(-1); break;
    case Qt::Key_Down: step(1); break;
    case Qt::Key_D: d.pair->setCurrentIndex((d.pair->currentIndex() + 1) % d.pair->count()); break;
    case Qt::Key_T: d.withTokens->toggle(); break;
    case Qt::Key_F: d.slider->setFollowing(!d.slider->isFollowing()); break;
    default: Page::keyPressEvent(event);
    }
}

void GenerationsPage::Private::buildActions()
{
    const auto make = [this](const char *name, const QString &text, const char *icon, const QKeySequence &key, const QString &tip,
                             const std::function<void()> &act, bool primary) {
        auto *action = new QAction(Theme::icon(QString::fromLatin1(icon)), text, &page);
        action->setObjectName(QString::fromLatin1(name));
        action->setShortcut(key);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        action->setStatusTip(tip);
        action->setToolTip(tip);
        QObject::connect(action, &QAction::triggered, &page, act);
        page.addAction(action);
        page.addPageAction(action, primary);
        return action;
    };
    copy = make("actionGenerationsCopy", GenerationsPage::tr("Copy row"), "copy", QKeySequence::Copy,
                GenerationsPage::tr("Copy the prompt with its answers as Markdown (Ctrl+C)"), [this] { copyRow(); }, false);
    save = make("actionGenerationsSave", GenerationsPage::tr("Save answers…"), "export", QKeySequence(Qt::CTRL | Qt::Key_E),
                GenerationsPage::tr("All answers as CSV, JSON Lines, Markdown or a web page"), [this] { saveAnswers(); }, true);
}

QWidget *GenerationsPage::Private::buildControls()
{
    auto *widget = new QWidget(&page);
    picker = new RunPicker(workspace, widget);
    slider = new EvaluationSlider(&page);
    pair = new QComboBox(widget);
    pair->setObjectName(QStringLiteral("generationsPair"));
    pair->setAccessibleName(GenerationsPage::tr("Answers that are compared"));
    pair->setToolTip(GenerationsPage::tr("Which two answers are compared (D)"));
    pair->addItem(GenerationsPage::tr("before ↔ now"), static_cast<int>(AnswerPair::BeforeNow));
    pair->addItem(GenerationsPage::tr("reference ↔ now"), static_cast<int>(AnswerPair::ReferenceNow));
    pair->addItem(GenerationsPage::tr("reference ↔ before"), static_cast<int>(AnswerPair::ReferenceBefore));
    unit = new QComboBox(widget);
    unit->setObjectName(QStringLiteral("generationsUnit"));
    unit->setAccessibleName(GenerationsPage::tr("Unit of comparison"));
    unit->addItem(GenerationsPage::tr("by word"), static_cast<int>(TextDiff::Unit::Word));
    unit->addItem(GenerationsPage::tr("by character"), static_cast<int>(TextDiff::Unit::Character));
    withOthers = new QCheckBox(GenerationsPage::tr("Compared runs"), widget);
    withOthers->setObjectName(QStringLiteral("generationsOthers"));
    withOthers->setToolTip(GenerationsPage::tr("One more column for each run picked in Compare: its last answer"));

    withTokens = new QCheckBox(GenerationsPage::tr("Tokens"), widget);
    withTokens->setObjectName(QStringLiteral("generationsTokens"));
    withTokens->setToolTip(GenerationsPage::tr("Below each answer, how likely each token of the reference is to that model (T)"));

    QObject::connect(slider, &EvaluationSlider::currentChanged, &page, [this](int index) {
        model->setEvaluation(static_cast<std::size_t>(index));
        refresh();
    });
    QObject::connect(pair, &QComboBox::currentIndexChanged, &page, [this] {
        keepChoices();
        refresh();
    });
    QObject::connect(unit, &QComboBox::currentIndexChanged, &page, [this] {
        keepChoices();
        refresh();
    });
    QObject::connect(withOthers, &QCheckBox::toggled, &page, [this] {
        keepChoices();
        loadOthers();
    });
    QObject::connect(withTokens, &QCheckBox::toggled, &page, [this] {
        keepChoices();
        refresh();
    });

    auto *row = new QHBoxLayout(widget);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::space(2));
    row->addWidget(picker);
    row->addStretch(1);
    row->addWidget(pair);
    row->addWidget(unit);
    row->addWidget(withOthers);
    row->addWidget(withTokens);
    return widget;
}

QWidget *GenerationsPage::Private::buildList()
{
    auto *card = new Card;
    filter = new QLineEdit(card);
    filter->setObjectName(QStringLiteral("generationsFilter"));
    filter->setPlaceholderText(GenerationsPage::tr("Filter prompts"));
    filter->setAccessibleName(GenerationsPage::tr("Filter prompts"));
    filter->setClearButtonEnabled(true);
    filter->addAction(Theme::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    order = new QComboBox(card);
    order->setObjectName(QStringLiteral("generationsOrder"));
    order->setAccessibleName(GenerationsPage::tr("Order of the prompts"));
    order->addItem(GenerationsPage::tr("most changed"), static_cast<int>(AnswerOrder::MostChanged));
    order->addItem(GenerationsPage::tr("least changed"), static_cast<int>(AnswerOrder::LeastChanged));
    order->addItem(GenerationsPage::tr("by set and row"), static_cast<int>(AnswerOrder::BySet));

    list = new QTableView(card);
    list->setObjectName(QStringLiteral("generationsList"));
    list->setAccessibleName(GenerationsPage::tr("Prompts"));
    list->setModel(proxy);
    list->setFrameShape(QFrame::NoFrame);
    list->setSelectionBehavior(QAbstractItemView::SelectRows);
    list->setSelectionMode(QAbstractItemView::SingleSelection);
    list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list->setTabKeyNavigation(false);
    list->setShowGrid(false);
    list->setWordWrap(false);
    list->verticalHeader()->hide();
    list->verticalHeader()->setDefaultSectionSize(Theme::space(7));
    QHeaderView *header = list->horizontalHeader();
    header->setHighlightSections(false);
    header->setStretchLastSection(true);
    list->setColumnWidth(AnswerListModel::Set, Theme::space(16));
    list->setColumnWidth(AnswerListModel::Row, Theme::space(14));
    list->setColumnWidth(AnswerListModel::Changed, Theme::space(21));
    fitHeaders(list);

    QObject::connect(filter, &QLineEdit::textChanged, &page, [this](const QString &text) {
        proxy->setWords(text);
        if (!list->currentIndex().isValid() && proxy->rowCount() > 0)
            list->setCurrentIndex(proxy->index(0, AnswerListModel::Prompt));
        askAtStrength();
        refresh();
    });
    QObject::connect(order, &QComboBox::currentIndexChanged, &page, [this] {
        keepChoices();
        sortList();
    });
    QObject::connect(list->selectionModel(), &QItemSelectionModel::currentRowChanged, &page, [this] {
        askAtStrength(); // the one in front is answered first
        refresh();
    });

    auto *sortLabel = new QLabel(GenerationsPage::tr("So&rt"), card);
    Theme::setRole(sortLabel, TextRole::Muted);
    sortLabel->setBuddy(order);
    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(2));
    top->addWidget(filter, 1);
    top->addWidget(sortLabel);
    top->addWidget(order);
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(Theme::space(2), Theme::space(2), Theme::space(2), Theme::space(2));
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(list, 1);
    card->setMinimumWidth(Theme::space(80));
    return card;
}

QWidget *GenerationsPage::Private::buildAnswers()
{
    auto *widget = new QWidget;
    prompt = new QLabel(widget);
    prompt->setObjectName(QStringLiteral("generationsPrompt"));
    prompt->setWordWrap(true);
    prompt->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(prompt, TextRole::Heading);
    difference = new QLabel(widget);
    difference->setObjectName(QStringLiteral("generationsDifference"));
    difference->setWordWrap(true);
    Theme::setRole(difference, TextRole::Muted);

    auto *inside = new QWidget;
    inside->setAutoFillBackground(false);
    columns = new QHBoxLayout(inside);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(Theme::space(2));
    reference = new AnswerColumn(GenerationsPage::tr("reference"));
    reference->setObjectName(QStringLiteral("answerReference"));
    before = new AnswerColumn(GenerationsPage::tr("before"));
    before->setObjectName(QStringLiteral("answerBefore"));
    now = new AnswerColumn(GenerationsPage::tr("now"));
    now->setObjectName(QStringLiteral("answerNow"));
    atStrength = new AnswerColumn({});
    atStrength->setObjectName(QStringLiteral("answerStrength"));
    for (AnswerColumn *each : {reference, before, now, atStrength})
        columns->addWidget(each, 1);
    atStrength->hide();
    strength = new StrengthPanel(workspace, widget);
    history = new AnswerHistoryModel(book, &page);
    historyView = new QTableView(widget);
    historyView->setObjectName(QStringLiteral("answerHistory"));
    historyView->setAccessibleName(GenerationsPage::tr("Answers to this prompt through the run"));
    historyView->setModel(history);
    historyView->setSelectionBehavior(QAbstractItemView::SelectRows);
    historyView->setSelectionMode(QAbstractItemView::SingleSelection);
    historyView->setEditTriggers(QAbstractItemView::NoEditTriggers);
    historyView->setTabKeyNavigation(false);
    historyView->setShowGrid(false);
    historyView->setWordWrap(false);
    historyView->verticalHeader()->hide();
    historyView->verticalHeader()->setDefaultSectionSize(Theme::space(7));
    historyView->horizontalHeader()->setHighlightSections(false);
    historyView->horizontalHeader()->setStretchLastSection(true);
    historyView->setColumnWidth(AnswerHistoryModel::Step, Theme::space(18));
    historyView->setColumnWidth(AnswerHistoryModel::Probability, Theme::space(16));
    historyView->setColumnWidth(AnswerHistoryModel::Rouge, Theme::space(16));
    fitHeaders(historyView);
    QObject::connect(historyView, &QTableView::clicked, &page, [this](const QModelIndex &index) { slider->setCurrent(index.row()); });
    auto *scroll = new QScrollArea(widget);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(inside);

    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(Theme::space(2), Theme::space(1), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addWidget(slider);
    column->addWidget(strength);
    column->addWidget(prompt);
    column->addWidget(scroll, 3);
    column->addWidget(difference);
    column->addWidget(historyView, 2);
    return widget;
}

QWidget *GenerationsPage::Private::buildEmpty()
{
    auto *widget = new QWidget;
    emptyTitle = new QLabel(widget);
    emptyTitle->setAlignment(Qt::AlignCenter);
    Theme::setRole(emptyTitle, TextRole::Title);
    emptyText = new QLabel(widget);
    emptyText->setAlignment(Qt::AlignCenter);
    emptyText->setWordWrap(true);
    Theme::setRole(emptyText, TextRole::Muted);
    auto *column = new QVBoxLayout(widget);
    column->setSpacing(Theme::space(3));
    column->addStretch(2);
    column->addWidget(emptyTitle);
    column->addWidget(emptyText);
    column->addStretch(3);
    return widget;
}

void GenerationsPage::Private::restoreChoices()
{
    QSettings &settings = workspace.settings();
    const auto restore = [&settings](QComboBox *box, const QString &key) {
        const QSignalBlocker blocker(box);
        const int index = box->findData(settings.value(key, 0).toInt());
        box->setCurrentIndex(std::max(0, index));
    };
    restore(pair, QStringLiteral("generations/pair"));
    restore(unit, QStringLiteral("generations/unit"));
    restore(order, QStringLiteral("generations/order"));
    const QSignalBlocker blocker(withOthers);
    withOthers->setChecked(settings.value(QStringLiteral("generations/withCompared"), false).toBool());
    const QSignalBlocker quiet(withTokens);
    withTokens->setChecked(settings.value(QStringLiteral("generations/withTokens"), false).toBool());
}

void GenerationsPage::Private::keepChoices() const
{
    QSettings &settings = workspace.settings();
    settings.setValue(QStringLiteral("generations/pair"), pair->currentData());
    settings.setValue(QStringLiteral("generations/unit"), unit->currentData());
    settings.setValue(QStringLiteral("generations/order"), order->currentData());
    settings.setValue(QStringLiteral("generations/withCompared"), withOthers->isChecked());
    settings.setValue(QStringLiteral("generations/withTokens"), withTokens->isChecked());
}

void GenerationsPage::Private::restart()
{
    book.clear();
    for (const EvaluationRecord &evaluation : feed.history().evaluations)
        book.add(evaluation);
    const RunHistory &told = feed.history();
    picker->setCurrent(told.row ? feed.run() : 0, told.row ? QString::fromStdString(told.row->name) : QString(),
                       told.row ? QString::fromStdString(told.row->color) : QString());
    slider->setFollowing(true);
    model->reload();
    announceSteps();
    sortList();
    if (proxy->rowCount() > 0)
        list->setCurrentIndex(proxy->index(0, AnswerListModel::Prompt));
    ask->show(told);
    strength->show(told);
    askAtStrength();
    loadOthers();
    refresh();
}

void GenerationsPage::Private::takeEvaluations(std::size_t from)
{
    const bool wasEmpty = book.prompts().empty();
    for (std::size_t i = from; i < feed.history().evaluations.size(); ++i)
        book.add(feed.history().evaluations[i]);
    model->reload();
    announceSteps();
    if (wasEmpty)
        sortList();
    if (!list->currentIndex().isValid() && proxy->rowCount() > 0)
        list->setCurrentIndex(proxy->index(0, AnswerListModel::Prompt));
    askAtStrength();
    refresh();
}

void GenerationsPage::Private::announceSteps()
{
    std::vector<std::int64_t> steps;
    for (std::size_t i = 0; i < book.evaluations(); ++i)
        steps.push_back(book.step(i));
    slider->setSteps(steps);
}

void GenerationsPage::Private::sortList()
{
    switch (choice<AnswerOrder>(order)) {
    case AnswerOrder::MostChanged: proxy->sort(AnswerListModel::Changed, Qt::DescendingOrder); break;
    case AnswerOrder::LeastChanged: proxy->sort(AnswerListModel::Changed, Qt::AscendingOrder); break;
    case AnswerOrder::BySet:
        proxy->sort(AnswerListModel::Row, Qt::AscendingOrder);
        proxy->sort(AnswerListModel::Set, Qt::AscendingOrder);
        break;
    }
}

int GenerationsPage::Private::currentPrompt() const
{
    const QModelIndex index = list->currentIndex();
    return index.isValid() ? proxy->mapToSource(index).row() : -1;
}

void GenerationsPage::Private::refreshState()
{
    const QString collapse = book.collapse(static_cast<std::size_t>(slider->current()));
    if (collapse.isEmpty())
        state->hide();
    else
        state->say(Card::Tone::Warning, QStringLiteral("warning"), collapse, {}, {});

    const bool any = !book.prompts().empty();
    if (feed.run() == 0) {
        emptyTitle->setText(GenerationsPage::tr("No run yet"));
        emptyText->setText(GenerationsPage::tr("Answers of the model before and while it forgets are read here, side by side."));
    } else if (feed.isLoading()) {
        emptyTitle->setText(GenerationsPage::tr("Reading answers…"));
        emptyText->clear();
    } else if (!feed.failure().isEmpty()) {
        emptyTitle->setText(GenerationsPage::tr("This run cannot be read"));
        emptyText->setText(feed.failure());
    } else if (!runwords::isOver(feed.status())) {
        emptyTitle->setText(GenerationsPage::tr("Before the first evaluation"));
        emptyText->setText(GenerationsPage::tr("The untouched model is asked first; its answers appear here in a moment."));
    } else {
        emptyTitle->setText(GenerationsPage::tr("This run generated no answers"));
        emptyText->setText(GenerationsPage::tr("Its experiment evaluates without prompts. Set the number of prompts in Experiment, Evaluation."));
    }
    stack->setCurrentIndex(any ? 1 : 0);
    copy->setEnabled(any);
    save->setEnabled(any);
    ask->setVisible(feed.run() != 0);
}

void GenerationsPage::Private::refresh()
{
    refreshState();
    const int at = currentPrompt();
    const bool any = at >= 0 && static_cast<std::size_t>(at) < book.prompts().size();
    copy->setEnabled(any);
    history->show(any ? at : -1);
    historyView->selectRow(slider->current());
    for (QWidget *part : {static_cast<QWidget *>(reference), static_cast<QWidget *>(before), static_cast<QWidget *>(now), static_cast<QWidget *>(atStrength)})
        part->setEnabled(any);
    if (!any) {
        prompt->setText(book.prompts().empty() ? QString() : GenerationsPage::tr("No prompt matches the filter"));
        difference->clear();
        for (AnswerColumn *each : {reference, before, now, atStrength})
            each->showText({});
        return;
    }
    const auto index = static_cast<std::size_t>(at);
    const auto evaluation = static_cast<std::size_t>(slider->current());
    const AnswerBook::Prompt &asked = book.prompts()[index];
    const auto baseline = book.baseline();
    const SampleRecord *first = baseline ? book.answer(*baseline, index) : nullptr;
    const SampleRecord *current = book.answer(evaluation, index);
    const auto textOf = [](const SampleRecord *sample) { return QString::fromStdString(sample->text.value_or(std::string())); };
    const auto kind = choice<TextDiff::Unit>(unit);

    prompt->setText(asked.prompt);
    if (asked.reference.isEmpty())
        reference->showNothing(GenerationsPage::tr("This prompt has no reference."));
    else
        reference->showText(asked.reference);
    before->setTitle(GenerationsPage::tr("before · step 0"));
    now->setTitle(book.evaluations() > evaluation ? GenerationsPage::tr("now · step %1").arg(format::count(book.step(evaluation))) : GenerationsPage::tr("now"));

    QString sentence;
    AnswerPair chosen = choice<AnswerPair>(pair);
    if (asked.reference.isEmpty())
        chosen = AnswerPair::BeforeNow; // a text with no reference is held against before
    if (!first)
        before->showNothing(GenerationsPage::tr("There is no evaluation before training."));
    else if (chosen == AnswerPair::ReferenceBefore) {
        const TextDiff diff(asked.reference, textOf(first), kind);
        before->showDifference(*first, diff);
        sentence = GenerationsPage::tr("From reference to before: %1").arg(diff.sentence());
    } else {
        before->showAnswer(*first);
    }
    if (!current)
        now->showNothing(GenerationsPage::tr("This evaluation did not ask this prompt."));
    else if (baseline && evaluation == *baseline && chosen == AnswerPair::BeforeNow)
        now->showAnswer(*current);
    else if (chosen == AnswerPair::ReferenceNow || (chosen == AnswerPair::BeforeNow && first)) {
        const TextDiff diff(chosen == AnswerPair::ReferenceNow ? asked.reference : textOf(first), textOf(current), kind);
        now->showDifference(*current, diff);
        sentence = chosen == AnswerPair::ReferenceNow ? GenerationsPage::tr("From reference to now: %1").arg(diff.sentence())
                                                      : GenerationsPage::tr("From before to now: %1").arg(diff.sentence());
    } else {
        now->showAnswer(*current);
    }
    if (current) {
        QStringList marks = marksOf(*current).words();
        marks.removeAll(GenerationsPage::tr("contains the reference"));
        sentence += sentence.isEmpty() ? QString() : QStringLiteral(". ");
        if (marks.isEmpty())
            sentence += GenerationsPage::tr("Not repeated, not empty, ended by itself.");
        else
            sentence += GenerationsPage::tr("Flags: %1.").arg(marks.join(QStringLiteral(", ")));
    }
    difference->setText(sentence);
    showStrength(asked, first);
    showOthers(asked);
    for (AnswerColumn *each : {before, now})
        each->setTokensShown(withTokens->isChecked());
    for (AnswerColumn *each : otherColumns)
        each->setTokensShown(withTokens->isChecked());
}

void GenerationsPage::Private::askAtStrength()
{
    if (!strength->isOffered())
        return;
    std::vector<AskedRow> rows;
    const auto add = [this, &rows](int source) {
        const AnswerBook::Prompt &asked = book.prompts()[static_cast<std::size_t>(source)];
        rows.push_back({.set = asked.set, .row = asked.row, .prompt = asked.prompt.toStdString(), .reference = asked.reference.toStdString()});
    };
    const int front = currentPrompt();
    if (front >= 0 && static_cast<std::size_t>(front) < book.prompts().size())
        add(front);
    for (int row = 0; row < proxy->rowCount(); ++row)
        if (const int source = proxy->mapToSource(proxy->index(row, 0)).row(); source != front && static_cast<std::size_t>(source) < book.prompts().size())
            add(source);
    strength->setRows(std::move(rows));
}

void GenerationsPage::Private::showStrength(const AnswerBook::Prompt &asked, const SampleRecord *first)
{
    const std::optional<double> weight = strength->chosen();
    atStrength->setVisible(weight.has_value());
    if (!weight)
        return;
    atStrength->setTitle(GenerationsPage::tr("weight %1 · step %2").arg(*weight, 0, 'f', 2).arg(format::count(strength->step())));
    const SampleRecord *sample = strength->answer(asked.set, asked.row);
    if (!sample)
        atStrength->showNothing(strength->isBusy() ? GenerationsPage::tr("Being answered…") : GenerationsPage::tr("Not answered at this strength yet."));
    else if (first && choice<AnswerPair>(pair) == AnswerPair::BeforeNow)
        atStrength->showDifference(*sample, TextDiff(QString::fromStdString(first->text.value_or(std::string())), QString::fromStdString(*sample->text),
                                                     choice<TextDiff::Unit>(unit)));
    else
        atStrength->showAnswer(*sample);
}

void GenerationsPage::Private::loadOthers()
{
    std::vector<RunId> runs;
    if (withOthers->isChecked()) {
        for (const RunId run : workspace.compared()) {
            if (run != feed.run())
                runs.push_back(run);
        }
    }
    if (runs.empty()) {
        others.clear();
        refresh();
        return;
    }
    reads.read<std::vector<OtherRun>>(
        &page,
        [runs](const RunStore &store) {
            std::vector<OtherRun> found;
            for (const RunId run : runs) {
                auto row = store.run(run);
                auto evaluations = store.evaluations(run, true);
                if (!row || !evaluations || evaluations->empty())
                    continue;
                OtherRun other{std::move(*row), {}};
                other.book.add(evaluations->back());
                found.push_back(std::move(other));
            }
            return found;
        },
        [this](std::vector<OtherRun> found) {
            others = std::move(found);
            refresh();
        });
}

void GenerationsPage::Private::showOthers(const AnswerBook::Prompt &asked)
{
    while (otherColumns.size() > others.size()) {
        delete otherColumns.back();
        otherColumns.pop_back();
    }
    while (otherColumns.size() < others.size()) {
        otherColumns.push_back(new AnswerColumn({}));
        columns->addWidget(otherColumns.back(), 1);
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
        const OtherRun &other = others[i];
        otherColumns[i]->setTitle(GenerationsPage::tr("%1 · step %2").arg(QString::fromStdString(other.row.name), format::count(other.book.step(0))),
                                  QString::fromStdString(other.row.color));
        const auto there = other.book.find(asked.set, asked.row);
        const SampleRecord *sample = there ? other.book.answer(0, *there) : nullptr;
        if (!sample)
            otherColumns[i]->showNothing(GenerationsPage::tr("This run was not asked this row."));
        else if (other.book.prompts()[*there].prompt != asked.prompt)
            otherColumns[i]->showNothing(GenerationsPage::tr("Row %1 of this run's set is another question.").arg(asked.row + 1));
        else
            otherColumns[i]->showAnswer(*sample);
    }
}

void GenerationsPage::Private::copyRow() const
{
    const int at = currentPrompt();
    if (at < 0)
        return;
    const QString name = feed.history().row ? QString::fromStdString(feed.history().row->name) : QString();
    QGuiApplication::clipboard()->setText(AnswerExport(book, name).markdownRow(static_cast<std::size_t>(at), static_cast<std::size_t>(slider->current())));
    workspace.post({.level = Message::Level::Info, .text = GenerationsPage::tr("Row copied as Markdown."), .details = {}, .buttons = {}, .key = QStringLiteral("copied")});
}

void GenerationsPage::Private::saveAnswers()
{
    const QString name = feed.history().row ? QString::fromStdString(feed.history().row->name) : GenerationsPage::tr("run");
    QString proposed = name;
    proposed.replace(QLatin1Char('/'), QLatin1Char('-'));
    const QString path = dialogs.saveFile(&page, GenerationsPage::tr("Save answers"), proposed + QStringLiteral(" answers.csv"), AnswerExport::filter());
    if (path.isEmpty())
        return;
    const Result<void> written = AnswerExport(book, name).write(path, static_cast<std::size_t>(slider->current()));
    workspace.post({.level = written ? Message::Level::Success : Message::Level::Error,
                    .text = written ? GenerationsPage::tr("Answers written to %1.").arg(path) : QString::fromStdString(written.error().message()),
                    .details = {}, .buttons = {}, .key = QStringLiteral("answers")});
}

} // namespace lethe
