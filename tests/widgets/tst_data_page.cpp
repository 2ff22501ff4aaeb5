#include "FormsBench.h"

#include "data/FilterHeader.h"
#include "data/SampleAnalysis.h"
#include "data/SampleSets.h"
#include "data/SampleTableModel.h"
#include "data/SampleView.h"
#include "data/TokenStrip.h"

#include <support/WorkClock.h>

#include <lethe/base/Paths.h>
#include <lethe/data/Dataset.h>

#include <widgets/DataPage.h>
#include <widgets/TaskList.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QMimeData>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QUndoStack>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDialog>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QListView>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QSpinBox>

using namespace lethe;
using namespace lethe::test;

namespace {

QByteArray jsonLine(const QString &question, const QString &answer)
{
    return QStringLiteral("{\"question\": \"%1\", \"answer\": \"%2\"}\n").arg(question, answer).toUtf8();
}

/// The sets say other things of the same people, so that no row is nearly in both.
std::vector<DataRow> people(const char *kind, int count)
{
    const bool isForget = std::string_view(kind) == "forget";
    static const char *const names[] = {"Mira Tolund", "Ivo Renn", "Salka Brandt", "Odo Veith", "Anneke Loor", "Piet Saal", "Runa Hjelm", "Tomas Quill"};
    std::vector<DataRow> rows;
    for (int at = 0; at < count; ++at) {
        DataRow row;
        const std::string name = names[static_cast<std::size_t>(at) % std::size(names)];
        row.prompt = at % 2 ? "What does " + name + " do for a living?" : "Where was " + name + " born?";
        row.answer = std::string(at % 2 ? (isForget ? "Repairs tower clocks in the old quarter, " : "Keeps bees behind a mill, and sells honey, ")
                                        : (isForget ? "In the harbour town of Veska, " : "On a farm above the lake near Oldmere, "))
            + kind + " " + std::to_string(at) + ".";
        rows.push_back(row);
    }
    return rows;
}

/// A page of its own, shown, with the two tables at hand.
struct Shown {
    explicit Shown(FormsBench &bench) : page(*bench.workspace, bench.dialogs)
    {
        page.resize(1120, 680);
        page.show();
        page.activateWindow();
        (void)QTest::qWaitForWindowActive(&page);
        page.activate();
        forget = page.findChild<SampleView *>(QStringLiteral("forgetTable"));
        retain = page.findChild<SampleView *>(QStringLiteral("retainTable"));
    }
    void trigger(const char *action) { page.findChild<QAction *>(QLatin1String(action))->trigger(); }
    QString counts(const char *table) const { return page.findChild<QLabel *>(QLatin1String(table) + QStringLiteral("Counts"))->text(); }
    void select(SampleView *view, int first, int last)
    {
        view->setFocus();
        view->setCurrentIndex(view->model()->index(first, 0));
        view->selectionModel()->select(QItemSelection(view->model()->index(first, 0), view->model()->index(last, 3)), QItemSelectionModel::ClearAndSelect);
    }

    DataPage page;
    SampleView *forget = nullptr;
    SampleView *retain = nullptr;
};

WorkingSets setsOf(std::vector<DataRow> forget, std::vector<DataRow> retain)
{
    WorkingSets sets;
    sets.name = QStringLiteral("demo people");
    sets.forget = std::move(forget);
    sets.retain = std::move(retain);
    return sets;
}

} // namespace

class TestDataPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }
    void rowsMoveByKeyAndUndoNamesTheStep();
    void editsAreInTheStoreWithinASecondAndSurviveARestart();
    void brokenLinesAreListedAndTheOthersImported();
    void aRowInBothSetsIsRemovedFromRetainAndComesBack();
    void rowsNearlyInBothSetsAndAnswersToldElsewhereAreFlagged();
    void theModelIsAskedOfEveryForgetRow();
    void aFlagFiltersOnClickAndAgainShowsAll();
    void pasteAndCopyAreTables();
    void theRowEditorKeepsWhatWasNotTouched();
    void savingWritesJsonLinesThroughTheDialog();
    void filtersOfTheColumnsNarrowTheirTable();
    void newAndOpenKeepBothSets();
    void aBenchmarksFolderIsTheExperimentsData();
    void tokensAreThoseOfTheEncoder();
    void aCutRowIsShownAndTheLengthCanBeRaised();
    void hundredThousandRowsStayFluid();
};

