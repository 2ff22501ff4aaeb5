#include <lethe/data/Refusals.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

void touch(const QString &path)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    file.write("{}\n");
}

} // namespace

/// Specs against the shipped methods, in a folder with a model `m`, and sets `f.jsonl` and `r.jsonl`.
class TestSpecCheck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void refusals_data();
    void refusals();
    void aRetainSetIsNotAskedForWhereItIsNotUsed_data();
    void aRetainSetIsNotAskedForWhereItIsNotUsed();
    void resolvingMergesDefaultsAndMakesPathsAbsolute();
    void resolvingNamesEveryOffence();
    void resolvingSpellsOutTheRefusals();
    void whatCannotBeFrozenIsNamed();

private:
    SpecReading readingWith(const QStringList &assignments) const;
    QTemporaryDir m_folder;
    std::optional<MethodCatalog> m_catalog;
};

void TestSpecCheck::initTestCase()
{
    QVERIFY(m_folder.isValid());
    QVERIFY(QDir(m_folder.path()).mkpath(QStringLiteral("m")));
    QVERIFY(QDir(m_folder.path()).mkpath(QStringLiteral("empty")));
    touch(m_folder.filePath(QStringLiteral("m/config.json")));
    QVERIFY(QDir(m_folder.path()).mkpath(QStringLiteral("six")));
    QVERIFY(QFile::copy(qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/losses/models/llama/config.json"),
                        m_folder.filePath(QStringLiteral("six/config.json"))));
    touch(m_folder.filePath(QStringLiteral("f.jsonl")));
    touch(m_folder.filePath(QStringLiteral("r.jsonl")));
    m_catalog.emplace(MethodCatalog::scan({qEnvironmentVariable("LETHE_PLUGINS").toStdString()}));
    QVERIFY2(m_catalog->find("npo") != nullptr, "no method npo in LETHE_PLUGINS: build the plugins");
}

SpecReading TestSpecCheck::readingWith(const QStringList &assignments) const
{
    std::string json = R"({"model": "m", "data": {"forget": {"path": "f.jsonl"}, "retain": {"path": "r.jsonl"}}, "method": {"id": "npo"}})";
    for (const QString &assignment : assignments) {
        const Result<std::string> set = setInSpecJson(json, assignment.toStdString());
        if (set.ok())
            json = *set;
    }
    return readSpec(json, m_folder.path().toStdString());
}

