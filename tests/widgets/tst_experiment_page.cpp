#include "FormsBench.h"

#include "experiment/CompareMethodsDialog.h"
#include "experiment/Forecast.h"
#include "experiment/ForecastPanel.h"
#include "experiment/FormField.h"
#include "experiment/FormulaText.h"
#include "experiment/JsonPath.h"
#include "experiment/MethodPicker.h"
#include "experiment/PublishedValues.h"
#include "experiment/RefusalsDialog.h"
#include "experiment/Segments.h"
#include "experiment/SpecEditor.h"
#include "experiment/SpecForm.h"
#include "experiment/StepBox.h"
#include "experiment/TokenEdit.h"
#include "experiment/UserRefusals.h"
#include "parts/Fold.h"

#include <lethe/spec/SpecReader.h>

#include <widgets/ExperimentPage.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtGui/QAction>
#include <QtGui/QUndoStack>
#include <QtTest/QAbstractItemModelTester>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QListView>
#include <QtWidgets/QListWidget>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QToolButton>

#include <cstdio>
#include <set>

using namespace lethe;
using namespace lethe::test;

namespace {

constexpr char kManifest[] = R"({
  "id": "toy", "name": "Toy method", "api": 2, "summary": "For tests.", "paper": "Nobody 2024, arXiv:2404.05868",
  "needs": ["forget"], "formula": "L = -log p",
  "parameters": [
    {"name": "beta", "type": "float", "default": 0.1, "min": 0, "max": 10, "exclusive_min": true, "help": "Inverse temperature.", "unit": "1/nat"},
    {"name": "layer", "type": "int", "default": 7, "min": 0, "max": 31, "help": "Where."},
    {"name": "mask", "type": "bool", "default": false, "help": "Whether."},
    {"name": "vector", "type": "choice", "choices": ["uniform", "normal"], "default": "uniform", "help": "Which."},
    {"name": "norm", "type": "choice", "choices": ["a", "b", "c", "d", "e"], "default": "a", "help": "Of many."},
    {"name": "modules", "type": "list", "default": ["down_proj"], "help": "Names."},
    {"name": "note", "type": "string", "default": "", "help": "Words.", "advanced": true},
    {"name": "ratio", "type": "float", "default": 0.5, "min": 0, "max": 1, "help": "Only with the mask.", "depends_on": "mask=true"}
  ]})";

MethodManifest toyManifest()
{
    auto manifest = parseMethodManifest(kManifest, "toy.json");
    if (!manifest.ok())
        qFatal("%s", manifest.error().message().c_str());
    return *manifest;
}

QJsonObject documentOf(const ExperimentSpec &spec)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(writeSpec(spec))).object();
}

QString fixtureModel()
{
    return qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/models/llama");
}

std::vector<DataRow> rows(int count)
{
    std::vector<DataRow> made;
    for (int at = 0; at < count; ++at) {
        DataRow row;
        row.prompt = "Where was number " + std::to_string(at) + " born?";
        row.answer = "In the harbour town of Veska.";
        made.push_back(row);
    }
    return made;
}

/// The page over a draft in which nothing is wrong.
struct Shown {
    explicit Shown(FormsBench &bench)
    {
        if (bench.workspace->draft().model.empty()) {
            ExperimentSpec draft;
            draft.name = "npo lr 2e-5";
            draft.model = fixtureModel().toStdString();
            draft.method.id = "npo";
            draft.eval = EvalSpec{};
            draft.eval->everySteps = 10;
            bench.workspace->setDraft(draft);
            WorkingSets sets;
            sets.name = QStringLiteral("demo people");
            sets.forget = rows(32);
            sets.retain = rows(288);
            bench.workspace->setSets(sets);
        }
        page = std::make_unique<ExperimentPage>(*bench.workspace, bench.dialogs);
        page->resize(1120, 680);
        page->show();
        page->activateWindow();
        (void)QTest::qWaitForWindowActive(page.get());
        page->activate();
    }
    FormField *field(const char *path) const { return page->findChild<FormField *>(QLatin1String(path)); }
    QLineEdit *line(const char *path) const { return field(path)->findChild<QLineEdit *>(); }
    void type(const char *path, const QString &text) const
    {
        QLineEdit *edit = line(path);
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, text);
    }
    QString text(const char *name) const { return page->findChild<QLabel *>(QLatin1String(name))->text(); }
    QAction *action(const char *name) const { return page->findChild<QAction *>(QLatin1String(name)); }

    std::unique_ptr<ExperimentPage> page;
};

} // namespace

class TestExperimentPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void stepsGoByOneTwoFive_data();
    void stepsGoByOneTwoFive();
    void aNumberFieldTakesAnyText();
    void pathsAreReadSetAndFound();
    void eachTypeHasItsControl();
    void dependentFieldsComeAndGo();
    void anUntouchedParameterIsNotWritten();
    void theMethodListShowsBrokenPlugins();
    void forecastCountsWhatTheTrainerDoes();
    void aDroppedPluginIsInThePickerAfterReadingAgain();
    void formulasAreSet_data();
    void formulasAreSet();
    void everyMethodsCardFitsItsPanel();
    void publishedValuesAreOneClick();
    void methodsAreComparedFromOneClick();

    void aCleanDraftStarts();
    void everyProblemStandsBesideItsField_data();
    void everyProblemStandsBesideItsField();
    void whatAMethodRefusesOfTheModelStandsBesideItsField();
    void startIsBlockedAndCtrlRGoesToTheFirstProblem();
    void draftSurvivesARestartWrongValuesIncluded();
    void whatWasTypedOutlivesAKill();
    void changesShowADotAndComeBack();
    void undoWalksThroughEdits();
    void choosingAMethodKeepsWhatBothKnow();
    void theJsonTabGoesBothWays();
    void aChildOfARunSaysWhatDiffers();
    void presetsBringSettingsBack();
    void whatWillHappenFollowsTheForm();
    void whatSavesMemoryIsOneClick();
    void threeStepsAreMeasuredAndNothingIsKept();
    void missingPartsAreButtons();
    void refusalsShipAndAreEdited();
    void aFileOfRefusalsIsImported();
    void blocksAreFrozenInTheForm();
};

void TestExperimentPage::initTestCase()
{
    Theme::apply(*qApp, ThemeChoice::Light);
    QVERIFY2(QFileInfo::exists(fixtureModel()), qPrintable(QStringLiteral("no fixtures: ") + fixtureModel()));
    QVERIFY2(QFileInfo::exists(qEnvironmentVariable("LETHE_PLUGINS") + QStringLiteral("/npo.so")), "the npo plugin is not built (LETHE_PLUGINS)");
}

void TestExperimentPage::stepsGoByOneTwoFive_data()
{
    QTest::addColumn<double>("from");
    QTest::addColumn<double>("up");
    QTest::addColumn<double>("down");
    QTest::newRow("1e-5") << 1e-5 << 2e-5 << 5e-6;
    QTest::newRow("2e-5") << 2e-5 << 5e-5 << 1e-5;
    QTest::newRow("5e-5") << 5e-5 << 1e-4 << 2e-5;
    QTest::newRow("between") << 3e-5 << 5e-5 << 2e-5;
    QTest::newRow("one") << 1.0 << 2.0 << 0.5;
    QTest::newRow("a thousand") << 1000.0 << 2000.0 << 500.0;
}

