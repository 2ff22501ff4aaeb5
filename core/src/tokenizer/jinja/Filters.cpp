#include "Interpreter.h"
#include "Library.h"

#include "../Utf8.h"

#include <QtCore/QList>
#include <QtCore/QString>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lethe::jinja {

namespace {

bool truthOf(const Arguments &passed, std::size_t index, std::string_view name, bool fallback)
{
    const Value *value = passed.find(index, name);
    return value ? value->isTrue() : fallback;
}

Value callMethod(Interpreter &interpreter, const Value &subject, std::string_view name, const Arguments &passed)
{
    const Value text = subject.isString() ? subject : interpreter.made(interpreter.textOf(subject));
    return interpreter.call(*findMethod(text, name), passed);
}

template<char... Name>
Value asMethod(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    constexpr char kName[] = {Name...};
    return callMethod(interpreter, subject, std::string_view(kName, sizeof...(Name)), passed);
}

Value trimFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *characters = passed.find(0, "chars");
    return callMethod(interpreter, subject, "strip", Arguments{characters ? std::vector<Value>{*characters} : std::vector<Value>{}, {}});
}

Value lengthFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    if (subject.isString()) {
        interpreter.charge(subject.weight());
        return Value(static_cast<std::int64_t>(characterCount(subject.string())));
    }
    if (subject.isList())
        return Value(static_cast<std::int64_t>(subject.asList().items.size()));
    if (subject.isDict())
        return Value(static_cast<std::int64_t>(subject.asDict().entries.size()));
    if (subject.isUndefined())
        return Value(std::int64_t{0});
    if (const Loop *loop = subject.asLoop())
        return Value(static_cast<std::int64_t>(loop->items.size()));
    interpreter.fail("'" + std::string(subject.kind()) + "' has no length");
}

Value defaultFilter(Interpreter &, const Value &subject, const Arguments &passed)
{
    const bool isMissing = subject.isUndefined() || (truthOf(passed, 1, "boolean", false) && !subject.isTrue());
    const Value *fallback = passed.find(0, "default_value");
    return !isMissing ? subject : fallback ? *fallback : Value("");
}

Value firstFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    const std::vector<Value> items = iterated(interpreter, subject);
    return items.empty() ? Value(Undefined{"the first item of an empty sequence"}) : items.front();
}

Value lastFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    const std::vector<Value> items = iterated(interpreter, subject);
    return items.empty() ? Value(Undefined{"the last item of an empty sequence"}) : items.back();
}

Value joinFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *separator = passed.find(0, "d");
    const Value *attribute = passed.find(1, "attribute");
    const std::string between = separator ? interpreter.textOf(*separator) : "";
    std::string text;
    bool isFirst = true;
    for (const Value &item : iterated(interpreter, subject)) {
        if (!isFirst)
            interpreter.append(text, between);
        isFirst = false;
        const bool hasAttribute = attribute && !attribute->isNone();
        interpreter.append(text, interpreter.textOf(hasAttribute ? attributeByPath(interpreter, item, *attribute) : item));
    }
    return interpreter.made(std::move(text));
}

Value replaceFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *oldArgument = passed.find(0, "old");
    const Value *newArgument = passed.find(1, "new");
    const Value *count = passed.find(2, "count");
    if (!oldArgument || !newArgument)
        interpreter.fail("replace takes what to replace and with what");
    const std::string text = interpreter.textOf(subject);
    const std::string from = interpreter.textOf(*oldArgument);
    const std::string to = interpreter.textOf(*newArgument);
    std::int64_t left = count && count->isWhole() ? count->whole() : -1;
    std::string replaced;
    std::size_t at = 0;
    while (left != 0 && at <= text.size()) {
        const std::size_t found = text.find(from, at);
        if (found == std::string::npos)
            break;
        interpreter.charge(1);
        interpreter.append(replaced, std::string_view(text).substr(at, found - at));
        interpreter.append(replaced, to);
        at = found + from.size();
        left -= left > 0 ? 1 : 0;
        if (!from.empty())
            continue;
        if (at == text.size()) { // between all characters, and at both ends
            ++at;
            break;
        }
        const std::size_t length = utf8::lengthOf(text[at]);
        interpreter.append(replaced, std::string_view(text).substr(at, length));
        at += length;
    }
    if (at < text.size())
        interpreter.append(replaced, std::string_view(text).substr(at));
    return interpreter.made(std::move(replaced));
}

