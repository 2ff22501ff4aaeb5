#include "training/BatchPlan.h"
#include "training/Schedule.h"

#include <QtTest/QtTest>

#include <set>

using namespace lethe;

class TestBatchPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void unshuffledSetsAreTakenInFileOrderAndTheRetainIndexWraps()
    {
        const TrainingSpec training{.epochs = 2, .batchSize = 4, .shuffle = false};
        const BatchPlan plan(training, 10, 11);
        QCOMPARE(plan.stepsPerEpoch(), 3);
        QCOMPARE(plan.steps(), 6);
        QCOMPARE(plan.step(3).front().anchor, (std::vector<std::int64_t>{8, 9}));
        QCOMPARE(plan.step(3).front().retain, (std::vector<std::int64_t>{8, 9}));
        QCOMPARE(plan.step(4).front().anchor, (std::vector<std::int64_t>{0, 1, 2, 3}));
        QCOMPARE(plan.step(4).front().retain, (std::vector<std::int64_t>{10, 0, 1, 2})); // wraps inside a batch
        QCOMPARE(plan.retainDraws(), 20);
    }

    void accumulationSplitsAStepAndNothingElse()
    {
        TrainingSpec training{.epochs = 1, .batchSize = 8, .seed = 3};
        const BatchPlan whole(training, 21, 50);
        training.batchSize = 2;
        training.gradientAccumulation = 4;
        const BatchPlan parts(training, 21, 50);
        QCOMPARE(parts.steps(), whole.steps());
        for (std::int64_t step = 1; step <= whole.steps(); ++step) {
            std::vector<std::int64_t> anchors, retained;
            for (const MicroBatch &micro : parts.step(step)) {
                anchors.insert(anchors.end(), micro.anchor.begin(), micro.anchor.end());
                retained.insert(retained.end(), micro.retain.begin(), micro.retain.end());
            }
            QCOMPARE(anchors, whole.step(step).front().anchor);
            QCOMPARE(retained, whole.step(step).front().retain);
        }
    }

    void everyEpochTakesEachForgetSampleOnceInAnotherOrder()
    {
        const TrainingSpec training{.epochs = 2, .batchSize = 4, .seed = 11};
        const BatchPlan plan(training, 10, 7);
        std::vector<std::vector<std::int64_t>> epochs(2);
        for (std::int64_t step = 1; step <= plan.steps(); ++step)
            for (const MicroBatch &micro : plan.step(step))
                for (const std::int64_t index : micro.anchor)
                    epochs[static_cast<std::size_t>((step - 1) / plan.stepsPerEpoch())].push_back(index);
        for (const auto &epoch : epochs)
            QCOMPARE((std::set<std::int64_t>(epoch.begin(), epoch.end()).size()), std::size_t{10});
        QVERIFY(epochs[0] != epochs[1]);
        QCOMPARE(plan.step(2), BatchPlan(training, 10, 7).step(2)); // a function of the seed and the step alone
        QVERIFY(plan.step(1) != BatchPlan(TrainingSpec{.epochs = 2, .batchSize = 4, .seed = 12}, 10, 7).step(1));
    }

    void ratesAreThoseOfTransformersSchedulers_data()
    {
        QTest::addColumn<int>("schedule");
        QTest::addColumn<qint64>("warmup");
        QTest::addColumn<qint64>("step");
        QTest::addColumn<double>("factor");
        const auto row = [](const char *name, ScheduleKind kind, qint64 warmup, qint64 step, double factor) {
            QTest::newRow(name) << static_cast<int>(kind) << warmup << step << factor;
        };
        row("constant", ScheduleKind::Constant, 0, 7, 1.0);
        row("linear starts at the full rate", ScheduleKind::Linear, 0, 1, 1.0);
        row("linear, step 10 of 10", ScheduleKind::Linear, 0, 10, 0.1);
        row("warm-up starts at 0", ScheduleKind::Linear, 2, 1, 0.0);
        row("warm-up, second step", ScheduleKind::Cosine, 2, 2, 0.5);
        row("linear after warm-up", ScheduleKind::Linear, 2, 3, 1.0);
        row("linear, halfway", ScheduleKind::Linear, 2, 7, 0.5);
        row("cosine, halfway", ScheduleKind::Cosine, 2, 7, 0.5);
    }
    void ratesAreThoseOfTransformersSchedulers()
    {
        QFETCH(int, schedule);
        QFETCH(qint64, warmup);
        QFETCH(qint64, step);
        QFETCH(double, factor);
        const TrainingSpec training{.learningRate = 2e-3, .schedule = static_cast<ScheduleKind>(schedule), .warmupSteps = warmup};
        QVERIFY(std::abs(learningRateAt(training, step, 10) - 2e-3 * factor) < 1e-15);
    }
};

QTEST_GUILESS_MAIN(TestBatchPlan)
#include "tst_batch_plan.moc"
