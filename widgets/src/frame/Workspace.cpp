#include "WorkspacePrivate.h"

#include "RunSettings.h"

#include <lethe/base/Paths.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr int kKeepMilliseconds = 400;  ///< a change is in the store within a second
constexpr int kPollMilliseconds = 500;  ///< runs of other processes appear within two
constexpr int kPollsToLook = 8;         ///< and are looked after every four: is their process still there?
constexpr int kRecentModels = 10;
const QString kRecentModelsKey = QStringLiteral("recent/models");

QJsonObject parse(const Result<std::optional<std::string>> &stored)
{
    if (!stored.ok() || !stored->has_value())
        return {};
    return QJsonDocument::fromJson(QByteArray::fromStdString(**stored)).object();
}

std::string toText(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

QJsonArray rowsToJson(const std::vector<DataRow> &rows)
{
    QJsonArray array;
    for (const DataRow &row : rows)
        array.append(QJsonArray{QString::fromStdString(row.prompt), QString::fromStdString(row.answer),
                                QString::fromStdString(row.alternate), row.isDocument, qint64(row.line),
                                QString::fromStdString(row.extraJson)});
    return array;
}

std::vector<DataRow> rowsFromJson(const QJsonArray &array)
{
    std::vector<DataRow> rows;
    rows.reserve(static_cast<std::size_t>(array.size()));
    for (const QJsonValue &value : array) {
        const QJsonArray row = value.toArray();
        rows.push_back({.prompt = row[0].toString().toStdString(), .answer = row[1].toString().toStdString(),
                        .alternate = row[2].toString().toStdString(), .isDocument = row[3].toBool(),
                        .line = row[4].toInteger(), .extraJson = row[5].toString().toStdString()});
    }
    return rows;
}

QJsonObject sourceToJson(const DataSource &source)
{
    return {{QStringLiteral("path"), QString::fromStdString(source.path)},
            {QStringLiteral("prompt"), QString::fromStdString(source.prompt)},
            {QStringLiteral("answer"), QString::fromStdString(source.answer)},
            {QStringLiteral("alternate"), QString::fromStdString(source.alternate)}};
}

DataSource sourceFromJson(const QJsonObject &object)
{
    DataSource source;
    source.path = object[QLatin1String("path")].toString().toStdString();
    source.prompt = object[QLatin1String("prompt")].toString(QStringLiteral("question")).toStdString();
    source.answer = object[QLatin1String("answer")].toString(QStringLiteral("answer")).toStdString();
    source.alternate = object[QLatin1String("alternate")].toString().toStdString();
    return source;
}

std::string setsToJson(const WorkingSets &sets, bool forgetEdited, bool retainEdited)
{
    return toText({{QStringLiteral("name"), sets.name},
                   {QStringLiteral("forget"), rowsToJson(sets.forget)},
                   {QStringLiteral("retain"), rowsToJson(sets.retain)},
                   {QStringLiteral("forget_fields"), sourceToJson(sets.forgetFields)},
                   {QStringLiteral("retain_fields"), sourceToJson(sets.retainFields)},
                   {QStringLiteral("forget_edited"), forgetEdited},
                   {QStringLiteral("retain_edited"), retainEdited}});
}

QJsonObject specToJson(const ExperimentSpec &spec, std::optional<RunId> parent, std::optional<RunId> resume = {})
{
    QJsonObject object{{QStringLiteral("spec"), QString::fromStdString(writeSpec(spec))},
                       {QStringLiteral("base"), QString::fromStdString(spec.baseFolder.string())}};
    if (parent)
        object.insert(QStringLiteral("parent"), qint64(*parent));
    if (resume)
        object.insert(QStringLiteral("resume"), qint64(*resume));
    return object;
}

ExperimentSpec specFromJson(const QJsonObject &object)
{
    return readSpec(object[QLatin1String("spec")].toString().toStdString(), object[QLatin1String("base")].toString().toStdString()).spec;
}

std::optional<RunId> idFromJson(const QJsonValue &value)
{
    return value.isDouble() ? std::optional<RunId>(value.toInteger()) : std::nullopt;
}

} // namespace

Error joined(const std::vector<Error> &problems)
{
    Error error = problems.front();
    if (problems.size() > 1)
        error.hint += (error.hint.empty() ? "" : ". ") + QObject::tr("%n more problem(s)", nullptr, int(problems.size()) - 1).toStdString();
    return error;
}