void TestSpecCheck::refusals_data()
{
    QTest::addColumn<QStringList>("assignments");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *assignments, const char *expected) {
        QTest::newRow(assignments) << QString::fromUtf8(assignments).split(QLatin1Char(' ')) << QString::fromUtf8(expected);
    };
    row("method.parameters.betta=1", "method.parameters.betta: unknown parameter (did you mean beta?). npo takes beta, forget_weight, "
                                     "retain_weight, accumulation, retain_loss, kl_positions");
    row("method.parameters.beta=0", "method.parameters.beta: 0 is not allowed. Use a number, above 0 and at most 10");
    row("method.parameters.beta=high", "method.parameters.beta: \"high\" is not a number. Use a number, above 0 and at most 10");
    row("method.parameters.beta=null", "method.parameters.beta: null is not allowed. Use a number, above 0 and at most 10");
    row("method.parameters.retain_loss=ce", "method.parameters.retain_loss: \"ce\" is not allowed. Use none or nll or kl");
    row("method.parameters.retain_weight=-1", "method.parameters.retain_weight: -1 is not allowed. Use a number, 0 or more");
    row("method.id=ga method.parameters.beta=1", "method.parameters.beta: unknown parameter. ga has no parameters");
    row("method.id=npoo", "method.id: \"npoo\" is not a method (did you mean npo?). Available: altpo, ceu, dpo, eraser, finetune, flat, ga, grad_diff, idk, kl_min, ngdiff, npo, pdu, rmu, satimp, simnpo, task_vector, uld, undial, wga");
    row("data.retain=null", "data.retain: is missing, and npo needs a retain set. Give an object with path, prompt and answer, or set "
                            "method.parameters.retain_loss to none");
    row("method.id=grad_diff data.retain=null", "data.retain: is missing, and grad_diff needs a retain set. Give an object with path, prompt and answer");
    for (const char *id : {"idk", "dpo", "altpo", "flat", "eraser"})
        row(qPrintable(QStringLiteral("method.id=%1").arg(QLatin1String(id))),
            qPrintable(QStringLiteral("data.forget.alternate: is missing, and %1 needs replacement answers. Name the field of the forget file that holds them, or give a "
                                            "list of answers in data.refusals (shipped: Lethe's own)")
                           .arg(QLatin1String(id))));
    for (const char *id : {"kl_min", "rmu", "pdu", "ngdiff", "uld"})
        row(qPrintable(QStringLiteral("method.id=%1 data.retain=null").arg(QLatin1String(id))),
            qPrintable(QStringLiteral("data.retain: is missing, and %1 needs a retain set. Give an object with path, prompt and answer%2")
                           .arg(QLatin1String(id), QLatin1String(qstrcmp(id, "rmu") == 0 ? ", or set method.parameters.retain_loss to none" : ""))));
    row("data.forget=null", "data.forget: is missing, and npo needs a forget set. Give an object with path, prompt and answer");
    row("method.id=finetune data.forget=null data.retain=null", "data.forget: is missing, and so is data.retain: there is nothing to train on. "
                                                                "Give an object with path, prompt and answer");
    row("model=none", "model: there is no folder DIR/none. Give a Hugging Face model folder; a relative path starts at the spec's own folder");
    row("model=f.jsonl", "model: DIR/f.jsonl is a file, not a folder. Give a Hugging Face model folder; a relative path starts at the spec's own folder");
    row("reference_model=empty", "reference_model: the folder DIR/empty has no config.json. Give a Hugging Face model folder; a relative path "
                                 "starts at the spec's own folder");
    row("data.forget.path=x.csv", "data.forget.path: there is no file DIR/x.csv. Give a data file; a relative path starts at the spec's own folder");
    row("method.id=dpo data.refusals=none.txt", "data.refusals: DIR/none.txt: cannot be opened: there is no such file or folder");
    row("method.id=dpo data.refusals=shipped data.forget.prompt=null",
        "data.refusals: answers questions, and the rows of data.forget hold none. Name their field in data.forget.prompt");
    row("model=six training.freeze_layers=6", "training.freeze_layers: there is no block 6: the model has 2, 0 to 1. Use blocks counted from 0, as in 0-3, 7 or 10- "
                                              "(to the last)");
    row("data.retain.path=m", "data.retain.path: DIR/m is a folder, not a file. Give a data file; a relative path starts at the spec's own folder");
}

void TestSpecCheck::refusals()
{
    QFETCH(QStringList, assignments);
    QFETCH(QString, expected);
    const SpecReading reading = readingWith(assignments);
    QVERIFY2(reading.ok(), reading.ok() ? "" : reading.asError().message().c_str());
    const std::vector<Error> problems = checkSpec(reading.spec, *m_catalog);
    QStringList messages;
    for (const Error &problem : problems)
        messages << QString::fromStdString(problem.message()).replace(m_folder.path(), QStringLiteral("DIR"));
    QCOMPARE(messages, QStringList({expected}));
}

void TestSpecCheck::aRetainSetIsNotAskedForWhereItIsNotUsed_data()
{
    QTest::addColumn<QStringList>("assignments");
    QTest::newRow("no retain loss") << QStringList{QStringLiteral("method.parameters.retain_loss=none")};
    QTest::newRow("no retain weight") << QStringList{QStringLiteral("method.parameters.retain_weight=0")};
    QTest::newRow("ga") << QStringList{QStringLiteral("method.id=ga")};
    QTest::newRow("finetune") << QStringList{QStringLiteral("method.id=finetune")};
    QTest::newRow("ceu") << QStringList{QStringLiteral("method.id=ceu")};
    QTest::newRow("flat") << QStringList{QStringLiteral("method.id=flat"), QStringLiteral("data.forget.alternate=refusal")};
    QTest::newRow("flat with a list of refusals") << QStringList{QStringLiteral("method.id=flat"), QStringLiteral("data.refusals=shipped")};
    QTest::newRow("undial with its own weight") << QStringList{QStringLiteral("method.id=undial")};
}

