#include "../RunsBench.h"

#include "generations/AnswerBook.h"
#include "generations/AnswerColumn.h"
#include "generations/AnswerExport.h"
#include "generations/AnswerListModel.h"
#include "generations/AskPanel.h"
#include "generations/EvaluationSlider.h"
#include "generations/StrengthPanel.h"

#include "live/StateBar.h"

#include <lethe/run/RunRecorder.h>
#include <lethe/spec/SpecReader.h>

#include <widgets/GenerationsPage.h>

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QtTest>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSlider>
#include <QtWidgets/QTableView>

#include <atomic>
#include <thread>

using namespace lethe;
using namespace lethe::test;

namespace {

AnswerColumn *column(const QWidget &page, const char *name)
{
    return page.findChild<AnswerColumn *>(QString::fromLatin1(name));
}

QTableView *list(const QWidget &page)
{
    return page.findChild<QTableView *>(QStringLiteral("generationsList"));
}

EvaluationSlider *slider(const QWidget &page)
{
    return page.findChild<EvaluationSlider *>();
}

/// Selects the prompt of \p set and \p row (as shown, from 1).
void select(const QWidget &page, const QString &set, const QString &row)
{
    const QAbstractItemModel *model = list(page)->model();
    for (int i = 0; i < model->rowCount(); ++i) {
        if (model->index(i, AnswerListModel::Set).data().toString() == set && model->index(i, AnswerListModel::Row).data().toString() == row) {
            list(page)->setCurrentIndex(model->index(i, AnswerListModel::Prompt));
            return;
        }
    }
    qFatal("no such prompt");
}

} // namespace

class TestGenerationsPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }

    void withNoRunItSaysWhatComes()
    {
        RunsBench bench;
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.show();
        QVERIFY(!list(page)->isVisible());
        grab(page, QStringLiteral("generations-empty"));
    }

    void sliderStopsAtEvaluationsAndKeysMoveIt()
    {
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.resize(1120, 680);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        page.activate();
        auto *handle = page.findChild<QSlider *>(QStringLiteral("evaluationSlider"));
        QCOMPARE(handle->maximum(), 4); // steps 0, 10, 20, 30, 40
        QCOMPARE(handle->value(), 4);
        select(page, QStringLiteral("forget"), QStringLiteral("1"));
        QCOMPARE(column(page, "answerNow")->plainText(), QStringLiteral("In the small hill village of Orrin."));
        QCOMPARE(column(page, "answerBefore")->plainText(), QStringLiteral("In the harbour town of Veska."));
        QVERIFY(column(page, "answerNow")->richText().contains(QLatin1String("line-through")));
        const auto *difference = page.findChild<QLabel *>(QStringLiteral("generationsDifference"));
        QVERIFY2(difference->text().contains(QLatin1String("3 words removed, 4 added")), qPrintable(difference->text()));
        grab(page, QStringLiteral("generations"));

        for (int i = 0; i < 4; ++i)
            QTest::keyClick(&page, Qt::Key_BracketLeft);
        QCOMPARE(handle->value(), 0);
        QCOMPARE(column(page, "answerNow")->plainText(), QStringLiteral("In the harbour town of Veska."));
        QVERIFY(!slider(page)->isFollowing());
        QTest::keyClick(&page, Qt::Key_BracketRight);
        QCOMPARE(handle->value(), 1);
        QCOMPARE(page.findChild<QLabel *>(QStringLiteral("evaluationLabel"))->text(), QStringLiteral("step 10"));
    }

    /// A small pair, trained for a few steps and recorded as any run is.
    RunId trainPair(FormsBench &bench)
    {
        auto spec = readSpecFile(std::filesystem::path(qEnvironmentVariable("LETHE_FIXTURES").toStdString()) / "losses" / "npo-nll" / "spec.json");
        if (!spec.ok())
            qFatal("%s", spec.error().message().c_str());
        spec->method = {.id = "uld", .parameters = {.values = {{"assistant_layers", std::int64_t{1}}, {"lora_rank", std::int64_t{0}}, {"top_filter", 0.0}}}};
        spec->training = {.maxSteps = 12, .batchSize = 4, .learningRate = 1e-2, .device = "cpu"};
        spec->eval = EvalSpec{.everySteps = {}, .generations = {.prompts = 3, .maxNewTokens = 12}};
        RunControl control;
        RunId run = 0;
        const auto done = runAndRecord(*spec, {.catalog = &bench.catalog, .store = bench.store.get(), .control = &control, .observer = nullptr,
                                               .onCreated = [&run](RunId id) { run = id; }});
        if (!done.ok() || !bench.store->flush().ok())
            qFatal("%s", done.ok() ? "not stored" : done.error().message().c_str());
        return run;
    }

    void aPairsStrengthIsASlider()
    {
        FormsBench bench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())});
        const RunId run = trainPair(bench);
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.resize(1280, 720);
        page.show();
        auto *panel = page.findChild<StrengthPanel *>();
        QVERIFY(panel->isHidden());
        bench.workspace->setShownRun(run);
        QTRY_VERIFY(list(page)->model()->rowCount() >= 6);
        QTRY_VERIFY(panel->isVisible());
        auto *handle = page.findChild<QSlider *>(QStringLiteral("strengthSlider"));
        QCOMPARE(handle->value(), 80);
        QVERIFY(!column(page, "answerStrength")->isVisible()); // the run's own weight: its answers are there

        // Nothing is taken off: the target answers alone, as it did before training; and scores as its evaluation did.
        handle->setValue(0);
        QVERIFY(column(page, "answerStrength")->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(!column(page, "answerStrength")->scores().isEmpty(), 60'000);
        QTRY_VERIFY_WITH_TIMEOUT(!panel->isBusy(), 60'000);
        for (int row = 0; row < list(page)->model()->rowCount(); ++row) {
            list(page)->setCurrentIndex(list(page)->model()->index(row, AnswerListModel::Prompt));
            QCOMPARE(column(page, "answerStrength")->plainText(), column(page, "answerBefore")->plainText());
            QCOMPARE(column(page, "answerStrength")->scores(), column(page, "answerBefore")->scores());
        }
        grab(page, QStringLiteral("generations-strength"), {1280, 720});

        // Another strength answers otherwise; going back costs nothing.
        handle->setValue(200);
        QTRY_VERIFY_WITH_TIMEOUT(!panel->isBusy() && panel->answer("forget", 0) != nullptr && panel->answer("retain", 0) != nullptr, 60'000);
        const std::string strong = *panel->answer("forget", 0)->text;
        QVERIFY(panel->answer("forget", 0)->probability != std::nullopt);
        handle->setValue(0);
        QVERIFY(panel->answer("forget", 0) != nullptr);
        QVERIFY(!panel->isBusy());
        const double alone = *panel->answer("forget", 0)->probability;
        handle->setValue(200);
        QCOMPARE(*panel->answer("forget", 0)->text, strong);
        QVERIFY(*panel->answer("forget", 0)->probability < alone); // what the assistant remembers is taken off

        // The run's own weight again.
        page.findChild<QPushButton *>(QStringLiteral("strengthReset"))->click();
        QCOMPARE(handle->value(), 80);
        QVERIFY(!column(page, "answerStrength")->isVisible());
    }

    void answeringAnewIsCancelledAndWaitsForNobody()
    {
        FormsBench bench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())});
        const RunId run = trainPair(bench);
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.resize(1280, 720);
        page.show();
        auto *panel = page.findChild<StrengthPanel *>();
        std::atomic<int> begun = 0;
        std::atomic<bool> held = true;
        panel->setAnswerer([&](LoadedPair &, const PairRequest &request) -> Result<void> {
            ++begun;
            while (held && !request.isCancelled())
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            if (request.isCancelled())
                return Error{.code = ErrorCode::Cancelled, .what = "cancelled", .where = {}, .hint = {}};
            for (std::size_t i = 0; i < request.rows.size(); ++i)
                request.answered(i, {.set = request.rows[i].set, .row = request.rows[i].row, .text = "at " + std::to_string(request.weight)});
            return {};
        });
        bench.workspace->setShownRun(run);
        QTRY_VERIFY(panel->isVisible());
        auto *handle = page.findChild<QSlider *>(QStringLiteral("strengthSlider"));
        handle->setValue(10);
        QTRY_VERIFY(panel->isBusy());
        QVERIFY(column(page, "answerStrength")->plainText().isEmpty());
        for (int value = 20; value <= 60; ++value) // a drag: only where it rests is answered
            handle->setValue(value);
        held = false;
        QTRY_VERIFY(panel->answer("forget", 0) != nullptr);
        QCOMPARE(*panel->answer("forget", 0)->text, std::string("at -0.600000"));
        QVERIFY(begun <= 3);
        held = true;
        handle->setValue(150);
        QTRY_VERIFY(panel->isBusy());
        page.findChild<QPushButton *>(QStringLiteral("strengthCancel"))->click();
        QTRY_VERIFY(!panel->isBusy());
        QVERIFY(panel->answer("forget", 0) == nullptr);
        QVERIFY(page.findChild<QLabel *>(QStringLiteral("strengthNote"))->text().contains(QStringLiteral("stopped at 0 of %1").arg(list(page)->model()->rowCount())));
        // Another run is no pair: the slider goes.
        bench.workspace->setShownRun(storeRun(*bench.store, PlausibleRun{}, bench.folder.path().toStdString()));
        QTRY_VERIFY(!panel->isVisible());
        QVERIFY(!panel->isOffered());
    }

    void itDoesNotJumpWhenAnEvaluationArrives()
    {
        RunsBench bench;
        bench.session.holdAfter = 10;
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.start();
        auto *handle = page.findChild<QSlider *>(QStringLiteral("evaluationSlider"));
        QTRY_COMPARE(handle->maximum(), 1);
        QCOMPARE(handle->value(), 1); // it follows until a hand is on it
        slider(page)->setCurrent(0);
        bench.session.holdAt(30);
        QTRY_COMPARE(handle->maximum(), 3);
        QCOMPARE(handle->value(), 0);
        page.findChild<QCheckBox *>(QStringLiteral("evaluationFollow"))->click();
        QCOMPARE(handle->value(), 3);
        bench.session.go();
        QTRY_COMPARE(handle->maximum(), 4);
        QCOMPARE(handle->value(), 4);
    }

    void pairsAndUnitsAreKept()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        {
            QSettings settings(file, QSettings::IniFormat);
            Workspace workspace(*bench.FormsBench::store, bench.catalog, &settings);
            GenerationsPage page(workspace, bench.dialogs);
            page.show();
            workspace.setShownRun(run);
            QTRY_COMPARE(list(page)->model()->rowCount(), 8);
            QTest::keyClick(&page, Qt::Key_D);
            QCOMPARE(page.findChild<QComboBox *>(QStringLiteral("generationsPair"))->currentText(), QStringLiteral("reference ↔ now"));
            page.findChild<QComboBox *>(QStringLiteral("generationsUnit"))->setCurrentIndex(1);
        }
        QSettings settings(file, QSettings::IniFormat);
        Workspace workspace(*bench.FormsBench::store, bench.catalog, &settings);
        GenerationsPage page(workspace, bench.dialogs);
        QCOMPARE(page.findChild<QComboBox *>(QStringLiteral("generationsPair"))->currentText(), QStringLiteral("reference ↔ now"));
        QCOMPARE(page.findChild<QComboBox *>(QStringLiteral("generationsUnit"))->currentText(), QStringLiteral("by character"));
    }

    void filterAndOrderOfThePrompts()
    {
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        double last = 2;
        for (int row = 0; row < 8; ++row) {
            const double changed = list(page)->model()->index(row, AnswerListModel::Changed).data(AnswerListModel::SortRole).toDouble();
            QVERIFY(changed <= last);
            last = changed;
        }
        QVERIFY(page.focusFilter());
        page.findChild<QLineEdit *>(QStringLiteral("generationsFilter"))->setText(QStringLiteral("tolund forget"));
        QCOMPARE(list(page)->model()->rowCount(), 2);
        page.findChild<QLineEdit *>(QStringLiteral("generationsFilter"))->setText(QStringLiteral("nothing like it"));
        QCOMPARE(list(page)->model()->rowCount(), 0);
        QCOMPARE(column(page, "answerNow")->plainText(), QString());
    }

    void badgesSayWhatIsWrongWithAnAnswer()
    {
        SampleRecord sample{.set = "forget", .row = 0, .prompt = "p", .reference = "The Salt Ledger", .text = "the the the the the the the the the the",
                            .probability = {}, .rougeRecall = {}, .exactMatch = {}, .hitTokenLimit = true};
        QCOMPARE(marksOf(sample).words(), (QStringList{QStringLiteral("repeats"), QStringLiteral("cut at limit")}));
        sample.text = " \n";
        sample.hitTokenLimit = false;
        QCOMPARE(marksOf(sample).words(), QStringList{QStringLiteral("empty")});
        sample.text = "It is called the  salt\nledger, I think.";
        QCOMPARE(marksOf(sample).words(), QStringList{QStringLiteral("contains the reference")});
    }

    void aCollapsedSetPutsABanner()
    {
        AnswerBook book;
        EvaluationRecord evaluation{.step = 10, .seconds = 0, .subset = false, .metrics = {}, .samples = {}};
        for (int row = 0; row < 7; ++row)
            evaluation.samples.push_back({.set = "forget", .row = row, .prompt = "p", .reference = "r",
                                          .text = row < 5 ? "a a a a a a a a a a a a" : "a sound answer", .probability = {}, .rougeRecall = {}, .exactMatch = {}, .hitTokenLimit = false});
        book.add(evaluation);
        QCOMPARE(book.collapse(0), QStringLiteral("Low recall on forget comes from collapse: 71 % of answers repeat one token."));
        QVERIFY(book.collapse(7).isEmpty());
    }

    void answersAreJoinedByRowNotByPosition()
    {
        AnswerBook book;
        EvaluationRecord first = plausibleEvaluation({}, 0);
        EvaluationRecord second = plausibleEvaluation({}, 10);
        std::ranges::reverse(second.samples);
        second.samples.pop_back();
        book.add(first);
        book.add(second);
        QCOMPARE(book.prompts().size(), std::size_t{8});
        for (std::size_t prompt = 1; prompt < 8; ++prompt)
            QCOMPARE(book.answer(1, prompt)->prompt, book.answer(0, prompt)->prompt);
        QVERIFY(!book.answer(1, 0));
        QVERIFY(!book.answer(9, 0));

        AnswerListModel model(book);
        QAbstractItemModelTester tester(&model);
        model.reload();
        model.setEvaluation(1);
        QVERIFY(!model.changed(0));
        QCOMPARE(model.index(0, AnswerListModel::Changed).data().toString(), QStringLiteral("–"));
    }

    void aRowIsCopiedAsMarkdownAndAllIsSaved()
    {
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        select(page, QStringLiteral("forget"), QStringLiteral("1"));
        for (QAction *action : page.pageActions()) {
            if (action->objectName() == QLatin1String("actionGenerationsCopy"))
                action->trigger();
        }
        const QString copied = QGuiApplication::clipboard()->text();
        QVERIFY2(copied.contains(QLatin1String("| step 40 | In the small hill village of Orrin. |")), qPrintable(copied));

        const auto save = [&](const char *name) {
            bench.dialogs.savePath = bench.path(QString::fromLatin1(name));
            page.primaryAction()->trigger();
            QFile file(bench.dialogs.savePath);
            return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
        };
        const QString csv = save("a.csv");
        QCOMPARE(csv.count(QStringLiteral("\r\n")), 1 + 5 * 8);
        const QStringList lines = save("a.jsonl").split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 5 * 8);
        QCOMPARE(QJsonDocument::fromJson(lines.first().toUtf8()).object().value(QLatin1String("prompt")).toString(), QStringLiteral("Where was Mira Tolund born?"));
        QVERIFY(save("a.md").contains(QLatin1String("| before |")));
        QVERIFY(save("a.html").contains(QLatin1String("<ins>")));

        QSignalSpy posted(bench.workspace.get(), &Workspace::messagePosted);
        bench.dialogs.savePath = bench.path(QStringLiteral("not/there.csv"));
        page.primaryAction()->trigger();
        QCOMPARE(posted.size(), 1);
        QCOMPARE(posted.first().first().value<Message>().level, Message::Level::Error);
    }

    void askPutsOneQuestionToAllColumns()
    {
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.resize(1120, 680);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        auto *ask = page.findChild<AskPanel *>();
        QVERIFY(ask->checkpoint());
        QCOMPARE(ask->checkpoint()->step, std::int64_t{40});
        ask->setAnswerer([](const AskPanel::Request &request) -> Result<std::string> {
            if (request.folder.ends_with("model"))
                return std::string("She is a clock builder from Veska.");
            return std::string("I do not know her.");
        });
        page.findChild<QLineEdit *>(QStringLiteral("askPrompt"))->setText(QStringLiteral("Who is Mira Tolund?"));
        QSignalSpy answered(ask, &AskPanel::answered);
        page.findChild<QPushButton *>(QStringLiteral("askGenerate"))->click();
        QVERIFY(answered.wait());
        const auto columns = ask->findChildren<AnswerColumn *>();
        QCOMPARE(columns.size(), 2);
        QCOMPARE(columns[0]->plainText(), QStringLiteral("She is a clock builder from Veska."));
        QCOMPARE(columns[1]->plainText(), QStringLiteral("I do not know her."));
        grab(page, QStringLiteral("generations-ask"));

        // kept with the run
        GenerationsPage again(*bench.workspace, bench.dialogs);
        again.show();
        auto *history = again.findChild<QComboBox *>(QStringLiteral("askHistory"));
        QTRY_COMPARE(history->count(), 1);
        QCOMPARE(history->itemText(0), QStringLiteral("Who is Mira Tolund?"));
    }

    void anErrorOfAskIsSaid()
    {
        RunsBench bench;
        const RunId run = bench.store(PlausibleRun{});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        page.findChild<AskPanel *>()->setAnswerer([](const AskPanel::Request &) -> Result<std::string> {
            return Error{.code = ErrorCode::Corrupt, .what = "model.safetensors ends early", .where = "/data/model", .hint = {}};
        });
        QSignalSpy posted(bench.workspace.get(), &Workspace::messagePosted);
        page.findChild<QLineEdit *>(QStringLiteral("askPrompt"))->setText(QStringLiteral("Who?"));
        page.findChild<QPushButton *>(QStringLiteral("askGenerate"))->click();
        QTRY_COMPARE(posted.size(), 1);
        QVERIFY(posted.first().first().value<Message>().text.contains(QLatin1String("ends early")));
    }

    void comparedRunsGetColumns()
    {
        RunsBench bench;
        PlausibleRun slower;
        slower.name = "npo lr 1e-5";
        slower.speed = 0.01;
        const RunId other = bench.store(slower);
        const RunId run = bench.store(PlausibleRun{});
        bench.workspace->setCompared({run, other});
        GenerationsPage page(*bench.workspace, bench.dialogs);
        page.resize(1280, 720);
        page.show();
        bench.workspace->setShownRun(run);
        QTRY_COMPARE(list(page)->model()->rowCount(), 8);
        const qsizetype before = page.findChildren<AnswerColumn *>().size();
        page.findChild<QCheckBox *>(QStringLiteral("generationsOthers"))->setChecked(true);
        QTRY_COMPARE(page.findChildren<AnswerColumn *>().size(), before + 1);
        grab(page, QStringLiteral("generations-compared"), {1280, 720});
    }
};

QTEST_MAIN(TestGenerationsPage)
#include "tst_generations_page.moc"