Workspace::Workspace(RunStore &store, MethodCatalog &catalog, QSettings *settings, QObject *parent)
    : QObject(parent), m_store(store), m_catalog(catalog), m_settings(settings), m_tasks(new TaskList(this)),
      m_sets(std::make_shared<const WorkingSets>())
{
    const auto saved = [this](const std::optional<Error> &error) {
        const QString failure = error ? QString::fromStdString(error->message()) : QString();
        QMetaObject::invokeMethod(this, [this, failure] {
            m_private->storeFailure = failure;
            if (failure.isEmpty())
                m_private->lastSaved = QDateTime::currentDateTime();
            Q_EMIT storeStateChanged();
        }, Qt::QueuedConnection);
    };
    m_private = std::make_unique<Private>(store, saved);
    m_private->pluginFolders = {pluginFolder()};
    m_store.setFailureListener(saved); // on the writer's thread; nullopt when writes work again
    restore();
    m_private->keepTimer.setSingleShot(true);
    m_private->keepTimer.setInterval(kKeepMilliseconds);
    connect(&m_private->keepTimer, &QTimer::timeout, this, &Workspace::keep);
    m_private->pollTimer.setInterval(kPollMilliseconds);
    connect(&m_private->pollTimer, &QTimer::timeout, this, &Workspace::pollStore);
    m_private->pollTimer.start();
    pollStore();
    QTimer::singleShot(0, this, [this] {
        if (m_private->modelTicket == 0 && !m_draft.model.empty())
            readModel(false);
    });
}

Workspace::~Workspace()
{
    m_active.reset(); // cancels and joins: after this nothing more is handed to the store
    keep();
    m_store.setFailureListener({});
    QThreadPool::globalInstance()->waitForDone(); // screens read the store there, and it may go with us
}

QSettings &Workspace::settings()
{
    if (m_settings == nullptr) {
        m_ownSettings = std::make_unique<QSettings>(m_private->settingsFolder.filePath(QStringLiteral("lethe.ini")), QSettings::IniFormat);
        m_settings = m_ownSettings.get();
    }
    return *m_settings;
}

void Workspace::setPluginFolders(std::vector<fs::path> folders)
{
    m_private->pluginFolders = std::move(folders);
}

const std::vector<fs::path> &Workspace::pluginFolders() const
{
    return m_private->pluginFolders;
}

void Workspace::reloadCatalog()
{
    m_private->reloadCatalogLater = m_active != nullptr;
    if (m_private->reloadCatalogLater) {
        post({.level = Message::Level::Info, .text = tr("A run is using the methods. Plugins are read again when it has ended."),
              .details = {}, .buttons = {}, .key = QStringLiteral("catalog")});
        return;
    }
    m_catalog = MethodCatalog::scan(m_private->pluginFolders);
    Q_EMIT catalogChanged();
}

void Workspace::setDraft(const ExperimentSpec &draft)
{
    if (draft == m_draft)
        return;
    const ExperimentSpec former = std::exchange(m_draft, draft);
    m_private->draftDirty = true;
    scheduleKeep();
    Q_EMIT draftChanged();
    if (former.resolve(former.model) != m_draft.resolve(m_draft.model))
        readModel(false);
    followSources(former.data);
}

void Workspace::setDraftParent(std::optional<RunId> parent)
{
    if (parent == m_draftParent)
        return;
    m_draftParent = parent;
    m_private->draftDirty = true;
    scheduleKeep();
    Q_EMIT draftChanged();
}

void Workspace::duplicateAsExperiment(RunId run)
{
    const auto details = m_store.details(run);
    if (!details.ok()) {
        post({.level = Message::Level::Error, .text = QString::fromStdString(details.error().message()), .details = {}, .buttons = {},
              .key = QStringLiteral("duplicate")});
        return;
    }
    setDraft(readSpec(details->specJson, {}).spec);
    setDraftParent(run);
    showPage(QStringLiteral("pageExperiment"));
}

ExperimentSpec Workspace::freshExperiment()
{
    ExperimentSpec fresh;
    fresh.training.device = settings().value(kNewDeviceKey, QStringLiteral("auto")).toString().toStdString();
    const std::string dtype = settings().value(kNewDtypeKey).toString().toStdString();
    for (const Dtype one : {Dtype::F32, Dtype::BF16})
        if (dtype == toString(one))
            fresh.training.dtype = one;
    fresh.eval = EvalSpec{}; // a run that nothing was measured of says nothing
    fresh.eval->generations.prompts = settings().value(kNewPromptsKey, kUsualPrompts).toInt();
    fresh.eval->generations.maxNewTokens = settings().value(kNewAnswerLengthKey, kUsualAnswerLength).toInt();
    return fresh;
}

