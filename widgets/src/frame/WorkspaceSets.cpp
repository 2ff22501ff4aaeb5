#include "WorkspacePrivate.h"

#include <lethe/base/Paths.h>

#include <QtCore/QRegularExpression>

namespace lethe {

namespace fs = std::filesystem;

namespace {

struct SideRead {
    std::optional<Result<Dataset>> data;
};

/// `demo people` → `demo-people`: for file names.
QString slug(const QString &name)
{
    QString text = name.toLower();
    text.replace(QRegularExpression(QStringLiteral("[^a-z0-9]+")), QStringLiteral("-"));
    text = text.left(40);
    while (text.startsWith(QLatin1Char('-')))
        text.remove(0, 1);
    while (text.endsWith(QLatin1Char('-')))
        text.chop(1);
    return text.isEmpty() ? QStringLiteral("set") : text;
}

/// Writes one side, where its file is not there yet; the source that names it.
Result<DataSource> written(const fs::path &storeFile, const QString &setName, const char *side, const std::vector<DataRow> &rows,
                           const DataSource &fields)
{
    const std::string lines = toJsonLines(rows, fields);
    const fs::path file = setFile(storeFile, setName, side, lines);
    std::error_code error;
    if (!fs::exists(file, error)) {
        fs::create_directories(file.parent_path(), error);
        if (error)
            return systemError(error.value(), "cannot be made", file.parent_path());
        LETHE_TRY_VOID(writeFile(file, lines));
    }
    DataSource source = fields;
    source.path = file.string();
    return source;
}

bool sameSource(const std::optional<DataSource> &a, const std::optional<DataSource> &b)
{
    return a == b;
}

} // namespace

fs::path setFile(const fs::path &storeFile, const QString &setName, const char *side, const std::string &lines)
{
    const std::string name = slug(setName).toStdString() + "-" + side + "-" + sha256(lines).substr(0, 12) + ".jsonl";
    return storeFile.parent_path() / "sets" / name;
}

void Workspace::setSets(const WorkingSets &sets)
{
    if (sets == *m_sets)
        return;
    const bool forgetEdited = m_private->forgetEdited || sets.forget != m_sets->forget;
    const bool retainEdited = m_private->retainEdited || sets.retain != m_sets->retain;
    ++m_private->setsTicket; // what is being read was asked for before this
    m_private->readingSets = false;
    applySets(std::make_shared<const WorkingSets>(sets), forgetEdited, retainEdited);
}

void Workspace::applySets(std::shared_ptr<const WorkingSets> sets, bool forgetEdited, bool retainEdited)
{
    m_sets = std::move(sets);
    m_private->forgetEdited = forgetEdited;
    m_private->retainEdited = retainEdited;
    m_private->setsDirty = true;
    scheduleKeep();
    const auto source = [](const std::vector<DataRow> &rows, const DataSource &fields) {
        return rows.empty() && fields.path.empty() ? std::nullopt : std::optional(fields);
    };
    const auto forget = source(m_sets->forget, m_sets->forgetFields);
    const auto retain = source(m_sets->retain, m_sets->retainFields);
    const bool draftFollows = !sameSource(forget, m_draft.data.forget) || !sameSource(retain, m_draft.data.retain);
    if (draftFollows) {
        m_draft.data.forget = forget;
        m_draft.data.retain = retain;
        m_private->draftDirty = true;
    }
    Q_EMIT setsChanged();
    if (draftFollows)
        Q_EMIT draftChanged();
}

void Workspace::followSources(const DataSpec &former)
{
    if (!sameSource(former.forget, m_draft.data.forget) || !sameSource(former.retain, m_draft.data.retain))
        loadSetsOfDraft();
}

bool Workspace::isReadingSets() const
{
    return m_private->readingSets;
}

bool Workspace::isForgetEdited() const
{
    return m_private->forgetEdited;
}

bool Workspace::isRetainEdited() const
{
    return m_private->retainEdited;
}

void Workspace::loadSetsOfDraft()
{
    const int ticket = ++m_private->setsTicket;
    const auto read = std::make_shared<std::array<SideRead, 2>>();
    const std::array sources{m_draft.data.forget, m_draft.data.retain};
    const ExperimentSpec draft = m_draft;
    m_private->readingSets = true;
    Q_EMIT setsChanged();
    m_tasks->start(tr("Read sets"), this, [read, sources, draft](TaskHandle &task) -> QString {
        std::size_t rows = 0;
        for (std::size_t side = 0; side < sources.size() && !task.isCancelled(); ++side) {
            if (!sources[side])
                continue;
            task.report(side == 0 ? tr("Forget set") : tr("Retain set"), double(side), 2);
            auto data = readDataset(draft.resolve(sources[side]->path), *sources[side]);
            if (data.ok())
                rows += data->rows.size();
            else
                task.fail(QString::fromStdString(data.error().message()));
            (*read)[side].data = std::move(data);
        }
        return tr("%n row(s)", nullptr, int(rows));
    }, [this, read, sources, ticket] {
        if (ticket != m_private->setsTicket)
            return;
        m_private->readingSets = false;
        auto sets = std::make_shared<WorkingSets>(*m_sets);
        std::array edited{m_private->forgetEdited, m_private->retainEdited};
        const std::array rows{&sets->forget, &sets->retain};
        const std::array fields{&sets->forgetFields, &sets->retainFields};
        for (std::size_t side = 0; side < 2; ++side) {
            const char *const name = side == 0 ? "forget" : "retain";
            const bool keepEdited = edited[side] && !rows[side]->empty();
            if (keepEdited && (!sources[side] || read->at(side).data)) {
                const std::string key = sets->name.toStdString() + " (" + name + ")";
                m_private->keeper.post([key, former = m_sets, side](RunStore &store) -> Result<void> {
                    const auto saved = store.saveSet(key, side == 0 ? toJsonLines(former->forget, former->forgetFields)
                                                                    : toJsonLines(former->retain, former->retainFields));
                    return saved.ok() ? Result<void>() : Result<void>(saved.error());
                });
            }
            *fields[side] = sources[side].value_or(DataSource{});
            rows[side]->clear();
            edited[side] = false;
            if (!sources[side] || !read->at(side).data)
                continue;
            auto &data = *read->at(side).data;
            if (!data.ok()) {
                post({.level = Message::Level::Error, .text = QString::fromStdString(data.error().message()), .details = {},
                      .buttons = {{tr("Show data"), [this] { showPage(QStringLiteral("pageData")); }}},
                      .key = QStringLiteral("sets-") + QLatin1String(name)});
                continue;
            }
            *rows[side] = std::move(data->rows);
            if (!data->rejected.empty()) {
                QStringList lines;
                for (const RejectedRow &row : data->rejected)
                    lines << tr("line %1: %2").arg(row.line).arg(QString::fromStdString(row.reason));
                post({.level = Message::Level::Warning,
                      .text = tr("%1: %n row(s) left out, because they cannot be used.", nullptr, int(data->rejected.size()))
                                  .arg(QString::fromStdString(fs::path(sources[side]->path).filename().string())),
                      .details = lines.join(QLatin1Char('\n')), .buttons = {}, .key = QStringLiteral("sets-") + QLatin1String(name)});
            }
        }
        const std::string &path = sets->forgetFields.path.empty() ? sets->retainFields.path : sets->forgetFields.path;
        if (!path.empty())
            sets->name = QString::fromStdString(m_draft.resolve(path).parent_path().filename().string());
        applySets(std::move(sets), edited[0], edited[1]);
    });
}

Result<ExperimentSpec> Workspace::draftWithSets()
{
    ExperimentSpec spec = m_draft;
    if (m_private->forgetEdited && !m_sets->forget.empty()) {
        LETHE_TRY(spec.data.forget, written(m_store.file(), m_sets->name, "forget", m_sets->forget, m_sets->forgetFields));
    }
    if (m_private->retainEdited && !m_sets->retain.empty()) {
        LETHE_TRY(spec.data.retain, written(m_store.file(), m_sets->name, "retain", m_sets->retain, m_sets->retainFields));
    }
    return spec;
}

std::vector<Error> Workspace::checkDraft() const
{
    std::vector<Error> problems = checkRun(m_draft, m_catalog);
    const auto fromSets = [&problems](const char *side, bool edited, bool empty) {
        if (!edited)
            return;
        const std::string key = std::string("data.") + side;
        std::erase_if(problems, [&](const Error &problem) { return problem.where == key || problem.where == key + ".path"; });
        if (empty)
            problems.push_back({.code = ErrorCode::InvalidInput, .what = std::string("the ") + side + " set has no rows",
                                .where = key, .hint = "Add rows in Data"});
    };
    fromSets("forget", m_private->forgetEdited, m_sets->forget.empty());
    if (m_draft.data.retain)
        fromSets("retain", m_private->retainEdited, m_sets->retain.empty());
    return problems;
}

} // namespace lethe
