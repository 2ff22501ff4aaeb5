#include "DiagnosticsPage.h"

#include "StageTableModel.h"

#include "export/ExportChoices.h"
#include "frame/EmptyState.h"
#include "live/StoreReads.h"
#include "parts/Panel.h"
#include "parts/TableLook.h"
#include "parts/Text.h"
#include "plots/PlotExportDialog.h"

#include <lethe/spec/SpecReader.h>

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QRegularExpression>
#include <QtCore/QSignalBlocker>
#include <QtGui/QAction>
#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QSplitter>
#include <QtWidgets/QStackedLayout>
#include <QtWidgets/QTableView>

#include <algorithm>
#include <cmath>

namespace lethe {

struct DiagnosticsPage::Private {
    DiagnosticsPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    StoreReads reads;
    ProbeEngine engine = ProbeEngine::real();

    std::vector<ExportChoice> choices; ///< runs with a checkpoint
    std::vector<ProbeResult> results;  ///< newest first
    std::int64_t task = 0;
    QString message; ///< of the last probe that failed

    QStackedLayout *stack = nullptr;
    QComboBox *probe = nullptr;
    QLabel *question = nullptr;
    QComboBox *runs = nullptr;
    QComboBox *checkpoints = nullptr;
    QLineEdit *metrics = nullptr;
    QCheckBox *int8 = nullptr;
    QCheckBox *nf4 = nullptr;
    QLineEdit *retrained = nullptr;
    QSpinBox *steps = nullptr;
    QSpinBox *every = nullptr;
    QSpinBox *batch = nullptr;
    QLineEdit *rate = nullptr;
    QWidget *quantizeFields = nullptr;
    QWidget *relearnFields = nullptr;
    QProgressBar *progress = nullptr;
    QLabel *stage = nullptr;
    QPushButton *cancel = nullptr;
    QLabel *state = nullptr;
    QComboBox *history = nullptr;
    QComboBox *metric = nullptr;
    QLabel *reading = nullptr;
    Chart *chart = nullptr;
    StageTableModel *stages = nullptr;
    QTableView *table = nullptr;
    QAction *start = nullptr;
    QAction *save = nullptr;

    Private(DiagnosticsPage &owner, Workspace &space, Dialogs &asked) : page(owner), workspace(space), dialogs(asked), reads(space.store()) {}

    void build();
    QWidget *buildSettings();
    QWidget *buildResult();
    ProbeKind kind() const { return static_cast<ProbeKind>(probe->currentData().toInt()); }
    void read();
    void showRuns(std::vector<ExportChoice> read);
    void showRun();
    void showProbe();
    void showHistory(int chosen);
    void showResult();
    void showProgress();
    Result<ProbeRequest> request() const;
    void run();
    void finished(const Result<ProbeResult> &result);
    void saveResult();
};

DiagnosticsPage::DiagnosticsPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageDiagnostics"), tr("Diagnostics"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    m_private->build();
    m_private->read();
}

DiagnosticsPage::~DiagnosticsPage() = default;

QString DiagnosticsPage::hint() const
{
    return m_private->choices.empty() ? QString() : tr("Low numbers may only hide what was to be forgotten: a probe tries to bring it back.");
}

void DiagnosticsPage::activate()
{
    m_private->read();
}

void DiagnosticsPage::setEngine(ProbeEngine engine)
{
    m_private->engine = std::move(engine);
}

