#include <lethe/eval/Statistics.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

namespace lethe {

namespace {

/// scipy's own border between the exact and the asymptotic p.
constexpr std::int64_t kLargestExact = 10'000;

bool holdsNan(std::span<const double> values)
{
    return std::ranges::any_of(values, [](double value) { return std::isnan(value); });
}

std::vector<double> sorted(std::span<const double> values)
{
    std::vector<double> copy(values.begin(), values.end());
    std::ranges::sort(copy);
    return copy;
}

/// The exact p of a distance of h steps of 1/lcm(n1, n2). A(i, j) is the chance that a random path to (i, j) has left the band.
double outsideBand(std::int64_t n1, std::int64_t n2, std::int64_t h)
{
    if (h <= 0)
        return 1;
    const std::int64_t divisor = std::gcd(n1, n2);
    const std::int64_t step1 = n2 / divisor, step2 = n1 / divisor;
    std::vector<double> row(static_cast<std::size_t>(n2) + 1, 0);
    for (std::int64_t i = 0; i <= n1; ++i)
        for (std::int64_t j = 0; j <= n2; ++j) {
            double &cell = row[static_cast<std::size_t>(j)];
            if (std::abs(i * step1 - j * step2) >= h)
                cell = 1;
            else if (i == 0 && j == 0)
                cell = 0;
            else
                cell = (static_cast<double>(i) * (i > 0 ? cell : 0) + static_cast<double>(j) * (j > 0 ? row[static_cast<std::size_t>(j) - 1] : 0))
                    / static_cast<double>(i + j);
        }
    return std::min(row.back(), 1.0);
}

/// P(D⁺ₙ ≥ x) of the one-sided one-sample test (Birnbaum and Tingey 1951): a sum of positive terms.
double oneSidedTail(std::int64_t n, double x)
{
    const double count = static_cast<double>(n);
    double sum = 0;
    for (std::int64_t j = 0; j <= static_cast<std::int64_t>(std::floor(count * (1 - x))); ++j) {
        const double share = static_cast<double>(j) / count;
        const double below = 1 - x - share;
        if (below <= 0 && j < n)
            continue;
        const double choose = std::lgamma(count + 1) - std::lgamma(static_cast<double>(j) + 1) - std::lgamma(count - static_cast<double>(j) + 1);
        sum += std::exp(choose + (j < n ? static_cast<double>(n - j) * std::log(below) : 0) + (static_cast<double>(j) - 1) * std::log(x + share));
    }
    return std::min(1.0, x * sum);
}

using Matrix = std::vector<double>;

Matrix product(const Matrix &a, const Matrix &b, std::size_t m)
{
    Matrix c(m * m, 0);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t k = 0; k < m; ++k)
            for (std::size_t j = 0; j < m; ++j)
                c[i * m + j] += a[i * m + k] * b[k * m + j];
    return c;
}

/// P(Dₙ < x) by the matrix power of Marsaglia, Tsang and Wang (2003), scaled as it grows.
double oneSampleCdf(std::int64_t n, double x)
{
    const double t = static_cast<double>(n) * x;
    const auto k = static_cast<std::int64_t>(std::floor(t)) + 1;
    const auto m = static_cast<std::size_t>(2 * k - 1);
    const double h = static_cast<double>(k) - t;
    Matrix base(m * m, 0);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
            base[i * m + j] = i + 1 >= j ? 1 : 0;
    for (std::size_t i = 0; i < m; ++i) {
        base[i * m] -= std::pow(h, static_cast<double>(i + 1));
        base[(m - 1) * m + i] -= std::pow(h, static_cast<double>(m - i));
    }
    base[(m - 1) * m] += 2 * h - 1 > 0 ? std::pow(2 * h - 1, static_cast<double>(m)) : 0;
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j <= std::min(i, m - 1); ++j)
            for (std::size_t g = 1; g <= i - j + 1; ++g)
                base[i * m + j] /= static_cast<double>(g);

    constexpr double kTooLarge = 1e140;
    Matrix power(m * m, 0);
    for (std::size_t i = 0; i < m; ++i)
        power[i * m + i] = 1;
    int exponent = 0, baseExponent = 0;
    const auto scale = [&](Matrix &matrix, int &decimals) {
        if (std::abs(matrix[(m / 2) * m + m / 2]) > kTooLarge) {
            for (double &value : matrix)
                value /= kTooLarge;
            decimals += 140;
        }
    };
    for (std::int64_t left = n; left > 0; left /= 2) {
        if (left % 2 == 1) {
            power = product(power, base, m);
            exponent += baseExponent;
            scale(power, exponent);
        }
        base = product(base, base, m);
        baseExponent *= 2;
        scale(base, baseExponent);
    }
    double p = power[static_cast<std::size_t>(k - 1) * m + static_cast<std::size_t>(k - 1)];
    for (std::int64_t i = 1; i <= n; ++i) {
        p *= static_cast<double>(i) / static_cast<double>(n);
        if (p < 1e-140) {
            p *= kTooLarge;
            exponent -= 140;
        }
    }
    return p * std::pow(10.0, exponent);
}

