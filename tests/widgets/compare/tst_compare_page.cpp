#include "../RunsBench.h"

#include "compare/CompareCurves.h"
#include "compare/MetricTableModel.h"
#include "plots/PanelGrid.h"
#include "plots/PlotExport.h"
#include "plots/PlotLegend.h"
#include "runs/RunTableModel.h"

#include <support/WorkClock.h>

#include <widgets/ComparePage.h>
#include <widgets/RunsPage.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QStandardPaths>
#include <QtGui/QAction>
#include <QtGui/QClipboard>
#include <QtTest/QtTest>
#include <QtWidgets/QApplication>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QTableView>

#include <fstream>
#include <set>

using namespace lethe;
using namespace lethe::test;

namespace {

/// Of this process now, MiB.
double residentMiB()
{
    std::ifstream file("/proc/self/statm");
    double pages = 0, resident = 0;
    file >> pages >> resident;
    return resident * 4096 / (1 << 20);
}

/// Cells of one line of RFC 4180.
QStringList csvCells(const QString &line)
{
    QStringList cells{QString()};
    bool quoted = false;
    for (qsizetype i = 0; i < line.size(); ++i) {
        const QChar c = line.at(i);
        if (c == QLatin1Char('"') && quoted && i + 1 < line.size() && line.at(i + 1) == QLatin1Char('"'))
            cells.last() += line.at(i++);
        else if (c == QLatin1Char('"'))
            quoted = !quoted;
        else if (c == QLatin1Char(',') && !quoted)
            cells.append(QString());
        else
            cells.last() += c;
    }
    return cells;
}

} // namespace

class TestComparePage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_bench = std::make_unique<RunsBench>(); }
    void cleanup()
    {
        m_page.reset();
        m_bench.reset();
    }

    void aRunHasOneColourEverywhere();
    void settingsListOnlyWhatDiffers();
    void theTableIsReadBackFromCsv();
    void theTableIsLatexThatCompiles();
    void whatWasCollapsedOrMeasuredElsewhereIsNotBest();
    void twoHundredLongRunsAreDrawnAtOnce();

private:
    void open(const std::vector<RunId> &runs)
    {
        m_bench->workspace->setCompared(runs);
        m_page = std::make_unique<ComparePage>(*m_bench->workspace, m_bench->dialogs);
        m_page->resize(1200, 700);
        m_page->show();
        m_page->activate();
        QTRY_COMPARE_WITH_TIMEOUT(panel("compare_forget_prob")->contents().curves.size(), runs.size(), 30'000);
    }
    PlotPanel *panel(const char *kind) const
    {
        const auto panels = m_page->findChildren<PlotPanel *>();
        for (PlotPanel *each : panels)
            if (each->kind() == QLatin1String(kind))
                return each;
        qFatal("no panel %s", kind);
    }
    QAbstractItemModel *metrics() const { return m_page->findChild<QTableView *>(QStringLiteral("compareMetrics"))->model(); }
    QString copied(const char *action) const
    {
        m_page->findChild<QAction *>(QLatin1String(action))->trigger();
        return QApplication::clipboard()->text();
    }

    std::unique_ptr<RunsBench> m_bench;
    std::unique_ptr<ComparePage> m_page;
};

void TestComparePage::aRunHasOneColourEverywhere()
{
    const RunId first = m_bench->store({.name = "first"});
    const RunId second = m_bench->store({.name = "second", .speed = 0.2});
    QVERIFY(m_bench->FormsBench::store->setColor(second, "#CC79A7").ok());
    open({first, second});
    const auto rows = m_bench->FormsBench::store->runs();
    QVERIFY(rows.ok());

    RunsPage runs(*m_bench->workspace, m_bench->dialogs);
    runs.resize(1200, 700);
    runs.show();
    runs.activate();
    auto *table = runs.findChild<QTableView *>(QStringLiteral("runTable"));
    QTRY_COMPARE(table->model()->rowCount(), 2);

    for (const auto &[run, name] : {std::pair(first, QStringLiteral("first")), std::pair(second, QStringLiteral("second"))}) {
        const auto stored = std::ranges::find(*rows, run, &RunRow::id);
        QVERIFY(stored != rows->end());
        const QColor colour = RunLook::of(*stored).drawn();
        const QString hex = colour.name();
        for (const char *kind : {"compare_forget_prob", "compare_total_loss"}) {
            const PlotPanel *plot = panel(kind);
            const auto index = plot->curve(QString::number(run));
            QVERIFY(index);
            QCOMPARE(plot->contents().curves[*index].style.look.drawn().name(), hex);
            const QString svg = QString::fromUtf8(plot->exporter().svg({.format = PlotExportOptions::Format::Svg}));
            QVERIFY2(svg.contains(hex, Qt::CaseInsensitive), qPrintable(QStringLiteral("%1 is not in the drawing of %2").arg(hex, QLatin1String(kind))));
        }
        // Runs paints its swatch in the same colour
        int at = -1;
        for (int row = 0; row < 2; ++row)
            if (table->model()->index(row, RunTableModel::Name).data().toString() == name)
                at = row;
        QVERIFY(at >= 0);
        const QRect cell = table->visualRect(table->model()->index(at, RunTableModel::Color));
        const QImage picture = table->viewport()->grab(cell).toImage();
        bool painted = false;
        for (int y = 0; y < picture.height() && !painted; ++y)
            for (int x = 0; x < picture.width() && !painted; ++x)
                painted = picture.pixelColor(x, y).name() == hex;
        QVERIFY2(painted, qPrintable(QStringLiteral("no %1 in the row of %2").arg(hex, name)));
    }
    QVERIFY(RunLook::of(rows->at(0)).drawn() != RunLook::of(rows->at(1)).drawn());
}

