#include <lethe/eval/UnlearningScores.h>

#include <lethe/eval/Statistics.h>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

/// The guard in the published denominators.
constexpr double kAreaGuard = 1e-10;
constexpr double kLeastRate = 1e-10;

} // namespace

double privacyLeakage(double area, double retrainedArea)
{
    const double own = 1 - area, retrained = 1 - retrainedArea;
    return (own - retrained) / (retrained + kAreaGuard) * 100;
}

bool isPlausibleRetrainedArea(double area)
{
    return area >= 0.35 && area <= 0.65;
}

double relativeDifference(double area, double retrainedArea)
{
    return (area - retrainedArea) / (retrainedArea + kAreaGuard) * 100;
}

double membershipScore(double area, double retrainedArea)
{
    if (retrainedArea == 0)
        return area == 0 ? 1 : 0;
    return std::clamp(1 - std::abs(area - retrainedArea) / retrainedArea, 0.0, 1.0);
}

std::optional<double> memorizationScore(std::span<const double> memorized)
{
    std::vector<double> rest;
    for (const double value : memorized)
        rest.push_back(1 - value);
    return harmonicMean(rest);
}

std::optional<double> privacyScore(std::span<const std::pair<double, double>> areas)
{
    std::vector<double> scores;
    for (const auto &[area, retrained] : areas)
        scores.push_back(membershipScore(area, retrained));
    return harmonicMean(scores);
}

ForgettingScore forgettingScore(double falsePositiveRate, double falseNegativeRate, double delta)
{
    if (falsePositiveRate == 0 && falseNegativeRate == 0)
        return {.forgetting = 0, .attack = 1};
    if (falsePositiveRate >= 1 - delta || falseNegativeRate >= 1 - delta)
        return {};
    const double one = std::log((1 - delta - falsePositiveRate) / std::max(falseNegativeRate, kLeastRate));
    const double other = std::log((1 - delta - falseNegativeRate) / std::max(falsePositiveRate, kLeastRate));
    const double forgetting = std::exp2(-std::max(0.0, std::min(one, other)));
    return {.forgetting = forgetting, .attack = 1 - forgetting};
}

std::optional<double> relearningScore(double riseRetrained, double riseUnlearned)
{
    if (riseUnlearned == 0)
        return std::nullopt;
    return std::min(riseRetrained / riseUnlearned, 1.0);
}

std::optional<double> quantisationScore(double before, double after)
{
    return after <= 0 ? 1.0 : std::min(before / after, 1.0);
}

std::optional<double> symmetricScore(double x, double y)
{
    const double size = std::abs(x) + std::abs(y);
    return size == 0 ? std::nullopt : std::optional(1 - std::abs(x - y) / size);
}

UnlearningDepth unlearningDepth(std::span<const double> deltaRetrained, std::span<const double> deltaUnlearned, double threshold)
{
    UnlearningDepth depth;
    double gone = 0, all = 0;
    for (std::size_t layer = 0; layer < std::min(deltaRetrained.size(), deltaUnlearned.size()); ++layer) {
        const double held = deltaRetrained[layer];
        if (!(held > threshold))
            continue;
        depth.layers.push_back(static_cast<std::int64_t>(layer));
        gone += held * std::clamp(deltaUnlearned[layer] / held, 0.0, 1.0);
        all += held;
    }
    if (all > 0)
        depth.score = gone / all;
    return depth;
}

std::optional<double> knowledgeRecovery(std::span<const double> unlearnedLoss, std::span<const double> restoredLoss)
{
    std::vector<double> recovered;
    for (std::size_t i = 0; i < std::min(unlearnedLoss.size(), restoredLoss.size()); ++i)
        if (unlearnedLoss[i] != 0)
            recovered.push_back(1 - restoredLoss[i] / unlearnedLoss[i]);
    return mean(recovered);
}

} // namespace lethe