void TestSpecCheck::aRetainSetIsNotAskedForWhereItIsNotUsed()
{
    QFETCH(QStringList, assignments);
    const SpecReading reading = readingWith(assignments << QStringLiteral("data.retain=null"));
    QVERIFY(checkSpec(reading.spec, *m_catalog).empty());
}

void TestSpecCheck::resolvingMergesDefaultsAndMakesPathsAbsolute()
{
    const SpecReading reading = readingWith({QStringLiteral("method.parameters.beta=1"), QStringLiteral("reference_model=m")});
    const Result<ResolvedSpec> resolved = resolveSpec(reading.spec, *m_catalog);
    QVERIFY2(resolved.ok(), resolved.ok() ? "" : resolved.error().message().c_str());
    const ParameterSet &parameters = resolved->spec.method.parameters;
    QCOMPARE(std::get<double>(parameters.values.at("beta")), 1.0);
    QCOMPARE(parameters.text("retain_loss"), std::string("nll"));
    QCOMPARE(parameters.number("retain_weight"), 1.0);
    const std::string folder = m_folder.path().toStdString();
    QCOMPARE(resolved->modelFolder.string(), folder + "/m");
    QCOMPARE(resolved->referenceFolder.string(), folder + "/m");
    QCOMPARE(resolved->forgetFile.string(), folder + "/f.jsonl");
    QCOMPARE(resolved->retainFile.string(), folder + "/r.jsonl");
    QCOMPARE(resolved->spec.model, std::string("m"));
}

void TestSpecCheck::resolvingNamesEveryOffence()
{
    const SpecReading reading = readingWith({QStringLiteral("model=none"), QStringLiteral("method.parameters.beta=0"), QStringLiteral("data.retain=null")});
    const Result<ResolvedSpec> resolved = resolveSpec(reading.spec, *m_catalog);
    QVERIFY(!resolved.ok());
    QCOMPARE(resolved.error().code, ErrorCode::InvalidInput);
    const QStringList lines = QString::fromStdString(resolved.error().message()).split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 3);
    QVERIFY(lines[0].startsWith(QLatin1String("model: ")));
    QVERIFY(lines[1].startsWith(QLatin1String("method.parameters.beta: ")));
    QVERIFY(lines[2].startsWith(QLatin1String("data.retain: ")));
}

void TestSpecCheck::resolvingSpellsOutTheRefusals()
{
    const SpecReading reading = readingWith({QStringLiteral("method.id=flat"), QStringLiteral("data.refusals=shipped")});
    const Result<ResolvedSpec> resolved = resolveSpec(reading.spec, *m_catalog);
    QVERIFY2(resolved.ok(), resolved.ok() ? "" : resolved.error().message().c_str());
    QVERIFY(resolved->spec.data.refusals->source.empty());
    QCOMPARE(resolved->spec.data.refusals->answers, *shippedRefusals());
    // What is kept of a run repeats it, whatever becomes of the file.
    QCOMPARE(readSpec(writeSpec(resolved->spec), {}).spec.data.refusals->answers, *shippedRefusals());
}

void TestSpecCheck::whatCannotBeFrozenIsNamed()
{
    const auto problemsOf = [this](const QString &assignment) {
        const SpecReading reading = readingWith({QStringLiteral("model=six"), assignment});
        QStringList found;
        for (const Error &problem : checkSpec(reading.spec, *m_catalog))
            found << QString::fromStdString(problem.message());
        return found;
    };
    const QStringList unknown = problemsOf(QStringLiteral("training.freeze_names=[\"mlp\",\"experts.*\"]"));
    QCOMPARE(unknown.size(), 1);
    QVERIFY2(unknown.front().startsWith(QLatin1String("training.freeze_names: \"experts.*\" fits no parameter of the model. Use parts of a name, * for any letters. "
                                                      "The names begin: model.embed_tokens.weight, model.layers.0.")),
             qPrintable(unknown.front()));
    QCOMPARE(problemsOf(QStringLiteral("training.freeze_names=[\"*\"]")),
             QStringList{QStringLiteral("training.freeze_names: every parameter is frozen, and nothing is left to train. Freeze less")});
    QVERIFY(problemsOf(QStringLiteral("training.freeze_layers=0-")).isEmpty()); // embedding, norm and head are trained
}

QTEST_GUILESS_MAIN(TestSpecCheck)
#include "tst_spec_check.moc"