void TestExperimentPage::stepsGoByOneTwoFive()
{
    QFETCH(double, from);
    QFETCH(double, up);
    QFETCH(double, down);
    QCOMPARE(nextOfOneTwoFive(from, true), up);
    QCOMPARE(nextOfOneTwoFive(from, false), down);
}

void TestExperimentPage::aNumberFieldTakesAnyText()
{
    StepBox box(false);
    box.setBounds(0, 1);
    auto *line = box.findChild<QLineEdit *>();
    QTest::keyClicks(line, QStringLiteral("1e-5"));
    QCOMPARE(box.value(), QJsonValue(1e-5));
    line->setText(QStringLiteral("abc"));
    QCOMPARE(box.value(), QJsonValue(QStringLiteral("abc")));
    line->setText(QStringLiteral("7"));
    QCOMPARE(box.value(), QJsonValue(7)); // out of range: said beside the field, not swallowed
    line->setText(QStringLiteral("2e-5"));
    box.stepBy(1);
    QCOMPARE(line->text(), QStringLiteral("5e-5"));
    box.setValue(QJsonValue(5e-5)); // the same value: the text stays
    QCOMPARE(line->text(), QStringLiteral("5e-5"));
    StepBox whole(true);
    whole.setEmptyMeaning(QStringLiteral("no limit"));
    QVERIFY(whole.value().isNull());
    whole.findChild<QLineEdit *>()->setText(QStringLiteral("9007199254740993"));
    QCOMPARE(whole.value().toInteger(), 9007199254740993LL);
    QCOMPARE(numberText(1e-5), QStringLiteral("1e-5"));
    QCOMPARE(numberText(2.5e-5), QStringLiteral("2.5e-5"));
    QCOMPARE(numberText(0.1), QStringLiteral("0.1"));
}

void TestExperimentPage::pathsAreReadSetAndFound()
{
    QJsonObject object{{"a", QJsonObject{{"b", 1}, {"c", QJsonArray{1, 2}}}}, {"n", QJsonValue()}};
    QCOMPARE(jsonAt(object, QStringLiteral("a.b")).toInt(), 1);
    QVERIFY(jsonAt(object, QStringLiteral("a.b.c")).isUndefined());
    setJsonAt(object, QStringLiteral("n.x.y"), 3);
    QCOMPARE(jsonAt(object, QStringLiteral("n.x.y")).toInt(), 3);
    removeJsonAt(object, QStringLiteral("n.x.y"));
    QVERIFY(jsonAt(object, QStringLiteral("n.x.y")).isUndefined());
    QVERIFY(sameJson(QJsonValue(1), QJsonValue(1.0)));
    QVERIFY(sameJson(QJsonArray{0.9, 1}, QJsonArray{0.9, 1.0}));
    QVERIFY(!sameJson(QJsonValue(), QJsonValue(0)));
    const QJsonObject off{{"training", QJsonObject{{"lora", QJsonValue()}, {"lr", 1}}}};
    const QJsonObject on{{"training", QJsonObject{{"lora", QJsonObject{{"rank", 16}, {"alpha", 32}}}, {"lr", 2}}}};
    QCOMPARE(differingPaths(off, on), (QStringList{"training.lora", "training.lr"}));
    const QString text = QStringLiteral("{\n  \"name\": \"training\",\n  \"training\": {\n    \"epochs\": 5,\n    \"betas\": [0.9,\n 0.99]\n  },\n  \"eval\": {\"metrics\": []}\n}\n");
    QCOMPARE(lineOfPath(text, QStringLiteral("training.epochs")), 4);
    QCOMPARE(lineOfPath(text, QStringLiteral("training")), 3);
    QCOMPARE(lineOfPath(text, QStringLiteral("eval.metrics[0]")), 8);
    QCOMPARE(lineOfPath(text, QStringLiteral("training.nowhere")), 3);
    QCOMPARE(lineOfPath(text, QStringLiteral("nowhere")), 0);
}

void TestExperimentPage::eachTypeHasItsControl()
{
    FakeDialogs dialogs;
    SpecForm form(dialogs, {QStringLiteral("auto"), QStringLiteral("cpu")});
    const MethodManifest manifest = toyManifest();
    ExperimentSpec spec;
    spec.method.id = "toy";
    spec.eval = EvalSpec{};
    form.setDocument(documentOf(spec));
    form.setMethod(&manifest, {});
    const auto field = [&form](const char *name) { return form.field(QStringLiteral("method.parameters.") + QLatin1String(name)); };
    QVERIFY(qobject_cast<StepBox *>(field("beta")->editor().control()));
    QVERIFY(qobject_cast<StepBox *>(field("layer")->editor().control()));
    QVERIFY(qobject_cast<QCheckBox *>(field("mask")->editor().control()));
    QVERIFY(qobject_cast<Segments *>(field("vector")->editor().control()));
    QVERIFY(qobject_cast<QComboBox *>(field("norm")->editor().control()));
    QVERIFY(qobject_cast<TokenEdit *>(field("modules")->editor().control()));
    QVERIFY(qobject_cast<QLineEdit *>(field("note")->editor().control()));
    QVERIFY2(field("beta")->toolTip().contains(QStringLiteral("Inverse temperature.")), qPrintable(field("beta")->toolTip()));
    QVERIFY2(field("beta")->toolTip().contains(QStringLiteral("Default: 0.1")), qPrintable(field("beta")->toolTip()));
    QCOMPARE(field("beta")->value(), QJsonValue(0.1));
    QCOMPARE(field("modules")->value().toArray(), QJsonArray{QStringLiteral("down_proj")});
    auto *fold = form.findChild<Fold *>(QStringLiteral("fold_method"));
    QVERIFY(fold && !fold->isOpen() && fold->isAncestorOf(field("note")));

    auto *tokens = qobject_cast<TokenEdit *>(field("modules")->editor().control());
    QTest::keyClicks(tokens->findChild<QLineEdit *>(), QStringLiteral("up_proj,gate_proj"));
    QTest::keyClick(tokens->findChild<QLineEdit *>(), Qt::Key_Return);
    QCOMPARE(tokens->tokens(), (QStringList{"down_proj", "up_proj", "gate_proj"}));
    QTest::keyClick(tokens->findChild<QLineEdit *>(), Qt::Key_Backspace);
    QCOMPARE(jsonAt(form.document(), QStringLiteral("method.parameters.modules")).toArray().size(), 2);
    grab(form, QStringLiteral("form-toy"), {620, 900});
}

