#include "model/CpuAttention.h"

#include "base/TargetClones.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#define LETHE_INLINE inline __attribute__((always_inline))

namespace lethe::loops {

namespace {

// Everything is a product of small tables, [rows × depth] · [depth × columns], with rows in fours and columns in sixteens; scratch is
// padded with zeros to whole tiles, so that no tile has an edge.
constexpr std::int64_t kRows = 4;
constexpr std::int64_t kColumns = 16;
constexpr std::int64_t kLanes = 8;

using Lanes = float __attribute__((vector_size(32)));
using Integers = std::int32_t __attribute__((vector_size(32)));

std::int64_t roundUp(std::int64_t value, std::int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

LETHE_INLINE void load(Lanes &into, const float *from)
{
    std::memcpy(&into, from, sizeof into);
}

LETHE_INLINE void store(float *into, const Lanes &from)
{
    std::memcpy(into, &from, sizeof from);
}

/// c[r][j] (+)= Σ_k a[r·rowStep + k·depthStep] · b[k·ldb + j] for a tile of four rows and sixteen columns.
LETHE_INLINE void tile(const float *a, std::int64_t rowStep, std::int64_t depthStep, const float *b, std::int64_t ldb, std::int64_t depth, float *c,
                       std::int64_t ldc, bool add)
{
    Lanes sums[kRows][2] = {};
    for (std::int64_t k = 0; k < depth; ++k) {
        Lanes low, high;
        load(low, b + k * ldb);
        load(high, b + k * ldb + kLanes);
        for (std::int64_t r = 0; r < kRows; ++r) {
            const float factor = a[r * rowStep + k * depthStep];
            sums[r][0] += factor * low;
            sums[r][1] += factor * high;
        }
    }
    for (std::int64_t r = 0; r < kRows; ++r)
        for (std::int64_t half = 0; half < 2; ++half) {
            float *const at = c + r * ldc + half * kLanes;
            if (add) {
                Lanes before;
                load(before, at);
                sums[r][half] += before;
            }
            store(at, sums[r][half]);
        }
}

/// exp(x) for x ≤ 0, to 2 units in the last place; below −87.3 what exp(−87.3) is.
LETHE_INLINE void exponential(Lanes &x)
{
    x = x < -87.3f ? Lanes{} - 87.3f : x;
    // x = n ln 2 + r, |r| ≤ ln 2 / 2: conversion cuts towards zero, and x is not positive
    const Integers n = __builtin_convertvector(x * 1.44269504088896f - 0.5f, Integers);
    const Lanes whole = __builtin_convertvector(n, Lanes);
    const Lanes r = (x - whole * 0.693145751953125f) - whole * 1.42860682030941723e-6f;
    Lanes sum = r * (1.0f / 5040) + 1.0f / 720;
    sum = sum * r + 1.0f / 120;
    sum = sum * r + 1.0f / 24;
    sum = sum * r + 1.0f / 6;
    sum = sum * r + 0.5f;
    sum = sum * r + 1.0f;
    sum = sum * r + 1.0f;
    const Integers power = (n + 127) << 23;
    Lanes factor;
    std::memcpy(&factor, &power, sizeof factor);
    x = sum * factor;
}

/// Scratch of one text: tables of padded rows [T16, C16], their transposes [C, T16], and scores [T16, T16].
class Tables
{
public:
    const std::int64_t length, channels, width, columns;

    Tables(const AttentionHead &head, std::vector<float> &memory, std::int64_t tables, std::int64_t scoreTables)
        : length(head.length), channels(head.channels), width(roundUp(head.channels, kColumns)), columns(roundUp(head.length, kColumns))
    {
        const auto floats = static_cast<std::size_t>(columns * (tables * width + scoreTables * columns));
        if (memory.size() < floats)
            memory.resize(floats);
        m_next = memory.data();
    }
    float *table() { return take(columns * width); }
    /// Rows are written within their spans alone; a window leaves gaps that are read as zeros.
    float *scores(std::int64_t window)
    {
        float *const begin = take(columns * columns);
        if (window > 0)
            std::fill(begin, m_next, 0.0f);
        return begin;
    }

private:
    float *take(std::int64_t count) { return std::exchange(m_next, m_next + count); }

    float *m_next = nullptr;
};

/// Rows times \p factor, padding zeroed.
LETHE_INLINE void copyRows(const float *from, std::int64_t stride, const Tables &t, float factor, float *into)
{
    for (std::int64_t i = 0; i < t.length; ++i) {
        for (std::int64_t c = 0; c < t.channels; ++c)
            into[i * t.width + c] = from[i * stride + c] * factor;
        std::fill(into + i * t.width + t.channels, into + (i + 1) * t.width, 0.0f);
    }
    std::fill(into + t.length * t.width, into + t.columns * t.width, 0.0f);
}

LETHE_INLINE void transposeRows(const float *rows, const Tables &t, float *into)
{
    for (std::int64_t i = 0; i < t.columns; ++i)
        for (std::int64_t c = 0; c < t.channels; ++c)
            into[c * t.columns + i] = rows[i * t.width + c];
}

/// The first key that query \p row sees.
LETHE_INLINE std::int64_t firstSeen(std::int64_t row, std::int64_t window)
{
    return window > 0 ? std::max<std::int64_t>(0, row - window + 1) : 0;
}

/// The keys that a block of rows beginning at \p row looks at, in whole tiles.
struct Span {
    std::int64_t begin, end;
};
LETHE_INLINE Span spanOf(std::int64_t row, const Tables &t, std::int64_t window)
{
    return {.begin = firstSeen(row, window) / kColumns * kColumns, .end = std::min(t.columns, roundUp(row + kRows, kColumns))};
}

/// Scores of a block of rows, capped.
LETHE_INLINE void scoreRows(const float *query, const float *keyTransposed, const Tables &t, std::int64_t row, Span span, float softcap, float *scores)
{
    for (std::int64_t j = span.begin; j < span.end; j += kColumns)
        tile(query + row * t.width, t.width, 1, keyTransposed + j, t.columns, t.channels, scores + row * t.columns + j, t.columns, false);
    if (softcap > 0)
        for (std::int64_t r = row; r < row + kRows; ++r)
            for (std::int64_t j = span.begin; j < span.end; ++j)
                scores[r * t.columns + j] = softcap * std::tanh(scores[r * t.columns + j] / softcap);
}

/// What row \p i does not see within its block's span becomes 0.
LETHE_INLINE void hide(float *row, std::int64_t i, Span span, std::int64_t window)
{
    std::fill(row + span.begin, row + std::max(span.begin, firstSeen(i, window)), 0.0f);
    std::fill(row + std::max(span.begin, i + 1), row + span.end, 0.0f);
}

/// Scores to exp(score − \p offset), 0 where hidden. \return their sum
LETHE_INLINE float exponentials(float *row, std::int64_t i, Span span, std::int64_t window, float offset)
{
    Lanes total = {};
    for (std::int64_t j = span.begin; j < span.end; j += kLanes) {
        Lanes x;
        load(x, row + j);
        x -= offset;
        x = x > 0.0f ? Lanes{} : x; // what is hidden may lie above
        exponential(x);
        store(row + j, x);
    }
    hide(row, i, span, window);
    for (std::int64_t j = span.begin; j < span.end; j += kLanes) {
        Lanes x;
        load(x, row + j);
        total += x;
    }
    float sum = 0;
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
        sum += total[lane];
    return sum;
}

LETHE_INLINE float greatest(const float *row, std::int64_t i, std::int64_t window)
{
    float most = -std::numeric_limits<float>::infinity();
    for (std::int64_t j = firstSeen(i, window); j <= i; ++j)
        most = row[j] > most ? row[j] : most;
    return most;
}

} // namespace

LETHE_CLONES void attend(const AttentionHead &head, float *out, std::int64_t outStride, float *logSum)
{
    static thread_local std::vector<float> scratch;
    Tables t(head, scratch, 5, 1);
    float *const keyRows = t.table(), *const key = t.table(), *const value = t.table(), *const query = t.table(), *const mixed = t.table();
    float *const scores = t.scores(0);
    copyRows(head.key, head.keyStride, t, 1, keyRows);
    transposeRows(keyRows, t, key);
    copyRows(head.value, head.valueStride, t, 1, value);
    for (std::int64_t g = 0; g < head.groups; ++g) {
        copyRows(head.query + g * t.channels, head.queryStride, t, head.scale, query);
        for (std::int64_t row = 0; row < t.length; row += kRows) {
            const Span span = spanOf(row, t, head.window);
            scoreRows(query, key, t, row, span, head.softcap, scores);
            for (std::int64_t i = row; i < std::min(row + kRows, t.length); ++i) {
                float *const line = scores + i * t.columns;
                const float most = greatest(line, i, head.window);
                const float sum = exponentials(line, i, span, head.window, most);
                logSum[g * t.length + i] = most + std::log(sum);
                const float factor = 1 / sum;
                for (std::int64_t j = span.begin; j < span.end; ++j)
                    line[j] *= factor;
            }
            for (std::int64_t c = 0; c < t.width; c += kColumns)
                tile(scores + row * t.columns + span.begin, t.columns, 1, value + span.begin * t.width + c, t.width, span.end - span.begin,
                     mixed + row * t.width + c, t.width, false);
        }
        for (std::int64_t i = 0; i < t.length; ++i)
            std::memcpy(out + i * outStride + g * t.channels, mixed + i * t.width, static_cast<std::size_t>(t.channels) * sizeof(float));
    }
}

LETHE_CLONES void attendBackward(const AttentionHead &head, const float *logSum, const float *dOut, std::int64_t dOutStride, float *dQuery,
                                 std::int64_t dQueryStride, float *dKey, float *dValue, std::int64_t dKeyStride)
{
    static thread_local std::vector<float> scratch;
    Tables t(head, scratch, 9, 3);
    float *const keyRows = t.table(), *const key = t.table(), *const valueRows = t.table(), *const value = t.table(), *const query = t.table();
    float *const upstream = t.table(), *const dRows = t.table(), *const dKeyRows = t.table(), *const dValueRows = t.table();
    float *const weights = t.scores(head.window), *const slopes = t.scores(head.window), *const caps = t.scores(0);
    copyRows(head.key, head.keyStride, t, 1, keyRows);
    transposeRows(keyRows, t, key);
    copyRows(head.value, head.valueStride, t, 1, valueRows);
    transposeRows(valueRows, t, value);
    for (std::int64_t g = 0; g < head.groups; ++g) {
        copyRows(head.query + g * t.channels, head.queryStride, t, head.scale, query);
        copyRows(dOut + g * t.channels, dOutStride, t, 1, upstream);
        for (std::int64_t row = 0; row < t.length; row += kRows) {
            const Span span = spanOf(row, t, head.window);
            scoreRows(query, key, t, row, span, head.softcap, weights);
            for (std::int64_t j = span.begin; j < span.end; j += kColumns)
                tile(upstream + row * t.width, t.width, 1, value + j, t.columns, t.channels, slopes + row * t.columns + j, t.columns, false);
            for (std::int64_t i = row; i < row + kRows; ++i) {
                float *const p = weights + i * t.columns, *const d = slopes + i * t.columns;
                if (i >= t.length) { // a row of padding
                    std::fill(p + span.begin, p + span.end, 0.0f);
                    std::fill(d + span.begin, d + span.end, 0.0f);
                    continue;
                }
                if (head.softcap > 0) // the cap's derivative, while the capped scores are at hand
                    for (std::int64_t j = span.begin; j < span.end; ++j)
                        caps[j] = 1 - p[j] / head.softcap * (p[j] / head.softcap);
                exponentials(p, i, span, head.window, logSum[g * t.length + i]);
                Lanes dots = {};
                for (std::int64_t j = span.begin; j < span.end; j += kLanes) {
                    Lanes a, b;
                    load(a, p + j);
                    load(b, d + j);
                    dots += a * b;
                }
                float dot = 0;
                for (std::int64_t lane = 0; lane < kLanes; ++lane)
                    dot += dots[lane];
                for (std::int64_t j = span.begin; j < span.end; j += kLanes) {
                    Lanes a, b;
                    load(a, p + j);
                    load(b, d + j);
                    store(d + j, a * (b - dot));
                }
                if (head.softcap > 0)
                    for (std::int64_t j = span.begin; j < span.end; ++j)
                        d[j] *= caps[j];
            }
            for (std::int64_t c = 0; c < t.width; c += kColumns)
                tile(slopes + row * t.columns + span.begin, t.columns, 1, keyRows + span.begin * t.width + c, t.width, span.end - span.begin,
                     dRows + row * t.width + c, t.width, false);
        }
        for (std::int64_t i = 0; i < t.length; ++i)
            for (std::int64_t c = 0; c < t.channels; ++c)
                dQuery[i * dQueryStride + g * t.channels + c] = dRows[i * t.width + c] * head.scale;
        for (std::int64_t j = 0; j < t.length; j += kRows) {
            // queries before these keys do not see them; those a window later no longer do
            const std::int64_t last = head.window > 0 ? std::min(t.length, j + kRows - 1 + head.window) : t.length;
            const std::int64_t depth = roundUp(last, kRows) - j;
            for (std::int64_t c = 0; c < t.width; c += kColumns) {
                tile(slopes + j * t.columns + j, 1, t.columns, query + j * t.width + c, t.width, depth, dKeyRows + j * t.width + c, t.width, g > 0);
                tile(weights + j * t.columns + j, 1, t.columns, upstream + j * t.width + c, t.width, depth, dValueRows + j * t.width + c, t.width, g > 0);
            }
        }
    }
    for (std::int64_t i = 0; i < t.length; ++i) {
        std::memcpy(dKey + i * dKeyStride, dKeyRows + i * t.width, static_cast<std::size_t>(t.channels) * sizeof(float));
        std::memcpy(dValue + i * dKeyStride, dValueRows + i * t.width, static_cast<std::size_t>(t.channels) * sizeof(float));
    }
}

} // namespace lethe::loops
