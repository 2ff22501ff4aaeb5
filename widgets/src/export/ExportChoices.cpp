#include "ExportChoices.h"

#include "../parts/Text.h"

#include <widgets/Format.h>

#include <lethe/base/Paths.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QRegularExpression>

#include <algorithm>

namespace lethe {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("lethe::ExportPage", text);
}

} // namespace

std::vector<ExportChoice> readExportChoices(const RunStore &store)
{
    std::vector<ExportChoice> choices;
    const auto runs = store.runs();
    if (!runs.ok())
        return choices;
    for (const RunRow &row : *runs) {
        if (row.status == RunStatus::Queued)
            continue;
        ExportChoice choice{.row = row, .checkpoints = {}};
        if (auto checkpoints = store.checkpoints(row.id); checkpoints.ok())
            for (const CheckpointRecord &one : *checkpoints)
                if (QFileInfo::exists(toQt(one.path)))
                    choice.checkpoints.push_back(one);
        choice.trainedAdapter = std::ranges::any_of(choice.checkpoints, [](const CheckpointRecord &one) {
            return QFileInfo::exists(QDir(toQt(one.path)).filePath(QStringLiteral("adapter_config.json")));
        });
        std::ranges::sort(choice.checkpoints, std::ranges::greater{}, &CheckpointRecord::step);
        choices.push_back(std::move(choice));
    }
    std::ranges::stable_partition(choices, [](const ExportChoice &choice) { return !choice.checkpoints.empty(); });
    return choices;
}

QString exportFolderName(const RunRow &run)
{
    static const QRegularExpression kOther(QStringLiteral("[^\\w.+-]+"), QRegularExpression::UseUnicodePropertiesOption);
    QString name = toQt(run.name).simplified();
    name.replace(kOther, QStringLiteral("-"));
    return name.isEmpty() ? QStringLiteral("run-%1").arg(run.id) : name;
}

FolderState stateOfFolder(const QString &folder, std::int64_t neededBytes)
{
    if (folder.isEmpty())
        return {.text = tr("Name a folder to write."), .blocks = true};
    const QFileInfo info(folder);
    if (!info.isAbsolute())
        return {.text = tr("Give the whole path of the folder."), .blocks = true};
    if (info.exists() && !info.isDir())
        return {.text = tr("There is a file of this name. Choose another."), .blocks = true};
    const auto room = freeBytes(toPath(folder));
    if (!room.ok())
        return {.text = toQt(room.error().message()), .blocks = true};
    const QString sizes = tr("%1 needed, %2 free").arg(format::bytes(neededBytes), format::bytes(static_cast<std::int64_t>(*room)));
    if (static_cast<std::int64_t>(*room) < neededBytes)
        return {.text = tr("Not enough room: %1. Choose another folder.").arg(sizes), .blocks = true};
    const QDir target(folder);
    const bool taken = info.isDir() && !target.isEmpty(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden);
    if (taken && !target.exists(QStringLiteral("config.json")) && !target.exists(QStringLiteral("adapter_config.json")))
        return {.text = tr("The folder holds something that is no exported model, and is not replaced. Choose another."), .blocks = true};
    if (taken)
        return {.text = tr("The folder is not empty; it was last changed %1. Exporting replaces it.").arg(format::ago(info.lastModified().toUTC().toString(Qt::ISODate))),
                .warns = true};
    return {.text = tr("%1. The folder is new.").arg(sizes)};
}

QString exportEvidence(const ExportReport &report)
{
    const QString size = format::bytes(static_cast<std::int64_t>(report.bytes));
    if (!report.largestLogitDifference)
        return tr("✓ Exported: %1.").arg(size);
    const auto number = [](double value) { return QString::number(value, 'g', 3); };
    const double difference = *report.largestLogitDifference;
    if (difference == 0 || !report.differenceAfterRounding)
        return tr("✓ Exported and checked: %1, largest logit difference %2.").arg(size, number(difference));
    // a narrower dtype changes logits; what counts is that nothing but the rounding did
    return tr("✓ Exported and checked: %1. Largest logit difference %2 from the checkpoint, all of it from rounding the weights (%3 from the rounded ones).")
        .arg(size, number(difference), number(*report.differenceAfterRounding));
}

QString exportPython(const QString &folder)
{
    return QStringLiteral("from transformers import AutoModelForCausalLM, AutoTokenizer\n"
                          "model = AutoModelForCausalLM.from_pretrained(r\"%1\")\n"
                          "tokenizer = AutoTokenizer.from_pretrained(r\"%1\")\n")
        .arg(folder);
}

} // namespace lethe
