#include "Value.h"

#include "../UnicodeClass.h"
#include "../Utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace lethe::jinja {

namespace {

constexpr int kDeepestValue = 100;
constexpr std::int64_t kHeaviestValue = 2'000'000;
constexpr std::int64_t kBytesPerUnit = 32;

std::string quoted(const std::string &text)
{
    const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string repr(1, quote);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const char32_t c = utf8::next(text, at);
        if (c == U'\n')
            repr += "\\n";
        else if (c == U'\r')
            repr += "\\r";
        else if (c == U'\t')
            repr += "\\t";
        else if (c == U'\\' || c == static_cast<char32_t>(quote))
            (repr += '\\') += static_cast<char>(c);
        else if (c < 0x20 || (c >= 0x7F && c < 0xA1) || c == 0xAD)
            (((repr += "\\x") += kDigits[(c >> 4) & 15]) += kDigits[c & 15]);
        else
            repr.append(text, begin, at - begin);
    }
    return repr += quote;
}

std::string joinedReprs(const std::vector<Value> &items)
{
    std::string text;
    for (std::size_t i = 0; i < items.size(); ++i)
        text += (i > 0 ? ", " : "") + items[i].repr();
    return text;
}

std::string listText(const List &list)
{
    if (!list.isTuple)
        return "[" + joinedReprs(list.items) + "]";
    return "(" + joinedReprs(list.items) + (list.items.size() == 1 ? ",)" : ")");
}

std::string dictText(const Dict &dict)
{
    std::string text = "{";
    for (std::size_t i = 0; i < dict.entries.size(); ++i)
        text += (i > 0 ? ", " : "") + dict.entries[i].first.repr() + ": " + dict.entries[i].second.repr();
    return text + "}";
}

} // namespace

void Extent::add(const Value &part)
{
    const Extent inner = part.extent();
    depth = std::max(depth, inner.depth + 1);
    weight += inner.weight;
    holdsNamespace = holdsNamespace || inner.holdsNamespace;
    if (depth > kDeepestValue)
        throw Failure{ErrorCode::Unsupported, "lists nested deeper than " + std::to_string(kDeepestValue) + " levels"};
    if (weight > kHeaviestValue)
        throw Failure{ErrorCode::Unsupported, "a list that holds more than " + std::to_string(kHeaviestValue) + " things"};
}

Value Value::list(std::vector<Value> items, bool isTuple)
{
    auto list = std::make_shared<List>();
    for (const Value &item : items)
        list->extent.add(item);
    list->items = std::move(items);
    list->isTuple = isTuple;
    return Value(std::shared_ptr<const List>(std::move(list)));
}

Value Value::dict(std::vector<std::pair<Value, Value>> entries)
{
    auto dict = std::make_shared<Dict>();
    for (const auto &[key, value] : entries) {
        dict->extent.add(key);
        dict->extent.add(value);
    }
    dict->entries = std::move(entries);
    return Value(std::shared_ptr<const Dict>(std::move(dict)));
}

Namespace *Value::asNamespace() const
{
    const auto *space = std::get_if<std::shared_ptr<Namespace>>(&m_data);
    return space ? space->get() : nullptr;
}

const Callable *Value::asCallable() const
{
    const auto *callable = std::get_if<std::shared_ptr<const Callable>>(&m_data);
    return callable ? callable->get() : nullptr;
}

Loop *Value::asLoop() const
{
    const auto *loop = std::get_if<std::shared_ptr<Loop>>(&m_data);
    return loop ? loop->get() : nullptr;
}

bool Value::isTrue() const
{
    if (isUndefined() || isNone())
        return false;
    if (isNumber())
        return number() != 0.0;
    if (isString())
        return !string().empty();
    if (isList())
        return !asList().items.empty();
    if (isDict())
        return !asDict().entries.empty();
    return true;
}

std::string_view Value::kind() const
{
    constexpr std::array<std::string_view, 11> kKinds{"Undefined", "NoneType", "bool", "int", "float", "str", "list",
                                                      "dict", "Namespace", "function", "LoopContext"};
    return isList() && asList().isTuple ? "tuple" : kKinds[m_data.index()];
}

Extent Value::extent() const
{
    if (isList())
        return asList().extent;
    if (isDict())
        return asDict().extent;
    const std::int64_t weight = isString() ? 1 + static_cast<std::int64_t>(string().size()) / kBytesPerUnit : 1;
    return {0, weight, asNamespace() != nullptr || asLoop() != nullptr};
}

