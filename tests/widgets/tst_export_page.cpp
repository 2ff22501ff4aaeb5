#include "FormsBench.h"

#include "export/ExportChoices.h"

#include <widgets/ExportPage.h>
#include <widgets/TaskList.h>

#include <lethe/base/Paths.h>

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtGui/QAction>
#include <QtTest/QSignalSpy>
#include <QtTest/QtTest>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>

using namespace lethe;
using namespace lethe::test;
namespace fs = std::filesystem;

/// Export, on a run whose checkpoint is a fixture model: what is written is loaded again by the exporter itself.
class TestExportPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup()
    {
        m_page.reset();
        m_bench.reset();
    }

    void theFolderIsWrittenCheckedAndShown();
    void anotherDtypeSaysWhatRoundingDid();
    void anExistingFolderIsNotTouchedUnasked();
    void cancelLeavesNoFolder();
    void aRunWithoutCheckpointSaysSo();
    void anAdapterIsMergedOrKept();
    void noRoomBlocks();

private:
    fs::path path(const char *name) const { return fs::path(m_bench->folder.path().toStdString()) / name; }
    static fs::path fixture(const char *name) { return fs::path(qEnvironmentVariable("LETHE_FIXTURES").toStdString()) / name; }
    RunId addRun(const std::string &name, const fs::path &weights, bool isAdapter = false);
    void open(RunId run);
    template<typename T>
    T *find(const char *name) const
    {
        return m_page->findChild<T *>(QLatin1String(name));
    }
    QAction *start() const { return find<QAction>("actionExport"); }
    /// Whether its page is hidden or not.
    bool shows(const char *name) const { return find<QWidget>(name)->isVisibleTo(m_page.get()); }
    std::vector<fs::path> written() const
    {
        std::vector<fs::path> found;
        if (fs::exists(path("out")))
            for (const fs::directory_entry &each : fs::directory_iterator(path("out")))
                found.push_back(each.path());
        return found;
    }

    QStringList m_said; ///< in the message bar
    std::unique_ptr<FormsBench> m_bench;
    std::unique_ptr<ExportPage> m_page;
};

void TestExportPage::init()
{
    QVERIFY2(fs::exists(fixture("models/llama/config.json")), "no fixtures: LETHE_FIXTURES names the folder ../shared/fixtures");
    m_bench = std::make_unique<FormsBench>();
    fs::copy(fixture("models/llama"), path("base"));
    QVERIFY(m_bench->workspace != nullptr);
}

RunId TestExportPage::addRun(const std::string &name, const fs::path &weights, bool isAdapter)
{
    NewRun fresh;
    fresh.name = name;
    fresh.method = "npo";
    fresh.model = path("base").string();
    fresh.specJson = "{\"name\": \"" + name + "\"}";
    fresh.plannedSteps = 3;
    const auto run = m_bench->store->createRun(fresh);
    if (!run.ok())
        qFatal("%s", run.error().message().c_str());
    if (!weights.empty()) {
        const fs::path checkpoint = fs::path(m_bench->store->run(*run)->folder) / "checkpoints" / "step-3";
        fs::create_directories(checkpoint);
        for (const fs::directory_entry &file : fs::directory_iterator(weights))
            if (const std::string each = file.path().filename().string(); each.find("expected") == std::string::npos)
                fs::copy(file.path(), checkpoint / each, fs::copy_options::recursive);
        if (isAdapter) {
            for (const char *file : {"tokenizer.json", "tokenizer_config.json"}) // as training writes them
                fs::copy(path("base") / file, checkpoint / file, fs::copy_options::skip_existing);
            std::string config = *readFile(checkpoint / "adapter_config.json");
            const QByteArray base = QByteArray::fromStdString(path("base").string());
            auto object = QJsonDocument::fromJson(QByteArray::fromStdString(config)).object();
            object.insert(QStringLiteral("base_model_name_or_path"), QString::fromUtf8(base));
            (void)writeFile(checkpoint / "adapter_config.json", QJsonDocument(object).toJson().toStdString()).ok();
        }
        (void)writeFile(checkpoint / "lethe_checkpoint.json", "{\"step\": 3}").ok();
        m_bench->store->appendCheckpoint(*run, {.step = 3, .path = checkpoint.string(), .bytes = 1 << 20});
    }
    m_bench->store->appendEvaluation(*run, {.step = 0, .seconds = 0, .subset = false, .metrics = {{"forget_exact_match", 0.96, {}}}, .samples = {}});
    RunSummary summary;
    summary.runId = *run;
    summary.status = RunStatus::Done;
    summary.steps = 3;
    summary.finalMetrics = {{"forget_exact_match", 0.04, {}}};
    m_bench->store->finishRun(summary);
    if (const auto kept = m_bench->store->flush(); !kept.ok())
        qFatal("%s", kept.error().message().c_str());
    return *run;
}