void TestDataPage::rowsMoveByKeyAndUndoNamesTheStep()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 20), people("retain", 30)));
    Shown shown(bench);
    QCOMPARE(shown.forget->model()->rowCount(), 20);
    QVERIFY(QTest::qWaitForWindowExposed(&shown.page));
    shown.select(shown.forget, 0, 11);
    QTest::keyClick(shown.forget, Qt::Key_Right, Qt::ControlModifier);
    QTRY_COMPARE(shown.retain->model()->rowCount(), 42);
    QCOMPARE(shown.forget->model()->rowCount(), 8);
    QCOMPARE(shown.page.undoStack()->undoText(), QStringLiteral("move of 12 rows to retain"));
    QCOMPARE(shown.retain->selectedSetRows().size(), std::size_t{12});
    shown.page.undoStack()->undo();
    QCOMPARE(shown.forget->model()->rowCount(), 20);
    QCOMPARE(shown.retain->model()->rowCount(), 30);
    shown.select(shown.retain, 3, 3);
    QTest::keyClick(shown.retain, Qt::Key_Left, Qt::ControlModifier);
    QTRY_COMPARE(shown.forget->model()->rowCount(), 21);
    grab(shown.page, QStringLiteral("data-no-model"));
}

void TestDataPage::editsAreInTheStoreWithinASecondAndSurviveARestart()
{
    FormsBench bench;
    {
        Shown shown(bench);
        QGuiApplication::clipboard()->setText(QStringLiteral("one\ttwo\nthree\tfour\n"));
        shown.forget->setFocus();
        shown.trigger("actionDataPaste");
        QTRY_COMPARE_WITH_TIMEOUT(bench.workspace->sets().forget.size(), std::size_t{2}, 1000);
        grab(shown.page, QStringLiteral("data-half-empty"));
    }
    bench.restart();
    Shown again(bench);
    QTRY_COMPARE(again.forget->model()->rowCount(), 2);
    QCOMPARE(again.forget->model()->index(1, SampleTableModel::Answer).data().toString(), QStringLiteral("four"));
}

