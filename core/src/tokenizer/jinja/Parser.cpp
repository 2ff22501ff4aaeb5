#include "Library.h"
#include "Lexer.h"
#include "Syntax.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lethe::jinja {

namespace {

constexpr int kDeepestNesting = 300;
constexpr int kDeepestTree = 500;

class Parser
{
public:
    explicit Parser(std::vector<Token> tokens) : m_tokens(std::move(tokens)) {}

    Body run()
    {
        Body body = statements({});
        if (current().kind != Token::Kind::End)
            fail("unexpected '" + m_stoppedAt + "'");
        return body;
    }

private:
    /// Counts how deep the parser stands: its stack is the program's.
    class Level
    {
    public:
        explicit Level(Parser &parser) : m_parser(parser)
        {
            if (++m_parser.m_depth > kDeepestNesting)
                m_parser.fail("the template is nested deeper than " + std::to_string(kDeepestNesting) + " levels", ErrorCode::Unsupported);
        }
        ~Level() { --m_parser.m_depth; }
        Q_DISABLE_COPY_MOVE(Level)

    private:
        Parser &m_parser;
    };

    [[noreturn]] void fail(const std::string &what, ErrorCode code = ErrorCode::Corrupt) const
    {
        throw Failure{code, what, current().line};
    }

    const Token &current() const { return m_tokens[m_at]; }
    const Token &ahead() const { return m_tokens[std::min(m_at + 1, m_tokens.size() - 1)]; }
    Token take() { return m_tokens[m_at + 1 < m_tokens.size() ? m_at++ : m_at]; }

    bool skipOperator(std::string_view spelling)
    {
        const bool is = current().isOperator(spelling);
        m_at += is ? 1 : 0;
        return is;
    }

    bool skipName(std::string_view spelling)
    {
        const bool is = current().isName(spelling);
        m_at += is ? 1 : 0;
        return is;
    }

    void expectOperator(std::string_view spelling)
    {
        if (!skipOperator(spelling))
            fail("expected '" + std::string(spelling) + "'");
    }

    std::string expectName()
    {
        if (current().kind != Token::Kind::Name)
            fail("expected a name");
        return take().text;
    }

    void expectBlockEnd()
    {
        if (current().kind != Token::Kind::BlockEnd)
            fail(current().kind == Token::Kind::Operator || current().kind == Token::Kind::Name ? "unexpected '" + current().text + "'"
                                                                                               : "expected the end of the tag");
        take();
    }

    ExpressionPtr make(Expression::Kind kind, int line) const
    {
        auto expression = std::make_unique<Expression>();
        expression->kind = kind;
        expression->line = line;
        return expression;
    }

    template<typename... Parts>
    ExpressionPtr make(Expression::Kind kind, int line, Parts... parts) const
    {
        ExpressionPtr expression = make(kind, line);
        (expression->parts.push_back(std::move(parts)), ...);
        return settled(std::move(expression));
    }

    /// \p expression with all its parts. A chain (`a + b + …`, `a.b.c…`) is as deep a tree as it is long, and trees are
    /// walked on the stack.
    ExpressionPtr settled(ExpressionPtr expression) const
    {
        const auto below = [&](const ExpressionPtr &part) {
            if (part)
                expression->depth = std::max(expression->depth, part->depth + 1);
        };
        std::ranges::for_each(expression->parts, below);
        std::ranges::for_each(expression->call.positional, below);
        for (const auto &[name, argument] : expression->call.named)
            below(argument);
        if (expression->depth > kDeepestTree)
            throw Failure{ErrorCode::Unsupported, "an expression nested deeper than " + std::to_string(kDeepestTree) + " levels",
                          expression->line};
        return expression;
    }

    // Statements