void TestExportPage::open(RunId run)
{
    m_page = std::make_unique<ExportPage>(*m_bench->workspace, m_bench->dialogs);
    m_said.clear();
    connect(m_bench->workspace.get(), &Workspace::messagePosted, m_page.get(), [this](const Message &message) { m_said << message.text; });
    m_page->resize(1100, 700);
    m_page->show();
    m_page->chooseRun(run);
    QTRY_VERIFY(find<QComboBox>("exportRun")->count() > 0);
    find<QLineEdit>("exportFolder")->setText(QString::fromStdString(path("out/unlearned").string()));
}

void TestExportPage::theFolderIsWrittenCheckedAndShown()
{
    open(addRun("npo lr 2e-5", fixture("models/llama")));
    QTRY_VERIFY(find<QPlainTextEdit>("exportCard")->toPlainText().contains(QLatin1String("forget_exact_match")));
    QVERIFY(!shows("exportAdapter")); // the run trained the weights themselves
    QVERIFY(start()->isEnabled());
    start()->trigger();
    QVERIFY(!start()->isEnabled()); // none twice
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("exportResult")->isVisible(), 60'000);
    const QString result = find<QLabel>("exportResult")->text();
    QVERIFY2(result.contains(QLatin1String("largest logit difference 0.")), qPrintable(result));
    const QStringList files = find<QLabel>("exportFiles")->text().split(QLatin1Char('\n'));
    for (const char *name : {"config.json", "model.safetensors", "README.md"}) {
        QVERIFY2(files.contains(QLatin1String(name)), name);
        QVERIFY2(fs::exists(path("out/unlearned") / name), name);
    }
    QCOMPARE(written().size(), std::size_t(1)); // nothing half beside it
    QVERIFY(exportPython(QStringLiteral("/x")).contains(QLatin1String("from_pretrained(r\"/x\")")));
}

void TestExportPage::anotherDtypeSaysWhatRoundingDid()
{
    open(addRun("npo", fixture("models/llama")));
    auto *dtypes = find<QComboBox>("exportDtype");
    dtypes->setCurrentIndex(dtypes->findText(QStringLiteral("bf16")));
    start()->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("exportResult")->isVisible(), 60'000);
    const QString result = find<QLabel>("exportResult")->text();
    QVERIFY2(result.contains(QLatin1String("all of it from rounding the weights (0 from the rounded ones)")), qPrintable(result));
}

