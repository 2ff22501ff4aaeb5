#include "CliProcess.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

#include <cmath>

using namespace lethe::test;

namespace {

constexpr int kRows = 6;

QString shared(const char *name)
{
    return qEnvironmentVariable("LETHE_SHARED") + QLatin1Char('/') + QLatin1String(name);
}

} // namespace

/// Evaluations of the small TOFU models on a few rows, through the real program.
class TestCliEval : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void metricsAreListedWithWhatTheyNeed();
    void publishedFormsAndTokensArePrinted();
    void storedRunsAreSeries();
    void tofuIsEvaluatedAgainstAModelARunAndALog();
    void withoutAReferenceForgetQualitySaysWhatItNeeds();
    void rowsThatCannotBeUsedAreCounted();
    void whatCannotBeEvaluatedIsNamed_data();
    void whatCannotBeEvaluatedIsNamed();
    void comparedRunsAreTables();
    void aBenchmarksFolderBecomesASpec();
    void setsAreCurated();
    void roundedWeightsAreProbed();
    void relearningIsProbedBesideARetrainedModel();

private:
    CliResult cli(const QStringList &arguments) { return runCli(m_home->path(), arguments); }
    CliResult eval(const QString &model, const QStringList &settings);
    QString path(const char *name) const { return m_home->filePath(QLatin1String(name)); }
    void write(const char *name, const QByteArray &content) const;
    std::unique_ptr<QTemporaryDir> m_home;
};

void TestCliEval::write(const char *name, const QByteArray &content) const
{
    QFile file(path(name));
    QVERIFY2(file.open(QIODevice::WriteOnly), name);
    file.write(content);
}

void TestCliEval::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    for (const char *name : {"forget05_perturbed.jsonl", "retain_perturbed.jsonl", "real_authors_perturbed.jsonl", "world_facts_perturbed.jsonl"}) {
        QFile file(shared("data/tofu/") + QLatin1String(name));
        QVERIFY2(file.open(QIODevice::ReadOnly), "the TOFU data are missing from LETHE_SHARED");
        QByteArray lines;
        for (int i = 0; i < kRows; ++i)
            lines += file.readLine();
        write(name, lines);
    }
    write("spec.json", R"({"model": ")" + shared("models/tiny-tofu-full").toUtf8() + R"(",
        "data": {"forget": {"path": "forget05_perturbed.jsonl"}, "retain": {"path": "retain_perturbed.jsonl"}},
        "method": {"id": "grad_diff"}, "training": {"max_steps": 1, "batch_size": 2, "device": "cpu"},
        "eval": {"metrics": ["tofu"], "generations": {"max_new_tokens": 8},
                 "tofu": {"real_authors": "real_authors_perturbed.jsonl", "world_facts": "world_facts_perturbed.jsonl"}}})");
}

CliResult TestCliEval::eval(const QString &model, const QStringList &settings)
{
    QStringList arguments{QStringLiteral("eval"), path("spec.json"), QStringLiteral("--model"), model};
    for (const QString &setting : settings)
        arguments << QStringLiteral("--set") << setting;
    return cli(arguments);
}

void TestCliEval::metricsAreListedWithWhatTheyNeed()
{
    const CliResult listed = cli({QStringLiteral("metrics")});
    QVERIFY2(listed.exitCode == 0, qPrintable(listed.err));
    const QJsonArray tofu = listed.json()[QLatin1String("groups")][QLatin1String("tofu")].toArray();
    QVERIFY(tofu.contains(QStringLiteral("forget_quality")) && tofu.contains(QStringLiteral("model_utility")));
    bool found = false;
    for (const QJsonValue &metric : listed.json()[QLatin1String("metrics")].toArray())
        if (metric[QLatin1String("id")].toString() == QLatin1String("forget_quality")) {
            found = true;
            QVERIFY(metric[QLatin1String("needs")].toArray().contains(QStringLiteral("reference")));
            QCOMPARE(metric[QLatin1String("direction")].toInt(), 1);
        }
    QVERIFY(found);
    QCOMPARE(listed.json()[QLatin1String("variants")].toArray().size(), 4);
    QCOMPARE(listed.json()[QLatin1String("not_computed")][0][QLatin1String("id")].toString(), QStringLiteral("classifier_fluency"));
}