/// What `map`, `select` and their like do to one item.
Value mapped(Interpreter &interpreter, const Value &item, const Arguments &passed)
{
    if (const Value *attribute = passed.find(SIZE_MAX, "attribute")) {
        const Value value = attributeByPath(interpreter, item, *attribute);
        const Value *fallback = passed.find(SIZE_MAX, "default");
        return value.isUndefined() && fallback ? *fallback : value;
    }
    if (passed.positional.empty())
        interpreter.fail("map takes a filter's name or an attribute");
    const FilterFunction filter = passed.positional[0].isString() ? findFilter(passed.positional[0].string()) : nullptr;
    if (!filter)
        interpreter.fail("the filter '" + passed.positional[0].text() + "' is not supported", ErrorCode::Unsupported);
    return filter(interpreter, item, Arguments{{passed.positional.begin() + 1, passed.positional.end()}, passed.named});
}

Value mapFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    std::vector<Value> all;
    for (const Value &item : iterated(interpreter, subject)) {
        interpreter.charge(1);
        all.push_back(mapped(interpreter, item, passed));
    }
    return interpreter.madeList(std::move(all));
}

/// The items for which a test (or their truth, if none is named) says \p keeps; of an attribute, if \p ofAttribute.
Value selected(Interpreter &interpreter, const Value &subject, const Arguments &passed, bool keeps, bool ofAttribute)
{
    const std::size_t first = ofAttribute ? 1 : 0;
    if (passed.positional.size() < first)
        interpreter.fail("selectattr and rejectattr take an attribute");
    TestFunction test = nullptr;
    Arguments rest;
    if (passed.positional.size() > first) {
        const Value &name = passed.positional[first];
        test = name.isString() ? findTest(name.string()) : nullptr;
        if (!test)
            interpreter.fail("the test '" + name.text() + "' is not supported", ErrorCode::Unsupported);
        rest.positional.assign(passed.positional.begin() + static_cast<std::ptrdiff_t>(first) + 1, passed.positional.end());
    }
    std::vector<Value> kept;
    for (const Value &item : iterated(interpreter, subject)) {
        interpreter.charge(1);
        const Value value = ofAttribute ? attributeByPath(interpreter, item, passed.positional[0]) : item;
        if ((test ? test(interpreter, value, rest) : value.isTrue()) == keeps)
            kept.push_back(item);
    }
    return interpreter.madeList(std::move(kept));
}

Value listFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    return interpreter.madeList(iterated(interpreter, subject));
}