void TestExportPage::anExistingFolderIsNotTouchedUnasked()
{
    fs::create_directories(path("out/unlearned"));
    QVERIFY(writeFile(path("out/unlearned/mine.txt"), "mine").ok());
    open(addRun("npo", fixture("models/llama")));
    QVERIFY(find<QLabel>("exportFolderState")->text().contains(QLatin1String("no exported model")));
    QVERIFY(!start()->isEnabled()); // whatever it is, it is not replaced even if asked
    QVERIFY(writeFile(path("out/unlearned/config.json"), "{}").ok()); // an older export
    find<QLineEdit>("exportFolder")->clear();
    find<QLineEdit>("exportFolder")->setText(QString::fromStdString(path("out/unlearned").string()));
    QVERIFY(find<QLabel>("exportFolderState")->text().contains(QLatin1String("not empty")));
    start()->trigger(); // the question is answered by backing out
    QCOMPARE(m_bench->dialogs.asked.last(), QStringLiteral("Replace folder"));
    QVERIFY(m_bench->workspace->tasks().tasks().empty());
    QCOMPARE(*readFile(path("out/unlearned/mine.txt")), std::string("mine"));
    QCOMPARE(*readFile(path("out/unlearned/config.json")), std::string("{}"));
    m_bench->dialogs.confirmed = true;
    start()->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("exportResult")->isVisible(), 60'000);
    QVERIFY(readFile(path("out/unlearned/config.json"))->size() > 2);
    QVERIFY(!fs::exists(path("out/unlearned/mine.txt")));
}

void TestExportPage::cancelLeavesNoFolder()
{
    open(addRun("npo", fixture("models/llama")));
    start()->trigger();
    find<QPushButton>("exportCancel")->click(); // before the worker's first word
    QTRY_VERIFY_WITH_TIMEOUT(start()->isEnabled(), 60'000);
    QVERIFY(!shows("exportResult"));
    QVERIFY2(written().empty(), written().empty() ? "" : written().front().c_str());
}

void TestExportPage::aRunWithoutCheckpointSaysSo()
{
    open(addRun("ga", {}));
    QVERIFY(!start()->isEnabled());
    QCOMPARE(start()->toolTip(), QStringLiteral("There is no checkpoint to export"));
}

void TestExportPage::anAdapterIsMergedOrKept()
{
    const fs::path folder = fixture("lora");
    fs::path adapter;
    for (const fs::directory_entry &each : fs::directory_iterator(folder))
        if (fs::exists(each.path() / "adapter_config.json") && each.path().filename().string().find("llama") != std::string::npos)
            adapter = each.path();
    if (adapter.empty())
        for (const fs::directory_entry &each : fs::directory_iterator(folder))
            if (fs::exists(each.path() / "adapter_config.json"))
                adapter = each.path();
    QVERIFY2(!adapter.empty(), "no adapter among the fixtures");
    open(addRun("lora", adapter, true));
    QVERIFY(shows("exportAdapter"));
    auto *choice = find<QComboBox>("exportAdapter");
    QCOMPARE(choice->currentData().toBool(), true);
    choice->setCurrentIndex(1);
    start()->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(start()->isEnabled(), 60'000);
    QVERIFY(fs::exists(path("out/unlearned/adapter_model.safetensors")));
    QVERIFY(!fs::exists(path("out/unlearned/model.safetensors")));
    find<QLineEdit>("exportFolder")->setText(QString::fromStdString(path("out/merged").string()));
    choice->setCurrentIndex(0);
    start()->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(start()->isEnabled(), 60'000);
    QVERIFY2(fs::exists(path("out/merged/model.safetensors")), qPrintable(m_said.join(u'\n')));
    QVERIFY(!fs::exists(path("out/merged/adapter_model.safetensors")));
}

void TestExportPage::noRoomBlocks()
{
    const FolderState state = stateOfFolder(m_bench->path(QStringLiteral("out")), std::int64_t(1) << 60);
    QVERIFY(state.blocks);
    QVERIFY2(state.text.startsWith(QLatin1String("Not enough room: 1.0 EiB needed")) || state.text.contains(QLatin1String("needed")), qPrintable(state.text));
    QVERIFY(stateOfFolder(QStringLiteral("relative"), 1).blocks);
    QVERIFY(stateOfFolder({}, 1).blocks);
}

QTEST_MAIN(TestExportPage)
#include "tst_export_page.moc"