void DiagnosticsPage::Private::build()
{
    stack = new QStackedLayout(&page);
    stack->addWidget(new EmptyState(QStringLiteral("diagnostics"), DiagnosticsPage::tr("Nothing to probe yet"),
                                    DiagnosticsPage::tr("Probes ask whether what was unlearned can be brought back. They need a run that has written a checkpoint."), &page));
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("diagnosticsSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(buildSettings());
    splitter->addWidget(buildResult());
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 5);
    stack->addWidget(splitter);
    save = new QAction(Theme::icon(QStringLiteral("export")), DiagnosticsPage::tr("Export…"), &page);
    save->setObjectName(QStringLiteral("actionProbeExport"));
    save->setStatusTip(DiagnosticsPage::tr("The picture of the result, or its numbers as CSV"));
    start = new QAction(Theme::icon(QStringLiteral("play")), DiagnosticsPage::tr("Run probe"), &page);
    start->setObjectName(QStringLiteral("actionProbeRun"));
    start->setStatusTip(DiagnosticsPage::tr("Probe the chosen checkpoint; its files stay as they are"));
    page.addPageAction(save);
    page.addPageAction(start, true);
    QObject::connect(save, &QAction::triggered, &page, [this] { saveResult(); });
    QObject::connect(start, &QAction::triggered, &page, [this] { run(); });
    QObject::connect(&workspace.tasks(), &TaskList::changed, &page, [this] { showProgress(); });
    QObject::connect(&workspace, &Workspace::storeChanged, &page, [this] {
        if (page.isVisible())
            read();
    });
    showProbe();
    showResult();
    showProgress();
}

