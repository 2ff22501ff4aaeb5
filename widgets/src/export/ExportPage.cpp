#include <widgets/ExportPage.h>

#include "../frame/EmptyState.h"
#include "../parts/Background.h"
#include "../parts/Fold.h"
#include "../parts/Panel.h"
#include "../parts/Text.h"
#include "ExportChoices.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/base/Paths.h>
#include <lethe/export/ModelExporter.h>

#include <QtCore/QDateTime>
#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QUrl>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QDesktopServices>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QFormLayout>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QProgressBar>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QStackedLayout>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

struct ExportPage::Private {
    Private(ExportPage &owner, Workspace &work, Dialogs &seam) : page(owner), workspace(work), dialogs(seam) {}

    ExportPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    QStackedLayout *stack = nullptr;
    QWidget *form = nullptr;
    QComboBox *runs = nullptr;
    QComboBox *checkpoints = nullptr;
    QComboBox *dtypes = nullptr;
    QFormLayout *whatForm = nullptr;
    QComboBox *adapter = nullptr; ///< of a run that trained one; else its row is hidden
    QComboBox *shards = nullptr;
    QLineEdit *folder = nullptr;
    QLabel *what = nullptr;      ///< why nothing can be exported from this run, or empty
    QLabel *folderState = nullptr;
    QPlainTextEdit *card = nullptr;
    QProgressBar *progress = nullptr;
    QLabel *stage = nullptr;
    QPushButton *cancel = nullptr;
    QWidget *resultRow = nullptr;
    QLabel *result = nullptr;
    Fold *filesFold = nullptr;
    QLabel *files = nullptr;
    QAction *start = nullptr;
    QAction *saveRun = nullptr;

    std::vector<ExportChoice> choices;
    bool folderTyped = false;     ///< the user's own folder stays when the run changes
    std::int64_t task = 0;
    RunId wanted = 0;
    QString done;                 ///< the folder that was written last

    const ExportChoice *choice() const
    {
        const int index = runs->currentIndex();
        return index < 0 || index >= static_cast<int>(choices.size()) ? nullptr : &choices[static_cast<std::size_t>(index)];
    }
    const CheckpointRecord *checkpoint() const
    {
        const ExportChoice *chosen = choice();
        const int index = checkpoints->currentIndex();
        return chosen == nullptr || index < 0 || index >= static_cast<int>(chosen->checkpoints.size())
            ? nullptr
            : &chosen->checkpoints[static_cast<std::size_t>(index)];
    }
    ExportRequest request() const
    {
        ExportRequest asked{.run = choice()->row.id, .target = toPath(folder->text().trimmed())};
        asked.checkpoint = checkpoint()->step;
        if (const int dtype = dtypes->currentData().toInt(); dtype >= 0)
            asked.dtype = static_cast<Dtype>(dtype);
        asked.mergeAdapter = adapter->currentData().toBool();
        asked.maxShardBytes = static_cast<std::uint64_t>(shards->currentData().toLongLong());
        return asked;
    }

    void build();
    QWidget *buildForm();
    QWidget *buildResult();
    void readRuns();
    void showRuns(std::vector<ExportChoice> read);
    void showRun();
    void suggestFolder();
    void checkFolder();
    void showCard();
    void exportNow();
    void finished(const Result<ExportReport> &report);
    void saveRunFile();
};

void ExportPage::Private::build()
{
    stack = new QStackedLayout(&page);
    stack->addWidget(new EmptyState(QStringLiteral("export"), ExportPage::tr("Nothing to export yet"),
                                    ExportPage::tr("A run that has written a checkpoint can be exported as a folder that transformers loads."), &page));
    stack->addWidget(buildForm());

    start = new QAction(Theme::icon(QStringLiteral("export")), ExportPage::tr("Export"), &page);
    start->setObjectName(QStringLiteral("actionExport"));
    start->setStatusTip(ExportPage::tr("Write the checkpoint as a folder, load it again and compare"));
    saveRun = new QAction(ExportPage::tr("Save run as one file…"), &page);
    saveRun->setObjectName(QStringLiteral("actionExportRun"));
    saveRun->setStatusTip(ExportPage::tr("Everything the store knows of the run, for another machine (lethe-cli runs import)"));
    page.addPageAction(saveRun);
    page.addPageAction(start, true);
    QObject::connect(start, &QAction::triggered, &page, [this] { exportNow(); });
    QObject::connect(saveRun, &QAction::triggered, &page, [this] { saveRunFile(); });
    QObject::connect(&workspace, &Workspace::storeChanged, &page, [this] {
        if (page.isVisible())
            readRuns();
    });
}

