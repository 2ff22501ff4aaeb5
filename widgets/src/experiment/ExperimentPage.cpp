#include "ExperimentPagePrivate.h"

#include "../parts/Background.h"
#include "../parts/Text.h"
#include "ForecastPanel.h"
#include "FormField.h"
#include "JsonPath.h"
#include "MethodPicker.h"
#include "PublishedValues.h"
#include "SpecEditor.h"
#include "SpecForm.h"
#include "UserRefusals.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QJsonDocument>
#include <QtCore/QRegularExpression>
#include <QtGui/QAction>
#include <QtGui/QUndoCommand>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QTabWidget>

namespace lethe {

namespace {

constexpr int kCheckMilliseconds = 150; ///< after the last key
const std::string kUnfinishedKey = "experiment/unfinished";

QJsonObject parsed(std::string_view text)
{
    return QJsonDocument::fromJson(QByteArray(text.data(), static_cast<qsizetype>(text.size()))).object();
}

std::string written(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

/// Two states of the form; steps on the same field in a row become one.
class DocumentEdit final : public QUndoCommand
{
public:
    DocumentEdit(std::function<void(const QJsonObject &)> apply, QJsonObject before, QJsonObject after, const QString &text, QString path)
        : QUndoCommand(text), m_apply(std::move(apply)), m_before(std::move(before)), m_after(std::move(after)), m_path(std::move(path))
    {}
    int id() const override { return m_path.isEmpty() ? -1 : 1; }
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const DocumentEdit *>(other);
        if (next->m_path != m_path)
            return false;
        m_after = next->m_after;
        return true;
    }
    void undo() override { m_apply(m_before); }
    void redo() override
    {
        if (!m_first)
            m_apply(m_after);
        m_first = false;
    }

private:
    std::function<void(const QJsonObject &)> m_apply;
    QJsonObject m_before, m_after;
    QString m_path;
    bool m_first = true; ///< what is pushed has been done already
};

} // namespace

ExperimentPage::ExperimentPage(Workspace &workspace, Dialogs &dialogs, QWidget *parent)
    : Page(QStringLiteral("pageExperiment"), tr("Experiment"), parent), m_private(std::make_unique<Private>(*this, workspace, dialogs))
{
    Private &d = *m_private;
    d.buildLayout();
    for (auto [timer, wait, act] : {std::tuple(&d.checkTimer, kCheckMilliseconds, &Private::check),
                                    std::tuple(&d.jsonTimer, kCheckMilliseconds, &Private::jsonEdited),
                                    std::tuple(&d.countTimer, 200, &Private::countSets)}) {
        timer->setSingleShot(true);
        timer->setInterval(wait);
        connect(timer, &QTimer::timeout, this, [&d, act = act] { (d.*act)(); });
    }
    connect(d.form, &SpecForm::edited, this, [&d](const QString &path) { d.formEdited(path); });
    connect(d.form, &SpecForm::setsRequested, this, [&d] { d.workspace.showPage(QStringLiteral("pageData")); });
    connect(d.form, &SpecForm::refusalsRequested, this, [&d] { d.editRefusals(); });
    connect(d.form, &SpecForm::modelRequested, this, [&d] { d.workspace.showPage(QStringLiteral("pageModels")); });
    connect(d.form, &SpecForm::foldsChanged, this,
            [&d] { d.workspace.settings().setValue(QStringLiteral("experiment/folds"), d.form->openFolds()); });
    connect(d.picker, &MethodPicker::methodPicked, this, [&d](const QString &id) { d.pickMethod(id); });
    connect(d.picker, &MethodPicker::presetPicked, this, [&d](std::size_t preset) { d.applyPublished(preset); });
    connect(d.name, &QLineEdit::textEdited, this, [&d](const QString &name) {
        const QJsonObject before = d.document;
        d.document.insert(QStringLiteral("name"), name);
        d.pushUndo(before, d.document, tr("change of the name"), QStringLiteral("name"));
        d.checkTimer.start();
    });
    connect(d.forecastPanel, &ForecastPanel::trainingProposed, this, [&d](const TrainingSpec &training) { d.takeTraining(training); });
    connect(d.json, &SpecEditor::jsonEdited, &d.jsonTimer, qOverload<>(&QTimer::start));
    connect(&workspace, &Workspace::draftChanged, this, [&d] {
        if (!d.keeping)
            d.takeDraft();
    });
    connect(&workspace, &Workspace::catalogChanged, this, [&d] {
        d.takeCatalog();
        d.check();
    });
    connect(&workspace, &Workspace::modelChanged, this, [&d] {
        d.showSets();
        d.countTimer.start();
    });
    connect(&workspace, &Workspace::setsChanged, this, [&d] {
        d.showSets();
        d.countTimer.start();
        d.checkTimer.start();
    });
    connect(&workspace, &Workspace::runStateChanged, this, [&d] { d.showStart(); });
    connect(&workspace, &Workspace::runEnded, this, [&d] {
        d.showStart();
        d.readRuns();
    });

    d.takeCatalog();
    d.takeDraft();
    // What was typed and was no spec yet is not in the draft; it is kept beside it.
    if (const auto unfinished = workspace.store().value(kUnfinishedKey); unfinished.ok() && unfinished->has_value()) {
        const QJsonObject typed = parsed(**unfinished);
        if (!typed.isEmpty()) {
            d.unfinished = **unfinished;
            d.setDocument(typed);
            d.check();
        }
    }
    d.form->setOpenFolds(workspace.settings().value(QStringLiteral("experiment/folds")).toStringList());
    d.readRuns();
    d.countSets();
}

ExperimentPage::~ExperimentPage()
{
    if (m_private->checkTimer.isActive())
        m_private->check();
}

QString ExperimentPage::hint() const
{
    return tr("Change one setting and look at What will happen; Ctrl+R starts the run, or goes to the first field that needs a hand.");
}

void ExperimentPage::activate()
{
    m_private->showStart();
    m_private->showForecast();
}

bool ExperimentPage::focusFilter()
{
    return false;
}

QUndoStack *ExperimentPage::undoStack()
{
    return &m_private->undo;
}

void ExperimentPage::startRun()
{
    m_private->start();
}

// ---- document ↔ workspace --------------------------------------------------------------------------------------------

QJsonObject ExperimentPage::Private::fromSpec(const ExperimentSpec &spec) const
{
    return parsed(writeSpec(spec));
}

void ExperimentPage::Private::setDocument(const QJsonObject &taken)
{
    const QString before = jsonAt(document, QStringLiteral("method.id")).toString();
    document = taken;
    if (name->text() != document.value(QLatin1String("name")).toString())
        name->setText(document.value(QLatin1String("name")).toString());
    form->setDocument(document);
    document = form->document();
    if (jsonAt(document, QStringLiteral("method.id")).toString() != before)
        showMethod();
}

void ExperimentPage::Private::takeDraft()
{
    setDocument(fromSpec(workspace.draft()));
    showMethod();
    takeParent();
    check();
    countTimer.start();
}

void ExperimentPage::Private::takeCatalog()
{
    picker->setEntries(workspace.catalog().entries());
    showMethod();
}

void ExperimentPage::Private::showMethod()
{
    const QString id = jsonAt(document, QStringLiteral("method.id")).toString();
    picker->setChosen(id);
    const MethodManifest *manifest = workspace.catalog().find(toStd(id));
    form->setDocument(document);
    form->setMethod(manifest, id.isEmpty() ? tr("Choose a method on the left.") : tr("There is no usable method of this id."));
}

void ExperimentPage::Private::takeParent()
{
    const std::optional<RunId> parent = workspace.draftParent();
    if (!parent) {
        parentDocument = {};
        parentName.clear();
        form->setBaseline(fromSpec(ExperimentSpec{.name = {}, .model = {}, .referenceModel = {}, .data = {}, .method = {}, .training = {}, .eval = EvalSpec{}, .baseFolder = {}}), tr("default"));
        showOrigin();
        return;
    }
    inBackground(&page, [&store = workspace.store(), id = *parent] { return store.details(id); }, [this, id = *parent](Result<RunDetails> details) {
        if (!details.ok() || workspace.draftParent() != id)
            return;
        parentDocument = fromSpec(readSpec(details->specJson, {}).spec);
        parentName = toQt(std::string_view(details->row.name));
        form->setBaseline(parentDocument, tr("as in “%1”").arg(parentName));
        showOrigin();
        showCommandLine();
    });
}

void ExperimentPage::Private::pushUndo(const QJsonObject &before, const QJsonObject &after, const QString &what, const QString &path)
{
    if (before == after)
        return;
    undo.push(new DocumentEdit(
        [this](const QJsonObject &state) {
            setDocument(state);
            check();
        },
        before, after, what, path));
}

void ExperimentPage::Private::formEdited(const QString &path)
{
    const QJsonObject before = document;
    document = form->document();
    document.insert(QStringLiteral("name"), name->text()); // the form does not have it
    const QString key = path.section(u'.', -1).replace(u'_', u' ');
    pushUndo(before, document, tr("change of %1").arg(key), path);
    checkTimer.start();
}

void ExperimentPage::Private::pickMethod(const QString &id)
{
    if (jsonAt(document, QStringLiteral("method.id")).toString() == id)
        return;
    const QJsonObject before = document;
    const QJsonObject parameters = jsonAt(document, QStringLiteral("method.parameters")).toObject();
    // What the new method knows too stays as it was set.
    QJsonObject kept;
    if (const MethodManifest *manifest = workspace.catalog().find(toStd(id)))
        for (auto value = parameters.begin(); value != parameters.end(); ++value)
            if (manifest->parameter(toStd(value.key())))
                kept.insert(value.key(), value.value());
    setJsonAt(document, QStringLiteral("method.id"), id);
    setJsonAt(document, QStringLiteral("method.parameters"), kept);
    // A method that needs replacement answers begins with the user's list, said in the form; one that does not has no use for it.
    const bool given = !jsonAt(document, QStringLiteral("data.refusals")).isUndefined() || !jsonAt(document, QStringLiteral("data.forget.alternate")).isUndefined();
    if (needsAlternates(id) && !given)
        setJsonAt(document, QStringLiteral("data.refusals"), toJsonValue(userRefusals(workspace.store())));
    else if (!needsAlternates(id))
        removeJsonAt(document, QStringLiteral("data.refusals"));
    showMethod();
    form->setBaseline(parentDocument.isEmpty() ? fromSpec(ExperimentSpec{.name = {}, .model = {}, .referenceModel = {}, .data = {}, .method = {}, .training = {}, .eval = EvalSpec{}, .baseFolder = {}}) : parentDocument,
                      parentDocument.isEmpty() ? tr("default") : tr("as in “%1”").arg(parentName));
    pushUndo(before, document, tr("choice of %1").arg(id), {});
    check();
}

void ExperimentPage::Private::applyPublished(std::size_t preset)
{
    const MethodManifest *manifest = workspace.catalog().find(toStd(jsonAt(document, QStringLiteral("method.id")).toString()));
    if (manifest == nullptr || preset >= manifest->presets.size())
        return;
    const MethodPreset &chosen = manifest->presets[preset];
    const QJsonObject before = document;
    for (const auto &[parameter, value] : chosen.values)
        setJsonAt(document, QStringLiteral("method.parameters.") + toQt(std::string_view(parameter)), toJsonValue(value));
    for (const auto &[key, value] : chosen.training)
        setJsonAt(document, QStringLiteral("training.") + toQt(std::string_view(key)), toJsonValue(value));
    setDocument(QJsonObject(document));
    pushUndo(before, document, tr("values of “%1”").arg(toQt(std::string_view(chosen.label))), {});
    check();
}

void ExperimentPage::Private::showAdvice()
{
    const MethodManifest *manifest = workspace.catalog().find(toStd(jsonAt(document, QStringLiteral("method.id")).toString()));
    if (manifest == nullptr)
        return;
    for (const ParameterSpec &parameter : manifest->parameters)
        if (FormField *field = form->field(QStringLiteral("method.parameters.") + toQt(std::string_view(parameter.name))))
            field->setAdvice(publishedAdvice(*manifest, parameter.name, field->value()));
}

void ExperimentPage::Private::jsonEdited()
{
    // An edit that is no spec leaves the form alone; its line and key path are named.
    const SpecReading reading = read(toStd(json->toPlainText()));
    jsonIsBroken = !reading.ok();
    if (!reading.ok()) {
        const Error &first = reading.problems.front();
        const QString where = toQt(std::string_view(first.where));
        static const QRegularExpression kLine(QStringLiteral("^line (\\d+)"));
        const auto match = kLine.match(where);
        const int line = match.hasMatch() ? match.captured(1).toInt() : lineOfPath(json->toPlainText(), where);
        json->markLine(line);
        QStringList lines;
        for (const Error &problem : reading.problems)
            lines << toQt(std::string_view(problem.message()));
        jsonProblem->setText((line > 0 && !match.hasMatch() ? tr("Line %1: ").arg(line) : QString()) + lines.join(u'\n'));
        return;
    }
    json->markLine(0);
    jsonProblem->clear();
    const QJsonObject before = document;
    setDocument(fromSpec(reading.spec));
    pushUndo(before, document, tr("change of the spec"), QStringLiteral("json"));
    check();
}

SpecReading ExperimentPage::Private::read(std::string_view text) const
{
    SpecReading reading = readSpec(text, workspace.draft().baseFolder);
    // Rows that are in no file yet get one when the run starts.
    std::erase_if(reading.problems, [this](const Error &problem) {
        return (problem.where == "data.forget.path" && workspace.isForgetEdited()) || (problem.where == "data.retain.path" && workspace.isRetainEdited());
    });
    return reading;
}

void ExperimentPage::Private::keep(const QJsonObject &clean)
{
    keeping = true;
    const SpecReading reading = readSpec(written(clean), workspace.draft().baseFolder);
    workspace.setDraft(reading.spec);
    keeping = false;
}

void ExperimentPage::Private::keepUnfinished(const std::string &text)
{
    if (text == unfinished)
        return;
    unfinished = text;
    writer.run([&store = workspace.store(), text] { (void)store.setValue(kUnfinishedKey, text); }); // a failure is the store's to report
}

void ExperimentPage::Private::check()
{
    checkTimer.stop();
    const SpecReading reading = read(written(document));
    // The draft takes what is right; a value that is wrong stays in the form, and in the store beside the draft.
    QJsonObject clean = document;
    const QJsonObject draft = fromSpec(workspace.draft());
    bool unreadable = false;
    for (const Error &problem : reading.problems) {
        QString path = toQt(std::string_view(problem.where));
        path.truncate(path.indexOf(u'[') < 0 ? path.size() : path.indexOf(u'['));
        if (path == QLatin1String("model") || path == QLatin1String("method.id") || path.startsWith(QLatin1String("data.forget"))
            || path.startsWith(QLatin1String("data.retain")))
            continue; // empty in both: the draft holds it as it is
        unreadable = true;
        const QJsonValue before = jsonAt(draft, path);
        if (before.isUndefined())
            removeJsonAt(clean, path);
        else
            setJsonAt(clean, path, before);
    }
    keep(clean);
    keepUnfinished(unreadable ? written(document) : std::string("{}"));

    problems = reading.problems;
    for (const Error &found : workspace.checkDraft()) {
        const bool known = std::any_of(problems.begin(), problems.end(), [&found](const Error &problem) { return problem.where == found.where; });
        if (!known)
            problems.push_back(found);
    }
    showProblems(problems);
    if (!json->hasFocus()) { // the text under the cursor is the user's
        json->setJson(toQt(std::string_view(writeSpec(workspace.draft()))));
        json->markLine(0);
        jsonProblem->clear();
        jsonIsBroken = false;
    }
    showAdvice();
    showOrigin();
    showSets();
    showRefusals();
    showCommandLine();
    showForecast();
}

void ExperimentPage::Private::showProblems(const std::vector<Error> &found)
{
    const std::vector<Error> unplaced = form->setProblems(found);
    QStringList lines;
    for (const Error &problem : unplaced)
        lines << toQt(std::string_view(problem.message()));
    rest->setText(lines.join(u'\n'));
    rest->setVisible(!lines.isEmpty());
    showStart();
}

void ExperimentPage::Private::showStart()
{
    const bool busy = workspace.activeRun() && workspace.activeRun()->isRunning();
    startAction->setText(busy ? tr("Queue") : tr("Start"));
    startAction->setIcon(Theme::icon(busy ? QStringLiteral("queue") : QStringLiteral("play")));
    queueAction->setVisible(!busy);
    const auto count = static_cast<int>(problems.size());
    const QString what = busy ? tr("Queue the run: another one is using the device  Ctrl+R") : tr("Start the run  Ctrl+R");
    const QString wrong = count == 1 ? tr("1 setting needs a hand first; Ctrl+R goes to it.") : tr("%1 settings need a hand first; Ctrl+R goes to the first.").arg(count);
    for (QAction *action : {startAction, queueAction}) {
        action->setToolTip(count > 0 ? wrong : what);
        action->setStatusTip(action->toolTip());
        action->setEnabled(count == 0);
    }
    measureAction->setEnabled(count == 0 && !busy && measuring == 0);
    firstProblem->setEnabled(count > 0); // it has the same keys as Start, which then has none
}

void ExperimentPage::Private::showOrigin()
{
    if (parentDocument.isEmpty()) {
        origin->setText(workspace.draftParent() ? tr("from run %1").arg(*workspace.draftParent()) : QString());
        origin->setToolTip({});
        return;
    }
    QStringList paths = differingPaths(parentDocument, document);
    paths.removeAll(QStringLiteral("name"));
    // A stored spec has every parameter; one that the form leaves out has its default.
    if (const MethodManifest *manifest = workspace.catalog().find(toStd(jsonAt(document, QStringLiteral("method.id")).toString())))
        paths.removeIf([&](const QString &path) {
            if (!path.startsWith(QLatin1String("method.parameters.")))
                return false;
            const ParameterSpec *parameter = manifest->parameter(toStd(path.mid(18)));
            const QJsonValue standard = parameter ? toJsonValue(parameter->defaultValue) : QJsonValue();
            const auto effective = [&](const QJsonObject &of) { return jsonAt(of, path).isUndefined() ? standard : jsonAt(of, path); };
            return sameJson(effective(parentDocument), effective(document));
        });
    const QString changes = paths.isEmpty() ? tr("no change") : paths.size() == 1 ? tr("1 change") : tr("%1 changes").arg(paths.size());
    origin->setText(tr("from “%1” · %2").arg(parentName, changes));
    origin->setToolTip(paths.join(u'\n'));
}

void ExperimentPage::Private::showSets()
{
    const WorkingSets &sets = workspace.sets();
    const bool missing = sets.forget.empty() && !workspace.isReadingSets();
    QString text = workspace.isReadingSets() ? tr("reading the sets…")
        : missing ? tr("The forget set has no rows.")
                  : tr("%1: %2 forget · %3 retain").arg(sets.name.isEmpty() ? tr("unnamed") : sets.name,
                                                        format::count(static_cast<std::int64_t>(sets.forget.size())),
                                                        format::count(static_cast<std::int64_t>(sets.retain.size())));
    form->setSetsText(text, missing);
    const auto info = workspace.modelInfo();
    form->setModelText(workspace.isReadingModel() ? tr("reading the model's headers…")
                       : info                     ? tr("%1 · %2 parameters · %3").arg(toQt(std::string_view(info->modelType)), format::parameters(info->parameters), toQt(std::string_view(info->dtype)))
                                                  : QString());
}

void ExperimentPage::Private::showCommandLine()
{
    command->setText(commandLine());
}

} // namespace lethe
