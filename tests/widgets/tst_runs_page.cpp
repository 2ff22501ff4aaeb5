#include "FormsBench.h"

#include "runs/RunFilterModel.h"
#include "runs/RunLineage.h"
#include "runs/RunTableModel.h"

#include <support/WorkClock.h>

#include <widgets/RunsPage.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QRegularExpression>
#include <QtGui/QAction>
#include <QtGui/QUndoStack>
#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QSignalSpy>
#include <QtTest/QtTest>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTableView>

using namespace lethe;
using namespace lethe::test;

class TestRunsPage : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<FormsBench> m_bench;
    std::unique_ptr<RunsPage> m_page;

    RunId addRun(const std::string &name, const std::string &method, RunStatus status, double learningRate)
    {
        NewRun fresh;
        fresh.name = name;
        fresh.method = method;
        fresh.model = "/models/tiny";
        fresh.specJson = "{\"name\": \"" + name + "\"}";
        fresh.learningRate = learningRate;
        fresh.plannedSteps = 40;
        fresh.provenance.letheVersion = "0.0-test";
        const auto run = m_bench->store->createRun(fresh);
        if (!run.ok())
            qFatal("%s", run.error().message().c_str());
        m_bench->store->appendEvaluation(*run, {.step = 0, .seconds = 0, .subset = false,
                                                .metrics = {{"forget_exact_match", 0.96, {}}, {"retain_exact_match", 0.97, {}}}, .samples = {}});
        m_bench->store->appendEvent(*run, {.step = 3, .kind = "warning", .text = "step skipped"});
        RunSummary summary;
        summary.runId = *run;
        summary.status = status;
        summary.steps = 40;
        summary.seconds = 41;
        summary.finalMetrics = {{"forget_exact_match", 0.04, {}}, {"retain_exact_match", 0.95, {}}};
        m_bench->store->finishRun(summary);
        return *run;
    }
    /// A run that began from the result of \p from, as a session records it.
    RunId addChild(const std::string &name, RunId from, double learningRate)
    {
        NewRun fresh;
        fresh.name = name;
        fresh.method = "npo";
        fresh.model = "/runs/" + std::to_string(from);
        fresh.specJson = "{\"name\": \"" + name + "\"}";
        fresh.learningRate = learningRate;
        fresh.plannedSteps = 40;
        fresh.modelRun = from;
        const auto run = m_bench->store->createRun(fresh);
        if (!run.ok())
            qFatal("%s", run.error().message().c_str());
        return *run;
    }
    /// The names as they stand, each indented by its depth.
    QStringList tree() const
    {
        QStringList names;
        for (int row = 0; row < table()->model()->rowCount(); ++row) {
            const QModelIndex name = table()->model()->index(row, RunTableModel::Name);
            names << QString(name.data(RunFilterModel::kDepthRole).toInt(), u'>') + name.data().toString();
        }
        return names;
    }
    void sortBy(RunTableModel::Column column, Qt::SortOrder order) { table()->sortByColumn(column, order); }
    void fill()
    {
        addRun("ga", "ga", RunStatus::Failed, 1e-4);
        addRun("npo low", "npo", RunStatus::Done, 1e-5);
        addRun("npo high", "npo", RunStatus::Stopped, 2e-5);
        const auto kept = m_bench->store->flush();
        QVERIFY2(kept.ok(), kept.ok() ? "" : kept.error().message().c_str());
    }
    void openPage()
    {
        m_page = std::make_unique<RunsPage>(*m_bench->workspace, m_bench->dialogs);
        m_page->resize(1200, 700);
        m_page->show();
        m_page->activate();
    }
    QTableView *table() const { return m_page->findChild<QTableView *>(QStringLiteral("runTable")); }
    QAction *action(const char *name) const { return m_page->findChild<QAction *>(QLatin1String(name)); }
    QModelIndex cell(const QString &name, int column) const
    {
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            if (table()->model()->index(row, RunTableModel::Name).data().toString() == name)
                return table()->model()->index(row, column);
        return {};
    }
    /// Opens the menu of a button and chooses what is called \p text; a question on the way is answered with \p answer.
    void chooseIn(const char *button, const QString &text, const QString &answer = {})
    {
        m_bench->dialogs.text = answer.isEmpty() ? std::nullopt : std::optional(answer);
        auto *opener = m_page->findChild<QPushButton *>(QLatin1String(button));
        QVERIFY2(opener != nullptr && opener->menu() != nullptr, button);
        Q_EMIT opener->menu()->aboutToShow();
        for (QAction *each : opener->menu()->actions())
            if (each->text() == text) {
                each->trigger();
                return;
            }
        QFAIL(qPrintable(QStringLiteral("%1 is not in the menu of %2").arg(text, QLatin1String(button))));
    }
    void select(const QString &name) { table()->selectRow(cell(name, 0).row()); }

