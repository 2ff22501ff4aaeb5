#include <frame/MessageBar.h>

#include <QtTest/QtTest>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QToolButton>

using namespace lethe;

namespace {

Message message(Message::Level level, const QString &text, const QString &key = {})
{
    return {.level = level, .text = text, .details = {}, .buttons = {}, .key = key};
}

QPushButton *button(const MessageBar &bar, const QString &text)
{
    for (QPushButton *one : bar.findChildren<QPushButton *>())
        if (one->text() == text && !one->isHidden() && one->parentWidget()->isVisibleTo(&bar))
            return one;
    return nullptr;
}

} // namespace

class TestMessageBar : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itIsHiddenWithoutNews();
    void theGravestIsShown();
    void theSameKeyReplacesAndCounts();
    void anotherTextOfTheSameKeyCountsAnew();
    void othersUnfold();
    void aButtonActsAndDismisses();
    void detailsUnfold();
};

void TestMessageBar::itIsHiddenWithoutNews()
{
    MessageBar bar;
    QVERIFY(bar.isHidden());
    bar.post(message(Message::Level::Info, QStringLiteral("News")));
    QVERIFY(!bar.isHidden());
    bar.findChild<QToolButton *>(QStringLiteral("messageClose"))->click();
    QVERIFY(bar.isHidden());
    QCOMPARE(bar.count(), 0);
}

void TestMessageBar::theGravestIsShown()
{
    MessageBar bar;
    bar.post(message(Message::Level::Warning, QStringLiteral("warning")));
    bar.post(message(Message::Level::Error, QStringLiteral("error")));
    bar.post(message(Message::Level::Info, QStringLiteral("info")));
    QCOMPARE(bar.topText(), QStringLiteral("error"));
    bar.post(message(Message::Level::Error, QStringLiteral("newer error")));
    QCOMPARE(bar.topText(), QStringLiteral("newer error"));
    QCOMPARE(bar.count(), 4);
}

void TestMessageBar::theSameKeyReplacesAndCounts()
{
    MessageBar bar;
    for (int i = 0; i < 37; ++i)
        bar.post(message(Message::Level::Error, QStringLiteral("Step failed"), QStringLiteral("step")));
    QCOMPARE(bar.count(), 1);
    QCOMPARE(bar.repeats(), 37);
}

void TestMessageBar::anotherTextOfTheSameKeyCountsAnew()
{
    MessageBar bar;
    bar.post(message(Message::Level::Error, QStringLiteral("one"), QStringLiteral("k")));
    bar.post(message(Message::Level::Error, QStringLiteral("two"), QStringLiteral("k")));
    QCOMPARE(bar.count(), 1);
    QCOMPARE(bar.repeats(), 1);
    QCOMPARE(bar.topText(), QStringLiteral("two"));
    bar.dismiss(QStringLiteral("k"));
    QCOMPARE(bar.count(), 0);
}

void TestMessageBar::othersUnfold()
{
    MessageBar bar;
    for (const char *text : {"a", "b", "c"})
        bar.post(message(Message::Level::Warning, QLatin1String(text)));
    const auto rows = [&bar] {
        int shown = 0;
        for (const QFrame *row : bar.findChildren<QFrame *>(QStringLiteral("message")))
            shown += row->isHidden() ? 0 : 1;
        return shown;
    };
    QCOMPARE(rows(), 1);
    QPushButton *more = button(bar, QStringLiteral("2 more"));
    QVERIFY(more != nullptr);
    more->click();
    QCOMPARE(rows(), 3);
    button(bar, QStringLiteral("Fold"))->click();
    QCOMPARE(rows(), 1);
}

void TestMessageBar::aButtonActsAndDismisses()
{
    MessageBar bar;
    int acted = 0;
    Message offered = message(Message::Level::Warning, QStringLiteral("Stopped at step 412"));
    offered.buttons = {{QStringLiteral("Resume"), [&acted] { ++acted; }}};
    bar.post(offered);
    button(bar, QStringLiteral("Resume"))->click();
    QCOMPARE(acted, 1);
    QCOMPARE(bar.count(), 0);
}

void TestMessageBar::detailsUnfold()
{
    MessageBar bar;
    Message detailed = message(Message::Level::Error, QStringLiteral("3 of 291 tensors do not fit"));
    detailed.details = QStringLiteral("model.embed_tokens.weight");
    bar.post(detailed);
    button(bar, QStringLiteral("Details"))->click();
    const auto *text = bar.findChild<QPlainTextEdit *>();
    QVERIFY(text != nullptr);
    QCOMPARE(text->toPlainText(), detailed.details);
    QVERIFY(button(bar, QStringLiteral("Hide details")) != nullptr);
}

QTEST_MAIN(TestMessageBar)
#include "tst_message_bar.moc"
