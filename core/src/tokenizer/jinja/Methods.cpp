#include "Interpreter.h"
#include "Library.h"

#include "../UnicodeClass.h"
#include "../Utf8.h"

#include <QtCore/QList>
#include <QtCore/QString>

#include <algorithm>
#include <optional>

namespace lethe::jinja {

namespace {

using Method = Value (*)(Interpreter &, const Value &object, const Arguments &);

struct NamedMethod {
    std::string_view name;
    Method method;
};

const std::string &stringAt(Interpreter &interpreter, const Arguments &passed, std::size_t index, std::string_view name)
{
    const Value *value = passed.find(index, name);
    if (!value || !value->isString())
        interpreter.fail("argument " + std::to_string(index + 1) + " must be a string");
    return value->string();
}

/// An argument that may be missing or none.
const std::string *stringIfAny(Interpreter &interpreter, const Arguments &passed, std::size_t index, std::string_view name)
{
    const Value *value = passed.find(index, name);
    if (!value || value->isNone())
        return nullptr;
    return &stringAt(interpreter, passed, index, name);
}

std::int64_t integerOr(Interpreter &interpreter, const Arguments &passed, std::size_t index, std::string_view name, std::int64_t fallback)
{
    const Value *value = passed.find(index, name);
    if (!value || value->isNone())
        return fallback;
    if (!value->isWhole())
        interpreter.fail("argument " + std::to_string(index + 1) + " must be an integer");
    return value->whole();
}

Value strip(Interpreter &interpreter, const Value &object, const Arguments &passed, bool left, bool right)
{
    interpreter.charge(object.weight());
    return interpreter.made(stripped(object.string(), stringIfAny(interpreter, passed, 0, "chars"), left, right));
}

bool affixed(Interpreter &interpreter, const Value &object, const Arguments &passed, bool atEnd)
{
    if (passed.positional.size() != 1)
        interpreter.fail("startswith and endswith take one argument");
    const auto has = [&](const Value &affix) {
        if (!affix.isString())
            interpreter.fail("startswith and endswith take a string or a tuple of strings");
        return atEnd ? object.string().ends_with(affix.string()) : object.string().starts_with(affix.string());
    };
    const Value &affix = passed.positional[0];
    return affix.isList() ? std::ranges::any_of(affix.asList().items, has) : has(affix);
}

/// Python's `split()` without a separator: at runs of white space, none at the ends.
std::vector<Value> splitAtSpace(Interpreter &interpreter, const std::string &text, std::int64_t most)
{
    std::vector<Value> parts;
    std::size_t at = 0;
    const auto skip = [&](bool space) {
        for (std::size_t behind = at; behind < text.size() && isPythonSpace(utf8::next(text, behind)) == space; at = behind) {
        }
    };
    for (skip(true); at < text.size(); skip(true)) {
        const std::size_t begin = at;
        if (most >= 0 && static_cast<std::int64_t>(parts.size()) == most) {
            parts.push_back(interpreter.made(text.substr(begin)));
            break;
        }
        skip(false);
        parts.push_back(interpreter.made(text.substr(begin, at - begin)));
    }
    return parts;
}

std::vector<Value> splitAt(Interpreter &interpreter, const std::string &text, const std::string &separator, std::int64_t most)
{
    std::vector<Value> parts;
    std::size_t begin = 0;
    for (std::size_t at = text.find(separator); at != std::string::npos && (most < 0 || static_cast<std::int64_t>(parts.size()) < most);
         at = text.find(separator, begin)) {
        parts.push_back(interpreter.made(text.substr(begin, at - begin)));
        begin = at + separator.size();
    }
    parts.push_back(interpreter.made(text.substr(begin)));
    return parts;
}

Value split(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    const std::string *separator = stringIfAny(interpreter, passed, 0, "sep");
    const std::int64_t most = integerOr(interpreter, passed, 1, "maxsplit", -1);
    if (separator && separator->empty())
        interpreter.fail("empty separator");
    interpreter.charge(object.weight());
    return interpreter.madeList(separator ? splitAt(interpreter, object.string(), *separator, most)
                                          : splitAtSpace(interpreter, object.string(), most));
}

Value rsplit(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    const std::string *separator = stringIfAny(interpreter, passed, 0, "sep");
    const std::int64_t most = integerOr(interpreter, passed, 1, "maxsplit", -1);
    if (most < 0)
        return split(interpreter, object, passed);
    if (!separator || separator->empty())
        interpreter.fail("rsplit with maxsplit takes a separator", ErrorCode::Unsupported);
    interpreter.charge(object.weight());
    std::vector<Value> parts;
    std::string rest = object.string();
    while (static_cast<std::int64_t>(parts.size()) < most) {
        const std::size_t at = rest.rfind(*separator);
        if (at == std::string::npos)
            break;
        parts.push_back(interpreter.made(rest.substr(at + separator->size())));
        rest.resize(at);
    }
    parts.push_back(interpreter.made(std::move(rest)));
    std::ranges::reverse(parts);
    return interpreter.madeList(std::move(parts));
}

Value partition(Interpreter &interpreter, const Value &object, const Arguments &passed, bool fromRight)
{
    const std::string &separator = stringAt(interpreter, passed, 0, "sep");
    if (separator.empty())
        interpreter.fail("empty separator");
    const std::string &text = object.string();
    const std::size_t at = fromRight ? text.rfind(separator) : text.find(separator);
    if (at == std::string::npos)
        return interpreter.madeList(fromRight ? std::vector<Value>{"", "", object} : std::vector<Value>{object, "", ""}, true);
    return interpreter.madeList({interpreter.made(text.substr(0, at)), Value(separator), interpreter.made(text.substr(at + separator.size()))}, true);
}

Value splitLines(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    const Value *keeps = passed.find(0, "keepends");
    const std::string &text = object.string();
    std::vector<Value> lines;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t lineEnd = at;
        const char32_t c = utf8::next(text, at);
        const bool isEnd = (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
        if (!isEnd)
            continue;
        if (c == '\r' && at < text.size() && text[at] == '\n')
            ++at;
        lines.push_back(interpreter.made(text.substr(begin, (keeps && keeps->isTrue() ? at : lineEnd) - begin)));
        begin = at;
    }
    if (begin < text.size())
        lines.push_back(interpreter.made(text.substr(begin)));
    return interpreter.madeList(std::move(lines));
}

std::int64_t characterIndex(const std::string &text, std::size_t at)
{
    return at == std::string::npos ? -1 : static_cast<std::int64_t>(characterCount(std::string_view(text).substr(0, at)));
}

Value find(Interpreter &interpreter, const Value &object, const Arguments &passed, bool fromRight, bool mustBe)
{
    if (passed.positional.size() != 1)
        interpreter.fail("a search from a place is not supported", ErrorCode::Unsupported);
    interpreter.charge(object.weight());
    const std::string &part = stringAt(interpreter, passed, 0, "sub");
    const std::int64_t index = characterIndex(object.string(), fromRight ? object.string().rfind(part) : object.string().find(part));
    if (index < 0 && mustBe)
        interpreter.fail("substring not found");
    return Value(index);
}

Value count(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    if (passed.positional.size() != 1)
        interpreter.fail("count takes one argument");
    interpreter.charge(object.weight());
    const std::string &part = stringAt(interpreter, passed, 0, "sub");
    std::int64_t found = part.empty() ? static_cast<std::int64_t>(characterCount(object.string())) + 1 : 0;
    for (std::size_t at = object.string().find(part); !part.empty() && at != std::string::npos; at = object.string().find(part, at + part.size()))
        ++found;
    return Value(found);
}

Value joinMethod(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    if (passed.positional.size() != 1)
        interpreter.fail("join takes one argument");
    std::string text;
    bool isFirst = true;
    for (const Value &part : iterated(interpreter, passed.positional[0])) {
        if (!part.isString())
            interpreter.fail("join takes strings, and met a " + std::string(part.kind()));
        if (!isFirst)
            interpreter.append(text, object.string());
        isFirst = false;
        interpreter.append(text, part.string());
    }
    return interpreter.made(std::move(text));
}

Value replace(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    return findFilter("replace")(interpreter, object, passed);
}

/// Upper case as Python gives it (ß becomes SS); lower case likewise.
Value recased(Interpreter &interpreter, const Value &object, bool upper)
{
    const QString text = QString::fromStdString(object.string());
    return interpreter.made((upper ? text.toUpper() : text.toLower()).toStdString());
}

/// Every letter behind no letter is a capital, the others are not.
Value title(Interpreter &interpreter, const Value &object, const Arguments &)
{
    std::string text;
    bool isInside = false;
    for (const char32_t c : QString::fromStdString(object.string()).toUcs4()) {
        const QString one = QString::fromUcs4(&c, 1);
        text += (isInside ? one.toLower() : QString::fromUcs4(&c, 1).toUpper()).toStdString();
        isInside = QChar::isUpper(c) || QChar::isLower(c) || QChar::isTitleCase(c);
    }
    return interpreter.made(std::move(text));
}

Value capitalize(Interpreter &interpreter, const Value &object, const Arguments &)
{
    const QString text = QString::fromStdString(object.string());
    const qsizetype first = !text.isEmpty() && text.at(0).isHighSurrogate() ? 2 : 1;
    return interpreter.made((text.left(first).toUpper() + text.mid(first).toLower()).toStdString());
}

template<typename Holds>
Value allCharacters(const Value &object, Holds holds)
{
    const std::string &text = object.string();
    for (std::size_t at = 0; at < text.size();) {
        if (!holds(utf8::next(text, at)))
            return Value(false);
    }
    return Value(!text.empty());
}

Value padded(Interpreter &interpreter, const Value &object, const Arguments &passed, bool left, bool right)
{
    const std::int64_t width = integerOr(interpreter, passed, 0, "width", 0);
    const Value *fill = passed.find(1, "fillchar");
    const std::string with = fill && fill->isString() ? fill->string() : " ";
    const auto size = static_cast<std::int64_t>(characterCount(object.string()));
    const std::int64_t missing = std::max<std::int64_t>(width - size, 0);
    const std::int64_t before = !left ? 0 : right ? missing / 2 + (missing & width & 1) : missing;
    std::string text;
    for (std::int64_t i = 0; i < before; ++i)
        interpreter.append(text, with);
    interpreter.append(text, object.string());
    for (std::int64_t i = 0; i < (right ? missing - before : 0); ++i)
        interpreter.append(text, with);
    return interpreter.made(std::move(text));
}

Value withoutAffix(Interpreter &interpreter, const Value &object, const Arguments &passed, bool atEnd)
{
    const std::string &affix = stringAt(interpreter, passed, 0, atEnd ? "suffix" : "prefix");
    const std::string &text = object.string();
    const bool has = atEnd ? text.ends_with(affix) : text.starts_with(affix);
    return has ? interpreter.made(atEnd ? text.substr(0, text.size() - affix.size()) : text.substr(affix.size())) : object;
}

constexpr NamedMethod kStringMethods[] = {
    {"strip", [](Interpreter &i, const Value &o, const Arguments &a) { return strip(i, o, a, true, true); }},
    {"lstrip", [](Interpreter &i, const Value &o, const Arguments &a) { return strip(i, o, a, true, false); }},
    {"rstrip", [](Interpreter &i, const Value &o, const Arguments &a) { return strip(i, o, a, false, true); }},
    {"startswith", [](Interpreter &i, const Value &o, const Arguments &a) { return Value(affixed(i, o, a, false)); }},
    {"endswith", [](Interpreter &i, const Value &o, const Arguments &a) { return Value(affixed(i, o, a, true)); }},
    {"split", split},
    {"rsplit", rsplit},
    {"splitlines", splitLines},
    {"partition", [](Interpreter &i, const Value &o, const Arguments &a) { return partition(i, o, a, false); }},
    {"rpartition", [](Interpreter &i, const Value &o, const Arguments &a) { return partition(i, o, a, true); }},
    {"upper", [](Interpreter &i, const Value &o, const Arguments &) { return recased(i, o, true); }},
    {"lower", [](Interpreter &i, const Value &o, const Arguments &) { return recased(i, o, false); }},
    {"title", title},
    {"capitalize", capitalize},
    {"replace", replace},
    {"join", joinMethod},
    {"find", [](Interpreter &i, const Value &o, const Arguments &a) { return find(i, o, a, false, false); }},
    {"rfind", [](Interpreter &i, const Value &o, const Arguments &a) { return find(i, o, a, true, false); }},
    {"index", [](Interpreter &i, const Value &o, const Arguments &a) { return find(i, o, a, false, true); }},
    {"rindex", [](Interpreter &i, const Value &o, const Arguments &a) { return find(i, o, a, true, true); }},
    {"count", count},
    {"isspace", [](Interpreter &, const Value &o, const Arguments &) { return allCharacters(o, isPythonSpace); }},
    {"isalpha", [](Interpreter &, const Value &o, const Arguments &) { return allCharacters(o, unicode::isLetter); }},
    {"isnumeric", [](Interpreter &, const Value &o, const Arguments &) { return allCharacters(o, unicode::isNumber); }},
    {"isdigit", [](Interpreter &, const Value &o, const Arguments &) { return allCharacters(o, [](char32_t c) { return QChar::digitValue(c) >= 0; }); }},
    {"isalnum", [](Interpreter &, const Value &o, const Arguments &) { return allCharacters(o, [](char32_t c) { return unicode::isLetter(c) || unicode::isNumber(c); }); }},
    {"isupper", [](Interpreter &i, const Value &o, const Arguments &a) { return Value(findTest("upper")(i, o, a)); }},
    {"islower", [](Interpreter &i, const Value &o, const Arguments &a) { return Value(findTest("lower")(i, o, a)); }},
    {"ljust", [](Interpreter &i, const Value &o, const Arguments &a) { return padded(i, o, a, false, true); }},
    {"rjust", [](Interpreter &i, const Value &o, const Arguments &a) { return padded(i, o, a, true, false); }},
    {"center", [](Interpreter &i, const Value &o, const Arguments &a) { return padded(i, o, a, true, true); }},
    {"removeprefix", [](Interpreter &i, const Value &o, const Arguments &a) { return withoutAffix(i, o, a, false); }},
    {"removesuffix", [](Interpreter &i, const Value &o, const Arguments &a) { return withoutAffix(i, o, a, true); }},
};

Value itemIndex(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    if (passed.positional.size() != 1)
        interpreter.fail("index takes one argument");
    const std::vector<Value> &items = object.asList().items;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (interpreter.areEqual(items[i], passed.positional[0]))
            return Value(static_cast<std::int64_t>(i));
    }
    interpreter.fail("the item is not in the list");
}

Value itemCount(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    if (passed.positional.size() != 1)
        interpreter.fail("count takes one argument");
    std::int64_t found = 0;
    for (const Value &item : object.asList().items)
        found += interpreter.areEqual(item, passed.positional[0]) ? 1 : 0;
    return Value(found);
}

constexpr NamedMethod kListMethods[] = {{"index", itemIndex}, {"count", itemCount}};

Value keys(Interpreter &interpreter, const Value &object, const Arguments &)
{
    std::vector<Value> all;
    for (const auto &[key, value] : object.asDict().entries)
        all.push_back(key);
    return interpreter.madeList(std::move(all));
}

Value values(Interpreter &interpreter, const Value &object, const Arguments &)
{
    std::vector<Value> all;
    for (const auto &[key, value] : object.asDict().entries)
        all.push_back(value);
    return interpreter.madeList(std::move(all));
}

Value items(Interpreter &interpreter, const Value &object, const Arguments &)
{
    std::vector<Value> all;
    for (const auto &[key, value] : object.asDict().entries)
        all.push_back(interpreter.madeList({key, value}, true));
    return interpreter.madeList(std::move(all));
}

Value get(Interpreter &interpreter, const Value &object, const Arguments &passed)
{
    if (passed.positional.empty() || passed.positional.size() > 2)
        interpreter.fail("get takes a key and, if wished, a default");
    interpreter.charge(object.weight() / 8);
    if (const Value *value = object.find(passed.positional[0]))
        return *value;
    return passed.positional.size() > 1 ? passed.positional[1] : Value(None{});
}

constexpr NamedMethod kDictMethods[] = {
    {"keys", keys}, {"values", values}, {"items", items}, {"get", get}, {"copy", [](Interpreter &, const Value &object, const Arguments &) { return object; }}};

// What Python has and a template cannot have here: the first change something, which the sandbox forbids.
constexpr std::string_view kMutators[] = {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem"};
constexpr std::string_view kMissing[] = {"format", "format_map", "encode", "expandtabs", "isascii", "isdecimal", "isidentifier", "isprintable",
                                         "istitle", "swapcase", "casefold", "translate", "zfill", "fromkeys"};

Value bound(std::string_view name, const Value &object, Method method)
{
    auto callable = std::make_shared<Callable>();
    callable->name = name;
    callable->call = [object, method](Interpreter &interpreter, const Arguments &passed) { return method(interpreter, object, passed); };
    return Value(std::shared_ptr<const Callable>(std::move(callable)));
}

Value refusal(std::string_view name, std::string_view kind, bool changes)
{
    auto callable = std::make_shared<Callable>();
    callable->name = name;
    callable->call = [what = std::string(kind) + "." + std::string(name), changes](Interpreter &interpreter, const Arguments &) -> Value {
        interpreter.fail(changes ? what + " would change the " + what.substr(0, what.find('.')) + ", which a template may not"
                                 : "the method " + what + " is not supported",
                         changes ? ErrorCode::InvalidInput : ErrorCode::Unsupported);
    };
    return Value(std::shared_ptr<const Callable>(std::move(callable)));
}

Value cycle(Interpreter &interpreter, Loop &loop, const Arguments &passed)
{
    if (passed.positional.empty())
        interpreter.fail("cycle takes something to go through");
    return passed.positional[loop.index % passed.positional.size()];
}

Value changed(Interpreter &interpreter, Loop &loop, const Arguments &passed)
{
    const Value now = interpreter.madeList(passed.positional, true);
    const bool isNew = !loop.hasChanged || !interpreter.areEqual(now, loop.last);
    loop.hasChanged = true;
    loop.last = now;
    return Value(isNew);
}

Value ofLoop(const Value &held, Value (*function)(Interpreter &, Loop &, const Arguments &))
{
    auto callable = std::make_shared<Callable>();
    callable->call = [held, function](Interpreter &interpreter, const Arguments &passed) { return function(interpreter, *held.asLoop(), passed); };
    return Value(std::shared_ptr<const Callable>(std::move(callable)));
}

std::optional<Value> loopAttribute(const Value &object, const Loop &loop, std::string_view name)
{
    const auto index = static_cast<std::int64_t>(loop.index);
    const auto length = static_cast<std::int64_t>(loop.items.size());
    if (name == "index")
        return Value(index + 1);
    if (name == "index0")
        return Value(index);
    if (name == "revindex")
        return Value(length - index);
    if (name == "revindex0")
        return Value(length - index - 1);
    if (name == "first")
        return Value(index == 0);
    if (name == "last")
        return Value(index + 1 == length);
    if (name == "length")
        return Value(length);
    if (name == "depth")
        return Value(std::int64_t{loop.depth} + 1);
    if (name == "depth0")
        return Value(std::int64_t{loop.depth});
    if (name == "previtem")
        return index > 0 ? loop.items[loop.index - 1] : Value(Undefined{"there is no previous item"});
    if (name == "nextitem")
        return index + 1 < length ? loop.items[loop.index + 1] : Value(Undefined{"there is no next item"});
    if (name == "cycle")
        return ofLoop(object, cycle);
    if (name == "changed")
        return ofLoop(object, changed);
    return std::nullopt;
}

template<std::size_t Size>
const NamedMethod *named(const NamedMethod (&methods)[Size], std::string_view name)
{
    const auto *found = std::ranges::find(methods, name, &NamedMethod::name);
    return found == std::end(methods) ? nullptr : found;
}

} // namespace

std::optional<Value> findMethod(const Value &object, std::string_view name)
{
    if (const Loop *loop = object.asLoop())
        return loopAttribute(object, *loop, name);
    const NamedMethod *method = object.isString() ? named(kStringMethods, name)
        : object.isList()                         ? named(kListMethods, name)
        : object.isDict()                         ? named(kDictMethods, name)
                                                  : nullptr;
    if (method)
        return bound(name, object, method->method);
    const bool mayChange = (object.isList() && !object.asList().isTuple) || object.isDict();
    if (mayChange && std::ranges::find(kMutators, name) != std::end(kMutators)) {
        // A dict's own key of that name is what a template means, where there is one.
        if (object.isDict() && object.find(name))
            return std::nullopt;
        return refusal(name, object.kind(), true);
    }
    if (object.isString() && std::ranges::find(kMissing, name) != std::end(kMissing))
        return refusal(name, object.kind(), false);
    return std::nullopt;
}

std::string stripped(std::string_view text, const std::string *characters, bool left, bool right)
{
    const auto isStripped = [&](std::size_t begin, std::size_t end) {
        if (characters)
            return characters->find(text.substr(begin, end - begin)) != std::string::npos;
        return isPythonSpace(utf8::next(text, begin));
    };
    std::size_t begin = 0;
    std::size_t end = text.size();
    while (left && begin < end && isStripped(begin, begin + utf8::lengthOf(text[begin])))
        begin += utf8::lengthOf(text[begin]);
    while (right && end > begin) {
        std::size_t before = end;
        utf8::previous(text, before);
        if (!isStripped(before, end))
            break;
        end = before;
    }
    return std::string(text.substr(begin, end - begin));
}

} // namespace lethe::jinja
