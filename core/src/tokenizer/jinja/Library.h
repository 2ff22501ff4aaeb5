#pragma once

#include "Value.h"

#include <optional>
#include <string_view>

namespace lethe::jinja {

class Interpreter;

using FilterFunction = Value (*)(Interpreter &, const Value &subject, const Arguments &);
using TestFunction = bool (*)(Interpreter &, const Value &subject, const Arguments &);

/// nullptr where there is none of that name.
FilterFunction findFilter(std::string_view name);
TestFunction findTest(std::string_view name);

/// The method \p name of a string, list or dict, bound to it; nullopt where it has none of that name. One that Python has
/// and this does not fails when it is called.
std::optional<Value> findMethod(const Value &object, std::string_view name);

/// The functions that every template may call: `range`, `dict`, `namespace`, `raise_exception`, `strftime_now`.
const std::vector<std::pair<std::string, Value>> &globals();

/// Python's `in`.
bool contains(Interpreter &interpreter, const Value &container, const Value &item);
/// What a for goes through: items, characters, keys. Fails where there is nothing to go through.
std::vector<Value> iterated(Interpreter &interpreter, const Value &value);
/// `object.name`, as a filter's `attribute=` means it: with dots and numbers.
Value attributeByPath(Interpreter &interpreter, const Value &object, const Value &path);
/// Python's `str % value`.
std::string percentFormatted(Interpreter &interpreter, const std::string &format, const Value &values);
/// `json.dumps` with `ensure_ascii=False`.
std::string jsonText(Interpreter &interpreter, const Value &value, const std::string *indent, bool sortsKeys);
std::string stripped(std::string_view text, const std::string *characters, bool left, bool right);

} // namespace lethe::jinja