/// P(Dₙ < x) by the expansion of Pelz and Good (1976) in powers of 1/√n: what scipy takes where n is large and x is not small.
double oneSampleCdfExpansion(std::int64_t n, double x)
{
    constexpr double kPi2 = std::numbers::pi * std::numbers::pi, kPi4 = kPi2 * kPi2, kPi6 = kPi4 * kPi2;
    const double root = std::sqrt(static_cast<double>(n)), z = root * x;
    const double z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
    double k0 = 0, k1 = 0, k2 = 0, k3 = 0, extra2 = 0, extra3 = 0;
    for (int k = 1; k <= static_cast<int>(std::ceil(16 * z / std::numbers::pi)); ++k) {
        const double odd = (2.0 * k - 1) * (2.0 * k - 1), whole = static_cast<double>(k) * k;
        const double small = std::exp(-odd * kPi2 / (8 * z2)), large = std::exp(-whole * kPi2 / (2 * z2));
        k0 += small;
        k1 += small * (kPi2 / 4 * odd - z2);
        k2 += small * (6 * z6 + 2 * z4 + kPi2 / 4 * (2 * z4 - 5 * z2) * odd + kPi4 / 16 * (1 - 2 * z2) * odd * odd);
        k3 += small
            * (-30 * z6 - 90 * z8 + kPi2 / 4 * (135 * z4 - 96 * z6) * odd + kPi4 / 16 * (212 * z4 - 60 * z2) * odd * odd
               + kPi6 / 64 * (5 - 30 * z2) * odd * odd * odd);
        extra2 += whole * large;
        extra3 += (3 * z2 - kPi2 * whole) * whole * large;
    }
    const double size = std::sqrt(2 * std::numbers::pi);
    return size
        * (k0 / z + k1 / (6 * z4) / root + (k2 / (72 * z6 * z) - extra2 * kPi2 / (36 * z2 * z)) / (root * root)
           + (k3 / (6480 * z8 * z2) + extra3 * kPi2 / (216 * z6)) / (root * root * root));
}

/// P(Dₙ ≥ x), two-sided. Where both sides can hardly be crossed at once, twice the one-sided tail; it alone is precise when small.
std::optional<double> oneSampleTail(std::int64_t n, double x)
{
    if (n < 1)
        return std::nullopt;
    const double t = static_cast<double>(n) * x;
    if (t <= 0.5)
        return 1;
    if (x >= 1)
        return 0;
    const double spread = t * x;
    if (x >= 0.5 || spread >= (n <= 140 ? 4.0 : 2.2))
        return std::min(1.0, 2 * oneSidedTail(n, x));
    const bool byMatrix = n <= 140 || (n <= 100'000 && t * std::sqrt(x) <= 1.4);
    return std::clamp(1 - (byMatrix ? oneSampleCdf(n, x) : oneSampleCdfExpansion(n, x)), 0.0, 1.0);
}

double chi2TailOneDegree(double chi2)
{
    return std::erfc(std::sqrt(chi2 / 2));
}

} // namespace

double ksExactP(std::int64_t n1, std::int64_t n2, double d)
{
    const double lcm = static_cast<double>(n1 / std::gcd(n1, n2) * n2);
    return outsideBand(n1, n2, static_cast<std::int64_t>(std::nearbyint(d * lcm)));
}

std::optional<KsTest> ksTest(std::span<const double> x, std::span<const double> y)
{
    if (x.empty() || y.empty() || holdsNan(x) || holdsNan(y))
        return std::nullopt;
    const std::vector<double> a = sorted(x), b = sorted(y);
    KsTest test{.n1 = static_cast<std::int64_t>(a.size()), .n2 = static_cast<std::int64_t>(b.size()), .asymptotic = {}};
    const std::int64_t divisor = std::gcd(test.n1, test.n2);
    const std::int64_t step1 = test.n2 / divisor, step2 = test.n1 / divisor;
    // the distance in whole steps of 1/lcm: exact, and the same for (x, y) as for (y, x)
    std::int64_t steps = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const double value = std::min(a[i], b[j]);
        while (i < a.size() && a[i] <= value)
            ++i;
        while (j < b.size() && b[j] <= value)
            ++j;
        steps = std::max(steps, std::abs(static_cast<std::int64_t>(i) * step1 - static_cast<std::int64_t>(j) * step2));
    }
    test.d = static_cast<double>(steps) / static_cast<double>(test.n1 * step1);
    const double effective = static_cast<double>(test.n1) * static_cast<double>(test.n2) / static_cast<double>(test.n1 + test.n2);
    test.asymptotic = oneSampleTail(static_cast<std::int64_t>(std::nearbyint(effective)), test.d);
    test.p = std::max(test.n1, test.n2) <= kLargestExact ? outsideBand(test.n1, test.n2, steps) : test.asymptotic.value_or(1);
    return test;
}

