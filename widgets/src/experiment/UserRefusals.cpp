#include "UserRefusals.h"

#include "../parts/Text.h"

#include <lethe/data/Refusals.h>
#include <lethe/store/RunStore.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace lethe {

namespace {

const std::string kKey = "refusals";

} // namespace

QStringList shippedRefusalList()
{
    const auto shipped = shippedRefusals();
    return shipped.ok() ? toQt(*shipped) : QStringList();
}

RefusalSpec userRefusals(const RunStore &store)
{
    const auto kept = store.value(kKey);
    RefusalSpec refusals;
    if (kept.ok() && kept->has_value())
        for (const QJsonValue &answer : QJsonDocument::fromJson(QByteArray::fromStdString(**kept)).array())
            refusals.answers.push_back(toStd(answer.toString()));
    if (refusals.answers.empty())
        refusals.source = kShippedRefusals;
    return refusals;
}

void keepUserRefusals(RunStore &store, const QStringList &answers)
{
    const bool own = !answers.isEmpty() && answers != shippedRefusalList();
    store.setValueSoon(kKey, own ? QJsonDocument(QJsonArray::fromStringList(answers)).toJson(QJsonDocument::Compact).toStdString() : std::string());
}

QStringList answersOf(const RefusalSpec &refusals)
{
    ExperimentSpec spec;
    spec.data.refusals = refusals;
    const auto answers = refusalsOf(spec);
    return answers.ok() ? toQt(*answers) : QStringList();
}

RefusalSpec refusalSpecOf(const QStringList &answers, RefusalSpec::Draw draw)
{
    RefusalSpec refusals{.source = {}, .answers = {}, .draw = draw};
    if (answers == shippedRefusalList())
        refusals.source = kShippedRefusals;
    else
        refusals.answers = toStd(answers);
    return refusals;
}

QJsonValue toJsonValue(const RefusalSpec &refusals)
{
    const QJsonValue answers = refusals.source.empty() ? QJsonValue(QJsonArray::fromStringList(toQt(refusals.answers)))
                                                       : QJsonValue(toQt(std::string_view(refusals.source)));
    if (refusals.draw == RefusalSpec::Draw::EachAccess)
        return answers;
    return QJsonObject{{QStringLiteral("answers"), answers}, {QStringLiteral("draw"), QStringLiteral("once")}};
}

QString linesOf(const QStringList &answers)
{
    QStringList lines;
    for (QString answer : answers)
        lines.append(answer.replace(u'\\', QStringLiteral("\\\\")).replace(u'\n', QStringLiteral("\\n")));
    return lines.join(u'\n');
}

QStringList answersIn(const QString &lines)
{
    QStringList answers;
    for (const QString &line : lines.split(u'\n')) {
        QString answer;
        for (qsizetype at = 0; at < line.size(); ++at) {
            const QChar next = line.at(at) == u'\\' && at + 1 < line.size() ? line.at(at + 1) : QChar();
            const bool pair = next == u'n' || next == u'\\';
            answer.append(pair ? (next == u'n' ? QChar(u'\n') : next) : line.at(at));
            at += pair;
        }
        if (!answer.trimmed().isEmpty())
            answers.append(answer.trimmed());
    }
    return answers;
}

} // namespace lethe
