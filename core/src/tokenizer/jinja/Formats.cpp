#include "Interpreter.h"
#include "Library.h"

#include <QtCore/QString>

#include <algorithm>
#include <cmath>

namespace lethe::jinja {

namespace {

void appendQuoted(Interpreter &interpreter, std::string &text, const std::string &value)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char c : value) {
        switch (c) {
        case '"': quoted += "\\\""; break;
        case '\\': quoted += "\\\\"; break;
        case '\n': quoted += "\\n"; break;
        case '\r': quoted += "\\r"; break;
        case '\t': quoted += "\\t"; break;
        case '\b': quoted += "\\b"; break;
        case '\f': quoted += "\\f"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20)
                ((quoted += "\\u00") += kDigits[static_cast<unsigned char>(c) >> 4]) += kDigits[c & 15];
            else
                quoted += c;
        }
    }
    quoted += '"';
    interpreter.append(text, quoted);
}

/// Writes a value as `json.dumps` does: `, ` and `: ` between, or a line each with an indent.
class JsonWriter
{
public:
    JsonWriter(Interpreter &interpreter, const std::string *indent, bool sortsKeys)
        : m_interpreter(interpreter), m_indent(indent), m_sortsKeys(sortsKeys)
    {}

    std::string write(const Value &value)
    {
        put(value, 0);
        return std::move(m_text);
    }

private:
    void put(const Value &value, int level)
    {
        m_interpreter.charge(1);
        if (value.isNone())
            m_text += "null";
        else if (value.isBool())
            m_text += value.boolean() ? "true" : "false";
        else if (value.isFloat())
            m_text += floatSpelling(value.number());
        else if (value.isInteger())
            m_text += value.text();
        else if (value.isString())
            appendQuoted(m_interpreter, m_text, value.string());
        else if (value.isList())
            putList(value.asList(), level);
        else if (value.isDict())
            putDict(value.asDict(), level);
        else
            m_interpreter.fail("'" + std::string(value.kind()) + "' cannot be written as JSON");
    }

    static std::string floatSpelling(double number)
    {
        return std::isnan(number) ? "NaN" : std::isinf(number) ? (number > 0 ? "Infinity" : "-Infinity") : floatText(number);
    }

    void lineBreak(int level)
    {
        if (!m_indent)
            return;
        m_interpreter.append(m_text, "\n");
        for (int i = 0; i < level; ++i)
            m_interpreter.append(m_text, *m_indent);
    }

    void separate(bool isFirst, int level)
    {
        if (!isFirst)
            m_text += m_indent ? "," : ", ";
        lineBreak(level);
    }

    void putList(const List &list, int level)
    {
        m_text += '[';
        for (std::size_t i = 0; i < list.items.size(); ++i) {
            separate(i == 0, level + 1);
            put(list.items[i], level + 1);
        }
        if (!list.items.empty())
            lineBreak(level);
        m_text += ']';
    }

    void putDict(const Dict &dict, int level)
    {
        std::vector<const std::pair<Value, Value> *> entries;
        for (const auto &entry : dict.entries)
            entries.push_back(&entry);
        if (m_sortsKeys)
            std::ranges::stable_sort(entries, [](const auto *left, const auto *right) { return isLess(left->first, right->first); });
        m_text += '{';
        for (std::size_t i = 0; i < entries.size(); ++i) {
            separate(i == 0, level + 1);
            appendQuoted(m_interpreter, m_text, keyText(entries[i]->first));
            m_text += ": ";
            put(entries[i]->second, level + 1);
        }
        if (!entries.empty())
            lineBreak(level);
        m_text += '}';
    }

    std::string keyText(const Value &key)
    {
        if (key.isNone())
            return "null";
        if (key.isBool())
            return key.boolean() ? "true" : "false";
        if (!key.isString() && !key.isNumber())
            m_interpreter.fail("a key of JSON cannot be a " + std::string(key.kind()));
        return key.text();
    }