QWidget *ExportPage::Private::buildForm()
{
    auto *scroll = new QScrollArea(&page);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    form = new QWidget;
    form->setObjectName(QStringLiteral("pageContent"));
    auto *all = new QVBoxLayout(form);
    all->setContentsMargins(Theme::space(5), Theme::space(2), Theme::space(5), Theme::space(4));
    all->setSpacing(Theme::space(3));

    auto *whatPanel = new Panel(ExportPage::tr("1  What"), form);
    whatForm = new QFormLayout;
    runs = new QComboBox(form);
    runs->setObjectName(QStringLiteral("exportRun"));
    checkpoints = new QComboBox(form);
    checkpoints->setObjectName(QStringLiteral("exportCheckpoint"));
    dtypes = new QComboBox(form);
    dtypes->setObjectName(QStringLiteral("exportDtype"));
    dtypes->addItem(ExportPage::tr("as the original model's files"), -1);
    dtypes->addItem(QStringLiteral("f32"), static_cast<int>(Dtype::F32));
    dtypes->addItem(QStringLiteral("bf16"), static_cast<int>(Dtype::BF16));
    dtypes->addItem(QStringLiteral("f16"), static_cast<int>(Dtype::F16));
    adapter = new QComboBox(form);
    adapter->setObjectName(QStringLiteral("exportAdapter"));
    adapter->addItem(ExportPage::tr("merged into the weights: one model folder"), true);
    adapter->addItem(ExportPage::tr("as a PEFT adapter folder beside its base"), false);
    shards = new QComboBox(form);
    shards->setObjectName(QStringLiteral("exportShards"));
    for (const qint64 gigabytes : {1, 2, 5, 10})
        shards->addItem(ExportPage::tr("at most %1 GB a file").arg(gigabytes), gigabytes * 1'000'000'000);
    shards->setCurrentIndex(2); // as transformers splits
    whatForm->addRow(ExportPage::tr("Run"), runs);
    whatForm->addRow(ExportPage::tr("Checkpoint"), checkpoints);
    whatForm->addRow(ExportPage::tr("Adapter"), adapter);
    whatForm->addRow(ExportPage::tr("Weights stored as"), dtypes);
    whatForm->addRow(ExportPage::tr("Split"), shards);
    whatPanel->body()->addLayout(whatForm);
    what = mutedLabel({}, true);
    whatPanel->body()->addWidget(what);
    all->addWidget(whatPanel);

    auto *wherePanel = new Panel(ExportPage::tr("2  Where"), form);
    auto *whereLine = new QHBoxLayout;
    folder = new QLineEdit(form);
    folder->setObjectName(QStringLiteral("exportFolder"));
    folder->setAccessibleName(ExportPage::tr("Folder to write"));
    auto *browse = new QPushButton(ExportPage::tr("Browse…"), form);
    whereLine->addWidget(folder);
    whereLine->addWidget(browse);
    wherePanel->body()->addLayout(whereLine);
    folderState = mutedLabel({}, true);
    folderState->setObjectName(QStringLiteral("exportFolderState"));
    wherePanel->body()->addWidget(folderState);
    all->addWidget(wherePanel);

    auto *cardPanel = new Panel(ExportPage::tr("3  Model card"), form);
    cardPanel->body()->addWidget(mutedLabel(ExportPage::tr("README.md of the folder: how the model was made, its figures before and after, and the hashes of what "
                                                           "it was made from."), true));
    card = new QPlainTextEdit(form);
    card->setObjectName(QStringLiteral("exportCard"));
    card->setAccessibleName(ExportPage::tr("Model card"));
    card->setReadOnly(true);
    card->setTabChangesFocus(true);
    card->setMinimumHeight(form->fontMetrics().height() * 9);
    cardPanel->body()->addWidget(card);
    all->addWidget(cardPanel, 1);
    all->addWidget(buildResult());
    scroll->setWidget(form);

    QObject::connect(runs, &QComboBox::currentIndexChanged, &page, [this] { showRun(); });
    QObject::connect(checkpoints, &QComboBox::currentIndexChanged, &page, [this] {
        checkFolder();
        showCard();
    });
    QObject::connect(dtypes, &QComboBox::currentIndexChanged, &page, [this] { checkFolder(); });
    QObject::connect(adapter, &QComboBox::currentIndexChanged, &page, [this] { showCard(); });
    QObject::connect(folder, &QLineEdit::textEdited, &page, [this] { folderTyped = true; });
    QObject::connect(folder, &QLineEdit::textChanged, &page, [this] { checkFolder(); });
    QObject::connect(browse, &QPushButton::clicked, &page, [this] {
        const QString chosen = dialogs.chooseFolder(&page, ExportPage::tr("Folder to write into"), QFileInfo(folder->text()).absolutePath());
        if (chosen.isEmpty() || choice() == nullptr)
            return;
        folderTyped = true;
        folder->setText(QDir(chosen).filePath(exportFolderName(choice()->row)));
    });
    return scroll;
}

QWidget *ExportPage::Private::buildResult()
{
    auto *holder = new QWidget(form);
    auto *all = new QVBoxLayout(holder);
    all->setContentsMargins({});
    auto *line = new QHBoxLayout;
    stage = mutedLabel();
    progress = new QProgressBar(holder);
    progress->setObjectName(QStringLiteral("exportProgress"));
    progress->setTextVisible(false);
    cancel = new QPushButton(ExportPage::tr("Cancel"), holder);
    cancel->setObjectName(QStringLiteral("exportCancel"));
    line->addWidget(stage);
    line->addWidget(progress, 1);
    line->addWidget(cancel);
    all->addLayout(line);
    for (QWidget *part : {static_cast<QWidget *>(stage), static_cast<QWidget *>(progress), static_cast<QWidget *>(cancel)})
        part->hide();

    resultRow = new Panel({}, holder);
    auto *row = new QHBoxLayout;
    result = new QLabel(holder);
    result->setObjectName(QStringLiteral("exportResult"));
    result->setWordWrap(true);
    row->addWidget(result, 1);
    const auto button = [&](const QString &text, auto act) {
        auto *made = new QPushButton(text, holder);
        row->addWidget(made);
        QObject::connect(made, &QPushButton::clicked, &page, act);
    };
    const auto copy = [](const QString &text) { QGuiApplication::clipboard()->setText(text); };
    button(ExportPage::tr("Open folder"), [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(done)); });
    button(ExportPage::tr("Copy path"), [this, copy] { copy(done); });
    button(ExportPage::tr("Copy Python"), [this, copy] { copy(exportPython(done)); });
    button(ExportPage::tr("Copy lethe-cli"), [this, copy] { copy(QStringLiteral("lethe-cli inspect \"%1\"").arg(done)); });
    static_cast<Panel *>(resultRow)->body()->addLayout(row);
    filesFold = new Fold({}, holder);
    filesFold->setObjectName(QStringLiteral("exportFilesFold"));
    files = mutedLabel({}, true);
    files->setObjectName(QStringLiteral("exportFiles"));
    files->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    filesFold->body()->addWidget(files);
    static_cast<Panel *>(resultRow)->body()->addWidget(filesFold);
    resultRow->hide();
    all->addWidget(resultRow);
    QObject::connect(cancel, &QPushButton::clicked, &page, [this] {
        workspace.tasks().cancel(task);
        stage->setText(ExportPage::tr("Stopping…"));
    });
    return holder;
}

