#pragma once

#include <lethe/spec/ExperimentSpec.h>

#include <QtCore/QJsonValue>
#include <QtCore/QStringList>

namespace lethe {

class RunStore;

/// The list of refusals that the user made, kept in the store; the one that ships with Lethe where they made none.
RefusalSpec userRefusals(const RunStore &store);
/// Returns at once. A list that is the shipped one is forgotten, so that a later version's is taken.
void keepUserRefusals(RunStore &store, const QStringList &answers);

/// The shipped list; empty where it cannot be read.
QStringList shippedRefusalList();
/// All answers that \p refusals stands for.
QStringList answersOf(const RefusalSpec &refusals);
/// A spec for \p answers: `shipped` where they are the shipped ones.
RefusalSpec refusalSpecOf(const QStringList &answers, RefusalSpec::Draw draw);
/// As the spec's JSON has it under `data.refusals`.
QJsonValue toJsonValue(const RefusalSpec &refusals);

/// One answer a line, so that a text box can hold a list: `\n` stands for a line break, `\\` for a backslash.
QString linesOf(const QStringList &answers);
QStringList answersIn(const QString &lines);

} // namespace lethe