std::optional<double> parsedFloat(std::string_view text)
{
    double number = 0;
    const std::string trimmed = stripped(text, nullptr, true, true);
    const char *begin = trimmed.data() + (trimmed.starts_with('+') ? 1 : 0);
    const auto [end, failure] = std::from_chars(begin, trimmed.data() + trimmed.size(), number);
    return failure == std::errc() && end == trimmed.data() + trimmed.size() && !trimmed.empty() ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> parsedInteger(std::string_view text, int base)
{
    std::int64_t number = 0;
    const std::string trimmed = stripped(text, nullptr, true, true);
    const char *begin = trimmed.data() + (trimmed.starts_with('+') ? 1 : 0);
    const auto [end, failure] = std::from_chars(begin, trimmed.data() + trimmed.size(), number, base);
    return failure == std::errc() && end == trimmed.data() + trimmed.size() && !trimmed.empty() ? std::optional(number) : std::nullopt;
}

Value intFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *fallback = passed.find(0, "default");
    const Value *base = passed.find(1, "base");
    if (base && (!base->isWhole() || base->whole() < 2 || base->whole() > 36))
        interpreter.fail("int takes a base from 2 to 36");
    if (subject.isWhole())
        return Value(subject.whole());
    std::optional<double> number;
    if (subject.isFloat())
        number = subject.number();
    if (subject.isString()) {
        if (const auto whole = parsedInteger(subject.string(), base ? static_cast<int>(base->whole()) : 10))
            return Value(*whole);
        number = parsedFloat(subject.string());
    }
    if (number && std::abs(*number) < 9.2e18)
        return Value(static_cast<std::int64_t>(*number));
    return fallback ? *fallback : Value(std::int64_t{0});
}

Value floatFilter(Interpreter &, const Value &subject, const Arguments &passed)
{
    const Value *fallback = passed.find(0, "default");
    if (subject.isNumber())
        return Value(subject.number());
    if (subject.isString()) {
        if (const auto number = parsedFloat(subject.string()))
            return Value(*number);
    }
    return fallback ? *fallback : Value(0.0);
}

Value stringFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    return subject.isString() ? subject : interpreter.made(interpreter.textOf(subject));
}

Value itemsFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    if (subject.isUndefined())
        return interpreter.madeList({});
    if (!subject.isDict())
        interpreter.fail("items takes a mapping");
    return interpreter.call(*findMethod(subject, "items"), Arguments{{}, passed.named});
}

Value indentFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *width = passed.find(0, "width");
    std::string blank;
    if (width && width->isString())
        blank = width->string();
    else
        blank.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(width && width->isWhole() ? width->whole() : 4, 0, 1000)), ' ');
    const bool indentsBlank = truthOf(passed, 2, "blank", false);
    const Value source = interpreter.made(interpreter.textOf(subject) + "\n");
    const Value lines = interpreter.call(*findMethod(source, "splitlines"), {});
    std::string text;
    bool isFirst = true;
    for (const Value &line : lines.asList().items) {
        const bool indents = isFirst ? truthOf(passed, 1, "first", false) : indentsBlank || !line.string().empty();
        if (!isFirst)
            text += '\n';
        isFirst = false;
        if (indents)
            interpreter.append(text, blank);
        interpreter.append(text, line.string());
    }
    return interpreter.made(std::move(text));
}

Value tojsonFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *ensureAscii = passed.find(0, "ensure_ascii");
    const Value *indent = passed.find(1, "indent");
    const Value *separators = passed.find(2, "separators");
    if ((ensureAscii && ensureAscii->isTrue()) || (separators && !separators->isNone()))
        interpreter.fail("tojson with ensure_ascii or separators is not supported", ErrorCode::Unsupported);
    std::string blank;
    const bool indents = indent && !indent->isNone();
    if (indents && indent->isString())
        blank = indent->string();
    else if (indents && indent->isWhole())
        blank.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(indent->whole(), 0, 100)), ' ');
    return interpreter.made(jsonText(interpreter, subject, indents ? &blank : nullptr, truthOf(passed, 3, "sort_keys", false)));
}

Value reverseFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    std::vector<Value> items = iterated(interpreter, subject);
    std::ranges::reverse(items);
    if (!subject.isString())
        return interpreter.madeList(std::move(items));
    std::string text;
    for (const Value &item : items)
        text += item.string();
    return interpreter.made(std::move(text));
}

Value foldedCase(const Value &value)
{
    return value.isString() ? Value(QString::fromStdString(value.string()).toLower().toStdString()) : value;
}

