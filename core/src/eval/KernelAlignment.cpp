#include <lethe/eval/UnlearningScores.h>

#include <lethe/eval/Statistics.h>

#include <cmath>

namespace lethe {

namespace {

using Gram = std::vector<double>; // [N,N]

bool areAlignable(const FeatureRows &x, const FeatureRows &y)
{
    const auto even = [](const FeatureRows &rows) {
        for (const std::vector<double> &row : rows)
            if (row.size() != rows.front().size() || row.empty())
                return false;
        return true;
    };
    return !x.empty() && x.size() == y.size() && even(x) && even(y);
}

FeatureRows centred(FeatureRows rows)
{
    for (std::size_t column = 0; column < rows.front().size(); ++column) {
        double sum = 0;
        for (const std::vector<double> &row : rows)
            sum += row[column];
        for (std::vector<double> &row : rows)
            row[column] -= sum / static_cast<double>(rows.size());
    }
    return rows;
}

Gram linearGram(const FeatureRows &rows)
{
    const std::size_t n = rows.size();
    Gram gram(n * n, 0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t k = 0; k < rows[i].size(); ++k)
                gram[i * n + j] += rows[i][k] * rows[j][k];
    return gram;
}

/// none where all rows are one
std::optional<Gram> rbfGram(const FeatureRows &rows)
{
    const std::size_t n = rows.size();
    Gram gram(n * n, 0);
    std::vector<double> distances;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t k = 0; k < rows[i].size(); ++k)
                gram[i * n + j] += (rows[i][k] - rows[j][k]) * (rows[i][k] - rows[j][k]);
            if (gram[i * n + j] > 0)
                distances.push_back(gram[i * n + j]);
        }
    const std::optional<double> width = median(distances);
    if (!width)
        return std::nullopt;
    for (double &value : gram)
        value = std::exp(-value / (2 * *width));
    return gram;
}

void centre(Gram &gram, std::size_t n)
{
    std::vector<double> means(n, 0);
    double all = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j)
            means[i] += gram[i * n + j] / static_cast<double>(n);
        all += means[i] / static_cast<double>(n);
    }
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            gram[i * n + j] += all - means[i] - means[j];
}

double dot(const Gram &a, const Gram &b)
{
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

std::optional<double> alignment(double cross, double own, double other)
{
    const double size = own * other;
    if (!(own > 0) || !(other > 0) || !std::isfinite(size))
        return std::nullopt;
    return cross / std::sqrt(size);
}

/// HSIC₁ of Grams whose diagonals are zero.
double unbiasedHsic(const Gram &k, const Gram &l, std::size_t rows)
{
    const double n = static_cast<double>(rows);
    double sumK = 0, sumL = 0, mixed = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        double rowK = 0, rowL = 0;
        for (std::size_t j = 0; j < rows; ++j) {
            rowK += k[i * rows + j];
            rowL += l[i * rows + j];
        }
        sumK += rowK;
        sumL += rowL;
        mixed += rowK * rowL;
    }
    return (dot(k, l) + sumK * sumL / ((n - 1) * (n - 2)) - 2 * mixed / (n - 2)) / (n * (n - 3));
}

} // namespace

std::optional<double> linearCka(const FeatureRows &x, const FeatureRows &y)
{
    if (!areAlignable(x, y))
        return std::nullopt;
    const Gram k = linearGram(centred(x)), l = linearGram(centred(y));
    return alignment(dot(k, l), dot(k, k), dot(l, l));
}

std::optional<double> rbfCka(const FeatureRows &x, const FeatureRows &y)
{
    if (!areAlignable(x, y))
        return std::nullopt;
    std::optional<Gram> k = rbfGram(x), l = rbfGram(y);
    if (!k || !l)
        return std::nullopt;
    centre(*k, x.size());
    centre(*l, y.size());
    return alignment(dot(*k, *l), dot(*k, *k), dot(*l, *l));
}

std::optional<double> debiasedCka(const FeatureRows &x, const FeatureRows &y)
{
    constexpr std::size_t kFewest = 4;
    if (!areAlignable(x, y) || x.size() < kFewest)
        return std::nullopt;
    const std::size_t n = x.size();
    // centring changes no value of the estimate, and makes a constant side exactly zero
    Gram k = linearGram(centred(x)), l = linearGram(centred(y));
    for (std::size_t i = 0; i < n; ++i)
        k[i * n + i] = l[i * n + i] = 0;
    return alignment(unbiasedHsic(k, l, n), unbiasedHsic(k, k, n), unbiasedHsic(l, l, n));
}

} // namespace lethe
