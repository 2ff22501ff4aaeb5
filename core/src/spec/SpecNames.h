#pragma once

#include <lethe/spec/ExperimentSpec.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// A choice as the contract spells it.
template<typename T>
struct Named {
    std::string_view name;
    T value;
};

inline constexpr std::array<Named<OptimizerKind>, 3> kOptimizerNames{
    {{"adamw", OptimizerKind::AdamW}, {"sgd", OptimizerKind::Sgd}, {"adamw_8bit", OptimizerKind::AdamW8Bit}}};
inline constexpr std::array<Named<ScheduleKind>, 3> kScheduleNames{
    {{"constant", ScheduleKind::Constant}, {"linear", ScheduleKind::Linear}, {"cosine", ScheduleKind::Cosine}}};
inline constexpr std::array<Named<Dtype>, 3> kDtypeNames{{{"f32", Dtype::F32}, {"bf16", Dtype::BF16}, {"f16", Dtype::F16}}};
inline constexpr std::array<Named<RefusalSpec::Draw>, 2> kDrawNames{
    {{"per_access", RefusalSpec::Draw::EachAccess}, {"once", RefusalSpec::Draw::Once}}};

/// The fields of MUSE's own files.
inline const DataSource kMuseVerbatimFields{.path = {}, .prompt = "prompt", .answer = "gt", .alternate = {}};
inline const DataSource kMuseTextFields{.path = {}, .prompt = {}, .answer = "text", .alternate = {}};

template<typename T, std::size_t size>
std::vector<std::string> names(const std::array<Named<T>, size> &table)
{
    std::vector<std::string> all;
    for (const Named<T> &entry : table)
        all.emplace_back(entry.name);
    return all;
}

template<typename T, std::size_t size>
constexpr std::string_view nameOf(const std::array<Named<T>, size> &table, T value)
{
    for (const Named<T> &entry : table)
        if (entry.value == value)
            return entry.name;
    return {};
}

} // namespace lethe
