#pragma once

#include <lethe/model/ModelInfo.h>

#include <QtCore/QAbstractListModel>
#include <QtCore/QStringList>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace lethe {

/// A model folder that is known here, and what its headers say.
struct FoundModel {
    QString folder;
    QString name;   ///< as people know it: `meta-llama/Llama-3.2-1B` for one of the cache
    QString source; ///< `recent`, `demo`, `Hugging Face cache`, `your folders`
    std::shared_ptr<const ModelInfo> info; ///< null: nothing there to describe
    QString failure;
};

/// Folders with a config.json: those given, those of the local Hugging Face cache, those right in or under \p userFolders.
std::vector<FoundModel> findModels(const QStringList &recent, const QStringList &userFolders, const std::function<bool()> &isCancelled);
/// `$HF_HOME/hub`, `$HF_HUB_CACHE`, or the default place.
QString huggingFaceCache();

/// The models found, one a row: name, type and size, state as icon and word.
class ModelList final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { FolderRole = Qt::UserRole, LineRole, StateRole, StateIconRole };

    using QAbstractListModel::QAbstractListModel;

    void setModels(std::vector<FoundModel> models);
    /// Adds or replaces one; its row.
    int upsert(const FoundModel &model);
    const FoundModel *model(int row) const;
    int rowOf(const QString &folder) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

private:
    std::vector<FoundModel> m_models;
};

} // namespace lethe
