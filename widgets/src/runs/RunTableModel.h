#pragma once

#include "RunQuery.h"

#include <QtCore/QAbstractTableModel>
#include <QtCore/QHash>
#include <QtCore/QTimer>
#include <QtGui/QColor>

#include <vector>

namespace lethe {

/// What a column shows; `id` is stable: settings and named views keep it.
struct RunColumn {
    enum class Kind { Star, Color, Name, Status, Method, Model, Rate, SetMetric, Metric, Steps, Time, Created, Tags, Note, Speed, Memory, Device, Parent, Spec };
    Kind kind = Kind::Name;
    QString id;
    QString key; ///< metric id, set or key path, for those kinds
};

/// All runs of the store. Copies of rows; edits are announced, and made by the page.
class RunTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Role { SortRole = Qt::UserRole, RunIdRole, StatusRole, CurveRole, KindRole, ColorRole };

    explicit RunTableModel(QObject *parent = nullptr);

    /// Newest first. Rows that are the same stay as they are; metrics that have no column yet get one.
    void setRuns(std::vector<RunRow> runs);
    const std::vector<RunRow> &runs() const { return m_runs; }
    const RunRow *run(RunId id) const;
    int rowOf(RunId id) const;
    /// One row changed here, before the store has it.
    void replace(const RunRow &run);

    /// Every key path found gets a column.
    void setSpecs(QHash<RunId, SpecLeaves> specs);
    const SpecLeaves &spec(RunId id) const;
    bool hasSpecs() const { return !m_specs.isEmpty(); }
    /// A metric over the evaluations up to \p atStep.
    void setCurve(RunId run, const QString &metric, std::vector<double> values, std::int64_t atStep);

    const std::vector<RunColumn> &columns() const { return m_columns; }
    int columnOf(const QString &id) const;
    static bool isShownAtFirst(const QString &columnId);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;

Q_SIGNALS:
    void renamed(qint64 run, const QString &name);
    void tagged(qint64 run, const QStringList &tags);
    void noted(qint64 run, const QString &note);
    /// Rows whose curves are about to be drawn and are not here.
    void curvesWanted(const QList<qint64> &runs) const;
    void columnsChanged();

private:
    struct Curve {
        std::vector<double> values;
        std::int64_t atStep = -1;
    };
    void addColumns(RunColumn::Kind kind, const QString &prefix, const QStringList &ids);
    void addMetricColumns();
    QVariant display(const RunRow &run, const RunColumn &column) const;
    QVariant sortValue(const RunRow &run, const RunColumn &column) const;
    QVariant toolTip(const RunRow &run, const RunColumn &column) const;
    QVariant curve(const RunRow &run, const RunColumn &column) const;

    std::vector<RunRow> m_runs;
    QHash<RunId, int> m_rowOf;
    std::vector<RunColumn> m_columns;
    QHash<RunId, SpecLeaves> m_specs;
    QHash<RunId, QHash<QString, Curve>> m_curves;
    mutable QList<qint64> m_wanted; ///< filled while painting; announced together
    mutable QTimer m_wantedTimer;
};

/// Icon name and colour of a status.
QString statusIcon(RunStatus status);
QColor statusColor(RunStatus status);

} // namespace lethe