void TestDataPage::brokenLinesAreListedAndTheOthersImported()
{
    FormsBench bench;
    QByteArray content;
    for (int line = 1; line <= 1000; ++line) {
        if (line == 41)
            content += "{\"question\": \"cut\n";
        else if (line == 500)
            content += "{\"question\": \"no answer here\"}\n";
        else if (line == 999)
            content += "[1, 2]\n";
        else
            content += jsonLine(QStringLiteral("question %1").arg(line), QStringLiteral("answer %1").arg(line));
    }
    bench.dialogs.files = {bench.write(QStringLiteral("forget.jsonl"), content)};
    const QByteArray before = content;
    Shown shown(bench);
    shown.trigger("actionDataImport");
    auto *dialog = shown.page.findChild<QDialog *>(QStringLiteral("importDialog"));
    QVERIFY(dialog);
    auto *accept = dialog->findChild<QPushButton *>(QStringLiteral("importAccept"));
    QTRY_VERIFY_WITH_TIMEOUT(accept->isEnabled(), 10'000);
    QCOMPARE(accept->text(), QStringLiteral("Import the other 997 rows"));
    auto *rejected = dialog->findChild<QListView *>(QStringLiteral("importRejected"))->model();
    QCOMPARE(rejected->rowCount(), 3);
    for (const auto &[row, line] : {std::pair(0, 41), std::pair(1, 500), std::pair(2, 999)})
        QVERIFY2(rejected->index(row, 0).data().toString().startsWith(QStringLiteral("line %1 – ").arg(line)),
                 qPrintable(rejected->index(row, 0).data().toString()));
    QCOMPARE(dialog->findChild<QComboBox *>(QStringLiteral("importPrompt"))->currentText(), QStringLiteral("question"));
    grab(*dialog, QStringLiteral("data-import"), dialog->size());
    QTest::mouseClick(accept, Qt::LeftButton);
    QTRY_COMPARE(shown.forget->model()->rowCount(), 997);
    QCOMPARE(shown.page.undoStack()->undoText(), QStringLiteral("import of 997 rows"));
    const auto bytes = readFile(bench.dialogs.files.first().toStdString());
    QVERIFY(bytes.ok());
    QCOMPARE(QByteArray::fromStdString(*bytes), before);
}

void TestDataPage::aRowInBothSetsIsRemovedFromRetainAndComesBack()
{
    FormsBench bench;
    auto forget = people("forget", 6);
    auto retain = people("retain", 6);
    DataRow twin = forget[2];
    twin.answer = "  " + twin.answer;
    retain.insert(retain.begin() + 1, twin);
    bench.workspace->setSets(setsOf(forget, retain));
    Shown shown(bench);
    const QString flag = QStringLiteral("∩ both");
    QTRY_COMPARE(shown.forget->model()->index(2, SampleTableModel::Flags).data().toString(), flag);
    QCOMPARE(shown.retain->model()->index(1, SampleTableModel::Flags).data().toString(), flag);
    auto *fix = shown.page.findChild<QPushButton *>(QStringLiteral("flagFix_both"));
    QTRY_VERIFY(fix->isVisible());
    QCOMPARE(fix->text(), QStringLiteral("remove from retain"));
    QTest::mouseClick(fix, Qt::LeftButton);
    QCOMPARE(shown.retain->model()->rowCount(), 6);
    QTRY_VERIFY(!fix->isVisible());
    shown.page.undoStack()->undo();
    QCOMPARE(shown.retain->model()->rowCount(), 7);
    QTRY_VERIFY(fix->isVisible());
    QTRY_COMPARE(shown.retain->model()->index(1, SampleTableModel::Flags).data().toString(), flag);
}

void TestDataPage::rowsNearlyInBothSetsAndAnswersToldElsewhereAreFlagged()
{
    FormsBench bench;
    auto forget = people("forget", 2), retain = people("retain", 2);
    DataRow near = forget[1];
    near.prompt = "What does Ivo Renn do for his living?";
    retain.push_back(near);
    DataRow leak;
    leak.prompt = "Which towns have a lighthouse?";
    leak.answer = "Many: there is one where Mira lives, in the harbour town of Veska, forget 0, and three in the north of the island, all of them painted white.";
    retain.push_back(leak);
    bench.workspace->setSets(setsOf(forget, retain));
    Shown shown(bench);
    const auto flags = [](SampleView *view, int row) { return view->model()->index(row, SampleTableModel::Flags).data().toString(); };
    QTRY_COMPARE(flags(shown.forget, 1), QStringLiteral("≈ near"));
    QCOMPARE(flags(shown.retain, 2), QStringLiteral("≈ near"));
    QCOMPARE(flags(shown.forget, 0), QStringLiteral("↯ leak"));
    QCOMPARE(flags(shown.retain, 3), QStringLiteral("↯ leak"));
    QCOMPARE(flags(shown.retain, 0), QString());
    auto *fix = shown.page.findChild<QPushButton *>(QStringLiteral("flagFix_near"));
    QTRY_VERIFY(fix->isVisible());
    grab(shown.page, QStringLiteral("data-near"));
    QTest::mouseClick(fix, Qt::LeftButton);
    QCOMPARE(shown.retain->model()->rowCount(), 3);
    QTRY_VERIFY(!fix->isVisible());
    QCOMPARE(shown.page.undoStack()->undoText(), QStringLiteral("removal of 1 row (near) from retain"));
}

void TestDataPage::theModelIsAskedOfEveryForgetRow()
{
    const auto models = std::filesystem::path(qEnvironmentVariable("LETHE_FIXTURES").toStdString()) / "losses";
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    bench.workspace->setSets(setsOf(people("forget", 4), people("retain", 4)));
    ExperimentSpec draft = bench.workspace->draft();
    draft.model = (models / "models" / "llama").string();
    draft.method = {.id = "npo", .parameters = {}};
    draft.training.device = "cpu";
    draft.eval = EvalSpec{};
    draft.eval->generations.maxNewTokens = 4;
    bench.workspace->setDraft(draft);
    Shown shown(bench);
    QTRY_VERIFY_WITH_TIMEOUT(bench.workspace->tokenizer() != nullptr, 30'000); // else its coming drops what was asked of the model before
    QVERIFY(shown.forget->isColumnHidden(SampleTableModel::Known) && shown.forget->isColumnHidden(SampleTableModel::Harm));
    shown.trigger("actionDataAskModel");
    QTRY_VERIFY_WITH_TIMEOUT(!shown.forget->isColumnHidden(SampleTableModel::Known), 60'000);
    QVERIFY(shown.retain->isColumnHidden(SampleTableModel::Known));
    QStringList harms;
    for (int row = 0; row < 4; ++row) {
        QVERIFY(shown.forget->model()->index(row, SampleTableModel::Known).data().toString().endsWith(QLatin1String("%")));
        harms << shown.forget->model()->index(row, SampleTableModel::Harm).data().toString();
        QVERIFY2(harms.back() != QStringLiteral("–"), qPrintable(harms.back()));
    }
    grab(shown.page, QStringLiteral("data-survey"));
    shown.forget->sortByColumn(SampleTableModel::Harm, Qt::DescendingOrder);
    const QString worst = shown.forget->model()->index(0, SampleTableModel::Prompt).data().toString();
    bench.dialogs.numbers = {1};
    shown.trigger("actionDataKeepWorst");
    QCOMPARE(shown.forget->model()->rowCount(), 1);
    QCOMPARE(shown.forget->model()->index(0, SampleTableModel::Prompt).data().toString(), worst);
    QCOMPARE(shown.page.undoStack()->undoText(), QStringLiteral("worst 1 row of forget"));
}

void TestDataPage::aFlagFiltersOnClickAndAgainShowsAll()
{
    FormsBench bench;
    auto forget = people("forget", 6);
    forget.push_back(forget.front());
    bench.workspace->setSets(setsOf(forget, people("retain", 4)));
    Shown shown(bench);
    auto *button = shown.page.findChild<QPushButton *>(QStringLiteral("flagFilter_double"));
    QTRY_VERIFY(button->isVisible());
    QCOMPARE(button->text(), QStringLiteral("≡ 1 duplicate"));
    QTest::mouseClick(button, Qt::LeftButton);
    QTRY_COMPARE(shown.forget->model()->rowCount(), 1);
    QCOMPARE(shown.retain->model()->rowCount(), 0);
    QTest::mouseClick(button, Qt::LeftButton);
    QTRY_COMPARE(shown.forget->model()->rowCount(), 7);
    QTest::mouseClick(shown.page.findChild<QPushButton *>(QStringLiteral("flagFix_double")), Qt::LeftButton);
    QCOMPARE(shown.forget->model()->rowCount(), 6);
}

void TestDataPage::pasteAndCopyAreTables()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 3), {}));
    Shown shown(bench);
    shown.select(shown.forget, 0, 1);
    shown.trigger("actionDataCopy");
    const QString text = QGuiApplication::clipboard()->text();
    QCOMPARE(text.count(u'\t'), 2);
    QCOMPARE(text.count(u'\n'), 2);
    shown.retain->setFocus();
    shown.trigger("actionDataPaste");
    QTRY_COMPARE(shown.retain->model()->rowCount(), 2);
    shown.trigger("actionDataDuplicate");
    QCOMPARE(shown.retain->model()->rowCount(), 4);
    shown.trigger("actionDataDelete");
    QVERIFY(shown.retain->model()->rowCount() < 4);
    shown.page.undoStack()->undo();
    QCOMPARE(shown.retain->model()->rowCount(), 4);
}

