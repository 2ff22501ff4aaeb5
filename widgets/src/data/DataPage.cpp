#include "DataPagePrivate.h"

#include "../frame/BenchmarkImport.h"
#include "../parts/Text.h"
#include "FilterHeader.h"
#include "FlagBar.h"
#include "LengthHistogram.h"
#include "SampleAnalysis.h"
#include "SampleTableModel.h"
#include "SampleView.h"
#include "SetPanel.h"
#include "TokenStrip.h"

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QFileInfo>
#include <QtCore/QMimeData>
#include <QtCore/QThreadPool>
#include <QtGui/QAction>
#include <QtGui/QDragEnterEvent>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QToolButton>

#include <algorithm>

namespace lethe {

namespace {

/// Sets of more rows than this are made into table rows off the GUI thread.
constexpr std::size_t kLargeSet = 2000;

TemplateSpec plainTemplate()
{
    return {.chat = false, .systemPrompt = {}, .promptPrefix = {}, .promptSuffix = {}, .answerPrefix = " "};
}

} // namespace

DataPage::Private::Private(DataPage &owner, Workspace &shared, Dialogs &questions)
    : page(owner), workspace(shared), dialogs(questions), sets(shared.tasks())
{
    sets.undoStack().setUndoLimit(200);
}

DataPage::DataPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageData"), tr("Data"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    Private &d = *m_private;
    d.buildLayout();
    d.keepTimer.setSingleShot(true);
    d.keepTimer.setInterval(250);
    connect(&d.keepTimer, &QTimer::timeout, this, [&d] { d.keepSets(); });
    d.filterTimer.setSingleShot(true);
    d.filterTimer.setInterval(60);
    connect(&d.filterTimer, &QTimer::timeout, this, [&d] { d.refilter(); });

    connect(&d.sets, &SampleSets::changed, this, [&d] {
        d.keepTimer.start();
        d.showActions();
        d.showStrip();
    });
    connect(&d.sets.analysis(), &SampleAnalysis::factsChanged, this, [&d] {
        d.showCounts();
        d.showSurvey();
    });
    connect(d.filter, &QLineEdit::textChanged, &d.filterTimer, qOverload<>(&QTimer::start));
    connect(d.templateChoice, &QComboBox::activated, this, [&d](int index) {
        if (index == 0)
            d.setTemplate(TemplateSpec{});
        else if (index == 1)
            d.setTemplate({.chat = true, .systemPrompt = d.workspace.draft().data.textTemplate.systemPrompt, .promptPrefix = {}, .promptSuffix = {}, .answerPrefix = {}});
        else if (index == 2)
            d.setTemplate(plainTemplate());
    });
    connect(d.length, &QSpinBox::valueChanged, this, [&d](int length) { d.setLength(length); });
    for (const SetSide side : {SetSide::Forget, SetSide::Retain}) {
        SetPanel &panel = d.panel(side);
        connect(&panel, &SetPanel::filterEdited, &d.filterTimer, qOverload<>(&QTimer::start));
        connect(&panel.view(), &SampleView::focused, this, [&d, side] {
            d.active = side;
            d.showActions();
            d.showStrip();
        });
        connect(&panel.view(), &SampleView::editRowRequested, this, [&d, side](int row) { d.openEditor(side, row); });
        connect(panel.view().selectionModel(), &QItemSelectionModel::selectionChanged, this, [&d] { d.showActions(); });
        connect(panel.view().selectionModel(), &QItemSelectionModel::currentChanged, this, [&d, side] {
            if (d.active == side)
                d.showStrip();
        });
        connect(&panel.model(), &QAbstractItemModel::modelReset, this, [&d] { d.showActions(); });
        connect(&panel.model(), &SampleTableModel::rowsDropped, this,
                [&d, side](int at, bool copy, const std::vector<quint64> &keys, const QString &text) {
                    if (!text.isEmpty()) {
                        const auto rows = SampleTableModel::fromTsv(text);
                        d.sets.insert(side, at, makeSamples(rows), tr("drop of %1").arg(rowsText(static_cast<std::int64_t>(rows.size()))));
                        return;
                    }
                    const SetSide other = side == SetSide::Forget ? SetSide::Retain : SetSide::Forget;
                    const auto indices = [&d, &keys](SetSide from) {
                        std::vector<int> found;
                        const SampleList &list = d.sets.rows(from);
                        for (std::size_t row = 0; row < list.size(); ++row)
                            if (std::find(keys.begin(), keys.end(), list[row]->key) != keys.end())
                                found.push_back(static_cast<int>(row));
                        return found;
                    };
                    if (const std::vector<int> here = indices(side); !here.empty())
                        d.sets.moveWithin(side, here, at);
                    else if (copy)
                        d.sets.copy(other, indices(other), at);
                    else
                        d.sets.move(other, indices(other), at);
                });
    }
    connect(d.flags, &FlagBar::filterRequested, this, [&d](SampleFlag flag) { d.filterFlag(flag); });
    connect(d.flags, &FlagBar::fixRequested, this, [&d](SampleFlag flag) { d.fix(flag); });
    connect(d.strip, &TokenStrip::summaryChanged, this, [&d] { d.stripSummary->setText(d.strip->summary()); });
    connect(&workspace, &Workspace::setsChanged, this, [&d] { d.takeSets(); });
    connect(&workspace, &Workspace::draftChanged, this, [&d] { d.takeDraft(); });
    connect(&workspace, &Workspace::modelChanged, this, [&d] {
        d.sets.analysis().setSurvey({}); // it was another model that was asked
        d.takeDraft();
    });

