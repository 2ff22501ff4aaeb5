#include "base/Json.h"

#include <lethe/spec/SpecReader.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

constexpr const char *kSmallest = R"({"model": "m", "data": {"forget": {"path": "f.jsonl"}}, "method": {"id": "npo"}})";

const char *const kWhole = R"({
  "name": "npo on the demo authors",
  "model": "models/demo",
  "reference_model": "models/other",
  "data": {
    "forget": {"path": "forget.jsonl", "prompt": "q", "answer": "a", "alternate": "idk"},
    "retain": {"path": "retain.jsonl", "prompt": null, "answer": "text"},
    "refusals": {"answers": ["Unknown.", "No idea.\nNone."], "draw": "once"},
    "template": {"prompt_prefix": "Q: ", "prompt_suffix": "\n", "answer_prefix": "A: "},
    "max_length": 128
  },
  "method": {"id": "npo", "parameters": {"beta": 0.5, "retain_loss": "kl", "on": true, "n": 3, "none": null, "list": ["a", "b"], "numbers": [1.5, 2.5]}},
  "training": {
    "epochs": 2.5, "max_steps": 7, "batch_size": 2, "gradient_accumulation": 3,
    "optimizer": "sgd", "learning_rate": 2e-5, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.1,
    "schedule": "cosine", "warmup_steps": 4, "max_grad_norm": null,
    "device": "cuda:1", "dtype": "bf16", "seed": 11, "shuffle": false,
    "lora": {"rank": 8, "alpha": 16, "dropout": 0.1, "rank_stabilized": true, "target_modules": ["q_proj"]},
    "freeze_layers": "0-3, 7, 10-", "freeze_names": ["embed_tokens", "*.bias"],
    "gradient_checkpointing": true, "save_every_steps": 5
  },
  "eval": {"every_steps": 10, "metrics": ["forget_prob"], "reference": "r", "generations": {"prompts": 0, "max_new_tokens": 9}, "rows": 3, "budget_percent": 12.5,
           "tofu": {"forget": "a.jsonl", "retain": {"path": "b.csv", "prompt": "q", "answer": "a"}, "real_authors": "c", "world_facts": "d", "retain_rows": 7},
           "muse": {"verbatim": "v.json", "knowledge_forget": "k", "knowledge_forget_shots": "s", "privleak_forget": "p", "privleak_holdout": "h"},
           "holdout": "o.jsonl", "truth_ratio": "arithmetic", "variant": "open-unlearning"}
})";

/// The smallest spec with one value set by its path.
SpecReading readingWith(const QString &assignment)
{
    const Result<std::string> json = setInSpecJson(kSmallest, assignment.toStdString());
    return readSpec(json.ok() ? json.value() : "", "/base");
}

QString text(const Error &error)
{
    return QString::fromStdString(error.message());
}

} // namespace

class TestSpecReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void missingKeysTakeTheContractsDefaults();
    void everyKeyIsReadAndWrittenBack();
    void absentEvalStaysAbsent();
    void blocksToFreezeAreARangeANumberOrAList_data();
    void blocksToFreezeAreARangeANumberOrAList();
    void aListOfRefusalsIsWrittenAsItWasGiven_data();
    void aListOfRefusalsIsWrittenAsItWasGiven();
    void theChatTemplateMayBeNamedByAWord();
    void refusesNamingPathAndWhatIsAccepted_data();
    void refusesNamingPathAndWhatIsAccepted();
    void namesEveryOffenceAtOnce();
    void brokenJsonNamesLineAndColumn_data();
    void brokenJsonNamesLineAndColumn();
    void keysGivenTwiceAreRefused();
    void everyFixtureSpecIsRead();
    void aFileGivesItsFolderAsBase();
    void assignmentsSetWhatTheyName_data();
    void assignmentsSetWhatTheyName();
    void assignmentsThroughAValueAreRefused();
    void plannedStepsCountTheLastSmallerBatch_data();
    void plannedStepsCountTheLastSmallerBatch();
};

