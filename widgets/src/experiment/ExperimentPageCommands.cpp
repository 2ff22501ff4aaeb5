#include "ExperimentPagePrivate.h"

#include "../parts/Text.h"
#include "CompareMethodsDialog.h"
#include "JsonPath.h"
#include "RefusalsDialog.h"
#include "SpecForm.h"
#include "UserRefusals.h"

#include <lethe/base/Paths.h>
#include <lethe/data/Refusals.h>

#include <widgets/Dialogs.h>
#include <widgets/Format.h>

#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>
#include <QtCore/QRegularExpression>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QToolButton>

#include <algorithm>

namespace lethe {

namespace {

const QString kFolderKey = QStringLiteral("experiment/folder");
const std::string kPresetPrefix = "preset/";

void postError(Workspace &workspace, const Error &error, const QString &key)
{
    workspace.post({.level = Message::Level::Error, .text = toQt(std::string_view(error.message())), .details = {}, .buttons = {}, .key = key});
}

/// As a shell takes it whole.
QString quoted(const QString &text)
{
    static const QRegularExpression kPlain(QStringLiteral("^[A-Za-z0-9_./:=+,@%-]+$"));
    if (kPlain.match(text).hasMatch())
        return text;
    QString inner = text;
    return u'\'' + inner.replace(u'\'', QStringLiteral("'\\''")) + u'\'';
}

} // namespace

bool ExperimentPage::Private::showFirstProblem()
{
    if (problems.empty())
        return false;
    tabs->setCurrentIndex(0);
    if (!form->focusFirstProblem())
        name->setFocus(Qt::ShortcutFocusReason);
    return true;
}

void ExperimentPage::Private::start()
{
    check();
    if (showFirstProblem())
        return;
    const Result<void> started = workspace.startDraft();
    if (!started.ok())
        return postError(workspace, started.error(), QStringLiteral("experiment-start"));
    if (workspace.queue().empty())
        workspace.showPage(QStringLiteral("pageLive"));
}

void ExperimentPage::Private::queue()
{
    check();
    if (showFirstProblem())
        return;
    const Result<void> queued = workspace.queueDraft();
    if (!queued.ok())
        return postError(workspace, queued.error(), QStringLiteral("experiment-start"));
    const auto waiting = workspace.queue().size();
    workspace.post({.level = Message::Level::Success, .text = waiting == 1 ? tr("Queued.") : tr("Queued; %1 runs are waiting.").arg(waiting), .details = {}, .buttons = {}, .key = QStringLiteral("experiment-queue")});
}

void ExperimentPage::Private::compareMethods()
{
    check();
    if (showFirstProblem())
        return;
    const Result<ExperimentSpec> base = workspace.draftWithSets();
    if (!base.ok())
        return postError(workspace, base.error(), QStringLiteral("experiment-start"));
    auto *dialog = new CompareMethodsDialog(*base, workspace.catalog(), userRefusals(workspace.store()), &page);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, &page, [this, dialog] {
        const Result<void> queued = workspace.queueComparison(dialog->specs());
        if (!queued.ok())
            return postError(workspace, queued.error(), QStringLiteral("experiment-start"));
        workspace.showPage(QStringLiteral("pageLive"));
    });
    dialog->open();
}

void ExperimentPage::Private::fresh()
{
    workspace.newExperiment();
    undo.clear();
    name->setFocus();
    name->selectAll();
}

void ExperimentPage::Private::duplicate()
{
    const QJsonObject before = document;
    QJsonObject copy = document;
    copy.insert(QStringLiteral("name"), tr("%1 copy").arg(document.value(QLatin1String("name")).toString()));
    setDocument(copy);
    pushUndo(before, document, tr("duplication"), {});
    check();
    name->setFocus();
    name->selectAll();
}

