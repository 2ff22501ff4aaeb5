#include "../../plugins/ngdiff/LineFit.h"
#include "plugins/GivenLogits.h"

#include <QtTest/QtTest>

#include <functional>
#include <numbers>

using namespace lethe;
using test::WorkedExample;

namespace {

using Values = std::map<std::string, ParameterValue>;

at::Tensor vectorOf(std::initializer_list<double> values)
{
    return at::tensor(std::vector<double>(values), at::kDouble);
}

/// One answer of one token whose probability is \p p, in two-token logits: row 0 for the forget answer, row 2 for its replacement.
at::Tensor twoTokens(double forget, double replacement)
{
    at::Tensor table = at::zeros({4, 2}, at::kFloat);
    table[0][1] = std::log(forget / (1 - forget));
    table[2][1] = std::log(replacement / (1 - replacement));
    return table;
}

/// A quadratic retain loss ½‖w − target‖² seen along an update.
class QuadraticProbe final : public LineProbe
{
public:
    QuadraticProbe(at::Tensor w, at::Tensor direction, at::Tensor target) : m_w(std::move(w)), m_direction(std::move(direction)), m_target(std::move(target)) {}
    double retainNll(double rate, double ratio, std::int64_t) override
    {
        return 0.5 * (m_w - m_direction * (rate * ratio) - m_target).square().sum().item<double>();
    }

private:
    const at::Tensor m_w, m_direction, m_target;
};

} // namespace

/// What the definitions say must hold whatever the numbers are.
class TestMethodIdentities : public QObject
{
    Q_OBJECT

private:
    const test::Methods m_methods;

    /// Loss of the forget term and gradient on the logits.
    std::pair<double, at::Tensor> forgetTerm(const std::string &id, const Values &values, bool isItsOwnReference = false) const
    {
        WorkedExample example;
        if (isItsOwnReference)
            example.reference.table = example.model.table.detach().clone();
        const std::unique_ptr<Method> method = m_methods.make(id, values);
        if (const auto use = method->begin({.layers = 1, .hidden = 6, .vocabulary = 6}); !use.ok())
            qFatal("%s", use.error().message().c_str());
        const at::Tensor loss = method->forgetTerm(example.context(), example.forget).loss;
        loss.backward();
        return {loss.item<double>(), example.model.table.grad().clone()};
    }

    static double distance(const at::Tensor &a, const at::Tensor &b) { return ((a - b).norm() / b.norm()).item<double>(); }

    /// Gradient of −mean_b N_b: ascent on whole answers, as the sequence-sum methods have it.
    static at::Tensor sequenceAscent()
    {
        WorkedExample example;
        (-losses::sequenceNll(example.model, example.forget).mean()).backward();
        return example.model.table.grad().clone();
    }

private Q_SLOTS:
    void gradientAscentIsMinusFineTuning()
    {
        const auto ascent = forgetTerm("ga", {}), descent = forgetTerm("finetune", {});
        QCOMPARE(ascent.first, -descent.first);
        QVERIFY(at::equal(ascent.second, -descent.second));
    }

    void theDifferenceOfOneBatchWithItselfIsNought()
    {
        WorkedExample example;
        const std::unique_ptr<Method> method = m_methods.make("grad_diff");
        StepContext step = test::contextOf(example.model, nullptr, example.forget, nullptr, &example.forget);
        step.retainLoss = RetainLoss::Nll;
        const at::Tensor loss = method->forgetTerm(step, example.forget).loss + method->retainTerm(step, example.forget).loss;
        loss.backward();
        QCOMPARE(loss.item<double>(), 0.0);
        QVERIFY(example.model.table.grad().abs().max().item<double>() < 1e-7);
    }

    void npoOfItsOwnReferenceIsTwoLn2OverBetaAndPullsAsAscent_data()
    {
        QTest::addColumn<double>("beta");
        for (const double beta : {0.01, 0.1, 1.0, 5.0})
            QTest::newRow(qPrintable(QString::number(beta))) << beta;
    }
    void npoOfItsOwnReferenceIsTwoLn2OverBetaAndPullsAsAscent()
    {
        QFETCH(double, beta);
        const auto [loss, gradient] = forgetTerm("npo", {{"beta", beta}}, true);
        QVERIFY(std::abs(loss - 2 / beta * std::numbers::ln2) < 1e-6 * loss);
        QVERIFY(distance(gradient, sequenceAscent()) < 1e-5);
        const auto preferred = forgetTerm("dpo", {{"beta", beta}}, true);
        QVERIFY(std::abs(preferred.first - 2 / beta * std::numbers::ln2) < 1e-6 * loss);
    }

