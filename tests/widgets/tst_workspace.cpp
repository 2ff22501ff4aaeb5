#include "FrameFixture.h"

#include <widgets/Theme.h>

#include <lethe/base/Paths.h>

#include <QtCore/QProcess>
#include <QtTest/QSignalSpy>
#include <QtTest/QtTest>
#include <QtWidgets/QApplication>

using namespace lethe;
using namespace lethe::test;

class TestWorkspace : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedRun> m_script;
    std::unique_ptr<Workspace> m_workspace;

    void open()
    {
        m_workspace.reset();
        m_workspace = std::make_unique<Workspace>(*m_script->store, *m_script->catalog);
    }
    DataRow row(const char *prompt, const char *answer) const { return {.prompt = prompt, .answer = answer}; }

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }
    void init()
    {
        m_script = std::make_unique<ScriptedRun>();
        const std::string missing = m_script->prepare();
        QVERIFY2(missing.empty(), missing.c_str());
        open();
    }
    void cleanup()
    {
        m_workspace.reset();
        m_script.reset();
    }

    void aDraftIsInTheStoreWithinASecond()
    {
        QSignalSpy changed(m_workspace.get(), &Workspace::draftChanged);
        ExperimentSpec draft = m_script->spec();
        draft.name = "typed";
        m_workspace->setDraft(draft);
        QCOMPARE(changed.count(), 1);
        m_workspace->setDraft(draft);
        QCOMPARE(changed.count(), 1); // equal: nothing happens
        QElapsedTimer clock;
        clock.start();
        const auto stored = [this] {
            const auto value = m_script->store->value("workspace.draft");
            return value.ok() && value->has_value() && (*value)->find("typed") != std::string::npos;
        };
        QTRY_VERIFY_WITH_TIMEOUT(stored(), 1000);
        QVERIFY(clock.elapsed() < 1000);
    }

    void aRunWhoseProgramDiesShowsAsInterrupted()
    {
        QProcess other;
        other.start(QStringLiteral("sleep"), {QStringLiteral("600")});
        QVERIFY(other.waitForStarted());
        NewRun fresh;
        fresh.name = "of another program";
        fresh.method = "npo";
        fresh.specJson = "{}";
        fresh.processId = other.processId();
        const auto run = m_script->store->createRun(fresh);
        QVERIFY(run.ok());
        m_script->store->setStatus(*run, RunStatus::Running);
        QVERIFY(m_script->store->flush().ok());
        QTest::qWait(4500); // looked after, and found alive
        QVERIFY(m_script->store->run(*run)->status == RunStatus::Running);
        QSignalSpy changed(m_workspace.get(), &Workspace::storeChanged);
        other.kill();
        QVERIFY(other.waitForFinished());
        QTRY_VERIFY_WITH_TIMEOUT(m_script->store->run(*run)->status == RunStatus::Interrupted, 15'000);
        QTRY_VERIFY(changed.count() > 0);
        QCOMPARE(m_workspace->interruptedRuns().size(), std::size_t(1));
    }

    void everythingIsThereAgain()
    {
        ExperimentSpec draft = m_script->spec();
        draft.training.learningRate = 3e-5;
        draft.data.forget.reset();
        m_workspace->setDraft(draft);
        m_workspace->setDraftParent(7);
        WorkingSets sets;
        sets.name = QStringLiteral("people");
        sets.forget = {row("Who?", "Mira\nTolund")};
        sets.retain = {row("What?", "Bread"), row("Where?", "Veska")};
        m_workspace->setSets(sets);
        m_workspace->setShownRun(5);
        m_workspace->setCompared({3, 4});
        VERIFY_OK(m_workspace->flush());
        open();
        QCOMPARE(m_workspace->draft().training.learningRate, 3e-5);
        QCOMPARE(m_workspace->draftParent(), std::optional<RunId>(7));
        QCOMPARE(m_workspace->sets(), sets);
        QVERIFY(m_workspace->isForgetEdited());
        QCOMPARE(m_workspace->shownRun(), RunId(5));
        QCOMPARE(m_workspace->compared(), (std::vector<RunId>{3, 4}));
    }

    void setsOfTheDraftAreRead()
    {
        m_workspace->setDraft(m_script->spec()); // it names another file than before: the sets follow
        QTRY_COMPARE(m_workspace->sets().forget.size(), std::size_t(1));
        QCOMPARE(m_workspace->sets().forget.front().answer, std::string("Nobody."));
        QVERIFY(!m_workspace->isForgetEdited());
        QCOMPARE(m_workspace->draft().data.forget->path, std::string("forget.jsonl"));
    }

    void anEditedSideRunsFromAFileOfItsOwn()
    {
        m_workspace->setDraft(m_script->spec());
        QTRY_COMPARE(m_workspace->sets().forget.size(), std::size_t(1));
        const auto untouched = m_workspace->draftWithSets();
        VERIFY_OK(untouched);
        QCOMPARE(untouched->data.forget->path, std::string("forget.jsonl"));

        WorkingSets sets = m_workspace->sets();
        sets.forget.push_back(row("When?", "In spring"));
        m_workspace->setSets(sets);
        QVERIFY(m_workspace->isForgetEdited());
        const auto edited = m_workspace->draftWithSets();
        VERIFY_OK(edited);
        const auto rows = readDataset(edited->data.forget->path, *edited->data.forget);
        VERIFY_OK(rows);
        QCOMPARE(rows->rows.size(), std::size_t(2));
        QCOMPARE(rows->rows[1].answer, std::string("In spring"));
        VERIFY_OK(readFile(m_script->path("forget.jsonl")));
        QCOMPARE(*readFile(m_script->path("forget.jsonl")), std::string("{\"question\": \"Who?\", \"answer\": \"Nobody.\"}\n")); // the source is never touched
        const auto again = m_workspace->draftWithSets();
        VERIFY_OK(again);
        QCOMPARE(again->data.forget->path, edited->data.forget->path); // equal content, one file
    }

    void anEmptyForgetSetIsRefusedInWords()
    {
        ExperimentSpec draft = m_script->spec();
        m_workspace->setDraft(draft);
        QTRY_COMPARE(m_workspace->sets().forget.size(), std::size_t(1));
        WorkingSets sets = m_workspace->sets();
        sets.forget.clear();
        m_workspace->setSets(sets);
        const auto started = m_workspace->startDraft();
        QVERIFY(!started.ok());
        QCOMPARE(started.error().message(), std::string("data.forget: the forget set has no rows. Add rows in Data"));
    }

    void aSpecWithProblemsIsNotStarted()
    {
        ExperimentSpec spec = m_script->spec();
        spec.model = "nowhere";
        spec.method.id = "nothing";
        const auto started = m_workspace->startRun(spec);
        QVERIFY(!started.ok());
        QVERIFY(started.error().code == ErrorCode::InvalidInput || started.error().code == ErrorCode::NotFound);
        QVERIFY(QString::fromStdString(started.error().message()).contains(QStringLiteral("more problem")));
        QVERIFY(m_workspace->activeRun() == nullptr);
    }

    void aRunIsShownAsItGoesAndAsItEnded()
    {
        m_workspace->setSession(SteppingSession{.steps = 5});
        QSignalSpy began(m_workspace.get(), &Workspace::runBegan);
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        QString end;
        QStringList buttons;
        connect(m_workspace.get(), &Workspace::messagePosted, this, [&](const Message &message) {
            end = message.text;
            for (const auto &button : message.buttons)
                buttons << button.text;
        });
        std::size_t steps = 0;
        connect(m_workspace.get(), &Workspace::runRecords, this, [&](qint64, const std::shared_ptr<const RunBatch> &batch) { steps += batch->steps.size(); });
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        QVERIFY(m_workspace->activeRun() != nullptr);
        QCOMPARE(m_workspace->activeRunName(), QStringLiteral("scripted"));
        QTRY_COMPARE(ended.count(), 1);
        QCOMPARE(began.count(), 1);
        QCOMPARE(steps, std::size_t(5));
        QVERIFY(m_workspace->activeRun() == nullptr);
        QCOMPARE(m_workspace->shownRun(), began.front().front().toLongLong());
        QCOMPARE(end, QStringLiteral("Forgotten: exact match 96 → 4 %. Kept: 97 → 95 %. 5 steps in 0:41."));
        QCOMPARE(buttons, (QStringList{QStringLiteral("Compare"), QStringLiteral("Export"), QStringLiteral("Change and run again")}));
    }

    void aPauseHoldsAndAResumeGoesOn()
    {
        SteppingSession session{.steps = 1000000};
        m_workspace->setSession(session);
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        QTRY_VERIFY(m_workspace->lastStep().has_value());
        m_workspace->pauseActive();
        QVERIFY(m_workspace->isPaused());
        QTest::qWait(200); // what is already under way arrives
        const auto held = m_workspace->lastStep()->step;
        QTest::qWait(150);
        QCOMPARE(m_workspace->lastStep()->step, held);
        m_workspace->resumeActive();
        QVERIFY(!m_workspace->isPaused());
        QTRY_VERIFY(m_workspace->lastStep()->step > held);
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        m_workspace->stopActive();
        QTRY_COMPARE(ended.count(), 1);
        QVERIFY(m_script->store->run(m_workspace->shownRun())->status == RunStatus::Stopped);
    }

    void aSecondRunWaitsAndStartsByItself()
    {
        SteppingSession session{.steps = 3};
        *session.mayEnd = false;
        m_workspace->setSession(session);
        QSignalSpy began(m_workspace.get(), &Workspace::runBegan);
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        ExperimentSpec second = m_script->spec();
        second.name = "second";
        ExperimentSpec third = m_script->spec();
        third.name = "third";
        VERIFY_OK(m_workspace->startRun(second));
        VERIFY_OK(m_workspace->startRun(third));
        QCOMPARE(m_workspace->queue().size(), std::size_t(2));
        m_workspace->moveInQueue(1, 0);
        QCOMPARE(m_workspace->queue().front().name, std::string("third"));
        *session.mayEnd = true;
        QTRY_COMPARE(ended.count(), 3);
        QCOMPARE(began.count(), 3);
        const auto rows = m_script->store->runs();
        VERIFY_OK(rows);
        QCOMPARE(rows->front().name, std::string("second")); // newest first
        QVERIFY(m_workspace->queue().empty());
    }

    void aQueueSurvivesARestartAndWaitsForTheUser()
    {
        SteppingSession session{.steps = 3};
        *session.mayEnd = false;
        m_workspace->setSession(session);
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        ExperimentSpec second = m_script->spec();
        second.name = "second";
        VERIFY_OK(m_workspace->startRun(second));
        QTRY_VERIFY(m_workspace->activeRunId() != 0);
        QVERIFY(m_workspace->pauseToDisk(5000));
        open();
        QCOMPARE(m_workspace->queue().size(), std::size_t(1));
        QCOMPARE(m_workspace->queue().front().name, std::string("second"));
        QVERIFY(m_workspace->activeRun() == nullptr);
        QCOMPARE(m_workspace->interruptedRuns().size(), std::size_t(1));
        m_workspace->setSession(SteppingSession{.steps = 2});
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        m_workspace->startQueue();
        QTRY_COMPARE(ended.count(), 1);
    }

    void anInterruptedRunIsResumed()
    {
        SteppingSession session{.steps = 1000000};
        m_workspace->setSession(session);
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        QTRY_VERIFY(m_workspace->lastStep().has_value());
        QVERIFY(m_workspace->pauseToDisk(5000));
        const RunId run = m_workspace->shownRun();
        QVERIFY(m_script->store->run(run)->status == RunStatus::Interrupted);
        open();
        m_workspace->setSession(SteppingSession{.steps = 2});
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        VERIFY_OK(m_workspace->resumeRun(run));
        QTRY_COMPARE(ended.count(), 1);
        QVERIFY(m_script->store->run(run)->status == RunStatus::Done);
    }

    void aFailureIsPostedWithItsWaysOut()
    {
        m_workspace->setSession([](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &, RunObserver &) -> Result<RunSummary> {
            return Error{.code = ErrorCode::OutOfMemory, .what = "out of device memory at step 37", .where = {}, .hint = "Lower batch_size"};
        });
        QList<Message> posted;
        connect(m_workspace.get(), &Workspace::messagePosted, this, [&](const Message &message) { posted << message; });
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        QTRY_COMPARE(posted.size(), 1);
        QCOMPARE(posted.front().text, QStringLiteral("“scripted” failed: out of device memory at step 37. Lower batch_size"));
        QCOMPARE(posted.front().level, Message::Level::Error);
        QVERIFY(m_workspace->activeRun() == nullptr);
    }

    void aChangeByAnotherProcessIsSeenWithinTwoSeconds()
    {
        QSignalSpy changed(m_workspace.get(), &Workspace::storeChanged);
        const auto other = RunStore::open(m_script->store->file());
        VERIFY_OK(other);
        NewRun run{.name = "from elsewhere", .specJson = "{}", .method = "ga", .model = "m", .learningRate = 1e-5, .plannedSteps = 3, .parent = {},
                   .provenance = {}, .processId = 1};
        VERIFY_OK((*other)->createRun(run));
        QTRY_VERIFY_WITH_TIMEOUT(changed.count() > 0, 2000);
    }

    void aMissingModelIsSaidWithItsFolder()
    {
        QList<Message> posted;
        connect(m_workspace.get(), &Workspace::messagePosted, this, [&](const Message &message) { posted << message; });
        m_workspace->openModel(QStringLiteral("/no/such/folder"));
        QTRY_COMPARE(posted.size(), 1);
        QVERIFY2(posted.front().text.contains(QStringLiteral("/no/such/folder")), qPrintable(posted.front().text));
        QVERIFY(!m_workspace->isReadingModel());
        QVERIFY(m_workspace->recentModels().isEmpty());
    }

    void recentModelsAreTenAndTheLastGoesFirst()
    {
        for (int i = 0; i < 14; ++i)
            m_workspace->rememberModel(QStringLiteral("/m/%1").arg(i % 12));
        QCOMPARE(m_workspace->recentModels().size(), 10);
        QCOMPARE(m_workspace->recentModels().front(), QStringLiteral("/m/1"));
        m_workspace->forgetModel(QStringLiteral("/m/1"));
        QVERIFY(!m_workspace->recentModels().contains(QStringLiteral("/m/1")));
    }

    void aNewExperimentIsMeasuredAndBeginsAsTheSettingsSay()
    {
        QVERIFY(m_workspace->draft().eval.has_value());
        m_workspace->settings().setValue(QStringLiteral("newExperiment/dtype"), QStringLiteral("bf16"));
        m_workspace->settings().setValue(QStringLiteral("newExperiment/prompts"), 3);
        ExperimentSpec draft = m_workspace->draft();
        draft.model = "/models/a";
        m_workspace->setDraft(draft);
        m_workspace->newExperiment();
        QCOMPARE(m_workspace->draft().model, std::string("/models/a"));
        QVERIFY(m_workspace->draft().training.dtype == Dtype::BF16);
        QVERIFY(m_workspace->draft().eval.has_value());
        QCOMPARE(m_workspace->draft().eval->generations.prompts, 3);
    }

    void aRunIsDuplicatedWithItsParent()
    {
        m_workspace->setSession(SteppingSession{.steps = 1});
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        VERIFY_OK(m_workspace->startRun(m_script->spec()));
        QTRY_COMPARE(ended.count(), 1);
        QSignalSpy shown(m_workspace.get(), &Workspace::pageRequested);
        m_workspace->duplicateAsExperiment(m_workspace->shownRun());
        QCOMPARE(m_workspace->draft().method.id, std::string("ga"));
        QCOMPARE(m_workspace->draftParent(), std::optional<RunId>(m_workspace->shownRun()));
        QCOMPARE(shown.front().front().toString(), QStringLiteral("pageExperiment"));
        QTRY_COMPARE(m_workspace->sets().forget.size(), std::size_t(1));
    }
};

QTEST_MAIN(TestWorkspace)
#include "tst_workspace.moc"
