#include "plots/CurveSummary.h"
#include "plots/PanelGrid.h"
#include "plots/PlotCanvas.h"
#include "plots/PlotExport.h"
#include "plots/PlotExportDialog.h"
#include "plots/PlotGroup.h"
#include "plots/PlotLegend.h"
#include "plots/PlotPanel.h"

#include <support/WorkClock.h>
#include <widgets/Dialogs.h>

#include <QtCore/QSettings>
#include <QtCore/QTemporaryDir>
#include <QtGui/QWheelEvent>
#include <QtTest/QtTest>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QToolButton>

#include <cmath>
#include <limits>

using namespace lethe;
using lethe::test::WorkClock;

namespace {

std::unique_ptr<PlotPanel> lossPanel(PlotGroup *group = nullptr, QSettings *settings = nullptr)
{
    auto panel = std::make_unique<PlotPanel>(QStringLiteral("loss"), QStringLiteral("Loss"), group, settings);
    panel->setAxes(QStringLiteral("step"), QStringLiteral("loss, nats"));
    panel->addCurve(QStringLiteral("forget"), QStringLiteral("forget"), CurveStyle::of(CurveRole::Forget));
    panel->addCurve(QStringLiteral("total"), QStringLiteral("total"), CurveStyle::of(CurveRole::Total));
    panel->resize(500, 300);
    return panel;
}

QToolButton *button(const PlotPanel &panel, const char *name)
{
    return panel.findChild<QToolButton *>(QString::fromLatin1(name));
}

void wheel(PlotCanvas &canvas, int delta, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
{
    const QPointF at = canvas.axisRect()->rect().center();
    QWheelEvent event(at, canvas.mapToGlobal(at), {}, {0, delta}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&canvas, &event);
}

} // namespace

class TestPlotPanel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drawsAtMostFourTimesASecond()
    {
        const auto panel = lossPanel();
        panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel.get()));
        const int before = panel->redraws();
        QElapsedTimer timer;
        timer.start();
        int step = 0;
        while (timer.elapsed() < 1100) {
            ++step;
            panel->append(0, step, 1.0 / step);
            QTest::qWait(5);
        }
        const int drawn = panel->redraws() - before;
        QVERIFY2(drawn >= 2 && drawn <= 5, qPrintable(QString::number(drawn)));
        QTRY_COMPARE(panel->contents().curves[0].data->size(), static_cast<std::size_t>(step));
    }

    void theNumbersOfAnAxisHaveOneForm()
    {
        const auto panel = lossPanel();
        for (int step = 1; step <= 10; ++step)
            panel->append(0, step, 2e-5 * step);
        panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel.get()));
        QTRY_VERIFY(panel->redraws() > 0);
        panel->canvas().replot(QCustomPlot::rpImmediateRefresh);
        const QVector<QString> labels = panel->canvas().yAxis->tickVectorLabels();
        QVERIFY(labels.size() > 2);
        for (const QString &label : labels)
            QVERIFY2(label == QLatin1String("0") || label.contains(QLatin1String("e-")), qPrintable(label));
        const QVector<QString> steps = panel->canvas().xAxis->tickVectorLabels();
        QVERIFY2(!steps.isEmpty() && !steps.join(u' ').contains(u'e'), qPrintable(steps.join(u' ')));
    }

    void theSettingsSayHowOftenItDraws()
    {
        const QTemporaryDir folder;
        QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
        settings.setValue(QStringLiteral("plots/redrawsPerSecond"), 1);
        settings.setValue(QStringLiteral("plots/defaultSmoothing"), 0.9);
        const auto panel = lossPanel(nullptr, &settings);
        panel->setDefaultSmoothing(0.6);
        QCOMPARE(panel->smoothing(), 0.9);
        panel->setDefaultSmoothing(0); // of values of evaluations: they stay as they are
        QCOMPARE(panel->smoothing(), 0.0);
        panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel.get()));
        panel->append(0, 1, 1.0);
        QTRY_COMPARE(panel->redraws(), 1);
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < 700) {
            panel->append(0, 2 + double(timer.elapsed()), 1.0);
            QTest::qWait(20);
        }
        QCOMPARE(panel->redraws(), 1);
        QTRY_COMPARE(panel->redraws(), 2);
    }

    void drawsNothingWhileHidden()
    {
        const auto panel = lossPanel();
        for (int step = 1; step <= 100; ++step)
            panel->append(0, step, step);
        QCoreApplication::processEvents();
        QCOMPARE(panel->redraws(), 0);
        panel->show();
        QTRY_COMPARE(panel->redraws(), 1);
        QVERIFY(panel->shownX().upper >= 100);
    }

    void aZoomEndsFollowingAndHomeBringsItBack()
    {
        PlotGroup group;
        const auto panel = lossPanel(&group);
        const auto other = std::make_unique<PlotPanel>(QStringLiteral("lr"), QStringLiteral("Rate"), &group, nullptr);
        panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel.get()));
        for (int step = 1; step <= 100; ++step)
            panel->append(0, step, 100 - step);
        QTRY_VERIFY(panel->shownX().upper >= 100);
        const AxisSpan all = panel->shownX();

        wheel(panel->canvas(), 240);
        QVERIFY(!group.isFollowing());
        const AxisSpan zoomed = panel->shownX();
        const AxisSpan zoomedY = panel->shownY();
        QVERIFY(zoomed.upper - zoomed.lower < 0.8 * (all.upper - all.lower));
        QCOMPARE(other->shownX(), zoomed); // x is linked
        QToolButton *pill = button(*panel, "follow_loss");
        QVERIFY(pill->isVisible());

        const int before = panel->redraws();
        for (int step = 101; step <= 200; ++step)
            panel->append(0, step, 500);
        QTRY_VERIFY(panel->redraws() > before);
        QCOMPARE(panel->shownX(), zoomed);
        QCOMPARE(panel->shownY(), zoomedY);

        QTest::keyClick(&panel->canvas(), Qt::Key_Home);
        QVERIFY(group.isFollowing());
        QVERIFY(panel->shownX().upper >= 200);
        QVERIFY(panel->shownY().upper >= 500);
        QVERIFY(!pill->isVisible());
    }

    void ctrlZoomsXAndShiftY()
    {
        const auto panel = lossPanel();
        panel->show();
        for (int step = 1; step <= 100; ++step)
            panel->append(0, step, step);
        QTRY_VERIFY(panel->shownX().upper >= 100);
        const AxisSpan x = panel->shownX(), y = panel->shownY();
        wheel(panel->canvas(), 120, Qt::ControlModifier);
        QCOMPARE(panel->shownY(), y);
        QVERIFY(panel->shownX().lower > x.lower);
        const AxisSpan narrowed = panel->shownX();
        wheel(panel->canvas(), 120, Qt::ShiftModifier);
        QCOMPARE(panel->shownX(), narrowed);
        QVERIFY(panel->shownY().upper < y.upper);
    }

    void backspaceGoesToThePreviousView()
    {
        const auto panel = lossPanel();
        panel->show();
        for (int step = 1; step <= 100; ++step)
            panel->append(0, step, step);
        QTRY_VERIFY(panel->shownX().upper >= 100);
        panel->showRange({10, 50}, {0, 60});
        panel->showRange({20, 30}, {10, 40});
        QTest::keyClick(&panel->canvas(), Qt::Key_Backspace);
        QCOMPARE(panel->shownX(), (AxisSpan{10, 50}));
        QCOMPARE(panel->shownY(), (AxisSpan{0, 60}));
        QTest::keyClick(&panel->canvas(), Qt::Key_Backspace);
        QVERIFY(panel->shownX().upper >= 100);
    }

    void theLogButtonSaysWhyItIsOff()
    {
        const auto panel = lossPanel();
        panel->show();
        for (int step = 1; step <= 10; ++step) {
            panel->append(0, step, 5.0 + step);
            panel->append(1, step, 3.0 - step);
        }
        QToolButton *log = button(*panel, "log_loss");
        QTRY_VERIFY(!log->isEnabled());
        QVERIFY2(log->toolTip().contains(QLatin1String("total")), qPrintable(log->toolTip()));
        QVERIFY(!panel->isLog());

        panel->setCurveVisible(1, false); // the term alone can be shown
        QVERIFY(log->isEnabled());
        log->click();
        QVERIFY(panel->isLog());
        QVERIFY(panel->shownY().lower > 0);

        panel->setCurveVisible(1, true);
        QVERIFY(!panel->isLog());
        QVERIFY(!log->isEnabled());
    }

    void logAndSmoothingAreKeptPerKind()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        {
            QSettings settings(file, QSettings::IniFormat);
            const auto panel = lossPanel(nullptr, &settings);
            panel->append(0, 1, 2.0);
            panel->setLog(true);
            panel->setSmoothing(0.85);
        }
        QSettings settings(file, QSettings::IniFormat);
        const auto again = lossPanel(nullptr, &settings);
        again->setDefaultSmoothing(0.6); // a choice is stronger than a default
        again->append(0, 1, 2.0);
        again->show();
        QTRY_VERIFY(again->isLog());
        QCOMPARE(again->smoothing(), 0.85);
        PlotPanel other(QStringLiteral("lr"), QStringLiteral("Rate"), nullptr, &settings);
        other.setDefaultSmoothing(0.6);
        QCOMPARE(other.smoothing(), 0.6);
        QVERIFY(!settings.contains(QStringLiteral("plots/lr/smoothing")));
    }

    void notFiniteValuesAreGapsAndNeverZero()
    {
        const auto panel = lossPanel();
        panel->show();
        panel->append(0, 1, 10);
        panel->append(0, 2, std::numeric_limits<double>::quiet_NaN());
        panel->append(0, 3, 12);
        QTRY_VERIFY(panel->shownY().upper > 12);
        QVERIFY(panel->shownY().lower > 9);
        QCOMPARE(panel->contents().curves[0].data->gaps().size(), std::size_t{1});
        QVERIFY2(panel->summary().contains(QLatin1String("1 not finite")), qPrintable(panel->summary()));
    }

    void summaryIsOneSentence()
    {
        CurveData data;
        QCOMPARE(curveSummary(QStringLiteral("forget loss"), data), QStringLiteral("forget loss, no points yet"));
        for (int step = 0; step < 25; ++step)
            data.append(step + 1, 13.86 + (4.218 - 13.86) * step / 24.0);
        QCOMPARE(curveSummary(QStringLiteral("forget loss"), data),
                 QStringLiteral("forget loss, 25 points, from 13.86 to 4.218, falling"));
        CurveData flat;
        for (int step = 0; step < 100; ++step)
            flat.append(step, 0.94 + 0.0005 * (step % 2));
        QVERIFY(curveSummary(QStringLiteral("retain"), flat).endsWith(QLatin1String("level")));
    }

    void legendClickHidesAndAltClickShowsAlone()
    {
        const auto panel = lossPanel();
        panel->show();
        panel->append(0, 1, 1);
        panel->append(1, 1, 2);
        QTRY_VERIFY(panel->redraws() > 0);
        QTest::mouseClick(panel->legend().entry(0), Qt::LeftButton);
        QVERIFY(!panel->contents().curves[0].visible);
        QTest::mouseClick(panel->legend().entry(0), Qt::LeftButton);
        QVERIFY(panel->contents().curves[0].visible);
        QTest::mouseClick(panel->legend().entry(1), Qt::LeftButton, Qt::AltModifier);
        QVERIFY(!panel->contents().curves[0].visible);
        QVERIFY(panel->contents().curves[1].visible);
        QTest::mouseClick(panel->legend().entry(1), Qt::LeftButton, Qt::AltModifier);
        QVERIFY(panel->contents().curves[0].visible);
    }

    void csvHoldsAllStepsAtFullPrecision()
    {
        const auto panel = lossPanel();
        const double third = 1.0 / 3.0;
        for (int step = 1; step <= 5000; ++step)
            panel->append(0, step, step * third);
        panel->append(1, 1, std::numeric_limits<double>::quiet_NaN());
        panel->setSmoothing(0.5);
        const QStringList lines = panel->exporter().csv(false).split(QStringLiteral("\r\n"), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 5002);
        QCOMPARE(lines[0], QStringLiteral("curve,step,raw,smoothed"));
        const QStringList last = lines[5000].split(QLatin1Char(','));
        QCOMPARE(last[0], QStringLiteral("forget"));
        QCOMPARE(last[1].toDouble(), 5000.0);
        QCOMPARE(last[2].toDouble(), 5000 * third);
        QCOMPARE(last[3].toDouble(), panel->contents().curves[0].data->smoothed()[4999]);
        QCOMPARE(lines[5001], QStringLiteral("total,1,nan,nan"));
    }

    void exportsOpenAndThePaperPresetHasItsWidth()
    {
        QTemporaryDir folder;
        const auto panel = lossPanel();
        panel->show();
        for (int step = 1; step <= 50; ++step)
            panel->append(0, step, 14.0 / step);
        QTRY_VERIFY(panel->shownX().upper >= 50);
        const PlotExport exporter = panel->exporter();

        PlotExportOptions options;
        options.scale = 3;
        QVERIFY(exporter.write(folder.filePath(QStringLiteral("a.png")), options).ok());
        const QImage picture(folder.filePath(QStringLiteral("a.png")));
        QCOMPARE(picture.width(), panel->canvas().width() * 3);

        options.paperWidthCm = 8.4;
        const QImage paper = exporter.image(options);
        QVERIFY(std::abs(paper.width() / (paper.dotsPerMeterX() / 100.0) - 8.4) < 0.01);
        QCOMPARE(paper.pixelColor(2, 2), QColor(Qt::white));

        options.format = PlotExportOptions::Format::Svg;
        const QString svg = QString::fromUtf8(exporter.svg(options));
        QVERIFY2(svg.contains(QLatin1String("width=\"84mm\"")), qPrintable(svg.left(300)));
        QVERIFY2(svg.contains(CurveStyle::of(CurveRole::Forget).color(PlotStyle::paper(254, 8, false)).name()), "the curve's colour");

        options.format = PlotExportOptions::Format::Pdf;
        const QByteArray pdf = exporter.pdf(options);
        QVERIFY(pdf.startsWith("%PDF"));
        QVERIFY2(pdf.contains("/MediaBox [0 0 238"), "8.4 cm are 238 points");

        const Result<void> refused = exporter.write(folder.filePath(QStringLiteral("not/there/a.svg")), options);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().code, ErrorCode::Io);
        QVERIFY(refused.error().where.ends_with("not/there/a.svg"));
    }

    void anExportIsNamedByRunAndPanelAndOffersWhatWasTakenLast()
    {
        const QTemporaryDir folder;
        QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
        settings.setValue(QStringLiteral("plots/exportFolder"), folder.path());
        struct OnePath final : Dialogs {
            QString offered;
            QStringList openFiles(QWidget *, const QString &, const QString &, const QString &) override { return {}; }
            QString saveFile(QWidget *, const QString &, const QString &path, const QString &) override { return offered = path; }
            QString chooseFolder(QWidget *, const QString &, const QString &) override { return {}; }
            bool confirm(QWidget *, const QString &, const QString &, const QString &) override { return false; }
            std::optional<QString> askText(QWidget *, const QString &, const QString &, const QString &) override { return {}; }
            std::optional<int> askNumber(QWidget *, const QString &, const QString &, int, int, int) override { return {}; }
        } dialogs;
        const auto panel = lossPanel(nullptr, &settings);
        panel->append(0, 1, 1.0);
        for (const bool second : {false, true}) {
            PlotExportDialog dialog(panel->exporter(), panel->title(), dialogs, &settings);
            dialog.setSubject(QStringLiteral("npo lr 2e-5"));
            auto *format = dialog.findChild<QComboBox *>(QStringLiteral("plotExportFormat"));
            if (second)
                QCOMPARE(dialog.options().format, PlotExportOptions::Format::Svg);
            else
                format->setCurrentIndex(1);
            QMetaObject::invokeMethod(dialog.findChild<QDialogButtonBox *>(), "accepted");
            QCOMPARE(dialogs.offered, folder.filePath(QStringLiteral("npo-lr-2e-5-loss.svg")));
            QVERIFY(QFile::exists(dialogs.offered));
        }
    }

    void aTransparentPictureHasNoGround()
    {
        const auto panel = lossPanel();
        panel->append(0, 1, 1);
        PlotExportOptions options;
        options.transparent = true;
        QCOMPARE(panel->exporter().image(options).pixelColor(1, 1).alpha(), 0);
    }

    void aMillionPointsAreDrawnFluently()
    {
        const auto panel = lossPanel();
        panel->show();
        std::vector<PlotPoint> points(1'000'000);
        for (std::size_t i = 0; i < points.size(); ++i)
            points[i] = {.step = static_cast<double>(i + 1), .value = std::sin(static_cast<double>(i) / 5e4) + 0.1 * std::sin(static_cast<double>(i)), .x = {}};
        panel->append(0, points);
        QTRY_VERIFY_WITH_TIMEOUT(panel->shownX().upper >= 1e6, 5000);
        WorkClock clock;
        constexpr int kFrames = 5;
        for (int i = 0; i < kFrames; ++i)
            panel->canvas().replot();
        const double perFrame = clock.milliseconds() / kFrames;
        qInfo("one frame of 10^6 points, raw and smoothed: %.1f ms", perFrame);
        QVERIFY2(perFrame < 50, qPrintable(QString::number(perFrame)));
    }

    void theCrosshairIsTheGroups()
    {
        PlotGroup group;
        const auto one = lossPanel(&group);
        const auto two = lossPanel(&group);
        one->show();
        for (int step = 1; step <= 10; ++step) {
            one->append(0, step, step);
            two->append(0, step, 2.0 * step);
        }
        QTRY_VERIFY(one->redraws() > 0);
        group.setCursor(4.2);
        QCOMPARE(two->canvas().crosshair().cursor, std::optional(4.2));
        QCOMPARE(one->canvas().crosshair().dots.size(), std::size_t{1});
        QCOMPARE(one->canvas().crosshair().dots[0].first, QPointF(4, 4));
        group.toggleMark();
        group.setCursor(8);
        group.toggleMark();
        QCOMPARE(group.marks(), (std::vector<double>{4.2, 8}));
        group.toggleMark();
        QCOMPARE(group.marks(), (std::vector<double>{4.2}));
        group.setCursor(std::nullopt);
        QVERIFY(one->canvas().crosshair().dots.empty());
    }

    void panelsMoveHideAndFillThePage()
    {
        QTemporaryDir folder;
        QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
        const auto filled = [&settings] {
            auto grid = std::make_unique<PanelGrid>(QStringLiteral("live"), &settings);
            for (const char *id : {"a", "b", "c"})
                grid->add(QString::fromLatin1(id), QString::fromLatin1(id),
                          new PlotPanel(QString::fromLatin1(id), QString::fromLatin1(id), nullptr, &settings));
            grid->resize(1200, 600);
            grid->show();
            return grid;
        };
        {
            const auto grid = filled();
            QCOMPARE(grid->order(), (QStringList{"a", "b", "c"}));
            grid->move(QStringLiteral("c"), -1);
            grid->setHidden(QStringLiteral("a"), true);
            QVERIFY(!grid->panel(QStringLiteral("a"))->isVisible());
            grid->toggleMaximised(QStringLiteral("b"));
            QVERIFY(!grid->panel(QStringLiteral("c"))->isVisible());
            QVERIFY(grid->panel(QStringLiteral("b"))->isVisible());
            grid->toggleMaximised(QStringLiteral("b"));
            QVERIFY(grid->panel(QStringLiteral("c"))->isVisible());
        }
        const auto again = filled();
        QCOMPARE(again->order(), (QStringList{"a", "c", "b"}));
        QVERIFY(again->isHiddenByUser(QStringLiteral("a")));
    }
};

QTEST_MAIN(TestPlotPanel)
#include "tst_plot_panel.moc"