void sortBy(Interpreter &interpreter, std::vector<std::pair<Value, Value>> &keyed, bool backwards)
{
    std::ranges::stable_sort(keyed, [&](const auto &left, const auto &right) {
        interpreter.charge(1 + std::min(left.first.weight(), right.first.weight()));
        return backwards ? isLess(right.first, left.first) : isLess(left.first, right.first);
    });
}

Value sortFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *attribute = passed.find(2, "attribute");
    std::vector<std::pair<Value, Value>> keyed;
    for (const Value &item : iterated(interpreter, subject)) {
        Value key = attribute && !attribute->isNone() ? attributeByPath(interpreter, item, *attribute) : item;
        keyed.emplace_back(truthOf(passed, 1, "case_sensitive", false) ? key : foldedCase(key), item);
    }
    sortBy(interpreter, keyed, truthOf(passed, 0, "reverse", false));
    std::vector<Value> sorted;
    for (auto &[key, item] : keyed)
        sorted.push_back(std::move(item));
    return interpreter.madeList(std::move(sorted));
}

Value dictsortFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *by = passed.find(1, "by");
    const bool byValue = by && by->isString() && by->string() == "value";
    std::vector<std::pair<Value, Value>> keyed;
    for (const Value &pair : iterated(interpreter, itemsFilter(interpreter, subject, {}))) {
        const Value &key = pair.asList().items[byValue ? 1 : 0];
        keyed.emplace_back(truthOf(passed, 0, "case_sensitive", false) ? key : foldedCase(key), pair);
    }
    sortBy(interpreter, keyed, truthOf(passed, 2, "reverse", false));
    std::vector<Value> sorted;
    for (auto &[key, pair] : keyed)
        sorted.push_back(std::move(pair));
    return interpreter.madeList(std::move(sorted));
}

Value uniqueFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    std::vector<Value> kept;
    std::vector<Value> keys;
    for (const Value &item : iterated(interpreter, subject)) {
        const Value key = foldedCase(item);
        if (std::ranges::any_of(keys, [&](const Value &known) { return interpreter.areEqual(known, key); }))
            continue;
        keys.push_back(key);
        kept.push_back(item);
    }
    return interpreter.madeList(std::move(kept));
}

Value extreme(Interpreter &interpreter, const Value &subject, bool greatest)
{
    const std::vector<Value> items = iterated(interpreter, subject);
    if (items.empty())
        return Undefined{"the extreme of an empty sequence"};
    const Value *best = &items[0];
    for (const Value &item : items) {
        const Value left = foldedCase(greatest ? *best : item);
        if (isLess(left, foldedCase(greatest ? item : *best)))
            best = &item;
    }
    return *best;
}

Value sumFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *attribute = passed.find(0, "attribute");
    Value total(std::int64_t{0});
    for (const Value &item : iterated(interpreter, subject)) {
        const Value value = attribute && !attribute->isNone() ? attributeByPath(interpreter, item, *attribute) : item;
        if (!value.isNumber())
            interpreter.fail("sum takes numbers");
        total = total.isFloat() || value.isFloat() ? Value(total.number() + value.number()) : Value(total.whole() + value.whole());
    }
    return total;
}

Value absFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    if (!subject.isNumber())
        interpreter.fail("abs takes a number");
    if (subject.isFloat())
        return Value(std::abs(subject.number()));
    return Value(subject.whole() == INT64_MIN ? INT64_MAX : std::abs(subject.whole()));
}

Value roundFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *precision = passed.find(0, "precision");
    const Value *method = passed.find(1, "method");
    const std::string how = method && method->isString() ? method->string() : "common";
    if (!subject.isNumber() || (how != "common" && how != "ceil" && how != "floor"))
        interpreter.fail("round takes a number, and common, ceil or floor");
    const int places = static_cast<int>(std::clamp<std::int64_t>(precision && precision->isWhole() ? precision->whole() : 0, -300, 300));
    const double scale = std::pow(10.0, places);
    const double number = subject.number();
    if (how == "ceil")
        return Value(std::ceil(number * scale) / scale);
    if (how == "floor")
        return Value(std::floor(number * scale) / scale);
    if (subject.isWhole() && places >= 0)
        return Value(subject.whole());
    // Python rounds the decimal spelling, halves to even: printing does the same.
    if (places >= 0)
        return Value(parsedFloat(fixedText(number, places)).value_or(number));
    return Value(std::nearbyint(number * scale) / scale);
}

