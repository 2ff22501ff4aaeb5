#include "plugins/GivenLogits.h"

#include <QtTest/QtTest>

#include <functional>

using namespace lethe;
using test::WorkedExample;

namespace {

using Values = std::map<std::string, ParameterValue>;

constexpr double kRelative = 1e-5;

bool isNear(double got, double want, double relative = kRelative)
{
    return std::abs(got - want) <= std::max(relative * std::abs(want), 2e-6);
}

} // namespace

/// The values and gradients that the definitions give by hand.
class TestWorkedValues : public QObject
{
    Q_OBJECT

private:
    const test::Methods m_methods;

    /// The loss of forget and retain term and of what further terms there are, each with its weight.
    static double total(Method &method, WorkedExample &example, RetainLoss retainLoss, losses::KlPositions positions = losses::KlPositions::Real)
    {
        StepContext step = example.context();
        step.retainLoss = retainLoss;
        step.klPositions = positions;
        const auto use = method.begin({.layers = 1, .hidden = 6, .vocabulary = 6});
        if (!use.ok())
            qFatal("%s", use.error().message().c_str());
        const TermWeights weights = method.weights(step, {.forget = 1, .retain = 1});
        at::Tensor loss = method.forgetTerm(step, use->readsForget ? example.forget : example.alternate).loss * weights.forget;
        if (retainLoss != RetainLoss::None)
            loss = loss + method.retainTerm(step, example.retain).loss * weights.retain;
        for (std::size_t i = 0; i < use->furtherTerms.size(); ++i) {
            const FurtherTerm &term = use->furtherTerms[i];
            const Batch &batch = term.on == FurtherTerm::On::Forget ? example.forget : example.alternate;
            loss = loss + method.furtherTerm(i, step, batch).loss * term.weight;
        }
        loss.backward();
        return loss.item<double>();
    }

private Q_SLOTS:
    void theBasicQuantitiesAreTheTables()
    {
        WorkedExample example;
        const at::Tensor nll = losses::tokenNll(example.model, example.forget);
        const std::vector<double> expected{1.033505, 3.888476, 1.839975, 3.523017, 2.267682, 2.272134};
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(isNear(nll[static_cast<std::int64_t>(i)].item<double>(), expected[i]));
        const auto sums = [](const at::Tensor &sums_B, double a, double b) { return isNear(sums_B[0].item<double>(), a) && isNear(sums_B[1].item<double>(), b); };
        QVERIFY(sums(losses::sequenceNll(example.model, example.forget), 6.761955, 8.062833));
        QVERIFY(sums(example.reference.sequenceNll(example.forget), 8.621432, 8.824561));
        QVERIFY(sums(losses::sequenceNll(example.model, example.alternate), 5.350204, 5.354131));
        QVERIFY(sums(example.reference.sequenceNll(example.alternate), 2.150000, 5.312820));
    }