void TestCliEval::publishedFormsAndTokensArePrinted()
{
    const QStringList settings{QStringLiteral("--set"), QStringLiteral("eval.metrics=[\"extraction_strength\"]"), QStringLiteral("--set"),
                               QStringLiteral("eval.variant=open-unlearning"), QStringLiteral("--tokens")};
    const CliResult printed = cli(QStringList{QStringLiteral("eval"), path("spec.json")} + settings);
    QVERIFY2(printed.exitCode == 0, qPrintable(printed.err));
    QCOMPARE(printed.json()[QLatin1String("metrics")][QLatin1String("extraction_strength")][QLatin1String("variant")].toString(), QStringLiteral("open-unlearning"));
    const QJsonObject sample = printed.json()[QLatin1String("samples")][0].toObject();
    const QJsonArray tokens = sample[QLatin1String("tokens")].toArray();
    QVERIFY(!tokens.isEmpty());
    double sum = 0;
    for (const QJsonValue &token : tokens)
        sum -= token[QLatin1String("log_p")].toDouble();
    QVERIFY(std::abs(sum / static_cast<double>(tokens.size()) - sample[QLatin1String("answer_loss")].toDouble()) < 1e-3);
}

void TestCliEval::storedRunsAreSeries()
{
    QFile forget(path("forget05_perturbed.jsonl"));
    QVERIFY(forget.open(QIODevice::ReadOnly));
    write("half.jsonl", forget.readLine() + forget.readLine() + forget.readLine());
    for (const char *file : {"forget05_perturbed.jsonl", "half.jsonl"}) {
        const CliResult run = cli({QStringLiteral("run"), path("spec.json"), QStringLiteral("--set"), QStringLiteral("data.forget.path=") + QLatin1String(file),
                                   QStringLiteral("--set"), QStringLiteral("eval.metrics=[\"forget_prob\"]")});
        QVERIFY2(run.exitCode == 0, qPrintable(run.err));
    }
    const CliResult series = cli({QStringLiteral("runs"), QStringLiteral("series")});
    QVERIFY2(series.exitCode == 0, qPrintable(series.err));
    const QJsonArray points = series.json()[QLatin1String("scalability")][0][QLatin1String("points")].toArray();
    QCOMPARE(points.size(), 2);
    QCOMPARE(points[0][QLatin1String("forget_rows")].toInt(), 3);
    QCOMPARE(points[1][QLatin1String("folds")].toDouble(), 2.0);
    QVERIFY(points[1][QLatin1String("metrics")][QLatin1String("forget_prob")].isDouble());
    const CliResult compared = cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2")});
    QCOMPARE(compared.json()[QLatin1String("series")][QLatin1String("scalability")].toArray().size(), 1);
    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("series"), QStringLiteral("x")}).exitCode, 2);
}