std::optional<double> auc(std::span<const double> class0, std::span<const double> class1)
{
    if (class0.empty() || class1.empty() || holdsNan(class0) || holdsNan(class1))
        return std::nullopt;
    const std::vector<double> a = sorted(class0);
    double above = 0; // Σ over class 1 of the class-0 values below it, ties counting half
    for (const double score : class1) {
        const auto [low, high] = std::ranges::equal_range(a, score);
        above += static_cast<double>(low - a.begin()) + 0.5 * static_cast<double>(high - low);
    }
    return above / (static_cast<double>(class0.size()) * static_cast<double>(class1.size()));
}

double aucStandardError(double area, std::int64_t n0, std::int64_t n1)
{
    const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area), square = area * area;
    const double variance = area * (1 - area) + static_cast<double>(n1 - 1) * (q1 - square) + static_cast<double>(n0 - 1) * (q2 - square);
    return std::sqrt(std::max(0.0, variance) / (static_cast<double>(n0) * static_cast<double>(n1)));
}

std::optional<double> harmonicMean(std::span<const double> values)
{
    if (values.empty() || std::ranges::any_of(values, [](double value) { return std::isnan(value) || value < 0; }))
        return std::nullopt;
    double sum = 0;
    for (const double value : values) {
        if (value == 0)
            return 0;
        sum += 1 / value;
    }
    return static_cast<double>(values.size()) / sum;
}

std::optional<double> mean(std::span<const double> values)
{
    if (values.empty())
        return std::nullopt;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> median(std::vector<double> values)
{
    if (values.empty() || holdsNan(values))
        return std::nullopt;
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::optional<std::pair<double, double>> bootstrapInterval(std::span<const double> values, double level, int draws, std::uint64_t seed)
{
    if (values.empty() || holdsNan(values) || draws < 1)
        return std::nullopt;
    std::mt19937_64 random(seed);
    std::vector<double> means;
    for (int draw = 0; draw < draws; ++draw) {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            sum += values[random() % values.size()]; // not std::uniform_int_distribution: its draws differ between libraries
        means.push_back(sum / static_cast<double>(values.size()));
    }
    std::ranges::sort(means);
    const auto at = [&means](double share) {
        const double place = share * static_cast<double>(means.size() - 1);
        const auto low = static_cast<std::size_t>(place);
        const std::size_t high = std::min(low + 1, means.size() - 1);
        return means[low] + (place - static_cast<double>(low)) * (means[high] - means[low]);
    };
    return std::pair(at((1 - level) / 2), at((1 + level) / 2));
}

McNemarTest mcNemar(std::int64_t rightThenWrong, std::int64_t wrongThenRight)
{
    const std::int64_t pairs = rightThenWrong + wrongThenRight;
    if (pairs == 0)
        return {};
    const double n = static_cast<double>(pairs), gap = std::abs(static_cast<double>(rightThenWrong - wrongThenRight));
    McNemarTest test;
    test.chi2 = gap * gap / n;
    test.p = chi2TailOneDegree(test.chi2);
    const double corrected = std::max(0.0, gap - 1);
    test.chi2Corrected = corrected * corrected / n;
    test.pCorrected = chi2TailOneDegree(test.chi2Corrected);
    double tail = 0; // P(X ≤ the smaller count), X ~ Bin(n, ½)
    for (std::int64_t k = 0; k <= std::min(rightThenWrong, wrongThenRight); ++k) {
        const double count = static_cast<double>(k);
        tail += std::exp(std::lgamma(n + 1) - std::lgamma(count + 1) - std::lgamma(n - count + 1) - n * std::log(2.0));
    }
    test.pExact = std::min(1.0, 2 * tail);
    return test;
}

std::optional<std::vector<double>> projectOntoCappedSimplex(std::span<const double> a, double m)
{
    if (a.empty() || holdsNan(a) || !(m >= 0) || m > static_cast<double>(a.size()))
        return std::nullopt;
    const auto [least, greatest] = std::ranges::minmax(a);
    const auto weight = [](double value, double shift) { return std::clamp(value - shift, 0.0, 1.0); };
    double low = least - 1, high = greatest; // Σ is n at low and 0 at high, and falls between them
    constexpr int kHalvings = 200;
    for (int i = 0; i < kHalvings && low < high; ++i) {
        const double shift = low + (high - low) / 2;
        double sum = 0;
        for (const double value : a)
            sum += weight(value, shift);
        (sum > m ? low : high) = shift;
        if (shift == low && shift == high)
            break;
    }
    std::vector<double> weights;
    for (const double value : a)
        weights.push_back(weight(value, high));
    return weights;
}

} // namespace lethe
