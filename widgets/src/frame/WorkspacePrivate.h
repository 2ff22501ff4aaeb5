#pragma once

#include "StoreKeeper.h"

#include "../parts/Background.h"

#include <widgets/TaskList.h>
#include <widgets/Workspace.h>

#include <QtCore/QTemporaryDir>
#include <QtCore/QTimer>

namespace lethe {

inline const char *const kDraftKey = "workspace.draft";
inline const char *const kSetsKey = "workspace.sets";
inline const char *const kQueueKey = "workspace.queue";
inline const char *const kViewKey = "workspace.view";

struct Workspace::Private {
    Private(RunStore &store, std::function<void(const std::optional<Error> &)> saved) : keeper(store, std::move(saved)) {}

    StoreKeeper keeper;
    QTimer keepTimer;
    QTimer pollTimer;
    int polls = 0;
    QTemporaryDir settingsFolder; ///< of the throw-away settings
    std::vector<std::filesystem::path> pluginFolders;
    bool reloadCatalogLater = false;

    bool draftDirty = false, setsDirty = false, queueDirty = false, viewDirty = false;
    bool forgetEdited = false, retainEdited = false;
    int modelTicket = 0; ///< a result of an older ticket is no longer wanted
    int setsTicket = 0;
    bool readingSets = false;

    std::int64_t seenChanges = -1;
    QString storeFailure;
    QDateTime lastSaved;
    bool ending = false; ///< the program is about to quit
    QString activeName;
    bool activeIsCompared = false;
    RunStatus activeStatus = RunStatus::Running;
    InOrder watch; ///< last: its end waits for what is still looked at
};

/// One text for a whole list of problems: the first in full, the others counted.
Error joined(const std::vector<Error> &problems);

/// Where a side of the sets is written: named by its content, so that equal sets share a file and a queued run keeps its own.
std::filesystem::path setFile(const std::filesystem::path &storeFile, const QString &setName, const char *side, const std::string &lines);

} // namespace lethe