QWidget *DiagnosticsPage::Private::buildSettings()
{
    auto *inside = new QWidget;
    inside->setObjectName(QStringLiteral("pageContent"));
    auto *all = new QVBoxLayout(inside);
    all->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(2), Theme::space(3));
    all->setSpacing(Theme::space(3));
    auto *panel = new Panel(DiagnosticsPage::tr("Is it really gone?"), inside);
    probe = new QComboBox(inside);
    probe->setObjectName(QStringLiteral("probeKind"));
    for (const ProbeKind each : {ProbeKind::Quantize, ProbeKind::Relearn})
        probe->addItem(probeTitle(each), static_cast<int>(each));
    question = mutedLabel({}, true);
    runs = new QComboBox(inside);
    runs->setObjectName(QStringLiteral("probeRun"));
    checkpoints = new QComboBox(inside);
    checkpoints->setObjectName(QStringLiteral("probeCheckpoint"));
    for (QComboBox *box : {runs, checkpoints}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(18);
    }
    metrics = new QLineEdit(inside);
    metrics->setObjectName(QStringLiteral("probeMetrics"));
    metrics->setPlaceholderText(DiagnosticsPage::tr("those of the run"));
    auto *form = new QFormLayout;
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    form->addRow(DiagnosticsPage::tr("&Probe"), probe);
    form->addRow(question);
    form->addRow(DiagnosticsPage::tr("&Run"), runs);
    form->addRow(DiagnosticsPage::tr("&Checkpoint"), checkpoints);
    form->addRow(DiagnosticsPage::tr("&Metrics"), metrics);
    panel->body()->addLayout(form);

    quantizeFields = new QWidget(inside);
    auto *quantizeForm = new QFormLayout(quantizeFields);
    quantizeForm->setContentsMargins(0, 0, 0, 0);
    int8 = new QCheckBox(DiagnosticsPage::tr("int8, a scale a row"), inside);
    int8->setObjectName(QStringLiteral("probeInt8"));
    int8->setChecked(true);
    nf4 = new QCheckBox(DiagnosticsPage::tr("nf4, 4 bits"), inside);
    nf4->setObjectName(QStringLiteral("probeNf4"));
    nf4->setChecked(true);
    quantizeForm->addRow(DiagnosticsPage::tr("Weights"), int8);
    quantizeForm->addRow(QString(), nf4);
    panel->body()->addWidget(quantizeFields);

    relearnFields = new QWidget(inside);
    auto *relearnForm = new QFormLayout(relearnFields);
    relearnForm->setContentsMargins(0, 0, 0, 0);
    relearnForm->setRowWrapPolicy(QFormLayout::WrapLongRows);
    retrained = new QLineEdit(inside);
    retrained->setObjectName(QStringLiteral("probeRetrained"));
    retrained->setPlaceholderText(DiagnosticsPage::tr("folder; empty for none"));
    auto *browse = new QPushButton(DiagnosticsPage::tr("Browse…"), inside);
    auto *retrainedRow = new QHBoxLayout;
    retrainedRow->addWidget(retrained, 1);
    retrainedRow->addWidget(browse);
    const auto box = [inside](const char *name, int value, int most, const QString &suffix) {
        auto *made = new QSpinBox(inside);
        made->setObjectName(QString::fromLatin1(name));
        made->setRange(1, most);
        made->setValue(value);
        made->setSuffix(suffix);
        return made;
    };
    steps = box("probeSteps", 10, 100000, DiagnosticsPage::tr(" steps"));
    every = box("probeEvery", 2, 100000, DiagnosticsPage::tr(" steps"));
    batch = box("probeBatch", 32, 4096, DiagnosticsPage::tr(" rows"));
    rate = new QLineEdit(format::scientific(RelearnOptions{}.learningRate), inside);
    rate->setObjectName(QStringLiteral("probeRate"));
    relearnForm->addRow(new QLabel(DiagnosticsPage::tr("Retrained model"), inside)); // beside its label the folder would have no room
    relearnForm->addRow(retrainedRow);
    relearnForm->addRow(DiagnosticsPage::tr("Learn for"), steps);
    relearnForm->addRow(DiagnosticsPage::tr("Evaluate every"), every);
    relearnForm->addRow(DiagnosticsPage::tr("Batch"), batch);
    relearnForm->addRow(DiagnosticsPage::tr("Learning rate"), rate);
    panel->body()->addWidget(relearnFields);
    retrained->setAccessibleName(DiagnosticsPage::tr("Retrained model"));
    all->addWidget(panel);

    progress = new QProgressBar(inside);
    progress->setTextVisible(false);
    progress->setAccessibleName(DiagnosticsPage::tr("Progress of the probe"));
    stage = mutedLabel({}, true);
    cancel = new QPushButton(DiagnosticsPage::tr("Cancel"), inside);
    cancel->setObjectName(QStringLiteral("probeCancel"));
    auto *line = new QHBoxLayout;
    line->addWidget(progress, 1);
    line->addWidget(cancel);
    all->addLayout(line);
    all->addWidget(stage);
    state = new QLabel(inside);
    state->setObjectName(QStringLiteral("probeState"));
    state->setWordWrap(true);
    Theme::setRole(state, TextRole::Error);
    all->addWidget(state);
    all->addStretch(1);

    QObject::connect(probe, &QComboBox::currentIndexChanged, &page, [this] { showProbe(); });
    QObject::connect(runs, &QComboBox::currentIndexChanged, &page, [this] { showRun(); });
    QObject::connect(cancel, &QPushButton::clicked, &page, [this] { workspace.tasks().cancel(task); });
    QObject::connect(browse, &QPushButton::clicked, &page, [this] {
        const QString folder = dialogs.chooseFolder(&page, DiagnosticsPage::tr("Model that never saw the forget rows"), retrained->text());
        if (!folder.isEmpty())
            retrained->setText(folder);
    });
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(inside);
    scroll->setMinimumWidth(inside->minimumSizeHint().width() + Theme::space(4));
    return scroll;
}

