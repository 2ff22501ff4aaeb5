#pragma once

#include <lethe/export/ModelExporter.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QString>

#include <vector>

namespace lethe {

/// A run that has ended or paused, with its checkpoints whose folders are there, newest first.
struct ExportChoice {
    RunRow row;
    std::vector<CheckpointRecord> checkpoints;
    bool trainedAdapter = false; ///< its checkpoints are PEFT folders
    bool operator==(const ExportChoice &) const = default;
};
/// Runs with a checkpoint first, each part newest first. Off the GUI thread.
std::vector<ExportChoice> readExportChoices(const RunStore &store);

/// `npo lr 2e-5` → `npo-lr-2e-5`: what a folder of this run is called where the user names none.
QString exportFolderName(const RunRow &run);

/// Whether a folder can be written to, in one sentence.
struct FolderState {
    QString text;
    bool blocks = false; ///< export cannot start
    bool warns = false;  ///< it would replace something
};
FolderState stateOfFolder(const QString &folder, std::int64_t neededBytes);

/// What was written, and what showed that it is right: *✓ Exported and checked: 7.8 MiB, largest logit difference 0.*
QString exportEvidence(const ExportReport &report);

/// Three lines that load the folder in transformers.
QString exportPython(const QString &folder);

} // namespace lethe