void Workspace::newExperiment()
{
    ExperimentSpec fresh = freshExperiment();
    fresh.model = m_draft.model;
    fresh.data = m_draft.data;
    fresh.baseFolder = m_draft.baseFolder;
    setDraftParent({});
    setDraft(fresh);
    showPage(QStringLiteral("pageExperiment"));
}

void Workspace::openSpec(const QString &file)
{
    const fs::path path = QFileInfo(file).absoluteFilePath().toStdString();
    const auto text = readFile(path);
    if (!text.ok()) {
        post({.level = Message::Level::Error, .text = QString::fromStdString(text.error().message()), .details = {}, .buttons = {},
              .key = QStringLiteral("spec")});
        return;
    }
    const SpecReading reading = readSpec(*text, path.parent_path());
    setDraftParent({});
    setDraft(reading.spec);
    if (!reading.ok()) {
        QStringList all;
        for (const Error &problem : reading.problems)
            all << QString::fromStdString(problem.message());
        post({.level = Message::Level::Warning,
              .text = tr("%1 has %n problem(s): %2", nullptr, int(reading.problems.size())).arg(QFileInfo(file).fileName(), all.first()),
              .details = all.join(QLatin1Char('\n')), .buttons = {}, .key = QStringLiteral("spec")});
    }
    showPage(QStringLiteral("pageExperiment"));
}

void Workspace::openModel(const QString &folder)
{
    ExperimentSpec draft = m_draft;
    draft.model = QDir(folder).absolutePath().toStdString();
    if (draft == m_draft) {
        readModel(true);
        return;
    }
    m_draft = draft;
    m_private->draftDirty = true;
    scheduleKeep();
    Q_EMIT draftChanged();
    readModel(true);
}

void Workspace::leaveModelUnread()
{
    ++m_private->modelTicket;
}

void Workspace::readModel(bool announce)
{
    const int ticket = ++m_private->modelTicket;
    m_modelInfo.reset();
    m_tokenizer.reset();
    m_readingModel = !m_draft.model.empty();
    Q_EMIT modelChanged();
    if (!m_readingModel)
        return;

    struct Read {
        std::optional<Result<ModelInfo>> info;
        std::shared_ptr<const Tokenizer> tokenizer;
    };
    const auto read = std::make_shared<Read>();
    const fs::path folder = m_draft.resolve(m_draft.model);
    const QString name = QString::fromStdString(folder.filename().string());
    m_tasks->start(tr("Read model %1").arg(name), this, [read, folder](TaskHandle &task) -> QString {
        task.report(tr("Checking files"), 0, 0);
        read->info = inspectModel(folder);
        if (!read->info->ok()) {
            task.fail(QString::fromStdString(read->info->error().message()));
            return {};
        }
        task.report(tr("Reading tokenizer"), 0, 0);
        if (auto tokenizer = Tokenizer::load(folder); tokenizer.ok())
            read->tokenizer = std::make_shared<const Tokenizer>(std::move(*tokenizer));
        const auto problems = (*read->info)->problems.size();
        return problems == 0 ? tr("usable") : tr("%n problem(s)", nullptr, int(problems));
    }, [this, read, ticket, announce, folder, name] {
        if (ticket != m_private->modelTicket)
            return;
        m_readingModel = false;
        if (read->info && read->info->ok()) {
            m_modelInfo = std::make_shared<const ModelInfo>(std::move(**read->info));
            m_tokenizer = read->tokenizer;
            rememberModel(QString::fromStdString(folder.string()));
        }
        Q_EMIT modelChanged();
        const bool failed = !m_modelInfo;
        if (!announce || (!failed && m_modelInfo->usable()))
            return;
        QStringList all;
        if (failed)
            all << QString::fromStdString(read->info->error().message());
        else
            for (const Error &problem : m_modelInfo->problems)
                all << QString::fromStdString(problem.message());
        post({.level = Message::Level::Error, .text = failed ? all.first() : tr("%1 cannot be used: %2").arg(name, all.first()),
              .details = all.size() > 1 ? all.join(QLatin1Char('\n')) : QString(),
              .buttons = {{tr("Show model"), [this] { showPage(QStringLiteral("pageModels")); }}}, .key = QStringLiteral("model")});
    });
}