QWidget *DiagnosticsPage::Private::buildResult()
{
    auto *widget = new QWidget;
    history = new QComboBox(widget);
    history->setObjectName(QStringLiteral("probeHistory"));
    history->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    history->setMinimumContentsLength(28);
    metric = new QComboBox(widget);
    metric->setObjectName(QStringLiteral("probeMetric"));
    metric->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    metric->setMinimumContentsLength(20);
    auto *historyLabel = new QLabel(DiagnosticsPage::tr("Res&ult"), widget);
    historyLabel->setBuddy(history);
    auto *metricLabel = new QLabel(DiagnosticsPage::tr("S&how"), widget);
    metricLabel->setBuddy(metric);
    for (QLabel *label : {historyLabel, metricLabel})
        Theme::setRole(label, TextRole::Muted);
    history->setAccessibleName(DiagnosticsPage::tr("Stored results"));
    metric->setAccessibleName(DiagnosticsPage::tr("Metric"));
    reading = new QLabel(widget);
    reading->setObjectName(QStringLiteral("probeReading"));
    reading->setWordWrap(true);
    reading->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(reading, TextRole::Heading);
    chart = new Chart(widget);
    chart->setObjectName(QStringLiteral("probeChart"));
    stages = new StageTableModel(&page);
    table = new QTableView(widget);
    table->setObjectName(QStringLiteral("probeTable"));
    table->setAccessibleName(DiagnosticsPage::tr("Numbers of the probe"));
    table->setModel(stages);
    polishTable(table);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->verticalHeader()->hide();
    QObject::connect(history, &QComboBox::currentIndexChanged, &page, [this] { showResult(); });
    QObject::connect(metric, &QComboBox::activated, &page, [this] { showResult(); });
    QObject::connect(table, &QTableView::clicked, &page, [this](const QModelIndex &index) {
        metric->setCurrentIndex(std::max(0, metric->findData(stages->metric(index.row()))));
        showResult();
    });
    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(2));
    top->addWidget(historyLabel);
    top->addWidget(history, 1);
    top->addWidget(metricLabel);
    top->addWidget(metric);
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(Theme::space(2), Theme::space(2), Theme::space(5), Theme::space(3));
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(reading);
    column->addWidget(chart, 3);
    column->addWidget(table, 2);
    return widget;
}

void DiagnosticsPage::Private::read()
{
    using Read = std::pair<std::vector<ExportChoice>, std::vector<ProbeResult>>;
    reads.read<Read>(
        &page, [](const RunStore &store) { return Read{readExportChoices(store), storedProbes(store)}; },
        [this](Read found) {
            if (found.second.size() != results.size() || (!results.empty() && found.second.front().when != results.front().when)) {
                results = std::move(found.second);
                showHistory(history->currentIndex());
            }
            showRuns(std::move(found.first));
        });
}

void DiagnosticsPage::Private::showRuns(std::vector<ExportChoice> found)
{
    std::erase_if(found, [](const ExportChoice &choice) { return choice.checkpoints.empty(); });
    stack->setCurrentIndex(found.empty() && results.empty() ? 0 : 1);
    if (found == choices)
        return;
    const RunId kept = choices.empty() || runs->currentIndex() < 0 ? 0 : choices[static_cast<std::size_t>(runs->currentIndex())].row.id;
    choices = std::move(found);
    {
        const QSignalBlocker blocker(runs);
        runs->clear();
        int at = 0;
        for (std::size_t i = 0; i < choices.size(); ++i) {
            runs->addItem(toQt(std::string_view(choices[i].row.name)));
            if (choices[i].row.id == kept)
                at = static_cast<int>(i);
        }
        runs->setCurrentIndex(choices.empty() ? -1 : at);
    }
    showRun();
    showProgress();
}

void DiagnosticsPage::Private::showRun()
{
    checkpoints->clear();
    if (runs->currentIndex() < 0 || static_cast<std::size_t>(runs->currentIndex()) >= choices.size())
        return;
    for (const CheckpointRecord &checkpoint : choices[static_cast<std::size_t>(runs->currentIndex())].checkpoints)
        checkpoints->addItem(DiagnosticsPage::tr("step %1").arg(format::count(checkpoint.step)), toQt(std::string_view(checkpoint.path)));
}

void DiagnosticsPage::Private::showProbe()
{
    question->setText(probeQuestion(kind()));
    quantizeFields->setVisible(kind() == ProbeKind::Quantize);
    relearnFields->setVisible(kind() == ProbeKind::Relearn);
}

void DiagnosticsPage::Private::showHistory(int chosen)
{
    const QSignalBlocker blocker(history);
    history->clear();
    for (const ProbeResult &result : results)
        history->addItem(DiagnosticsPage::tr("%1 · %2 · %3").arg(probeTitle(result.kind), result.model, format::ago(result.when)));
    history->setCurrentIndex(results.empty() ? -1 : std::clamp(chosen, 0, static_cast<int>(results.size()) - 1));
    showResult();
}

