#include "spec/ObjectReader.h"

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

/// Beyond it a double is no longer every whole number.
constexpr double kLargestInteger = 9007199254740992.0;

std::string sentence(const std::string &kind, const NumberRange &range, const std::string &orNull)
{
    std::string text = "Use " + kind;
    if (const std::string words = range.inWords(); !words.empty())
        text += ", " + words;
    return text + orNull;
}

std::string orNullText(const std::string &meaning)
{
    return meaning.empty() ? std::string() : ", or null for " + meaning;
}

} // namespace

bool NumberRange::contains(double value) const
{
    if (!std::isfinite(value))
        return false;
    if (exclusiveMinimum ? value <= minimum : value < minimum)
        return false;
    return exclusiveMaximum ? value < maximum : value <= maximum;
}

std::string numberText(double value)
{
    if (std::floor(value) == value && std::abs(value) < kLargestInteger)
        return std::to_string(static_cast<std::int64_t>(value));
    return Json(value).dump();
}

std::string NumberRange::inWords() const
{
    const bool hasMinimum = std::isfinite(minimum);
    const bool hasMaximum = std::isfinite(maximum);
    if (!hasMaximum) {
        if (!hasMinimum)
            return {};
        return exclusiveMinimum ? "above " + numberText(minimum) : numberText(minimum) + " or more";
    }
    const std::string upper = exclusiveMaximum ? "below " + numberText(maximum) : "at most " + numberText(maximum);
    if (!hasMinimum)
        return upper;
    if (!exclusiveMinimum && !exclusiveMaximum)
        return numberText(minimum) + " to " + numberText(maximum);
    return (exclusiveMinimum ? "above " : "at least ") + numberText(minimum) + " and " + upper;
}

ObjectReader::ObjectReader(const Json &object, std::string path, std::vector<Error> &problems)
    : m_object(object), m_path(std::move(path)), m_problems(problems)
{}

std::string ObjectReader::pathOf(const std::string &key) const
{
    return m_path.empty() ? key : m_path + "." + key;
}

void ObjectReader::fail(const std::string &key, std::string what, std::string hint)
{
    m_problems.push_back(
        {.code = ErrorCode::InvalidInput, .what = std::move(what), .where = pathOf(key), .hint = std::move(hint)});
}

const Json *ObjectReader::find(const std::string &key)
{
    m_known.push_back(key);
    const auto found = m_object.find(key);
    return found == m_object.end() || found->is_null() ? nullptr : &*found;
}

const Json *ObjectReader::findNotNull(const std::string &key, const std::string &accepted)
{
    const Json *value = find(key);
    if (value == nullptr && isGiven(key))
        fail(key, "null is not allowed", accepted);
    return value;
}

void ObjectReader::text(const std::string &key, std::string &value, const std::string &accepted)
{
    const Json *found = findNotNull(key, accepted);
    if (found == nullptr)
        return;
    if (!found->is_string())
        return fail(key, describe(*found) + " is not a text", accepted);
    value = found->get<std::string>();
}

void ObjectReader::requiredText(const std::string &key, std::string &value, const std::string &accepted)
{
    if (!isGiven(key)) {
        m_known.push_back(key);
        return fail(key, "is missing", accepted);
    }
    const std::size_t before = m_problems.size();
    text(key, value, accepted);
    if (m_problems.size() == before && value.empty())
        fail(key, "is empty", accepted);
}

void ObjectReader::optionalText(const std::string &key, std::optional<std::string> &value, const std::string &accepted)
{
    const Json *found = find(key);
    if (found == nullptr)
        return value.reset();
    if (!found->is_string() || found->get_ref<const std::string &>().empty())
        return fail(key, found->is_string() ? "is empty" : describe(*found) + " is not a text", accepted + ", or null");
    value = found->get<std::string>();
}

void ObjectReader::flag(const std::string &key, bool &value)
{
    const Json *found = findNotNull(key, "Use true or false");
    if (found == nullptr)
        return;
    if (!found->is_boolean())
        return fail(key, describe(*found) + " is not allowed", "Use true or false");
    value = found->get<bool>();
}

