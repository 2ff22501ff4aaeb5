#include "RunExtras.h"

#include "../compare/SettingsTableModel.h"
#include "../parts/Background.h"

#include <QtCore/QTimer>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace {

constexpr std::size_t kBatch = 16;       ///< runs read in one go: what is in sight comes in two or three
constexpr std::size_t kMostWaiting = 20000;
constexpr std::size_t kPictureColumns = 48;

/// Lowest and highest of each stretch, so that a spike stays; not finite ones are left out.
std::vector<double> thinnedLoss(const StepSeries &steps)
{
    std::vector<double> all;
    all.reserve(steps.loss.size());
    for (std::size_t i = 0; i < steps.loss.size(); ++i)
        if (const double value = std::isfinite(steps.forgetLoss[i]) ? steps.forgetLoss[i] : steps.loss[i]; std::isfinite(value))
            all.push_back(value);
    if (all.size() <= 2 * kPictureColumns)
        return all;
    std::vector<double> thin;
    for (std::size_t column = 0; column < kPictureColumns; ++column) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(column * all.size() / kPictureColumns);
        const auto to = all.begin() + static_cast<std::ptrdiff_t>((column + 1) * all.size() / kPictureColumns);
        const auto [low, high] = std::minmax_element(from, to);
        thin.push_back(low < high ? *low : *high);
        thin.push_back(low < high ? *high : *low);
    }
    return thin;
}

} // namespace

RunExtras::RunExtras(RunStore &store, QObject *parent) : QObject(parent), m_store(store) {}

const RunExtras::Extra *RunExtras::find(const RunRow &run)
{
    const auto known = m_known.constFind(run.id);
    const bool isNew = known != m_known.constEnd() && known->steps == run.steps;
    if (!isNew && m_asked.value(run.id, -1) != run.steps) {
        m_asked.insert(run.id, run.steps);
        m_waiting.push_front({run.id, run.steps});
        if (m_waiting.size() > kMostWaiting) {
            m_asked.remove(m_waiting.back().run); // it asks again when it comes into sight
            m_waiting.pop_back();
        }
        QTimer::singleShot(0, this, &RunExtras::readNext); // a view asks cell by cell
    }
    return known == m_known.constEnd() ? nullptr : &*known;
}

void RunExtras::readNext()
{
    if (m_reading || m_waiting.empty())
        return;
    m_reading = true;
    std::vector<Wanted> batch(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(std::min(kBatch, m_waiting.size())));
    m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(batch.size()));
    inBackground(this, [&store = m_store, batch] {
        std::vector<std::pair<RunId, Extra>> read;
        for (const Wanted &wanted : batch) {
            const auto details = store.details(wanted.run);
            const auto steps = store.stepSeries(wanted.run);
            if (!details.ok() || !steps.ok())
                continue; // erased since, or the store is busy: it stays empty
            Extra extra{.steps = wanted.steps, .loss = thinnedLoss(*steps), .settings = {}};
            for (const auto &[path, value] : flatSettings(details->specJson))
                extra.settings.insert(path, value);
            read.emplace_back(wanted.run, std::move(extra));
        }
        return read;
    }, [this](std::vector<std::pair<RunId, Extra>> read) {
        m_reading = false;
        QList<qint64> runs;
        for (auto &[run, extra] : read) {
            for (auto it = extra.settings.cbegin(); it != extra.settings.cend(); ++it)
                if (const auto at = std::ranges::lower_bound(m_settings, it.key()); at == m_settings.end() || *at != it.key())
                    m_settings.insert(at, it.key());
            m_known.insert(run, std::move(extra));
            runs.append(run);
        }
        if (!runs.isEmpty())
            Q_EMIT arrived(runs);
        readNext();
    });
}

} // namespace lethe