    void npoBecomesAscentAsBetaFalls()
    {
        double before = 1e9;
        for (const double beta : {1.0, 0.1, 0.01, 0.001}) {
            const double off = distance(forgetTerm("npo", {{"beta", beta}}).second, sequenceAscent());
            QVERIFY2(off < before / 3, qPrintable(QString::number(off)));
            before = off;
        }
        QVERIFY(before < 1e-3);
    }

    void npoFallsAsAnAnswerIsForgottenAndStaysFinite()
    {
        const auto loss = [this](double scale) {
            WorkedExample example;
            example.model.table = example.model.table.detach() * scale; // at ±2e4 a naive log(σ) is −∞
            const at::Tensor value = m_methods.make("npo", {{"beta", 5.0}})->forgetTerm(example.context(), example.forget).loss;
            return value.item<double>();
        };
        double before = loss(0.5);
        for (const double scale : {1.0, 2.0, 4.0, 1e4}) {
            const double now = loss(scale);
            QVERIFY(std::isfinite(now) && now >= 0 && now <= before);
            before = now;
        }
    }

    void simnpoAtItsMarginIsTwoLn2OverBetaAndKnowsNoLength()
    {
        // Each label at −ln ½: mean NLL ln 2, whatever the length.
        test::GivenLogits model(at::zeros({8, 2}));
        const std::unique_ptr<Method> method = m_methods.make("simnpo", {{"beta", 2.5}, {"delta", std::numbers::ln2}});
        const Batch once = test::given({{.firstRow = 0, .length = 3, .labelStart = 1, .labels = {0, 1}}});
        const Batch twice = test::given({{.firstRow = 0, .length = 5, .labelStart = 1, .labels = {0, 1, 1, 0}}});
        const double one = method->forgetTerm(test::contextOf(model, nullptr, once), once).loss.item<double>();
        const double two = method->forgetTerm(test::contextOf(model, nullptr, twice), twice).loss.item<double>();
        QVERIFY(std::abs(one - 2 / 2.5 * std::numbers::ln2) < 1e-6);
        QCOMPARE(one, two);
    }

    void weightsOfTokensCarryNoGradient()
    {
        // Σ w ℓ with w = p^β held: the coefficient of each label's row is −w/M, which the ascent's row scaled by w is.
        const at::Tensor ascent = forgetTerm("ga", {}).second, weighted = forgetTerm("wga", {{"beta", 2.0}}).second;
        WorkedExample example;
        const at::Tensor nll_M = losses::tokenNll(example.model, example.forget).detach();
        for (std::int64_t label = 0; label < example.forget.labels(); ++label) {
            const std::int64_t row = example.forget.ids_N[example.forget.labelRows_M[label].item<std::int64_t>()].item<std::int64_t>();
            const double weight = std::exp(-2.0 * nll_M[label].item<double>());
            QVERIFY(distance(weighted[row], ascent[row] * weight) < 1e-4);
        }
    }

    void undialFromItsOwnReferenceWithoutDemotionStandsStill()
    {
        const auto [loss, gradient] = forgetTerm("undial", {{"beta", 1e-9}}, true);
        QVERIFY(loss > 0);
        QVERIFY(gradient.abs().max().item<double>() < 1e-7);
    }

    void ceuNeverFallsBelowTheEntropyOfItsTarget()
    {
        WorkedExample example;
        const Term term = m_methods.make("ceu", {{"ignore_first_n_answer_tokens", std::int64_t{0}}})->forgetTerm(example.context(), example.forget);
        QVERIFY(std::abs(term.loss.item<double>() - term.values.front().second.item<double>() - 1.070019) < 1e-5);
        // An answer whose labels are all left out counts for nothing, and is no NaN.
        const at::Tensor none = m_methods.make("ceu", {{"ignore_first_n_answer_tokens", std::int64_t{16}}})->forgetTerm(example.context(), example.forget).loss;
        QCOMPARE(none.item<double>(), 0.0);
    }

