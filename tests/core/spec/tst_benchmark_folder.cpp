#include <lethe/data/Dataset.h>
#include <lethe/spec/BenchmarkFolder.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

const QByteArray kRow = R"({"question": "q", "answer": "a", "paraphrased_answer": "b", "perturbed_answer": ["c"]})";

} // namespace

/// Folders as people have them after a download, in every layout that is published.
class TestBenchmarkFolder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void tofuIsFoundByItsFilesNames_data();
    void tofuIsFoundByItsFilesNames();
    void holdoutRowsBringTheMembershipAttacks();
    void withoutPerturbedFilesTheBasicMetricsStay();
    void theSpecReadsBack();
    void museIsFoundByItsFolders();
    void textsInAListAreDocuments();
    void parquetIsTakenWhereNothingElseIsThere();
    void whatIsMissingIsNamed();

private:
    void write(const QString &name, const QByteArray &content = kRow) const
    {
        QDir(m_folder->path()).mkpath(QFileInfo(name).path());
        QFile file(m_folder->filePath(name));
        QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(name));
        file.write(content + "\n");
    }
    std::filesystem::path folder() const { return m_folder->path().toStdString(); }
    void writeTofu(const QString &pattern) const
    {
        for (const char *set : {"forget01", "forget05", "retain99", "retain95", "forget01_perturbed", "forget05_perturbed", "retain_perturbed",
                                "real_authors_perturbed", "world_facts_perturbed"})
            write(pattern.arg(QLatin1String(set)));
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestBenchmarkFolder::tofuIsFoundByItsFilesNames_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::newRow("lines") << QStringLiteral("%1.jsonl");
    QTest::newRow("as published") << QStringLiteral("%1.json");
    QTest::newRow("tables") << QStringLiteral("%1.csv");
    QTest::newRow("below data") << QStringLiteral("data/tofu/%1.json");
    QTest::newRow("a folder a configuration") << QStringLiteral("%1/train.json");
    QTest::newRow("shards") << QStringLiteral("%1/train-00000-of-00001.jsonl");
    QTest::newRow("shards by name") << QStringLiteral("data/%1-00000-of-00001.jsonl");
}

void TestBenchmarkFolder::tofuIsFoundByItsFilesNames()
{
    QFETCH(QString, pattern);
    writeTofu(pattern);
    const auto found = findBenchmark(folder());
    QVERIFY2(found.ok(), found.ok() ? "" : found.error().message().c_str());
    QCOMPARE(found->benchmark, std::string("tofu"));
    QCOMPARE(found->splits, (std::vector<std::string>{"forget01", "forget05"}));
    ExperimentSpec spec;
    spec.training.learningRate = 3e-4;
    const auto notes = useBenchmark(*found, "forget05", spec);
    QVERIFY2(notes.ok(), notes.ok() ? "" : notes.error().message().c_str());
    const auto nameOf = [&](const DataSource &source) { return std::filesystem::path(source.path).lexically_relative(folder()).string(); };
    const auto expected = [&](const char *set) { return pattern.arg(QLatin1String(set)).toStdString(); };
    QCOMPARE(nameOf(*spec.data.forget), expected("forget05"));
    QCOMPARE(nameOf(*spec.data.retain), expected("retain95"));
    QCOMPARE(nameOf(*spec.eval->tofu->forget), expected("forget05_perturbed"));
    QCOMPARE(nameOf(*spec.eval->tofu->worldFacts), expected("world_facts_perturbed"));
    QVERIFY(std::ranges::find(spec.eval->metrics, "tofu") != spec.eval->metrics.end());
    QCOMPARE(spec.training.learningRate, 3e-4);
    QCOMPARE(notes->size(), std::size_t{1});
    QVERIFY2(notes->front().find("no holdout05") == 0, notes->front().c_str());
}

void TestBenchmarkFolder::holdoutRowsBringTheMembershipAttacks()
{
    writeTofu(QStringLiteral("%1.json"));
    write(QStringLiteral("holdout05.json"));
    ExperimentSpec spec;
    const auto notes = useBenchmark(*findBenchmark(folder()), "forget05", spec);
    QVERIFY(notes.ok() && notes->empty());
    QVERIFY(spec.eval->holdout && spec.eval->metrics.back() == "membership");
}

void TestBenchmarkFolder::withoutPerturbedFilesTheBasicMetricsStay()
{
    write(QStringLiteral("forget10.json"));
    write(QStringLiteral("retain90.json"));
    ExperimentSpec spec;
    const auto notes = useBenchmark(*findBenchmark(folder()), "forget10", spec);
    QVERIFY(notes.ok());
    QVERIFY2(notes->front().find("no forget10_perturbed, retain_perturbed, real_authors_perturbed, world_facts_perturbed: TOFU's metrics are left out") == 0,
             notes->front().c_str());
    QCOMPARE(spec.eval->metrics, (std::vector<std::string>{"basic"}));
    QVERIFY(!spec.eval->tofu);
}