Value escapeFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    std::string escaped;
    for (const char c : interpreter.textOf(subject)) {
        switch (c) {
        case '&': escaped += "&amp;"; break;
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '"': escaped += "&#34;"; break;
        case '\'': escaped += "&#39;"; break;
        default: escaped += c;
        }
    }
    return interpreter.made(std::move(escaped));
}

/// Jinja's own: words begin behind blanks, dashes and opening brackets.
Value titleFilter(Interpreter &interpreter, const Value &subject, const Arguments &)
{
    QString text;
    bool begins = true;
    for (const char32_t c : QString::fromStdString(interpreter.textOf(subject)).toUcs4()) {
        const QString one = QString::fromUcs4(&c, 1);
        text += begins ? one.toUpper() : one.toLower();
        begins = isPythonSpace(c) || c == U'-' || c == U'(' || c == U'{' || c == U'[' || c == U'<';
    }
    return interpreter.made(text.toStdString());
}

Value formatFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    if (!passed.named.empty())
        interpreter.fail("format with names is not supported", ErrorCode::Unsupported);
    return interpreter.made(percentFormatted(interpreter, interpreter.textOf(subject), interpreter.madeList(passed.positional, true)));
}

Value attrFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    if (passed.positional.size() != 1 || !passed.positional[0].isString())
        interpreter.fail("attr takes a name");
    // An attribute, never a key.
    if (subject.isDict())
        return findMethod(subject, passed.positional[0].string()).value_or(Undefined{passed.positional[0].string()});
    return interpreter.attributeOf(subject, passed.positional[0].string());
}

Value batchFilter(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const Value *size = passed.find(0, "linecount");
    const Value *fill = passed.find(1, "fill_with");
    if (!size || !size->isWhole() || size->whole() < 1)
        interpreter.fail("batch takes a positive size");
    const auto count = static_cast<std::size_t>(size->whole());
    std::vector<Value> batches;
    std::vector<Value> batch;
    for (const Value &item : iterated(interpreter, subject)) {
        if (batch.size() == count) {
            batches.push_back(interpreter.madeList(std::move(batch)));
            batch.clear();
        }
        batch.push_back(item);
    }
    while (!batch.empty() && fill && !fill->isNone() && batch.size() < count) {
        interpreter.charge(1);
        batch.push_back(*fill);
    }
    if (!batch.empty())
        batches.push_back(interpreter.madeList(std::move(batch)));
    return interpreter.madeList(std::move(batches));
}

struct NamedFilter {
    std::string_view name;
    FilterFunction function;
};

