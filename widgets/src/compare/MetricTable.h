#pragma once

#include <QtCore/QString>

#include <optional>
#include <string>
#include <vector>

namespace lethe {

struct ComparedRun;

/// The last metrics of several runs, one row a metric: which is best, and how far each is from the baseline run. Collapsed runs
/// never count as best, and what was measured on other rows is not ranked.
class MetricTable
{
public:
    struct Cell {
        std::optional<double> value;
        QString reason; ///< why there is none
        std::optional<double> difference; ///< from the baseline run
        bool best = false;
        QString variant; ///< the form it was computed in, where that is not the definition's
    };
    struct Row {
        QString id;
        QString name; ///< with its arrow, and the form that all its values are of
        int direction = 0;
        std::vector<Cell> cells; ///< one a run
    };
    struct Column {
        QString name;
        bool isBaseline = false;
        QString collapse;
        QString notComparable; ///< *300 / 400 rows*; empty where it can be compared
        bool isReference = false; ///< the retrained model: what the runs are to come near to
        bool ranked() const { return collapse.isEmpty() && notComparable.isEmpty() && !isReference; }
    };

    MetricTable() = default;
    /// \p baseline: index into \p runs.
    MetricTable(const std::vector<ComparedRun> &runs, std::size_t baseline);

    const std::vector<Row> &rows() const { return m_rows; }
    const std::vector<Column> &columns() const { return m_columns; }

    /// As shown: `31 %`, `0.62`, `–`.
    static QString shown(const QString &id, const std::optional<double> &value);
    /// `+27`, `−0.01`; in points where the metric is a percentage.
    static QString shownDifference(const QString &id, double difference);

    /// A `tabular` with booktabs' rules; best values bold.
    QString latex() const;
    QString markdown() const;
    /// Full precision; undefined values are empty.
    QString csv() const;

private:
    void rank(Row &row) const;

    std::vector<Row> m_rows;
    std::vector<Column> m_columns;
};

} // namespace lethe