void TestExperimentPage::dependentFieldsComeAndGo()
{
    FakeDialogs dialogs;
    SpecForm form(dialogs, {});
    const MethodManifest manifest = toyManifest();
    form.setDocument(documentOf({}));
    form.setMethod(&manifest, {});
    FormField *ratio = form.field(QStringLiteral("method.parameters.ratio"));
    QVERIFY(ratio->isHidden());
    qobject_cast<QCheckBox *>(form.field(QStringLiteral("method.parameters.mask"))->editor().control())->click();
    QVERIFY(!ratio->isHidden());
    QVERIFY(!form.field(QStringLiteral("data.template.prompt_prefix"))->isHidden());
    qobject_cast<QCheckBox *>(form.field(QStringLiteral("data.template.chat"))->editor().control())->click();
    QVERIFY(form.field(QStringLiteral("data.template.prompt_prefix"))->isHidden());
    const SpecReading reading = readSpec(QJsonDocument(form.document()).toJson().toStdString(), {});
    QVERIFY(reading.spec.data.textTemplate.chat);
    QVERIFY(std::none_of(reading.problems.begin(), reading.problems.end(), [](const Error &problem) { return problem.where.starts_with("data.template"); }));
}

void TestExperimentPage::anUntouchedParameterIsNotWritten()
{
    FakeDialogs dialogs;
    SpecForm form(dialogs, {});
    const MethodManifest manifest = toyManifest();
    form.setDocument(documentOf({}));
    form.setMethod(&manifest, {});
    form.setBaseline({}, QStringLiteral("default"));
    QVERIFY(jsonAt(form.document(), QStringLiteral("method.parameters.beta")).isUndefined());
    FormField *beta = form.field(QStringLiteral("method.parameters.beta"));
    auto *line = beta->findChild<QLineEdit *>();
    line->selectAll();
    QTest::keyClicks(line, QStringLiteral("0.2"));
    QCOMPARE(jsonAt(form.document(), QStringLiteral("method.parameters.beta")).toDouble(), 0.2);
    QVERIFY(beta->isChanged());
    beta->findChild<QToolButton *>(QStringLiteral("method.parameters.beta.reset"))->click();
    QVERIFY(!beta->isChanged());
    QVERIFY(jsonAt(form.document(), QStringLiteral("method.parameters.beta")).isUndefined());
}

void TestExperimentPage::theMethodListShowsBrokenPlugins()
{
    MethodListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    MethodEntry broken;
    broken.file = "/plugins/half.so";
    broken.error = Error{.code = ErrorCode::Corrupt, .what = "line 7: expected a comma", .where = "half.json", .hint = {}};
    model.setEntries({{.file = "/plugins/toy.so", .manifest = toyManifest(), .error = {}}, broken});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.rowOf(QStringLiteral("toy")), 0);
    QVERIFY(model.index(1, 0).data(MethodListModel::ProblemRole).toString().startsWith(QStringLiteral("not usable: half.json: line 7")));
    MethodPicker picker;
    picker.setEntries({{.file = "/plugins/toy.so", .manifest = toyManifest(), .error = {}}, broken});
    picker.setChosen(QStringLiteral("toy"));
    QVERIFY(picker.findChild<QLabel *>(QStringLiteral("methodPaper"))->text().contains(QStringLiteral("arxiv.org/abs/2404.05868")));
    QSignalSpy picked(&picker, &MethodPicker::methodPicked);
    auto *list = picker.findChild<QListView *>(QStringLiteral("methodList"));
    list->setCurrentIndex(list->model()->index(1, 0));
    QCOMPARE(picked.count(), 0); // it cannot be chosen, but says why
    QVERIFY(picker.findChild<QLabel *>(QStringLiteral("methodProblem"))->text().contains(QStringLiteral("line 7")));
}

