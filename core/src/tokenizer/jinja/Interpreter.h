#pragma once

#include "Syntax.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::jinja {

/// What one rendering may use up.
struct Bounds {
    std::int64_t steps = 10'000'000; ///< expressions and statements; 8 bytes of text made count for one, an item of a list for 4
    std::size_t outputBytes = 16u << 20;
    int depth = 600; ///< of expressions, bodies and macro calls inside one another
};

/// Runs a parsed template once. Fails by throwing Failure.
class Interpreter
{
public:
    Interpreter(std::vector<std::pair<std::string, Value>> variables, const Bounds &bounds);

    std::string render(const Body &body);

    // For the library
    [[noreturn]] void fail(const std::string &what, ErrorCode code = ErrorCode::InvalidInput) const;
    /// Counts work; fails where it is too much.
    void charge(std::int64_t steps);
    /// A string made by the template, counted.
    Value made(std::string text);
    void append(std::string &text, std::string_view more);
    std::string textOf(const Value &value); ///< as printed
    bool areEqual(const Value &left, const Value &right);
    Value madeList(std::vector<Value> items, bool isTuple = false);
    Value madeDict(std::vector<std::pair<Value, Value>> entries);
    Value call(const Value &function, const Arguments &arguments);
    Value attributeOf(const Value &object, const std::string &name);
    Value itemOf(const Value &object, const Value &key);

private:
    /// Variables of a scope; a name that it lacks is looked up in the one around it.
    struct Scope {
        std::shared_ptr<Scope> outer;
        std::vector<std::pair<std::string, Value>> variables;
    };
    class NewScope;
    class Depth;
    enum class Flow { Next, Break, Continue };

    Flow run(const Body &body);
    Flow runStatement(const Statement &statement);
    Flow runFor(const Statement &statement);
    Flow runItems(const Statement &statement, std::vector<Value> items, int depth);
    Flow runWith(const Statement &statement);
    void runCallBlock(const Statement &statement);
    void write(std::string_view text);
    std::string captured(const Body &body);

    void assign(const Target &target, Value value);
    void set(const std::string &name, Value value);
    Value lookUp(const std::string &name) const;
    Value macro(const MacroSyntax &syntax, const Body &body);
    Value runMacro(const MacroSyntax &syntax, const Body &body, const std::shared_ptr<Scope> &around, const Arguments &arguments);

    Value evaluate(const Expression &expression);
    Value evaluateInner(const Expression &expression);
    Value evaluateCall(const Expression &expression);
    Value evaluateSlice(const Expression &expression);
    Value evaluateDict(const Expression &expression);
    Value evaluateConditional(const Expression &expression);
    bool compare(const Expression &expression);
    bool holds(const std::string &operation, const Value &left, const Value &right);
    Value binary(const std::string &operation, const Value &left, const Value &right);
    Value integers(const std::string &operation, std::int64_t left, std::int64_t right);
    Value floats(const std::string &operation, double left, double right);
    Value repeated(const Value &sequence, std::int64_t times);
    Arguments arguments(const CallSyntax &syntax);
    Value negated(const Value &value);
    void requireDefined(const Value &value) const;

    Bounds m_bounds;
    std::int64_t m_steps = 0;
    int m_depth = 0;
    int m_line = 0; ///< of what is being run, for errors
    std::string m_output;
    std::shared_ptr<Scope> m_scope;
    std::shared_ptr<Scope> m_global;
};

} // namespace lethe::jinja
