#pragma once

#include <QtCore/QString>

class QWidget;

namespace lethe {

class Dialogs;
class Workspace;

/// A downloaded benchmark's folder (TOFU's, MUSE's, open-unlearning's) as the draft's data and evaluation: asks which split is to be
/// forgotten, and says what the folder lacks. What it holds is told in the background; its rows are read as a task.
void importBenchmark(Workspace &workspace, Dialogs &dialogs, QWidget *parent, const QString &folder);

} // namespace lethe