    /// Up to a tag named in \p ends, which is consumed up to its name; or to the end.
    Body statements(const std::vector<std::string_view> &ends)
    {
        const Level level(*this);
        Body body;
        while (current().kind != Token::Kind::End) {
            if (current().kind == Token::Kind::Text) {
                auto text = std::make_unique<Statement>();
                text->text = current().text;
                text->line = take().line;
                body.push_back(std::move(text));
            } else if (current().kind == Token::Kind::PrintBegin) {
                body.push_back(print());
            } else {
                take();
                if (current().kind == Token::Kind::Name && isEnd(ends, current().text)) {
                    m_stoppedAt = take().text;
                    return body;
                }
                body.push_back(statement());
            }
        }
        m_stoppedAt.clear();
        if (!ends.empty())
            fail("the template ends, and '" + std::string(ends.back()) + "' was expected");
        return body;
    }

    static bool isEnd(const std::vector<std::string_view> &ends, std::string_view name)
    {
        return std::ranges::find(ends, name) != ends.end();
    }

    std::unique_ptr<Statement> start(Statement::Kind kind) const
    {
        auto statement = std::make_unique<Statement>();
        statement->kind = kind;
        statement->line = current().line;
        return statement;
    }

    std::unique_ptr<Statement> print()
    {
        auto statement = start(Statement::Kind::Print);
        take();
        statement->value = tuple();
        if (current().kind != Token::Kind::PrintEnd)
            fail("expected '}}'");
        take();
        return statement;
    }

    std::unique_ptr<Statement> statement()
    {
        if (current().kind != Token::Kind::Name)
            fail("a tag's name is missing");
        const std::string &name = current().text;
        if (name == "if")
            return ifTag();
        if (name == "for")
            return forTag();
        if (name == "set")
            return setTag();
        if (name == "macro")
            return macroTag();
        if (name == "call")
            return callTag();
        if (name == "filter")
            return filterTag();
        if (name == "with")
            return withTag();
        if (name == "generation")
            return generationTag();
        if (name == "break" || name == "continue")
            return loopControl();
        constexpr std::string_view kKnown[] = {"include", "import", "from", "extends", "block", "autoescape", "do", "trans", "print", "debug"};
        fail("unknown tag '" + name + "'", std::ranges::find(kKnown, name) != std::end(kKnown) ? ErrorCode::Unsupported : unknownTag(name));
    }

    /// An end without a beginning is no Jinja; another name may be a tag of someone's extension.
    static ErrorCode unknownTag(const std::string &name)
    {
        return name.starts_with("end") || name == "else" || name == "elif" ? ErrorCode::Corrupt : ErrorCode::Unsupported;
    }

    std::unique_ptr<Statement> ifTag()
    {
        auto statement = start(Statement::Kind::If);
        take();
        const Level level(*this); // a chain of elif is nested in the tree
        statement->value = tuple(false);
        expectBlockEnd();
        statement->body = statements({"elif", "else", "endif"});
        if (m_stoppedAt == "elif") {
            --m_at; // read `elif` as the `if` of what is done otherwise
            statement->otherwise.push_back(ifTag());
            return statement;
        }
        if (m_stoppedAt == "else") {
            expectBlockEnd();
            statement->otherwise = statements({"endif"});
        }
        expectBlockEnd();
        return statement;
    }

    std::unique_ptr<Statement> forTag()
    {
        auto statement = start(Statement::Kind::For);
        take();
        statement->target = target(false);
        if (!skipName("in"))
            fail("expected 'in'");
        statement->value = tuple(false);
        if (skipName("if"))
            statement->condition = expression();
        statement->isRecursive = skipName("recursive");
        expectBlockEnd();
        ++m_loops;
        statement->body = statements({"else", "endfor"});
        --m_loops;
        if (m_stoppedAt == "else") {
            expectBlockEnd();
            statement->otherwise = statements({"endfor"});
        }
        expectBlockEnd();
        return statement;
    }

    std::unique_ptr<Statement> loopControl()
    {
        auto statement = start(current().isName("break") ? Statement::Kind::Break : Statement::Kind::Continue);
        if (m_loops == 0)
            fail("'" + current().text + "' outside a loop");
        take();
        expectBlockEnd();
        return statement;
    }