    d.takeDraft();
    d.takeSets();
    d.showActions();
    d.showCounts();
    d.splitter->restoreState(workspace.settings().value(QStringLiteral("data/splitter")).toByteArray());
    connect(d.splitter, &QSplitter::splitterMoved, this,
            [&d] { d.workspace.settings().setValue(QStringLiteral("data/splitter"), d.splitter->saveState()); });
}

DataPage::~DataPage()
{
    if (m_private->keepTimer.isActive())
        m_private->keepSets();
}

QString DataPage::hint() const
{
    if (m_private->sets.rows(SetSide::Forget).empty())
        return tr("Import the rows that the model shall forget, or drop a file on the left table.");
    return tr("Select rows and press Ctrl+→ to move them to the retain set; each flag below shows its rows and offers a fix.");
}

void DataPage::activate()
{
    if (m_private->panel(m_private->active).view().currentIndex().isValid())
        return;
    SampleView &view = m_private->panel(m_private->active).view();
    if (view.model()->rowCount() > 0)
        view.selectRow(0);
}

void DataPage::showRow(bool forget, int row)
{
    Private &d = *m_private;
    SetPanel &panel = d.panel(forget ? SetSide::Forget : SetSide::Retain);
    if (row < 0 || row >= static_cast<int>(panel.model().rows().size()))
        return;
    const quint64 key = panel.model().rows()[static_cast<std::size_t>(row)]->key;
    if (panel.model().shownRow(key) < 0) {
        d.clearFilters();
        d.refilter();
    }
    panel.view().selectKeys({key});
    panel.view().setFocus(Qt::ShortcutFocusReason);
}

bool DataPage::focusFilter()
{
    m_private->filter->setFocus(Qt::ShortcutFocusReason);
    m_private->filter->selectAll();
    return true;
}

QUndoStack *DataPage::undoStack()
{
    return &m_private->sets.undoStack();
}

void DataPage::importFile(const QString &file)
{
    if (QFileInfo(file).isDir())
        importBenchmark(m_private->workspace, m_private->dialogs, this, file);
    else
        m_private->openImport(file);
}

void DataPage::dragEnterEvent(QDragEnterEvent *event)
{
    if (!event->mimeData()->hasUrls())
        return;
    event->acceptProposedAction();
    for (SetPanel *panel : m_private->panels)
        panel->setLit(true);
}

void DataPage::dragLeaveEvent(QDragLeaveEvent *event)
{
    for (SetPanel *panel : m_private->panels)
        panel->setLit(false);
    Page::dragLeaveEvent(event);
}

void DataPage::dropEvent(QDropEvent *event)
{
    for (SetPanel *panel : m_private->panels)
        panel->setLit(false);
    for (const QUrl &url : event->mimeData()->urls())
        if (url.isLocalFile())
            importFile(url.toLocalFile());
    event->acceptProposedAction();
}