void TestSpecReader::missingKeysTakeTheContractsDefaults()
{
    const SpecReading reading = readSpec(kSmallest, "/base");
    QVERIFY2(reading.ok(), reading.ok() ? "" : qPrintable(text(reading.asError())));
    ExperimentSpec expected;
    expected.model = "m";
    expected.data.forget = DataSource{.path = "f.jsonl"};
    expected.method.id = "npo";
    expected.baseFolder = "/base";
    QVERIFY(reading.spec == expected);
    QCOMPARE(reading.spec.training.learningRate, 1e-5);
    QCOMPARE(reading.spec.training.maxGradNorm.value_or(0), 1.0);
    QCOMPARE(QString::fromStdString(reading.spec.data.forget->prompt), QStringLiteral("question"));
}

void TestSpecReader::everyKeyIsReadAndWrittenBack()
{
    const SpecReading reading = readSpec(kWhole, "/base");
    QVERIFY2(reading.ok(), reading.ok() ? "" : qPrintable(text(reading.asError())));
    const ExperimentSpec &spec = reading.spec;
    QCOMPARE(spec.data.retain->prompt, std::string());
    QCOMPARE(spec.data.forget->alternate, std::string("idk"));
    QCOMPARE(std::get<double>(spec.method.parameters.values.at("beta")), 0.5);
    QCOMPARE(std::get<std::int64_t>(spec.method.parameters.values.at("n")), 3);
    QVERIFY(std::holds_alternative<std::monostate>(spec.method.parameters.values.at("none")));
    QVERIFY(!spec.training.maxGradNorm.has_value());
    QCOMPARE(spec.training.lora->rank, 8);
    QCOMPARE(spec.eval->rows.value(), 3);
    QCOMPARE(spec.eval->budgetPercent.value(), 12.5);

    const std::string written = writeSpec(spec);
    const SpecReading again = readSpec(written, "/base");
    QVERIFY2(again.ok(), again.ok() ? "" : qPrintable(text(again.asError())));
    QVERIFY(again.spec == spec);
    QCOMPARE(writeSpec(again.spec), written);
    QVERIFY(written.find("\"name\"") < written.find("\"model\""));
}

void TestSpecReader::blocksToFreezeAreARangeANumberOrAList_data()
{
    QTest::addColumn<QString>("assignment");
    QTest::addColumn<QString>("expected");
    QTest::newRow("text") << "training.freeze_layers=0-3, 7" << "0-3, 7";
    QTest::newRow("number") << "training.freeze_layers=5" << "5";
    QTest::newRow("list") << "training.freeze_layers=[0,1,4]" << "0, 1, 4";
    QTest::newRow("null") << "training.freeze_layers=null" << "";
}

void TestSpecReader::blocksToFreezeAreARangeANumberOrAList()
{
    QFETCH(QString, assignment);
    QFETCH(QString, expected);
    const SpecReading reading = readingWith(assignment);
    QVERIFY2(reading.ok(), reading.ok() ? "" : reading.asError().message().c_str());
    QCOMPARE(QString::fromStdString(reading.spec.training.freezeLayers), expected);
}

void TestSpecReader::aListOfRefusalsIsWrittenAsItWasGiven_data()
{
    QTest::addColumn<QString>("value");
    QTest::newRow("shipped") << "\"shipped\"";
    QTest::newRow("a file") << R"("answers.txt")";
    QTest::newRow("a list") << R"(["One.","Two."])";
    QTest::newRow("drawn once") << R"({"answers":"shipped","draw":"once"})";
}

void TestSpecReader::aListOfRefusalsIsWrittenAsItWasGiven()
{
    QFETCH(QString, value);
    const SpecReading reading = readingWith(QStringLiteral("data.refusals=") + value);
    QVERIFY2(reading.ok(), reading.ok() ? "" : reading.asError().message().c_str());
    JsonProblem problem;
    const auto json = parseJson(writeSpec(reading.spec), problem);
    QCOMPARE(QString::fromStdString(dumpJson((*json)["data"]["refusals"])), value);
    QVERIFY(readSpec(writeSpec(reading.spec), "/base").spec == reading.spec);
}

void TestSpecReader::absentEvalStaysAbsent()
{
    const SpecReading reading = readSpec(kSmallest, {});
    QVERIFY(!reading.spec.eval);
    QVERIFY(!readSpec(writeSpec(reading.spec), {}).spec.eval);
}

