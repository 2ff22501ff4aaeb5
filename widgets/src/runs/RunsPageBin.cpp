// What is done with whole runs: repeat exactly, colour, bin.
#include "RunsPagePrivate.h"

#include "../parts/Background.h"
#include "../parts/Text.h"

#include <lethe/base/Paths.h>
#include <lethe/spec/SpecReader.h>
#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>

#include <QtGui/QAction>
#include <QtWidgets/QMenu>
#include <QtWidgets/QPushButton>

#include <algorithm>

namespace lethe {

namespace {

/// Which of the files that a run read are no longer what they were, in words.
QStringList changedFiles(const Provenance &provenance, TaskHandle &task)
{
    QStringList changed;
    std::size_t at = 0;
    for (const auto &[file, hash] : provenance.fileHashes) {
        if (task.isCancelled())
            break;
        task.report(RunsPage::tr("Checking files"), static_cast<double>(at++), static_cast<double>(provenance.fileHashes.size()));
        const auto now = sha256OfFile(file, [&task](std::uint64_t, std::uint64_t) { return !task.isCancelled(); });
        if (!now.ok() && now.error().code != ErrorCode::Cancelled)
            changed << toQt(now.error().message());
        else if (now.ok() && *now != hash)
            changed << RunsPage::tr("%1 has changed since").arg(toQt(file));
    }
    return changed;
}

} // namespace

void RunsPage::Private::runAgain()
{
    const std::vector<RunRow> chosen = selected();
    if (chosen.size() != 1)
        return;
    struct Checked {
        Result<RunDetails> details = Error{};
        QStringList changed;
        bool cancelled = false;
    };
    const auto checked = std::make_shared<Checked>();
    const RunId run = chosen.front().id;
    workspace.tasks().start(tr("Check what “%1” was made from").arg(toQt(chosen.front().name)), &page,
                            [&store = workspace.store(), run, checked](TaskHandle &task) {
        checked->details = store.details(run);
        if (checked->details.ok())
            checked->changed = changedFiles(checked->details->provenance, task);
        checked->cancelled = task.isCancelled();
        return checked->changed.isEmpty() ? tr("all as it was") : tr("%n file(s) changed", nullptr, static_cast<int>(checked->changed.size()));
    }, [this, run, checked] {
        if (checked->cancelled)
            return;
        if (!checked->details.ok()) {
            say(Message::Level::Error, toQt(checked->details.error().message()), QStringLiteral("runs.again"));
            return;
        }
        if (checked->changed.isEmpty()) {
            startAgain(run, checked->details->specJson);
            return;
        }
        workspace.post({.level = Message::Level::Warning,
                        .text = tr("“%1” cannot be repeated exactly: %2.").arg(toQt(checked->details->row.name), checked->changed.front()),
                        .details = checked->changed.size() > 1 ? checked->changed.join(u'\n') : QString(),
                        .buttons = {{tr("Run it all the same"), [this, run, spec = checked->details->specJson] { startAgain(run, spec); }}},
                        .key = QStringLiteral("runs.again")});
    });
}

void RunsPage::Private::startAgain(RunId run, const std::string &specJson)
{
    const SpecReading parsed = readSpec(specJson, "/");
    const Result<void> started = parsed.ok() ? workspace.startRun(parsed.spec, run) : Result<void>(parsed.asError());
    if (!started.ok()) {
        workspace.post({.level = Message::Level::Error, .text = toQt(started.error().message()), .details = {},
                        .buttons = {{tr("Change and run again"), [this, run] { workspace.duplicateAsExperiment(run); }}},
                        .key = QStringLiteral("runs.again")});
        return;
    }
    workspace.showPage(QStringLiteral("pageLive"));
}

void RunsPage::Private::fillColorMenu(QMenu &menu)
{
    menu.clear();
    for (const QString &stored : Theme::runColors()) {
        QPixmap swatch(Theme::space(4), Theme::space(4));
        swatch.fill(Theme::runColor(stored));
        QAction *action = menu.addAction(QIcon(swatch), stored == QLatin1String("ink") ? tr("Ink (black on light, white on dark)") : stored);
        action->setCheckable(true);
        const auto chosen = selected();
        action->setChecked(!chosen.empty() && std::ranges::all_of(chosen, [&](const RunRow &run) { return toQt(run.color) == stored; }));
        connect(action, &QAction::triggered, &page, [this, stored] { setColor(stored); });
    }
}

void RunsPage::Private::setColor(const QString &stored)
{
    std::vector<RunEdit> edits;
    for (const RunRow &run : selected())
        if (toQt(run.color) != stored)
            edits.push_back({.run = run.id, .field = RunEdit::Field::Color, .before = toQt(run.color), .after = stored});
    const int number = static_cast<int>(edits.size());
    push(std::move(edits), tr("colour of %n run(s)", nullptr, number));
}

// ---- bin -----------------------------------------------------------------------------------------------------------

void RunsPage::Private::showBin(bool shows)
{
    runs->setShowsBin(shows);
    bin->setChecked(shows);
    runs->setRuns(shows ? binned : live);
    filter();
}

void RunsPage::Private::restore()
{
    std::vector<RunEdit> edits;
    for (const RunRow &run : selected())
        edits.push_back({.run = run.id, .field = RunEdit::Field::Bin, .before = true, .after = false});
    const int number = static_cast<int>(edits.size());
    push(std::move(edits), tr("restoring of %n run(s)", nullptr, number));
}

void RunsPage::Private::emptyBin()
{
    std::vector<RunId> doomed;
    for (const RunRow &run : runs->showsBin() && !selected().empty() ? selected() : binned)
        doomed.push_back(run.id);
    if (doomed.empty())
        return;
    inBackground(&page, [&store = workspace.store(), doomed] {
        std::int64_t bytes = 0;
        for (const RunId run : doomed)
            if (const auto checkpoints = store.checkpoints(run); checkpoints.ok())
                for (const CheckpointRecord &each : *checkpoints)
                    bytes += each.bytes;
        return bytes;
    }, [this, doomed](std::int64_t bytes) {
        const int number = static_cast<int>(doomed.size());
        if (!dialogs.confirm(&page, tr("Delete %n run(s) for good?", nullptr, number),
                             tr("Their curves, answers and checkpoints are erased; this frees about %1 and cannot be undone.").arg(format::bytes(bytes)),
                             tr("Delete %n run(s)", nullptr, number)))
            return;
        undo.clear(); // its steps may name runs that are gone now
        const auto failure = std::make_shared<QString>();
        workspace.tasks().start(tr("Empty the bin"), &page, [&store = workspace.store(), doomed, failure](TaskHandle &task) {
            double done = 0;
            for (const RunId run : doomed) {
                task.report(tr("Erasing"), done++, static_cast<double>(doomed.size()));
                if (const auto erased = store.eraseRun(run); !erased.ok())
                    *failure = toQt(erased.error().message());
                if (task.isCancelled())
                    break;
            }
            return tr("%n run(s)", nullptr, static_cast<int>(done));
        }, [this, failure] {
            if (!failure->isEmpty())
                say(Message::Level::Error, tr("Not every run could be erased: %1").arg(*failure), QStringLiteral("runs.bin"));
            read();
        });
    });
}

} // namespace lethe
