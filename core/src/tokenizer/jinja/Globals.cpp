#include "Interpreter.h"
#include "Library.h"

#include <ctime>

namespace lethe::jinja {

namespace {

Value function(std::string name, std::function<Value(Interpreter &, const Arguments &)> call)
{
    auto callable = std::make_shared<Callable>();
    callable->name = std::move(name);
    callable->call = std::move(call);
    return Value(std::shared_ptr<const Callable>(std::move(callable)));
}

Value range(Interpreter &interpreter, const Arguments &passed)
{
    constexpr std::int64_t kMost = 100'000; // Jinja's sandbox has the same bound
    std::int64_t bounds[3] = {0, 0, 1};
    const std::size_t count = passed.positional.size();
    if (count < 1 || count > 3 || !passed.named.empty())
        interpreter.fail("range takes one to three integers");
    for (std::size_t i = 0; i < count; ++i) {
        if (!passed.positional[i].isWhole())
            interpreter.fail("range takes integers");
        bounds[count == 1 ? 1 : i] = passed.positional[i].whole();
    }
    if (bounds[2] == 0)
        interpreter.fail("range's step cannot be zero");
    std::vector<Value> items;
    for (std::int64_t i = bounds[0]; bounds[2] > 0 ? i < bounds[1] : i > bounds[1];) {
        items.emplace_back(i);
        if (static_cast<std::int64_t>(items.size()) > kMost)
            interpreter.fail("a range of more than " + std::to_string(kMost) + " numbers");
        if (__builtin_add_overflow(i, bounds[2], &i))
            break;
    }
    return interpreter.madeList(std::move(items));
}

std::vector<std::pair<Value, Value>> entriesOf(Interpreter &interpreter, const Arguments &passed)
{
    std::vector<std::pair<Value, Value>> entries;
    const auto put = [&](const Value &key, const Value &value) {
        for (auto &[known, held] : entries) {
            if (interpreter.areEqual(known, key)) {
                held = value;
                return;
            }
        }
        entries.emplace_back(key, value);
    };
    if (passed.positional.size() > 1)
        interpreter.fail("expected at most one positional argument");
    for (const Value &source : passed.positional) {
        if (source.isDict()) {
            entries = source.asDict().entries;
            continue;
        }
        for (const Value &pair : iterated(interpreter, source)) {
            const std::vector<Value> two = iterated(interpreter, pair);
            if (two.size() != 2)
                interpreter.fail("expected pairs of a key and a value");
            put(two[0], two[1]);
        }
    }
    for (const auto &[name, value] : passed.named)
        put(Value(name), value);
    return entries;
}

Value makeDict(Interpreter &interpreter, const Arguments &passed)
{
    return interpreter.madeDict(entriesOf(interpreter, passed));
}

Value makeNamespace(Interpreter &interpreter, const Arguments &passed)
{
    auto space = std::make_shared<Namespace>();
    for (auto &[key, value] : entriesOf(interpreter, passed)) {
        if (!key.isString() || key.string().starts_with('_'))
            interpreter.fail("a namespace's attributes are names that do not begin with an underscore");
        space->attributes.emplace_back(key.string(), value);
    }
    return Value(std::move(space));
}

/// The template's own words: the one failure that names no line.
Value raiseException(Interpreter &interpreter, const Arguments &passed)
{
    const Value *message = passed.find(0, "message");
    throw Failure{ErrorCode::InvalidInput, message ? interpreter.textOf(*message) : std::string(), 0, true};
}

Value strftimeNow(Interpreter &interpreter, const Arguments &passed)
{
    const Value *format = passed.find(0, "format");
    if (!format || !format->isString() || format->string().size() > 256)
        interpreter.fail("strftime_now takes a format of at most 256 bytes");
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    std::string text(4096, '\0');
    // A leading mark tells an empty result from one that does not fit.
    const std::string marked = "." + format->string();
    const std::size_t size = std::strftime(text.data(), text.size(), marked.c_str(), &local);
    text.resize(size);
    return interpreter.made(size > 0 ? text.substr(1) : text);
}

} // namespace

const std::vector<std::pair<std::string, Value>> &globals()
{
    static const std::vector<std::pair<std::string, Value>> kGlobals{
        {"range", function("range", range)},
        {"dict", function("dict", makeDict)},
        {"namespace", function("namespace", makeNamespace)},
        {"raise_exception", function("raise_exception", raiseException)},
        {"strftime_now", function("strftime_now", strftimeNow)}};
    return kGlobals;
}

} // namespace lethe::jinja
