#pragma once

#include "plots/Chart.h"

#include <lethe/run/Records.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <optional>
#include <vector>

namespace lethe {

/// Which probe: what it asks of a model.
enum class ProbeKind { Quantize, Relearn };
QString probeId(ProbeKind kind);
QString probeTitle(ProbeKind kind);
QString probeQuestion(ProbeKind kind);

/// One evaluation of a probe: in some precision, or after some steps.
struct ProbeStage {
    QString series; ///< `unlearned`, `retrained`
    QString name;   ///< `int8`, `step 3`
    double x = 0;
    std::vector<MetricValue> metrics;
};

/// What a probe found, as it is stored and shown.
struct ProbeResult {
    ProbeKind kind = ProbeKind::Quantize;
    QString model; ///< run and checkpoint
    RunId run = 0;
    std::int64_t step = 0;
    QString when;  ///< ISO 8601, UTC
    QJsonObject settings;
    std::vector<ProbeStage> stages;
    bool partial = false; ///< it was cancelled: what there was by then

    QJsonObject toJson() const;
    static std::optional<ProbeResult> fromJson(const QJsonObject &json);

    /// Metrics that its first stage has a value of.
    QStringList metrics() const;
    std::optional<double> value(const QString &series, std::size_t index, const QString &metric) const;
    std::size_t count(const QString &series) const;
    /// How well forgetting withstood it, 1: nothing came back (evaluation.md §6). None where that is undefined.
    std::optional<double> robustness(const QString &metric, const QString &stage = {}) const;
    /// One sentence with its evidence.
    QString reading(const QString &metric) const;
    ChartContents chart(const QString &metric) const;
    /// `series,stage,metric…`
    QString csv() const;
};

/// All that are stored, newest first.
std::vector<ProbeResult> storedProbes(const RunStore &store);
Result<void> storeProbe(RunStore &store, const ProbeResult &result);

} // namespace lethe