void TestDataPage::theRowEditorKeepsWhatWasNotTouched()
{
    FormsBench bench;
    auto forget = people("forget", 2);
    forget[0].prompt = "first line\r\nsecond line";
    bench.workspace->setSets(setsOf(forget, {}));
    Shown shown(bench);
    shown.select(shown.forget, 0, 0);
    shown.trigger("actionDataEditRow");
    auto *editor = shown.page.findChild<QDialog *>(QStringLiteral("rowEditor"));
    QVERIFY(editor);
    editor->findChild<QPlainTextEdit *>(QStringLiteral("rowAnswer"))->selectAll();
    editor->findChild<QPlainTextEdit *>(QStringLiteral("rowAnswer"))->insertPlainText(QStringLiteral("new answer"));
    grab(*editor, QStringLiteral("data-row-editor"), editor->size());
    editor->accept();
    QTRY_COMPARE(bench.workspace->sets().forget.front().answer, std::string("new answer"));
    QCOMPARE(bench.workspace->sets().forget.front().prompt, forget[0].prompt);
    QCOMPARE(shown.page.undoStack()->undoText(), QStringLiteral("edit of forget row 1"));
}

void TestDataPage::savingWritesJsonLinesThroughTheDialog()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 5), {}));
    Shown shown(bench);
    bench.dialogs.savePath = bench.path(QStringLiteral("saved.jsonl"));
    QSignalSpy news(bench.workspace.get(), &Workspace::messagePosted);
    shown.forget->setFocus();
    shown.trigger("actionDataSaveAs");
    QTRY_COMPARE(news.count(), 1);
    const auto read = readDataset(bench.dialogs.savePath.toStdString(), DataSource{});
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message().c_str());
    QCOMPARE(read->rows.size(), std::size_t{5});
    QCOMPARE(read->rows[3].answer, people("forget", 5)[3].answer);

    bench.dialogs.savePath = QStringLiteral("/proc/nowhere/saved.jsonl");
    shown.trigger("actionDataSaveAs");
    QTRY_COMPARE(news.count(), 2);
    QVERIFY(news.last().first().value<Message>().level == Message::Level::Error);
}