void DiagnosticsPage::Private::showResult()
{
    const int at = history->currentIndex();
    const bool any = at >= 0 && static_cast<std::size_t>(at) < results.size();
    history->setEnabled(any);
    metric->setEnabled(any);
    table->setVisible(any);
    if (save)
        save->setEnabled(any);
    if (!any) {
        reading->setText({});
        ChartContents empty;
        empty.empty = DiagnosticsPage::tr("No probe has been run yet. Choose one on the left and run it; what it finds is kept.");
        chart->show(std::move(empty));
        return;
    }
    const ProbeResult &result = results[static_cast<std::size_t>(at)];
    const QString wanted = metric->currentData().toString();
    const QStringList ids = result.metrics();
    {
        const QSignalBlocker blocker(metric);
        metric->clear();
        for (const QString &id : ids)
            metric->addItem(format::metricName(id), id);
        int index = metric->findData(wanted);
        for (const char *id : {"forget_prob", "forget_rouge", "knowmem_f"})
            if (index < 0)
                index = metric->findData(QString::fromLatin1(id));
        metric->setCurrentIndex(std::max(0, index));
    }
    const QString shown = metric->currentData().toString();
    reading->setText(result.reading(shown));
    ChartContents contents = result.chart(shown);
    contents.summary.clear(); // it stands above, larger
    chart->show(std::move(contents));
    stages->show(result);
    table->resizeColumnsToContents();
    for (int column = 0; column < stages->columnCount(); ++column)
        table->setColumnWidth(column, std::max(table->columnWidth(column) + Theme::space(5), Theme::space(20)));
    fitHeaders(table);
}

void DiagnosticsPage::Private::showProgress()
{
    const std::vector<TaskState> tasks = workspace.tasks().tasks();
    const auto mine = std::ranges::find(tasks, task, &TaskState::id);
    const bool running = task != 0 && mine != tasks.end() && !mine->finished;
    for (QWidget *widget : std::initializer_list<QWidget *>{progress, cancel, stage})
        widget->setVisible(running);
    if (running) {
        progress->setRange(0, mine->total > 0 ? 1000 : 0);
        progress->setValue(mine->total > 0 ? static_cast<int>(1000 * mine->done / mine->total) : 0);
        stage->setText(mine->stage);
    }
    start->setEnabled(!running && !choices.empty());
    state->setText(message);
    state->setVisible(!message.isEmpty());
}

Result<ProbeRequest> DiagnosticsPage::Private::request() const
{
    const ExportChoice &chosen = choices[static_cast<std::size_t>(std::max(0, runs->currentIndex()))];
    ProbeRequest asked;
    asked.kind = kind();
    asked.run = chosen.row.id;
    asked.step = chosen.checkpoints[static_cast<std::size_t>(std::max(0, checkpoints->currentIndex()))].step;
    asked.checkpoint = toPath(checkpoints->currentData().toString());
    asked.model = DiagnosticsPage::tr("%1, step %2").arg(toQt(std::string_view(chosen.row.name))).arg(asked.step);
    asked.storeFile = workspace.store().file();
    LETHE_TRY(const RunDetails details, workspace.store().details(chosen.row.id));
    SpecReading stored = readSpec(details.specJson, {});
    if (!stored.ok())
        return stored.asError();
    asked.spec = std::move(stored.spec);
    if (!asked.spec.eval)
        asked.spec.eval.emplace();
    static const QRegularExpression kBetween(QStringLiteral("[,;\\s]+"));
    if (const QStringList named = metrics->text().split(kBetween, Qt::SkipEmptyParts); !named.isEmpty()) {
        for (const QString &name : named)
            if (std::ranges::find(knownMetrics(), name.toStdString()) == knownMetrics().end())
                return Error{.code = ErrorCode::InvalidInput, .what = "there is no metric \"" + name.toStdString() + "\"", .where = "Metrics",
                             .hint = "Name groups (basic, tofu) or metrics (forget_prob), with commas between"};
        asked.spec.eval->metrics = toStd(named);
    }
    asked.roundings.clear();
    if (int8->isChecked())
        asked.roundings.push_back(WeightRounding::Int8);
    if (nf4->isChecked())
        asked.roundings.push_back(WeightRounding::Nf4);
    if (asked.kind == ProbeKind::Quantize && asked.roundings.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "no precision is chosen", .where = "Weights", .hint = "Tick int8, nf4 or both"};
    bool isNumber = false;
    asked.relearning.learningRate = rate->text().toDouble(&isNumber);
    if (asked.kind == ProbeKind::Relearn && (!isNumber || !std::isfinite(asked.relearning.learningRate) || asked.relearning.learningRate <= 0))
        return Error{.code = ErrorCode::InvalidInput, .what = "\"" + toStd(rate->text()) + "\" is no learning rate", .where = "Learning rate", .hint = "Use a number above 0, as 2e-5"};
    asked.relearning.steps = steps->value();
    asked.relearning.everySteps = every->value();
    asked.relearning.batchSize = batch->value();
    asked.retrained = toPath(retrained->text().trimmed());
    return asked;
}