void TestExperimentPage::aDroppedPluginIsInThePickerAfterReadingAgain()
{
    FormsBench bench;
    const QString folder = bench.path(QStringLiteral("plugins"));
    QVERIFY(QDir().mkpath(folder));
    bench.workspace->setPluginFolders({folder.toStdString()});
    bench.workspace->reloadCatalog();
    Shown shown(bench);
    auto *list = shown.page->findChild<QListView *>(QStringLiteral("methodList"));
    const auto row = [list](const QString &id) { return static_cast<MethodListModel *>(list->model())->rowOf(id); };
    QCOMPARE(row(QStringLiteral("npo")), -1);

    const QString from = qEnvironmentVariable("LETHE_PLUGINS");
    for (const char *name : {"/npo.so", "/npo.json"})
        QVERIFY(QFile::copy(from + QLatin1String(name), folder + QLatin1String(name)));
    bench.workspace->reloadCatalog();
    QTRY_VERIFY(row(QStringLiteral("npo")) >= 0);
    QTRY_VERIFY(shown.field("method.parameters.beta") != nullptr); // its form, from its manifest
    QVERIFY(shown.field("method.parameters.retain_loss") != nullptr);

    QFile manifest(folder + QStringLiteral("/npo.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    QByteArray text = manifest.readAll();
    manifest.close();
    const qsizetype brace = text.lastIndexOf('}');
    const auto line = text.left(brace).count('\n') + 1;
    text.remove(brace, 1);
    QVERIFY(QFile::remove(manifest.fileName()));
    bench.write(QStringLiteral("plugins/npo.json"), text);
    bench.workspace->reloadCatalog();
    QTRY_COMPARE(row(QStringLiteral("npo")), -1);
    const QString problem = list->model()->index(0, 0).data(MethodListModel::ProblemRole).toString();
    QVERIFY2(problem.startsWith(QLatin1String("not usable: ")) && problem.contains(QLatin1String("npo.json")), qPrintable(problem));
    static const QRegularExpression number(QStringLiteral("npo\\.json:(\\d+)"));
    const auto found = number.match(problem).captured(1).toInt();
    QVERIFY2(found >= line && found <= line + 1, qPrintable(problem)); // where the reader noticed it
}

void TestExperimentPage::formulasAreSet_data()
{
    QTest::addColumn<QString>("formula");
    QTest::addColumn<QString>("html");
    const auto row = [](const char *formula, const char *html) { QTest::newRow(formula) << QString::fromUtf8(formula) << QString::fromUtf8(html); };
    row("L_f = -(2/beta) mean_b log sigmoid(beta (N_b - N_b^ref))",
        "<i>L</i><sub><i>f</i></sub> = −(2/β) mean<sub><i>b</i></sub> log σ(β (<i>N</i><sub><i>b</i></sub> − <i>N</i><sub><i>b</i></sub><sup><i>ref</i></sup>))");
    row("(1/M) sum_t w_t", "(1/<i>M</i>) ∑<sub><i>t</i></sub> <i>w</i><sub><i>t</i></sub>");
    row("p_t^beta1", "<i>p</i><sub><i>t</i></sub><sup>β1</sup>");
    row("-forget_weight * CE_f", "−forget_weight · CE<sub><i>f</i></sub>");
    row("lambda <- max(0, a < b)", "λ ← max(0, <i>a</i> &lt; <i>b</i>)");
    row("(1 - p_t)^2", "(1 − <i>p</i><sub><i>t</i></sub>)<sup>2</sup>");
    row("z_{t,v}", "<i>z</i><sub><i>t</i>,<i>v</i></sub>");
}

void TestExperimentPage::formulasAreSet()
{
    QFETCH(QString, formula);
    QFETCH(QString, html);
    QCOMPARE(formulaHtml(formula), html);
}

void TestExperimentPage::everyMethodsCardFitsItsPanel()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    auto *list = shown.page->findChild<QListView *>(QStringLiteral("methodList"));
    const QWidget *card = shown.page->findChild<QWidget *>(QStringLiteral("methodPresets"))->parentWidget();
    QVERIFY(list->model()->rowCount() >= 20);
    for (int row = 0; row < list->model()->rowCount(); ++row) {
        list->setCurrentIndex(list->model()->index(row, 0));
        QCoreApplication::processEvents();
        // What is wider than the view that shows it is cut off: there is no horizontal scroll bar.
        QVERIFY2(card->width() <= card->parentWidget()->width(), qPrintable(list->currentIndex().data().toString()));
    }
}

void TestExperimentPage::publishedValuesAreOneClick()
{
    MethodManifest manifest = toyManifest();
    manifest.presets = {{.label = "TOFU forget10, Llama-2-7B", .values = {{"beta", 4.5}, {"mask", true}}}, {.label = "MUSE", .values = {{"beta", 0.5}}}};
    QCOMPARE(*publishedRange(manifest, "beta"), (std::pair(0.5, 4.5)));
    QVERIFY(!publishedRange(manifest, "mask"));
    QVERIFY(!publishedRange(manifest, "layer"));
    QCOMPARE(publishedAdvice(manifest, "beta", 5.0), QStringLiteral("Published runs used 0.5 to 4.5."));
    QVERIFY(publishedAdvice(manifest, "beta", 4.5).isEmpty());
    MethodPicker picker;
    picker.setEntries({{.file = "/plugins/toy.so", .manifest = manifest, .error = {}}});
    picker.setChosen(QStringLiteral("toy"));
    QList<std::size_t> picked;
    connect(&picker, &MethodPicker::presetPicked, &picker, [&picked](std::size_t preset) { picked << preset; });
    auto *second = picker.findChild<QPushButton *>(QStringLiteral("methodPreset1"));
    QVERIFY(second != nullptr);
    second->click();
    QCOMPARE(picked, QList<std::size_t>{1});

    // a shipped method's own, in the form
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    const MethodManifest *shipped = bench.catalog.find("simnpo");
    QVERIFY2(shipped != nullptr && !shipped->presets.empty(), "simnpo is not built, or has no published values");
    Shown shown(bench);
    auto *list = shown.page->findChild<QListView *>(QStringLiteral("methodList"));
    list->setCurrentIndex(list->model()->index(static_cast<MethodListModel *>(list->model())->rowOf(QStringLiteral("simnpo")), 0));
    shown.type("method.parameters.beta", QStringLiteral("44"));
    auto *advice = shown.page->findChild<QLabel *>(QStringLiteral("method.parameters.beta.advice"));
    QTRY_VERIFY(advice->text().startsWith(QLatin1String("Published runs used ")));
    shown.page->findChild<QPushButton *>(QStringLiteral("methodPreset0"))->click();
    QTRY_VERIFY(advice->text().isEmpty());
    for (const auto &[parameter, value] : shipped->presets.front().values)
        QVERIFY2(bench.workspace->draft().method.parameters.contains(parameter)
                     && sameJson(toJsonValue(bench.workspace->draft().method.parameters.values.at(parameter)), toJsonValue(value)),
                 parameter.c_str());
    shown.page->undoStack()->undo();
    QCOMPARE(shown.line("method.parameters.beta")->text(), QStringLiteral("44"));
    grab(*shown.page, QStringLiteral("experiment-published"));
}

void TestExperimentPage::methodsAreComparedFromOneClick()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    bench.workspace->setSession([](const ResolvedSpec &, const MethodCatalog &, const SessionOptions &, RunControl &, RunObserver &observer) -> Result<RunSummary> {
        observer.onFacts({.plannedSteps = 1});
        RunSummary summary;
        summary.steps = 1;
        return summary;
    });
    Shown shown(bench);
    QSignalSpy told(bench.workspace.get(), &Workspace::messagePosted);
    shown.action("actionExperimentCompareMethods")->trigger();
    auto *dialog = shown.page->findChild<CompareMethodsDialog *>();
    QVERIFY(dialog != nullptr);
    auto *methods = dialog->findChild<QListWidget *>(QStringLiteral("compareMethodsList"));
    auto *queue = dialog->findChild<QPushButton *>(QStringLiteral("compareMethodsQueue"));
    QVERIFY(!queue->isEnabled()); // one method, one seed: nothing to compare
    bool drawsRefusals = false;
    for (int row = 0; row < methods->count(); ++row) {
        QListWidgetItem *item = methods->item(row);
        if (item->data(Qt::UserRole).toString() == QLatin1String("ga"))
            item->setCheckState(Qt::Checked);
        drawsRefusals = drawsRefusals || (item->data(Qt::UserRole).toString() == QLatin1String("flat") && (item->flags() & Qt::ItemIsEnabled) != 0);
    }
    QVERIFY(drawsRefusals); // the rows bring no replacement answers: they come from the list of refusals
    dialog->findChild<QSpinBox *>(QStringLiteral("compareMethodsSeeds"))->setValue(2);
    const auto specs = dialog->specs();
    QCOMPARE(specs.size(), std::size_t(4));
    std::set<std::string> names;
    for (const ExperimentSpec &spec : specs)
        names.insert(spec.name);
    QVERIFY(names.contains("npo lr 2e-5 · ga · seed 1"));
    QCOMPARE(names.size(), std::size_t(4));
    grab(*dialog, QStringLiteral("compare-methods"), {640, 560});
    queue->click();
    QTRY_COMPARE_WITH_TIMEOUT(bench.workspace->compared().size(), std::size_t(4), 30'000);
    const auto complete = [&told] {
        return std::any_of(told.begin(), told.end(), [](const QList<QVariant> &each) {
            return each.first().value<Message>().text == QLatin1String("The comparison is complete: 4 runs.")
                || each.first().value<Message>().text == QLatin1String("The comparison is complete: 4 run(s).");
        });
    };
    QTRY_VERIFY(complete());
    QVERIFY(bench.workspace->queue().empty());
    std::set<std::string> stored;
    const auto rows = bench.store->runs();
    QVERIFY(rows.ok());
    for (const RunRow &row : *rows)
        stored.insert(row.name);
    QCOMPARE(stored, names);
}

void TestExperimentPage::forecastCountsWhatTheTrainerDoes()
{
    ForecastInput input;
    input.spec.training.batchSize = 4;
    input.spec.training.epochs = 5;
    input.spec.training.saveEverySteps = 20;
    input.spec.eval = EvalSpec{};
    input.spec.eval->everySteps = 10;
    input.spec.method.id = "npo";
    input.spec.model = "/models/demo";
    input.forget = {.rows = 32, .tokens = 1204, .labels = 400, .cut = 0, .withoutLabels = 0, .counted = true};
    input.retain = {.rows = 288, .tokens = 10944, .labels = 3600, .cut = 3, .withoutLabels = 0, .counted = true};
    input.usesRetain = true;
    RunRow like;
    like.method = "npo";
    like.model = "/models/demo";
    like.status = RunStatus::Done;
    like.steps = 20;
    like.seconds = 10;
    RunRow other = like;
    other.method = "ga";
    other.seconds = 1000;
    const std::vector<RunRow> runs{other, like};
    input.runs = &runs;
    const Forecast result = forecast(input);
    QCOMPARE(result.steps.value(), std::int64_t{40});
    QCOMPARE(result.stepsPerEpoch.value(), std::int64_t{8});
    QCOMPARE(result.rowsPerStep, std::int64_t{4});
    QCOMPARE(result.evaluations.value(), std::int64_t{5}); // 0, 10, 20, 30 and 40
    QCOMPARE(result.checkpoints.value(), std::int64_t{2}); // 20 and 40
    QCOMPARE(result.tokensPerEpoch.value(), std::int64_t{1204 + 38 * 32});
    QCOMPARE(result.rowsCut.value(), std::int64_t{3});
    QCOMPARE(result.seconds.value(), 20.0);
    QCOMPARE(result.likeRuns, 1);
    input.forget = {};
    QVERIFY(!forecast(input).steps);
    QVERIFY(!forecast(input).seconds);
}

// ---- the page ----------------------------------------------------------------------------------------------------------

void TestExperimentPage::aCleanDraftStarts()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    std::optional<ExperimentSpec> started;
    bench.workspace->setSession([&started](const ResolvedSpec &spec, const MethodCatalog &, const SessionOptions &, RunControl &, RunObserver &) -> Result<RunSummary> {
        started = spec.spec;
        return RunSummary{};
    });
    Shown shown(bench);
    QSignalSpy ended(bench.workspace.get(), &Workspace::runEnded);
    QTRY_VERIFY2(shown.action("actionRunStart")->isEnabled(), qPrintable(shown.action("actionRunStart")->toolTip()));
    QTRY_VERIFY(shown.text("forecast_memory").contains(QStringLiteral("free")));
    QTest::qWait(200);
    grab(*shown.page, QStringLiteral("experiment"));
    shown.type("training.learning_rate", QStringLiteral("3e-4"));
    QTest::keyClick(shown.page.get(), Qt::Key_R, Qt::ControlModifier);
    QTRY_COMPARE(ended.count(), 1);
    QVERIFY(started);
    QCOMPARE(started->training.learningRate, 3e-4);
    QVERIFY(QFileInfo::exists(QString::fromStdString(started->data.forget->path)));
}

