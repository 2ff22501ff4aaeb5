#include "model/Decoder.h"
#include "support/Fixtures.h"

#include <lethe/data/Dataset.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/run/ForgetSurvey.h>
#include <lethe/sdk/Losses.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <QtTest/QtTest>

#include <cmath>

using namespace lethe;
namespace fs = std::filesystem;

/// What a forget set is to a model before a run, on the fixtures' small llama.
class TestForgetSurvey : public QObject
{
    Q_OBJECT

private:
    const MethodCatalog m_catalog = MethodCatalog::scan({test::folderFromEnvironment("LETHE_PLUGINS")});
    struct Silent : RunObserver {};

    ResolvedSpec spec() const
    {
        auto read = readSpecFile(test::fixtures() / "losses" / "npo-nll" / "spec.json");
        if (!read.ok())
            qFatal("%s", read.error().message().c_str());
        read->eval = EvalSpec{};
        read->eval->generations.maxNewTokens = 4;
        auto resolved = resolveSpec(*read, m_catalog);
        if (!resolved.ok())
            qFatal("%s", resolved.error().message().c_str());
        return *resolved;
    }

private Q_SLOTS:
    void influenceIsTheChangeOfTheRetainLoss()
    {
        const ResolvedSpec asked = spec();
        RunControl control;
        Silent observer;
        const auto survey = surveyForgetSet(asked, asked.modelFolder, control, observer);
        QVERIFY2(survey.ok(), survey.ok() ? "" : survey.error().message().c_str());
        QCOMPARE(survey->size(), std::size_t{12});

        auto tokenizer = Tokenizer::load(asked.modelFolder);
        QVERIFY(tokenizer.ok());
        const auto encoder = SampleEncoder::create(*tokenizer, asked.spec.data.textTemplate, asked.spec.data.maxLength);
        QVERIFY(encoder.ok());
        const auto encoded = [&](const fs::path &file) { return encodeSet(*encoder, readDataset(file, *asked.spec.data.forget)->rows)->samples; };
        const std::vector<EncodedSample> forget = encoded(asked.forgetFile), retain = encoded(asked.retainFile);
        auto model = Decoder::load(asked.modelFolder, {});
        QVERIFY(model.ok());
        (*model)->setTrainable(true);
        const auto lossOf = [&](const EncodedSample &sample) {
            return losses::tokenNll(**model, packBatch({{.ids = sample.ids.data(), .length = static_cast<std::int64_t>(sample.ids.size()), .labelStart = sample.labelStart}},
                                                       c10::Device(c10::DeviceType::CPU))).mean();
        };
        const auto retainLoss = [&] {
            const at::NoGradGuard off;
            double sum = 0;
            for (const EncodedSample &sample : retain)
                sum += lossOf(sample).item<double>() / static_cast<double>(retain.size());
            return sum;
        };
        for (const std::size_t row : {0U, 5U}) {
            for (Parameter &parameter : (*model)->parameters())
                parameter.value.mutable_grad().reset();
            lossOf(forget[row]).backward();
            constexpr double kStep = 2e-3;
            const auto move = [&](double by) {
                const at::NoGradGuard off;
                for (Parameter &parameter : (*model)->parameters())
                    if (parameter.value.grad().defined())
                        parameter.value.add_(parameter.value.grad(), by);
                (*model)->parametersChanged();
            };
            move(kStep);
            const double above = retainLoss();
            move(-2 * kStep);
            const double below = retainLoss();
            move(kStep);
            const double slope = (above - below) / (2 * kStep), influence = (*survey)[row].influence.value();
            QVERIFY2(std::abs(slope - influence) < 0.01 * std::abs(slope), qPrintable(QStringLiteral("%1 against %2").arg(influence).arg(slope)));
            QVERIFY(std::abs((*survey)[row].alignment.value()) <= 1);
            QVERIFY((*survey)[row].probability.value() > 0 && (*survey)[row].rougeRecall && (*survey)[row].extractionStrength);
            QCOMPARE((*survey)[row].row, static_cast<std::int64_t>(row));
        }
    }

    void withoutARetainSetThereIsNoInfluence()
    {
        ResolvedSpec asked = spec();
        asked.retainFile.clear();
        asked.spec.data.retain.reset();
        RunControl control;
        Silent observer;
        const auto survey = surveyForgetSet(asked, asked.modelFolder, control, observer);
        QVERIFY(survey.ok());
        QVERIFY(survey->front().probability && !survey->front().influence);
        QVERIFY(worstForgetSet(*survey, 3).rows.empty());
        control.cancel();
        const auto cancelled = surveyForgetSet(asked, asked.modelFolder, control, observer);
        QVERIFY(!cancelled.ok() && cancelled.error().code == ErrorCode::Cancelled);
    }

    void theWorstAreThoseOfTheGreatestInfluence()
    {
        std::vector<SurveyedRow> rows(5);
        const std::optional<double> influences[] = {0.5, -1.0, std::nullopt, 2.0, 1.0};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].row = static_cast<std::int64_t>(i);
            rows[i].influence = influences[i];
        }
        const WorstForgetSet worst = worstForgetSet(rows, 2);
        QCOMPARE(worst.rows, (std::vector<std::int64_t>{3, 4}));
        QCOMPARE(worst.meanInfluence, 1.5);
        QVERIFY(worst.randomMean < 1.5 && worst.randomDeviation > 0);
        const WorstForgetSet all = worstForgetSet(rows, 100);
        QCOMPARE(all.rows.size(), std::size_t{4});
        QVERIFY(std::abs(all.randomMean - all.meanInfluence) < 1e-12 && all.randomDeviation < 1e-12); // every draw is the whole
    }
};

QTEST_GUILESS_MAIN(TestForgetSurvey)
#include "tst_forget_survey.moc"