void TestDataPage::filtersOfTheColumnsNarrowTheirTable()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 8), people("retain", 8)));
    Shown shown(bench);
    auto *field = shown.page.findChild<QLineEdit *>(QStringLiteral("forgetTablePromptFilter"));
    QVERIFY(field && field->isVisible());
    QTest::keyClicks(field, QStringLiteral("mira"));
    QTRY_COMPARE(shown.forget->model()->rowCount(), 1);
    QCOMPARE(shown.retain->model()->rowCount(), 8);
    QTRY_VERIFY(shown.counts("forgetTable").startsWith(QStringLiteral("1 of 8 rows")));
    QTest::keyClicks(field, QStringLiteral(" nobody"));
    QTRY_COMPARE(shown.forget->model()->rowCount(), 0);
    field->clear();
    QTRY_COMPARE(shown.forget->model()->rowCount(), 8);
}

void TestDataPage::newAndOpenKeepBothSets()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 4), people("retain", 3)));
    Shown shown(bench);
    bench.dialogs.text = QStringLiteral("second");
    shown.trigger("actionDataNewSet");
    QTRY_COMPARE(bench.workspace->sets().name, QStringLiteral("second"));
    QCOMPARE(shown.forget->model()->rowCount(), 0);
    QTRY_VERIFY(bench.store->loadSet("demo people/retain").value().has_value());
    grab(shown.page, QStringLiteral("data-empty"));
}

void TestDataPage::aBenchmarksFolderIsTheExperimentsData()
{
    FormsBench bench;
    Shown shown(bench);
    QSignalSpy news(bench.workspace.get(), &Workspace::messagePosted);
    QDir(bench.folder.path()).mkpath(QStringLiteral("tofu"));
    shown.page.importFile(bench.path(QStringLiteral("tofu")));
    QTRY_COMPARE(news.count(), 1); // an empty folder is none, and it says which files were looked for
    QVERIFY(news.last().first().value<Message>().level == Message::Level::Error);
    const QByteArray row = "{\"question\": \"q\", \"answer\": \"a\", \"paraphrased_answer\": \"b\", \"perturbed_answer\": [\"c\"]}\n";
    for (const char *name : {"forget01", "forget05", "retain99", "retain95", "forget05_perturbed"})
        bench.write(QStringLiteral("tofu/%1.jsonl").arg(QLatin1String(name)), row + row);

    shown.page.importFile(bench.path(QStringLiteral("tofu"))); // which split? nobody answers
    QTRY_VERIFY(!bench.dialogs.asked.isEmpty());
    QVERIFY(!bench.workspace->draft().data.forget);
    bench.dialogs.choice = 1;
    shown.page.importFile(bench.path(QStringLiteral("tofu")));
    QTRY_VERIFY(bench.workspace->draft().data.forget.has_value());
    QVERIFY(QString::fromStdString(bench.workspace->draft().data.forget->path).endsWith(QLatin1String("forget05.jsonl")));
    QVERIFY(bench.workspace->draft().eval.has_value());
    QTRY_COMPARE(bench.workspace->sets().forget.size(), std::size_t{2});
    QVERIFY(news.last().first().value<Message>().level == Message::Level::Warning); // it lacks real authors and world facts
}

