#include "DataPagePrivate.h"

#include "../parts/Text.h"
#include "FilterHeader.h"
#include "ImportDialog.h"
#include "RowEditor.h"
#include "SampleAnalysis.h"
#include "SampleTableModel.h"
#include "SampleView.h"
#include "SetPanel.h"

#include <widgets/Dialogs.h>
#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QTemporaryFile>
#include <QtGui/QClipboard>
#include <QtGui/QGuiApplication>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QSpinBox>
#include <QtWidgets/QToolButton>

namespace lethe {

namespace {

/// Under these names rows are kept in the store.
const DataSource kKeptFields{.path = {}, .prompt = "prompt", .answer = "answer", .alternate = "alternate"};

const QString kFolderKey = QStringLiteral("data/folder");

std::vector<DataRow> rowsOf(const SampleList &samples)
{
    std::vector<DataRow> rows;
    rows.reserve(samples.size());
    for (const SamplePointer &sample : samples)
        rows.push_back(sample->row);
    return rows;
}

std::vector<quint64> keysOf(const SampleList &samples)
{
    std::vector<quint64> keys;
    for (const SamplePointer &sample : samples)
        keys.push_back(sample->key);
    return keys;
}

} // namespace

// ---- files ---------------------------------------------------------------------------------------------------------

void DataPage::Private::importFiles()
{
    const QStringList files = dialogs.openFiles(&page, tr("Import rows"), workspace.settings().value(kFolderKey).toString(),
                                                tr("Data (*.jsonl *.json *.csv *.parquet *.txt);;All files (*)"));
    for (const QString &file : files)
        openImport(file);
}

void DataPage::Private::openImport(const QString &path)
{
    if (!QFileInfo(path).isDir()) {
        waitingImports << path;
    } else {
        // A folder as TOFU's: what is named after a set is taken, the others are said.
        QStringList others;
        for (const QFileInfo &file : QDir(path).entryInfoList({QStringLiteral("*.json"), QStringLiteral("*.jsonl"), QStringLiteral("*.csv"), QStringLiteral("*.parquet")}, QDir::Files, QDir::Name)) {
            const bool named = file.fileName().contains(QLatin1String("forget"), Qt::CaseInsensitive) || file.fileName().contains(QLatin1String("retain"), Qt::CaseInsensitive);
            (named ? waitingImports : others) << file.absoluteFilePath();
        }
        if (waitingImports.isEmpty())
            workspace.post({.level = Message::Level::Warning, .text = tr("%1 holds no file that is named after a forget or a retain set.").arg(path),
                            .details = others.join(u'\n'), .buttons = {}, .key = QStringLiteral("data-folder")});
    }
    openNextImport();
}

void DataPage::Private::openNextImport()
{
    if (importing || waitingImports.isEmpty())
        return; // one dialog at a time
    importing = true;
    const QString file = waitingImports.takeFirst();
    workspace.settings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    auto *dialog = new ImportDialog(file, workspace.tasks(), workspace.settings(), &page);
    connect(dialog, &ImportDialog::imported, &page, [this](const ImportResult &result) { takeImport(result); });
    connect(dialog, &QDialog::finished, &page, [this] {
        importing = false;
        openNextImport();
    });
    dialog->open();
}

void DataPage::Private::takeImport(const ImportResult &result)
{
    const auto added = static_cast<std::int64_t>(result.forget.size() + result.retain.size());
    SampleList forget = sets.rows(SetSide::Forget), retain = sets.rows(SetSide::Retain);
    // The first file of a side names its fields: `Save as…` writes them again.
    if (forget.empty() && !result.forget.empty())
        head.forgetFields = result.fields;
    if (retain.empty() && !result.retain.empty())
        head.retainFields = result.fields;
    if (head.name.isEmpty())
        head.name = QFileInfo(toQt(std::string_view(result.fields.path))).completeBaseName();
    forget.insert(forget.end(), result.forget.begin(), result.forget.end());
    retain.insert(retain.end(), result.retain.begin(), result.retain.end());
    sets.replaceAll(forget, retain, tr("import of %1").arg(rowsText(added)));
    const SetSide side = result.forget.empty() ? SetSide::Retain : SetSide::Forget;
    panel(side).view().setFocus();
    QString text = tr("%1 imported from %2.").arg(rowsText(added), QFileInfo(toQt(std::string_view(result.fields.path))).fileName());
    if (result.rejected > 0)
        text += u' ' + tr("%1 could not be used and were left out.").arg(rowsText(result.rejected));
    workspace.post({.level = Message::Level::Success, .text = text, .details = {}, .buttons = {}, .key = QStringLiteral("data-import")});
}

void DataPage::Private::saveAs()
{
    const SetSide side = active;
    const SampleList samples = sets.rows(side);
    if (samples.empty()) {
        workspace.post({.level = Message::Level::Info, .text = tr("This set has no rows to save."), .details = {}, .buttons = {}, .key = QStringLiteral("data-save")});
        return;
    }
    const QString folder = workspace.settings().value(kFolderKey).toString();
    const QString name = side == SetSide::Forget ? QStringLiteral("forget.jsonl") : QStringLiteral("retain.jsonl");
    const QString file = dialogs.saveFile(&page, side == SetSide::Forget ? tr("Save the forget set") : tr("Save the retain set"),
                                          folder.isEmpty() ? name : folder + u'/' + name, tr("JSON Lines (*.jsonl)"));
    if (file.isEmpty())
        return;
    workspace.settings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    auto error = std::make_shared<std::optional<Error>>();
    workspace.tasks().start(
        tr("Save %1").arg(QFileInfo(file).fileName()), &page,
        [samples, file, error, fields = side == SetSide::Forget ? head.forgetFields : head.retainFields](TaskHandle &) {
            const Result<void> written = writeJsonLines(toPath(file), rowsOf(samples), fields);
            if (!written.ok())
                *error = written.error();
            return written.ok() ? rowsText(static_cast<std::int64_t>(samples.size())) : toQt(std::string_view(written.error().what));
        },
        [this, error, file, count = samples.size()] {
            const bool failed = error->has_value();
            workspace.post({.level = failed ? Message::Level::Error : Message::Level::Success,
                            .text = failed ? toQt(std::string_view((*error)->message()))
                                           : tr("%1 saved to %2.").arg(rowsText(static_cast<std::int64_t>(count)), file),
                            .details = {}, .buttons = {}, .key = QStringLiteral("data-save")});
        });
}

// ---- named sets ----------------------------------------------------------------------------------------------------

void DataPage::Private::keepNamed()
{
    if (sets.rows(SetSide::Forget).empty() && sets.rows(SetSide::Retain).empty())
        return;
    const std::string name = toStd(head.name.isEmpty() ? tr("unnamed") : head.name);
    workspace.tasks().start(
        tr("Keep the sets %1").arg(toQt(std::string_view(name))), &page,
        [&store = workspace.store(), name, forget = sets.rows(SetSide::Forget), retain = sets.rows(SetSide::Retain)](TaskHandle &) {
            for (const auto &[suffix, samples] : {std::pair("/forget", &forget), std::pair("/retain", &retain)}) {
                const auto kept = store.saveSet(name + suffix, toJsonLines(rowsOf(*samples), kKeptFields));
                if (!kept.ok())
                    return toQt(std::string_view(kept.error().message()));
            }
            return tr("done");
        },
        [] {});
}

void DataPage::Private::newSet()
{
    const auto name = dialogs.askText(&page, tr("New set"), tr("Name of the new pair of sets:"), QString());
    if (!name || name->trimmed().isEmpty())
        return;
    keepNamed();
    head = {};
    head.name = name->trimmed();
    sets.replaceAll({}, {}, tr("new set"));
    keepSets();
}

void DataPage::Private::renameSet()
{
    const auto name = dialogs.askText(&page, tr("Rename set"), tr("Name of this pair of sets:"), head.name);
    if (!name || name->trimmed().isEmpty())
        return;
    head.name = name->trimmed();
    keepSets();
    showCounts();
}

void DataPage::Private::openSet(const QString &name)
{
    keepNamed();
    struct Read {
        SampleList forget, retain;
        QString problem;
    };
    auto read = std::make_shared<Read>();
    workspace.tasks().start(
        tr("Open the sets %1").arg(name), &page,
        [&store = workspace.store(), read, name](TaskHandle &) {
            for (const auto &[suffix, target] : {std::pair("/forget", &read->forget), std::pair("/retain", &read->retain)}) {
                const auto stored = store.loadSet(toStd(name) + suffix);
                if (!stored.ok()) {
                    read->problem = toQt(std::string_view(stored.error().message()));
                    return read->problem;
                }
                if (!*stored)
                    continue;
                if ((*stored)->rowsJsonLines.empty())
                    continue;
                // The reader reads files: one code for what is imported and what is kept.
                QTemporaryFile file;
                if (!file.open() || file.write(QByteArray::fromStdString((*stored)->rowsJsonLines)) < 0 || !file.flush()) {
                    read->problem = file.errorString();
                    return read->problem;
                }
                auto rows = readDataset(toPath(file.fileName()), kKeptFields);
                if (!rows.ok()) {
                    read->problem = toQt(std::string_view(rows.error().message()));
                    return read->problem;
                }
                *target = makeSamples(rows->rows);
            }
            return tr("done");
        },
        [this, read, name] {
            if (!read->problem.isEmpty()) {
                workspace.post({.level = Message::Level::Error, .text = read->problem, .details = {}, .buttons = {}, .key = QStringLiteral("data-open")});
                return;
            }
            head = {};
            head.name = name;
            sets.replaceAll(read->forget, read->retain, tr("opening of the set %1").arg(name));
            keepSets();
        });
}

void DataPage::Private::fillSetMenu()
{
    QMenu *menu = setButton->menu();
    menu->clear();
    const auto names = workspace.store().setNames();
    if (names.ok()) {
        for (const std::string &stored : *names) {
            QString name = toQt(std::string_view(stored));
            if (!name.endsWith(QLatin1String("/forget")))
                continue;
            name.chop(7);
            QAction *action = menu->addAction(name);
            action->setCheckable(true);
            action->setChecked(name == head.name);
            connect(action, &QAction::triggered, &page, [this, name] {
                if (name != head.name)
                    openSet(name);
            });
        }
        if (!menu->isEmpty())
            menu->addSeparator();
    }
    menu->addActions({page.findChild<QAction *>(QStringLiteral("actionDataNewSet")), page.findChild<QAction *>(QStringLiteral("actionDataRenameSet")),
                      page.findChild<QAction *>(QStringLiteral("actionDataSaveAs"))});
}

// ---- rows ----------------------------------------------------------------------------------------------------------

std::vector<int> DataPage::Private::selected(SetSide side)
{
    return panel(side).view().selectedSetRows();
}

void DataPage::Private::moveFrom(SetSide side)
{
    const std::vector<int> rows = selected(side);
    if (rows.empty())
        return;
    SampleList moved;
    for (const int row : rows)
        moved.push_back(sets.rows(side)[static_cast<std::size_t>(row)]);
    SampleView &from = panel(side).view();
    const int next = from.currentIndex().row();
    sets.move(side, rows);
    panel(side == SetSide::Forget ? SetSide::Retain : SetSide::Forget).view().selectKeys(keysOf(moved));
    // The next row of this table is ready to be judged.
    if (const int count = from.model()->rowCount(); count > 0)
        from.selectRow(std::clamp(next - static_cast<int>(rows.size()) + 1, 0, count - 1));
}

void DataPage::Private::copyFrom(SetSide side)
{
    if (const std::vector<int> rows = selected(side); !rows.empty())
        sets.copy(side, rows);
}

void DataPage::Private::insertRow()
{
    const int current = panel(active).view().currentSetRow();
    const int at = current < 0 ? static_cast<int>(sets.rows(active).size()) : current + 1;
    const SamplePointer added = makeSample({});
    sets.insert(active, at, {added}, tr("insertion of 1 row"));
    panel(active).view().selectKeys({added->key});
    openEditor(active, at);
}

void DataPage::Private::deleteRows()
{
    const std::vector<int> rows = selected(active);
    if (rows.empty())
        return;
    SampleView &view = panel(active).view();
    const int next = view.currentIndex().row();
    sets.remove(active, rows);
    if (const int count = view.model()->rowCount(); count > 0)
        view.selectRow(std::clamp(next - static_cast<int>(rows.size()) + 1, 0, count - 1));
}

void DataPage::Private::duplicateRows()
{
    sets.duplicate(active, selected(active));
}

void DataPage::Private::openEditor(SetSide side, int row)
{
    if (row < 0)
        row = panel(side).view().currentSetRow();
    if (row < 0)
        return;
    const SamplePointer sample = sets.rows(side)[static_cast<std::size_t>(row)];
    auto *editor = new RowEditor(side == SetSide::Forget ? tr("Row %L1 of forget").arg(row + 1) : tr("Row %L1 of retain").arg(row + 1),
                                 sample->row, &page);
    connect(editor, &QDialog::accepted, &page, [this, editor, side, key = sample->key] {
        // The row may have moved within its set meanwhile.
        const SampleList &rows = sets.rows(side);
        for (std::size_t at = 0; at < rows.size(); ++at)
            if (rows[at]->key == key) {
                sets.change(side, static_cast<int>(at), editor->row());
                panel(side).view().selectKeys({sets.rows(side)[at]->key});
                break;
            }
    });
    editor->open();
}

void DataPage::Private::copyRows()
{
    SampleList chosen;
    for (const int row : selected(active))
        chosen.push_back(sets.rows(active)[static_cast<std::size_t>(row)]);
    if (!chosen.empty())
        QGuiApplication::clipboard()->setText(SampleTableModel::toTsv(chosen));
}

void DataPage::Private::pasteRows()
{
    const std::vector<DataRow> rows = SampleTableModel::fromTsv(QGuiApplication::clipboard()->text());
    if (rows.empty()) {
        workspace.post({.level = Message::Level::Info, .text = tr("The clipboard holds no rows. Copy cells of a spreadsheet: prompt, answer."),
                        .details = {}, .buttons = {}, .key = QStringLiteral("data-paste")});
        return;
    }
    const int current = panel(active).view().currentSetRow();
    const SampleList added = makeSamples(rows);
    sets.insert(active, current < 0 ? -1 : current + 1, added, tr("paste of %1").arg(rowsText(static_cast<std::int64_t>(rows.size()))));
    panel(active).view().selectKeys(keysOf(added));
}

void DataPage::Private::shuffleRows()
{
    if (const auto seed = dialogs.askNumber(&page, tr("Shuffle"), tr("Seed:"), 0, 0, std::numeric_limits<int>::max()))
        sets.shuffle(active, static_cast<quint64>(*seed));
}

void DataPage::Private::sampleRows()
{
    const int count = static_cast<int>(sets.rows(active).size());
    if (count < 2)
        return;
    const auto kept = dialogs.askNumber(&page, tr("Keep a sample"), tr("Rows to keep of %L1:").arg(count), std::max(1, count / 2), 1, count);
    if (!kept)
        return;
    if (const auto seed = dialogs.askNumber(&page, tr("Keep a sample"), tr("Seed:"), 0, 0, std::numeric_limits<int>::max()))
        sets.sample(active, *kept, static_cast<quint64>(*seed));
}

void DataPage::Private::leave()
{
    // Out of the field first; from the table on, the filters go.
    SampleView &view = panel(active).view();
    if (QWidget *focus = page.focusWidget(); focus && focus != &view && qobject_cast<QLineEdit *>(focus)) {
        view.setFocus(Qt::ShortcutFocusReason);
        return;
    }
    clearFilters();
}

void DataPage::Private::clearFilters()
{
    filter->clear();
    for (SetPanel *side : panels)
        side->view().filters().clearFields();
}

void DataPage::Private::otherTable()
{
    panel(active == SetSide::Forget ? SetSide::Retain : SetSide::Forget).view().setFocus(Qt::ShortcutFocusReason);
}

// ---- flags ---------------------------------------------------------------------------------------------------------

void DataPage::Private::filterFlag(SampleFlag flag)
{
    const QString word = QStringLiteral("flag:") + flagWord(flag);
    filter->setText(filter->text().trimmed() == word ? QString() : word); // a second click shows all again
}

void DataPage::Private::fix(SampleFlag flag)
{
    switch (flag) {
    case SampleFlag::Both:
    case SampleFlag::Near:
    case SampleFlag::Leak: return sets.removeFromRetain(flag);
    case SampleFlag::Duplicate: return sets.keepFirst();
    case SampleFlag::Boundary:
        if (!sets.trimPrompts())
            workspace.post({.level = Message::Level::Info,
                            .text = tr("These prompts have no white space at their end: the template makes the border. Change it in Experiment, under Data."),
                            .details = {}, .buttons = {}, .key = QStringLiteral("data-border")});
        return;
    case SampleFlag::Cut: {
        std::int64_t longest = 0;
        for (const SetSide side : {SetSide::Forget, SetSide::Retain})
            for (const std::int64_t rowLength : sets.analysis().lengths(side))
                longest = std::max(longest, rowLength);
        const auto info = workspace.modelInfo();
        if (info && info->contextLength > 0)
            longest = std::min(longest, info->contextLength);
        const auto before = static_cast<int>(workspace.draft().data.maxLength);
        auto *command = new QUndoCommand(tr("length of %L1 tokens").arg(longest));
        struct LengthStep final : QUndoCommand {
            LengthStep(Private &owner, int from, int to, QUndoCommand *parent) : QUndoCommand(parent), m_owner(owner), m_from(from), m_to(to) {}
            void redo() override { m_owner.setLength(m_to); }
            void undo() override { m_owner.setLength(m_from); }
            Private &m_owner;
            int m_from, m_to;
        };
        new LengthStep(*this, before, static_cast<int>(longest), command);
        sets.undoStack().push(command);
        return;
    }
    default: return sets.removeFlagged(flag);
    }
}

} // namespace lethe