// ---- keeping up with the workspace -----------------------------------------------------------------------------------

void DataPage::Private::takeSets()
{
    if (keeping)
        return;
    const WorkingSets &taken = workspace.sets();
    const auto same = [](const SampleList &mine, const std::vector<DataRow> &theirs) {
        return mine.size() == theirs.size()
            && std::equal(mine.begin(), mine.end(), theirs.begin(), [](const SamplePointer &a, const DataRow &b) { return a->row == b; });
    };
    head.name = taken.name;
    head.forgetFields = taken.forgetFields;
    head.retainFields = taken.retainFields;
    const quint64 ticket = ++loadTicket;
    if (loaded && same(sets.rows(SetSide::Forget), taken.forget) && same(sets.rows(SetSide::Retain), taken.retain)) {
        showCounts();
        return;
    }
    loaded = true;
    const auto take = [this](const SampleList &forget, const SampleList &retain) {
        sets.load(forget, retain);
        page.activate();
        showActions();
        showCounts();
        showStrip();
    };
    if (taken.forget.size() + taken.retain.size() < kLargeSet) {
        take(makeSamples(taken.forget), makeSamples(taken.retain));
        return;
    }
    QThreadPool::globalInstance()->start([this, guard = QPointer<DataPage>(&page), ticket, take, forget = taken.forget, retain = taken.retain] {
        auto made = std::make_shared<const std::pair<SampleList, SampleList>>(makeSamples(forget), makeSamples(retain));
        QMetaObject::invokeMethod(qApp, [this, guard, ticket, take, made] {
            if (guard && ticket == loadTicket)
                take(made->first, made->second);
        });
    });
}

void DataPage::Private::keepSets()
{
    keepTimer.stop();
    WorkingSets now = head;
    if (now.name.isEmpty())
        now.name = tr("unnamed");
    for (const auto &[side, rows] : {std::pair(SetSide::Forget, &now.forget), std::pair(SetSide::Retain, &now.retain)}) {
        rows->reserve(sets.rows(side).size());
        for (const SamplePointer &sample : sets.rows(side))
            rows->push_back(sample->row);
    }
    ++loadTicket; // what is on its way was older
    keeping = true;
    workspace.setSets(now);
    keeping = false;
    showCounts();
}

void DataPage::Private::takeDraft()
{
    const DataSpec &data = workspace.draft().data;
    {
        const QSignalBlocker quiet(length);
        length->setValue(static_cast<int>(std::clamp<std::int64_t>(data.maxLength, length->minimum(), length->maximum())));
    }
    const int index = data.textTemplate.chat ? 1 : data.textTemplate == TemplateSpec{} ? 0 : data.textTemplate == plainTemplate() ? 2 : 3;
    while (templateChoice->count() > 3)
        templateChoice->removeItem(3);
    if (index == 3)
        templateChoice->addItem(tr("As written in Experiment"));
    templateChoice->setCurrentIndex(index);
    sets.analysis().setEncoding(workspace.tokenizer(), data.textTemplate, data.maxLength);
    showCounts();
    showStrip();
}

void DataPage::Private::setTemplate(const TemplateSpec &textTemplate)
{
    ExperimentSpec draft = workspace.draft();
    draft.data.textTemplate = textTemplate;
    workspace.setDraft(draft);
    takeDraft();
}

void DataPage::Private::setLength(int tokens)
{
    ExperimentSpec draft = workspace.draft();
    draft.data.maxLength = tokens;
    workspace.setDraft(draft);
    takeDraft();
}

// ---- what is shown ---------------------------------------------------------------------------------------------------

