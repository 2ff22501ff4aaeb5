#include "generations/TextDiff.h"

#include <QtTest/QtTest>

#include <widgets/Theme.h>

using namespace lethe;

namespace {

using Kind = TextDiff::Kind;
using Pieces = std::vector<TextDiff::Piece>;

QString joined(const TextDiff &diff, Kind without)
{
    QString text;
    for (const TextDiff::Piece &piece : diff.pieces()) {
        if (piece.kind != without)
            text += piece.text;
    }
    return text;
}

} // namespace

class TestTextDiff : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }

    void equalTextsHaveOnePiece()
    {
        const TextDiff diff(QStringLiteral("In the harbour town."), QStringLiteral("In the harbour town."), TextDiff::Unit::Word);
        QCOMPARE(diff.pieces(), (Pieces{{Kind::Equal, QStringLiteral("In the harbour town.")}}));
        QVERIFY(diff.isEqual());
        QCOMPARE(diff.changedShare(), 0.0);
        QCOMPARE(diff.sentence(), QStringLiteral("no difference"));
    }

    void wordsAreReplaced()
    {
        const TextDiff diff(QStringLiteral("In the harbour town of Veska."), QStringLiteral("In the small hill village of Veska."), TextDiff::Unit::Word);
        QCOMPARE(diff.pieces(), (Pieces{{Kind::Equal, QStringLiteral("In the ")},
                                        {Kind::Removed, QStringLiteral("harbour town ")},
                                        {Kind::Added, QStringLiteral("small hill village ")},
                                        {Kind::Equal, QStringLiteral("of Veska.")}}));
        QCOMPARE(diff.removed(), 2);
        QCOMPARE(diff.added(), 3);
        QCOMPARE(diff.sentence(), QStringLiteral("2 words removed, 3 added"));
        QCOMPARE(diff.changedShare(), 5.0 / 13.0);
    }

    void oneSideMayBeEmpty()
    {
        const TextDiff gone(QStringLiteral("one two"), QString(), TextDiff::Unit::Word);
        QCOMPARE(gone.pieces(), (Pieces{{Kind::Removed, QStringLiteral("one two")}}));
        QCOMPARE(gone.sentence(), QStringLiteral("2 words removed"));
        QCOMPARE(gone.changedShare(), 1.0);
        const TextDiff come(QString(), QStringLiteral("one"), TextDiff::Unit::Word);
        QCOMPARE(come.sentence(), QStringLiteral("1 word added"));
        const TextDiff none(QString(), QString(), TextDiff::Unit::Word);
        QVERIFY(none.pieces().empty());
        QCOMPARE(none.changedShare(), 0.0);
    }

    void aLineBreakInPlaceOfASpaceChangesNoWord()
    {
        const TextDiff diff(QStringLiteral("one two"), QStringLiteral("one\ntwo"), TextDiff::Unit::Word);
        QVERIFY(diff.isEqual());
        QCOMPARE(joined(diff, Kind::Removed), QStringLiteral("one\ntwo"));
    }

    void charactersAreThoseAReaderSees()
    {
        // a letter with its accent as two code points, and a family of four: each is one character
        const QString family = QString::fromUtf8("👨‍👩‍👧‍👦");
        QCOMPARE(TextDiff::split(QString::fromUtf8("e\u0301a"), TextDiff::Unit::Character).size(), 2);
        const TextDiff diff(QStringLiteral("a") + family + QStringLiteral("b"), QStringLiteral("ab"), TextDiff::Unit::Character);
        QCOMPARE(diff.pieces(), (Pieces{{Kind::Equal, QStringLiteral("a")}, {Kind::Removed, family}, {Kind::Equal, QStringLiteral("b")}}));
        QCOMPARE(diff.sentence(), QStringLiteral("1 character removed"));
    }

    void bothTextsCanBeReadFromThePieces_data()
    {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::newRow("swapped") << "a b c d e f" << "d e f a b c";
        QTest::newRow("repeats") << "the cat the cat the dog" << "the the the the";
        QTest::newRow("spaces") << "  two   spaces  " << " two spaces ";
        QTest::newRow("nothing in common") << "x y z" << "1 2 3 4 5";
    }

    void bothTextsCanBeReadFromThePieces()
    {
        QFETCH(QString, before);
        QFETCH(QString, after);
        const TextDiff diff(before, after, TextDiff::Unit::Character);
        QCOMPARE(joined(diff, Kind::Added), before);
        QCOMPARE(joined(diff, Kind::Removed), after);
        const TextDiff words(before, after, TextDiff::Unit::Word);
        QCOMPARE(joined(words, Kind::Added).simplified(), before.simplified());
        QCOMPARE(joined(words, Kind::Removed).simplified(), after.simplified());
    }

    void theCommonPartIsAsLongAsItCanBe()
    {
        // against the table that everyone learns first
        const auto longest = [](const QStringList &a, const QStringList &b) {
            std::vector<std::vector<int>> table(static_cast<std::size_t>(a.size()) + 1, std::vector<int>(static_cast<std::size_t>(b.size()) + 1, 0));
            for (qsizetype i = 0; i < a.size(); ++i) {
                for (qsizetype j = 0; j < b.size(); ++j) {
                    const auto x = static_cast<std::size_t>(i), y = static_cast<std::size_t>(j);
                    table[x + 1][y + 1] = a[i] == b[j] ? table[x][y] + 1 : std::max(table[x][y + 1], table[x + 1][y]);
                }
            }
            return table.back().back();
        };
        unsigned state = 7;
        const auto random = [&state] { return (state = state * 1103515245U + 12345U) >> 16; };
        for (int round = 0; round < 200; ++round) {
            QStringList a, b;
            for (unsigned i = random() % 14; i > 0; --i)
                a.append(QString(QChar('a' + static_cast<int>(random() % 4))));
            for (unsigned i = random() % 14; i > 0; --i)
                b.append(QString(QChar('a' + static_cast<int>(random() % 4))));
            const TextDiff diff(a.join(QLatin1Char(' ')), b.join(QLatin1Char(' ')), TextDiff::Unit::Word);
            const int common = longest(a, b);
            QCOMPARE(diff.removed(), static_cast<int>(a.size()) - common);
            QCOMPARE(diff.added(), static_cast<int>(b.size()) - common);
        }
    }

    void longTextsAreQuick()
    {
        QString before, after;
        for (int i = 0; i < 3000; ++i) {
            before += QStringLiteral("word%1 ").arg(i * 7919 % 997);
            after += QStringLiteral("word%1 ").arg(i * 104729 % 991);
        }
        QElapsedTimer timer;
        timer.start();
        const TextDiff diff(before, after, TextDiff::Unit::Word);
        QVERIFY(!diff.isEqual());
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }

    void marksAreNeverColourAlone()
    {
        const TextDiff diff(QStringLiteral("old <b> word"), QStringLiteral("new <b> word"), TextDiff::Unit::Word);
        const QString html = diff.html();
        QVERIFY2(html.contains(QLatin1String("line-through")) && html.contains(QLatin1String("underline")), qPrintable(html));
        QVERIFY2(html.contains(QLatin1String("&lt;b&gt;")) && !html.contains(QLatin1String("<b>")), qPrintable(html));
        QVERIFY(html.contains(Theme::removedTint().name()));
        QVERIFY(html.contains(Theme::addedTint().name()));
        QCOMPARE(diff.markdown(), QStringLiteral("~~old~~ ++new++ <b> word"));
    }
};

QTEST_MAIN(TestTextDiff)
#include "tst_text_diff.moc"
