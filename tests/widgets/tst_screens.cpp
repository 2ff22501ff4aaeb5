#include "RunsBench.h"

#include <parts/ElidedLabel.h>
#include <widgets/MainWindow.h>
#include <widgets/Page.h>
#include <widgets/PageList.h>
#include <widgets/TaskList.h>

#include <QtGui/QAction>
#include <QtTest/QtTest>
#include <QtWidgets/QCheckBox>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QScrollArea>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QTabWidget>
#include <QtWidgets/QTableView>

#include <mutex>

using namespace lethe;
using namespace lethe::test;

namespace {

std::mutex g_mutex; ///< guards `g_complaints`: messages come from any thread
QStringList g_complaints;
QtMessageHandler g_usual = nullptr;

/// Keeps what Qt has to say of threads and objects that were used wrongly.
void listen(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    if (type != QtDebugMsg && type != QtInfoMsg) {
        static const char *const kWords[] = {"thread", "QObject::", "QTimer", "QSocketNotifier", "destroyed", "deleted", "QBasicTimer", "event filter"};
        const std::lock_guard lock(g_mutex);
        for (const char *word : kWords)
            if (text.contains(QLatin1String(word), Qt::CaseInsensitive)) {
                g_complaints << text;
                break;
            }
    }
    g_usual(type, context, text);
}

QString named(const QWidget *widget)
{
    return QStringLiteral("%1 “%2”").arg(QLatin1String(widget->metaObject()->className()), widget->objectName());
}

} // namespace

/// What holds for every screen, at the smallest size that they are made for.
class TestScreens : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<RunsBench> m_bench;
    std::unique_ptr<MainWindow> m_window;

    void fill()
    {
        PlausibleRun run;
        const RunId first = m_bench->store(run);
        run.name = "grad_diff with a name that is rather longer than most tables have room for";
        run.learningRate = 1e-5;
        run.speed = 0.05;
        const RunId second = m_bench->store(run);
        run.name = "failed";
        run.status = RunStatus::Failed;
        run.failure = "Out of device memory at step 13: needed 2.1 GiB, 0.8 GiB free of 24 GiB";
        m_bench->store(run);
        m_bench->workspace->setDraft(m_bench->spec());
        m_bench->workspace->setCompared({first, second});
        m_bench->workspace->setShownRun(second);
    }
    void open()
    {
        m_window = std::make_unique<MainWindow>(*m_bench->workspace, m_bench->dialogs);
        m_window->resize(1280, 720);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        m_window->resize(1280, 720);
    }
    Page *show(const QString &id)
    {
        m_window->showPage(id);
        settle();
        return m_window->page(id);
    }
    /// Until what the page reads has come, and what comes after it was laid out.
    void settle()
    {
        QElapsedTimer clock;
        clock.start();
        do
            QTest::qWait(30);
        while (m_bench->workspace->tasks().running() > 0 && clock.elapsed() < 10000);
        QTest::qWait(150);
    }
    static void pages()
    {
        QTest::addColumn<QString>("id");
        for (const PageEntry &entry : pageList())
            QTest::newRow(qPrintable(entry.id)) << entry.id;
    }
    void checkTexts(const Page &page)
    {
        for (const QTableView *table : page.findChildren<QTableView *>()) {
            const QHeaderView *header = table->horizontalHeader();
            if (!table->isVisible() || table->objectName() == QLatin1String("compareMetrics") || table->objectName() == QLatin1String("compareSettings"))
                continue; // their columns are named by runs, whose names may be any length: those end in an ellipsis
            for (int section = 0; section < header->count(); ++section)
                QVERIFY2(header->isSectionHidden(section) || header->sectionSize(section) >= header->sectionSizeHint(section),
                         qPrintable(QStringLiteral("%1, header “%2”: %3 of %4 pixels")
                                        .arg(named(table), table->model()->headerData(section, Qt::Horizontal).toString())
                                        .arg(header->sectionSize(section)).arg(header->sectionSizeHint(section))));
        }
        for (const QLabel *label : page.findChildren<QLabel *>()) {
            if (!label->isVisible() || label->wordWrap() || qobject_cast<const ElidedLabel *>(label) != nullptr || label->text().isEmpty()
                || label->sizePolicy().horizontalPolicy() == QSizePolicy::Ignored)
                continue;
            QVERIFY2(label->width() + 1 >= label->sizeHint().width(), qPrintable(QStringLiteral("%1: “%2”").arg(named(label), label->text())));
            QVERIFY2(label->height() + 1 >= label->sizeHint().height(), qPrintable(QStringLiteral("%1: “%2”").arg(named(label), label->text())));
        }
        for (const QLabel *label : page.findChildren<QLabel *>())
            if (label->isVisible() && label->wordWrap() && !label->text().isEmpty())
                QVERIFY2(label->height() + 1 >= label->heightForWidth(label->width()),
                         qPrintable(QStringLiteral("%1 is %2 high, needs %3: “%4”").arg(named(label)).arg(label->height()).arg(label->heightForWidth(label->width())).arg(label->text())));
        for (const QAbstractButton *button : page.findChildren<QAbstractButton *>())
            if (button->isVisible() && !button->text().isEmpty() && (qobject_cast<const QPushButton *>(button) || qobject_cast<const QCheckBox *>(button)))
                QVERIFY2(button->width() + 1 >= button->sizeHint().width(), qPrintable(QStringLiteral("%1: “%2”").arg(named(button), button->text())));
    }