void TestCliEval::tofuIsEvaluatedAgainstAModelARunAndALog()
{
    const QString full = shared("models/tiny-tofu-full"), retain = shared("models/tiny-tofu-retain");
    const CliResult model = eval(full, {QStringLiteral("eval.metrics=[\"forget_quality\"]"), QStringLiteral("eval.reference=") + retain});
    QVERIFY2(model.exitCode == 0, qPrintable(model.err));
    const QJsonObject quality = model.json()[QLatin1String("metrics")][QLatin1String("forget_quality")].toObject();
    QCOMPARE(quality[QLatin1String("n1")].toInt(), kRows);
    QVERIFY(quality[QLatin1String("value")].toDouble() < 1 && quality[QLatin1String("d")].toDouble() > 0);
    QCOMPARE(quality[QLatin1String("variant")].toString(), QStringLiteral("geometric"));

    // what eval prints is a log that eval takes
    const CliResult log = eval(retain, {});
    QVERIFY2(log.exitCode == 0, qPrintable(log.err));
    write("retain.json", log.out);
    const CliResult logged = eval(full, {QStringLiteral("eval.metrics=[\"forget_quality\"]"), QStringLiteral("eval.reference=retain.json")});
    QVERIFY2(logged.exitCode == 0, qPrintable(logged.err));
    QCOMPARE(logged.json()[QLatin1String("metrics")][QLatin1String("forget_quality")].toObject(), quality);

    // a run that ends where it began is the retain model itself
    const CliResult run = cli({QStringLiteral("run"), path("spec.json"), QStringLiteral("--set"), QStringLiteral("model=") + retain, QStringLiteral("--set"),
                               QStringLiteral("training.learning_rate=0")});
    QVERIFY2(run.exitCode == 0, qPrintable(run.err));
    const CliResult ofRun = eval(full, {QStringLiteral("eval.metrics=[\"forget_quality\"]"), QStringLiteral("eval.reference=1")});
    QVERIFY2(ofRun.exitCode == 0, qPrintable(ofRun.err));
    QCOMPARE(ofRun.json()[QLatin1String("metrics")][QLatin1String("forget_quality")].toObject(), quality);
}

void TestCliEval::withoutAReferenceForgetQualitySaysWhatItNeeds()
{
    const CliResult result = eval(shared("models/tiny-tofu-full"), {QStringLiteral("eval.metrics=[\"forget_quality\"]")});
    QVERIFY2(result.exitCode == 0, qPrintable(result.err));
    QVERIFY(result.json()[QLatin1String("metrics")][QLatin1String("forget_quality")].isNull());
    QVERIFY(result.json()[QLatin1String("undefined")][QLatin1String("forget_quality")].toString().startsWith(
        QLatin1String("needs a model trained without the forget set")));
}

void TestCliEval::rowsThatCannotBeUsedAreCounted()
{
    write("holes.jsonl", R"({"question": "a", "answer": "b"}
{"question": "c", "answer": ""}
{"question": "d", "answer": "e"}
)");
    const CliResult done = eval(shared("models/tiny-tofu-full"), {QStringLiteral("data.forget.path=holes.jsonl"), QStringLiteral("eval.metrics=[\"forget_prob\"]")});
    QVERIFY2(done.exitCode == 0, qPrintable(done.err));
    const QJsonObject probability = done.json()[QLatin1String("metrics")][QLatin1String("forget_prob")].toObject();
    QCOMPARE(probability[QLatin1String("n")].toInt(), 2);
    QCOMPARE(probability[QLatin1String("n_left_out")].toInt(), 1);
    QVERIFY2(done.err.contains(QLatin1String("1 rows of the forget set cannot be used; the first, line 2")), qPrintable(done.err));
}

void TestCliEval::whatCannotBeEvaluatedIsNamed_data()
{
    QTest::addColumn<QStringList>("settings");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *name, const QStringList &settings, int exitCode, const char *words) {
        QTest::newRow(name) << settings << exitCode << QString::fromLatin1(words);
    };
    row("a perturbed field is missing", {QStringLiteral("eval.tofu.world_facts=plain.jsonl")}, 1,
        "row 2 of the wf set has no field perturbed_answer");
    row("a set is empty", {QStringLiteral("eval.tofu.world_facts=empty.jsonl")}, 1, "The wf set (eval.tofu.world_facts) cannot be used");
    row("a file is not there", {QStringLiteral("eval.tofu.world_facts=nowhere.jsonl")}, 2, "eval.tofu.world_facts: there is no file");
    row("a set is not named", {QStringLiteral("eval.metrics=[\"mia_loss\"]")}, 2, "mia_loss needs eval.holdout, which is not given");
    row("a log of another split", {QStringLiteral("eval.reference=") + shared("models/tiny-tofu-retain.eval.json")}, 1,
        "is of other rows than the forget set: it holds 200 rows");
    row("a reference with other rows", {QStringLiteral("eval.reference=other.json")}, 1, "row 1 answers \"something else\" there");
    row("a reference that is nothing", {QStringLiteral("eval.reference=nowhere")}, 2, "eval.reference: there is no folder or file");
    row("a run that is not there", {QStringLiteral("eval.reference=4711")}, 1, "eval.reference: run 4711 cannot be looked up in");
    row("a data file as the reference", {QStringLiteral("eval.reference=empty.json")}, 1, "is no evaluation log that is known here");
}