void TestBenchmarkFolder::theSpecReadsBack()
{
    writeTofu(QStringLiteral("%1.json"));
    ExperimentSpec spec;
    spec.model = "m";
    spec.method.id = "npo";
    QVERIFY(useBenchmark(*findBenchmark(folder()), "forget01", spec).ok());
    const SpecReading read = readSpec(writeSpec(spec), {});
    QVERIFY2(read.ok(), read.ok() ? "" : read.asError().message().c_str());
    QVERIFY(read.spec == spec);
}

void TestBenchmarkFolder::museIsFoundByItsFolders()
{
    for (const char *corpus : {"news", "books"}) {
        const QString base = QStringLiteral("data/") + QLatin1String(corpus);
        for (const char *set : {"forget_qa", "forget_qa_icl", "retain_qa", "retain_qa_icl"})
            write(base + QStringLiteral("/knowmem/%1.json").arg(QLatin1String(set)), R"([{"question": "q", "answer": "a"}])");
        write(base + QStringLiteral("/verbmem/forget.json"), R"([{"prompt": "q", "gt": "a"}])");
        for (const char *set : {"forget", "retain", "holdout"})
            write(base + QStringLiteral("/privleak/%1.json").arg(QLatin1String(set)), R"(["one text", "another"])");
        for (const char *set : {"forget", "retain1", "retain2"})
            write(base + QStringLiteral("/raw/%1.txt").arg(QLatin1String(set)), "a text");
    }
    const auto found = findBenchmark(folder());
    QVERIFY(found.ok());
    QCOMPARE(found->benchmark, std::string("muse"));
    QCOMPARE(found->splits, (std::vector<std::string>{"books", "news"}));
    ExperimentSpec spec;
    const auto notes = useBenchmark(*found, "news", spec);
    QVERIFY2(notes.ok() && notes->empty(), notes.ok() ? "" : notes.error().message().c_str());
    QVERIFY(spec.data.forget->path.ends_with("news/raw/forget.txt") && spec.data.forget->prompt.empty() && spec.data.forget->answer == "text");
    QVERIFY(spec.eval->muse->verbatim->answer == "gt" && spec.eval->muse->privleakHoldout->path.ends_with("news/privleak/holdout.json"));
    QCOMPARE(spec.eval->metrics, (std::vector<std::string>{"verbmem_f", "knowmem_f", "knowmem_r", "muse_privleak"}));
    QCOMPARE(findBenchmark(folder() / "data" / "books")->splits, (std::vector<std::string>{"books"}));
}

void TestBenchmarkFolder::textsInAListAreDocuments()
{
    write(QStringLiteral("texts.json"), R"(["one text", "another", 5])");
    const auto read = readDataset(folder() / "texts.json", {.path = {}, .prompt = {}, .answer = "text", .alternate = {}});
    QVERIFY(read.ok());
    QCOMPARE(read->rows.size(), std::size_t{2});
    QVERIFY(read->rows[1].isDocument && read->rows[1].answer == "another");
    QCOMPARE(read->rejected.size(), std::size_t{1});
    const auto asRows = readDataset(folder() / "texts.json", {});
    QVERIFY(!asRows.ok() && asRows.error().message().find("no field \"question\" (fields: text)") != std::string::npos);
}

void TestBenchmarkFolder::parquetIsTakenWhereNothingElseIsThere()
{
    write(QStringLiteral("forget05/train-00000-of-00001.parquet"), "PAR1xxxx");
    write(QStringLiteral("retain95.json"));
    const auto found = findBenchmark(folder());
    QVERIFY(found.ok());
    ExperimentSpec spec;
    QVERIFY(useBenchmark(*found, "forget05", spec).ok());
    QVERIFY(spec.data.forget->path.ends_with(".parquet"));
    write(QStringLiteral("forget05/train-00000-of-00001.jsonl"));
    QVERIFY(useBenchmark(*found, "forget05", spec).ok());
    QVERIFY(spec.data.forget->path.ends_with(".jsonl"));
}

void TestBenchmarkFolder::whatIsMissingIsNamed()
{
    const auto nothing = findBenchmark(folder());
    QVERIFY(!nothing.ok() && nothing.error().message().find("TOFU has files named forget01") != std::string::npos);
    QCOMPARE(findBenchmark(folder() / "nowhere").error().code, ErrorCode::NotFound);
    write(QStringLiteral("forget05.json"));
    ExperimentSpec spec;
    const auto half = useBenchmark(*findBenchmark(folder()), "forget05", spec);
    QVERIFY(!half.ok() && half.error().message().find("has no file of the set retain95") != std::string::npos);
    const auto other = useBenchmark(*findBenchmark(folder()), "forget10", spec);
    QVERIFY(!other.ok() && other.error().message().find("has no split \"forget10\"") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestBenchmarkFolder)
#include "tst_benchmark_folder.moc"
