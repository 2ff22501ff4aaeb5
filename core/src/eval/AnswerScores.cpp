#include <lethe/eval/AnswerScores.h>

#include <QtCore/QByteArray>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lethe {

namespace {

/// The guard in open-unlearning's denominators.
constexpr double kGuard = 1e-10;
constexpr double kLeastVariance = 1e-6;

double logSumExp(std::span<const double> values)
{
    const double top = *std::ranges::max_element(values);
    if (!std::isfinite(top))
        return top;
    double sum = 0;
    for (const double value : values)
        sum += std::exp(value - top);
    return top + std::log(sum);
}

double meanOf(std::span<const double> values)
{
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

std::optional<double> AnswerLoss::probability() const
{
    const std::optional<double> average = mean();
    return average ? std::optional(std::exp(-*average)) : std::nullopt;
}

AnswerLoss answerLoss(const std::vector<std::vector<double>> &logits, std::span<const std::int64_t> labels)
{
    AnswerLoss loss;
    for (std::size_t t = 1; t < labels.size() && t <= logits.size(); ++t) {
        if (labels[t] < 0)
            continue;
        const std::vector<double> &row = logits[t - 1];
        loss.sum += logSumExp(row) - row[static_cast<std::size_t>(labels[t])];
        ++loss.tokens;
    }
    return loss;
}

double optionProbability(double correct, std::span<const double> wrong)
{
    double others = 0;
    for (const double loss : wrong)
        others += std::exp(correct - loss);
    return 1 / (1 + others);
}

double guardedOptionProbability(double correct, std::span<const double> wrong)
{
    double all = std::exp(-correct);
    for (const double loss : wrong)
        all += std::exp(-loss);
    return std::exp(-correct) / (all + kGuard);
}

std::string_view toString(TruthRatioKind kind)
{
    switch (kind) {
    case TruthRatioKind::Geometric: return "geometric";
    case TruthRatioKind::Arithmetic: return "arithmetic";
    case TruthRatioKind::OpenUnlearning: return "open-unlearning";
    }
    return {};
}

std::optional<double> logTruthRatio(double correct, std::span<const double> wrong, TruthRatioKind kind)
{
    if (wrong.empty() || std::isnan(correct) || std::ranges::any_of(wrong, [](double loss) { return std::isnan(loss); }))
        return std::nullopt;
    double ratio = 0;
    switch (kind) {
    case TruthRatioKind::Geometric: ratio = correct - meanOf(wrong); break;
    case TruthRatioKind::Arithmetic: {
        std::vector<double> logProbabilities;
        for (const double loss : wrong)
            logProbabilities.push_back(-loss);
        ratio = correct + logSumExp(logProbabilities) - std::log(static_cast<double>(wrong.size()));
        break;
    }
    case TruthRatioKind::OpenUnlearning: ratio = std::log(std::exp(-meanOf(wrong)) / (std::exp(-correct) + kGuard)); break;
    }
    return std::isnan(ratio) ? std::nullopt : std::optional(ratio);
}

double truthRatioForgetScore(double logRatio)
{
    return std::exp(-std::abs(logRatio));
}

double truthRatioUtilityScore(double logRatio)
{
    return std::max(0.0, -std::expm1(logRatio));
}

std::optional<double> truthRatioProbMean(double correct, std::span<const double> wrong)
{
    if (wrong.empty())
        return std::nullopt;
    const double right = std::exp(-correct);
    return right / (right + std::exp(-meanOf(wrong)) + kGuard);
}

std::optional<double> exactMemorization(const std::vector<bool> &right)
{
    if (right.empty())
        return std::nullopt;
    return static_cast<double>(std::ranges::count(right, true)) / static_cast<double>(right.size());
}

std::optional<double> extractionStrength(const std::vector<bool> &right, ScoreVariant variant)
{
    const bool published = variant == ScoreVariant::OpenUnlearning;
    if (right.empty())
        return published ? std::optional(0.0) : std::nullopt;
    std::size_t start = right.size();
    while (start > 0 && right[start - 1])
        --start;
    if (published)
        start = std::min(start, right.size() - 1); // its loop ends before it could find that nothing is right
    return 1 - static_cast<double>(start) / static_cast<double>(right.size());
}

std::optional<double> minK(std::span<const double> values, double share, ScoreVariant variant)
{
    if (values.empty() && variant == ScoreVariant::OpenUnlearning)
        return 0;
    auto count = static_cast<std::size_t>(static_cast<double>(values.size()) * share);
    if (variant != ScoreVariant::MuseOriginal)
        count = std::max<std::size_t>(count, 1);
    if (values.empty() || count == 0)
        return std::nullopt;
    count = std::min(count, values.size());
    std::vector<double> lowest(count);
    std::ranges::partial_sort_copy(values, lowest);
    return -meanOf(lowest);
}

double minKPlusPlusScore(double logProbability, double mean, double variance)
{
    return (logProbability - mean) / std::sqrt(std::max(variance, kLeastVariance));
}

double minKPlusPlusScore(std::span<const double> probabilities, std::int64_t label)
{
    double mean = 0, square = 0;
    for (const double p : probabilities)
        if (p > 0) {
            mean += p * std::log(p);
            square += p * std::log(p) * std::log(p);
        }
    return minKPlusPlusScore(std::log(probabilities[static_cast<std::size_t>(label)]), mean, square - mean * mean);
}

std::int64_t zlibBytes(std::string_view text)
{
    constexpr std::int64_t kEmpty = 8;       // what zlib makes of nothing; Qt makes nothing of it
    constexpr std::int64_t kLengthPrefix = 4; // Qt's own, before zlib's bytes
    if (text.empty())
        return kEmpty;
    return qCompress(reinterpret_cast<const uchar *>(text.data()), static_cast<qsizetype>(text.size())).size() - kLengthPrefix;
}

} // namespace lethe
