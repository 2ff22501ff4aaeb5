#include <frame/TintedIcon.h>
#include <frame/Tones.h>
#include <widgets/Theme.h>

#include <QtCore/QDirIterator>
#include <QtTest/QtTest>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QStyle>
#include <QtWidgets/QToolButton>

#include <cmath>

using namespace lethe;

namespace {

double channel(double value)
{
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double luminance(const QColor &color)
{
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF()) + 0.0722 * channel(color.blueF());
}

/// WCAG 2's contrast ratio.
double contrast(const QColor &a, const QColor &b)
{
    const double one = luminance(a), other = luminance(b);
    return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

} // namespace

class TestTheme : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void textReachesFourAndAHalfOnEverySurface_data();
    void textReachesFourAndAHalfOnEverySurface();
    void outlinesReachThree_data() { textReachesFourAndAHalfOnEverySurface_data(); }
    void outlinesReachThree();
    void theSheetHasNoTokenLeft();
    void everyIconIsDrawnInTheTint();
    void iconsFollowTheTheme();
    void inkIsBlackOnLightAndWhiteOnDark();
    void distancesGrowWithTheText();
    void iconsGrowWithTheText();
};

void TestTheme::textReachesFourAndAHalfOnEverySurface_data()
{
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestTheme::textReachesFourAndAHalfOnEverySurface()
{
    QFETCH(bool, dark);
    const Tones &tones = dark ? Tones::night() : Tones::light();
    for (const QColor &ground : {tones.window, tones.rail, tones.surface, tones.field, tones.hover, tones.accentTint, tones.selection}) {
        QVERIFY2(contrast(tones.text, ground) >= 4.5, qPrintable(ground.name()));
        if (ground != tones.selection)
            QVERIFY2(contrast(tones.muted, ground) >= 4.5, qPrintable(tones.muted.name() + QStringLiteral(" on ") + ground.name()));
    }
    for (const QColor &ground : {tones.window, tones.surface, tones.field})
        for (const QColor &ink : {tones.accent, tones.success, tones.warning, tones.error})
            QVERIFY2(contrast(ink, ground) >= 4.5, qPrintable(ink.name() + QStringLiteral(" on ") + ground.name()));
    QVERIFY(contrast(tones.onAccent, tones.accent) >= 4.5);
    QVERIFY(contrast(tones.onAccent, tones.accentHover) >= 4.5);
    for (const QColor &ground : {tones.infoTint, tones.successTint, tones.warningTint, tones.errorTint, tones.removed, tones.added})
        QVERIFY2(contrast(tones.text, ground) >= 4.5, qPrintable(ground.name()));
}

void TestTheme::outlinesReachThree()
{
    QFETCH(bool, dark);
    const Tones &tones = dark ? Tones::night() : Tones::light();
    for (const QColor &ground : {tones.window, tones.surface, tones.field})
        QVERIFY2(contrast(tones.outline, ground) >= 3.0, qPrintable(QString::number(contrast(tones.outline, ground))));
}

void TestTheme::theSheetHasNoTokenLeft()
{
    const QString sheet = styleSheet(Tones::light(), 4, 10, QStringLiteral("/marks"));
    QVERIFY(!sheet.contains(QLatin1Char('@')));
    QVERIFY(!sheet.contains(QLatin1String("0pxpx")));
    QVERIFY(sheet.contains(QLatin1String("url(/marks/check.svg)")));
    QVERIFY(sheet.contains(Tones::light().accent.name()));
}

void TestTheme::everyIconIsDrawnInTheTint()
{
    Theme::apply(*qApp, ThemeChoice::Light);
    int icons = 0;
    for (QDirIterator files(QStringLiteral(":/lethe/icons")); files.hasNext();) {
        files.next();
        const QString name = files.fileInfo().baseName();
        const QByteArray svg = tintedSvg(name, QColor(0x12, 0x34, 0x56));
        QVERIFY2(!svg.contains("currentColor"), qPrintable(name));
        const QImage image = Theme::icon(name).pixmap(QSize(24, 24)).toImage();
        bool inked = false;
        for (int y = 0; y < image.height() && !inked; ++y)
            for (int x = 0; x < image.width() && !inked; ++x)
                inked = qAlpha(image.pixel(x, y)) > 128;
        QVERIFY2(inked, qPrintable(name));
        ++icons;
    }
    QVERIFY(icons > 40);
}

void TestTheme::iconsFollowTheTheme()
{
    const QIcon icon = Theme::icon(QStringLiteral("stop"), Theme::accent);
    const auto middle = [&icon] {
        const QImage image = icon.pixmap(QSize(48, 48)).toImage();
        for (int x = 0; x < 48; ++x)
            if (qAlpha(image.pixel(x, 24)) == 255)
                return QColor(image.pixel(x, 24)).name();
        return QString();
    };
    Theme::apply(*qApp, ThemeChoice::Light);
    QCOMPARE(middle(), Tones::light().accent.name());
    Theme::apply(*qApp, ThemeChoice::Dark);
    QCOMPARE(middle(), Tones::night().accent.name());
    QVERIFY(Theme::isDark());
}

void TestTheme::inkIsBlackOnLightAndWhiteOnDark()
{
    Theme::apply(*qApp, ThemeChoice::Light);
    QCOMPARE(Theme::runColor(QStringLiteral("ink")), QColor(Qt::black));
    QCOMPARE(Theme::runColor(QStringLiteral("#0072B2")), QColor(0x00, 0x72, 0xb2));
    QCOMPARE(Theme::runColor(QStringLiteral("nonsense")), Theme::muted());
    Theme::apply(*qApp, ThemeChoice::Dark);
    QCOMPARE(Theme::runColor(QStringLiteral("ink")), QColor(Qt::white));
}

void TestTheme::iconsGrowWithTheText()
{
    Theme::setTextSize(100);
    Theme::apply(*qApp, ThemeChoice::Light);
    const int usual = QToolButton().iconSize().height();
    Theme::setTextSize(200);
    Theme::apply(*qApp, ThemeChoice::Light);
    const QLineEdit field;
    QVERIFY(QToolButton().iconSize().height() >= usual * 18 / 10);
    QCOMPARE(field.style()->pixelMetric(QStyle::PM_SmallIconSize, nullptr, &field), Theme::space(4));
    Theme::setTextSize(100);
    Theme::apply(*qApp, ThemeChoice::Light);
}

void TestTheme::distancesGrowWithTheText()
{
    Theme::setTextSize(100);
    Theme::apply(*qApp, ThemeChoice::Light);
    const int usual = Theme::space(4);
    Theme::setTextSize(200);
    Theme::apply(*qApp, ThemeChoice::Light);
    QVERIFY(Theme::space(4) >= usual * 18 / 10);
    Theme::setTextSize(1000);
    QCOMPARE(Theme::textSize(), 200);
    Theme::setTextSize(100);
    Theme::apply(*qApp, ThemeChoice::Light);
}

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
