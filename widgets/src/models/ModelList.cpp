#include "ModelList.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <lethe/base/Paths.h>

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtGui/QIcon>

#include <algorithm>

namespace lethe {

namespace {

bool holdsModel(const QString &folder)
{
    return QFileInfo(QDir(folder), QStringLiteral("config.json")).isFile();
}

/// `models--org--name` → `org/name`
QString hubName(const QString &folderName)
{
    return folderName.mid(int(qstrlen("models--"))).replace(QStringLiteral("--"), QStringLiteral("/"));
}

} // namespace

QString huggingFaceCache()
{
    if (const QString hub = qEnvironmentVariable("HF_HUB_CACHE"); !hub.isEmpty())
        return hub;
    if (const QString home = qEnvironmentVariable("HF_HOME"); !home.isEmpty())
        return home + QStringLiteral("/hub");
    const QString cache = qEnvironmentVariable("XDG_CACHE_HOME", QDir::homePath() + QStringLiteral("/.cache"));
    return cache + QStringLiteral("/huggingface/hub");
}

std::vector<FoundModel> findModels(const QStringList &recent, const QStringList &userFolders, const std::function<bool()> &isCancelled)
{
    std::vector<FoundModel> found;
    const auto add = [&](const QString &folder, const QString &name, const QString &source) {
        const QString path = QDir(folder).absolutePath();
        const auto same = [&](const FoundModel &one) { return one.folder == path; };
        if (isCancelled() || !holdsModel(path) || std::any_of(found.begin(), found.end(), same))
            return;
        FoundModel model{.folder = path, .name = name, .source = source, .info = {}, .failure = {}};
        if (auto info = inspectModel(path.toStdString()); info.ok())
            model.info = std::make_shared<const ModelInfo>(std::move(*info));
        else
            model.failure = QString::fromStdString(info.error().message());
        found.push_back(std::move(model));
    };
    const auto addChildren = [&](const QString &folder, const QString &source) {
        const auto children = QDir(folder).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
        for (const QFileInfo &child : children)
            add(child.absoluteFilePath(), child.fileName(), source);
    };
    for (const QString &folder : recent)
        add(folder, QFileInfo(folder).fileName(), ModelList::tr("recent"));
    addChildren(QString::fromStdString((resourceFolder() / "demo" / "models").string()), ModelList::tr("demo"));
    for (const QString &folder : userFolders) {
        add(folder, QFileInfo(folder).fileName(), ModelList::tr("your folders"));
        addChildren(folder, ModelList::tr("your folders"));
    }
    const auto repositories = QDir(huggingFaceCache()).entryInfoList({QStringLiteral("models--*")}, QDir::Dirs, QDir::Name);
    for (const QFileInfo &repository : repositories) {
        const auto snapshots = QDir(repository.absoluteFilePath() + QStringLiteral("/snapshots"))
                                   .entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time);
        for (const QFileInfo &snapshot : snapshots)
            add(snapshot.absoluteFilePath(), hubName(repository.fileName()), ModelList::tr("Hugging Face cache"));
    }
    return found;
}

void ModelList::setModels(std::vector<FoundModel> models)
{
    beginResetModel();
    m_models = std::move(models);
    endResetModel();
}

int ModelList::upsert(const FoundModel &model)
{
    const int row = rowOf(model.folder);
    if (row < 0) {
        beginInsertRows({}, 0, 0);
        m_models.insert(m_models.begin(), model);
        endInsertRows();
        return 0;
    }
    m_models[static_cast<std::size_t>(row)] = model;
    Q_EMIT dataChanged(index(row), index(row));
    return row;
}

const FoundModel *ModelList::model(int row) const
{
    return row >= 0 && row < rowCount() ? &m_models[static_cast<std::size_t>(row)] : nullptr;
}

int ModelList::rowOf(const QString &folder) const
{
    const auto found = std::find_if(m_models.begin(), m_models.end(), [&](const FoundModel &one) { return one.folder == folder; });
    return found == m_models.end() ? -1 : static_cast<int>(found - m_models.begin());
}

int ModelList::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_models.size());
}

QVariant ModelList::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const FoundModel &one = m_models[static_cast<std::size_t>(index.row())];
    const bool usable = one.info && one.info->usable();
    switch (role) {
    case Qt::DisplayRole: return one.name;
    case Qt::ToolTipRole: return QDir::toNativeSeparators(one.folder);
    case FolderRole: return one.folder;
    case LineRole:
        return one.info ? QStringLiteral("%1 · %2 · %3").arg(QString::fromStdString(one.info->modelType),
                                                             format::parameters(one.info->parameters), one.source)
                        : one.source;
    case StateRole:
        return usable  ? tr("usable")
            : one.info ? tr("%n problem(s)", nullptr, int(one.info->problems.size()))
                       : tr("not readable");
    case Qt::AccessibleTextRole: return one.name + QStringLiteral(", ") + data(index, LineRole).toString() + QStringLiteral(", ")
            + data(index, StateRole).toString();
    case StateIconRole: return usable ? Theme::icon(QStringLiteral("success"), Theme::success) : Theme::icon(QStringLiteral("warning"), Theme::warning);
    default: return {};
    }
}

} // namespace lethe
