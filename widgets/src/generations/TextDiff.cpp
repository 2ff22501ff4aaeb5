#include "TextDiff.h"

#include <widgets/Theme.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextBoundaryFinder>

#include <algorithm>
#include <span>

namespace lethe {
namespace {

struct DiffWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::TextDiff)
};

using Units = std::span<const QStringView>;

/// Lengths of the common subsequence of \p a with every prefix of \p b (of the reversed texts: with every suffix).
std::vector<int> lengths(Units a, Units b, bool reversed)
{
    std::vector<int> row(b.size() + 1, 0), above(b.size() + 1, 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::swap(row, above);
        row[0] = 0;
        const QStringView left = reversed ? a[a.size() - 1 - i] : a[i];
        for (std::size_t j = 0; j < b.size(); ++j) {
            const QStringView right = reversed ? b[b.size() - 1 - j] : b[j];
            row[j + 1] = left == right ? above[j] + 1 : std::max(above[j + 1], row[j]);
        }
    }
    return row;
}

/// Hirschberg's way: marks the units of both texts that are common, in memory that grows with the length alone.
void markCommon(Units a, Units b, std::size_t offsetA, std::size_t offsetB, std::vector<char> &commonA, std::vector<char> &commonB)
{
    std::size_t head = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head]) {
        commonA[offsetA + head] = commonB[offsetB + head] = 1;
        ++head;
    }
    a = a.subspan(head);
    b = b.subspan(head);
    offsetA += head;
    offsetB += head;
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        commonA[offsetA + a.size() - 1] = commonB[offsetB + b.size() - 1] = 1;
        a = a.first(a.size() - 1);
        b = b.first(b.size() - 1);
    }
    if (a.empty() || b.empty())
        return;
    if (a.size() == 1) {
        const auto found = std::ranges::find(b, a[0]);
        if (found != b.end())
            commonA[offsetA] = commonB[offsetB + static_cast<std::size_t>(found - b.begin())] = 1;
        return;
    }
    const std::size_t middle = a.size() / 2;
    const std::vector<int> upper = lengths(a.first(middle), b, false);
    const std::vector<int> lower = lengths(a.subspan(middle), b, true);
    std::size_t cut = 0;
    int best = -1;
    for (std::size_t j = 0; j <= b.size(); ++j) {
        if (upper[j] + lower[b.size() - j] > best) {
            best = upper[j] + lower[b.size() - j];
            cut = j;
        }
    }
    markCommon(a.first(middle), b.first(cut), offsetA, offsetB, commonA, commonB);
    markCommon(a.subspan(middle), b.subspan(cut), offsetA + middle, offsetB + cut, commonA, commonB);
}

QString escapedForDiff(const QString &text)
{
    return text.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>"));
}

} // namespace

QStringList TextDiff::split(const QString &text, Unit unit)
{
    QStringList units;
    if (unit == Unit::Character) {
        QTextBoundaryFinder finder(QTextBoundaryFinder::Grapheme, text);
        qsizetype from = 0;
        for (qsizetype to = finder.toNextBoundary(); to != -1; to = finder.toNextBoundary()) {
            units.append(text.mid(from, to - from));
            from = to;
        }
        return units;
    }
    qsizetype from = 0;
    while (from < text.size()) {
        qsizetype to = from;
        while (to < text.size() && !text[to].isSpace())
            ++to;
        while (to < text.size() && text[to].isSpace())
            ++to;
        units.append(text.mid(from, to - from));
        from = to;
    }
    return units;
}