void TestComparePage::settingsListOnlyWhatDiffers()
{
    const RunId first = m_bench->store({.name = "npo", .learningRate = 1e-5});
    const RunId second = m_bench->store({.name = "npo", .learningRate = 2e-5});
    open({first, second});
    auto *table = m_page->findChild<QTableView *>(QStringLiteral("compareSettings"));
    QTRY_COMPARE(table->model()->rowCount(), 1);
    QCOMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("training.learning_rate"));
    QCOMPARE(table->model()->index(0, 1).data().toString(), QStringLiteral("1e-5"));
    QCOMPARE(table->model()->index(0, 2).data().toString(), QStringLiteral("2e-5"));
    QVERIFY(m_page->findChild<QLabel *>(QStringLiteral("compareSettingsNote"))->text().startsWith(QLatin1String("1 of ")));
    m_page->findChild<QCheckBox *>(QStringLiteral("compareSettingsAll"))->setChecked(true);
    QVERIFY(table->model()->rowCount() > 20);
}

void TestComparePage::theTableIsReadBackFromCsv()
{
    const RunId first = m_bench->store({.name = "npo, slow \"1\"", .speed = 0.1});
    const RunId second = m_bench->store({.name = "npo & fast", .speed = 0.3});
    open({first, second});
    QTRY_VERIFY(metrics()->rowCount() > 0);
    const QStringList lines = copied("actionCompareCsv").split(QStringLiteral("\r\n"), Qt::SkipEmptyParts);
    QCOMPARE(csvCells(lines.first()), (QStringList{QStringLiteral("metric"), QStringLiteral("npo, slow \"1\""), QStringLiteral("npo & fast")}));
    std::size_t compared = 0;
    int column = 0;
    for (const RunId run : {first, second}) {
        ++column;
        const auto row = m_bench->FormsBench::store->run(run);
        QVERIFY(row.ok());
        QCOMPARE(static_cast<std::size_t>(lines.size() - 1), row->finalMetrics.size());
        for (const MetricValue &metric : row->finalMetrics) {
            const auto line = std::ranges::find_if(lines, [&](const QString &each) { return csvCells(each).first() == QString::fromStdString(metric.id); });
            QVERIFY(line != lines.end());
            QCOMPARE(csvCells(*line).at(column).toDouble(), *metric.value); // every bit of it
            ++compared;
        }
    }
    QCOMPARE(compared, std::size_t(14));
}

