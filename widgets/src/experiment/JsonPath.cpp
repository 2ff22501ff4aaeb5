#include "JsonPath.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QLocale>

#include <algorithm>
#include <cmath>

namespace lethe {

QJsonValue jsonAt(const QJsonObject &object, const QString &path)
{
    QJsonValue value = object;
    for (const QString &key : path.split(u'.')) {
        if (!value.isObject())
            return QJsonValue(QJsonValue::Undefined);
        value = value.toObject().value(key);
    }
    return value;
}

void setJsonAt(QJsonObject &object, const QString &path, const QJsonValue &value)
{
    const qsizetype dot = path.indexOf(u'.');
    if (dot < 0) {
        object.insert(path, value);
        return;
    }
    const QString key = path.left(dot);
    QJsonObject inner = object.value(key).toObject();
    setJsonAt(inner, path.mid(dot + 1), value);
    object.insert(key, inner);
}

void removeJsonAt(QJsonObject &object, const QString &path)
{
    const qsizetype dot = path.indexOf(u'.');
    if (dot < 0) {
        object.remove(path);
        return;
    }
    const QString key = path.left(dot);
    if (!object.value(key).isObject())
        return;
    QJsonObject inner = object.value(key).toObject();
    removeJsonAt(inner, path.mid(dot + 1));
    object.insert(key, inner);
}

namespace {

void collect(const QJsonObject &object, const QString &prefix, QMap<QString, QJsonValue> &leaves)
{
    for (auto entry = object.begin(); entry != object.end(); ++entry) {
        const QString path = prefix.isEmpty() ? entry.key() : prefix + u'.' + entry.key();
        if (entry.value().isObject() && !entry.value().toObject().isEmpty())
            collect(entry.value().toObject(), path, leaves);
        else
            leaves.insert(path, entry.value());
    }
}

} // namespace

QMap<QString, QJsonValue> jsonLeaves(const QJsonObject &object)
{
    QMap<QString, QJsonValue> leaves;
    collect(object, {}, leaves);
    return leaves;
}

bool sameJson(const QJsonValue &a, const QJsonValue &b)
{
    const auto nothing = [](const QJsonValue &value) { return value.isNull() || value.isUndefined(); };
    if (nothing(a) || nothing(b))
        return nothing(a) && nothing(b);
    if (a.isDouble() && b.isDouble())
        return a.toDouble() == b.toDouble();
    if (a.isArray() && b.isArray()) {
        const QJsonArray x = a.toArray(), y = b.toArray();
        return x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin(), [](const QJsonValue &p, const QJsonValue &q) { return sameJson(p, q); });
    }
    return a == b;
}

QStringList differingPaths(const QJsonObject &a, const QJsonObject &b)
{
    const QMap<QString, QJsonValue> x = jsonLeaves(a), y = jsonLeaves(b);
    QStringList paths;
    for (auto leaf = x.begin(); leaf != x.end(); ++leaf)
        if (!sameJson(leaf.value(), y.value(leaf.key(), QJsonValue(QJsonValue::Null))))
            paths.append(leaf.key());
    for (auto leaf = y.begin(); leaf != y.end(); ++leaf)
        if (!x.contains(leaf.key()) && !leaf.value().isNull())
            paths.append(leaf.key());
    // A part that is null on one side (lora, eval) is one difference, not one for each of its keys.
    const auto mergePart = [&paths](const QMap<QString, QJsonValue> &withNull) {
        for (auto leaf = withNull.begin(); leaf != withNull.end(); ++leaf)
            if (leaf.value().isNull() && paths.removeIf([&leaf](const QString &path) { return path.startsWith(leaf.key() + u'.'); }) > 0)
                paths.append(leaf.key());
    };
    mergePart(x);
    mergePart(y);
    paths.sort();
    return paths;
}

QString numberText(double value)
{
    const double size = std::abs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e7))
        return QString::number(value, 'f', QLocale::FloatingPointShortest);
    if (!std::isfinite(value))
        return QString::number(value);
    QString text = QString::number(value, 'e', QLocale::FloatingPointShortest); // 1e-05
    const qsizetype e = text.indexOf(u'e');
    return text.left(e) + u'e' + QString::number(text.mid(e + 1).toInt());
}

QString jsonText(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Double: {
        const double number = value.toDouble();
        const qint64 whole = value.toInteger(std::numeric_limits<qint64>::min());
        return whole != std::numeric_limits<qint64>::min() && static_cast<double>(whole) == number ? QString::number(whole) : numberText(number);
    }
    case QJsonValue::Array: {
        QStringList items;
        for (const QJsonValue &item : value.toArray())
            items.append(jsonText(item));
        return u'[' + items.join(QStringLiteral(", ")) + u']';
    }
    case QJsonValue::Object: return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
    case QJsonValue::String: {
        const QByteArray list = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
        return QString::fromUtf8(list.mid(1, list.size() - 2));
    }
    case QJsonValue::Bool: return value.toBool() ? QStringLiteral("true") : QStringLiteral("false");
    default: return QStringLiteral("null");
    }
}

int lineOfPath(const QString &json, const QString &path)
{
    // Walks the text with the keys that are open; good for well-formed JSON, and for the part before a mistake.
    QStringList open;
    QString key;
    int line = 1;
    bool expectsKey = false;
    QString wanted = path;
    if (const qsizetype list = wanted.indexOf(u'['); list >= 0)
        wanted.truncate(list);
    QList<bool> isObject;
    for (qsizetype at = 0; at < json.size(); ++at) {
        const QChar c = json.at(at);
        if (c == u'\n') {
            ++line;
        } else if (c == u'"') {
            QString text;
            for (++at; at < json.size() && json.at(at) != u'"'; ++at) {
                if (json.at(at) == u'\\')
                    ++at;
                else
                    text.append(json.at(at));
            }
            if (expectsKey) {
                key = text;
                expectsKey = false;
                const QString here = open.isEmpty() ? key : open.join(u'.') + u'.' + key;
                if (here == wanted)
                    return line;
            }
        } else if (c == u'{' || c == u'[') {
            if (!isObject.isEmpty() && isObject.last())
                open.append(key);
            else if (!isObject.isEmpty())
                open.append(QStringLiteral("[]"));
            isObject.append(c == u'{');
            expectsKey = c == u'{';
        } else if (c == u'}' || c == u']') {
            if (!isObject.isEmpty())
                isObject.removeLast();
            if (!open.isEmpty())
                open.removeLast();
            expectsKey = false;
        } else if (c == u',') {
            expectsKey = !isObject.isEmpty() && isObject.last();
        }
    }
    // A key that is missing is shown where its part begins.
    const qsizetype dot = wanted.lastIndexOf(u'.');
    return dot > 0 ? lineOfPath(json, wanted.left(dot)) : 0;
}

} // namespace lethe
