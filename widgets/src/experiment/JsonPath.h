#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QMap>
#include <QtCore/QString>
#include <QtCore/QStringList>

namespace lethe {

/// The value at a dotted path (`training.learning_rate`); undefined where there is none.
QJsonValue jsonAt(const QJsonObject &object, const QString &path);
/// Objects on the way are made; what is no object on the way is replaced by one.
void setJsonAt(QJsonObject &object, const QString &path, const QJsonValue &value);
void removeJsonAt(QJsonObject &object, const QString &path);
/// Every value that is no object, by its path.
QMap<QString, QJsonValue> jsonLeaves(const QJsonObject &object);
/// Numbers are equal by value (1 and 1.0), lists by their items; a missing value equals null.
bool sameJson(const QJsonValue &a, const QJsonValue &b);
/// Paths at which two documents differ.
QStringList differingPaths(const QJsonObject &a, const QJsonObject &b);
/// As a spec or a `--set` spells it: `1e-5`, `"nll"`, `[0.9, 0.999]`.
QString jsonText(const QJsonValue &value);
/// A number with a point, shortest that reads back the same, `1e-5` rather than `0.00001`.
QString numberText(double value);

/// 1-based line of \p path's value in a JSON text; 0 where it is not found.
int lineOfPath(const QString &json, const QString &path);

} // namespace lethe