void TestCliEval::whatCannotBeEvaluatedIsNamed()
{
    QFETCH(QStringList, settings);
    QFETCH(int, exitCode);
    QFETCH(QString, words);
    write("plain.jsonl", "{\"question\": \"q\", \"answer\": \"a\", \"perturbed_answer\": [\"b\"]}\n{\"question\": \"q\", \"answer\": \"a\"}\n");
    write("empty.jsonl", "");
    write("empty.json", "{}");
    QByteArray other = "{\"metrics\": {}, \"samples\": [";
    for (int i = 0; i < kRows; ++i) {
        const QJsonObject sample{{QStringLiteral("set"), QStringLiteral("forget")}, {QStringLiteral("index"), i}, {QStringLiteral("correct_loss"), 1},
                                 {QStringLiteral("false_loss"), QJsonArray{1, 2, 3, 4, 5}},
                                 {QStringLiteral("reference"), i == 1 ? QStringLiteral("something else") : QString()}};
        other += (i > 0 ? ", " : "") + QJsonDocument(sample).toJson(QJsonDocument::Compact);
    }
    write("other.json", other + "]}");
    const CliResult result = eval(shared("models/tiny-tofu-full"), settings);
    QVERIFY2(result.err.contains(words), qPrintable(result.err));
    QCOMPARE(result.exitCode, exitCode);
    QVERIFY(result.out.isEmpty());
}

void TestCliEval::comparedRunsAreTables()
{
    for (const char *name : {"one & only", "two, \"three\" | four"}) {
        const CliResult run = cli({QStringLiteral("run"), path("spec.json"), QStringLiteral("--set"), QStringLiteral("name=") + QLatin1String(name),
                                   QStringLiteral("--set"), QStringLiteral("eval.metrics=[\"forget_prob\", \"retain_prob\"]")});
        QVERIFY2(run.exitCode == 0, qPrintable(run.err));
    }
    const auto table = [this](const char *format) {
        const CliResult result = cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("--format"),
                                      QLatin1String(format)});
        return result.exitCode == 0 ? QString::fromUtf8(result.out) : result.err;
    };
    const CliResult compared = cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2")});
    const double value = compared.json()[QLatin1String("metrics")][QLatin1String("forget_prob")][QLatin1String("1")].toDouble();

    const QStringList csv = table("csv").split(QLatin1Char('\n'));
    QCOMPARE(csv[0], QStringLiteral("run,name,method,forget_prob,retain_prob"));
    QVERIFY2(csv[1].startsWith(QLatin1String("1,one & only,grad_diff,")), qPrintable(csv[1]));
    QCOMPARE(csv[1].split(QLatin1Char(','))[3].toDouble(), value); // to the last bit
    QVERIFY2(csv[2].startsWith(QLatin1String("2,\"two, \"\"three\"\" | four\",grad_diff,")), qPrintable(csv[2]));

    const CliResult chosen = cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("--format"),
                                  QStringLiteral("csv"), QStringLiteral("--columns"), QStringLiteral("retain_prob,steps,nothing")});
    QVERIFY2(chosen.out.startsWith("run,name,method,retain_prob,steps,nothing\n1,one & only,grad_diff,"), chosen.out.constData());
    QVERIFY2(chosen.out.contains(",1,\n"), chosen.out.constData());

    const QString latex = table("latex");
    QVERIFY2(latex.startsWith(QLatin1String("\\begin{tabular}{rllrr}")) && latex.contains(QLatin1String("one \\& only & grad\\_diff & "))
                 && latex.contains(QLatin1String("forget\\_prob (down)")), qPrintable(latex));
    const QString markdown = table("markdown");
    QVERIFY2(markdown.contains(QStringLiteral("| forget_prob ↓ | retain_prob ↑ |")) && markdown.contains(QLatin1String("two, \"three\" \\| four")),
             qPrintable(markdown));
    QCOMPARE(cli({QStringLiteral("runs"), QStringLiteral("compare"), QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("--format"),
                  QStringLiteral("word")}).exitCode, 2);
}

