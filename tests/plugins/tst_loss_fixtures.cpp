#include "model/Safetensors.h"
#include "support/Fixtures.h"

#include <lethe/method/MethodCatalog.h>
#include <lethe/run/RunSession.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace lethe;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

/// Keeps every step.
struct StepKeeper : RunObserver {
    void onStep(const StepRecord &record) override { steps.push_back(record); }
    std::vector<StepRecord> steps;
};

std::optional<double> valueOf(const StepRecord &record, const std::string &key)
{
    if (key == "loss")
        return record.loss;
    if (key == "forget_loss")
        return record.forgetLoss;
    if (key == "retain_loss")
        return record.retainLoss;
    if (key == "grad_norm")
        return record.gradNorm;
    if (key == "learning_rate")
        return record.learningRate;
    for (const auto &[name, value] : record.values)
        if (name == key)
            return value;
    return std::nullopt;
}

std::vector<double> widened(const SafetensorsFile &file, const TensorEntry &entry)
{
    const auto bytes = file.bytes(entry);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return {values.begin(), values.end()};
}

} // namespace

/// Every training run of the fixtures whose method is here: each step's values, and the final weights.
class TestLossFixtures : public QObject
{
    Q_OBJECT

private:
    const MethodCatalog m_catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS")});

    static void everyCase(const MethodCatalog &catalog)
    {
        QTest::addColumn<QString>("folder");
        for (const fs::path &folder : test::fixtureFolders("losses")) {
            if (!fs::exists(folder / "expected_steps.jsonl"))
                continue; // models and data
            const Json spec = test::readJson(folder / "spec.json");
            if (catalog.find(spec["method"]["id"].get<std::string>()) != nullptr)
                QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
        }
    }

private Q_SLOTS:
    void initTestCase()
    {
        for (const char *id : {"ga", "grad_diff", "npo", "finetune", "simnpo", "wga", "satimp", "ceu", "undial", "kl_min", "dpo", "idk", "altpo", "pdu", "flat", "rmu",
                               "ngdiff", "eraser", "uld"})
            QVERIFY2(m_catalog.find(id) != nullptr, id);
    }

    void stepsAndWeightsAreTheReferences_data() { everyCase(m_catalog); }
    void stepsAndWeightsAreTheReferences()
    {
        QFETCH(QString, folder);
        const fs::path at = folder.toStdString();
        const auto spec = readSpecFile(at / "spec.json");
        QVERIFY2(spec.ok(), spec.ok() ? "" : spec.error().message().c_str());
        const auto resolved = resolveSpec(*spec, m_catalog);
        QVERIFY2(resolved.ok(), resolved.ok() ? "" : resolved.error().message().c_str());
        const QTemporaryDir runFolder;
        RunControl control;
        StepKeeper keeper;
        const auto summary = runSession(*resolved, m_catalog, {.runFolder = runFolder.path().toStdString()}, control, keeper);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().message().c_str());

        const Json tolerance = test::readJson(at / "tolerance.json");
        compareSteps(at, keeper.steps, tolerance);
        if (!QTest::currentTestFailed())
            compareWeights(at, *resolved, fs::path(summary->checkpoint), tolerance);
    }

private:
    static void compareSteps(const fs::path &folder, const std::vector<StepRecord> &steps, const Json &tolerance)
    {
        std::ifstream file(folder / "expected_steps.jsonl");
        std::string line;
        std::size_t index = 0;
        double worst = 0;
        while (std::getline(file, line)) {
            const Json expected = Json::parse(line);
            QVERIFY2(index < steps.size(), "fewer steps than expected");
            const StepRecord &record = steps[index++];
            QCOMPARE(record.step, expected["step"].get<std::int64_t>());
            for (const char *list : {"compare", "compare_if_present"})
                for (const Json &keyJson : tolerance[list]) {
                    const std::string key = keyJson.get<std::string>();
                    std::optional<double> got = valueOf(record, key);
                    if (!expected.contains(key) || expected[key].is_null()) {
                        QVERIFY2(!got || *got == 0, key.c_str());
                        continue;
                    }
                    double want = expected[key].get<double>();
                    if (!got && want == 0)
                        continue; // no retain term: no value, or 0
                    QVERIFY2(got.has_value(), key.c_str());
                    if (std::ranges::find(tolerance["sign_free"], keyJson) != tolerance["sign_free"].end()) {
                        got = std::abs(*got);
                        want = std::abs(want);
                    }
                    const double allowed = std::max(2e-6, tolerance["values_rtol"].get<double>() * std::max(std::abs(want), tolerance["floor"].get<double>()));
                    const double off = std::abs(*got - want);
                    worst = std::max(worst, off / std::max(std::abs(want), tolerance["floor"].get<double>()));
                    QVERIFY2(off <= allowed, qPrintable(QStringLiteral("step %1 %2: %3, expected %4")
                                                            .arg(record.step).arg(QString::fromStdString(key)).arg(*got, 0, 'g', 9).arg(want, 0, 'g', 9)));
                }
        }
        QVERIFY2(index > 0, "the case expects no step");
        QCOMPARE(steps.size(), index);
        qInfo("values: greatest difference %.2e relative", worst);
    }

    static void compareWeights(const fs::path &folder, const ResolvedSpec &spec, const fs::path &checkpoint, const Json &tolerance)
    {
        const auto expected = SafetensorsFile::open(folder / tolerance["final_file"].get<std::string>());
        QVERIFY2(expected.ok(), expected.ok() ? "" : expected.error().message().c_str());
        const auto got = WeightFiles::open(checkpoint);
        QVERIFY2(got.ok(), got.ok() ? "" : got.error().message().c_str());
        const auto initial = WeightFiles::open(spec.modelFolder);
        QVERIFY(initial.ok());
        double worst = 0, updateError = 0, update = 0;
        for (const TensorEntry &entry : expected->entries()) {
            const auto mine = got->find(entry.name);
            QVERIFY2(mine.entry != nullptr, entry.name.c_str());
            const auto before = initial->find(entry.name);
            QVERIFY2(before.entry != nullptr, entry.name.c_str());
            const std::vector<double> want = widened(*expected, entry);
            const std::vector<double> have = widened(*mine.file, *mine.entry);
            const std::vector<double> was = widened(*before.file, *before.entry);
            QCOMPARE(have.size(), want.size());
            for (std::size_t i = 0; i < want.size(); ++i) {
                if (isExcluded(tolerance, entry.name, i))
                    continue;
                worst = std::max(worst, std::abs(have[i] - want[i]));
                updateError += (have[i] - want[i]) * (have[i] - want[i]);
                update += (want[i] - was[i]) * (want[i] - was[i]);
            }
        }
        qInfo("weights: greatest difference %.2e, update %.2e relative", worst, std::sqrt(updateError / update));
        QVERIFY(worst <= tolerance["weights_atol"].get<double>());
        QVERIFY(std::sqrt(updateError / update) <= tolerance["update_rtol"].get<double>());
    }

    /// `exclude`: tensor → ranges [begin, end) of its flat elements that have no gradient at all.
    static bool isExcluded(const Json &tolerance, const std::string &name, std::size_t index)
    {
        if (!tolerance.contains("exclude") || !tolerance["exclude"].contains(name))
            return false;
        for (const Json &range : tolerance["exclude"][name])
            if (index >= range[0].get<std::size_t>() && index < range[1].get<std::size_t>())
                return true;
        return false;
    }
};

QTEST_GUILESS_MAIN(TestLossFixtures)
#include "tst_loss_fixtures.moc"