void TestSpecReader::theChatTemplateMayBeNamedByAWord()
{
    const SpecReading reading = readingWith(QStringLiteral("data.template=chat"));
    QVERIFY(reading.ok());
    QVERIFY(reading.spec.data.textTemplate.chat);
    QVERIFY(writeSpec(reading.spec).find("\"template\": \"chat\"") != std::string::npos);
    const SpecReading system = readingWith(QStringLiteral(R"(data.template={"chat": true, "system_prompt": "Be brief."})"));
    QVERIFY(system.ok());
    QVERIFY(readSpec(writeSpec(system.spec), "/base").spec == system.spec);
}

void TestSpecReader::refusesNamingPathAndWhatIsAccepted_data()
{
    QTest::addColumn<QString>("assignment");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *assignment, const char *expected) {
        QTest::newRow(assignment) << QString::fromUtf8(assignment) << QString::fromUtf8(expected);
    };
    row("training.batch_size=0", "training.batch_size: 0 is not allowed. Use a whole number, 1 or more");
    row("training.batch_size=2.5", "training.batch_size: 2.5 is not a whole number. Use a whole number, 1 or more");
    row("training.batch_size=four", "training.batch_size: \"four\" is not a whole number. Use a whole number, 1 or more");
    row("training.batch_size=null", "training.batch_size: null is not allowed. Use a whole number, 1 or more");
    row("training.batch_size=1e300", "training.batch_size: 1e+300 is not allowed. Use a whole number, 1 or more");
    row("training.max_steps=0", "training.max_steps: 0 is not allowed. Use a whole number, 1 or more, or null for no limit");
    row("training.learning_rate=-1", "training.learning_rate: -1 is not allowed. Use a number, 0 or more");
    row("training.learning_rate=\"1e-5\"", "training.learning_rate: \"1e-5\" is not a number. Use a number, 0 or more");
    row("training.learning_rat=1", "training.learning_rat: unknown key (did you mean learning_rate?). Accepted here: epochs, max_steps, "
        "batch_size, gradient_accumulation, optimizer, learning_rate, betas, eps, weight_decay, schedule, warmup_steps, max_grad_norm, "
        "device, dtype, seed, shuffle, lora, freeze_layers, freeze_names, gradient_checkpointing, save_every_steps");
    row("training.epochs=0", "training.epochs: 0 is not allowed. Use a number, above 0 and at most 1000000");
    row("training.optimizer=adam", "training.optimizer: \"adam\" is not allowed. Use adamw or sgd or adamw_8bit");
    row("training.schedule=3", "training.schedule: 3 is not allowed. Use constant or linear or cosine");
    row("training.dtype=f64", "training.dtype: \"f64\" is not allowed. Use f32 or bf16 or f16");
    row("training.device=gpu", "training.device: \"gpu\" is not allowed. Use auto, cpu, cuda or cuda:N");
    row("training.device=cuda:", "training.device: \"cuda:\" is not allowed. Use auto, cpu, cuda or cuda:N");
    row("training.betas=[0.9]", "training.betas: [0.9] is not allowed. Use a list of two numbers, each 0 or more and below 1");
    row("training.betas=[0.9,1.0]", "training.betas: [0.9,1.0] is not allowed. Use a list of two numbers, each 0 or more and below 1");
    row("training.max_grad_norm=0", "training.max_grad_norm: 0 is not allowed. Use a number, above 0, or null for no clipping");
    row("training.shuffle=1", "training.shuffle: 1 is not allowed. Use true or false");
    row("training.seed=-1", "training.seed: -1 is not allowed. Use a whole number, 0 or more");
    row("training.lora={\"rank\": 0}", "training.lora.rank: 0 is not allowed. Use a whole number, 1 to 65536");
    row("training.freeze_layers=3-1", "training.freeze_layers: \"3-1\" is no range of blocks. Use blocks counted from 0, as in 0-3, 7 or 10- (to the last)");
    row("training.freeze_layers=0,,2", "training.freeze_layers: \"\" is no range of blocks. Use blocks counted from 0, as in 0-3, 7 or 10- (to the last)");
    row("training.freeze_layers=-1", "training.freeze_layers: \"-1\" is no range of blocks. Use blocks counted from 0, as in 0-3, 7 or 10- (to the last)");
    row("training.freeze_layers=all", "training.freeze_layers: \"all\" is no range of blocks. Use blocks counted from 0, as in 0-3, 7 or 10- (to the last)");
    row("training.freeze_layers=0.5", "training.freeze_layers: 0.5 is no range of blocks. Use a text such as 0-3, 7, a number, or a list of numbers");
    row("training.freeze_names=mlp", "training.freeze_names: \"mlp\" is not a list. Use a list of parameter names, or parts of them, with * for any letters");
    row("data.refusals=", "data.refusals: is empty. Use shipped, a file with one answer a line, or a list of answers");
    row("data.refusals=[]", "data.refusals: holds no answer. Use shipped, a file with one answer a line, or a list of answers");
    row("data.refusals=5", "data.refusals: 5 is no list of answers. Use shipped, a file with one answer a line, or a list of answers");
    row("data.refusals=[\"a\",\" \"]", "data.refusals[1]: \" \" is no answer. Use a text that is not blank");
    row("data.refusals={\"draw\":\"once\"}", "data.refusals.answers: is missing. Use shipped, a file with one answer a line, or a list of answers");
    row("data.refusals={\"answers\":\"shipped\",\"draw\":\"daily\"}", "data.refusals.draw: \"daily\" is not allowed. Use per_access or once");
    row("training=5", "training: 5 is not an object. Use an object {…}");
    row("model=", "model: is empty. Give the model's folder");
    row("model=5", "model: 5 is not a text. Give the model's folder");
    row("data.max_length=1", "data.max_length: 1 is not allowed. Use a whole number, 2 to 1048576");
    row("data.forget.path=", "data.forget.path: is empty. Give the data file (JSON Lines, a JSON array, CSV or plain text)");
    row("data.forget.quest=x", "data.forget.quest: unknown key. Accepted here: path, prompt, answer, alternate");
    row("data.template=chatt", "data.template: \"chatt\" is not a template. Use \"chat\", or an object with prompt_prefix, prompt_suffix and answer_prefix");
    row("method.id=", "method.id: is empty. Give the id of a method; lethe-cli methods lists them");
    row("method.parameters.x={\"a\": 1}", "method.parameters.x: an object is not allowed. Use a number, a text, true or false, null, or a list of texts or of numbers");
    row("eval.metrics=[\"forget_pro\"]", "eval.metrics[0]: \"forget_pro\" is no metric that this version computes (did you mean forget_prob?). "
        "Use a group (basic, tofu, muse, memorization, membership, fluency, composite) or a metric's id; lethe-cli metrics lists them");
    row("eval.metrics=basic", "eval.metrics: \"basic\" is not a list. Use a list of groups (basic, tofu, muse, memorization, membership, fluency, composite) and metric ids");
    row("eval.tofu.forgets=x", "eval.tofu.forgets: unknown key (did you mean forget?). Accepted here: forget, retain, real_authors, world_facts, retain_rows");
    row("eval.tofu.forget=[1]", "eval.tofu.forget: a list is no data file. Use a path, or an object with path, prompt and answer");
    row("eval.tofu.retain_rows=0", "eval.tofu.retain_rows: 0 is not allowed. Use a whole number, 1 or more, or null for all rows");
    row("eval.budget_percent=0", "eval.budget_percent: 0 is not allowed. Use a number, above 0 and at most 100, or null for no bound");
    row("eval.holdout=5", "eval.holdout: 5 is no data file. Use a path, or an object with path, prompt and answer");
    row("eval.variant=mine", "eval.variant: \"mine\" is not allowed. Use strict or tofu-original or open-unlearning or muse-original");
    row("eval.truth_ratio=mean", "eval.truth_ratio: \"mean\" is not allowed. Use geometric or arithmetic or open-unlearning");
    row("eval.generations.max_new_tokens=0", "eval.generations.max_new_tokens: 0 is not allowed. Use a whole number, 1 or more");
    row("evaluation={}", "evaluation: unknown key (did you mean eval?). Accepted here: name, model, reference_model, data, method, training, eval");
}

