#include <lethe/model/Freezing.h>

#include "model/DecoderConfig.h"
#include "model/ModelFolder.h"

#include <algorithm>
#include <charconv>

namespace lethe {

namespace {

constexpr const char *kLayers = "training.freeze_layers";
constexpr const char *kNames = "training.freeze_names";
constexpr std::int64_t kMostLayers = 1 << 20;
constexpr std::size_t kNamesInHint = 400; ///< letters

Error layerError(std::string what)
{
    return {.code = ErrorCode::InvalidInput, .what = std::move(what), .where = kLayers,
            .hint = "Use blocks counted from 0, as in 0-3, 7 or 10- (to the last)"};
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::int64_t> layerNumber(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0 && number < kMostLayers;
    return whole ? std::optional(number) : std::nullopt;
}

/// The usual wildcards, in time linear in both for one star.
bool fits(std::string_view pattern, std::string_view text)
{
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

} // namespace

Result<LayerRanges> parseLayerRanges(std::string_view text)
{
    LayerRanges ranges;
    if (trimmed(text).empty())
        return ranges;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view part = trimmed(text.substr(begin, end - begin));
        const std::size_t dash = part.find('-');
        const auto first = layerNumber(trimmed(part.substr(0, dash)));
        const std::string_view behind = dash == std::string_view::npos ? std::string_view() : trimmed(part.substr(dash + 1));
        const auto last = dash == std::string_view::npos ? first : layerNumber(behind);
        if (!first || (!last && !behind.empty()) || (last && *last < *first))
            return layerError("\"" + std::string(part) + "\" is no range of blocks");
        ranges.emplace_back(*first, last);
        begin = end + 1;
    }
    return ranges;
}

std::optional<std::int64_t> blockOf(std::string_view parameter)
{
    for (std::size_t begin = 0; begin < parameter.size();) {
        const std::size_t end = std::min(parameter.find('.', begin), parameter.size());
        if (const auto number = layerNumber(parameter.substr(begin, end - begin)))
            return number;
        begin = end + 1;
    }
    return std::nullopt;
}

bool matchesName(std::string_view pattern, std::string_view parameter)
{
    for (std::size_t begin = 0; begin < parameter.size();) {
        for (std::size_t end = parameter.find('.', begin);; end = parameter.find('.', end + 1)) {
            if (fits(pattern, parameter.substr(begin, end == std::string_view::npos ? end : end - begin)))
                return true;
            if (end == std::string_view::npos)
                break;
        }
        const std::size_t dot = parameter.find('.', begin);
        if (dot == std::string_view::npos)
            break;
        begin = dot + 1;
    }
    return false;
}

Result<Freezing> Freezing::of(const TrainingSpec &training, std::int64_t layers, const std::vector<std::string> &parameters)
{
    Freezing freezing;
    LETHE_TRY(freezing.m_layers, parseLayerRanges(training.freezeLayers));
    for (const auto &[first, last] : freezing.m_layers)
        if (const std::int64_t highest = last.value_or(first); highest >= layers)
            return layerError("there is no block " + std::to_string(highest) + ": the model has " + std::to_string(layers) + ", 0 to "
                              + std::to_string(layers - 1));
    freezing.m_names = training.freezeNames;
    std::string known;
    for (const std::string &name : parameters)
        if (known.size() < kNamesInHint)
            known += (known.empty() ? "" : ", ") + name;
    for (const std::string &pattern : freezing.m_names)
        if (std::ranges::none_of(parameters, [&](const std::string &name) { return matchesName(pattern, name); }))
            return Error{.code = ErrorCode::InvalidInput, .what = "\"" + pattern + "\" fits no parameter of the model", .where = kNames,
                         .hint = "Use parts of a name, * for any letters. The names begin: " + known};
    if (freezing.any() && !parameters.empty() && std::ranges::all_of(parameters, [&](const std::string &name) { return freezing.freezes(name); }))
        return Error{.code = ErrorCode::InvalidInput, .what = "every parameter is frozen, and nothing is left to train",
                     .where = freezing.m_names.empty() ? kLayers : kNames, .hint = "Freeze less"};
    return freezing;
}

bool Freezing::freezes(std::string_view parameter) const
{
    if (const auto block = blockOf(parameter))
        for (const auto &[first, last] : m_layers)
            if (*block >= first && (!last || *block <= *last))
                return true;
    return std::ranges::any_of(m_names, [parameter](const std::string &pattern) { return matchesName(pattern, parameter); });
}

Result<void> checkFreezing(const TrainingSpec &training, const std::filesystem::path &modelFolder)
{
    if (training.freezeLayers.empty() && training.freezeNames.empty())
        return {};
    const auto folder = resolveModelFolder(modelFolder);
    const auto config = folder.ok() ? readDecoderConfig(folder->base) : Result<DecoderConfig>(folder.error());
    if (!config.ok())
        return {};
    std::vector<std::string> names;
    for (const WeightSpec &weight : expectedWeights(*config))
        names.push_back(weight.name);
    LETHE_TRY(const Freezing freezing, Freezing::of(training, config->layers, names));
    static_cast<void>(freezing);
    return {};
}

} // namespace lethe
