#pragma once

#include "ComparedRuns.h"

#include "plots/PlotPanel.h"

#include <QtCore/QAbstractTableModel>

namespace lethe {

/// The values of all shown curves of one panel at the crosshair, the nearest to the pointer first.
class ReadingModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Run, Value, Smooth, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void read(const PlotPanel &panel, double x, double y);
    void clear();

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Line {
        QString name;
        QColor color;
        double raw, smooth, distance;
        QString shownRaw, shownSmooth;
    };
    std::vector<Line> m_lines;
};

} // namespace lethe
