#include "FrameFixture.h"

#include <frame/CommandPalette.h>
#include <frame/LogConsole.h>
#include <frame/MessageBar.h>
#include <frame/SettingsDialog.h>
#include <widgets/Appearance.h>
#include <widgets/MainWindow.h>
#include <widgets/Page.h>
#include <widgets/PageList.h>
#include <widgets/Theme.h>

#include <QtGui/QAccessible>
#include <QtGui/QAction>
#include <QtTest/QSignalSpy>
#include <QtTest/QtTest>
#include <QtWidgets/QApplication>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QMenu>
#include <QtWidgets/QMenuBar>
#include <QtWidgets/QTableView>
#include <QtWidgets/QToolTip>

#include <set>

using namespace lethe;
using namespace lethe::test;

class TestMainWindow : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedRun> m_script;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Workspace> m_workspace;
    std::unique_ptr<MainWindow> m_window;
    AnsweringDialogs m_dialogs;

    void open(const WindowOptions &options = {})
    {
        m_window.reset();
        m_workspace.reset();
        m_workspace = std::make_unique<Workspace>(*m_script->store, *m_script->catalog, m_settings.get());
        m_window = std::make_unique<MainWindow>(*m_workspace, m_dialogs, options);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }
    void startEndlessRun()
    {
        m_workspace->setSession(SteppingSession{.steps = 1000000});
        QVERIFY(m_workspace->startRun(m_script->spec()).ok());
        QTRY_VERIFY(m_workspace->lastStep().has_value());
    }
    static void collect(const QMenu &menu, std::set<QString> &into)
    {
        for (const QAction *action : menu.actions()) {
            if (action->menu() != nullptr)
                collect(*action->menu(), into);
            else if (!action->isSeparator())
                into.insert(action->objectName());
        }
    }

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, ThemeChoice::Light); }
    void init()
    {
        m_dialogs = AnsweringDialogs();
        m_script = std::make_unique<ScriptedRun>();
        const std::string missing = m_script->prepare();
        QVERIFY2(missing.empty(), missing.c_str());
        m_settings = std::make_unique<QSettings>(QString::fromStdString(m_script->path("lethe.ini").string()), QSettings::IniFormat);
        open();
    }
    void cleanup()
    {
        m_window.reset();
        m_workspace.reset();
        m_settings.reset();
        m_script.reset();
    }

    void theRailHoldsTenScreens()
    {
        QCOMPARE(m_window->pages().size(), std::size_t(10));
        std::set<QString> names;
        for (const Page *page : m_window->pages())
            names.insert(page->objectName());
        QCOMPARE(names.size(), std::size_t(10));
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageWelcome"));
    }

    void aKeyShowsEachScreen()
    {
        const auto pages = pageList();
        for (std::size_t i = 0; i < pages.size(); ++i) {
            QTest::keyClick(m_window.get(), static_cast<Qt::Key>(Qt::Key_0 + int((i + 1) % 10)), Qt::ControlModifier);
            QCOMPARE(m_window->currentPage()->objectName(), pages[i].id);
            QVERIFY(m_window->currentPage()->isVisible());
        }
    }

    void backAndForwardWalkTheVisited()
    {
        m_window->showPage(QStringLiteral("pageRuns"));
        m_window->showPage(QStringLiteral("pageModels"));
        QTest::keyClick(m_window.get(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageRuns"));
        QTest::keyClick(m_window.get(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageWelcome"));
        QTest::keyClick(m_window.get(), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageRuns"));
        m_window->showPage(QStringLiteral("pageExport")); // a new way: what lay ahead is gone
        m_window->goForward();
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageExport"));
    }

    void thePaletteHoldsEveryActionOfTheMenus()
    {
        std::set<QString> inMenus;
        for (const QAction *top : m_window->menuBar()->actions())
            collect(*top->menu(), inMenus);
        QVERIFY(inMenus.size() > 30);
        std::set<QString> inPalette;
        for (const Command &command : m_window->commands())
            inPalette.insert(command.id);
        for (const QString &id : inMenus)
            QVERIFY2(inPalette.contains(id), qPrintable(id));
        for (const QString &id : inMenus)
            QVERIFY2(!id.isEmpty(), "an action of a menu has no object name");
    }

    void thePaletteActsOnEnter()
    {
        QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
        auto &palette = m_window->palettePanel();
        QVERIFY(palette.isVisible());
        auto *input = palette.findChild<QLineEdit *>(QStringLiteral("paletteInput"));
        QTRY_VERIFY(input->hasFocus());
        QTest::keyClicks(input, QStringLiteral("log con"));
        QCOMPARE(palette.model().command(0)->text, QStringLiteral("Log console"));
        QTest::keyClick(input, Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        QVERIFY(m_window->findChild<LogConsole *>()->isVisible());
        QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
        QCOMPARE(palette.model().command(0)->id, QStringLiteral("actionLog")); // used last, shown first
        QTest::keyClick(input, Qt::Key_Escape);
        QVERIFY(!palette.isVisible());
    }

    void smoothingIsFoundInThePalette()
    {
        m_workspace->setSession(SteppingSession{.steps = 3});
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        QVERIFY(m_workspace->startRun(m_script->spec()).ok());
        QTRY_COMPARE(ended.count(), 1);
        m_window->showPage(QStringLiteral("pageLive"));
        auto *canvas = m_window->findChild<QWidget *>(QStringLiteral("canvas_loss"));
        QTRY_VERIFY(canvas->isVisible());
        m_window->showPage(QStringLiteral("pageData"));
        QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
        auto *input = m_window->palettePanel().findChild<QLineEdit *>(QStringLiteral("paletteInput"));
        QTest::keyClicks(input, QStringLiteral("smoo"));
        bool focused = false;
        QTimer::singleShot(0, m_window.get(), [&focused] { // its menu holds the event loop until it is closed
            auto *menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
            if (menu == nullptr)
                return;
            focused = menu->focusWidget() != nullptr && menu->focusWidget()->objectName() == QLatin1String("smoothingSlider_loss");
            menu->close();
        });
        QTest::keyClick(input, Qt::Key_Return);
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageLive"));
        QVERIFY(focused);
    }

    void aRowIsFoundByItsNumber()
    {
        WorkingSets sets;
        sets.forget = {{.prompt = "Who?", .answer = "Mira.", .alternate = {}, .extraJson = {}}, {.prompt = "Where?", .answer = "Veska.", .alternate = {}, .extraJson = {}}};
        m_workspace->setSets(sets);
        m_window->openPalette();
        auto &palette = m_window->palettePanel();
        auto *input = palette.findChild<QLineEdit *>(QStringLiteral("paletteInput"));
        QTest::keyClicks(input, QStringLiteral("#3"));
        QVERIFY(palette.model().rowCount() == 0 || palette.model().command(0)->id != QLatin1String("row-forget-3"));
        QTest::keyClick(input, Qt::Key_Backspace);
        QTest::keyClicks(input, QStringLiteral("2"));
        QCOMPARE(palette.model().command(0)->text, QStringLiteral("#2  Where?"));
        QTest::keyClick(input, Qt::Key_Return);
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageData"));
        const auto *table = m_window->findChild<QTableView *>(QStringLiteral("forgetTable"));
        QVERIFY(table != nullptr);
        QCOMPARE(table->selectionModel()->selectedRows().size(), 1);
        QCOMPARE(table->currentIndex().row(), 1);
    }

    void thePaletteFindsRunsByName()
    {
        m_workspace->setSession(SteppingSession{.steps = 1});
        QSignalSpy ended(m_workspace.get(), &Workspace::runEnded);
        QVERIFY(m_workspace->startRun(m_script->spec()).ok());
        QTRY_COMPARE(ended.count(), 1);
        m_window->openPalette();
        auto &palette = m_window->palettePanel();
        const auto holdsRun = [&palette] {
            for (const Command &command : palette.model().all())
                if (command.text == QLatin1String("scripted"))
                    return true;
            return false;
        };
        QTRY_VERIFY(holdsRun());
        QTest::keyClicks(palette.findChild<QLineEdit *>(QStringLiteral("paletteInput")), QStringLiteral("scripted"));
        QCOMPARE(palette.model().command(0)->id, QStringLiteral("run-1"));
        palette.model().command(0)->actOther();
        QCOMPARE(m_workspace->compared(), std::vector<RunId>{1});
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageCompare"));
    }

    void theTitleBeginsWithThePercentage()
    {
        QCOMPARE(m_window->windowTitle(), QStringLiteral("Lethe"));
        SteppingSession session{.steps = 5};
        *session.mayEnd = false;
        m_workspace->setSession(session);
        QVERIFY(m_workspace->startRun(m_script->spec()).ok());
        QTRY_COMPARE(m_window->windowTitle(), QStringLiteral("100 % · scripted – Lethe"));
        *session.mayEnd = true;
        QTRY_COMPARE(m_window->windowTitle(), QStringLiteral("Lethe"));
        QVERIFY(m_window->messages().topText().startsWith(QStringLiteral("Forgotten:")));
    }

    void theScreenAndTheRailAreAsTheyWereLeft()
    {
        m_window->showPage(QStringLiteral("pageRuns"));
        m_window->toggleRail();
        m_window->resize(1111, 777);
        m_window->close();
        open();
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageRuns"));
        QCOMPARE(m_window->size(), QSize(1111, 777));
        open({.defaultLayout = true});
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageWelcome"));
    }

    void aWindowOffAllScreensIsPutBack()
    {
        m_window->move(40000, 30000);
        m_window->close();
        open();
        QVERIFY(m_window->screen()->availableGeometry().intersects(m_window->geometry()));
    }

    void closingAsksWhileARunIsOn()
    {
        startEndlessRun();
        m_dialogs.choice = 2; // Stay
        m_window->close();
        QVERIFY(m_window->isVisible());
        QCOMPARE(m_dialogs.offered, (QStringList{QStringLiteral("Pause and quit"), QStringLiteral("Keep running"), QStringLiteral("Stay")}));
        QCOMPARE(m_dialogs.preferredVerb, 0);
        QVERIFY(m_workspace->activeRun() != nullptr);
        m_dialogs.choice = 1; // Keep running
        m_window->close();
        QVERIFY(m_workspace->activeRun() != nullptr);
        m_dialogs.choice = -1; // Esc
        m_window->comeToFront();
        m_window->close();
        QVERIFY(m_window->isVisible());
    }

    void pauseAndQuitWritesTheRunToDisk()
    {
        startEndlessRun();
        const RunId run = m_workspace->activeRunId();
        m_dialogs.choice = 0;
        QElapsedTimer clock;
        clock.start();
        m_window->close();
        QTRY_VERIFY(!m_window->isVisible());
        QVERIFY(clock.elapsed() < 10000);
        QVERIFY(m_workspace->activeRun() == nullptr);
        QVERIFY(m_script->store->run(run)->status == RunStatus::Interrupted);
    }

    void cancelAsksFirst()
    {
        startEndlessRun();
        m_dialogs.yes = false;
        m_window->cancelRun();
        QVERIFY(m_workspace->activeRun() != nullptr);
        m_dialogs.yes = true;
        m_window->cancelRun();
        QTRY_VERIFY(m_workspace->activeRun() == nullptr);
        QCOMPARE(m_dialogs.asked.size(), 2);
    }

    void aThingThatIsNothingIsSaid()
    {
        m_window->openThing(QStringLiteral("/no/such/thing"));
        QVERIFY(m_window->messages().topText().contains(QStringLiteral("/no/such/thing")));
        m_window->openThing(QString::fromStdString(m_script->path("store").string()));
        QVERIFY2(m_window->messages().topText().contains(QStringLiteral("config.json")), qPrintable(m_window->messages().topText()));
    }

    void aSpecFileBecomesTheDraft()
    {
        const auto file = m_script->path("spec.json");
        ExperimentSpec spec = m_script->spec();
        spec.name = "from a file";
        QVERIFY(writeFile(file, writeSpec(spec)).ok());
        m_window->openThing(QString::fromStdString(file.string()));
        QCOMPARE(m_workspace->draft().name, std::string("from a file"));
        QCOMPARE(m_window->currentPage()->objectName(), QStringLiteral("pageExperiment"));
    }

    void settingsChangeTheThemeAtOnce()
    {
        m_window->openSettings(QStringLiteral("general"));
        auto *dialog = m_window->findChild<SettingsDialog *>();
        QVERIFY(dialog->isVisible());
        m_settings->setValue(QStringLiteral("appearance/theme"), QStringLiteral("dark"));
        applyAppearance(*m_settings);
        QVERIFY(Theme::isDark());
        for (const SettingsSection &section : SettingsDialog::sections())
            dialog->showSection(section.id);
        dialog->close();
        Theme::apply(*qApp, ThemeChoice::Light);
    }

    void helpIsThatOfWhatHasTheFocus()
    {
        auto *fold = m_window->findChild<QWidget *>(QStringLiteral("railFold"));
        fold->setFocus();
        QTest::keyClick(fold, Qt::Key_F1);
        QCOMPARE(QToolTip::text(), fold->toolTip());
        QToolTip::hideText();
        m_window->showPage(QStringLiteral("pageRuns"));
        m_window->currentPage()->setFocus();
        QTest::keyClick(m_window.get(), Qt::Key_F1);
        auto *dialog = m_window->findChild<SettingsDialog *>();
        QVERIFY(dialog != nullptr && dialog->isVisible()); // it says nothing of itself: the keys are shown
        dialog->close();
    }

    void everyControlHasAName()
    {
        for (Page *page : m_window->pages()) {
            if (page->objectName() != QLatin1String("pageWelcome") && page->objectName() != QLatin1String("pageModels"))
                continue; // the others have tests of their own
            m_window->showPage(page->objectName());
            for (const QWidget *widget : page->findChildren<QWidget *>()) {
                if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->focusProxy() != nullptr)
                    continue;
                const QAccessibleInterface *face = QAccessible::queryAccessibleInterface(const_cast<QWidget *>(widget));
                QVERIFY2(face != nullptr && !face->text(QAccessible::Name).isEmpty(),
                         qPrintable(QStringLiteral("%1 %2 in %3").arg(QLatin1String(widget->metaObject()->className()), widget->objectName(), page->objectName())));
            }
        }
    }

    void quittingOnEveryScreenIsQuiet()
    {
        for (const PageEntry &entry : pageList()) {
            m_window->showPage(entry.id);
            m_window->close();
            open();
        }
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