void ExperimentPage::Private::saveSpec()
{
    check();
    const QString folder = workspace.settings().value(kFolderKey).toString();
    const QString file = dialogs.saveFile(&page, tr("Save spec"), folder + (folder.isEmpty() ? QString() : QStringLiteral("/")) + QStringLiteral("spec.json"), tr("Spec (*.json)"));
    if (file.isEmpty())
        return;
    workspace.settings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    Result<ExperimentSpec> spec = workspace.draftWithSets();
    if (!spec.ok())
        return postError(workspace, spec.error(), QStringLiteral("experiment-save"));
    // Another folder: relative paths would point elsewhere.
    const auto absolute = [&spec](std::string &path) {
        if (!path.empty())
            path = spec->resolve(path).string();
    };
    absolute(spec->model);
    if (spec->referenceModel)
        absolute(*spec->referenceModel);
    if (spec->data.forget)
        absolute(spec->data.forget->path);
    if (spec->data.retain)
        absolute(spec->data.retain->path);
    if (spec->data.refusals && !spec->data.refusals->source.empty() && spec->data.refusals->source != kShippedRefusals)
        absolute(spec->data.refusals->source);
    const Result<void> saved = writeFile(toPath(file), writeSpec(*spec));
    if (!saved.ok())
        return postError(workspace, saved.error(), QStringLiteral("experiment-save"));
    workspace.post({.level = Message::Level::Success, .text = tr("Spec saved to %1.").arg(file), .details = {}, .buttons = {}, .key = QStringLiteral("experiment-save")});
}

void ExperimentPage::Private::openSpec()
{
    const QString file = dialogs.openFile(&page, tr("Open spec"), workspace.settings().value(kFolderKey).toString(), tr("Spec (*.json);;All files (*)"));
    if (file.isEmpty())
        return;
    workspace.settings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    workspace.openSpec(file);
}

QString ExperimentPage::Private::commandLine() const
{
    QString line = QStringLiteral("lethe-cli run spec.json");
    if (parentDocument.isEmpty())
        return line;
    // Against the parent's spec, so that a sweep on a cluster needs that file and this line.
    for (const QString &path : differingPaths(parentDocument, document)) {
        const QJsonValue value = jsonAt(document, path);
        const QString text = value.isString() ? value.toString() : jsonText(value.isUndefined() ? QJsonValue(QJsonValue::Null) : value);
        line += QStringLiteral(" --set ") + quoted(path + u'=' + text);
    }
    return line;
}

void ExperimentPage::Private::copyCommandLine()
{
    QGuiApplication::clipboard()->setText(commandLine());
    workspace.post({.level = Message::Level::Info, .text = tr("Command line copied."), .details = commandLine(), .buttons = {}, .key = QStringLiteral("experiment-copy")});
}

// ---- replacement answers -----------------------------------------------------------------------------------------------

bool ExperimentPage::Private::needsAlternates(const QString &method) const
{
    const MethodManifest *manifest = workspace.catalog().find(toStd(method));
    return manifest != nullptr && std::ranges::find(manifest->needs, "alternate") != manifest->needs.end();
}

void ExperimentPage::Private::showRefusals()
{
    const DataSpec &data = workspace.draft().data;
    if (data.refusals) {
        const QStringList answers = answersOf(*data.refusals);
        const QString whose = answers == shippedRefusalList() ? tr("as they ship with Lethe") : data.refusals->source.empty() ? tr("your own list") : toQt(std::string_view(data.refusals->source));
        const QString draw = data.refusals->draw == RefusalSpec::Draw::Once ? tr("one for each row") : tr("one drawn anew whenever a row is taken");
        form->setRefusalsText(tr("%1 refusals, %2; %3").arg(format::count(static_cast<std::int64_t>(answers.size())), whose, draw), false);
    } else if (data.forget && !data.forget->alternate.empty()) {
        form->setRefusalsText(tr("those of the forget rows, field “%1”").arg(toQt(std::string_view(data.forget->alternate))), false);
    } else {
        form->setRefusalsText(tr("none yet"), true);
    }
}

void ExperimentPage::Private::takeRefusals(const RefusalSpec &refusals)
{
    const QJsonObject before = document;
    QJsonObject changed = document;
    setJsonAt(changed, QStringLiteral("data.refusals"), toJsonValue(refusals));
    setDocument(changed);
    pushUndo(before, document, tr("change of the replacement answers"), QStringLiteral("data.refusals"));
    check();
}