void TestComparePage::theTableIsLatexThatCompiles()
{
    const RunId first = m_bench->store({.name = "50 % of $\\beta$_{1} & more #2, β → ∞ – 2·γ", .speed = 0.1});
    const RunId second = m_bench->store({.name = "a~b^c <d> |e|", .speed = 0.3});
    open({first, second});
    QTRY_VERIFY(metrics()->rowCount() > 0);
    const QString latex = copied("actionCompareLatex");
    // what LaTeX would trip over: a bare special character, cells that are not as many as columns
    const QStringList lines = latex.split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    int rows = 0;
    static const QRegularExpression separator(QStringLiteral("(?<!\\\\)&"));
    static const QRegularExpression bare(QStringLiteral("(?<!\\\\)[%#_]"));
    for (const QString &line : lines) {
        if (!line.endsWith(QLatin1String("\\\\")))
            continue;
        ++rows;
        QCOMPARE(line.count(separator), 2);
        QVERIFY2(!bare.match(line).hasMatch(), qPrintable(line));
        QCOMPARE(line.count(QLatin1Char('{')), line.count(QLatin1Char('}')));
        QCOMPARE(QString(line).remove(QLatin1String("\\$")).count(QLatin1Char('$')) % 2, 0);
        for (const QChar c : line)
            QVERIFY2(c.unicode() < 128, qPrintable(line));
    }
    QCOMPARE(rows, metrics()->rowCount() + 1);
    QVERIFY(latex.contains(QLatin1String("\\begin{tabular}{lrr}")) && latex.contains(QLatin1String("\\end{tabular}")));
    QVERIFY(latex.contains(QLatin1String("\\textbf{")));
    const QString compiler = QStandardPaths::findExecutable(QStringLiteral("pdflatex"));
    if (compiler.isEmpty()) {
        qInfo("no pdflatex here: the table's form was checked, it was not compiled");
        return;
    }
    const QString file = m_bench->write(QStringLiteral("table.tex"), QStringLiteral("\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n%1\\end{document}\n").arg(latex).toUtf8());
    QProcess process;
    process.setWorkingDirectory(m_bench->folder.path());
    process.start(compiler, {QStringLiteral("-interaction=nonstopmode"), QStringLiteral("-halt-on-error"), file});
    QVERIFY(process.waitForFinished(60'000));
    QVERIFY2(process.exitCode() == 0, process.readAllStandardOutput().constData());
}

void TestComparePage::whatWasCollapsedOrMeasuredElsewhereIsNotBest()
{
    const RunId sound = m_bench->store({.name = "sound", .speed = 0.05});
    const RunId second = m_bench->store({.name = "faster", .speed = 0.2});
    const RunId other = m_bench->store({.name = "on fewer rows", .speed = 0.4});
    RunFacts facts{.plannedSteps = 40, .stepsPerEpoch = 8, .forgetRows = 16, .retainRows = 288, .device = "cpu"};
    m_bench->FormsBench::store->setFacts(other, facts);
    QVERIFY(m_bench->FormsBench::store->flush().ok());
    open({sound, second, other});
    QTRY_VERIFY(metrics()->rowCount() > 0);
    const MetricTable &table = static_cast<MetricTableModel *>(metrics())->table();
    QVERIFY(!table.columns().at(2).notComparable.isEmpty());
    for (const MetricTable::Row &row : table.rows()) {
        QVERIFY2(!row.cells.at(2).best, qPrintable(row.id));
        if (row.id == QLatin1String("forget_prob"))
            QVERIFY(row.cells.at(1).best && row.cells.at(2).value < row.cells.at(1).value);
    }
}

void TestComparePage::twoHundredLongRunsAreDrawnAtOnce()
{
    std::vector<RunId> runs;
    constexpr int kRuns = 200;
    constexpr std::int64_t kSteps = 10'000;
    for (int i = 0; i < kRuns; ++i)
        runs.push_back(m_bench->store({.name = "run " + std::to_string(i), .speed = 1e-4 * (1 + i % 7), .damage = 1e-6, .steps = kSteps, .every = 500}));
    m_page = std::make_unique<ComparePage>(*m_bench->workspace, m_bench->dialogs);
    m_page->resize(1200, 700);
    m_page->show();
    m_page->activate();
    QApplication::processEvents();
    const double before = residentMiB();
    QElapsedTimer clock;
    clock.start();
    double longest = 0;
    WorkClock work;
    QTimer tick; // so that the loop looks again; it sleeps in between, as the program's does, and leaves the cores to the readers
    tick.start(2);
    m_bench->workspace->setCompared(runs);
    const PlotPanel *total = panel("compare_total_loss");
    const PlotPanel *first = panel("compare_forget_prob");
    while (clock.elapsed() < 60'000 && !(total->contents().curves.size() == std::size_t(kRuns) && first->redraws() > 0)) {
        QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
        longest = std::max(longest, work.restart());
    }
    const qint64 took = clock.elapsed();
    QCOMPARE(total->contents().curves.size(), std::size_t(kRuns));
    qInfo("200 runs of 10 000 steps: drawn after %lld ms, longest work on the GUI thread %.0f ms, %.0f MiB more", static_cast<long long>(took), longest,
          residentMiB() - before);
    QVERIFY2(longest < 500, "milliseconds of processor time");
    QVERIFY2(residentMiB() < 1024, qPrintable(QString::number(residentMiB())));
}

QTEST_MAIN(TestComparePage)
#include "tst_compare_page.moc"