private Q_SLOTS:
    void init() { m_bench = std::make_unique<FormsBench>(); }
    void cleanup()
    {
        m_page.reset();
        m_bench.reset();
    }

    void theModelKeepsItsPromises()
    {
        RunTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto rows = [](std::initializer_list<RunId> ids) {
            std::vector<RunRow> made;
            for (const RunId id : ids) {
                RunRow row;
                row.id = id;
                row.name = "run " + std::to_string(id);
                row.color = "#0072B2";
                made.push_back(row);
            }
            return made;
        };
        model.setRuns(rows({3, 2, 1}));
        const QPersistentModelIndex held = model.index(1, RunTableModel::Name);
        model.setRuns(rows({6, 5, 3, 2, 1}));
        QCOMPARE(held.row(), 3);
        model.setRuns(rows({6, 4, 2}));
        QCOMPARE(held.row(), 2);
        QCOMPARE(held.data().toString(), QStringLiteral("run 2"));
        model.setRuns(rows({2, 4, 6})); // another order
        QCOMPARE(model.runs().front().id, RunId(2));
        auto changed = rows({2, 4, 6});
        changed[1].note = "new";
        QSignalSpy told(&model, &RunTableModel::dataChanged);
        model.setRuns(changed);
        QCOMPARE(told.count(), 1);
        model.apply({.run = 4, .field = RunEdit::Field::Bin, .before = false, .after = true});
        QCOMPARE(model.rowCount(), 2);
        QVERIFY(!model.setData(model.index(0, RunTableModel::Name), QStringLiteral("  "))); // no run without a name
        QVERIFY(!model.setData(model.index(0, RunTableModel::Method), QStringLiteral("ga")));
        model.setRuns({});
        QCOMPARE(model.rowCount(), 0);
    }

    void anEmptyStoreOffersTheDemo()
    {
        openPage();
        auto *demo = m_page->findChild<QPushButton *>(QStringLiteral("runsDemo"));
        QVERIFY(demo != nullptr);
        QTRY_VERIFY(demo->isVisible());
        grab(*m_page, QStringLiteral("runs-empty"));
    }

    void aRunShowsWhatItReached()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        QCOMPARE(cell("npo low", RunTableModel::Status).data().toString(), QStringLiteral("done"));
        const QString forget = cell("npo low", RunTableModel::Forget).data().toString();
        QVERIFY2(forget.contains(u'→'), qPrintable(forget));
        QCOMPARE(cell("npo low", RunTableModel::Model).data().toString(), QStringLiteral("tiny"));
        select("npo low");
        auto *spec = m_page->findChild<QPlainTextEdit *>(QStringLiteral("runSpec"));
        QTRY_VERIFY(spec->toPlainText().contains(QLatin1String("npo low")));
        QVERIFY(m_page->findChild<QPlainTextEdit *>(QStringLiteral("runEvents"))->toPlainText().contains(QLatin1String("step skipped")));
        QVERIFY(m_page->findChild<QPlainTextEdit *>(QStringLiteral("runProvenance"))->toPlainText().contains(QLatin1String("0.0-test")));
        QVERIFY(!action("actionRunsResume")->isEnabled());
        select("npo high");
        QVERIFY(action("actionRunsResume")->isEnabled());
        select("npo low");
        grab(*m_page, QStringLiteral("runs"));
    }

    void aFamilyIsATree()
    {
        const RunId a = addRun("a", "npo", RunStatus::Done, 3e-5);
        const RunId b = addRun("b", "npo", RunStatus::Done, 2e-5);
        const RunId first = addChild("a1", a, 1e-5);
        addChild("a2", a, 9e-5);
        addChild("a1x", first, 5e-5);
        addChild("b1", b, 4e-5);
        addRun("c", "ga", RunStatus::Done, 6e-5);
        QVERIFY(m_bench->store->flush().ok());
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 7);
        sortBy(RunTableModel::LearningRate, Qt::AscendingOrder);
        // a family stands where its first member would: a1 (1e-5), b (2e-5), c
        QCOMPARE(tree(), (QStringList{"a", ">a1", ">>a1x", ">a2", "b", ">b1", "c"}));
        sortBy(RunTableModel::LearningRate, Qt::DescendingOrder); // a2 (9e-5), c (6e-5), b1 (4e-5); children beneath still
        QCOMPARE(tree(), (QStringList{"a", ">a2", ">a1", ">>a1x", "c", "b", ">b1"}));
        sortBy(RunTableModel::Created, Qt::DescendingOrder);
        QCOMPARE(tree().front(), QStringLiteral("c"));
        QVERIFY(cell("a1", RunTableModel::Name).data(Qt::ToolTipRole).toString().contains(QStringLiteral("result of run %1").arg(a)));
        sortBy(RunTableModel::LearningRate, Qt::AscendingOrder);
        select("a1");
        grab(*m_page, QStringLiteral("runs-lineage"));

        // A filter leaves what matches; what is left hangs on its nearest ancestor.
        auto *query = m_page->findChild<QLineEdit *>(QStringLiteral("runsFilter"));
        query->setText(QStringLiteral("lr>2.5e-5"));
        QCOMPARE(tree(), (QStringList{"a", ">a1x", ">a2", "b1", "c"}));
        QCOMPARE(m_page->findChild<QLabel *>(QStringLiteral("runsCount"))->text().section(u' ', 0, 2), QStringLiteral("5 of 7"));
        query->clear();
        QCOMPARE(tree().size(), 7);

        // A list again, in the order of the column alone; the choice is kept.
        m_page->findChild<QPushButton *>(QStringLiteral("runsLineage"))->click();
        QCOMPARE(tree(), (QStringList{"a1", "b", "a", "b1", "a1x", "c", "a2"}));
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 7);
        QVERIFY(!action("actionRunsLineage")->isChecked());
        action("actionRunsLineage")->trigger();
        QVERIFY(m_page->findChild<QPushButton *>(QStringLiteral("runsLineage"))->isChecked());
        QCOMPARE(tree().mid(0, 3), (QStringList{"a", ">a1", ">>a1x"}));
    }

    void aFamilyFoldsByKeyAndByClick()
    {
        const RunId a = addRun("a", "npo", RunStatus::Done, 1e-5);
        const RunId child = addChild("a1", a, 2e-5);
        addChild("a1x", child, 3e-5);
        addRun("b", "ga", RunStatus::Done, 4e-5);
        QVERIFY(m_bench->store->flush().ok());
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 4);
        sortBy(RunTableModel::LearningRate, Qt::AscendingOrder);
        m_page->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_page.get()));
        table()->setFocus();
        table()->setCurrentIndex(cell("a1x", RunTableModel::Name));
        const auto current = [this] { return table()->currentIndex().siblingAtColumn(RunTableModel::Name).data().toString(); };
        QTest::keyClick(table(), Qt::Key_Left); // nothing beneath: to what it began from
        QCOMPARE(current(), QStringLiteral("a1"));
        QTest::keyClick(table(), Qt::Key_Left);
        QCOMPARE(tree(), (QStringList{"a", ">a1", "b"}));
        QTest::keyClick(table(), Qt::Key_Left);
        QCOMPARE(current(), QStringLiteral("a"));
        QTest::keyClick(table(), Qt::Key_Left);
        QCOMPARE(tree(), (QStringList{"a", "b"}));
        QTest::keyClick(table(), Qt::Key_Down);
        QCOMPARE(current(), QStringLiteral("b"));
        QTest::keyClick(table(), Qt::Key_Up);
        QTest::keyClick(table(), Qt::Key_Right);
        QCOMPARE(tree(), (QStringList{"a", ">a1", "b"})); // a1 is folded still
        QTest::keyClick(table(), Qt::Key_Right);
        QCOMPARE(current(), QStringLiteral("a1"));
        QTest::keyClick(table(), Qt::Key_Right);
        QCOMPARE(tree().size(), 4);
        const QRect name = table()->visualRect(cell("a", RunTableModel::Name));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {}, QPoint(name.left() + Theme::space(3), name.center().y()));
        QCOMPARE(tree(), (QStringList{"a", "b"}));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {}, QPoint(name.left() + Theme::space(3), name.center().y()));
        QCOMPARE(tree().size(), 4);
    }

    void aRunThatBeginsFromAnotherTakesItsPlace()
    {
        const RunId a = addRun("a", "npo", RunStatus::Done, 1e-5);
        addRun("b", "ga", RunStatus::Done, 2e-5);
        QVERIFY(m_bench->store->flush().ok());
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 2);
        sortBy(RunTableModel::LearningRate, Qt::AscendingOrder);
        select("b");
        const RunId child = addChild("a1", a, 9e-5);
        QVERIFY(m_bench->store->flush().ok());
        m_page->activate();
        QTRY_COMPARE(tree(), (QStringList{"a", ">a1", "b"}));
        QCOMPARE(table()->selectionModel()->selectedRows().size(), 1);
        QCOMPARE(table()->currentIndex().siblingAtColumn(RunTableModel::Name).data().toString(), QStringLiteral("b"));
        // What it began from in the bin: a root of its own.
        QVERIFY(m_bench->store->setDeleted(a, true).ok());
        m_page->activate();
        QTRY_COMPARE(tree(), (QStringList{"b", "a1"}));
        QVERIFY(m_bench->store->run(child)->modelRun == a);
    }

    void aLineageOfStrangeRowsHasAnEnd()
    {
        const auto run = [](RunId id, std::optional<RunId> from) {
            RunRow row;
            row.id = id;
            row.modelRun = from;
            return row;
        };
        // a run from itself, one from the future, one from a run that is not there
        const std::vector<RunRow> rows{run(1, 1), run(2, 3), run(3, 2), run(4, 99), run(5, 3)};
        const RunLineage lineage(rows, [](int) { return true; });
        QVERIFY(lineage.any());
        QCOMPARE(lineage.parent(0), -1);
        QCOMPARE(lineage.parent(1), -1);
        QCOMPARE(lineage.parent(2), 1);
        QCOMPARE(lineage.parent(3), -1);
        QCOMPARE(lineage.path(4), (std::vector<int>{1, 2, 4}));
        QCOMPARE(RunLineage(rows, [](int row) { return row != 2; }).path(4), (std::vector<int>{1, 4}));
    }

    void aMistypedQueryLeavesTheResults()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        auto *query = m_page->findChild<QLineEdit *>(QStringLiteral("runsFilter"));
        query->setText(QStringLiteral("method:npo lr<2e-5"));
        QCOMPARE(table()->model()->rowCount(), 1);
        query->setText(QStringLiteral("method:npo lr<2e-"));
        QCOMPARE(table()->model()->rowCount(), 1);
        QVERIFY(query->property("invalid").toBool());
        QVERIFY(m_page->findChild<QLabel *>(QStringLiteral("runsProblem"))->isVisible());
        query->clear();
        QVERIFY(!query->property("invalid").toBool());
        QCOMPARE(table()->model()->rowCount(), 3);
    }

    void anEditIsStoredAndUndone()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        const RunId run = m_bench->store->runs()->at(2).id;
        QVERIFY(table()->model()->setData(cell("ga", RunTableModel::Name), QStringLiteral("first try")));
        QCOMPARE(m_bench->store->run(run)->name, std::string("first try"));
        QVERIFY(cell("first try", 0).isValid());
        QVERIFY(table()->model()->setData(cell("first try", RunTableModel::Tags), QStringLiteral("paper,  old , paper")));
        QCOMPARE(m_bench->store->run(run)->tags, (std::vector<std::string>{"paper", "old"}));
        select("first try");
        action("actionRunsStar")->trigger();
        QVERIFY(m_bench->store->run(run)->starred);
        while (m_page->undoStack()->canUndo())
            m_page->undoStack()->undo();
        const auto row = m_bench->store->run(run);
        QVERIFY(row.ok());
        QCOMPARE(row->name, std::string("ga"));
        QVERIFY(row->tags.empty());
        QVERIFY(!row->starred);
        QVERIFY(cell("ga", 0).isValid());
        m_page->undoStack()->redo();
        QCOMPARE(m_bench->store->run(run)->name, std::string("first try"));
    }

    void aDeletedRunComesBack()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        const RunId run = m_bench->store->runs()->front().id;
        for (std::int64_t step = 1; step <= 40; ++step)
            m_bench->store->appendStep(run, {.step = step, .loss = 1.0 / static_cast<double>(step), .tokens = 10});
        EvaluationRecord answered{.step = 40, .seconds = 0, .subset = false, .metrics = {{"forget_exact_match", 0.04, {}}}, .samples = {}};
        answered.samples.push_back({.set = "forget", .row = 0, .prompt = "Who?", .reference = "Mira.", .text = "Nobody."});
        m_bench->store->appendEvaluation(run, answered);
        QVERIFY(m_bench->store->setTags(run, {"paper"}).ok());
        QVERIFY(m_bench->store->flush().ok());
        const auto before = m_bench->store->exportRun(run);
        QVERIFY(before.ok());

        table()->selectAll();
        action("actionRunsDelete")->trigger();
        QCOMPARE(table()->model()->rowCount(), 0);
        QVERIFY(m_bench->store->runs()->empty());
        m_page->undoStack()->undo();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        QCOMPARE(m_bench->store->runs()->size(), std::size_t(3));
        // curves, answers and tags: the whole document of the run is what it was
        const auto withoutTime = [](const std::string &text) { // of the export itself
            static const QRegularExpression at(QStringLiteral("\"at\": \"[^\"]*\""));
            return QString::fromStdString(text).remove(at);
        };
        QCOMPARE(withoutTime(*m_bench->store->exportRun(run)), withoutTime(*before));
        QCOMPARE(m_bench->store->steps(run)->size(), std::size_t(40));
    }

    void theSelectionGoesToCompare()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        QSignalSpy asked(m_bench->workspace.get(), &Workspace::pageRequested);
        table()->selectAll();
        action("actionRunsCompare")->trigger();
        action("actionRunsCompare")->trigger(); // none twice
        QCOMPARE(m_bench->workspace->compared().size(), std::size_t(3));
        QCOMPARE(asked.last().first().toString(), QStringLiteral("pageCompare"));
        select("npo low");
        action("actionRunsShow")->trigger();
        QCOMPARE(asked.last().first().toString(), QStringLiteral("pageLive"));
    }

    void aSelectionOutlivesNewRuns()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        select("npo low");
        addRun("later", "ga", RunStatus::Done, 1e-4);
        QTRY_COMPARE_WITH_TIMEOUT(table()->model()->rowCount(), 4, 5000);
        QCOMPARE(table()->selectionModel()->selectedRows(RunTableModel::Name).value(0).data().toString(), QStringLiteral("npo low"));
    }

    void anExportIsReadBack()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        m_bench->dialogs.savePath = m_bench->path(QStringLiteral("out.json"));
        select("npo high");
        action("actionRunsExport")->trigger();
        QSignalSpy told(m_bench->workspace.get(), &Workspace::messagePosted);
        QTRY_COMPARE(told.count(), 1);
        QFile file(m_bench->dialogs.savePath);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto run = m_bench->store->importRun(file.readAll().toStdString());
        QVERIFY2(run.ok(), run.ok() ? "" : run.error().message().c_str());
    }

    void aNamedViewBringsColumnsOrderAndFilterBack()
    {
        fill();
        openPage();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        auto *query = m_page->findChild<QLineEdit *>(QStringLiteral("runsFilter"));
        QHeaderView *header = table()->horizontalHeader();
        header->moveSection(header->visualIndex(RunTableModel::Tags), 1);
        header->resizeSection(RunTableModel::Method, 177);
        table()->setColumnHidden(RunTableModel::Steps, true);
        table()->sortByColumn(RunTableModel::LearningRate, Qt::DescendingOrder);
        query->setText(QStringLiteral("method:npo"));
        chooseIn("runsViews", QStringLiteral("Save as view…"), QStringLiteral("paper & co"));

        QSignalSpy told(m_bench->workspace.get(), &Workspace::messagePosted);
        query->clear();
        chooseIn("runsColumns", QStringLiteral("Columns as they were first"));
        QVERIFY(!header->isSectionHidden(RunTableModel::Steps));
        QCOMPARE(table()->model()->rowCount(), 3);
        openPage(); // as after a restart
        query = m_page->findChild<QLineEdit *>(QStringLiteral("runsFilter"));
        header = table()->horizontalHeader();
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        chooseIn("runsViews", QStringLiteral("paper && co"));
        QCOMPARE(query->text(), QStringLiteral("method:npo"));
        QCOMPARE(table()->model()->rowCount(), 2);
        QCOMPARE(header->visualIndex(RunTableModel::Tags), 1);
        QCOMPARE(header->sectionSize(RunTableModel::Method), 177);
        QVERIFY(header->isSectionHidden(RunTableModel::Steps));
        QCOMPARE(header->sortIndicatorSection(), int(RunTableModel::LearningRate));
        QCOMPARE(table()->model()->index(0, RunTableModel::Name).data().toString(), QStringLiteral("npo high"));
    }

    void aHiddenColumnComesBackAsWideAsItWas()
    {
        fill();
        openPage();
        table()->horizontalHeader()->resizeSection(RunTableModel::Note, 333);
        chooseIn("runsColumns", QStringLiteral("Note"));
        QVERIFY(table()->isColumnHidden(RunTableModel::Note));
        openPage();
        QVERIFY(table()->isColumnHidden(RunTableModel::Note));
        chooseIn("runsColumns", QStringLiteral("Note"));
        QVERIFY(!table()->isColumnHidden(RunTableModel::Note));
        QCOMPARE(table()->columnWidth(RunTableModel::Note), 333);
    }

    void tenThousandRunsAppearAtOnce()
    {
        constexpr int kRuns = 10'000;
        for (int i = 0; i < kRuns; ++i) {
            NewRun fresh;
            fresh.name = "sweep " + std::to_string(i);
            fresh.method = i % 2 == 0 ? "npo" : "ga";
            fresh.model = "/models/tiny";
            fresh.specJson = "{}";
            fresh.learningRate = 1e-5 * (1 + i % 9);
            const auto run = m_bench->store->createRun(fresh);
            QVERIFY(run.ok());
            RunSummary summary;
            summary.runId = *run;
            summary.status = RunStatus::Done;
            summary.finalMetrics = {{"forget_exact_match", 0.04, {}}, {"retain_exact_match", 0.95, {}}};
            m_bench->store->finishRun(summary);
        }
        QVERIFY(m_bench->store->flush().ok());
        QElapsedTimer clock;
        clock.start();
        WorkClock work;
        openPage();
        double longest = 0;
        while (table()->model()->rowCount() < kRuns && clock.elapsed() < 60'000) {
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
            longest = std::max(longest, work.restart());
        }
        const qint64 took = clock.elapsed();
        QCOMPARE(table()->model()->rowCount(), kRuns);
        auto *query = m_page->findChild<QLineEdit *>(QStringLiteral("runsFilter"));
        work.restart();
        query->setText(QStringLiteral("method:npo lr<2e-5"));
        const double filtered = work.restart();
        QVERIFY(table()->model()->rowCount() > 0 && table()->model()->rowCount() < kRuns / 2);
        qInfo("10 000 runs: shown after %lld ms, longest work on the GUI thread %.0f ms, a filter %.0f ms", static_cast<long long>(took), longest, filtered);
        QVERIFY2(longest < 300 && filtered < 300, "milliseconds of processor time");
    }

    void columnsStayAsTheyWereLeft()
    {
        fill();
        openPage();
        QHeaderView *header = table()->horizontalHeader();
        header->moveSection(header->visualIndex(RunTableModel::Note), 2);
        table()->setColumnHidden(RunTableModel::Model, true);
        table()->sortByColumn(RunTableModel::LearningRate, Qt::AscendingOrder);
        header->resizeSection(RunTableModel::Name, 321);
        openPage();
        header = table()->horizontalHeader();
        QCOMPARE(header->visualIndex(RunTableModel::Note), 2);
        QVERIFY(header->isSectionHidden(RunTableModel::Model));
        QCOMPARE(header->sectionSize(RunTableModel::Name), 321);
        QCOMPARE(header->sortIndicatorSection(), int(RunTableModel::LearningRate));
        QTRY_COMPARE(table()->model()->rowCount(), 3);
        QCOMPARE(table()->model()->index(0, RunTableModel::Name).data().toString(), QStringLiteral("npo low"));
    }
};

QTEST_MAIN(TestRunsPage)
#include "tst_runs_page.moc"