constexpr NamedFilter kFilters[] = {
    {"trim", trimFilter},
    {"length", lengthFilter},
    {"count", lengthFilter},
    {"upper", asMethod<'u', 'p', 'p', 'e', 'r'>},
    {"lower", asMethod<'l', 'o', 'w', 'e', 'r'>},
    {"capitalize", asMethod<'c', 'a', 'p', 'i', 't', 'a', 'l', 'i', 'z', 'e'>},
    {"center", asMethod<'c', 'e', 'n', 't', 'e', 'r'>},
    {"title", titleFilter},
    {"default", defaultFilter},
    {"d", defaultFilter},
    {"first", firstFilter},
    {"last", lastFilter},
    {"join", joinFilter},
    {"replace", replaceFilter},
    {"map", mapFilter},
    {"select", [](Interpreter &i, const Value &s, const Arguments &a) { return selected(i, s, a, true, false); }},
    {"reject", [](Interpreter &i, const Value &s, const Arguments &a) { return selected(i, s, a, false, false); }},
    {"selectattr", [](Interpreter &i, const Value &s, const Arguments &a) { return selected(i, s, a, true, true); }},
    {"rejectattr", [](Interpreter &i, const Value &s, const Arguments &a) { return selected(i, s, a, false, true); }},
    {"list", listFilter},
    {"int", intFilter},
    {"float", floatFilter},
    {"string", stringFilter},
    {"items", itemsFilter},
    {"dictsort", dictsortFilter},
    {"indent", indentFilter},
    {"tojson", tojsonFilter},
    {"safe", stringFilter},
    {"escape", escapeFilter},
    {"e", escapeFilter},
    {"reverse", reverseFilter},
    {"sort", sortFilter},
    {"unique", uniqueFilter},
    {"min", [](Interpreter &i, const Value &s, const Arguments &) { return extreme(i, s, false); }},
    {"max", [](Interpreter &i, const Value &s, const Arguments &) { return extreme(i, s, true); }},
    {"sum", sumFilter},
    {"abs", absFilter},
    {"round", roundFilter},
    {"format", formatFilter},
    {"attr", attrFilter},
    {"batch", batchFilter},
};

} // namespace

FilterFunction findFilter(std::string_view name)
{
    const auto *found = std::ranges::find(kFilters, name, &NamedFilter::name);
    return found == std::end(kFilters) ? nullptr : found->function;
}

bool contains(Interpreter &interpreter, const Value &container, const Value &item)
{
    interpreter.charge(container.weight() / 8);
    if (container.isString()) {
        if (!item.isString())
            interpreter.fail("'in <string>' takes a string, and met a " + std::string(item.kind()));
        interpreter.charge(container.weight());
        return container.string().find(item.string()) != std::string::npos;
    }
    if (container.isDict())
        return container.find(item) != nullptr;
    const std::vector<Value> items = iterated(interpreter, container);
    return std::ranges::any_of(items, [&](const Value &one) { return interpreter.areEqual(one, item); });
}

std::vector<Value> iterated(Interpreter &interpreter, const Value &value)
{
    std::vector<Value> items;
    if (value.isList()) {
        items = value.asList().items;
    } else if (value.isDict()) {
        for (const auto &[key, held] : value.asDict().entries)
            items.push_back(key);
    } else if (value.isString()) {
        constexpr std::int64_t kStepsPerText = 12; // each character becomes a text of its own
        interpreter.charge(kStepsPerText * static_cast<std::int64_t>(characterCount(value.string())));
        const auto borders = characterBorders(value.string());
        items.reserve(borders.size());
        for (std::size_t i = 0; i + 1 < borders.size(); ++i)
            items.emplace_back(value.string().substr(borders[i], borders[i + 1] - borders[i]));
        return items;
    } else if (const Loop *loop = value.asLoop()) {
        items = loop->items;
    } else if (!value.isUndefined()) {
        interpreter.fail("'" + std::string(value.kind()) + "' cannot be gone through");
    }
    interpreter.charge(static_cast<std::int64_t>(items.size()));
    return items;
}

Value attributeByPath(Interpreter &interpreter, const Value &object, const Value &path)
{
    if (path.isWhole())
        return interpreter.itemOf(object, path);
    const std::string &names = path.isString() ? path.string() : std::string();
    Value value = object;
    for (std::size_t begin = 0; begin <= names.size();) {
        const std::size_t end = std::min(names.find('.', begin), names.size());
        const std::string name = names.substr(begin, end - begin);
        const auto index = parsedInteger(name, 10);
        const bool isIndex = index && *index >= 0;
        // As Jinja's `getitem`: a key before an attribute.
        value = interpreter.itemOf(value, isIndex ? Value(*index) : Value(name));
        begin = end + 1;
    }
    return value;
}

} // namespace lethe::jinja
