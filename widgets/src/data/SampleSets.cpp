#include "SampleSets.h"

#include "SampleAnalysis.h"
#include "SampleTableModel.h"

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <random>

namespace lethe {

QString rowsText(std::int64_t rows)
{
    return rows == 1 ? QCoreApplication::translate("Sample", "1 row") : QCoreApplication::translate("Sample", "%1 rows").arg(format::count(rows));
}

namespace {

/// What differs between two states of one set: a stretch taken out and one put in.
struct Stretch {
    std::size_t first = 0;
    SampleList removed, inserted;
};

Stretch difference(const SampleList &before, const SampleList &after)
{
    const std::size_t shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head])
        ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    const auto at = [](const SampleList &list, std::size_t index) { return list.begin() + static_cast<std::ptrdiff_t>(index); };
    return {head, SampleList(at(before, head), at(before, before.size() - tail)), SampleList(at(after, head), at(after, after.size() - tail))};
}

std::vector<int> sortedUnique(std::vector<int> rows)
{
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

/// \p rows (sorted) taken out of \p list.
SampleList take(SampleList &list, const std::vector<int> &rows)
{
    SampleList taken, left;
    left.reserve(list.size());
    std::size_t next = 0;
    for (std::size_t row = 0; row < list.size(); ++row) {
        const bool isTaken = next < rows.size() && rows[next] == static_cast<int>(row);
        (isTaken ? taken : left).push_back(list[row]);
        next += isTaken;
    }
    list = std::move(left);
    return taken;
}

void insertAt(SampleList &list, int at, const SampleList &added)
{
    const auto place = at < 0 || at > static_cast<int>(list.size()) ? list.end() : list.begin() + at;
    list.insert(place, added.begin(), added.end());
}

/// Copies are rows of their own: another key, so that flags and counts are theirs.
SampleList copies(const SampleList &samples)
{
    SampleList made;
    for (const SamplePointer &sample : samples)
        made.push_back(makeSample(sample->row));
    return made;
}

} // namespace

/// One step of the undo stack: it holds what differs alone, and shares every row with the tables.
class RowsEdit final : public QUndoCommand
{
public:
    RowsEdit(SampleSets &sets, const QString &text, std::array<Stretch, 2> stretches)
        : QUndoCommand(text), m_sets(sets), m_stretches(std::move(stretches))
    {}

    void redo() override
    {
        for (const SetSide side : {SetSide::Forget, SetSide::Retain}) {
            const Stretch &stretch = m_stretches[static_cast<std::size_t>(side)];
            m_sets.model(side).replace(stretch.first, stretch.removed.size(), stretch.inserted);
        }
        m_sets.announce();
    }

    void undo() override
    {
        for (const SetSide side : {SetSide::Forget, SetSide::Retain}) {
            const Stretch &stretch = m_stretches[static_cast<std::size_t>(side)];
            m_sets.model(side).replace(stretch.first, stretch.inserted.size(), stretch.removed);
        }
        m_sets.announce();
    }

private:
    SampleSets &m_sets;
    std::array<Stretch, 2> m_stretches;
};

SampleSets::SampleSets(TaskList &tasks, QObject *parent)
    : QObject(parent),
      m_analysis(new SampleAnalysis(tasks, this)),
      m_models{new SampleTableModel(SetSide::Forget, m_analysis, this), new SampleTableModel(SetSide::Retain, m_analysis, this)}
{
    for (SampleTableModel *table : m_models) {
        connect(m_analysis, &SampleAnalysis::factsChanged, table, &SampleTableModel::refreshFacts);
        connect(table, &SampleTableModel::edited, this,
                [this, table](int row, const DataRow &content) { change(table->side(), row, content); });
    }
}

const SampleList &SampleSets::rows(SetSide side) const
{
    return m_models[static_cast<std::size_t>(side)]->rows();
}

std::array<SampleList, 2> SampleSets::both() const
{
    return {rows(SetSide::Forget), rows(SetSide::Retain)};
}

