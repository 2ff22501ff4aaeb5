#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <vector>

namespace lethe {

/// What turned one text into another: pieces in reading order, by the longest common subsequence of their words (or of their
/// characters as a reader sees them).
class TextDiff
{
public:
    enum class Unit { Word, Character };
    enum class Kind { Equal, Removed, Added };
    struct Piece {
        Kind kind;
        QString text;
        bool operator==(const Piece &) const = default;
    };

    TextDiff() = default;
    TextDiff(const QString &before, const QString &after, Unit unit);

    const std::vector<Piece> &pieces() const { return m_pieces; }
    /// Words or characters; white space is not counted.
    int removed() const { return m_removed; }
    int added() const { return m_added; }
    bool isEqual() const { return m_removed == 0 && m_added == 0; }
    /// Share of the two texts' units that are not common: 0 for equal texts, 1 where nothing is left.
    double changedShare() const;
    /// *3 words removed, 4 added* – for those who do not see the marks.
    QString sentence() const;
    /// The pieces as rich text: removed struck through on an orange tint, added underlined on a blue one. \p withRemoved false
    /// leaves the removed ones out.
    QString html(bool withRemoved = true) const;
    /// `~~removed~~` and `++added++`, for plain text.
    QString markdown() const;

    /// Words with the white space that follows them; characters as grapheme clusters.
    static QStringList split(const QString &text, Unit unit);

private:
    Unit m_unit = Unit::Word;
    std::vector<Piece> m_pieces;
    int m_removed = 0;
    int m_added = 0;
    int m_common = 0;
};

} // namespace lethe