void TestExperimentPage::everyProblemStandsBesideItsField_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("typed");
    QTest::newRow("learning rate below 0") << "training.learning_rate" << "-1";
    QTest::newRow("learning rate no number") << "training.learning_rate" << "fast";
    QTest::newRow("learning rate empty") << "training.learning_rate" << "";
    QTest::newRow("epochs 0") << "training.epochs" << "0";
    QTest::newRow("batch size 0") << "training.batch_size" << "0";
    QTest::newRow("batch size no whole number") << "training.batch_size" << "2.5";
    QTest::newRow("accumulation 0") << "training.gradient_accumulation" << "0";
    QTest::newRow("warm-up below 0") << "training.warmup_steps" << "-3";
    QTest::newRow("device unknown") << "training.device" << "gpu7";
    QTest::newRow("steps 0") << "training.max_steps" << "0";
    QTest::newRow("clip at 0") << "training.max_grad_norm" << "0";
    QTest::newRow("eps below 0") << "training.eps" << "-1e-8";
    QTest::newRow("decay no number") << "training.weight_decay" << "some";
    QTest::newRow("seed below 0") << "training.seed" << "-1";
    QTest::newRow("checkpoint every 0") << "training.save_every_steps" << "0";
    QTest::newRow("length 1") << "data.max_length" << "1";
    QTest::newRow("evaluate every 0") << "eval.every_steps" << "0";
    QTest::newRow("prompts below 0") << "eval.generations.prompts" << "-1";
    QTest::newRow("answer length 0") << "eval.generations.max_new_tokens" << "0";
    QTest::newRow("rows 0") << "eval.rows" << "0";
    QTest::newRow("beta out of range") << "method.parameters.beta" << "99";
    QTest::newRow("beta no number") << "method.parameters.beta" << "soft";
    QTest::newRow("no such model") << "model" << "/nowhere/at/all";
}

void TestExperimentPage::everyProblemStandsBesideItsField()
{
    QFETCH(QString, path);
    QFETCH(QString, typed);
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    QTRY_VERIFY(shown.action("actionRunStart")->isEnabled());
    const QByteArray name = path.toUtf8();
    shown.type(name.constData(), typed);
    FormField *field = shown.field(name.constData());
    QTRY_VERIFY2(!field->problem().isEmpty(), name.constData());

    // What the CLI prints for the same spec.
    QJsonObject document = documentOf(bench.workspace->draft());
    setJsonAt(document, path, field->value());
    SpecReading reading = readSpec(QJsonDocument(document).toJson().toStdString(), {});
    std::vector<Error> said = reading.problems;
    for (const Error &problem : checkSpec(reading.spec, bench.catalog))
        said.push_back(problem);
    const auto same = std::find_if(said.begin(), said.end(), [&](const Error &problem) { return problem.where == path.toStdString(); });
    QVERIFY2(same != said.end(), qPrintable(field->problem()));
    QCOMPARE(field->problem(), QString::fromStdString(same->message()));
    QVERIFY(!shown.action("actionRunStart")->isEnabled());
    QVERIFY(shown.action("actionRunStart")->toolTip().startsWith(QStringLiteral("1 setting")));
}

void TestExperimentPage::whatAMethodRefusesOfTheModelStandsBesideItsField()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    ExperimentSpec spec = bench.workspace->draft();
    spec.method = {.id = "rmu", .parameters = {.values = {{"layer", std::int64_t{2}}}}};
    bench.workspace->setDraft(spec);
    QTRY_VERIFY(shown.field("method.parameters.layer") != nullptr);
    // The model has two layers, counted from 0.
    QTRY_COMPARE(shown.field("method.parameters.layer")->problem(),
                 QStringLiteral("method.parameters.layer: 2 is not allowed: the model has 2 layers, counted from 0. Use 0 to 1"));
    QVERIFY(!shown.action("actionRunStart")->isEnabled());
    shown.type("method.parameters.layer", QStringLiteral("1"));
    QTRY_VERIFY(shown.field("method.parameters.layer")->problem().isEmpty());
    QTRY_VERIFY(shown.action("actionRunStart")->isEnabled());
}

void TestExperimentPage::startIsBlockedAndCtrlRGoesToTheFirstProblem()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    QTRY_VERIFY(shown.action("actionRunStart")->isEnabled());
    shown.type("training.seed", QStringLiteral("-1"));
    shown.type("training.batch_size", QStringLiteral("0"));
    QTRY_VERIFY(shown.action("actionRunStart")->toolTip().startsWith(QStringLiteral("2 settings")));
    shown.page->findChild<QLineEdit *>(QStringLiteral("name"))->setFocus();
    QTest::keyClick(shown.page.get(), Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(shown.field("training.batch_size")->isAncestorOf(QApplication::focusWidget()));
    grab(*shown.page, QStringLiteral("experiment-problems"));
    QVERIFY(!bench.workspace->activeRun());
}