private Q_SLOTS:
    void initTestCase()
    {
        Theme::apply(*qApp, ThemeChoice::Light);
        g_usual = qInstallMessageHandler(listen);
    }
    void init() { m_bench = std::make_unique<RunsBench>(); }
    void cleanup()
    {
        m_window.reset();
        m_bench.reset();
    }

    void thePrimaryActionIsInSight()
    {
        fill();
        open();
        for (const PageEntry &entry : pageList()) {
            const Page *page = show(entry.id);
            QWidget *primary = nullptr;
            if (entry.id == QLatin1String("pageWelcome"))
                primary = page->findChild<QWidget *>(QStringLiteral("welcomeDemo"));
            else if (page->primaryAction() != nullptr)
                primary = m_window->findChild<QWidget *>(page->primaryAction()->objectName() + QStringLiteral("Button"));
            QVERIFY2(primary != nullptr, qPrintable(entry.id));
            QVERIFY2(primary->isVisible(), qPrintable(entry.id + QStringLiteral(": the primary action is not shown")));
            const QRect place(primary->mapTo(m_window.get(), QPoint(0, 0)), primary->size());
            QVERIFY2(m_window->rect().contains(place), qPrintable(entry.id + QStringLiteral(": the primary action lies outside the window")));
            QVERIFY2(primary->visibleRegion().boundingRect().size() == primary->size(), qPrintable(entry.id)); // nor does it scroll
        }
    }

    void nothingIsCutAtTheSmallestSize_data() { pages(); }
    void nothingIsCutAtTheSmallestSize()
    {
        QFETCH(const QString, id);
        fill();
        open();
        QCOMPARE(m_window->size(), QSize(1280, 720));
        Page *page = show(id);
        const auto *area = qobject_cast<QScrollArea *>(page->parentWidget()->parentWidget());
        QVERIFY(area != nullptr);
        QVERIFY2(!area->horizontalScrollBar()->isVisible(),
                 qPrintable(QStringLiteral("needs %1 pixels, has %2").arg(page->minimumSizeHint().width()).arg(area->viewport()->width())));
        checkTexts(*page);
        auto *tabs = page->findChild<QTabWidget *>();
        for (int tab = 1; tabs != nullptr && tabs->isVisible() && tab < tabs->count(); ++tab) {
            tabs->setCurrentIndex(tab);
            settle();
            QVERIFY2(!area->horizontalScrollBar()->isVisible(), qPrintable(tabs->tabText(tab)));
            checkTexts(*page);
        }
    }

    void anEmptyStoreIsCutNowhere()
    {
        open();
        for (const PageEntry &entry : pageList()) {
            checkTexts(*show(entry.id));
            QVERIFY2(!QTest::currentTestFailed(), qPrintable(entry.id));
        }
    }

    void quittingIsQuietInEveryState_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("id");
        // Every screen reads a store and hears of a run; the states of a run itself are those of three.
        const QStringList ofRuns{QStringLiteral("pageWelcome"), QStringLiteral("pageLive"), QStringLiteral("pageGenerations")};
        for (const QString &state : {QStringLiteral("loading"), QStringLiteral("running"), QStringLiteral("empty"), QStringLiteral("filled"), QStringLiteral("error"),
                                    QStringLiteral("starting"), QStringLiteral("paused")})
            for (const PageEntry &entry : pageList())
                if (state == QLatin1String("loading") || state == QLatin1String("running") || ofRuns.contains(entry.id))
                    QTest::addRow("%s %s", qPrintable(state), qPrintable(entry.id)) << state << entry.id;
    }
    void quittingIsQuietInEveryState()
    {
        QFETCH(const QString, state);
        QFETCH(const QString, id);
        {
            const std::lock_guard lock(g_mutex);
            g_complaints.clear();
        }
        if (state == QLatin1String("loading") || state == QLatin1String("filled"))
            fill();
        if (state == QLatin1String("error")) {
            m_bench->session.failsWith = Error{.code = ErrorCode::OutOfMemory, .what = "Out of device memory", .where = {}, .hint = {}};
            m_bench->session.run.steps = 2;
            m_bench->start();
            QTRY_VERIFY(m_bench->workspace->activeRun() == nullptr);
        }
        if (state == QLatin1String("starting") || state == QLatin1String("running") || state == QLatin1String("paused")) {
            m_bench->session.holdAt(state == QLatin1String("starting") ? 0 : 5);
            m_bench->start();
            if (state != QLatin1String("starting"))
                QTRY_VERIFY(m_bench->workspace->lastStep().has_value());
            if (state == QLatin1String("paused"))
                m_bench->workspace->pauseActive();
        }
        open();
        m_window->showPage(id);
        if (state != QLatin1String("loading"))
            QTest::qWait(40); // what the page asked for has come, or not: quitting does not wait for it
        m_bench->session.go();
        m_window.reset();
        m_bench.reset();
        QCoreApplication::sendPostedEvents();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QCoreApplication::processEvents();
        const std::lock_guard lock(g_mutex);
        QVERIFY2(g_complaints.isEmpty(), qPrintable(g_complaints.join(u'\n')));
    }
};

QTEST_MAIN(TestScreens)
#include "tst_screens.moc"
