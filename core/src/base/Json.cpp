#include "base/Json.h"

#include "base/JsonWidth.h"

#include <QtCore/QString>

#include <algorithm>
#include <set>

namespace lethe {

TextPosition positionOf(std::string_view text, std::size_t offset)
{
    TextPosition position;
    for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
        ++position.column;
        if (text[i] == '\n') {
            ++position.line;
            position.column = 1;
        }
    }
    return position;
}

namespace {

std::string wordsOf(const std::string &message)
{
    // "[json.exception.…] parse error at line 1, column 5: syntax error while parsing value - invalid literal; last read: 'x'"
    std::string words = message;
    if (const std::size_t dash = words.find(" - "); dash != std::string::npos)
        words = words.substr(dash + 3);
    else if (const std::size_t bracket = words.find("] "); bracket != std::string::npos)
        words = words.substr(bracket + 2);
    return QString::fromUtf8(words.data(), static_cast<qsizetype>(words.size())).toStdString();
}

/// Follows the parser and keeps the keys of every open object.
class DuplicateWatch
{
public:
    bool operator()(int, Json::parse_event_t event, Json &parsed)
    {
        using Event = Json::parse_event_t;
        if (event == Event::object_start)
            m_open.emplace_back();
        else if (event == Event::object_end)
            m_open.pop_back();
        else if (event == Event::key && m_duplicate.empty())
            note(parsed.get<std::string>());
        return true;
    }
    const std::string &duplicate() const { return m_duplicate; }

private:
    struct OpenObject {
        std::set<std::string> keys;
        std::string current;
    };
    void note(const std::string &key)
    {
        m_open.back().current = key;
        if (m_open.back().keys.insert(key).second)
            return;
        for (const OpenObject &object : m_open)
            m_duplicate += (m_duplicate.empty() ? "" : ".") + object.current;
    }
    std::vector<OpenObject> m_open;
    std::string m_duplicate;
};

/// Deeper values would overflow the stack of what walks through them later.
constexpr int kDeepest = 512;
/// More take seconds to read. A log has a key for each sample, a row a few.
constexpr std::size_t kMostKeys = 20'000;

} // namespace

std::size_t tooDeepAt(std::string_view text, int deepest)
{
    int depth = 0;
    bool inText = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
        } else if (c == '"') {
            inText = true;
        } else if (c == '[' || c == '{') {
            if (++depth > deepest)
                return i;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return std::string_view::npos;
}

std::size_t tooManyKeysAt(std::string_view text, std::size_t most)
{
    std::vector<std::size_t> open; // keys of each bracket around; a list has none
    bool inText = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
        } else if (c == '"') {
            inText = true;
        } else if (c == '[' || c == '{') {
            open.push_back(0);
        } else if ((c == ']' || c == '}') && !open.empty()) {
            open.pop_back();
        } else if (c == ':' && !open.empty() && ++open.back() > most) {
            return i;
        }
    }
    return std::string_view::npos;
}

std::optional<Json> parseJson(std::string_view text, JsonProblem &problem, DuplicateKeys duplicates)
{
    if (const std::size_t deep = tooDeepAt(text, kDeepest); deep != std::string_view::npos) {
        problem = {.what = "nested deeper than " + std::to_string(kDeepest) + " levels", .position = positionOf(text, deep)};
        return std::nullopt;
    }
    if (const std::size_t many = tooManyKeysAt(text, kMostKeys); many != std::string_view::npos) {
        problem = {.what = "an object has more than " + std::to_string(kMostKeys) + " keys", .position = positionOf(text, many)};
        return std::nullopt;
    }
    try {
        if (duplicates == DuplicateKeys::LastWins)
            return Json::parse(text.begin(), text.end());
        DuplicateWatch watch;
        Json value = Json::parse(text.begin(), text.end(), [&watch](int depth, Json::parse_event_t event, Json &parsed) {
            return watch(depth, event, parsed);
        });
        if (watch.duplicate().empty())
            return value;
        // the parser names no place; the second `"key"` in the text is near enough
        const std::string key = watch.duplicate().substr(watch.duplicate().rfind('.') + 1);
        const std::string quoted = dumpJson(Json(key));
        const std::size_t first = text.find(quoted);
        const std::size_t second = first == std::string_view::npos ? first : text.find(quoted, first + 1);
        problem = {.what = "the key " + watch.duplicate() + " is given twice",
                   .position = positionOf(text, second == std::string_view::npos ? 0 : second)};
    } catch (const Json::parse_error &error) {
        problem = {.what = "not valid JSON: " + wordsOf(error.what()),
                   .position = positionOf(text, error.byte == 0 ? 0 : error.byte - 1)};
    } catch (const std::exception &error) {
        problem = {.what = "not valid JSON: " + wordsOf(error.what()), .position = {}};
    }
    return std::nullopt;
}

std::string describe(const Json &value)
{
    constexpr std::size_t kLongest = 40;
    if (value.is_array())
        return value.empty() ? "an empty list" : "a list";
    if (value.is_object())
        return "an object";
    const std::string text = dumpJson(value);
    if (text.size() <= kLongest)
        return text;
    const QString whole = QString::fromStdString(text);
    return whole.left(static_cast<int>(kLongest)).toStdString() + "…\"";
}

std::string dumpJson(const Json &value, int indentation)
{
    return value.dump(indentation, ' ', false, Json::error_handler_t::replace);
}

namespace {

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

} // namespace

std::string nearestName(std::string_view word, const std::vector<std::string> &candidates)
{
    constexpr std::size_t kLongestWord = 80;
    if (word.empty() || word.size() > kLongestWord)
        return {};
    std::string best;
    std::size_t bestDistance = std::max<std::size_t>(1, word.size() / 3) + 1;
    constexpr std::size_t kShortestBeginning = 3;
    for (const std::string &candidate : candidates) {
        const bool begins = candidate.size() >= kShortestBeginning && word.starts_with(candidate);
        const std::size_t distance = begins ? 1 : editDistance(word, candidate);
        if (distance < bestDistance) {
            bestDistance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string joined(const std::vector<std::string> &parts, std::string_view separator)
{
    std::string text;
    for (const std::string &part : parts) {
        if (!text.empty())
            text += separator;
        text += part;
    }
    return text;
}

std::size_t firstInvalidUtf8(std::string_view text)
{
    const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned char lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        // Unicode, table 3-7: the second byte's range depends on the first
        std::size_t length = 0;
        unsigned char low = 0x80, high = 0xBF;
        if (lead >= 0xC2 && lead <= 0xDF) {
            length = 2;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            length = 3;
            low = lead == 0xE0 ? 0xA0 : 0x80;
            high = lead == 0xED ? 0x9F : 0xBF;
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            length = 4;
            low = lead == 0xF0 ? 0x90 : 0x80;
            high = lead == 0xF4 ? 0x8F : 0xBF;
        }
        if (length == 0 || i + length > text.size() || byte(i + 1) < low || byte(i + 1) > high)
            return i;
        for (std::size_t k = 2; k < length; ++k)
            if ((byte(i + k) & 0xC0) != 0x80)
                return i;
        i += length;
    }
    return std::string_view::npos;
}

} // namespace lethe