    Target oneTarget(bool mayBeAttribute)
    {
        Target one;
        if (skipOperator("(")) {
            one = target(mayBeAttribute);
            expectOperator(")");
            return one;
        }
        one.name = expectName();
        constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
        if (std::ranges::find(kConstants, one.name) != std::end(kConstants))
            fail("cannot assign to '" + one.name + "'");
        if (mayBeAttribute && skipOperator("."))
            one.attribute = expectName();
        return one;
    }

    Target target(bool mayBeAttribute)
    {
        const Level level(*this);
        Target first = oneTarget(mayBeAttribute);
        if (!current().isOperator(","))
            return first;
        Target all;
        all.several.push_back(std::move(first));
        while (skipOperator(",")) {
            if (current().kind != Token::Kind::Name && !current().isOperator("("))
                break;
            if (current().isName("in"))
                break;
            all.several.push_back(oneTarget(mayBeAttribute));
        }
        return all;
    }

    std::unique_ptr<Statement> setTag()
    {
        auto statement = start(Statement::Kind::Set);
        take();
        statement->target = target(true);
        if (skipOperator("=")) {
            statement->value = tuple();
            expectBlockEnd();
            return statement;
        }
        statement->kind = Statement::Kind::SetBlock;
        statement->value = filters(blockSubject());
        expectBlockEnd();
        statement->body = isolated("endset");
        expectBlockEnd();
        return statement;
    }

    /// A body that a break or continue cannot leave.
    Body isolated(std::string_view end)
    {
        const int loops = m_loops;
        m_loops = 0;
        Body body = statements({end});
        m_loops = loops;
        return body;
    }

    ExpressionPtr blockSubject() const
    {
        ExpressionPtr subject = make(Expression::Kind::Name, current().line);
        subject->name = kBlockSubject;
        return subject;
    }

    void parameters(MacroSyntax &macro)
    {
        expectOperator("(");
        while (!skipOperator(")")) {
            if (!macro.parameters.empty())
                expectOperator(",");
            macro.parameters.push_back(expectName());
            if (skipOperator("="))
                macro.defaults.push_back(expression());
            else if (!macro.defaults.empty())
                fail("a parameter without a default behind one with");
        }
    }

    std::unique_ptr<Statement> macroTag()
    {
        auto statement = start(Statement::Kind::Macro);
        take();
        statement->macro.name = expectName();
        parameters(statement->macro);
        expectBlockEnd();
        statement->body = isolated("endmacro");
        expectBlockEnd();
        return statement;
    }

    std::unique_ptr<Statement> callTag()
    {
        auto statement = start(Statement::Kind::CallBlock);
        take();
        statement->macro.name = "caller";
        if (current().isOperator("("))
            parameters(statement->macro);
        statement->value = expression();
        if (statement->value->kind != Expression::Kind::Call)
            fail("expected a call");
        expectBlockEnd();
        statement->body = isolated("endcall");
        expectBlockEnd();
        return statement;
    }

    std::unique_ptr<Statement> filterTag()
    {
        auto statement = start(Statement::Kind::FilterBlock);
        take();
        statement->value = filters(filter(blockSubject()));
        expectBlockEnd();
        statement->body = isolated("endfilter");
        expectBlockEnd();
        return statement;
    }

    std::unique_ptr<Statement> withTag()
    {
        auto statement = start(Statement::Kind::With);
        take();
        while (current().kind != Token::Kind::BlockEnd) {
            if (!statement->bindings.empty())
                expectOperator(",");
            Target name = oneTarget(false);
            expectOperator("=");
            statement->bindings.emplace_back(std::move(name), expression());
        }
        expectBlockEnd();
        statement->body = statements({"endwith"});
        expectBlockEnd();
        return statement;
    }

    /// `{% generation %}` marks what the assistant wrote; transformers renders it as a block of its own.
    std::unique_ptr<Statement> generationTag()
    {
        auto statement = start(Statement::Kind::Group);
        take();
        expectBlockEnd();
        statement->body = isolated("endgeneration");
        expectBlockEnd();
        return statement;
    }

    // Expressions, from the loosest binding to the tightest