std::string Value::text() const
{
    if (isString())
        return string();
    return isUndefined() ? std::string() : repr();
}

std::string Value::repr() const
{
    if (isUndefined())
        return "Undefined";
    if (isNone())
        return "None";
    if (isBool())
        return boolean() ? "True" : "False";
    if (isInteger())
        return std::to_string(whole());
    if (isFloat())
        return floatText(number());
    if (isString())
        return quoted(string());
    if (isList())
        return listText(asList());
    if (isDict())
        return dictText(asDict());
    return "<" + std::string(kind()) + ">";
}

const Value *Value::find(std::string_view key) const
{
    if (!isDict())
        return nullptr;
    for (const auto &[name, value] : asDict().entries) {
        if (name.isString() && name.string() == key)
            return &value;
    }
    return nullptr;
}

const Value *Value::find(const Value &key) const
{
    if (!isDict())
        return nullptr;
    for (const auto &[name, value] : asDict().entries) {
        if (equals(name, key))
            return &value;
    }
    return nullptr;
}

const Value *Arguments::find(std::size_t index, std::string_view name) const
{
    if (index < positional.size())
        return &positional[index];
    for (const auto &[key, value] : named) {
        if (key == name)
            return &value;
    }
    return nullptr;
}

bool equals(const Value &left, const Value &right)
{
    if (left.isNumber() && right.isNumber())
        return left.isFloat() || right.isFloat() ? left.number() == right.number() : left.whole() == right.whole();
    if (left.isString() && right.isString())
        return left.string() == right.string();
    if (left.isList() && right.isList())
        return left.asList().isTuple == right.asList().isTuple && std::ranges::equal(left.asList().items, right.asList().items, equals);
    if (left.isDict() && right.isDict()) {
        const auto &entries = left.asDict().entries;
        return entries.size() == right.asDict().entries.size() && std::ranges::all_of(entries, [&](const auto &entry) {
                   const Value *other = right.find(entry.first);
                   return other && equals(entry.second, *other);
               });
    }
    if (left.asNamespace() || right.asNamespace())
        return left.asNamespace() == right.asNamespace();
    if (left.asCallable() || right.asCallable())
        return left.asCallable() == right.asCallable();
    return (left.isNone() && right.isNone()) || (left.isUndefined() && right.isUndefined());
}

bool isLess(const Value &left, const Value &right)
{
    if (left.isNumber() && right.isNumber())
        return left.isFloat() || right.isFloat() ? left.number() < right.number() : left.whole() < right.whole();
    if (left.isString() && right.isString())
        return left.string() < right.string(); // UTF-8 sorts as code points do
    if (left.isList() && right.isList())
        return std::ranges::lexicographical_compare(left.asList().items, right.asList().items, isLess);
    throw Failure{ErrorCode::InvalidInput,
                  "'<' is not supported between '" + std::string(left.kind()) + "' and '" + std::string(right.kind()) + "'"};
}

std::string floatText(double number)
{
    if (std::isnan(number))
        return "nan";
    if (std::isinf(number))
        return number > 0 ? "inf" : "-inf";
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
    const std::string scientific(buffer.data(), written.ptr);
    const std::size_t e = scientific.find('e');
    const int exponent = std::stoi(scientific.substr(e + 1));
    if (exponent < -4 || exponent >= 16)
        return scientific; // Python writes it the same: at least two digits of exponent, no needless zeros
    const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
    std::string text(buffer.data(), fixed.ptr);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string fixedText(double number, int places)
{
    std::array<char, 512> buffer{}; // the greatest double has 309 digits before the point
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed, std::clamp(places, 0, 100));
    return std::string(buffer.data(), written.ptr);
}

std::size_t characterCount(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !utf8::isContinuation(byte); }));
}

std::vector<std::uint32_t> characterBorders(std::string_view text)
{
    std::vector<std::uint32_t> borders;
    for (std::size_t at = 0; at < text.size(); at += utf8::lengthOf(text[at]))
        borders.push_back(static_cast<std::uint32_t>(at));
    borders.push_back(static_cast<std::uint32_t>(text.size()));
    return borders;
}

bool isPythonSpace(char32_t c)
{
    return unicode::isSpace(c) || (c >= 0x1C && c <= 0x1F);
}

} // namespace lethe::jinja