std::optional<std::int64_t> ObjectReader::toInteger(const std::string &key, const Json &value, const NumberRange &range,
                                                    const std::string &orNull)
{
    const std::string accepted = sentence("a whole number", range, orNull);
    const double real = value.is_number() ? value.get<double>() : 0;
    if (!value.is_number() || !std::isfinite(real) || std::floor(real) != real) {
        fail(key, describe(value) + " is not a whole number", accepted);
        return std::nullopt;
    }
    if (!range.contains(real) || std::abs(real) > kLargestInteger) {
        fail(key, describe(value) + " is not allowed", accepted);
        return std::nullopt;
    }
    return static_cast<std::int64_t>(real);
}

std::optional<double> ObjectReader::toNumber(const std::string &key, const Json &value, const NumberRange &range,
                                             const std::string &orNull)
{
    const std::string accepted = sentence("a number", range, orNull);
    if (!value.is_number()) {
        fail(key, describe(value) + " is not a number", accepted);
        return std::nullopt;
    }
    if (!range.contains(value.get<double>())) {
        fail(key, describe(value) + " is not allowed", accepted);
        return std::nullopt;
    }
    return value.get<double>();
}

void ObjectReader::integer(const std::string &key, std::int64_t &value, const NumberRange &range)
{
    if (const Json *found = findNotNull(key, sentence("a whole number", range, {})))
        value = toInteger(key, *found, range, {}).value_or(value);
}

void ObjectReader::optionalInteger(const std::string &key, std::optional<std::int64_t> &value, const NumberRange &range,
                                   const std::string &meaningOfNull)
{
    if (const Json *found = find(key))
        value = toInteger(key, *found, range, orNullText(meaningOfNull));
    else if (isGiven(key))
        value.reset();
}

void ObjectReader::number(const std::string &key, double &value, const NumberRange &range)
{
    if (const Json *found = findNotNull(key, sentence("a number", range, {})))
        value = toNumber(key, *found, range, {}).value_or(value);
}

void ObjectReader::optionalNumber(const std::string &key, std::optional<double> &value, const NumberRange &range,
                                  const std::string &meaningOfNull)
{
    if (const Json *found = find(key))
        value = toNumber(key, *found, range, orNullText(meaningOfNull));
    else if (isGiven(key))
        value.reset();
}

void ObjectReader::texts(const std::string &key, std::vector<std::string> &value, const std::string &accepted)
{
    const Json *found = findNotNull(key, accepted);
    if (found == nullptr)
        return;
    const bool right = found->is_array() && std::all_of(found->begin(), found->end(), [](const Json &item) { return item.is_string(); });
    if (!right)
        return fail(key, describe(*found) + (found->is_array() ? " that holds more than texts" : " is not a list"), accepted);
    value = found->get<std::vector<std::string>>();
}

std::optional<std::size_t> ObjectReader::choice(const std::string &key, const std::vector<std::string> &choices)
{
    const std::string accepted = "Use " + joined(choices, " or ");
    const Json *found = findNotNull(key, accepted);
    if (found == nullptr)
        return std::nullopt;
    const std::string given = found->is_string() ? found->get<std::string>() : std::string();
    const auto match = std::find(choices.begin(), choices.end(), given);
    if (found->is_string() && match != choices.end())
        return static_cast<std::size_t>(match - choices.begin());
    fail(key, describe(*found) + " is not allowed", accepted);
    return std::nullopt;
}

const Json *ObjectReader::object(const std::string &key, bool nullAllowed)
{
    const std::string accepted = nullAllowed ? "Use an object {…}, or null" : "Use an object {…}";
    const Json *found = nullAllowed ? find(key) : findNotNull(key, accepted);
    if (found == nullptr)
        return nullptr;
    if (!found->is_object()) {
        fail(key, describe(*found) + " is not an object", accepted);
        return nullptr;
    }
    return found;
}

void ObjectReader::finish()
{
    for (const auto &[key, value] : m_object.items()) {
        if (std::find(m_known.begin(), m_known.end(), key) != m_known.end())
            continue;
        const std::string nearest = nearestName(key, m_known);
        fail(key, "unknown key" + (nearest.empty() ? std::string() : " (did you mean " + nearest + "?)"),
             "Accepted here: " + joined(m_known));
    }
}

} // namespace lethe
