#include "Interpreter.h"
#include "Library.h"


#include <QtCore/QList>
#include <QtCore/QString>

#include <algorithm>

namespace lethe::jinja {

namespace {

const Value &other(Interpreter &interpreter, const Arguments &passed)
{
    if (passed.positional.size() != 1)
        interpreter.fail("the test takes one argument");
    return passed.positional[0];
}

std::int64_t wholeSubject(Interpreter &interpreter, const Value &subject)
{
    if (!subject.isWhole())
        interpreter.fail("the test takes an integer");
    return subject.whole();
}

bool ordered(Interpreter &interpreter, const Value &left, const Value &right)
{
    interpreter.charge(std::min(left.weight(), right.weight()));
    return isLess(left, right);
}

bool isCased(const Value &subject, bool upper)
{
    const QString text = QString::fromStdString(subject.text());
    bool hasLetter = false;
    for (const char32_t c : text.toUcs4()) {
        if ((upper && QChar::isLower(c)) || (!upper && QChar::isUpper(c)))
            return false;
        hasLetter = hasLetter || QChar::isUpper(c) || QChar::isLower(c);
    }
    return hasLetter;
}

bool isDivisible(Interpreter &interpreter, const Value &subject, const Arguments &passed)
{
    const std::int64_t divisor = wholeSubject(interpreter, other(interpreter, passed));
    if (divisor == 0)
        interpreter.fail("division by zero");
    return divisor == -1 || wholeSubject(interpreter, subject) % divisor == 0;
}

bool isSame(const Value &left, const Value &right)
{
    return left.kind() == right.kind() && equals(left, right);
}

struct NamedTest {
    std::string_view name;
    TestFunction function;
};

constexpr NamedTest kTests[] = {
    {"defined", [](Interpreter &, const Value &subject, const Arguments &) { return !subject.isUndefined(); }},
    {"undefined", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isUndefined(); }},
    {"none", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isNone(); }},
    {"boolean", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isBool(); }},
    {"true", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isBool() && subject.boolean(); }},
    {"false", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isBool() && !subject.boolean(); }},
    {"integer", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isInteger(); }},
    {"float", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isFloat(); }},
    {"number", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isNumber(); }},
    {"string", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isString(); }},
    {"mapping", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isDict(); }},
    {"iterable",
     [](Interpreter &, const Value &subject, const Arguments &) {
         return subject.isString() || subject.isList() || subject.isDict() || subject.isUndefined() || subject.asLoop();
     }},
    {"sequence",
     [](Interpreter &, const Value &subject, const Arguments &) {
         return subject.isString() || subject.isList() || subject.isDict() || subject.isUndefined();
     }},
    {"callable", [](Interpreter &, const Value &subject, const Arguments &) { return subject.asCallable() != nullptr; }},
    {"odd", [](Interpreter &interpreter, const Value &subject, const Arguments &) { return wholeSubject(interpreter, subject) % 2 != 0; }},
    {"even", [](Interpreter &interpreter, const Value &subject, const Arguments &) { return wholeSubject(interpreter, subject) % 2 == 0; }},
    {"divisibleby", isDivisible},
    {"lower", [](Interpreter &, const Value &subject, const Arguments &) { return isCased(subject, false); }},
    {"upper", [](Interpreter &, const Value &subject, const Arguments &) { return isCased(subject, true); }},
    {"sameas", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return isSame(subject, other(interpreter, passed)); }},
    {"in", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return contains(interpreter, other(interpreter, passed), subject); }},
    {"equalto", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return interpreter.areEqual(subject, other(interpreter, passed)); }},
    {"ne", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return !interpreter.areEqual(subject, other(interpreter, passed)); }},
    {"lessthan", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return ordered(interpreter, subject, other(interpreter, passed)); }},
    {"greaterthan", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return ordered(interpreter, other(interpreter, passed), subject); }},
    {"le", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return !ordered(interpreter, other(interpreter, passed), subject); }},
    {"ge", [](Interpreter &interpreter, const Value &subject, const Arguments &passed) { return !ordered(interpreter, subject, other(interpreter, passed)); }},
    {"filter", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isString() && findFilter(subject.string()); }},
    {"test", [](Interpreter &, const Value &subject, const Arguments &) { return subject.isString() && findTest(subject.string()); }},
};

constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {{"eq", "equalto"}, {"==", "equalto"}, {"!=", "ne"}, {"lt", "lessthan"},
                                                                         {"<", "lessthan"}, {"gt", "greaterthan"}, {">", "greaterthan"},
                                                                         {"<=", "le"}, {">=", "ge"}};

} // namespace

TestFunction findTest(std::string_view name)
{
    for (const auto &[spelling, meant] : kOtherNames)
        name = name == spelling ? meant : name;
    const auto found = std::ranges::find(kTests, name, &NamedTest::name);
    return found == std::end(kTests) ? nullptr : found->function;
}

} // namespace lethe::jinja