void ExportPage::Private::readRuns()
{
    inBackground(&page, [&store = workspace.store()] { return readExportChoices(store); }, [this](std::vector<ExportChoice> read) { showRuns(std::move(read)); });
}

void ExportPage::Private::showRuns(std::vector<ExportChoice> read)
{
    if (read == choices && stack->currentIndex() == (choices.empty() ? 0 : 1) && wanted == 0)
        return;
    const RunId shown = wanted != 0 ? wanted : choice() != nullptr ? choice()->row.id : workspace.shownRun();
    wanted = 0;
    choices = std::move(read);
    {
        const QSignalBlocker quiet(runs);
        runs->clear();
        int current = 0;
        for (const ExportChoice &one : choices) {
            if (one.row.id == shown)
                current = runs->count();
            runs->addItem(QStringLiteral("%1  ·  %2").arg(toQt(one.row.name), toQt(toString(one.row.status))));
        }
        runs->setCurrentIndex(choices.empty() ? -1 : current);
    }
    stack->setCurrentIndex(choices.empty() ? 0 : 1);
    saveRun->setEnabled(!choices.empty());
    showRun();
}

void ExportPage::Private::showRun()
{
    const QSignalBlocker quiet(checkpoints);
    checkpoints->clear();
    if (const ExportChoice *chosen = choice(); chosen != nullptr) {
        for (const CheckpointRecord &one : chosen->checkpoints)
            checkpoints->addItem(ExportPage::tr("step %1  ·  %2").arg(one.step).arg(format::bytes(one.bytes)));
        checkpoints->setCurrentIndex(0); // the newest comes first
        what->setText(chosen->checkpoints.empty() ? ExportPage::tr("This run has no checkpoint: there is nothing to export.") : QString());
        what->setVisible(chosen->checkpoints.empty());
        whatForm->setRowVisible(adapter, chosen->trainedAdapter);
        if (!folderTyped)
            suggestFolder();
    }
    checkFolder();
    showCard();
}

