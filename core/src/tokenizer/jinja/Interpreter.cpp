#include "Interpreter.h"

#include "Library.h"

#include <algorithm>
#include <cmath>

namespace lethe::jinja {

namespace {

constexpr std::int64_t kBytesPerStep = 8;
constexpr std::int64_t kStepsPerItem = 4;

double flooredRemainder(double left, double right)
{
    const double rest = std::fmod(left, right);
    return rest != 0.0 && (rest < 0.0) != (right < 0.0) ? rest + right : rest;
}

} // namespace

class Interpreter::NewScope
{
public:
    NewScope(Interpreter &interpreter, std::shared_ptr<Scope> outer) : m_interpreter(interpreter), m_previous(interpreter.m_scope)
    {
        auto scope = std::make_shared<Scope>();
        scope->outer = std::move(outer);
        interpreter.m_scope = std::move(scope);
    }
    explicit NewScope(Interpreter &interpreter) : NewScope(interpreter, interpreter.m_scope) {}
    ~NewScope() { m_interpreter.m_scope = std::move(m_previous); }
    Q_DISABLE_COPY_MOVE(NewScope)

private:
    Interpreter &m_interpreter;
    std::shared_ptr<Scope> m_previous;
};

class Interpreter::Depth
{
public:
    explicit Depth(Interpreter &interpreter) : m_interpreter(interpreter)
    {
        if (++m_interpreter.m_depth > m_interpreter.m_bounds.depth)
            m_interpreter.fail("the template calls itself more than " + std::to_string(m_interpreter.m_bounds.depth) + " levels deep");
    }
    ~Depth() { --m_interpreter.m_depth; }
    Q_DISABLE_COPY_MOVE(Depth)

private:
    Interpreter &m_interpreter;
};

Interpreter::Interpreter(std::vector<std::pair<std::string, Value>> variables, const Bounds &bounds)
    : m_bounds(bounds), m_scope(std::make_shared<Scope>()), m_global(m_scope)
{
    m_scope->variables = std::move(variables);
}

std::string Interpreter::render(const Body &body)
{
    try {
        run(body);
    } catch (Failure &failure) {
        failure.line = failure.line > 0 ? failure.line : m_line;
        throw;
    }
    return std::move(m_output);
}

void Interpreter::fail(const std::string &what, ErrorCode code) const
{
    throw Failure{code, what, m_line};
}

void Interpreter::charge(std::int64_t steps)
{
    m_steps += steps;
    if (m_steps > m_bounds.steps)
        fail("the template does more than " + std::to_string(m_bounds.steps) + " steps");
}

Value Interpreter::made(std::string text)
{
    if (text.size() > m_bounds.outputBytes)
        fail("the template makes a text of more than " + std::to_string(m_bounds.outputBytes) + " bytes");
    charge(1 + static_cast<std::int64_t>(text.size()) / kBytesPerStep);
    return Value(std::move(text));
}

void Interpreter::append(std::string &text, std::string_view more)
{
    charge(static_cast<std::int64_t>(more.size()) / kBytesPerStep);
    if (text.size() + more.size() > m_bounds.outputBytes)
        fail("the template makes a text of more than " + std::to_string(m_bounds.outputBytes) + " bytes");
    text.append(more);
}

std::string Interpreter::textOf(const Value &value)
{
    charge(value.weight());
    return value.text();
}

bool Interpreter::areEqual(const Value &left, const Value &right)
{
    charge(std::min(left.weight(), right.weight()));
    return equals(left, right);
}

Value Interpreter::madeList(std::vector<Value> items, bool isTuple)
{
    charge(1 + kStepsPerItem * static_cast<std::int64_t>(items.size()));
    return Value::list(std::move(items), isTuple);
}

Value Interpreter::madeDict(std::vector<std::pair<Value, Value>> entries)
{
    charge(1 + kStepsPerItem * static_cast<std::int64_t>(entries.size()));
    return Value::dict(std::move(entries));
}

void Interpreter::write(std::string_view text)
{
    if (m_output.size() + text.size() > m_bounds.outputBytes)
        fail("the template writes more than " + std::to_string(m_bounds.outputBytes) + " bytes");
    charge(static_cast<std::int64_t>(text.size()) / kBytesPerStep);
    m_output.append(text);
}

std::string Interpreter::captured(const Body &body)
{
    std::string outer = std::move(m_output);
    m_output.clear();
    run(body);
    std::swap(outer, m_output);
    return outer;
}

// Statements

Interpreter::Flow Interpreter::run(const Body &body)
{
    const Depth depth(*this);
    for (const auto &statement : body) {
        if (const Flow flow = runStatement(*statement); flow != Flow::Next)
            return flow;
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::runStatement(const Statement &statement)
{
    m_line = statement.line;
    charge(1);
    switch (statement.kind) {
    case Statement::Kind::Text: write(statement.text); return Flow::Next;
    case Statement::Kind::Print: write(textOf(evaluate(*statement.value))); return Flow::Next;
    case Statement::Kind::If: return run(evaluate(*statement.value).isTrue() ? statement.body : statement.otherwise);
    case Statement::Kind::For: return runFor(statement);
    case Statement::Kind::Set: assign(statement.target, evaluate(*statement.value)); return Flow::Next;
    case Statement::Kind::Macro: set(statement.macro.name, macro(statement.macro, statement.body)); return Flow::Next;
    case Statement::Kind::CallBlock: runCallBlock(statement); return Flow::Next;
    case Statement::Kind::With: return runWith(statement);
    case Statement::Kind::Group: {
        const NewScope scope(*this);
        return run(statement.body);
    }
    case Statement::Kind::SetBlock:
    case Statement::Kind::FilterBlock: {
        Value value;
        {
            const NewScope scope(*this);
            set(std::string(kBlockSubject), made(captured(statement.body)));
            value = evaluate(*statement.value);
        }
        if (statement.kind == Statement::Kind::SetBlock)
            assign(statement.target, std::move(value));
        else
            write(textOf(value));
        return Flow::Next;
    }
    case Statement::Kind::Break: return Flow::Break;
    case Statement::Kind::Continue: return Flow::Continue;
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::runWith(const Statement &statement)
{
    std::vector<std::pair<const Target *, Value>> values; // all before any is set: none sees another
    for (const auto &[target, expression] : statement.bindings)
        values.emplace_back(&target, evaluate(*expression));
    const NewScope scope(*this);
    for (auto &[target, value] : values)
        assign(*target, std::move(value));
    return run(statement.body);
}

Interpreter::Flow Interpreter::runFor(const Statement &statement)
{
    const Value all = evaluate(*statement.value);
    std::vector<Value> items = iterated(*this, all);
    return runItems(statement, std::move(items), 0);
}

Interpreter::Flow Interpreter::runItems(const Statement &statement, std::vector<Value> items, int depth)
{
    if (statement.condition) {
        const NewScope scope(*this);
        std::erase_if(items, [&](const Value &item) {
            assign(statement.target, item);
            return !evaluate(*statement.condition).isTrue();
        });
    }
    if (items.empty()) {
        const NewScope scope(*this);
        return run(statement.otherwise);
    }
    auto loop = std::make_shared<Loop>();
    loop->items = std::move(items);
    loop->depth = depth;
    if (statement.isRecursive) {
        loop->recurse = [&statement, depth](Interpreter &interpreter, const Value &inner) {
            std::string outer = std::move(interpreter.m_output);
            interpreter.m_output.clear();
            interpreter.runItems(statement, iterated(interpreter, inner), depth + 1);
            std::swap(outer, interpreter.m_output);
            return interpreter.made(std::move(outer));
        };
    }
    const NewScope scope(*this);
    for (loop->index = 0; loop->index < loop->items.size(); ++loop->index) {
        charge(1);
        m_scope->variables.clear(); // what one round sets the next does not see
        set("loop", Value(loop));
        assign(statement.target, loop->items[loop->index]);
        if (run(statement.body) == Flow::Break)
            break;
    }
    return Flow::Next;
}

void Interpreter::runCallBlock(const Statement &statement)
{
    const Expression &call_ = *statement.value;
    const Value function = evaluate(*call_.parts[0]);
    Arguments passed = arguments(call_.call);
    passed.named.emplace_back("caller", macro(statement.macro, statement.body));
    write(textOf(call(function, passed)));
}

void Interpreter::assign(const Target &target, Value value)
{
    if (!target.several.empty()) {
        const std::vector<Value> items = iterated(*this, value);
        if (items.size() != target.several.size())
            fail("cannot unpack " + std::to_string(items.size()) + " values into " + std::to_string(target.several.size()));
        for (std::size_t i = 0; i < items.size(); ++i)
            assign(target.several[i], items[i]);
        return;
    }
    if (target.attribute.empty()) {
        set(target.name, std::move(value));
        return;
    }
    const Value holder = lookUp(target.name);
    Namespace *space = holder.asNamespace();
    if (!space)
        fail("cannot assign an attribute of '" + target.name + "', which is no namespace");
    if (target.attribute.starts_with('_'))
        fail("a namespace takes no attribute that begins with an underscore");
    if (value.extent().holdsNamespace) // one that held itself would never be freed
        fail("a namespace cannot hold a namespace or a loop", ErrorCode::Unsupported);
    for (auto &[name, held] : space->attributes) {
        if (name == target.attribute) {
            held = std::move(value);
            return;
        }
    }
    space->attributes.emplace_back(target.attribute, std::move(value));
}

void Interpreter::set(const std::string &name, Value value)
{
    for (auto &[known, held] : m_scope->variables) {
        if (known == name) {
            held = std::move(value);
            return;
        }
    }
    m_scope->variables.emplace_back(name, std::move(value));
}

Value Interpreter::lookUp(const std::string &name) const
{
    for (const Scope *scope = m_scope.get(); scope; scope = scope->outer.get()) {
        for (const auto &[known, value] : scope->variables) {
            if (known == name)
                return value;
        }
    }
    for (const auto &[known, value] : globals()) {
        if (known == name)
            return value;
    }
    return Undefined{name};
}

// Macros

Value Interpreter::macro(const MacroSyntax &syntax, const Body &body)
{
    auto callable = std::make_shared<Callable>();
    callable->name = syntax.name;
    // Weak: the scope holds the macro.
    callable->call = [&syntax, &body, scope = std::weak_ptr<Scope>(m_scope)](Interpreter &interpreter, const Arguments &passed) {
        const std::shared_ptr<Scope> around = scope.lock();
        return interpreter.runMacro(syntax, body, around ? around : interpreter.m_global, passed);
    };
    return Value(std::shared_ptr<const Callable>(std::move(callable)));
}

Value Interpreter::runMacro(const MacroSyntax &syntax, const Body &body, const std::shared_ptr<Scope> &around, const Arguments &passed)
{
    const NewScope scope(*this, around);
    const std::size_t count = syntax.parameters.size();
    std::vector<Value> rest;
    for (std::size_t i = count; i < passed.positional.size(); ++i)
        rest.push_back(passed.positional[i]);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t firstDefault = count - syntax.defaults.size();
        if (const Value *value = passed.find(i, syntax.parameters[i]))
            set(syntax.parameters[i], *value);
        else if (i >= firstDefault)
            set(syntax.parameters[i], evaluate(*syntax.defaults[i - firstDefault]));
        else
            set(syntax.parameters[i], Undefined{syntax.parameters[i]});
    }
    std::vector<std::pair<Value, Value>> named;
    for (const auto &[name, value] : passed.named) {
        if (name == "caller")
            set(name, value);
        else if (std::ranges::find(syntax.parameters, name) == syntax.parameters.end())
            named.emplace_back(Value(name), value);
    }
    set("varargs", madeList(std::move(rest), true));
    set("kwargs", madeDict(std::move(named)));
    return made(captured(body));
}

// Expressions

Value Interpreter::evaluate(const Expression &expression)
{
    const Depth depth(*this);
    charge(1);
    m_line = expression.line;
    return evaluateInner(expression);
}

Value Interpreter::evaluateInner(const Expression &expression)
{
    using Kind = Expression::Kind;
    const auto &parts = expression.parts;
    switch (expression.kind) {
    case Kind::Constant: return expression.constant;
    case Kind::Name: return lookUp(expression.name);
    case Kind::List:
    case Kind::Tuple: {
        std::vector<Value> items;
        for (const ExpressionPtr &part : parts)
            items.push_back(evaluate(*part));
        return madeList(std::move(items), expression.kind == Kind::Tuple);
    }
    case Kind::Dict: return evaluateDict(expression);
    case Kind::Attribute: return attributeOf(evaluate(*parts[0]), expression.name);
    case Kind::Item: {
        const Value object = evaluate(*parts[0]);
        return itemOf(object, evaluate(*parts[1]));
    }
    case Kind::Slice: return evaluateSlice(expression);
    case Kind::Call:
    case Kind::Filter:
    case Kind::Test: return evaluateCall(expression);
    case Kind::Negate: return negated(evaluate(*parts[0]));
    case Kind::Plus: return evaluate(*parts[0]);
    case Kind::Not: return Value(!evaluate(*parts[0]).isTrue());
    case Kind::And: {
        Value left = evaluate(*parts[0]);
        return left.isTrue() ? evaluate(*parts[1]) : left;
    }
    case Kind::Or: {
        Value left = evaluate(*parts[0]);
        return left.isTrue() ? left : evaluate(*parts[1]);
    }
    case Kind::Binary: {
        const Value left = evaluate(*parts[0]);
        const Value right = evaluate(*parts[1]);
        m_line = expression.line;
        return binary(expression.operators[0], left, right);
    }
    case Kind::Concat: {
        std::string text;
        for (const ExpressionPtr &part : parts)
            append(text, textOf(evaluate(*part)));
        return made(std::move(text));
    }
    case Kind::Compare: return Value(compare(expression));
    case Kind::Conditional: return evaluateConditional(expression);
    }
    return {};
}

Value Interpreter::evaluateConditional(const Expression &expression)
{
    if (evaluate(*expression.parts[1]).isTrue())
        return evaluate(*expression.parts[0]);
    return expression.parts.size() > 2 ? evaluate(*expression.parts[2]) : Value(Undefined{"the inline if-expression"});
}

Value Interpreter::evaluateDict(const Expression &expression)
{
    std::vector<std::pair<Value, Value>> entries;
    for (std::size_t i = 0; i + 1 < expression.parts.size(); i += 2) {
        Value key = evaluate(*expression.parts[i]);
        Value value = evaluate(*expression.parts[i + 1]);
        const auto known = std::ranges::find_if(entries, [&](const auto &entry) { return areEqual(entry.first, key); });
        if (known != entries.end())
            known->second = std::move(value);
        else
            entries.emplace_back(std::move(key), std::move(value));
    }
    return madeDict(std::move(entries));
}

Arguments Interpreter::arguments(const CallSyntax &syntax)
{
    Arguments passed;
    for (const ExpressionPtr &argument : syntax.positional)
        passed.positional.push_back(evaluate(*argument));
    for (const auto &[name, argument] : syntax.named)
        passed.named.emplace_back(name, evaluate(*argument));
    return passed;
}

Value Interpreter::evaluateCall(const Expression &expression)
{
    const Value subject = evaluate(*expression.parts[0]);
    const Arguments passed = arguments(expression.call);
    m_line = expression.line;
    if (expression.kind == Expression::Kind::Filter)
        return findFilter(expression.name)(*this, subject, passed);
    if (expression.kind == Expression::Kind::Test)
        return Value(findTest(expression.name)(*this, subject, passed));
    return call(subject, passed);
}

Value Interpreter::call(const Value &function, const Arguments &passed)
{
    if (Loop *loop = function.asLoop(); loop && loop->recurse && passed.positional.size() == 1)
        return loop->recurse(*this, passed.positional[0]);
    const Callable *callable = function.asCallable();
    if (!callable) {
        requireDefined(function);
        fail("'" + std::string(function.kind()) + "' is not callable");
    }
    const Depth depth(*this);
    charge(1);
    // Held: the call may overwrite the variable that holds it.
    const Value held = function;
    return callable->call(*this, passed);
}

void Interpreter::requireDefined(const Value &value) const
{
    if (value.isUndefined())
        fail("'" + value.asUndefined().name + "' is undefined");
}

Value Interpreter::attributeOf(const Value &object, const std::string &name)
{
    requireDefined(object);
    if (Namespace *space = object.asNamespace()) {
        for (const auto &[key, value] : space->attributes) {
            if (key == name)
                return value;
        }
        return Undefined{name};
    }
    if (const auto method = findMethod(object, name))
        return *method;
    if (const Value *value = object.find(std::string_view(name)))
        return *value;
    return Undefined{name};
}

Value Interpreter::itemOf(const Value &object, const Value &key)
{
    requireDefined(object);
    if (object.isDict()) {
        charge(static_cast<std::int64_t>(object.asDict().entries.size()) / 8);
        if (const Value *value = object.find(key))
            return *value;
    } else if (key.isWhole() && (object.isList() || object.isString())) {
        const auto borders = object.isString() ? characterBorders(object.string()) : std::vector<std::uint32_t>();
        charge(static_cast<std::int64_t>(borders.size()) / 8);
        const auto size = static_cast<std::int64_t>(object.isString() ? borders.size() - 1 : object.asList().items.size());
        const std::int64_t index = key.whole() < 0 ? key.whole() + size : key.whole();
        if (index < 0 || index >= size)
            return Undefined{std::to_string(key.whole())};
        const auto at = static_cast<std::size_t>(index);
        return object.isString() ? Value(object.string().substr(borders[at], borders[at + 1] - borders[at])) : object.asList().items[at];
    }
    return key.isString() ? attributeOf(object, key.string()) : Value(Undefined{key.text()});
}

Value Interpreter::evaluateSlice(const Expression &expression)
{
    const Value object = evaluate(*expression.parts[0]);
    std::optional<std::int64_t> bounds[3];
    for (std::size_t i = 0; i < 3; ++i) {
        const Value bound = expression.parts[i + 1] ? evaluate(*expression.parts[i + 1]) : Value(None{});
        if (bound.isWhole())
            bounds[i] = bound.whole();
        else if (!bound.isNone())
            fail("a slice's bounds must be integers");
    }
    m_line = expression.line;
    requireDefined(object);
    if (!object.isList() && !object.isString())
        return Undefined{"a slice"}; // as Jinja's sandbox has it: an item that cannot be had
    const auto borders = object.isString() ? characterBorders(object.string()) : std::vector<std::uint32_t>();
    const auto size = static_cast<std::int64_t>(object.isString() ? borders.size() - 1 : object.asList().items.size());
    charge(size / 8);
    const std::int64_t step = bounds[2].value_or(1);
    if (step == 0)
        fail("a slice's step cannot be zero");
    // Python's rule: a negative bound counts from the end, and each is brought inside (for a step back, one before 0).
    const std::int64_t least = step > 0 ? 0 : -1;
    const std::int64_t most = step > 0 ? size : size - 1;
    const auto inside = [&](std::optional<std::int64_t> bound, std::int64_t missing) {
        if (!bound)
            return missing;
        return std::clamp(*bound < 0 ? *bound + size : *bound, least, most);
    };
    const std::int64_t begin = inside(bounds[0], step > 0 ? 0 : size - 1);
    const std::int64_t end = inside(bounds[1], step > 0 ? size : -1);
    const std::int64_t stride = std::clamp<std::int64_t>(step, -size - 1, size + 1);
    std::string text;
    std::vector<Value> items;
    for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += stride) {
        const auto at = static_cast<std::size_t>(i);
        if (object.isString())
            text.append(object.string(), borders[at], borders[at + 1] - borders[at]);
        else
            items.push_back(object.asList().items[at]);
    }
    return object.isString() ? made(std::move(text)) : madeList(std::move(items), object.asList().isTuple);
}

bool Interpreter::compare(const Expression &expression)
{
    Value left = evaluate(*expression.parts[0]);
    for (std::size_t i = 0; i < expression.operators.size(); ++i) {
        Value right = evaluate(*expression.parts[i + 1]);
        m_line = expression.line;
        if (!holds(expression.operators[i], left, right))
            return false;
        left = std::move(right);
    }
    return true;
}

bool Interpreter::holds(const std::string &operation, const Value &left, const Value &right)
{
    if (operation == "==")
        return areEqual(left, right);
    if (operation == "!=")
        return !areEqual(left, right);
    if (operation == "in" || operation == "not in")
        return contains(*this, right, left) == (operation == "in");
    requireDefined(left);
    requireDefined(right);
    charge(2 * std::min(left.weight(), right.weight()));
    try {
        if (operation == "<")
            return isLess(left, right);
        if (operation == ">")
            return isLess(right, left);
        // With numbers that compare to nothing (nan) both are false.
        return (operation == "<=" ? isLess(left, right) : isLess(right, left)) || equals(left, right);
    } catch (const Failure &) {
        fail("'" + operation + "' is not supported between '" + std::string(left.kind()) + "' and '" + std::string(right.kind()) + "'");
    }
}

Value Interpreter::negated(const Value &value)
{
    requireDefined(value);
    if (value.isFloat())
        return Value(-value.number());
    if (!value.isWhole())
        fail("'" + std::string(value.kind()) + "' cannot be negated");
    return integers("-", 0, value.whole());
}

Value Interpreter::repeated(const Value &sequence, std::int64_t times)
{
    const std::size_t count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
    const std::size_t size = sequence.isString() ? sequence.string().size() : sequence.asList().items.size();
    // Counted before it is made.
    if (size > 0 && count > m_bounds.outputBytes / size)
        fail("a repetition of more than " + std::to_string(m_bounds.outputBytes) + " parts");
    charge(sequence.isString() ? 0 : kStepsPerItem * static_cast<std::int64_t>(count * size));
    std::string text;
    std::vector<Value> items;
    for (std::size_t i = 0; i < (size > 0 ? count : 0); ++i) {
        if (sequence.isString())
            text += sequence.string();
        else
            items.insert(items.end(), sequence.asList().items.begin(), sequence.asList().items.end());
    }
    return sequence.isString() ? made(std::move(text)) : madeList(std::move(items), sequence.asList().isTuple);
}

Value Interpreter::binary(const std::string &operation, const Value &left, const Value &right)
{
    requireDefined(left);
    requireDefined(right);
    if (left.isNumber() && right.isNumber())
        return left.isFloat() || right.isFloat() || operation == "/" ? floats(operation, left.number(), right.number())
                                                                     : integers(operation, left.whole(), right.whole());
    if (operation == "+" && left.isString() && right.isString())
        return made(left.string() + right.string());
    if (operation == "+" && left.isList() && right.isList() && left.asList().isTuple == right.asList().isTuple) {
        std::vector<Value> items = left.asList().items;
        items.insert(items.end(), right.asList().items.begin(), right.asList().items.end());
        return madeList(std::move(items), left.asList().isTuple);
    }
    if (operation == "*" && (left.isString() || left.isList()) && right.isWhole())
        return repeated(left, right.whole());
    if (operation == "*" && (right.isString() || right.isList()) && left.isWhole())
        return repeated(right, left.whole());
    if (operation == "%" && left.isString())
        return made(percentFormatted(*this, left.string(), right));
    fail("'" + operation + "' is not supported between '" + std::string(left.kind()) + "' and '" + std::string(right.kind()) + "'");
}

Value Interpreter::integers(const std::string &operation, std::int64_t left, std::int64_t right)
{
    std::int64_t result = 0;
    bool overflows = false;
    if (operation == "+") {
        overflows = __builtin_add_overflow(left, right, &result);
    } else if (operation == "-") {
        overflows = __builtin_sub_overflow(left, right, &result);
    } else if (operation == "*") {
        overflows = __builtin_mul_overflow(left, right, &result);
    } else if (operation == "//" || operation == "%") {
        if (right == 0)
            fail("division by zero");
        if (right == -1) { // the one quotient that overflows
            overflows = __builtin_sub_overflow(std::int64_t{0}, left, &result);
            result = operation == "%" ? 0 : result;
            overflows = overflows && operation != "%";
        } else {
            const std::int64_t rest = left % right;
            const bool rounds = rest != 0 && (rest < 0) != (right < 0);
            result = operation == "%" ? rest + (rounds ? right : 0) : left / right - (rounds ? 1 : 0);
        }
    } else { // **
        if (right < 0)
            return floats(operation, static_cast<double>(left), static_cast<double>(right));
        result = 1;
        for (std::int64_t i = 0; i < right && !overflows && result != 0 && !(left == 1); ++i) {
            charge(1);
            overflows = __builtin_mul_overflow(result, left, &result);
        }
    }
    if (overflows)
        fail("an integer does not fit 64 bits", ErrorCode::Unsupported);
    return Value(result);
}

Value Interpreter::floats(const std::string &operation, double left, double right)
{
    if (operation == "+")
        return Value(left + right);
    if (operation == "-")
        return Value(left - right);
    if (operation == "*")
        return Value(left * right);
    if (operation == "**")
        return Value(std::pow(left, right));
    if (right == 0.0)
        fail("division by zero");
    if (operation == "/")
        return Value(left / right);
    if (operation == "//")
        return Value(std::floor((left - flooredRemainder(left, right)) / right + 0.5));
    return Value(flooredRemainder(left, right));
}

} // namespace lethe::jinja