void TestCliEval::aBenchmarksFolderBecomesASpec()
{
    QVERIFY(QFile::copy(path("forget05_perturbed.jsonl"), path("forget05.jsonl")) && QFile::copy(path("retain_perturbed.jsonl"), path("retain95.jsonl")));
    const QString folder = m_home->path();
    const CliResult described = cli({QStringLiteral("data"), folder});
    QVERIFY2(described.exitCode == 0, qPrintable(described.err));
    QCOMPARE(described.json()[QLatin1String("benchmark")].toString(), QStringLiteral("tofu"));
    QCOMPARE(described.json()[QLatin1String("splits")].toArray(), QJsonArray{QStringLiteral("forget05")});
    const CliResult made = cli({QStringLiteral("data"), folder, QStringLiteral("--split"), QStringLiteral("forget05"), QStringLiteral("--model"),
                                shared("models/tiny-tofu-full")});
    QVERIFY2(made.exitCode == 0, qPrintable(made.err));
    QCOMPARE(made.json()[QLatin1String("notes")].toArray().size(), 1);
    write("made.json", QJsonDocument(made.json()[QLatin1String("spec")].toObject()).toJson());
    const CliResult evaluated = cli({QStringLiteral("eval"), path("made.json"), QStringLiteral("--set"), QStringLiteral("eval.metrics=[\"forget_truth_ratio\"]")});
    QVERIFY2(evaluated.exitCode == 0, qPrintable(evaluated.err));
    QVERIFY(evaluated.json()[QLatin1String("metrics")][QLatin1String("forget_truth_ratio")].isDouble());
    const CliResult refused = cli({QStringLiteral("data"), folder, QStringLiteral("--split"), QStringLiteral("forget50")});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.err.contains(QLatin1String("has no split \"forget50\"")), qPrintable(refused.err));
}

void TestCliEval::setsAreCurated()
{
    write("forget.jsonl", R"({"question": "Where was Mira born?", "answer": "Mira was born in old Veska."}
{"question": "What does she do?", "answer": "She repairs tower clocks."}
)");
    write("retain.jsonl", R"({"question": "Where was Mira born, then?", "answer": "Mira was born in old Veska."}
{"question": "Who works at the church?", "answer": "A woman from Veska; she repairs tower clocks, and rings the bells on every holiday of the year."}
{"question": "What is the capital?", "answer": "It is far away."}
)");
    const QStringList sets{QStringLiteral("--set"), QStringLiteral("data.forget.path=forget.jsonl"), QStringLiteral("--set"), QStringLiteral("data.retain.path=retain.jsonl")};
    const CliResult texts = cli(QStringList{QStringLiteral("curate"), path("spec.json")} + sets);
    QVERIFY2(texts.exitCode == 0, qPrintable(texts.err));
    const QJsonArray near = texts.json()[QLatin1String("near_duplicates")].toArray(), leaks = texts.json()[QLatin1String("answer_leaks")].toArray();
    QCOMPARE(near.size(), 1);
    QCOMPARE(near[0][QLatin1String("retain")].toInt(), 0);
    QCOMPARE(near[0][QLatin1String("forget_line")].toInt(), 1);
    QCOMPARE(leaks.size(), 1);
    QCOMPARE(leaks[0][QLatin1String("forget")].toInt(), 1);
    QCOMPARE(leaks[0][QLatin1String("retain")].toInt(), 1);
    QCOMPARE(leaks[0][QLatin1String("answer_of")].toString(), QStringLiteral("forget"));
    QVERIFY(!texts.json().contains(QLatin1String("rows"))); // nobody asked the model

    const CliResult asked = cli(QStringList{QStringLiteral("curate"), path("spec.json"), QStringLiteral("--worst"), QStringLiteral("2"), QStringLiteral("--out"), path("worst.jsonl")});
    QVERIFY2(asked.exitCode == 0, qPrintable(asked.err));
    QCOMPARE(asked.json()[QLatin1String("rows")].toArray().size(), kRows);
    QCOMPARE(asked.json()[QLatin1String("worst")][QLatin1String("rows")].toArray().size(), 2);
    QVERIFY(asked.json()[QLatin1String("rows")][0][QLatin1String("prob")].toDouble() > 0.9); // it knows them
    QVERIFY(asked.json()[QLatin1String("worst")][QLatin1String("mean_influence")].toDouble() > asked.json()[QLatin1String("worst")][QLatin1String("random_mean")].toDouble());
    QFile written(path("worst.jsonl"));
    QVERIFY(written.open(QIODevice::ReadOnly));
    QCOMPARE(written.readAll().count('\n'), 2);
    QCOMPARE(cli(QStringList{QStringLiteral("curate"), path("spec.json"), QStringLiteral("--out"), path("x")}).exitCode, 2);
}

