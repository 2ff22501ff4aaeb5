#pragma once

#include <lethe/store/RunStore.h>

#include <QtCore/QHash>
#include <QtCore/QObject>
#include <QtCore/QSet>
#include <QtCore/QStringList>

#include <deque>
#include <optional>
#include <vector>

namespace lethe {

/// What a table of runs shows beside their rows: the settings of their specs and the course of their loss. Read off the GUI
/// thread for the runs that are asked for, the last asked first, for those are in sight.
class RunExtras final : public QObject
{
    Q_OBJECT

public:
    struct Extra {
        std::int64_t steps = -1;           ///< done when it was read: a run that went on since is read again
        std::vector<double> loss;          ///< of all steps, thinned to what a small picture can show
        QHash<QString, QString> settings;  ///< `training.batch_size` → `8`
    };

    /// \p store outlives the object.
    explicit RunExtras(RunStore &store, QObject *parent = nullptr);

    /// What is known of \p run; null where nothing is yet. Asks for what is missing or old.
    const Extra *find(const RunRow &run);
    /// Paths of the settings seen so far, in order.
    QStringList knownSettings() const { return m_settings; }

Q_SIGNALS:
    void arrived(const QList<qint64> &runs);

private:
    struct Wanted {
        RunId run;
        std::int64_t steps;
    };
    void readNext();

    RunStore &m_store;
    QHash<RunId, Extra> m_known;
    QHash<RunId, std::int64_t> m_asked; ///< steps of the run when it was asked for
    std::deque<Wanted> m_waiting;
    QStringList m_settings;
    bool m_reading = false;
};

} // namespace lethe
