#pragma once

#include <lethe/run/Records.h>
#include <lethe/store/RunStore.h>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// JSON of the parts that the store keeps as text and that `runs export` writes. The `…From` functions throw
/// nlohmann::json::exception where a key is missing or of another type; numbers that are not finite are null.

nlohmann::ordered_json toJson(const std::vector<MetricValue> &metrics);
std::vector<MetricValue> metricsFrom(const nlohmann::ordered_json &json);

/// Named numbers as one object, in their order.
nlohmann::ordered_json valuesToJson(const std::vector<std::pair<std::string, double>> &values);
std::vector<std::pair<std::string, double>> valuesFrom(const nlohmann::ordered_json &json);

/// `{"text": […], "log_p": […]}`.
nlohmann::ordered_json toJson(const std::vector<TokenScore> &tokens);
std::vector<TokenScore> tokensFrom(const nlohmann::ordered_json &json);

nlohmann::ordered_json toJson(const RunFacts &facts);
RunFacts factsFrom(const nlohmann::ordered_json &json); ///< a missing key keeps its default

nlohmann::ordered_json toJson(const StepRecord &step);
StepRecord stepFrom(const nlohmann::ordered_json &json);

nlohmann::ordered_json toJson(const EvaluationRecord &evaluation);
EvaluationRecord evaluationFrom(const nlohmann::ordered_json &json);

/// `dump` that replaces what is not UTF-8 instead of throwing.
std::string dumped(const nlohmann::ordered_json &json, int indent = -1);

/// The names of a step's own values as a JSON array, and their numbers packed.
std::string packedNames(const std::vector<std::pair<std::string, double>> &values);
std::string packedNumbers(const std::vector<std::pair<std::string, double>> &values);
std::vector<std::string> unpackedNames(const std::string &names);

std::int64_t nanoseconds(std::chrono::system_clock::time_point time);
std::chrono::system_clock::time_point timeFrom(std::int64_t nanoseconds);
std::string isoNow();
std::string isoTime(std::chrono::system_clock::time_point time);

} // namespace lethe
