#include "FormulaText.h"

#include <QtCore/QHash>
#include <QtCore/QSet>

namespace lethe {

namespace {

const QHash<QString, QString> &symbols()
{
    static const QHash<QString, QString> all{
        {QStringLiteral("alpha"), QStringLiteral("α")}, {QStringLiteral("beta"), QStringLiteral("β")}, {QStringLiteral("gamma"), QStringLiteral("γ")},
        {QStringLiteral("delta"), QStringLiteral("δ")}, {QStringLiteral("epsilon"), QStringLiteral("ε")}, {QStringLiteral("eps"), QStringLiteral("ε")},
        {QStringLiteral("eta"), QStringLiteral("η")}, {QStringLiteral("theta"), QStringLiteral("θ")}, {QStringLiteral("lambda"), QStringLiteral("λ")},
        {QStringLiteral("mu"), QStringLiteral("μ")}, {QStringLiteral("pi"), QStringLiteral("π")}, {QStringLiteral("sigma"), QStringLiteral("σ")},
        {QStringLiteral("sigmoid"), QStringLiteral("σ")}, {QStringLiteral("tau"), QStringLiteral("τ")}, {QStringLiteral("phi"), QStringLiteral("φ")},
        {QStringLiteral("omega"), QStringLiteral("ω")}, {QStringLiteral("sum"), QStringLiteral("∑")}, {QStringLiteral("sqrt"), QStringLiteral("√")},
        {QStringLiteral("inf"), QStringLiteral("∞")}, {QStringLiteral("nabla"), QStringLiteral("∇")}, {QStringLiteral("grad"), QStringLiteral("∇")}};
    return all;
}

bool isFunction(const QString &word)
{
    static const QSet<QString> all{QStringLiteral("log"),     QStringLiteral("exp"), QStringLiteral("max"),     QStringLiteral("min"),  QStringLiteral("mean"),
                                   QStringLiteral("softmax"), QStringLiteral("tanh"), QStringLiteral("clip"),   QStringLiteral("KL"),   QStringLiteral("CE"),
                                   QStringLiteral("NLL"),     QStringLiteral("detach"), QStringLiteral("for"),  QStringLiteral("with"), QStringLiteral("where"),
                                   QStringLiteral("if"),      QStringLiteral("and"), QStringLiteral("over"),    QStringLiteral("of"),   QStringLiteral("else")};
    return all.contains(word);
}

QString word(const QString &text)
{
    if (const auto symbol = symbols().constFind(text); symbol != symbols().constEnd())
        return *symbol;
    if (isFunction(text) || text.size() > 3 || (!text.isEmpty() && text.front().isDigit()))
        return text.toHtmlEscaped(); // a word is no variable
    return QStringLiteral("<i>%1</i>").arg(text.toHtmlEscaped());
}

/// What hangs on a letter: one word, a number, or what is in brackets.
QString script(const QString &formula, qsizetype &at)
{
    if (at < formula.size() && (formula[at] == u'{' || formula[at] == u'(')) {
        const QChar close = formula[at] == u'{' ? u'}' : u')';
        const qsizetype end = formula.indexOf(close, at);
        if (end > 0) {
            const QString inner = formula.mid(at + 1, end - at - 1);
            at = end + 1;
            return formulaHtml(inner);
        }
    }
    const qsizetype from = at;
    while (at < formula.size() && (formula[at].isLetterOrNumber() || formula[at] == u'*' || formula[at] == u'+'))
        ++at;
    const QString text = formula.mid(from, at - from);
    QString letters = text;
    while (!letters.isEmpty() && letters.back().isDigit())
        letters.chop(1);
    if (symbols().contains(letters))
        return word(letters) + text.mid(letters.size());
    return text.size() <= 3 ? word(text) : text.toHtmlEscaped();
}

} // namespace

QString formulaHtml(const QString &formula)
{
    QString html;
    qsizetype at = 0;
    bool takesScripts = false; // a spelled-out name keeps its underscore
    while (at < formula.size()) {
        const QChar c = formula[at];
        if (c.isLetter()) {
            const qsizetype from = at;
            while (at < formula.size() && formula[at].isLetter())
                ++at;
            const QString name = formula.mid(from, at - from);
            html += word(name);
            takesScripts = name.size() <= 3 || isFunction(name) || symbols().contains(name);
        } else if (formula.mid(at, 2) == QLatin1String("<-")) {
            html += QStringLiteral("←");
            at += 2;
        } else if ((c == u'_' || c == u'^') && takesScripts && at + 1 < formula.size()) {
            ++at;
            const QString text = script(formula, at);
            html += (c == u'_' ? QStringLiteral("<sub>%1</sub>") : QStringLiteral("<sup>%1</sup>")).arg(text);
        } else {
            takesScripts = c == u')' || c == u']' || c == u'|' || c == u'}' || c.isDigit();
            html += c == u'-' ? QStringLiteral("−") : c == u'*' ? QStringLiteral("·") : QString(c).toHtmlEscaped();
            ++at;
        }
    }
    return html;
}

} // namespace lethe
