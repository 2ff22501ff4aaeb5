#pragma once

#include <lethe/run/Records.h>

#include <QtCore/QAbstractTableModel>

#include <vector>

namespace lethe {

/// What happened in a run beside its curves: evaluations, checkpoints, pauses, warnings; the last one first. Equal lines that
/// follow each other fold into one with a count.
class EventTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Step, What, Time, ColumnCount };
    static constexpr int StepRole = Qt::UserRole + 1;

    using QAbstractTableModel::QAbstractTableModel;

    void setEvents(const std::vector<EventRecord> &events, const std::vector<EvaluationRecord> &evaluations,
                   const std::vector<CheckpointRecord> &checkpoints);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Line {
        EventRecord event;
        int count = 1;
        bool hasTime = true;
    };
    std::vector<Line> m_lines;
};

} // namespace lethe
