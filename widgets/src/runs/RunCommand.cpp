#include "RunCommand.h"

#include "../parts/Text.h"

namespace lethe {

namespace {

Result<void> write(RunStore &store, const RunEdit &edit)
{
    switch (edit.field) {
    case RunEdit::Field::Name: return store.renameRun(edit.run, toStd(edit.after.toString()));
    case RunEdit::Field::Tags: return store.setTags(edit.run, toStd(edit.after.toStringList()));
    case RunEdit::Field::Note: return store.setNote(edit.run, toStd(edit.after.toString()));
    case RunEdit::Field::Star: return store.setStarred(edit.run, edit.after.toBool());
    case RunEdit::Field::Color: return store.setColor(edit.run, toStd(edit.after.toString()));
    case RunEdit::Field::Bin: break;
    }
    return store.setDeleted(edit.run, edit.after.toBool());
}

} // namespace

RunCommand::RunCommand(RunStore &store, std::vector<RunEdit> edits, const QString &text, std::function<void(const RunEdit &)> made,
                       std::function<void(const Error &)> refused)
    : QUndoCommand(text), m_store(store), m_edits(std::move(edits)), m_made(std::move(made)), m_refused(std::move(refused))
{
}

void RunCommand::undo()
{
    make(false);
}

void RunCommand::redo()
{
    make(true);
}

void RunCommand::make(bool forward)
{
    bool anyMade = false;
    for (RunEdit edit : m_edits) {
        if (!forward)
            std::swap(edit.before, edit.after);
        if (const auto written = write(m_store, edit); !written.ok()) {
            m_refused(written.error());
            continue;
        }
        anyMade = true;
        m_made(edit);
    }
    setObsolete(!anyMade);
}

} // namespace lethe