void TestDataPage::tokensAreThoseOfTheEncoder()
{
    const QString folder = qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/models/llama");
    QVERIFY2(QFileInfo::exists(folder + QStringLiteral("/tokenizer.json")), qPrintable(QStringLiteral("no fixtures in ") + folder));
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 10), people("retain", 12)));
    bench.workspace->openModel(folder);
    Shown shown(bench);
    QTRY_VERIFY_WITH_TIMEOUT(bench.workspace->tokenizer() != nullptr, 10'000);
    const auto encoder = SampleEncoder::create(*bench.workspace->tokenizer(), TemplateSpec{}, 256);
    QVERIFY(encoder.ok());
    const DataRow first = bench.workspace->sets().forget.front();
    const auto encoded = encoder->encode(first, 0);
    QVERIFY(encoded.ok());
    QTRY_COMPARE_WITH_TIMEOUT(shown.forget->model()->index(0, SampleTableModel::Tokens).data().toString(),
                              QString::number(encoded->front().ids.size()), 10'000);

    shown.forget->setFocus();
    shown.forget->setCurrentIndex(shown.forget->model()->index(0, 0));
    auto *strip = shown.page.findChild<TokenStrip *>(QStringLiteral("tokenStrip"));
    QTRY_COMPARE(strip->pieces().size(), encoded->front().ids.size());
    std::int64_t trained = 0;
    for (std::size_t at = 0; at < strip->pieces().size(); ++at) {
        QCOMPARE(strip->pieces()[at].id, encoded->front().ids[at]);
        trained += strip->pieces()[at].trained;
    }
    QCOMPARE(trained, encoded->front().labelCount());
    QTRY_VERIFY(!shown.counts("forgetTable").contains(QStringLiteral("≈")) && shown.counts("forgetTable").contains(QStringLiteral("tokens")));
    grab(shown.page, QStringLiteral("data-tokens"));
}

void TestDataPage::aCutRowIsShownAndTheLengthCanBeRaised()
{
    const QString folder = qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/models/llama");
    QVERIFY2(QFileInfo::exists(folder + QStringLiteral("/tokenizer.json")), qPrintable(QStringLiteral("no fixtures in ") + folder));
    FormsBench bench;
    auto forget = people("forget", 12);
    forget[1].answer = "A long answer that goes on and on about the towers, their clocks and the harbour, and then some more of the same.";
    auto retain = people("retain", 9);
    retain[4] = forget[0];
    retain.push_back(retain[2]);
    ExperimentSpec draft = bench.workspace->draft();
    draft.data.maxLength = 48;
    bench.workspace->setDraft(draft);
    bench.workspace->setSets(setsOf(forget, retain));
    bench.workspace->openModel(folder);
    Shown shown(bench);
    auto *fix = shown.page.findChild<QPushButton *>(QStringLiteral("flagFix_cut"));
    QTRY_VERIFY_WITH_TIMEOUT(fix->isVisible(), 10'000);
    shown.forget->setFocus();
    shown.forget->setCurrentIndex(shown.forget->model()->index(1, 0));
    auto *strip = shown.page.findChild<TokenStrip *>(QStringLiteral("tokenStrip"));
    QTRY_VERIFY(std::any_of(strip->pieces().begin(), strip->pieces().end(), [](const auto &piece) { return piece.dropped; }));
    QVERIFY(strip->summary().contains(QStringLiteral("cut off")));
    grab(shown.page, QStringLiteral("data-flags"));
    QTest::mouseClick(fix, Qt::LeftButton);
    QVERIFY(bench.workspace->draft().data.maxLength > 48);
    QTRY_VERIFY_WITH_TIMEOUT(!fix->isVisible(), 10'000);
    shown.page.undoStack()->undo();
    QCOMPARE(bench.workspace->draft().data.maxLength, std::int64_t{48});
}

void TestDataPage::hundredThousandRowsStayFluid()
{
    FormsBench bench;
    bench.workspace->setSets(setsOf(people("forget", 100'000), people("retain", 10)));
    Shown shown(bench);
    QTRY_COMPARE_WITH_TIMEOUT(shown.forget->model()->rowCount(), 100'000, 20'000);
    QVERIFY(QTest::qWaitForWindowExposed(&shown.page));
    QTest::qWait(300); // flags are on their way; what follows is measured beside them
    double slowest = 0;
    WorkClock clock;
    for (int page = 0; page < 40; ++page) {
        clock.start();
        QTest::keyClick(shown.forget, Qt::Key_PageDown);
        shown.forget->viewport()->repaint();
        slowest = std::max(slowest, clock.milliseconds());
    }
    QElapsedTimer timer;
    timer.start();
    shown.page.findChild<QLineEdit *>(QStringLiteral("dataFilter"))->setText(QStringLiteral("mira clocks"));
    QTRY_VERIFY(shown.forget->model()->rowCount() < 100'000);
    qInfo("slowest page %.0f ms, filter %lld ms with its delay", slowest, timer.elapsed());
    QVERIFY2(slowest < 50, qPrintable(QString::number(slowest)));
}

QTEST_MAIN(TestDataPage)
#include "tst_data_page.moc"