    bool endsTuple() const
    {
        return current().kind == Token::Kind::PrintEnd || current().kind == Token::Kind::BlockEnd || current().isOperator(")");
    }

    ExpressionPtr tuple(bool withCondition = true)
    {
        const Level level(*this);
        const int line = current().line;
        const auto one = [&] { return withCondition ? expression() : either(); };
        ExpressionPtr first = one();
        if (!current().isOperator(","))
            return first;
        ExpressionPtr all = make(Expression::Kind::Tuple, line, std::move(first));
        while (skipOperator(",") && !endsTuple())
            all->parts.push_back(one());
        return settled(std::move(all));
    }

    ExpressionPtr expression()
    {
        const Level level(*this);
        ExpressionPtr value = either();
        while (current().isName("if")) {
            const int line = take().line;
            ExpressionPtr condition = either();
            value = make(Expression::Kind::Conditional, line, std::move(value), std::move(condition));
            if (skipName("else"))
                value->parts.push_back(expression());
            value = settled(std::move(value));
        }
        return value;
    }

    ExpressionPtr either()
    {
        ExpressionPtr left = both();
        while (current().isName("or")) {
            const int line = take().line;
            left = make(Expression::Kind::Or, line, std::move(left), both());
        }
        return left;
    }

    ExpressionPtr both()
    {
        ExpressionPtr left = negation();
        while (current().isName("and")) {
            const int line = take().line;
            left = make(Expression::Kind::And, line, std::move(left), negation());
        }
        return left;
    }

    ExpressionPtr negation()
    {
        if (!current().isName("not"))
            return comparison();
        const Level level(*this);
        const int line = take().line;
        return make(Expression::Kind::Not, line, negation());
    }

    ExpressionPtr comparison()
    {
        constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
        const int line = current().line;
        ExpressionPtr left = sum();
        ExpressionPtr all;
        while (true) {
            std::string spelling;
            if (current().kind == Token::Kind::Operator && std::ranges::find(kOperators, current().text) != std::end(kOperators))
                spelling = take().text;
            else if (skipName("in"))
                spelling = "in";
            else if (current().isName("not") && ahead().isName("in"))
                spelling = "not in";
            else
                return all ? settled(std::move(all)) : std::move(left);
            if (spelling == "not in")
                m_at += 2;
            if (!all)
                all = make(Expression::Kind::Compare, line, std::move(left));
            all->operators.push_back(std::move(spelling));
            all->parts.push_back(sum());
        }
    }

    ExpressionPtr binary(ExpressionPtr left, Token operation, ExpressionPtr right)
    {
        ExpressionPtr both = make(Expression::Kind::Binary, operation.line, std::move(left), std::move(right));
        both->operators.push_back(std::move(operation.text));
        return both;
    }

    ExpressionPtr sum()
    {
        ExpressionPtr left = concatenation();
        while (current().isOperator("+") || current().isOperator("-")) {
            Token operation = take();
            left = binary(std::move(left), std::move(operation), concatenation());
        }
        return left;
    }

    ExpressionPtr concatenation()
    {
        ExpressionPtr first = product();
        if (!current().isOperator("~"))
            return first;
        ExpressionPtr all = make(Expression::Kind::Concat, current().line, std::move(first));
        while (skipOperator("~"))
            all->parts.push_back(product());
        return settled(std::move(all));
    }

    ExpressionPtr product()
    {
        ExpressionPtr left = power();
        while (current().isOperator("*") || current().isOperator("/") || current().isOperator("//") || current().isOperator("%")) {
            Token operation = take();
            left = binary(std::move(left), std::move(operation), power());
        }
        return left;
    }

    ExpressionPtr power()
    {
        ExpressionPtr left = unary(true);
        while (current().isOperator("**")) {
            Token operation = take();
            left = binary(std::move(left), std::move(operation), unary(true));
        }
        return left;
    }

