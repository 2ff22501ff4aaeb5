#pragma once

#include "Sample.h"

#include <QtCore/QObject>
#include <QtGui/QUndoStack>

#include <array>
#include <vector>

namespace lethe {

class SampleAnalysis;
class SampleTableModel;
class TaskList;

/// `1 row`, `12 rows`.
QString rowsText(std::int64_t rows);

/// Both sets with every edit that can be made of them. Each edit is one named step of the undo stack.
class SampleSets final : public QObject
{
    Q_OBJECT

public:
    explicit SampleSets(TaskList &tasks, QObject *parent = nullptr);

    SampleTableModel &model(SetSide side) { return *m_models[static_cast<std::size_t>(side)]; }
    const SampleList &rows(SetSide side) const;
    SampleAnalysis &analysis() { return *m_analysis; }
    QUndoStack &undoStack() { return m_undo; }

    /// Another pair of sets; what could be undone is gone.
    void load(const SampleList &forget, const SampleList &retain);

    // Edits; rows are indices into `rows(side)`, in any order.
    void move(SetSide from, const std::vector<int> &rows, int at = -1);
    void moveWithin(SetSide side, const std::vector<int> &rows, int at);
    void copy(SetSide from, const std::vector<int> &rows, int at = -1);
    void duplicate(SetSide side, const std::vector<int> &rows);
    void remove(SetSide side, const std::vector<int> &rows);
    void change(SetSide side, int row, const DataRow &content);
    /// \p what names the step: `paste of 3 rows`, `import of 997 rows`.
    void insert(SetSide side, int at, SampleList added, const QString &what);
    /// Replaces both sets in one step.
    void replaceAll(const SampleList &forget, const SampleList &retain, const QString &what);
    void shuffle(SetSide side, quint64 seed);
    /// Keeps \p count rows drawn with \p seed, in their order.
    void sample(SetSide side, std::int64_t count, quint64 seed);

    /// \p what names the step: `worst 20 rows`.
    void keepOnly(SetSide side, std::vector<std::int64_t> rows, const QString &what);

    // Fixes of flags; each leaves the flag at 0.
    std::vector<int> flaggedRows(SetSide side, SampleFlag flag) const;
    /// \p flag: one that rows of both sets have for each other's sake.
    void removeFromRetain(SampleFlag flag);
    void keepFirst();
    void removeFlagged(SampleFlag flag);
    /// White space at the ends of flagged prompts goes; false where none has any (the template makes the border).
    bool trimPrompts();

Q_SIGNALS:
    void changed();

private:
    friend class RowsEdit;
    SetSide other(SetSide side) const { return side == SetSide::Forget ? SetSide::Retain : SetSide::Forget; }
    static QString nameOf(SetSide side);
    void push(const QString &text, std::array<SampleList, 2> after);
    std::array<SampleList, 2> both() const;
    void announce();

    SampleAnalysis *m_analysis;
    std::array<SampleTableModel *, 2> m_models;
    QUndoStack m_undo;
};

} // namespace lethe