    void pduIsNoughtForConstantLogitsAndMovesItsWeightByTheExcess()
    {
        test::GivenLogits model(at::full({8, 5}, 3.0f).requires_grad_(true));
        const Batch batch = test::given({{.firstRow = 0, .length = 3, .labelStart = 1, .labels = {0, 1}}});
        const std::unique_ptr<Method> method = m_methods.make("pdu", {{"retain_weight", 2.0}, {"dual_step_size", 5.0}, {"retain_loss_eps", 0.3},
                                                                      {"dual_warmup_epochs", std::int64_t{1}}});
        StepContext step = test::contextOf(model, nullptr, batch, nullptr, &batch);
        QVERIFY(std::abs(method->forgetTerm(step, batch).loss.item<double>()) < 1e-10);
        const auto lambdaAfter = [&](std::int64_t number, double retainLoss) {
            step.step = number;
            StepReport report{.loss = 0, .forgetLoss = 0, .retainLoss = retainLoss};
            method->afterStep(step, report);
            return method->weights(step, {}).retain;
        };
        QCOMPARE(lambdaAfter(1, 9.0), 2.0); // warming up
        QCOMPARE(lambdaAfter(2, 0.3), 2.0); // at the bound
        QVERIFY(std::abs(lambdaAfter(3, 0.5) - 3.0) < 1e-12);
        QCOMPARE(lambdaAfter(4, -9.0), 0.0); // never below nought
    }

    void theHingeLetsGoWhereTheThresholdIsPassed()
    {
        const Values off{{"help_weight", 0.0}, {"align_weight", 0.0}, {"hinge", std::string("micro_batch")}};
        Values high = off, low = off;
        high["harm_threshold"] = 20.0;
        low["harm_threshold"] = 1.0;
        const auto pulling = forgetTerm("eraser", high), letGo = forgetTerm("eraser", low);
        QVERIFY(distance(pulling.second, forgetTerm("ga", {}).second) < 1e-5);
        QCOMPARE(letGo.first, 0.0);
        QCOMPARE(letGo.second.abs().max().item<double>(), 0.0);
    }

