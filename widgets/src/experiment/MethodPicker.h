#pragma once

#include <lethe/method/MethodCatalog.h>

#include <QtCore/QAbstractListModel>
#include <QtWidgets/QWidget>

class QLabel;
class QListView;

namespace lethe {

/// The catalog's entries: usable methods first, then plugins that cannot be used, with the reason.
class MethodListModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole, SummaryRole, ProblemRole };
    using QAbstractListModel::QAbstractListModel;

    void setEntries(const std::vector<MethodEntry> &entries);
    const MethodEntry *entry(int row) const;
    int rowOf(const QString &id) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    std::vector<MethodEntry> m_entries;
};

/// The list of methods, and below it what is known of the one that is chosen: summary, paper, needs, formula.
class MethodPicker final : public QWidget
{
    Q_OBJECT

public:
    explicit MethodPicker(QWidget *parent = nullptr);

    void setEntries(const std::vector<MethodEntry> &entries);
    void setChosen(const QString &id);

Q_SIGNALS:
    void methodPicked(const QString &id);
    /// Published values of the chosen method, by their place in its manifest.
    void presetPicked(std::size_t preset);

private:
    void showDetails(int row);
    void showPresets(const MethodManifest &manifest);

    MethodListModel *m_model;
    QListView *m_list;
    QLabel *m_summary;
    QLabel *m_needs;
    QLabel *m_formula;
    QLabel *m_paper;
    QLabel *m_problem;
    QWidget *m_presets; ///< a button a set of published values
    bool m_setting = false;
};

} // namespace lethe