    ExpressionPtr unary(bool withFilters)
    {
        const Level level(*this);
        ExpressionPtr value;
        if (current().isOperator("-") || current().isOperator("+")) {
            const Token sign = take();
            value = make(sign.text == "-" ? Expression::Kind::Negate : Expression::Kind::Plus, sign.line, unary(false));
        } else {
            value = primary();
        }
        value = postfix(std::move(value));
        return withFilters ? filtersAndTests(std::move(value)) : std::move(value);
    }

    ExpressionPtr constant(Value value, int line)
    {
        ExpressionPtr expression = make(Expression::Kind::Constant, line);
        expression->constant = std::move(value);
        return expression;
    }

    ExpressionPtr primary()
    {
        const Token token = take();
        switch (token.kind) {
        case Token::Kind::Name: return nameOrConstant(token);
        case Token::Kind::String: return strings(token);
        case Token::Kind::Integer: return integer(token);
        case Token::Kind::Float: return floating(token);
        case Token::Kind::Operator: break;
        default: --m_at; fail("expected an expression");
        }
        if (token.text == "(")
            return bracketed(token.line);
        if (token.text == "[")
            return list(token.line);
        if (token.text == "{")
            return dict(token.line);
        --m_at;
        fail("unexpected '" + token.text + "'");
    }

    ExpressionPtr nameOrConstant(const Token &token)
    {
        if (token.text == "true" || token.text == "True")
            return constant(Value(true), token.line);
        if (token.text == "false" || token.text == "False")
            return constant(Value(false), token.line);
        if (token.text == "none" || token.text == "None")
            return constant(Value(None{}), token.line);
        ExpressionPtr name = make(Expression::Kind::Name, token.line);
        name->name = token.text;
        return name;
    }

    ExpressionPtr strings(const Token &first)
    {
        std::string text = first.text;
        while (current().kind == Token::Kind::String)
            text += take().text;
        return constant(Value(std::move(text)), first.line);
    }

    ExpressionPtr integer(const Token &token)
    {
        std::int64_t value = 0;
        const auto [end, failure] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
        if (failure != std::errc())
            throw Failure{ErrorCode::Unsupported, "the number " + token.text + " does not fit 64 bits", token.line};
        return constant(Value(value), token.line);
    }

    ExpressionPtr floating(const Token &token)
    {
        double value = 0;
        const auto [end, failure] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
        if (failure != std::errc())
            throw Failure{ErrorCode::Unsupported, "the number " + token.text + " does not fit a double", token.line};
        return constant(Value(value), token.line);
    }

    ExpressionPtr bracketed(int line)
    {
        if (skipOperator(")"))
            return make(Expression::Kind::Tuple, line);
        ExpressionPtr inside = tuple();
        expectOperator(")");
        return inside;
    }

    ExpressionPtr list(int line)
    {
        ExpressionPtr items = make(Expression::Kind::List, line);
        while (!skipOperator("]")) {
            if (!items->parts.empty()) {
                expectOperator(",");
                if (skipOperator("]"))
                    break;
            }
            items->parts.push_back(expression());
        }
        return settled(std::move(items));
    }

    ExpressionPtr dict(int line)
    {
        ExpressionPtr entries = make(Expression::Kind::Dict, line);
        while (!skipOperator("}")) {
            if (!entries->parts.empty()) {
                expectOperator(",");
                if (skipOperator("}"))
                    break;
            }
            entries->parts.push_back(expression());
            expectOperator(":");
            entries->parts.push_back(expression());
        }
        return settled(std::move(entries));
    }

    ExpressionPtr postfix(ExpressionPtr value)
    {
        while (true) {
            const int line = current().line;
            if (skipOperator("."))
                value = attribute(std::move(value), line);
            else if (skipOperator("["))
                value = item(std::move(value), line);
            else if (current().isOperator("("))
                value = call(std::move(value), line);
            else
                return value;
        }
    }

    ExpressionPtr attribute(ExpressionPtr object, int line)
    {
        if (current().kind == Token::Kind::Integer) {
            ExpressionPtr index = integer(take());
            return make(Expression::Kind::Item, line, std::move(object), std::move(index));
        }
        ExpressionPtr access = make(Expression::Kind::Attribute, line, std::move(object));
        access->name = expectName();
        return access;
    }