void ExperimentPage::Private::editRefusals()
{
    const DataSpec &data = workspace.draft().data;
    const bool given = data.refusals.has_value();
    const RefusalSpec shown = given ? *data.refusals : userRefusals(workspace.store());
    const bool rowsHave = data.forget && !data.forget->alternate.empty();
    auto *dialog = new RefusalsDialog(shown, rowsHave, dialogs, &page);
    connect(dialog, &RefusalsDialog::edited, &page, [this](const RefusalSpec &refusals) {
        takeRefusals(refusals);
        keepUserRefusals(workspace.store(), answersOf(refusals));
    });
    connect(dialog, &RefusalsDialog::removed, &page, [this] {
        const QJsonObject before = document;
        QJsonObject changed = document;
        removeJsonAt(changed, QStringLiteral("data.refusals"));
        setDocument(changed);
        pushUndo(before, document, tr("use of the rows’ own replacement answers"), {});
        check();
    });
    if (!given && !rowsHave)
        takeRefusals(shown); // opening the list chooses it
    dialog->open();
}

// ---- presets -----------------------------------------------------------------------------------------------------------

void ExperimentPage::Private::fillPresets()
{
    QMenu *menu = presets->menu();
    menu->clear();
    const auto stored = workspace.store().values(kPresetPrefix);
    QStringList names;
    if (stored.ok())
        for (const auto &[key, value] : *stored)
            if (!value.empty() && value != "null")
                names << toQt(std::string_view(key).substr(kPresetPrefix.size()));
    for (const QString &preset : std::as_const(names))
        connect(menu->addAction(preset), &QAction::triggered, &page, [this, preset] { applyPreset(preset); });
    if (names.isEmpty())
        menu->addAction(tr("No presets yet"))->setEnabled(false);
    menu->addSeparator();
    connect(menu->addAction(tr("Save these settings as a preset…")), &QAction::triggered, &page, [this] { savePreset(); });
    if (!names.isEmpty()) {
        QMenu *remove = menu->addMenu(tr("Delete a preset"));
        for (const QString &preset : std::as_const(names))
            connect(remove->addAction(preset), &QAction::triggered, &page, [this, preset] { deletePreset(preset); });
    }
    menu->addSeparator();
    for (const char *action : {"actionExperimentNew", "actionExperimentDuplicate", "actionExperimentOpenSpec", "actionExperimentSaveSpec"})
        menu->addAction(page.findChild<QAction *>(QLatin1String(action)));
}

void ExperimentPage::Private::savePreset()
{
    const auto chosen = dialogs.askText(&page, tr("Save preset"), tr("Name of the preset:"), name->text());
    if (!chosen || chosen->trimmed().isEmpty())
        return;
    QJsonObject preset;
    for (const char *part : {"method", "training", "eval"})
        preset.insert(QLatin1String(part), document.value(QLatin1String(part)));
    const Result<void> kept = workspace.store().setValue(kPresetPrefix + toStd(chosen->trimmed()), QJsonDocument(preset).toJson(QJsonDocument::Compact).toStdString());
    if (!kept.ok())
        postError(workspace, kept.error(), QStringLiteral("experiment-preset"));
}

void ExperimentPage::Private::applyPreset(const QString &preset)
{
    const auto stored = workspace.store().value(kPresetPrefix + toStd(preset));
    if (!stored.ok())
        return postError(workspace, stored.error(), QStringLiteral("experiment-preset"));
    if (!*stored)
        return;
    const QJsonObject settings = QJsonDocument::fromJson(QByteArray::fromStdString(**stored)).object();
    const QJsonObject before = document;
    QJsonObject changed = document;
    for (auto part = settings.begin(); part != settings.end(); ++part)
        changed.insert(part.key(), part.value());
    setDocument(changed);
    pushUndo(before, document, tr("preset %1").arg(preset), {});
    check();
}

void ExperimentPage::Private::deletePreset(const QString &preset)
{
    if (!dialogs.confirm(&page, tr("Delete the preset “%1”?").arg(preset), {}, tr("Delete preset")))
        return;
    const Result<void> gone = workspace.store().setValue(kPresetPrefix + toStd(preset), "null");
    if (!gone.ok())
        postError(workspace, gone.error(), QStringLiteral("experiment-preset"));
}

} // namespace lethe