void Workspace::restore()
{
    const QJsonObject draft = parse(m_store.value(kDraftKey));
    if (!draft.isEmpty()) {
        m_draft = specFromJson(draft);
        m_draftParent = idFromJson(draft[QLatin1String("parent")]);
    } else {
        m_draft = freshExperiment();
    }
    const QJsonObject sets = parse(m_store.value(kSetsKey));
    if (!sets.isEmpty()) {
        m_sets = std::make_shared<const WorkingSets>(WorkingSets{
            .name = sets[QLatin1String("name")].toString(),
            .forget = rowsFromJson(sets[QLatin1String("forget")].toArray()),
            .retain = rowsFromJson(sets[QLatin1String("retain")].toArray()),
            .forgetFields = sourceFromJson(sets[QLatin1String("forget_fields")].toObject()),
            .retainFields = sourceFromJson(sets[QLatin1String("retain_fields")].toObject())});
        m_private->forgetEdited = sets[QLatin1String("forget_edited")].toBool();
        m_private->retainEdited = sets[QLatin1String("retain_edited")].toBool();
    }
    const QJsonArray queue = parse(m_store.value(kQueueKey))[QLatin1String("runs")].toArray();
    for (const QJsonValue &value : queue) {
        const QJsonObject item = value.toObject();
        m_queue.push_back({specFromJson(item), idFromJson(item[QLatin1String("parent")]), idFromJson(item[QLatin1String("resume")]),
                           item[QLatin1String("compared")].toBool()});
    }
    const QJsonObject view = parse(m_store.value(kViewKey));
    m_shownRun = view[QLatin1String("shown")].toInteger();
    for (const QJsonValue &value : view[QLatin1String("compared")].toArray())
        m_compared.push_back(value.toInteger());
}

void Workspace::scheduleKeep()
{
    if (!m_private->keepTimer.isActive()) // not restarted by the next key: a second is a second
        m_private->keepTimer.start();
}

void Workspace::keep()
{
    if (m_store.isReadOnly())
        return;
    Private &p = *m_private;
    if (std::exchange(p.draftDirty, false))
        p.keeper.keep(kDraftKey, [draft = m_draft, parent = m_draftParent] { return toText(specToJson(draft, parent)); });
    if (std::exchange(p.setsDirty, false))
        p.keeper.keep(kSetsKey, [sets = m_sets, forget = p.forgetEdited, retain = p.retainEdited] { return setsToJson(*sets, forget, retain); });
    if (std::exchange(p.queueDirty, false)) {
        p.keeper.keep(kQueueKey, [queue = m_queue] {
            QJsonArray runs;
            for (const Queued &item : queue) {
                QJsonObject run = specToJson(item.spec, item.parent, item.resume);
                run.insert(QStringLiteral("compared"), item.isCompared);
                runs.append(run);
            }
            return toText({{QStringLiteral("runs"), runs}});
        });
    }
    if (std::exchange(p.viewDirty, false)) {
        p.keeper.keep(kViewKey, [shown = m_shownRun, compared = m_compared] {
            QJsonArray runs;
            for (const RunId run : compared)
                runs.append(qint64(run));
            return toText({{QStringLiteral("shown"), qint64(shown)}, {QStringLiteral("compared"), runs}});
        });
    }
}

Result<void> Workspace::flush()
{
    keep();
    LETHE_TRY_VOID(m_private->keeper.drain());
    return m_store.flush();
}

void Workspace::pollStore()
{
    if (++m_private->polls % kPollsToLook == 0 && !m_store.isReadOnly())
        m_private->watch.run([&store = m_store] {
            (void)store.noticeInterrupted(); // what it changes shows like any change; a store that is busy is asked again
        });
    const auto counter = m_store.changeCounter();
    if (!counter.ok() || *counter == m_private->seenChanges)
        return;
    const bool first = m_private->seenChanges < 0;
    m_private->seenChanges = *counter;
    if (first)
        return;
    if (m_private->storeFailure.isEmpty()) {
        m_private->lastSaved = QDateTime::currentDateTime();
        Q_EMIT storeStateChanged();
    }
    Q_EMIT storeChanged();
}

QString Workspace::storeFailure() const
{
    return m_private->storeFailure;
}

QDateTime Workspace::lastSaved() const
{
    return m_private->lastSaved;
}

QStringList Workspace::recentModels() const
{
    return const_cast<Workspace *>(this)->settings().value(kRecentModelsKey).toStringList();
}

void Workspace::rememberModel(const QString &folder)
{
    QStringList recent = recentModels();
    if (!recent.isEmpty() && recent.first() == folder)
        return;
    recent.removeAll(folder);
    recent.prepend(folder);
    settings().setValue(kRecentModelsKey, QStringList(recent.mid(0, kRecentModels)));
}

void Workspace::forgetModel(const QString &folder)
{
    QStringList recent = recentModels();
    if (recent.removeAll(folder) > 0)
        settings().setValue(kRecentModelsKey, recent);
}

} // namespace lethe
