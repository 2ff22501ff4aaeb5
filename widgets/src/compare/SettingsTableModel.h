#pragma once

#include <widgets/RunLook.h>

#include <QtCore/QAbstractTableModel>
#include <QtCore/QString>

#include <vector>

namespace lethe {

struct ComparedRun;

/// One setting over several runs.
struct SettingRow {
    QString path;               ///< `training.learning_rate`
    std::vector<QString> values; ///< as JSON spells them, strings without quotes; `–` where a run has none
    bool differs = false;
};

/// Every setting of a spec as path and value, spelled as JSON spells it (strings without quotes).
QList<std::pair<QString, QString>> flatSettings(const std::string &specJson);
/// Every setting of the runs' specs and the hashes of the files they read, in the order of the first spec.
std::vector<SettingRow> settingsOf(const std::vector<ComparedRun> &runs);

/// The settings for a view; only those that differ unless all are asked for.
class SettingsTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(const std::vector<ComparedRun> &runs);
    void setShowAll(bool all);
    int differing() const;
    int total() const { return static_cast<int>(m_all.size()); }
    QString csv() const; ///< what is shown, in full

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void choose();

    std::vector<SettingRow> m_all;
    std::vector<std::size_t> m_shown;
    std::vector<QString> m_names;
    bool m_showAll = false;
};

} // namespace lethe
