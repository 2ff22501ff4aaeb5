#pragma once

#include "ComparedRuns.h"
#include "ComparedSamples.h"

#include "plots/Chart.h"

#include <lethe/run/RunSeries.h>

#include <QtCore/QSet>
#include <QtCore/QStringList>

namespace lethe {

/// What Compare draws beside curves and the trade-off: contents made of stored values, without a widget.

/// A row's value by the name that tables and charts call it: `prob`, `rouge`, `exact_match`, or one of its stored values.
std::optional<double> rowValue(const SampleRecord &sample, const std::string &name);
/// Values that at least one row of \p set has, the readable ones first; of every set where it is empty.
QStringList rowValueNames(const std::vector<RunSamples> &runs, const std::string &set);
QString rowValueTitle(const QString &name);
/// −1 where a smaller number says that the model knows the row better: losses, truth ratios.
int knowing(const QString &name);

/// Distribution functions of one value over a set's rows. The truth ratio against the retrained model's, with the
/// Kolmogorov–Smirnov distance drawn; other values against the first run's.
ChartContents distributionChart(const std::vector<RunSamples> &runs, const std::string &set, const QString &value);

/// Parallel axes, one a metric, better above: a line a run, and the retrained model's where it is known.
ChartContents profileChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);

/// A metric of the runs over steps: runs that differ in their seed alone as their mean and a band of one standard deviation.
ChartContents seedChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, const QString &metric);
/// Metrics that runs of which there are several seeds have; of all runs where there are none.
QStringList seedMetrics(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);

ChartContents seriesChart(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, SeriesKind kind, const QString &metric);
QStringList seriesMetrics(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);

} // namespace lethe