    ExpressionPtr item(ExpressionPtr object, int line)
    {
        ExpressionPtr begin;
        if (!current().isOperator(":"))
            begin = tuple();
        if (!current().isOperator(":")) {
            expectOperator("]");
            return make(Expression::Kind::Item, line, std::move(object), std::move(begin));
        }
        take();
        ExpressionPtr end;
        ExpressionPtr step;
        if (!current().isOperator(":") && !current().isOperator("]"))
            end = expression();
        if (skipOperator(":") && !current().isOperator("]"))
            step = expression();
        expectOperator("]");
        return make(Expression::Kind::Slice, line, std::move(object), std::move(begin), std::move(end), std::move(step));
    }

    CallSyntax arguments()
    {
        CallSyntax syntax;
        expectOperator("(");
        bool isFirst = true;
        while (!skipOperator(")")) {
            if (!isFirst) {
                expectOperator(",");
                if (skipOperator(")"))
                    break;
            }
            isFirst = false;
            if (current().isOperator("*") || current().isOperator("**"))
                fail("unpacked arguments are not supported", ErrorCode::Unsupported);
            if (current().kind == Token::Kind::Name && ahead().isOperator("=")) {
                std::string name = take().text;
                take();
                syntax.named.emplace_back(std::move(name), expression());
            } else if (!syntax.named.empty()) {
                fail("a positional argument behind a named one");
            } else {
                syntax.positional.push_back(expression());
            }
        }
        return syntax;
    }

    ExpressionPtr call(ExpressionPtr function, int line)
    {
        ExpressionPtr made = make(Expression::Kind::Call, line, std::move(function));
        made->call = arguments();
        return settled(std::move(made));
    }

    ExpressionPtr filters(ExpressionPtr value)
    {
        while (skipOperator("|"))
            value = filter(std::move(value));
        return value;
    }

    ExpressionPtr filtersAndTests(ExpressionPtr value)
    {
        while (true) {
            const int line = current().line;
            if (skipOperator("|"))
                value = filter(std::move(value));
            else if (skipName("is"))
                value = test(std::move(value));
            else if (current().isOperator("("))
                value = call(std::move(value), line);
            else
                return value;
        }
    }

    ExpressionPtr filter(ExpressionPtr value)
    {
        const int line = current().line;
        ExpressionPtr applied = make(Expression::Kind::Filter, line, std::move(value));
        applied->name = expectName();
        if (!findFilter(applied->name))
            throw Failure{ErrorCode::Unsupported, "the filter '" + applied->name + "' is not supported", line};
        if (current().isOperator("("))
            applied->call = arguments();
        return settled(std::move(applied));
    }

    ExpressionPtr test(ExpressionPtr value)
    {
        const bool isNegated = skipName("not");
        const int line = current().line;
        ExpressionPtr asked = make(Expression::Kind::Test, line, std::move(value));
        asked->name = expectName();
        if (!findTest(asked->name))
            throw Failure{ErrorCode::Unsupported, "the test '" + asked->name + "' is not supported", line};
        if (current().isOperator("("))
            asked->call = arguments();
        else if (takesBareArgument())
            asked->call.positional.push_back(postfix(primary()));
        asked = settled(std::move(asked));
        return isNegated ? make(Expression::Kind::Not, line, std::move(asked)) : std::move(asked);
    }

    bool takesBareArgument()
    {
        const Token &token = current();
        if (token.isName("is"))
            fail("tests cannot be chained");
        if (token.kind == Token::Kind::Name)
            return !token.isName("else") && !token.isName("or") && !token.isName("and");
        return token.kind == Token::Kind::String || token.kind == Token::Kind::Integer || token.kind == Token::Kind::Float
            || token.isOperator("[") || token.isOperator("{");
    }

    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
    std::string m_stoppedAt; ///< the name of the tag that ended the last body
    int m_depth = 0;
    int m_loops = 0; ///< around the current place
};

} // namespace

Body parse(std::string_view source)
{
    return Parser(lex(source)).run();
}

} // namespace lethe::jinja
