#pragma once

#include <QtCore/QString>

namespace lethe {

// What Settings → Runs keeps, and the workspace goes by.
inline const QString kPauseOnTroubleKey = QStringLiteral("runs/pauseOnTrouble");
inline const QString kThreadsKey = QStringLiteral("runs/threads");
inline const QString kNewDeviceKey = QStringLiteral("newExperiment/device");
inline const QString kNewDtypeKey = QStringLiteral("newExperiment/dtype");
inline const QString kNewPromptsKey = QStringLiteral("newExperiment/prompts");
inline const QString kNewAnswerLengthKey = QStringLiteral("newExperiment/maxNewTokens");
inline constexpr int kUsualPrompts = 8;
inline constexpr int kUsualAnswerLength = 48;

} // namespace lethe
