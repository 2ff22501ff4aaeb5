#pragma once

#include "Failure.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lethe::jinja {

class Value;
struct Callable;
struct Loop;

/// No value; the name tells whose.
struct Undefined {
    std::string name;
};
struct None {};
/// What going through a list or dict costs. Parts may be shared, so little memory can hold what is long to print.
struct Extent {
    int depth = 1; ///< of lists and dicts inside one another
    std::int64_t weight = 1; ///< of all that is inside, counted as often as it is met
    bool holdsNamespace = false;

    void add(const Value &part);
};
/// A list or tuple: never changed once made.
struct List {
    std::vector<Value> items;
    bool isTuple = false;
    Extent extent;
};
/// Keys in the order of insertion; never changed once made.
struct Dict {
    std::vector<std::pair<Value, Value>> entries;
    Extent extent;
};
/// What `namespace()` gives: the one thing that a template may change.
struct Namespace {
    std::vector<std::pair<std::string, Value>> attributes;
};

/// A value of a template: Python's kinds, as far as templates use them. Cheap to copy.
class Value
{
public:
    Value() : m_data(Undefined{}) {}
    Value(Undefined undefined) : m_data(std::move(undefined)) {}
    Value(None) : m_data(None{}) {}
    Value(bool truth) : m_data(truth) {}
    Value(std::int64_t number) : m_data(number) {}
    Value(double number) : m_data(number) {}
    Value(std::string text) : m_data(std::make_shared<const std::string>(std::move(text))) {}
    Value(std::string_view text) : Value(std::string(text)) {}
    Value(const char *text) : Value(std::string(text)) {}
    Value(std::shared_ptr<const List> list) : m_data(std::move(list)) {}
    Value(std::shared_ptr<const Dict> dict) : m_data(std::move(dict)) {}
    Value(std::shared_ptr<Namespace> space) : m_data(std::move(space)) {}
    Value(std::shared_ptr<const Callable> callable) : m_data(std::move(callable)) {}
    Value(std::shared_ptr<Loop> loop) : m_data(std::move(loop)) {}

    /// Fails where lists and dicts are nested, or hold more, beyond any use: walking them must end, and not use up the stack.
    static Value list(std::vector<Value> items, bool isTuple = false);
    static Value dict(std::vector<std::pair<Value, Value>> entries);

    bool isUndefined() const { return std::holds_alternative<Undefined>(m_data); }
    bool isNone() const { return std::holds_alternative<None>(m_data); }
    bool isBool() const { return std::holds_alternative<bool>(m_data); }
    bool isInteger() const { return std::holds_alternative<std::int64_t>(m_data); }
    bool isFloat() const { return std::holds_alternative<double>(m_data); }
    bool isNumber() const { return isBool() || isInteger() || isFloat(); }
    bool isWhole() const { return isBool() || isInteger(); } ///< Python's int, of which bool is one
    bool isString() const { return std::holds_alternative<std::shared_ptr<const std::string>>(m_data); }
    bool isList() const { return std::holds_alternative<std::shared_ptr<const List>>(m_data); }
    bool isDict() const { return std::holds_alternative<std::shared_ptr<const Dict>>(m_data); }

    std::int64_t whole() const { return isBool() ? (std::get<bool>(m_data) ? 1 : 0) : std::get<std::int64_t>(m_data); }
    double number() const { return isFloat() ? std::get<double>(m_data) : static_cast<double>(whole()); }
    bool boolean() const { return std::get<bool>(m_data); }
    const std::string &string() const { return *std::get<std::shared_ptr<const std::string>>(m_data); }
    const List &asList() const { return *std::get<std::shared_ptr<const List>>(m_data); }
    const Dict &asDict() const { return *std::get<std::shared_ptr<const Dict>>(m_data); }
    const Undefined &asUndefined() const { return std::get<Undefined>(m_data); }
    Namespace *asNamespace() const;
    const Callable *asCallable() const;
    Loop *asLoop() const;

    bool isTrue() const;
    /// Python's name of its kind: `str`, `NoneType`.
    std::string_view kind() const;
    /// As printed (`str()`), and as inside a list (`repr()`).
    std::string text() const;
    std::string repr() const;
    Extent extent() const;
    std::int64_t weight() const { return extent().weight; }

    const Value *find(std::string_view key) const; ///< of a dict; nullptr where there is none
    const Value *find(const Value &key) const;

private:
    std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const std::string>, std::shared_ptr<const List>,
                 std::shared_ptr<const Dict>, std::shared_ptr<Namespace>, std::shared_ptr<const Callable>, std::shared_ptr<Loop>>
        m_data;
};

/// What a call passes.
struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;

    /// The argument at \p index or called \p name; nullptr where it is not passed.
    const Value *find(std::size_t index, std::string_view name) const;
};

class Interpreter;

/// A function: built in, a method bound to its object, or a macro.
struct Callable {
    std::string name;
    std::function<Value(Interpreter &, const Arguments &)> call;
};

/// `loop` inside a for.
struct Loop {
    std::vector<Value> items;
    std::size_t index = 0;
    int depth = 0;
    bool hasChanged = false; ///< `changed` has been asked before
    Value last;
    std::function<Value(Interpreter &, const Value &)> recurse;
};

/// Python's `==`.
bool equals(const Value &left, const Value &right);
/// Python's `<`; a Failure where it has no order for the two.
bool isLess(const Value &left, const Value &right);
/// Python's `repr` of a float: the shortest digits that give it back.
std::string floatText(double number);
/// With so many digits behind the point (at most 100), halves to even.
std::string fixedText(double number, int places);

// Text by characters, as Python counts it.
std::size_t characterCount(std::string_view text);
/// Where the characters begin, and the end.
std::vector<std::uint32_t> characterBorders(std::string_view text);
bool isPythonSpace(char32_t c);

} // namespace lethe::jinja