QString SampleSets::nameOf(SetSide side)
{
    return side == SetSide::Forget ? tr("forget") : tr("retain");
}

void SampleSets::announce()
{
    m_analysis->setRows(rows(SetSide::Forget), rows(SetSide::Retain));
    Q_EMIT changed();
}

void SampleSets::load(const SampleList &forget, const SampleList &retain)
{
    m_undo.clear();
    model(SetSide::Forget).replace(0, rows(SetSide::Forget).size(), forget);
    model(SetSide::Retain).replace(0, rows(SetSide::Retain).size(), retain);
    m_analysis->setRows(forget, retain);
}

void SampleSets::push(const QString &text, std::array<SampleList, 2> after)
{
    std::array<Stretch, 2> stretches{difference(rows(SetSide::Forget), after[0]), difference(rows(SetSide::Retain), after[1])};
    if (std::all_of(stretches.begin(), stretches.end(), [](const Stretch &s) { return s.removed.empty() && s.inserted.empty(); }))
        return;
    m_undo.push(new RowsEdit(*this, text, std::move(stretches)));
}

void SampleSets::move(SetSide from, const std::vector<int> &rows, int at)
{
    auto after = both();
    const SampleList taken = take(after[static_cast<std::size_t>(from)], sortedUnique(rows));
    insertAt(after[static_cast<std::size_t>(other(from))], at, taken);
    push(tr("move of %1 to %2").arg(rowsText(static_cast<std::int64_t>(taken.size())), nameOf(other(from))), std::move(after));
}

void SampleSets::moveWithin(SetSide side, const std::vector<int> &rows, int at)
{
    const std::vector<int> sorted = sortedUnique(rows);
    auto after = both();
    SampleList &list = after[static_cast<std::size_t>(side)];
    const auto before = std::count_if(sorted.begin(), sorted.end(), [at](int row) { return row < at; });
    const SampleList taken = take(list, sorted);
    insertAt(list, at - static_cast<int>(before), taken);
    push(tr("reordering of %1").arg(rowsText(static_cast<std::int64_t>(taken.size()))), std::move(after));
}

void SampleSets::copy(SetSide from, const std::vector<int> &rows, int at)
{
    auto after = both();
    SampleList source = after[static_cast<std::size_t>(from)];
    const SampleList made = copies(take(source, sortedUnique(rows)));
    insertAt(after[static_cast<std::size_t>(other(from))], at, made);
    push(tr("copy of %1 to %2").arg(rowsText(static_cast<std::int64_t>(made.size())), nameOf(other(from))), std::move(after));
}

void SampleSets::duplicate(SetSide side, const std::vector<int> &rows)
{
    const std::vector<int> sorted = sortedUnique(rows);
    if (sorted.empty())
        return;
    auto after = both();
    SampleList &list = after[static_cast<std::size_t>(side)];
    SampleList source = list;
    insertAt(list, sorted.back() + 1, copies(take(source, sorted)));
    push(tr("duplication of %1").arg(rowsText(static_cast<std::int64_t>(sorted.size()))), std::move(after));
}

void SampleSets::remove(SetSide side, const std::vector<int> &rows)
{
    auto after = both();
    const auto taken = take(after[static_cast<std::size_t>(side)], sortedUnique(rows));
    push(tr("deletion of %1 from %2").arg(rowsText(static_cast<std::int64_t>(taken.size())), nameOf(side)), std::move(after));
}

void SampleSets::change(SetSide side, int row, const DataRow &content)
{
    auto after = both();
    SamplePointer &place = after[static_cast<std::size_t>(side)][static_cast<std::size_t>(row)];
    if (place->row == content)
        return;
    place = makeSample(content);
    push(tr("edit of %1 row %2").arg(nameOf(side)).arg(row + 1), std::move(after));
}

void SampleSets::insert(SetSide side, int at, SampleList added, const QString &what)
{
    auto after = both();
    insertAt(after[static_cast<std::size_t>(side)], at, added);
    push(what, std::move(after));
}