    void flatsConjugatesAreNumericMaxima_data()
    {
        QTest::addColumn<QString>("divergence");
        for (const char *name : {"kl", "js", "pearson", "tv"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void flatsConjugatesAreNumericMaxima()
    {
        QFETCH(QString, divergence);
        // f*(t) = sup over u ≥ 0 of ut − f(u), with the f that names the divergence.
        const std::map<QString, std::function<double(double)>> generators{
            {QStringLiteral("kl"), [](double u) { return u > 0 ? u * std::log(u) : 0; }},
            {QStringLiteral("js"), [](double u) { return (u > 0 ? u * std::log(u) : 0) - (u + 1) * std::log((u + 1) / 2); }},
            {QStringLiteral("pearson"), [](double u) { return (u - 1) * (u - 1); }},
            {QStringLiteral("tv"), [](double u) { return std::abs(u - 1) / 2; }}};
        const std::unique_ptr<Method> method = m_methods.make("flat", {{"divergence", divergence.toStdString()}});
        const Batch forget = test::given({{.firstRow = 0, .length = 2, .labelStart = 1, .labels = {1}}});
        const Batch replacement = test::given({{.firstRow = 2, .length = 2, .labelStart = 1, .labels = {1}}});
        for (const double p : {0.02, 0.3, 0.5, 0.8, 0.98}) {
            test::GivenLogits model(twoTokens(p, p));
            const StepContext step = test::contextOf(model, nullptr, forget, &replacement);
            const double conjugate = method->forgetTerm(step, forget).loss.item<double>();
            const double t = -method->furtherTerm(0, step, replacement).loss.item<double>(); // g*(p)
            double best = -1e9;
            for (int i = 0; i <= 400000; ++i) {
                const double u = i * 1e-4;
                best = std::max(best, u * t - generators.at(divergence)(u));
            }
            QVERIFY2(std::abs(conjugate - best) < 2e-6, qPrintable(QStringLiteral("p = %1: %2, numerically %3").arg(p).arg(conjugate).arg(best)));
        }
    }

    void flatLiesWhereItsTableSays()
    {
        const std::map<std::string, std::pair<double, double>> table{{"tv", {-.380797, 0}}, {"kl", {-.632121, .367879}}, {"js", {-.379885, 0}},
                                                                     {"pearson", {-1, 0}}, {"jeffrey", {-1, 0}}}; // at P_e = 1 and P_f = 0; at 0 and 0
        const Batch forget = test::given({{.firstRow = 0, .length = 2, .labelStart = 1, .labels = {1}}});
        const Batch replacement = test::given({{.firstRow = 2, .length = 2, .labelStart = 1, .labels = {1}}});
        for (const auto &[name, expected] : table) {
            const std::unique_ptr<Method> method = m_methods.make("flat", {{"divergence", name}});
            const auto loss = [&](double f, double e) {
                test::GivenLogits model(twoTokens(f, e));
                const StepContext step = test::contextOf(model, nullptr, forget, &replacement);
                return (method->forgetTerm(step, forget).loss + method->furtherTerm(0, step, replacement).loss).item<double>();
            };
            QVERIFY2(std::abs(loss(1e-7, 1 - 1e-7) - expected.first) < 2e-6, name.c_str());
            QVERIFY2(std::abs(loss(1e-7, 1e-7) - expected.second) < 2e-6, name.c_str());
            QVERIFY(loss(0.3, 0.6) < loss(0.3, 0.5) && loss(0.3, 0.5) < loss(0.4, 0.5));
            if (name == "tv")
                QVERIFY(std::abs(loss(0.3, 0.6) + loss(0.6, 0.3)) < 1e-7);
        }
    }

    void ngdiffCombinesUnitGradients()
    {
        const std::unique_ptr<Method> method = m_methods.make("ngdiff");
        const auto combined = [&](at::Tensor forget, at::Tensor retain, TermValues &values) {
            // Two tensors: one norm over all parameters, not one a tensor.
            std::vector<at::Tensor> f{forget.narrow(0, 0, 1).clone(), forget.narrow(0, 1, 2).clone()};
            std::vector<at::Tensor> r{retain.narrow(0, 0, 1).clone(), retain.narrow(0, 1, 2).clone()};
            WorkedExample example;
            method->combineGradients(example.context(), {.forget = 1, .retain = 1}, f, r, values);
            return at::cat(f, 0);
        };
        const auto check = [&](at::Tensor forget, at::Tensor retain, const at::Tensor &expected) {
            TermValues values;
            QVERIFY((combined(forget, retain, values) - expected).abs().max().item<double>() < 1e-6);
        };
        check(vectorOf({0, 1, 0}), vectorOf({3, 0, 4}), vectorOf({.6, -1, .8}));
        check(vectorOf({1, 2, 2}), vectorOf({3, 0, 4}), vectorOf({.266667, -.666667, .133333}));
        check(vectorOf({1e3, 2e3, 2e3}), vectorOf({3e-3, 0, 4e-3}), vectorOf({.266667, -.666667, .133333})); // scales count for nothing
        check(vectorOf({1, 2, 2}), vectorOf({1, 2, 2}), vectorOf({0, 0, 0}));
        check(vectorOf({0, 0, 0}), vectorOf({3, 0, 4}), vectorOf({.6, 0, .8})); // no direction: the term is left out
        TermValues values;
        combined(vectorOf({1, 2, 2}), vectorOf({3, 0, 4}), values);
        QCOMPARE(values[0].second.item<double>(), 3.0);
        QCOMPARE(values[1].second.item<double>(), 5.0);
        QVERIFY(std::abs(values[2].second.item<double>() - 11.0 / 15) < 1e-6);
    }

    void theRateOfAParabolaIsExactAtAnyProbe()
    {
        const auto loss = [](double eta) { return 2 - 30 * eta + 2000 * eta * eta; };
        for (const double probe : {0.005, 0.01, 0.0125}) {
            const ngdiff::LineFit fit = ngdiff::fitRate(probe, loss(-probe), loss(0), loss(probe), {.maxChange = 10, .maximum = 1});
            QVERIFY(fit.accepted);
            QVERIFY(std::abs(fit.slope - 30) < 1e-9 && std::abs(fit.curvature - 4000) < 1e-6);
            QVERIFY(std::abs(fit.rate - 0.0075) < 1e-12);
        }
        QVERIFY(!ngdiff::fitRate(0.01, 1, 1.1, 1, {}).accepted); // no minimum ahead
        QVERIFY(!ngdiff::fitRate(0.01, 1, 1, std::nan(""), {}).accepted);
        QCOMPARE(ngdiff::fitRate(0.01, 1, 1.1, 1, {}).rate, 0.01);
    }

    void theThreePointFitIsTheReferences()
    {
        const nlohmann::json cases = test::readJson(test::fixtures() / "losses" / "autolr.json");
        QVERIFY(!cases.empty());
        for (const nlohmann::json &one : cases) {
            const auto number = [&one](const char *key) { return one[key].get<double>(); };
            const ngdiff::LineFit fit = ngdiff::fitRate(number("eta"), number("loss_at_minus"), number("loss_at_0"), number("loss_at_plus"),
                                                        {.maxChange = number("lr_max_change"), .momentum = number("lr_momentum"), .minimum = 0, .maximum = 1e9, .noise = 0});
            QCOMPARE(fit.accepted, one["accepted"].get<bool>());
            // The second difference of losses near 3 keeps six digits or fewer, whatever computes it.
            QVERIFY(std::abs(fit.slope - number("b")) <= 1e-6 * std::abs(number("b")) + 1e-9);
            QVERIFY(std::abs(fit.curvature - number("a")) <= 1e-6 * std::abs(number("a")) + 1e-6);
            QVERIFY(std::abs(fit.rate - number("eta_new")) <= 1e-6 * number("eta_new"));
        }
    }

    void ngdiffWalksTheWorkedTrajectory()
    {
        const at::Tensor keep = vectorOf({1, 0}), forget = vectorOf({0, 1});
        at::Tensor w = vectorOf({0, 0});
        const std::vector<std::array<double, 3>> expected{{0.5, -0.5, 0.5}, {0.861803, -0.585410, 0.353553}, {1.074536, -0.556940, 0.300750}};
        const std::unique_ptr<Method> method =
            m_methods.make("ngdiff", {{"lr_every", std::int64_t{1}}, {"lr_max_change", 1e6}, {"lr_max", 10.0}});
        QVERIFY(method->begin({.learningRate = 0.01, .constantRate = true}).ok());
        WorkedExample example;
        StepContext step = example.context();
        for (const auto &[x, y, rate] : expected) {
            std::vector<at::Tensor> gradient{w - forget}, retain{w - keep};
            TermValues values;
            method->combineGradients(step, {.forget = 1, .retain = 1}, gradient, retain, values);
            QuadraticProbe probe(w, gradient.front(), keep);
            StepReport report;
            const double found = method->learningRate(step, 0, probe, report);
            QVERIFY(std::abs(found - rate) < 1e-5);
            w = w - gradient.front() * found;
            QVERIFY((w - vectorOf({x, y})).abs().max().item<double>() < 1e-5);
            ++step.step;
        }
    }

    void noMethodMakesAPassThatItCouldHaveSaved_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("passes");
        QTest::addColumn<int>("tokens");
        // forget 9 tokens, replacements and retain 7 each; every pass has one backward pass
        const std::map<std::string, std::pair<int, int>> expected{
            {"finetune", {1, 9}}, {"ga", {1, 9}}, {"ceu", {1, 9}}, {"task_vector", {1, 9}}, {"idk", {2, 14}}, {"dpo", {3, 23}}, {"altpo", {3, 23}}, {"eraser", {3, 23}}, {"flat", {2, 16}}};
        for (const MethodEntry &entry : m_methods.catalog.entries()) {
            const auto known = expected.find(entry.manifest.id);
            const std::pair<int, int> passes = known != expected.end() ? known->second : std::pair(2, 16); // forget and retain, once each
            QTest::newRow(entry.manifest.id.c_str()) << QString::fromStdString(entry.manifest.id) << passes.first << passes.second;
        }
    }
    void noMethodMakesAPassThatItCouldHaveSaved()
    {
        QFETCH(QString, id);
        QFETCH(int, passes);
        QFETCH(int, tokens);
        Values values;
        const MethodManifest &manifest = *m_methods.catalog.find(id.toStdString());
        for (const auto &[name, value] : Values{{"layer", std::int64_t{0}}, {"assistant_layers", std::int64_t{1}}})
            if (manifest.parameter(name) != nullptr)
                values[name] = value;
        WorkedExample example;
        const std::unique_ptr<Method> method = m_methods.make(id.toStdString(), values);
        const bool hasLoss = !manifest.retainLosses.empty();
        const RetainLoss loss = !hasLoss ? RetainLoss::None : id == QLatin1String("rmu") ? RetainLoss::Own : id == QLatin1String("kl_min") ? RetainLoss::Kl : RetainLoss::Nll;
        const auto use = method->begin({.layers = 1, .hidden = 6, .vocabulary = 6, .retainLoss = loss});
        QVERIFY(use.ok());
        StepContext step = example.context();
        step.retainLoss = loss;
        method->forgetTerm(step, use->readsForget ? example.forget : example.alternate);
        if (use->retainTerm.value_or(hasLoss))
            method->retainTerm(step, example.retain);
        for (std::size_t i = 0; i < use->furtherTerms.size(); ++i)
            method->furtherTerm(i, step, use->furtherTerms[i].on == FurtherTerm::On::Retain ? example.retain : example.alternate);
        QCOMPARE(example.model.passes, passes);
        QCOMPARE(example.model.tokens, std::int64_t{tokens});
    }

    void twoMicroBatchesGiveTheTermOfTheWholeBatch_data()
    {
        QTest::addColumn<QString>("id");
        for (const MethodEntry &entry : m_methods.catalog.entries())
            QTest::newRow(entry.manifest.id.c_str()) << QString::fromStdString(entry.manifest.id);
    }
    void twoMicroBatchesGiveTheTermOfTheWholeBatch()
    {
        QFETCH(QString, id);
        Values values;
        for (const auto &[name, value] : Values{{"layer", std::int64_t{0}}, {"assistant_layers", std::int64_t{1}}})
            if (m_methods.catalog.find(id.toStdString())->parameter(name) != nullptr)
                values[name] = value;
        const auto run = [&](bool apart, bool swapped) {
            WorkedExample example;
            const std::unique_ptr<Method> method = m_methods.make(id.toStdString(), values);
            const auto use = method->begin({.layers = 1, .hidden = 6, .vocabulary = 6});
            if (!use.ok())
                qFatal("%s", use.error().message().c_str());
            const test::GivenSample f0{.firstRow = 0, .length = 5, .labelStart = 2, .labels = {3, 1, 5}}, f1{.firstRow = 5, .length = 4, .labelStart = 1, .labels = {2, 0, 4}};
            const test::GivenSample e0{.firstRow = 10, .length = 4, .labelStart = 2, .labels = {0, 2}}, e1{.firstRow = 15, .length = 3, .labelStart = 1, .labels = {1, 3}};
            std::vector<std::pair<Batch, Batch>> micros;
            if (apart)
                micros = {{test::given({f0}), test::given({e0})}, {test::given({f1}), test::given({e1})}};
            else if (swapped)
                micros = {{test::given({f1, f0}), test::given({e1, e0})}};
            else
                micros = {{test::given({f0, f1}), test::given({e0, e1})}};
            const Batch all = test::given({f0, f1}), replacements = test::given({e0, e1});
            double sum = 0;
            for (const auto &[forget, alternate] : micros) {
                StepContext step = test::contextOf(example.model, &example.reference, all, &replacements, &replacements);
                step.alternate = &alternate;
                at::Tensor loss = method->forgetTerm(step, use->readsForget ? forget : alternate).loss;
                for (std::size_t i = 0; i < use->furtherTerms.size(); ++i)
                    loss = loss + method->furtherTerm(i, step, alternate).loss * use->furtherTerms[i].weight;
                loss.backward();
                sum += loss.item<double>();
            }
            return std::pair(sum, example.model.table.grad().clone());
        };
        const auto whole = run(false, false), apart = run(true, false), swapped = run(false, true);
        QVERIFY2(std::abs(whole.first - apart.first) <= 1e-6 * std::max(1.0, std::abs(whole.first)), qPrintable(QStringLiteral("%1 and %2").arg(whole.first).arg(apart.first)));
        QVERIFY(distance(apart.second, whole.second) < 1e-5);
        QVERIFY(distance(swapped.second, whole.second) < 1e-5);
    }
};

QTEST_GUILESS_MAIN(TestMethodIdentities)
#include "tst_method_identities.moc"