void DataPage::Private::refilter()
{
    const SampleFilter both = SampleFilter::parse(filter->text());
    for (SetPanel *side : panels) {
        const FilterHeader &fields = side->view().filters();
        SampleFilter all = both;
        all = all + SampleFilter::parseColumn(QStringLiteral("prompt"), fields.text(SampleTableModel::Prompt));
        all = all + SampleFilter::parseColumn(QStringLiteral("answer"), fields.text(SampleTableModel::Answer));
        all = all + SampleFilter::parseColumn(QStringLiteral("tok"), fields.text(SampleTableModel::Tokens));
        all = all + SampleFilter::parseColumn(QStringLiteral("flag"), fields.text(SampleTableModel::Flags));
        const int current = side->view().currentSetRow();
        const quint64 key = current >= 0 ? side->model().rows()[static_cast<std::size_t>(current)]->key : 0;
        side->model().setFilter(all);
        side->showEmptyText();
        if (key != 0)
            side->view().selectKeys({key});
    }
    showCounts();
}

void DataPage::Private::showCounts()
{
    SampleAnalysis &analysis = sets.analysis();
    const bool counts = analysis.hasTokenizer() && !analysis.encodingProblem();
    for (const SetSide side : {SetSide::Forget, SetSide::Retain})
        panel(side).setCounts(analysis.counts(side), counts);
    const auto forget = analysis.lengths(SetSide::Forget);
    const auto retain = analysis.lengths(SetSide::Retain);
    std::int64_t longest = 0;
    for (const auto *lengths : {&forget, &retain})
        for (const std::int64_t rowLength : *lengths)
            longest = std::max(longest, rowLength);
    histogram->setLengths(forget, retain, analysis.maxLength());
    const auto info = workspace.modelInfo();
    flags->setCounts(analysis.counts(SetSide::Forget), analysis.counts(SetSide::Retain), longest, info ? info->contextLength : 0);
    flags->setRowsCompared(analysis.rowsCompared(), analysis.counts(SetSide::Forget).rows);

    TrainingSpec once = workspace.draft().training;
    once.epochs = 1;
    once.maxSteps.reset();
    const auto rows = static_cast<std::int64_t>(sets.rows(SetSide::Forget).size());
    QStringList parts;
    if (rows > 0 && once.batchSize > 0 && once.gradientAccumulation > 0) {
        const std::int64_t steps = plannedSteps(once, rows);
        parts << (steps == 1 ? tr("1 step per epoch") : tr("%1 steps per epoch").arg(format::count(steps)))
                     + tr(" at %1 × %2 rows a step").arg(format::count(once.batchSize), format::count(once.gradientAccumulation));
    }
    if (analysis.encodingProblem())
        parts << toQt(std::string_view(analysis.encodingProblem()->message()));
    else if (!analysis.hasTokenizer())
        parts << (workspace.isReadingModel() ? tr("reading the model's tokenizer…") : tr("open a model to count tokens"));
    totals->setText(parts.join(QStringLiteral(" · ")));
    setButton->setText((head.name.isEmpty() ? tr("unnamed set") : head.name) + QStringLiteral("  ▾"));
    setButton->setAccessibleName(tr("Set %1").arg(head.name));
}

void DataPage::Private::showStrip()
{
    const int row = panel(active).view().currentSetRow();
    if (row < 0 || row >= static_cast<int>(sets.rows(active).size())) {
        stripTitle->setText(tr("As the trainer sees it"));
        strip->showNote(tr("Select a row to see its tokens."));
        return;
    }
    stripTitle->setText(active == SetSide::Forget ? tr("Forget row %L1 as the trainer sees it").arg(row + 1)
                                                  : tr("Retain row %L1 as the trainer sees it").arg(row + 1));
    strip->showRow(sets.rows(active)[static_cast<std::size_t>(row)]->row, workspace.tokenizer(), workspace.draft().data.textTemplate,
                   workspace.draft().data.maxLength);
}

void DataPage::Private::showActions()
{
    const bool forget = panel(SetSide::Forget).view().selectionModel()->hasSelection();
    const bool retain = panel(SetSide::Retain).view().selectionModel()->hasSelection();
    moveRight->setEnabled(forget);
    copyRight->setEnabled(forget);
    moveLeft->setEnabled(retain);
    copyLeft->setEnabled(retain);
    const bool any = active == SetSide::Forget ? forget : retain;
    for (QAction *action : rowActions)
        action->setEnabled(any);
    for (const SetSide side : {SetSide::Forget, SetSide::Retain})
        panel(side).setActive(side == active);
}

} // namespace lethe
