#pragma once

#include "ComparedRuns.h"

#include <QtCore/QObject>
#include <QtCore/QSet>

namespace lethe {

/// Rows of one run at its first and its last whole evaluation.
struct RunSamples {
    RunId run = 0;
    QString name;
    RunLook look;
    std::int64_t firstStep = 0, lastStep = 0;
    std::vector<SampleRecord> first; ///< empty where the run was evaluated once
    std::vector<SampleRecord> last;
};

/// One row at every evaluation of a run.
struct RowHistory {
    struct Entry {
        std::int64_t step = 0;
        SampleRecord sample;
    };
    RunId run = 0;
    std::vector<Entry> entries;
};

/// The rows behind the compared runs' numbers, read off the GUI thread when somebody looks. Of at most twelve runs.
class ComparedSamples : public QObject
{
    Q_OBJECT

public:
    static constexpr std::size_t kMostRuns = 12;

    explicit ComparedSamples(const RunStore &store, QObject *parent = nullptr);

    void setRuns(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden);
    /// Reads what is missing; `changed` follows, at once where nothing is, and also before the first reading.
    void load();
    bool isLoading() const { return m_loading; }
    const std::vector<RunSamples> &runs() const { return m_runs; }
    /// \p done gets a history for each of `runs`, in their order.
    void readRow(QObject *context, const std::string &set, std::int64_t row, std::function<void(std::vector<RowHistory>)> done);

Q_SIGNALS:
    void changed();

private:
    struct Wanted {
        RunId run = 0;
        QString name;
        RunLook look;
        std::size_t evaluations = 0; ///< so many when it was read: a run that goes on is read anew
    };
    StoreReads m_reads;
    std::vector<Wanted> m_wanted, m_read;
    std::vector<RunSamples> m_runs;
    std::uint64_t m_generation = 0;
    bool m_loading = false;
};

} // namespace lethe