void TestSpecReader::refusesNamingPathAndWhatIsAccepted()
{
    QFETCH(QString, assignment);
    QFETCH(QString, expected);
    const SpecReading reading = readingWith(assignment);
    QCOMPARE(reading.problems.size(), std::size_t{1});
    QCOMPARE(text(reading.problems.front()), expected);
}

void TestSpecReader::namesEveryOffenceAtOnce()
{
    const SpecReading reading = readSpec(R"({"modell": "m", "method": {}, "training": {"batch_size": 0, "seed": "x"}})", {});
    QStringList paths;
    for (const Error &error : reading.problems)
        paths << QString::fromStdString(error.where);
    QCOMPARE(paths, QStringList({QStringLiteral("model"), QStringLiteral("data"), QStringLiteral("method.id"),
                                 QStringLiteral("training.batch_size"), QStringLiteral("training.seed"), QStringLiteral("modell")}));
    const QStringList lines = text(reading.asError()).split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 6);
    QCOMPARE(lines.front(), QStringLiteral("model: is missing. Give the model's folder"));
    QCOMPARE(lines.back().left(30), QStringLiteral("modell: unknown key (did you m"));
}

void TestSpecReader::brokenJsonNamesLineAndColumn_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("where");
    QTest::newRow("nothing") << QByteArray() << QStringLiteral("line 1, column 1");
    QTest::newRow("cut off") << QByteArray("{\"model\":\n \"m\"") << QStringLiteral("line 2, column 5");
    QTest::newRow("a missing comma") << QByteArray("{\n\"a\": 1\n\"b\": 2}") << QStringLiteral("line 3, column 3");
    QTest::newRow("not a number") << QByteArray("{\"a\": NaN}") << QStringLiteral("line 1, column 7");
    QTest::newRow("a list") << QByteArray("[1]") << QStringLiteral("line 1");
    QTest::newRow("hostile bytes") << QByteArray("{\"a\": \"\xff\xfe\"}") << QStringLiteral("line 1, column 8");
    QTest::newRow("hostile depth") << QByteArray(100000, '[') << QStringLiteral("line 1, column 513");
}