TextDiff::TextDiff(const QString &before, const QString &after, Unit unit)
    : m_unit(unit)
{
    const QStringList unitsBefore = split(before, unit);
    const QStringList unitsAfter = split(after, unit);
    // words are compared without the white space around them: a line break in place of a space changes no word
    const auto bare = [unit](const QStringList &units) {
        std::vector<QStringView> views;
        views.reserve(static_cast<std::size_t>(units.size()));
        for (const QString &each : units)
            views.push_back(unit == Unit::Word ? QStringView(each).trimmed() : QStringView(each));
        return views;
    };
    const std::vector<QStringView> bareBefore = bare(unitsBefore), bareAfter = bare(unitsAfter);
    std::vector<char> commonBefore(bareBefore.size(), 0), commonAfter(bareAfter.size(), 0);
    markCommon(bareBefore, bareAfter, 0, 0, commonBefore, commonAfter);

    const auto push = [this](Kind kind, const QString &text) {
        if (!m_pieces.empty() && m_pieces.back().kind == kind)
            m_pieces.back().text += text;
        else
            m_pieces.push_back({kind, text});
    };
    const auto counts = [](QStringView text) { return !text.trimmed().isEmpty(); };
    std::size_t i = 0, j = 0;
    while (i < bareBefore.size() || j < bareAfter.size()) {
        for (; i < bareBefore.size() && !commonBefore[i]; ++i) {
            push(Kind::Removed, unitsBefore[static_cast<qsizetype>(i)]);
            m_removed += counts(bareBefore[i]);
        }
        for (; j < bareAfter.size() && !commonAfter[j]; ++j) {
            push(Kind::Added, unitsAfter[static_cast<qsizetype>(j)]);
            m_added += counts(bareAfter[j]);
        }
        if (i < bareBefore.size() && j < bareAfter.size()) {
            push(Kind::Equal, unitsAfter[static_cast<qsizetype>(j)]);
            m_common += counts(bareAfter[j]);
            ++i;
            ++j;
        }
    }
}

double TextDiff::changedShare() const
{
    const int all = 2 * m_common + m_removed + m_added;
    return all == 0 ? 0 : static_cast<double>(m_removed + m_added) / all;
}

QString TextDiff::sentence() const
{
    if (isEqual())
        return DiffWords::tr("no difference");
    const bool words = m_unit == Unit::Word;
    QString removedText, addedText;
    if (m_removed > 0) {
        removedText = words ? (m_removed == 1 ? DiffWords::tr("1 word removed") : DiffWords::tr("%L1 words removed").arg(m_removed))
                            : (m_removed == 1 ? DiffWords::tr("1 character removed") : DiffWords::tr("%L1 characters removed").arg(m_removed));
        if (m_added > 0)
            addedText = DiffWords::tr("%L1 added").arg(m_added);
    } else {
        addedText = words ? (m_added == 1 ? DiffWords::tr("1 word added") : DiffWords::tr("%L1 words added").arg(m_added))
                          : (m_added == 1 ? DiffWords::tr("1 character added") : DiffWords::tr("%L1 characters added").arg(m_added));
    }
    if (removedText.isEmpty() || addedText.isEmpty())
        return removedText + addedText;
    return DiffWords::tr("%1, %2").arg(removedText, addedText);
}

QString TextDiff::html(bool withRemoved) const
{
    QString text;
    for (const Piece &piece : m_pieces) {
        if (piece.kind == Kind::Equal) {
            text += escapedForDiff(piece.text);
            continue;
        }
        if (piece.kind == Kind::Removed && !withRemoved)
            continue;
        // the white space behind the last word stays unmarked: it belongs to both
        qsizetype end = piece.text.size();
        while (end > 0 && piece.text[end - 1].isSpace())
            --end;
        const bool removed = piece.kind == Kind::Removed;
        text += QStringLiteral("<span style=\"background-color:%1;text-decoration:%2;\">%3</span>%4")
                    .arg((removed ? Theme::removedTint() : Theme::addedTint()).name(),
                         removed ? QStringLiteral("line-through") : QStringLiteral("underline"),
                         escapedForDiff(piece.text.left(end)), escapedForDiff(piece.text.mid(end)));
        if (removed && m_unit == Unit::Word && end == piece.text.size() && &piece != &m_pieces.back())
            text += QLatin1Char(' '); // the last word of a text has none behind it
    }
    return text;
}

QString TextDiff::markdown() const
{
    QString text;
    for (const Piece &piece : m_pieces) {
        const QString bare = piece.text.trimmed();
        if (piece.kind == Kind::Equal || bare.isEmpty()) {
            text += piece.text;
            continue;
        }
        const QString mark = piece.kind == Kind::Removed ? QStringLiteral("~~") : QStringLiteral("++");
        text += mark + bare + mark + piece.text.mid(piece.text.lastIndexOf(bare) + bare.size());
    }
    return text;
}

} // namespace lethe
