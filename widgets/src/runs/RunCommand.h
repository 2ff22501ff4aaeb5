#pragma once

#include "RunTableModel.h"

#include <QtGui/QUndoCommand>

#include <functional>

namespace lethe {

/// Edits of runs as one step of the undo stack. The store is asked first: what it refuses is neither shown nor kept as a step.
class RunCommand final : public QUndoCommand
{
public:
    /// \p made is told of each edit that the store took over; \p refused why one was not.
    RunCommand(RunStore &store, std::vector<RunEdit> edits, const QString &text, std::function<void(const RunEdit &)> made,
               std::function<void(const Error &)> refused);
    void undo() override;
    void redo() override;

private:
    void make(bool forward);

    RunStore &m_store;
    std::vector<RunEdit> m_edits;
    std::function<void(const RunEdit &)> m_made;
    std::function<void(const Error &)> m_refused;
};

} // namespace lethe