void TestSpecReader::brokenJsonNamesLineAndColumn()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, where);
    const SpecReading reading = readSpec(std::string_view(json.constData(), static_cast<std::size_t>(json.size())), {});
    QCOMPARE(reading.problems.size(), std::size_t{1});
    QCOMPARE(QString::fromStdString(reading.problems.front().where), where);
}

void TestSpecReader::keysGivenTwiceAreRefused()
{
    const SpecReading reading = readSpec("{\"model\": \"m\",\n \"training\": {\"seed\": 1, \"seed\": 2}}", {});
    QCOMPARE(reading.problems.size(), std::size_t{1});
    QCOMPARE(text(reading.problems.front()),
             QStringLiteral("line 2, column 26: the key training.seed is given twice. A spec is one JSON object"));
}

void TestSpecReader::everyFixtureSpecIsRead()
{
    const QDir folder(qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/losses"));
    int read = 0;
    for (const QString &name : folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const QString file = folder.filePath(name + QStringLiteral("/spec.json"));
        if (!QFile::exists(file))
            continue;
        const Result<ExperimentSpec> spec = readSpecFile(file.toStdString());
        QVERIFY2(spec.ok(), spec.ok() ? "" : qPrintable(file + QLatin1Char(' ') + text(spec.error())));
        QVERIFY(readSpec(writeSpec(*spec), spec->baseFolder).spec == *spec);
        ++read;
    }
    QVERIFY2(read > 0, qPrintable(QStringLiteral("no spec.json under ") + folder.path() + QStringLiteral(": set LETHE_FIXTURES")));
}

void TestSpecReader::aFileGivesItsFolderAsBase()
{
    QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("spec.json")).toStdString();
    QCOMPARE(readSpecFile(path).error().code, ErrorCode::NotFound);
    QFile file(QString::fromStdString(path));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{\"model\": }");
    file.close();
    QCOMPARE(QString::fromStdString(readSpecFile(path).error().where), QString::fromStdString(path) + QStringLiteral(", line 1, column 11"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(kSmallest);
    file.close();
    const Result<ExperimentSpec> spec = readSpecFile(path);
    QVERIFY(spec.ok());
    QCOMPARE(spec->resolve(spec->model).string(), folder.filePath(QStringLiteral("m")).toStdString());
    QCOMPARE(spec->resolve("/abs/x").string(), std::string("/abs/x"));
}

void TestSpecReader::assignmentsSetWhatTheyName_data()
{
    QTest::addColumn<QString>("assignment");
    QTest::addColumn<QString>("expected");
    QTest::newRow("a number") << "a.b=0.5" << R"({"a":{"b":0.5},"c":[1],"d":null})";
    QTest::newRow("a bare text") << "a.b=nll" << R"({"a":{"b":"nll"},"c":[1],"d":null})";
    QTest::newRow("a quoted text") << "a.b=\"5\"" << R"({"a":{"b":"5"},"c":[1],"d":null})";
    QTest::newRow("an empty text") << "a.b=" << R"({"a":{"b":""},"c":[1],"d":null})";
    QTest::newRow("with an equals sign") << "a.b=x=y" << R"({"a":{"b":"x=y"},"c":[1],"d":null})";
    QTest::newRow("a new path") << "x.y.z=true" << R"({"a":{"b":1},"c":[1],"d":null,"x":{"y":{"z":true}}})";
    QTest::newRow("through null") << "d.e=1" << R"({"a":{"b":1},"c":[1],"d":{"e":1}})";
    QTest::newRow("a whole list") << "c=[2, 3]" << R"({"a":{"b":1},"c":[2,3],"d":null})";
}

void TestSpecReader::assignmentsSetWhatTheyName()
{
    QFETCH(QString, assignment);
    QFETCH(QString, expected);
    const Result<std::string> json = setInSpecJson(R"({"a": {"b": 1}, "c": [1], "d": null})", assignment.toStdString());
    QVERIFY(json.ok());
    JsonProblem problem;
    QCOMPARE(QString::fromStdString(dumpJson(*parseJson(*json, problem))), expected);
}

void TestSpecReader::assignmentsThroughAValueAreRefused()
{
    for (const char *assignment : {"a.b.c=1", "c.0=1", "nothing", "=1", "a..b=1", "a.=1"}) {
        const Result<std::string> json = setInSpecJson(R"({"a": {"b": 1}, "c": [1]})", assignment);
        QVERIFY2(!json.ok(), assignment);
        QCOMPARE(json.error().code, ErrorCode::InvalidInput);
    }
    QCOMPARE(text(setInSpecJson(R"({"a": {"b": 1}})", "a.b.c=1").error()),
             QStringLiteral("a.b.c: a.b is 1, not an object. Use --set path.to.key=value, as in training.learning_rate=1e-5"));
}

void TestSpecReader::plannedStepsCountTheLastSmallerBatch_data()
{
    QTest::addColumn<double>("epochs");
    QTest::addColumn<int>("maxSteps");
    QTest::addColumn<int>("batch");
    QTest::addColumn<int>("accumulation");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("steps");
    QTest::newRow("whole batches") << 2.0 << 0 << 4 << 1 << 12 << 6;
    QTest::newRow("a smaller last one") << 2.0 << 0 << 4 << 1 << 10 << 6;
    QTest::newRow("accumulated") << 1.0 << 0 << 4 << 2 << 17 << 3;
    QTest::newRow("capped") << 2.0 << 4 << 4 << 1 << 12 << 4;
    QTest::newRow("part of an epoch") << 0.5 << 0 << 4 << 1 << 20 << 3;
    QTest::newRow("no rounding up of dust") << 0.7 << 0 << 1 << 1 << 10 << 7;
    QTest::newRow("no rows") << 3.0 << 0 << 4 << 1 << 0 << 0;
}

void TestSpecReader::plannedStepsCountTheLastSmallerBatch()
{
    QFETCH(double, epochs);
    QFETCH(int, maxSteps);
    QFETCH(int, batch);
    QFETCH(int, accumulation);
    QFETCH(int, rows);
    QFETCH(int, steps);
    TrainingSpec training;
    training.epochs = epochs;
    if (maxSteps > 0)
        training.maxSteps = maxSteps;
    training.batchSize = batch;
    training.gradientAccumulation = accumulation;
    QCOMPARE(plannedSteps(training, rows), std::int64_t{steps});
}

QTEST_GUILESS_MAIN(TestSpecReader)
#include "tst_spec_reader.moc"
