#pragma once

#include "Value.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

/// What stands in the brackets of a call.
struct CallSyntax {
    std::vector<ExpressionPtr> positional;
    std::vector<std::pair<std::string, ExpressionPtr>> named;
};

struct Expression {
    enum class Kind {
        Constant, Name, List, Tuple, Dict, ///< of a dict the parts are keys and values by turns
        Attribute, Item, Slice, ///< of an object: its first part; a slice's other three may be missing
        Call, Filter, Test, Negate, Plus, Not, And, Or,
        Binary, Concat, Compare, ///< the operators' spellings are in `operators`
        Conditional ///< value, condition, and the value otherwise, which may be missing
    };
    Kind kind = Kind::Constant;
    int line = 0;
    int depth = 1; ///< of the tree below it
    Value constant;
    std::string name; ///< of a name, an attribute, a filter, a test
    std::vector<ExpressionPtr> parts;
    std::vector<std::string> operators;
    CallSyntax call;
};

struct Statement;
using Body = std::vector<std::unique_ptr<Statement>>;

/// Where a value goes: a name, a namespace's attribute, or several at once.
struct Target {
    std::string name;
    std::string attribute;
    std::vector<Target> several;
};

struct MacroSyntax {
    std::string name;
    std::vector<std::string> parameters;
    std::vector<ExpressionPtr> defaults; ///< of the last parameters
    bool usesCaller = false;
};

struct Statement {
    enum class Kind { Text, Print, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock, With, Group, Break, Continue };
    Kind kind = Kind::Text;
    int line = 0;
    std::string text;
    ExpressionPtr value; ///< printed, tested, iterated, set, called, or a chain of filters over a missing subject
    ExpressionPtr condition; ///< of a for
    Target target;
    std::vector<std::pair<Target, ExpressionPtr>> bindings; ///< of a with
    MacroSyntax macro; ///< of a macro and of a call block
    Body body;
    Body otherwise; ///< else and elif
    bool isRecursive = false;
};

/// The subject of a filter block's or block set's first filter: what the block rendered.
inline constexpr std::string_view kBlockSubject = " block";

/// Throws Failure: Corrupt where it is no Jinja, Unsupported where it is Jinja that is not implemented here.
Body parse(std::string_view source);

} // namespace lethe::jinja
