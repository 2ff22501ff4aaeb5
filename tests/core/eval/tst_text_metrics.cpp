#include <lethe/eval/TextMetrics.h>

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtTest/QtTest>

using namespace lethe;

namespace {

QJsonArray vectorsOf(const QString &name)
{
    QFile file(qEnvironmentVariable("LETHE_FIXTURES") + QStringLiteral("/metrics/") + name);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return QJsonDocument::fromJson(file.readAll()).object().value(QLatin1String("vectors")).toArray();
}

QStringList asList(const std::vector<std::string> &tokens)
{
    QStringList list;
    for (const std::string &token : tokens)
        list << QString::fromStdString(token);
    return list;
}

QStringList asList(const QJsonValue &value)
{
    QStringList list;
    for (const QJsonValue &item : value.toArray())
        list << item.toString();
    return list;
}

constexpr double kTolerance = 1e-12;

} // namespace

class TestTextMetrics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stemsAreThoseOfTheFixtures();
    void rougeIsThatOfTheFixtures();
    void longestRunIsThatOfTheFixtures();
    void equalTextsScoreOne();
    void emptyTextsScoreNothing();
    void exactMatchIgnoresOuterWhiteSpaceAlone();
};

void TestTextMetrics::stemsAreThoseOfTheFixtures()
{
    const QJsonArray vectors = vectorsOf(QStringLiteral("stem.json"));
    QVERIFY2(!vectors.isEmpty(), "metrics/stem.json is not in LETHE_FIXTURES");
    for (const QJsonValue &vector : vectors) {
        const std::string word = vector[QLatin1String("in")].toString().toStdString();
        const std::vector<std::string> tokens = rougeTokens(word, true);
        QCOMPARE(asList(tokens), QStringList{vector[QLatin1String("out")].toString()});
    }
}

void TestTextMetrics::rougeIsThatOfTheFixtures()
{
    const QJsonArray vectors = vectorsOf(QStringLiteral("rouge.json"));
    QVERIFY2(!vectors.isEmpty(), "metrics/rouge.json is not in LETHE_FIXTURES");
    for (const QJsonValue &vector : vectors) {
        const QJsonValue in = vector[QLatin1String("in")], out = vector[QLatin1String("out")];
        const std::string target = in[QLatin1String("target")].toString().toStdString();
        const std::string prediction = in[QLatin1String("prediction")].toString().toStdString();
        const bool stem = in[QLatin1String("use_stemmer")].toBool();
        QCOMPARE(asList(rougeTokens(target, stem)), asList(out[QLatin1String("target_tokens")]));
        QCOMPARE(asList(rougeTokens(prediction, stem)), asList(out[QLatin1String("prediction_tokens")]));
        const RougeScore l = rougeL(target, prediction, stem), one = rouge1(target, prediction, stem);
        const std::vector<std::pair<const char *, double>> values{{"rougeL_precision", l.precision}, {"rougeL_recall", l.recall},
            {"rougeL_fmeasure", l.f}, {"rouge1_recall", one.recall}, {"rouge1_fmeasure", one.f}};
        for (const auto &[key, value] : values) {
            QVERIFY2(out[QLatin1String(key)].isDouble(), key);
            QVERIFY2(std::abs(value - out[QLatin1String(key)].toDouble()) <= kTolerance,
                     qPrintable(vector[QLatin1String("id")].toString() + QLatin1Char(' ') + QLatin1String(key)));
        }
    }
}

void TestTextMetrics::longestRunIsThatOfTheFixtures()
{
    const QJsonArray vectors = vectorsOf(QStringLiteral("text_quality.json"));
    QVERIFY2(!vectors.isEmpty(), "metrics/text_quality.json is not in LETHE_FIXTURES");
    for (const QJsonValue &vector : vectors) {
        const std::string text = asList(vector[QLatin1String("in")]).join(QLatin1Char(' ')).toStdString();
        QCOMPARE(longestRepeat(text), vector[QLatin1String("out")][QLatin1String("longest_run")].toInt());
    }
}

void TestTextMetrics::equalTextsScoreOne()
{
    QCOMPARE(rougeL("A civil engineer", "a CIVIL, engineer!").f, 1.0);
    QCOMPARE(rouge1("a a b", "b a a").recall, 1.0);
    QCOMPARE(rougeL("a b", "b a").recall, 0.5);
}

void TestTextMetrics::emptyTextsScoreNothing()
{
    QCOMPARE(rougeL("", "").recall, 0.0);
    QCOMPARE(rougeL("a", "").precision, 0.0);
    QCOMPARE(rougeL("\xe4\xb8\xad", "\xe4\xb8\xad").f, 0.0);
    QVERIFY(rougeTokens("\xff\xc4\xe2\x84", true).empty());
    QCOMPARE(longestRepeat(""), 0);
    QCOMPARE(longestRepeat(" \n\t"), 0);
}

void TestTextMetrics::exactMatchIgnoresOuterWhiteSpaceAlone()
{
    QVERIFY(exactMatch(" In the harbour.\n", "In the harbour."));
    QVERIFY(!exactMatch("In the harbour.", "in the harbour."));
    QVERIFY(!exactMatch("In  the harbour.", "In the harbour."));
    QVERIFY(exactMatch("", "  "));
    // as Python strips: no-break and ideographic spaces, NEL, separators; a zero-width space is none
    QVERIFY(exactMatch("\u00A0In the harbour.\u3000\u2003", "In the harbour.\u0085\x1F"));
    QVERIFY(!exactMatch("In the harbour.\u200B", "In the harbour."));
    QVERIFY(strippedText("\u2028 a\u00A0b \u1680") == "a\u00A0b");
    QCOMPARE(longestRepeat("no\u00A0no\u3000no yes"), 3);
}

QTEST_GUILESS_MAIN(TestTextMetrics)
#include "tst_text_metrics.moc"