void TestExperimentPage::draftSurvivesARestartWrongValuesIncluded()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    {
        Shown shown(bench);
        auto *name = shown.page->findChild<QLineEdit *>(QStringLiteral("name"));
        name->selectAll();
        QTest::keyClicks(name, QStringLiteral("kept"));
        shown.type("training.learning_rate", QStringLiteral("7e-6"));
        shown.type("training.epochs", QStringLiteral("3"));
        shown.type("training.batch_size", QStringLiteral("many"));
        QTRY_COMPARE(bench.workspace->draft().name, std::string("kept"));
        QTRY_COMPARE(bench.workspace->draft().training.epochs, 3.0);
        QTRY_VERIFY(!shown.field("training.batch_size")->problem().isEmpty());
    }
    bench.restart();
    QCOMPARE(bench.workspace->draft().training.learningRate, 7e-6);
    Shown again(bench);
    QCOMPARE(again.line("training.learning_rate")->text(), QStringLiteral("7e-6"));
    QCOMPARE(again.page->findChild<QLineEdit *>(QStringLiteral("name"))->text(), QStringLiteral("kept"));
    QCOMPARE(again.line("training.batch_size")->text(), QStringLiteral("many"));
    QVERIFY(!again.field("training.batch_size")->problem().isEmpty());
}

void TestExperimentPage::whatWasTypedOutlivesAKill()
{
    const QTemporaryDir folder;
    QProcess typist;
    typist.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--type"), folder.path()});
    QVERIFY(typist.waitForStarted());
    QByteArray said;
    while (!said.contains("typed") && typist.waitForReadyRead(60'000))
        said += typist.readAllStandardOutput();
    QVERIFY2(said.contains("typed"), typist.readAllStandardError().constData());
    QTest::qWait(2000);
    typist.kill(); // SIGKILL: nothing is put in order
    QVERIFY(typist.waitForFinished());
    auto store = RunStore::open((folder.path() + QStringLiteral("/lethe.sqlite")).toStdString());
    QVERIFY2(store.ok(), store.ok() ? "" : store.error().message().c_str());
    MethodCatalog catalog = MethodCatalog::scan({});
    const Workspace workspace(**store, catalog);
    QCOMPARE(workspace.draft().name, std::string("typed in time"));
    QCOMPARE(workspace.draft().training.learningRate, 3e-5);
    QCOMPARE(workspace.draft().training.batchSize, std::int64_t(12));
    QCOMPARE(workspace.draft().training.seed, std::int64_t(77));
}

void TestExperimentPage::changesShowADotAndComeBack()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    FormField *epochs = shown.field("training.epochs");
    QVERIFY(!epochs->isChanged());
    shown.type("training.epochs", QStringLiteral("9"));
    QVERIFY(epochs->isChanged());
    auto *reset = epochs->findChild<QToolButton *>(QStringLiteral("training.epochs.reset"));
    QVERIFY(reset->isVisible());
    QVERIFY2(reset->toolTip().contains(QStringLiteral("Back to 5 (default)")), qPrintable(reset->toolTip()));
    reset->click();
    QTRY_COMPARE(bench.workspace->draft().training.epochs, 5.0);
    QVERIFY(!reset->isVisible());
}

void TestExperimentPage::undoWalksThroughEdits()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    shown.type("training.learning_rate", QStringLiteral("1e-3"));
    shown.type("training.epochs", QStringLiteral("2"));
    QCOMPARE(shown.page->undoStack()->undoText(), QStringLiteral("change of epochs"));
    shown.page->undoStack()->undo();
    QCOMPARE(bench.workspace->draft().training.epochs, 5.0);
    QCOMPARE(shown.line("training.learning_rate")->text(), QStringLiteral("1e-3"));
    shown.page->undoStack()->undo();
    QCOMPARE(bench.workspace->draft().training.learningRate, TrainingSpec{}.learningRate);
    shown.page->undoStack()->redo();
    QCOMPARE(bench.workspace->draft().training.learningRate, 1e-3);
}

void TestExperimentPage::choosingAMethodKeepsWhatBothKnow()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    shown.type("method.parameters.beta", QStringLiteral("0.3"));
    shown.type("method.parameters.retain_weight", QStringLiteral("2"));
    auto *list = shown.page->findChild<QListView *>(QStringLiteral("methodList"));
    const auto *model = qobject_cast<const MethodListModel *>(list->model());
    list->setCurrentIndex(model->index(model->rowOf(QStringLiteral("grad_diff")), 0));
    QTRY_COMPARE(bench.workspace->draft().method.id, std::string("grad_diff"));
    QVERIFY(!shown.field("method.parameters.beta"));
    QCOMPARE(shown.line("method.parameters.retain_weight")->text(), QStringLiteral("2"));
    QVERIFY(shown.action("actionRunStart")->isEnabled());
}

void TestExperimentPage::theJsonTabGoesBothWays()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    shown.type("training.epochs", QStringLiteral("4"));
    auto *json = shown.page->findChild<SpecEditor *>(QStringLiteral("specJson"));
    QTRY_VERIFY(json->toPlainText().contains(QStringLiteral("\"epochs\": 4")));
    shown.page->findChild<QTabWidget *>(QStringLiteral("experimentTabs"))->setCurrentIndex(1);
    json->setFocus();
    QString text = json->toPlainText();
    json->setPlainText(QString(text).replace(QStringLiteral("\"epochs\": 4"), QStringLiteral("\"epochs\": 6")));
    QTRY_COMPARE(shown.line("training.epochs")->text().toDouble(), 6.0);
    QCOMPARE(bench.workspace->draft().training.epochs, 6.0);

    json->setPlainText(QString(text).replace(QStringLiteral("\"epochs\""), QStringLiteral("\"epoch\"")));
    QTRY_VERIFY(json->markedLine() > 0);
    const QString problem = shown.text("specJsonProblem");
    QVERIFY2(problem.contains(QStringLiteral("training.epoch")) && problem.contains(QStringLiteral("epochs")), qPrintable(problem));
    QCOMPARE(shown.line("training.epochs")->text().toDouble(), 6.0); // the form is left alone
    grab(*shown.page, QStringLiteral("experiment-json"));
    json->setPlainText(QStringLiteral("{\n  \"name\": \"x\",\n  oops\n}"));
    QTRY_COMPARE(json->markedLine(), 3);
}

void TestExperimentPage::aChildOfARunSaysWhatDiffers()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    NewRun run;
    run.name = "npo lr 1e-5";
    run.specJson = writeSpec(bench.workspace->draft());
    run.method = "npo";
    const auto id = bench.store->createRun(run);
    QVERIFY(id.ok());
    bench.workspace->setDraftParent(*id);
    QTRY_COMPARE(shown.text("experimentOrigin"), QStringLiteral("from “npo lr 1e-5” · no change"));
    shown.type("training.learning_rate", QStringLiteral("2e-5"));
    QTRY_COMPARE(shown.text("experimentOrigin"), QStringLiteral("from “npo lr 1e-5” · 1 change"));
    QTRY_COMPARE(shown.text("experimentCommand"), QStringLiteral("lethe-cli run spec.json --set training.learning_rate=2e-5"));
    auto *reset = shown.field("training.learning_rate")->findChild<QToolButton *>(QStringLiteral("training.learning_rate.reset"));
    QVERIFY2(reset->toolTip().contains(QStringLiteral("npo lr 1e-5")), qPrintable(reset->toolTip()));
}