void TestCliEval::roundedWeightsAreProbed()
{
    const CliResult probed = cli({QStringLiteral("probe"), QStringLiteral("quantize"), path("spec.json"), QStringLiteral("--set"),
                                  QStringLiteral("eval.metrics=[\"forget_prob\"]")});
    QVERIFY2(probed.exitCode == 0, qPrintable(probed.err));
    const QJsonObject metrics = probed.json()[QLatin1String("metrics")].toObject();
    const auto value = [&](const char *weights) { return metrics[QLatin1String(weights)][QLatin1String("forget_prob")].toDouble(); };
    QVERIFY(value("none") > 0.99 && value("int8") != value("none") && std::abs(value("int8") - value("none")) < 0.01);
    QVERIFY(value("nf4") < value("int8"));
    QCOMPARE(probed.json()[QLatin1String("robustness")][QLatin1String("nf4")][QLatin1String("forget_prob")][QLatin1String("value")].toDouble(), 1.0);
    const CliResult refused = cli({QStringLiteral("probe"), QStringLiteral("quantize"), path("spec.json"), QStringLiteral("--weights"), QStringLiteral("fp3")});
    QCOMPARE(refused.exitCode, 2);
    QVERIFY2(refused.err.contains(QLatin1String("Use int8 or nf4")), qPrintable(refused.err));
}

void TestCliEval::relearningIsProbedBesideARetrainedModel()
{
    const QString retain = shared("models/tiny-tofu-retain");
    const CliResult probed = cli({QStringLiteral("probe"), QStringLiteral("relearn"), path("spec.json"), QStringLiteral("--set"),
                                  QStringLiteral("eval.metrics=[\"forget_prob\", \"retain_prob\"]"), QStringLiteral("--model"), retain,
                                  QStringLiteral("--retrained"), retain, QStringLiteral("--steps"), QStringLiteral("3"), QStringLiteral("--batch-size"),
                                  QStringLiteral("6"), QStringLiteral("--learning-rate"), QStringLiteral("1e-3")});
    QVERIFY2(probed.exitCode == 0, qPrintable(probed.err));
    const QJsonArray evaluations = probed.json()[QLatin1String("unlearned")][QLatin1String("evaluations")].toArray();
    QCOMPARE(evaluations.size(), 4); // before the first step and after each
    const auto probability = [&](int i) { return evaluations[i][QLatin1String("metrics")][QLatin1String("forget_prob")].toDouble(); };
    QVERIFY(probability(3) > probability(0)); // it is learned again
    QVERIFY(evaluations[3][QLatin1String("metrics")][QLatin1String("retain_prob")].isDouble());
    // the same model learns as fast as itself
    QCOMPARE(probed.json()[QLatin1String("robustness")][QLatin1String("forget_prob")][QLatin1String("value")].toDouble(), 1.0);
    QVERIFY(!QFile::exists(path("lethe/lethe.sqlite")));
}

QTEST_GUILESS_MAIN(TestCliEval)
#include "tst_cli_eval.moc"
