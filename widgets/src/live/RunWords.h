#pragma once

#include "RunFeed.h"

#include <QtCore/QString>

#include <optional>

namespace lethe {

/// Words and figures of a run that more than one screen shows.
namespace runwords {

QString statusWord(RunStatus status);   ///< `running`, `done` …
QString statusIcon(RunStatus status);   ///< an icon's name of the theme
bool isOver(RunStatus status);

/// Seconds a step took over the last fifth of the steps (at least two), evaluations included; nothing before 3 s.
std::optional<double> secondsPerStep(const std::vector<StepRecord> &steps);
std::optional<double> secondsLeft(const RunHistory &history);
/// Tokens a second over the same stretch.
std::optional<double> tokensPerSecond(const std::vector<StepRecord> &steps);

/// What evaluations in the middle took of the time of steps and evaluations: the share that `eval.budget_percent` bounds. None
/// before the first of them, and where none is due.
std::optional<double> evaluationShare(const RunHistory &history);
/// *evaluations 4 % of the time*, with the bound where \p budgetPercent gives one; empty where there is nothing to say.
QString evaluationShareText(const RunHistory &history, std::optional<double> budgetPercent);

std::optional<double> metricOf(const std::vector<MetricValue> &metrics, const std::string &id);
/// *Forgotten: exact match 96 → 4 %. Kept: 97 → 95 %. 40 steps in 0:41.* – the verb says what the numbers say: a run that
/// learned or that damaged the retain set is not praised. Only what was measured is spoken of.
QString resultSentence(const RunHistory &history);
/// A warning where the untouched model does not know the forget set; empty where it does, or where nothing says so.
QString nothingToForget(const RunHistory &history);
/// Why a run holds that nobody paused: no room for its checkpoint, a step that is not finite. Empty where the user did.
QString pauseCause(const RunHistory &history);
/// An interrupted run that the user laid aside: its last checkpoint is that of its last step.
bool isPausedToDisk(const RunHistory &history);
/// Name of a value that a method reports: `mean_log_ratio` → `mean log ratio`.
QString valueName(const std::string &id);
/// Everything that helps to find a failure's cause, as text to be copied. Holds no sample text.
QString diagnostics(const RunHistory &history);

} // namespace runwords
} // namespace lethe