void TestExperimentPage::presetsBringSettingsBack()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    shown.type("training.learning_rate", QStringLiteral("4e-5"));
    QTRY_COMPARE(bench.workspace->draft().training.learningRate, 4e-5);
    bench.dialogs.text = QStringLiteral("gentle");
    auto *menu = shown.page->findChild<QToolButton *>(QStringLiteral("experimentPresets"))->menu();
    const auto choose = [menu](const QString &text) {
        Q_EMIT menu->aboutToShow();
        for (QAction *action : menu->actions())
            if (action->text() == text)
                return action->trigger();
        QFAIL(qPrintable(QStringLiteral("not in the menu: ") + text));
    };
    choose(QStringLiteral("Save these settings as a preset…"));
    shown.type("training.learning_rate", QStringLiteral("1"));
    choose(QStringLiteral("gentle"));
    QCOMPARE(bench.workspace->draft().training.learningRate, 4e-5);
    QCOMPARE(shown.line("training.learning_rate")->text(), QStringLiteral("4e-5"));
}

void TestExperimentPage::whatWillHappenFollowsTheForm()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    Shown shown(bench);
    QTRY_COMPARE(shown.text("forecast_steps"), QStringLiteral("40  (8 an epoch)"));
    QTRY_VERIFY2(shown.text("forecast_tokens").contains(QStringLiteral("an epoch")), qPrintable(shown.text("forecast_tokens")));
    QCOMPARE(shown.text("forecast_evaluations"), QStringLiteral("5"));
    QCOMPARE(shown.text("forecast_time"), QStringLiteral("–"));
    shown.type("training.epochs", QStringLiteral("10"));
    QTRY_COMPARE(shown.text("forecast_steps"), QStringLiteral("80  (8 an epoch)"));
    QCOMPARE(shown.text("forecast_evaluations"), QStringLiteral("9"));
}

void TestExperimentPage::whatSavesMemoryIsOneClick()
{
    const auto model = inspectModel(fixtureModel().toStdString());
    QVERIFY(model.ok());
    ForecastInput input{.spec = {}, .forget = {.rows = 32, .tokens = 1200, .labels = 600, .counted = true}, .retain = {}, .model = &*model};
    input.spec.training.batchSize = 4;
    const TrainingSpec before = input.spec.training;
    ForecastPanel panel;
    panel.show({.figures = forecast(input), .input = input, .freeMemory = std::int64_t{1} << 50, .device = {}});
    QVERIFY(panel.findChild<QPushButton *>(QStringLiteral("forecastProposal0")) == nullptr); // it fits: nothing to propose
    panel.show({.figures = forecast(input), .input = input, .freeMemory = 1 << 20, .device = {}});
    panel.setVisible(true);
    QSignalSpy proposed(&panel, &ForecastPanel::trainingProposed);
    auto *smaller = panel.findChild<QPushButton *>(QStringLiteral("forecastProposal0"));
    QVERIFY(smaller && smaller->isVisible());
    QVERIFY2(smaller->text().startsWith(QStringLiteral("batch 2 × accumulation 2 – saves ")), qPrintable(smaller->text()));
    smaller->click();
    const auto training = proposed.takeLast().at(0).value<TrainingSpec>();
    QCOMPARE(training.batchSize, 2);
    QCOMPARE(training.gradientAccumulation, 2);
    input.spec.training = training;
    QVERIFY(memoryOf(input, training).total() < memoryOf(input, before).total());
    panel.show({.figures = forecast(input), .input = input, .freeMemory = std::int64_t{1} << 50, .device = {}});
    QVERIFY(!smaller->isVisible());
}

void TestExperimentPage::threeStepsAreMeasuredAndNothingIsKept()
{
    const std::filesystem::path plugins = qEnvironmentVariable("LETHE_PLUGINS").toStdString();
    FormsBench bench({plugins});
    bench.workspace->setPluginFolders({plugins});
    Shown shown(bench);
    QTRY_VERIFY(shown.action("actionExperimentMeasure")->isEnabled());
    shown.action("actionExperimentMeasure")->trigger();
    QCOMPARE(shown.text("forecast_time"), QStringLiteral("measuring…"));
    QVERIFY(!shown.action("actionExperimentMeasure")->isEnabled());
    QTRY_VERIFY2_WITH_TIMEOUT(shown.text("forecast_time").endsWith(QLatin1String("(measured)")), qPrintable(shown.text("forecast_time")), 60000);
    QVERIFY(bench.store->runs()->empty());
    shown.type("training.epochs", QStringLiteral("10")); // steps take as long
    QTRY_COMPARE(shown.text("forecast_steps"), QStringLiteral("80  (8 an epoch)"));
    QVERIFY(shown.text("forecast_time").endsWith(QLatin1String("(measured)")));
    shown.type("training.batch_size", QStringLiteral("2")); // another step
    QTRY_COMPARE(shown.text("forecast_time"), QStringLiteral("–"));
}

void TestExperimentPage::missingPartsAreButtons()
{
    FormsBench bench({qEnvironmentVariable("LETHE_PLUGINS").toStdString()});
    ExperimentPage page(*bench.workspace, bench.dialogs);
    page.resize(1120, 680);
    page.show();
    QSignalSpy asked(bench.workspace.get(), &Workspace::pageRequested);
    page.findChild<QPushButton *>(QStringLiteral("experimentEditSets"))->click();
    QCOMPARE(asked.last().first().toString(), QStringLiteral("pageData"));
    page.findChild<QPushButton *>(QStringLiteral("experimentChooseModel"))->click();
    QCOMPARE(asked.last().first().toString(), QStringLiteral("pageModels"));
    QVERIFY(!page.findChild<QAction *>(QStringLiteral("actionRunStart"))->isEnabled());
    grab(page, QStringLiteral("experiment-empty"));
}

/// What the killed program does: a window on the store in \p folder, and somebody who types.
static int typeAndWait(const QString &folder)
{
    auto store = RunStore::open((folder + QStringLiteral("/lethe.sqlite")).toStdString());
    if (!store.ok())
        qFatal("%s", store.error().message().c_str());
    MethodCatalog catalog = MethodCatalog::scan({});
    Workspace workspace(**store, catalog);
    FakeDialogs dialogs;
    ExperimentPage page(workspace, dialogs);
    page.show();
    page.activate();
    const auto type = [](QLineEdit *edit, const QString &text) {
        if (edit == nullptr)
            qFatal("no field for %s", qPrintable(text));
        edit->selectAll();
        QTest::keyClicks(edit, text);
    };
    type(page.findChild<QLineEdit *>(QStringLiteral("name")), QStringLiteral("typed in time"));
    for (const auto &[path, text] : {std::pair("training.learning_rate", "3e-5"), std::pair("training.batch_size", "12"), std::pair("training.seed", "77")})
        type(page.findChild<FormField *>(QLatin1String(path))->findChild<QLineEdit *>(), QLatin1String(text));
    std::puts("typed");
    std::fflush(stdout);
    return QApplication::exec();
}

namespace {

RefusalsDialog *openRefusals(const Shown &shown)
{
    shown.page->findChild<QPushButton *>(QStringLiteral("experimentEditRefusals"))->click();
    return shown.page->findChild<RefusalsDialog *>();
}

} // namespace