void DiagnosticsPage::Private::run()
{
    if (choices.empty())
        return;
    message.clear();
    if (workspace.activeRun() != nullptr)
        message = DiagnosticsPage::tr("A run holds the device. Pause it to disk or wait for its end, then run the probe.");
    const Result<ProbeRequest> asked = message.isEmpty() ? request() : Result<ProbeRequest>(Error{});
    if (message.isEmpty() && !asked.ok())
        message = toQt(std::string_view(asked.error().message()));
    if (!message.isEmpty()) {
        showProgress();
        return;
    }
    const auto found = std::make_shared<Result<ProbeResult>>(Error{});
    task = workspace.tasks().start(
        DiagnosticsPage::tr("%1 %2").arg(probeTitle(asked->kind), asked->model), &page,
        [asked = *asked, found, work = engine, &catalog = workspace.catalog()](TaskHandle &handle) -> QString {
            *found = runProbe(asked, catalog, work, handle);
            if (!found->ok() && found->error().code != ErrorCode::Cancelled)
                handle.fail(toQt(std::string_view(found->error().message())));
            return found->ok() ? DiagnosticsPage::tr("%n evaluation(s)", nullptr, static_cast<int>((*found)->stages.size())) : DiagnosticsPage::tr("cancelled");
        },
        [this, found] { finished(*found); });
    showProgress();
}

void DiagnosticsPage::Private::finished(const Result<ProbeResult> &result)
{
    if (!result.ok()) {
        message = result.error().code == ErrorCode::Cancelled ? DiagnosticsPage::tr("Cancelled before anything was measured.") : toQt(std::string_view(result.error().message()));
        showProgress();
        return;
    }
    if (const Result<void> kept = storeProbe(workspace.store(), *result); !kept.ok())
        message = toQt(std::string_view(kept.error().message()));
    results.insert(results.begin(), *result);
    showHistory(0);
    showProgress();
}

void DiagnosticsPage::Private::saveResult()
{
    const int at = history->currentIndex();
    if (at < 0 || static_cast<std::size_t>(at) >= results.size())
        return;
    const ProbeResult &result = results[static_cast<std::size_t>(at)];
    const ChartContents contents = result.chart(metric->currentData().toString());
    const auto draw = [contents](QCustomPlot &plot, const PlotStyle &style) { drawChart(plot, contents, style); };
    PlotExportDialog dialog(PlotExport(contents.title, draw, result.csv(), chart->size(), PlotStyle::screen(page)), contents.title, dialogs, &workspace.settings(), &page);
    if (dialog.exec() == QDialog::Accepted)
        workspace.post({.level = Message::Level::Success, .text = DiagnosticsPage::tr("Written to %1.").arg(dialog.writtenPath()), .details = {}, .buttons = {},
                        .key = QStringLiteral("probe-export")});
}

} // namespace lethe
