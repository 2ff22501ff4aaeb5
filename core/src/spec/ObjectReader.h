#pragma once

#include "base/Json.h"

#include <lethe/base/Export.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// The numbers that a key takes.
struct NumberRange {
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool exclusiveMinimum = false;
    bool exclusiveMaximum = false;

    LETHE_EXPORT bool contains(double value) const;
    /// `1 or more`, `above 0, at most 10`; empty where every number will do.
    LETHE_EXPORT std::string inWords() const;
};

/// `0.1` for 0.1, `5` for 5: the shortest text that reads back as the number.
LETHE_EXPORT std::string numberText(double value);

/// Reads the keys of one JSON object into variables that hold the defaults, and collects what is wrong: each offence with its
/// key path and what would be accepted. `finish` names the keys that nobody asked for.
class ObjectReader
{
public:
    ObjectReader(const Json &object, std::string path, std::vector<Error> &problems);

    /// nullptr where the key is not given, or null; its name counts as known.
    const Json *find(const std::string &key);
    bool isGiven(const std::string &key) const { return m_object.contains(key); }
    std::string pathOf(const std::string &key) const;
    void fail(const std::string &key, std::string what, std::string hint);

    void text(const std::string &key, std::string &value, const std::string &accepted);
    void requiredText(const std::string &key, std::string &value, const std::string &accepted);
    /// null and a missing key leave none.
    void optionalText(const std::string &key, std::optional<std::string> &value, const std::string &accepted);
    void flag(const std::string &key, bool &value);
    void integer(const std::string &key, std::int64_t &value, const NumberRange &range);
    /// \param meaningOfNull `no limit`: what null stands for
    void optionalInteger(const std::string &key, std::optional<std::int64_t> &value, const NumberRange &range,
                         const std::string &meaningOfNull);
    void number(const std::string &key, double &value, const NumberRange &range);
    void optionalNumber(const std::string &key, std::optional<double> &value, const NumberRange &range,
                        const std::string &meaningOfNull);
    void texts(const std::string &key, std::vector<std::string> &value, const std::string &accepted);
    /// One of \p choices; its index, none where the key is missing or wrong.
    std::optional<std::size_t> choice(const std::string &key, const std::vector<std::string> &choices);
    /// An object under the key, none where it is missing, null or something else (then an offence).
    const Json *object(const std::string &key, bool nullAllowed);

    void finish();

private:
    /// As `find`, null being an offence.
    const Json *findNotNull(const std::string &key, const std::string &accepted);
    std::optional<std::int64_t> toInteger(const std::string &key, const Json &value, const NumberRange &range, const std::string &orNull);
    std::optional<double> toNumber(const std::string &key, const Json &value, const NumberRange &range, const std::string &orNull);

    const Json &m_object;
    std::string m_path;
    std::vector<Error> &m_problems;
    std::vector<std::string> m_known;
};

} // namespace lethe