void TestExperimentPage::refusalsShipAndAreEdited()
{
    FormsBench bench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())});
    Shown shown(bench);
    auto *line = shown.page->findChild<QWidget *>(QStringLiteral("data.refusals"));
    QVERIFY(line->isHidden()); // npo needs none
    auto *picker = shown.page->findChild<MethodPicker *>();
    Q_EMIT picker->methodPicked(QStringLiteral("flat"));
    QVERIFY(line->isVisibleTo(shown.page.get()));
    QVERIFY2(shown.text("experimentRefusalsText").startsWith(QLatin1String("64 refusals, as they ship with Lethe")), qPrintable(shown.text("experimentRefusalsText")));
    QCOMPARE(bench.workspace->draft().data.refusals->source, std::string("shipped")); // said in the spec, not only in the form
    QVERIFY(bench.workspace->checkDraft().empty());
    grab(*shown.page, QStringLiteral("experiment-flat"), {1280, 720});

    RefusalsDialog *dialog = openRefusals(shown);
    QVERIFY(dialog != nullptr);
    QCOMPARE(dialog->answers(), shippedRefusalList());
    auto *restore = dialog->findChild<QPushButton *>(QStringLiteral("refusalsRestore"));
    QVERIFY(!restore->isEnabled());
    grab(*dialog, QStringLiteral("refusals"), {720, 560});
    auto *text = dialog->findChild<QPlainTextEdit *>(QStringLiteral("refusalsText"));
    text->setPlainText(QStringLiteral("Nobody knows.\n\n  I forgot.  \nOne\\ntwo\n"));
    QTRY_COMPARE(bench.workspace->draft().data.refusals->answers, (std::vector<std::string>{"Nobody knows.", "I forgot.", "One\ntwo"}));
    QVERIFY(shown.text("experimentRefusalsText").startsWith(QLatin1String("3 refusals, your own list")));
    text->clear(); // no list without an answer: the last one stays, and the dialog says so
    QTest::qWait(400);
    QCOMPARE(bench.workspace->draft().data.refusals->answers.size(), std::size_t(3));
    QVERIFY(dialog->findChild<QLabel *>(QStringLiteral("refusalsProblem"))->isVisible());
    text->setPlainText(QStringLiteral("Nobody knows.\nI forgot."));
    dialog->findChild<QCheckBox *>(QStringLiteral("refusalsOnce"))->click();
    QVERIFY(bench.workspace->draft().data.refusals->draw == RefusalSpec::Draw::Once);
    dialog->findChild<QPushButton *>(QStringLiteral("refusalsDone"))->click();
    QTRY_VERIFY(shown.page->findChild<RefusalsDialog *>() == nullptr);

    // The user's own list is there for the next experiment and after a restart.
    QVERIFY(bench.store->flush().ok());
    QCOMPARE(userRefusals(*bench.store).answers, (std::vector<std::string>{"Nobody knows.", "I forgot."}));
    Q_EMIT picker->methodPicked(QStringLiteral("npo"));
    QVERIFY(!bench.workspace->draft().data.refusals.has_value()); // npo has no use for it
    Q_EMIT picker->methodPicked(QStringLiteral("flat"));
    QCOMPARE(bench.workspace->draft().data.refusals->answers.size(), std::size_t(2));
    dialog = openRefusals(shown);
    restore = dialog->findChild<QPushButton *>(QStringLiteral("refusalsRestore"));
    QVERIFY(restore->isEnabled());
    restore->click();
    QCOMPARE(dialog->answers(), shippedRefusalList());
    QCOMPARE(bench.workspace->draft().data.refusals->source, std::string("shipped"));
    dialog->close();
    QVERIFY(bench.store->flush().ok());
    QCOMPARE(userRefusals(*bench.store).source, std::string("shipped"));
    shown.page->undoStack()->undo();
    QCOMPARE(bench.workspace->draft().data.refusals->answers.size(), std::size_t(2));
}

void TestExperimentPage::aFileOfRefusalsIsImported()
{
    FormsBench bench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())});
    Shown shown(bench);
    Q_EMIT shown.page->findChild<MethodPicker *>()->methodPicked(QStringLiteral("flat"));
    RefusalsDialog *dialog = openRefusals(shown);
    bench.dialogs.files = {bench.write(QStringLiteral("empty.txt"), "\n")};
    dialog->findChild<QPushButton *>(QStringLiteral("refusalsImport"))->click();
    QVERIFY(dialog->findChild<QLabel *>(QStringLiteral("refusalsProblem"))->text().contains(QLatin1String("holds no answer")));
    QCOMPARE(dialog->answers(), shippedRefusalList());
    bench.dialogs.files = {bench.write(QStringLiteral("mine.csv"), "Refusal Response\nNot me.\n\"Ask, please, another.\"\n")};
    dialog->findChild<QPushButton *>(QStringLiteral("refusalsImport"))->click();
    QCOMPARE(dialog->answers(), (QStringList{"Not me.", "Ask, please, another."}));
    QCOMPARE(bench.workspace->draft().data.refusals->answers.size(), std::size_t(2));
}

void TestExperimentPage::blocksAreFrozenInTheForm()
{
    FormsBench bench({std::filesystem::path(qEnvironmentVariable("LETHE_PLUGINS").toStdString())});
    Shown shown(bench);
    shown.page->findChild<SpecForm *>()->setOpenFolds({QStringLiteral("training")});
    shown.type("training.freeze_layers", QStringLiteral("0-99"));
    QTRY_VERIFY(shown.field("training.freeze_layers")->problem().contains(QLatin1String("there is no block 99")));
    QVERIFY(!shown.action("actionRunStart")->isEnabled());
    shown.type("training.freeze_layers", QStringLiteral("0"));
    QTRY_VERIFY(shown.field("training.freeze_layers")->problem().isEmpty());
    QCOMPARE(bench.workspace->draft().training.freezeLayers, std::string("0"));
    auto *tokens = qobject_cast<TokenEdit *>(shown.field("training.freeze_names")->editor().control());
    QTest::keyClicks(tokens->findChild<QLineEdit *>(), QStringLiteral("experts,"));
    QTRY_VERIFY(shown.field("training.freeze_names")->problem().contains(QLatin1String("\"experts\" fits no parameter")));
    tokens->setTokens({QStringLiteral("embed_tokens")});
    Q_EMIT tokens->edited();
    QTRY_VERIFY(shown.field("training.freeze_names")->problem().isEmpty());
    QCOMPARE(bench.workspace->draft().training.freezeNames, (std::vector<std::string>{"embed_tokens"}));
    shown.type("training.freeze_layers", QString());
    QTRY_COMPARE(bench.workspace->draft().training.freezeLayers, std::string());
    QVERIFY(bench.workspace->checkDraft().empty());
}

int main(int count, char **arguments)
{
    QApplication application(count, arguments);
    if (count == 3 && QLatin1String(arguments[1]) == QLatin1String("--type"))
        return typeAndWait(QString::fromLocal8Bit(arguments[2]));
    TestExperimentPage test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, count, arguments);
}
#include "tst_experiment_page.moc"