void SampleSets::replaceAll(const SampleList &forget, const SampleList &retain, const QString &what)
{
    push(what, {forget, retain});
}

void SampleSets::shuffle(SetSide side, quint64 seed)
{
    auto after = both();
    std::mt19937_64 random(seed);
    std::ranges::shuffle(after[static_cast<std::size_t>(side)], random);
    push(tr("shuffle of %1").arg(nameOf(side)), std::move(after));
}

void SampleSets::sample(SetSide side, std::int64_t count, quint64 seed)
{
    auto after = both();
    SampleList &list = after[static_cast<std::size_t>(side)];
    SampleList drawn;
    std::mt19937_64 random(seed);
    std::ranges::sample(list, std::back_inserter(drawn), count, random);
    list = std::move(drawn);
    push(tr("sample of %1 from %2").arg(rowsText(count), nameOf(side)), std::move(after));
}

void SampleSets::keepOnly(SetSide side, std::vector<std::int64_t> rows, const QString &what)
{
    std::ranges::sort(rows);
    auto after = both();
    SampleList &list = after[static_cast<std::size_t>(side)], kept;
    for (const std::int64_t row : rows)
        kept.push_back(list[static_cast<std::size_t>(row)]);
    list = std::move(kept);
    push(tr("%1 of %2").arg(what, nameOf(side)), std::move(after));
}

std::vector<int> SampleSets::flaggedRows(SetSide side, SampleFlag flag) const
{
    std::vector<int> found;
    const SampleList &list = rows(side);
    for (std::size_t row = 0; row < list.size(); ++row)
        if (has(m_analysis->flags(list[row]->key), flag))
            found.push_back(static_cast<int>(row));
    return found;
}

void SampleSets::removeFromRetain(SampleFlag flag)
{
    auto after = both();
    const auto taken = take(after[1], flaggedRows(SetSide::Retain, flag));
    const QString rows = rowsText(static_cast<std::int64_t>(taken.size()));
    push(flag == SampleFlag::Both ? tr("removal of %1 in both sets from retain").arg(rows) : tr("removal of %1 (%2) from retain").arg(rows, flagWord(flag)), std::move(after));
}

void SampleSets::keepFirst()
{
    auto after = both();
    const auto forget = take(after[0], flaggedRows(SetSide::Forget, SampleFlag::Duplicate));
    const auto retain = take(after[1], flaggedRows(SetSide::Retain, SampleFlag::Duplicate));
    push(tr("removal of %1 that stood twice").arg(rowsText(static_cast<std::int64_t>(forget.size() + retain.size()))), std::move(after));
}

void SampleSets::removeFlagged(SampleFlag flag)
{
    auto after = both();
    const auto forget = take(after[0], flaggedRows(SetSide::Forget, flag));
    const auto retain = take(after[1], flaggedRows(SetSide::Retain, flag));
    push(tr("removal of %1 (%2)").arg(rowsText(static_cast<std::int64_t>(forget.size() + retain.size())), flagWord(flag)), std::move(after));
}

bool SampleSets::trimPrompts()
{
    auto after = both();
    std::int64_t trimmed = 0;
    for (const SetSide side : {SetSide::Forget, SetSide::Retain}) {
        for (const int row : flaggedRows(side, SampleFlag::Boundary)) {
            SamplePointer &place = after[static_cast<std::size_t>(side)][static_cast<std::size_t>(row)];
            DataRow changed = place->row;
            const std::size_t end = changed.prompt.find_last_not_of(" \t\r\n");
            changed.prompt.resize(end == std::string::npos ? 0 : end + 1);
            if (changed == place->row)
                continue;
            place = makeSample(std::move(changed));
            ++trimmed;
        }
    }
    push(tr("trimming of %1").arg(rowsText(trimmed)), std::move(after));
    return trimmed > 0;
}

} // namespace lethe