    Interpreter &m_interpreter;
    const std::string *m_indent;
    bool m_sortsKeys;
    std::string m_text;
};

/// One `%…` of a format.
struct Conversion {
    bool isLeft = false;
    bool isPaddedWithZeros = false;
    int width = 0;
    int precision = -1;
    char kind = 0;
};

Conversion readConversion(Interpreter &interpreter, const std::string &format, std::size_t &at)
{
    Conversion conversion;
    const auto number = [&] {
        int value = 0;
        for (; at < format.size() && format[at] >= '0' && format[at] <= '9' && value < 1000; ++at)
            value = value * 10 + (format[at] - '0');
        return value;
    };
    for (; at < format.size() && (format[at] == '-' || format[at] == '0'); ++at)
        (format[at] == '-' ? conversion.isLeft : conversion.isPaddedWithZeros) = true;
    conversion.width = number();
    if (at < format.size() && format[at] == '.') {
        ++at;
        conversion.precision = number();
    }
    conversion.kind = at < format.size() ? format[at++] : '\0';
    if (std::string_view("sdifrx%").find(conversion.kind) == std::string_view::npos || conversion.kind == '\0')
        interpreter.fail("the format '%" + std::string(1, conversion.kind) + "' is not supported", ErrorCode::Unsupported);
    return conversion;
}

std::string converted(Interpreter &interpreter, const Conversion &conversion, const Value &value)
{
    if (conversion.kind == 's')
        return interpreter.textOf(value);
    if (conversion.kind == 'r') {
        interpreter.charge(value.weight());
        return value.repr();
    }
    if (!value.isNumber())
        interpreter.fail(std::string("the format '%") + conversion.kind + "' takes a number");
    if (conversion.kind == 'f')
        return fixedText(value.number(), conversion.precision < 0 ? 6 : conversion.precision);
    if (!value.isWhole() && std::abs(value.number()) > 9.2e18)
        interpreter.fail("an integer does not fit 64 bits", ErrorCode::Unsupported);
    const std::int64_t whole = value.isWhole() ? value.whole() : static_cast<std::int64_t>(value.number());
    if (conversion.kind == 'x')
        return QString::number(whole, 16).toStdString();
    return std::to_string(whole);
}

} // namespace

std::string jsonText(Interpreter &interpreter, const Value &value, const std::string *indent, bool sortsKeys)
{
    interpreter.charge(value.weight());
    return JsonWriter(interpreter, indent, sortsKeys).write(value);
}

std::string percentFormatted(Interpreter &interpreter, const std::string &format, const Value &values)
{
    const std::vector<Value> items = values.isList() && values.asList().isTuple ? values.asList().items : std::vector<Value>{values};
    std::size_t used = 0;
    std::string text;
    for (std::size_t at = 0; at < format.size();) {
        if (format[at] != '%') {
            text += format[at++];
            continue;
        }
        const Conversion conversion = readConversion(interpreter, format, ++at);
        if (conversion.kind == '%') {
            text += '%';
            continue;
        }
        if (used == items.size())
            interpreter.fail("not enough arguments for the format");
        std::string part = converted(interpreter, conversion, items[used++]);
        const std::size_t size = characterCount(part);
        const std::size_t missing = static_cast<std::size_t>(conversion.width) > size ? static_cast<std::size_t>(conversion.width) - size : 0;
        const bool zeros = conversion.isPaddedWithZeros && !conversion.isLeft && conversion.kind != 's' && conversion.kind != 'r';
        const std::string padding(missing, zeros ? '0' : ' ');
        if (conversion.isLeft)
            part += padding;
        else
            part.insert(zeros && part.starts_with('-') ? 1 : 0, padding);
        interpreter.append(text, part);
    }
    if (used < items.size() && !(values.isDict() && used == 0))
        interpreter.fail("not all arguments were used by the format");
    return text;
}

} // namespace lethe::jinja