    void lossesAreTheTables_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QVariantMap>("parameters");
        QTest::addColumn<QString>("retain");
        QTest::addColumn<double>("expected");
        const auto row = [](const char *name, const char *id, const QVariantMap &parameters, const char *retain, double expected) {
            QTest::newRow(name) << QString::fromLatin1(id) << parameters << QString::fromLatin1(retain) << expected;
        };
        using Map = QVariantMap;
        const auto with = [](std::initializer_list<std::pair<QString, QVariant>> values) { return Map(values); };
        const QString beta = QStringLiteral("beta");
        row("ga", "ga", {}, "", -2.470798);
        row("grad_diff nll", "grad_diff", {}, "nll", 0.205286);
        row("grad_diff kl over real positions", "grad_diff", {}, "kl", -2.470798 + 2.007308);
        row("grad_diff kl over labels", "grad_diff", {}, "kl labels", -2.470798 + 2.072369);
        row("kl_min", "kl_min", {}, "kl", -2.470798 + 2.007308);
        row("npo 0.1", "npo", with({{beta, 0.1}}), "", 15.223956);
        row("npo 1", "npo", with({{beta, 1.0}}), "", 3.149081);
        row("npo 0.1 and nll", "npo", with({{beta, 0.1}}), "nll", 17.900040);
        row("dpo", "dpo", with({{beta, 0.1}}), "", 17.119011);
        row("dpo, 1/beta", "dpo", with({{beta, 0.1}, {QStringLiteral("prefactor"), QStringLiteral("one_over_beta")}}), "", 17.119011 / 2);
        row("dpo, 1", "dpo", with({{beta, 0.1}, {QStringLiteral("prefactor"), QStringLiteral("one")}}), "", 17.119011 / 20);
        row("altpo is dpo's loss", "altpo", with({{beta, 0.1}}), "", 17.119011);
        row("idk", "idk", {}, "", 2.676084);
        const auto simnpo = [&](double b, double d) { return with({{beta, b}, {QStringLiteral("delta"), d}}); };
        row("simnpo 1 0", "simnpo", simnpo(1, 0), "", 0.165656);
        row("simnpo 2.5 2", "simnpo", simnpo(2.5, 2), "", 0.236044);
        row("simnpo 4.5 0", "simnpo", simnpo(4.5, 0), "", 9.98756e-6);
        row("undial 10", "undial", with({{beta, 10.0}}), "", 2.390801);
        row("undial 3", "undial", with({{beta, 3.0}}), "", 2.383490);
        row("wga 0 is ga", "wga", with({{beta, 0.0}}), "", -2.470798);
        row("wga 1", "wga", with({{beta, 1.0}}), "", -0.218759);
        row("wga 5", "wga", with({{beta, 5.0}}), "", -0.00102151);
        row("satimp 5 1", "satimp", with({{QStringLiteral("beta1"), 5.0}, {QStringLiteral("beta2"), 1.0}}), "", -0.000666459);
        row("satimp 1 0 is wga 1", "satimp", with({{QStringLiteral("beta1"), 1.0}, {QStringLiteral("beta2"), 0.0}}), "", -0.218759);
        row("ceu 0", "ceu", with({{QStringLiteral("ignore_first_n_answer_tokens"), 0}}), "", 1.216918);
        row("ceu 1", "ceu", with({{QStringLiteral("ignore_first_n_answer_tokens"), 1}}), "", 1.187102);
        row("pdu", "pdu", {}, "", 2.837834);
        row("pdu, the published mask", "pdu", with({{QStringLiteral("mask"), QStringLiteral("unshifted")}}), "", 3.021753);
        const auto eraser = [&](double threshold) {
            return with({{QStringLiteral("harm_threshold"), threshold}, {QStringLiteral("help_weight"), 0.0}, {QStringLiteral("align_weight"), 0.0},
                         {QStringLiteral("hinge"), QStringLiteral("micro_batch")}});
        };
        row("eraser 1.8", "eraser", eraser(1.8), "", 0);
        row("eraser 3", "eraser", eraser(3), "", 0.529202);
        for (const auto &[name, expected] : {std::pair("kl", 0.177650), std::pair("js", -0.046700), std::pair("pearson", -0.107922), std::pair("tv", -0.054550),
                                             std::pair("jeffrey", -0.107730)})
            row(qPrintable(QStringLiteral("flat %1").arg(QLatin1String(name))), "flat", with({{QStringLiteral("divergence"), QLatin1String(name)}}), "", expected);
        for (const auto &[name, expected] : {std::pair("kl", 0.284505), std::pair("js", -0.009123), std::pair("pearson", -0.021879), std::pair("tv", -0.011959),
                                             std::pair("jeffrey", -0.021823)})
            row(qPrintable(QStringLiteral("flat %1, the padded batch").arg(QLatin1String(name))), "flat",
                with({{QStringLiteral("divergence"), QLatin1String(name)}, {QStringLiteral("reduction"), QStringLiteral("batch_padded")}}), "", expected);
    }
    void lossesAreTheTables()
    {
        QFETCH(QString, id);
        QFETCH(QVariantMap, parameters);
        QFETCH(QString, retain);
        QFETCH(double, expected);
        WorkedExample example;
        const std::unique_ptr<Method> method = m_methods.make(id.toStdString(), valuesOf(parameters));
        const RetainLoss loss = retain.isEmpty() ? RetainLoss::None : retain == QLatin1String("nll") ? RetainLoss::Nll : RetainLoss::Kl;
        const double got = total(*method, example, loss, retain.endsWith(QLatin1String("labels")) ? losses::KlPositions::Labels : losses::KlPositions::Real);
        QVERIFY2(isNear(got, expected), qPrintable(QStringLiteral("%1, expected %2").arg(got, 0, 'g', 9).arg(expected, 0, 'g', 9)));

        // Every row of a loss of logits sums to nought: a constant added to a row changes nothing.
        const at::Tensor sums = example.model.table.grad().sum(1).abs().max();
        QVERIFY2(sums.item<double>() < 1e-5 * std::max(1.0, example.model.table.grad().abs().max().item<double>()), qPrintable(QString::number(sums.item<double>())));
    }

    void gradientRowsAreTheTables_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QVariantMap>("parameters");
        QTest::addColumn<QList<double>>("expected");
        const auto row = [](const char *name, const char *id, const QVariantMap &parameters, const QList<double> &expected) {
            QTest::newRow(name) << QString::fromLatin1(id) << parameters << expected;
        };
        const QString beta = QStringLiteral("beta");
        row("ga", "ga", {}, {-.060649, -.002035, -.020988, .107374, -.002015, -.021687});
        row("npo", "npo", {{beta, 0.1}}, {-.198816, -.006671, -.068800, .351984, -.006604, -.071093});
        row("simnpo", "simnpo", {{beta, 1.0}}, {-.011524, -.000387, -.003988, .020402, -.000383, -.004121});
        row("undial", "undial", {{beta, 10.0}}, {-.042707, -.003337, .007613, .059284, -.038502, .017650});
        row("wga", "wga", {{beta, 1.0}}, {-.021576, -.000724, -.007467, .038199, -.000717, -.007715});
        row("ceu", "ceu", {{QStringLiteral("ignore_first_n_answer_tokens"), 0}}, {-.033491, -.001124, -.011590, .059293, -.001112, -.011976});
        row("pdu", "pdu", {}, {.412568, -.082514, -.082514, -.082514, -.082514, -.082514});
        const QString divergence = QStringLiteral("divergence");
        row("flat kl", "flat", {{divergence, QStringLiteral("kl")}}, {-.009487, -.000318, -.003283, .016796, -.000315, -.003392});
        row("flat js", "flat", {{divergence, QStringLiteral("js")}}, {-.011748, -.000394, -.004065, .020798, -.000390, -.004201});
        row("flat pearson", "flat", {{divergence, QStringLiteral("pearson")}}, {-.023501, -.000789, -.008132, .041605, -.000781, -.008403});
        row("flat tv", "flat", {{divergence, QStringLiteral("tv")}}, {-.010452, -.000351, -.003617, .018505, -.000347, -.003738});
    }
    void gradientRowsAreTheTables()
    {
        QFETCH(QString, id);
        QFETCH(QVariantMap, parameters);
        QFETCH(QList<double>, expected);
        WorkedExample example;
        const std::unique_ptr<Method> method = m_methods.make(id.toStdString(), valuesOf(parameters));
        total(*method, example, RetainLoss::None);
        const at::Tensor got = example.model.table.grad()[1]; // row (0, 1), whose label is 3
        for (int v = 0; v < 6; ++v)
            QVERIFY2(std::abs(got[v].item<double>() - expected[v]) < 1e-6, qPrintable(QStringLiteral("v = %1: %2").arg(v).arg(got[v].item<double>())));
    }

    void theUniformTermOfAnAssistantIsTheTables()
    {
        const auto term = [this](WorkedExample &example, const Batch &batch, const char *positions) {
            const std::unique_ptr<Method> method = m_methods.make("uld", {{"uniform_positions", std::string(positions)}, {"assistant_layers", std::int64_t{1}}});
            const StepContext step = test::contextOf(example.model, nullptr, example.forget, nullptr, &batch);
            const at::Tensor loss = method->retainTerm(step, batch).loss;
            loss.backward();
            return loss.item<double>();
        };
        WorkedExample example;
        QVERIFY(isNear(term(example, example.forget, "labels"), 0.805717));
        const std::vector<double> row{.032871, -.025743, -.006790, .031515, -.025763, -.006091};
        for (int v = 0; v < 6; ++v)
            QVERIFY(std::abs(example.model.table.grad()[1][v].item<double>() - row[static_cast<std::size_t>(v)]) < 1e-6);
        const Batch all = test::given({{.firstRow = 0, .length = 5, .labelStart = 5}, {.firstRow = 5, .length = 5, .labelStart = 5}});
        QVERIFY(isNear(term(example, all, "real"), 0.811282));
    }

    void theSteeredStatesAreAveragedSampleBySample()
    {
        at::Tensor states = at::empty({6, 4}, at::kFloat); // h[b][t][d] = 0.1 (b+1)(t+1) + 0.05 d
        for (int b = 0; b < 2; ++b)
            for (int t = 0; t < 3; ++t)
                for (int d = 0; d < 4; ++d)
                    states[3 * b + t][d] = 0.1 * (b + 1) * (t + 1) + 0.05 * d;
        test::GivenLogits model(states.clone().requires_grad_(true)), frozen(at::full({6, 4}, 0.5f));
        // The second sample counts its first position alone.
        const Batch batch = test::given({{.firstRow = 0, .length = 3, .labelStart = 0, .labels = {0, 1, 2}}, {.firstRow = 3, .length = 1, .labelStart = 0}});
        const std::unique_ptr<Method> method = m_methods.make("rmu", {{"layer", std::int64_t{0}}, {"steering_coeff", 1e-9}});
        QVERIFY(method->begin({.layers = 1, .hidden = 4, .vocabulary = 4, .retainLoss = RetainLoss::Own}).ok());
        StepContext step = test::contextOf(model, &frozen, batch, nullptr, &batch);
        step.retainLoss = RetainLoss::Own;
        QVERIFY(isNear(method->retainTerm(step, batch).loss.item<double>(), 0.0570833));
        // Towards nought the pull is the mean square of the states.
        const double mean = ((states.narrow(0, 0, 3).square().mean() + states[3].square().mean()) / 2).item<double>();
        QVERIFY(isNear(method->forgetTerm(step, batch).loss.item<double>(), mean));
        step.reference = &model; // the frozen states are the model's own
        QCOMPARE(method->retainTerm(step, batch).loss.item<double>(), 0.0);
    }

private:
    static Values valuesOf(const QVariantMap &parameters)
    {
        Values values;
        for (auto it = parameters.begin(); it != parameters.end(); ++it) {
            if (it->metaType().id() == QMetaType::Double)
                values[it.key().toStdString()] = it->toDouble();
            else if (it->metaType().id() == QMetaType::Int)
                values[it.key().toStdString()] = static_cast<std::int64_t>(it->toInt());
            else
                values[it.key().toStdString()] = it->toString().toStdString();
        }
        return values;
    }
};

QTEST_GUILESS_MAIN(TestWorkedValues)
#include "tst_worked_values.moc"
