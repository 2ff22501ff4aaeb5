#include "BenchmarkImport.h"

#include "../parts/Background.h"
#include "../parts/Text.h"

#include <lethe/spec/BenchmarkFolder.h>

#include <widgets/Dialogs.h>
#include <widgets/Workspace.h>

#include <QtCore/QCoreApplication>
#include <QtWidgets/QWidget>

#include <algorithm>

namespace lethe {

namespace {

struct BenchmarkWords {
    Q_DECLARE_TR_FUNCTIONS(lethe::BenchmarkImport)
};

void say(Workspace &workspace, Message::Level level, const QString &text, const QString &details = {})
{
    workspace.post({.level = level, .text = text, .details = details, .buttons = {}, .key = QStringLiteral("benchmark")});
}

void useSplit(Workspace &workspace, const BenchmarkFolder &benchmark, const std::string &split)
{
    ExperimentSpec draft = workspace.draft();
    const Result<std::vector<std::string>> notes = useBenchmark(benchmark, split, draft);
    if (!notes.ok()) {
        say(workspace, Message::Level::Error, toQt(std::string_view(notes.error().message())));
        return;
    }
    workspace.setDraft(draft);
    const QString name = toQt(std::string_view(benchmark.benchmark)).toUpper();
    say(workspace, notes->empty() ? Message::Level::Success : Message::Level::Warning,
        notes->empty() ? BenchmarkWords::tr("%1 %2: forget and retain sets and the files of its metrics are in the experiment.").arg(name, toQt(std::string_view(split)))
                       : BenchmarkWords::tr("%1 %2 is in the experiment. %3").arg(name, toQt(std::string_view(split)), toQt(std::string_view(notes->front()))),
        notes->size() > 1 ? toQt(*notes).join(QLatin1Char('\n')) : QString());
}

} // namespace

void importBenchmark(Workspace &workspace, Dialogs &dialogs, QWidget *parent, const QString &folder)
{
    inBackground(
        parent, [folder] { return findBenchmark(toPath(folder)); },
        [&workspace, &dialogs, parent](const Result<BenchmarkFolder> &found) {
            if (!found.ok()) {
                say(workspace, Message::Level::Error, toQt(std::string_view(found.error().message())));
                return;
            }
            QStringList splits = toQt(found->splits);
            int chosen = 0;
            if (splits.size() > 1) {
                chosen = dialogs.choose(parent, BenchmarkWords::tr("What is to be forgotten?"),
                                        BenchmarkWords::tr("The folder holds %1. Its forget and retain sets take the place of the experiment's.")
                                            .arg(toQt(std::string_view(found->benchmark)).toUpper()),
                                        splits, 0);
                if (chosen < 0)
                    return;
            }
            useSplit(workspace, *found, found->splits[static_cast<std::size_t>(chosen)]);
        });
}

} // namespace lethe