void ExportPage::Private::suggestFolder()
{
    const QString last = workspace.settings().value(QStringLiteral("export/folder")).toString();
    const QString parent = last.isEmpty() ? QDir::homePath() : last;
    folder->setText(QDir(parent).filePath(exportFolderName(choice()->row)));
}

void ExportPage::Private::checkFolder()
{
    const CheckpointRecord *chosen = checkpoint();
    const QString text = folder->text().trimmed();
    const FolderState state = stateOfFolder(text, chosen != nullptr ? chosen->bytes : 0);
    folderState->setText(chosen != nullptr ? state.text : ExportPage::tr("There is no checkpoint to export."));
    QPalette palette = folderState->palette();
    palette.setColor(QPalette::WindowText, state.blocks ? Theme::error() : state.warns ? Theme::warning() : Theme::muted());
    folderState->setPalette(palette);
    start->setEnabled(chosen != nullptr && !state.blocks && task == 0);
    start->setToolTip(chosen == nullptr ? ExportPage::tr("There is no checkpoint to export") : state.blocks ? state.text : QString());
}

void ExportPage::Private::showCard()
{
    if (checkpoint() == nullptr) {
        card->clear();
        return;
    }
    inBackground(&page, [&store = workspace.store(), asked = request()] { return modelCard(store, asked); },
                 [this](const Result<std::string> &text) { card->setPlainText(text.ok() ? toQt(*text) : toQt(text.error().message())); });
}

void ExportPage::Private::exportNow()
{
    if (checkpoint() == nullptr || task != 0)
        return;
    ExportRequest asked = request();
    const FolderState state = stateOfFolder(folder->text().trimmed(), checkpoint()->bytes);
    if (state.blocks)
        return;
    if (state.warns) {
        if (!dialogs.confirm(&page, ExportPage::tr("Replace the folder %1?").arg(QFileInfo(folder->text()).fileName()), state.text, ExportPage::tr("Replace folder")))
            return;
        asked.overwrite = true;
    }
    resultRow->hide();
    progress->setRange(0, 0);
    stage->setText(ExportPage::tr("Writing…"));
    for (QWidget *part : {static_cast<QWidget *>(stage), static_cast<QWidget *>(progress), static_cast<QWidget *>(cancel)})
        part->show();
    const auto report = std::make_shared<std::optional<Result<ExportReport>>>();
    task = workspace.tasks().start(
        ExportPage::tr("Export %1").arg(toQt(choice()->row.name)), &page,
        [&store = workspace.store(), asked, report](TaskHandle &handle) {
            report->emplace(exportRunModel(store, asked, [&handle](std::uint64_t bytes, std::uint64_t total, const std::string &name) {
                handle.report(toQt(name), static_cast<double>(bytes), static_cast<double>(total));
                return !handle.isCancelled();
            }));
            return (*report)->ok() ? ExportPage::tr("written and checked") : toQt((*report)->error().what);
        },
        [this, report] { finished(**report); });
    start->setEnabled(false);
    QObject::connect(&workspace.tasks(), &TaskList::changed, progress, [this] {
        for (const TaskState &one : workspace.tasks().tasks())
            if (one.id == task && !one.finished) {
                progress->setRange(0, 1000);
                progress->setValue(one.total > 0 ? static_cast<int>(1000 * one.done / one.total) : 0);
                stage->setText(one.stage);
            }
    });
}

void ExportPage::Private::finished(const Result<ExportReport> &report)
{
    task = 0;
    QObject::disconnect(&workspace.tasks(), nullptr, progress, nullptr);
    for (QWidget *part : {static_cast<QWidget *>(stage), static_cast<QWidget *>(progress), static_cast<QWidget *>(cancel)})
        part->hide();
    checkFolder();
    if (!report.ok()) {
        if (report.error().code != ErrorCode::Cancelled)
            workspace.post({.level = Message::Level::Error, .text = toQt(report.error().message()), .key = QStringLiteral("export")});
        return;
    }
    done = pathText(report->path);
    workspace.settings().setValue(QStringLiteral("export/folder"), QFileInfo(done).absolutePath());
    result->setText(exportEvidence(*report));
    filesFold->setTitle(ExportPage::tr("%n file(s)", nullptr, static_cast<int>(report->files.size())));
    QStringList names;
    for (const std::string &file : report->files)
        names.append(toQt(file));
    files->setText(names.join(QLatin1Char('\n')));
    resultRow->show();
}

void ExportPage::Private::saveRunFile()
{
    if (choice() == nullptr)
        return;
    const QString file = dialogs.saveFile(&page, ExportPage::tr("Save the run as one file"), exportFolderName(choice()->row) + QStringLiteral(".lethe-run.json"),
                                          ExportPage::tr("Lethe runs (*.json)"));
    if (file.isEmpty())
        return;
    inBackground(&page,
                 [&store = workspace.store(), run = choice()->row.id, path = toPath(file)]() -> Result<void> {
                     LETHE_TRY(const std::string text, store.exportRun(run));
                     return writeFile(path, text);
                 },
                 [this, file](const Result<void> &written) {
                     workspace.post({.level = written.ok() ? Message::Level::Success : Message::Level::Error,
                                     .text = written.ok() ? ExportPage::tr("The run was saved as %1.").arg(file) : toQt(written.error().message()),
                                     .key = QStringLiteral("export")});
                 });
}

ExportPage::ExportPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageExport"), tr("Export"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    m_private->build();
}

ExportPage::~ExportPage() = default;

QString ExportPage::hint() const
{
    return tr("The folder is loaded again after writing, and its logits are compared with the checkpoint's.");
}

void ExportPage::activate()
{
    m_private->readRuns();
}

bool ExportPage::focusFilter()
{
    return false;
}

QUndoStack *ExportPage::undoStack()
{
    return nullptr;
}

void ExportPage::chooseRun(qint64 run)
{
    m_private->wanted = run;
    m_private->readRuns();
}

} // namespace lethe
