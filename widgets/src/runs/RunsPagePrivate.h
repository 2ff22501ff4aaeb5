#pragma once

#include <widgets/RunsPage.h>

#include "RunTableModel.h"

#include <widgets/Workspace.h>

#include <QtGui/QUndoStack>

class QAction;
class QJsonObject;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QShortcut;
class QStackedWidget;
class QTableView;

namespace lethe {

class RunDetailsPane;
class RunExtras;
class RunFilterModel;

/// What the page is made of; shared by its sources.
struct RunsPage::Private {
    Private(RunsPage &owner, Workspace &shared, Dialogs &questions);

    // building (RunsPageLayout.cpp)
    void buildActions();
    void buildLayout();
    QWidget *buildTop();
    void buildTable();
    QWidget *buildEmpty();
    QAction *add(const char *objectName, const QString &text, const char *icon, const QString &tip, const QKeySequence &keys,
                 void (Private::*act)(), bool primary = false);
    void showContextMenu(const QPoint &at);

    // columns and views (RunsPageColumns.cpp)
    QJsonObject columnState() const;
    void applyColumns(const QJsonObject &state);
    void keepColumns();
    void restoreColumns();
    void defaultColumns();
    void showMore(const QString &id, bool shown);
    void fillColumnMenu(QMenu &menu);
    void fillViewMenu(QMenu &menu);
    void saveView(const QString &name);
    void applyView(const QJsonObject &state);

    // whole runs (RunsPageBin.cpp)
    void runAgain();
    void startAgain(RunId run, const std::string &specJson);
    void fillColorMenu(QMenu &menu);
    void setColor(const QString &stored);
    void showBin(bool shows);
    void showLineage(bool shows);
    void foldOrGoUp();
    void unfoldOrGoDown();
    void restore();
    void emptyBin();

    // reading and acting (RunsPage.cpp)
    void read();
    void takeRuns(std::vector<RunRow> runs);
    void filter();
    void updateState();
    void select(const std::vector<RunId> &chosen);
    std::vector<RunId> selectedIds() const;
    std::vector<RunRow> selected() const;
    const RunRow *current() const;
    void push(std::vector<RunEdit> edits, const QString &text);
    void editCell(int column);
    void say(Message::Level level, const QString &text, const QString &key);
    void compare();
    void show();
    void duplicate();
    void resume();
    void star();
    void rename() { editCell(RunTableModel::Name); }
    void tag() { editCell(RunTableModel::Tags); }
    void remove();
    void exportRun();
    void tryDemo();

    RunsPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    RunExtras *extras;
    RunTableModel *runs;
    RunFilterModel *filtered;
    QUndoStack undo;
    QStackedWidget *stack = nullptr;
    QLineEdit *query = nullptr;
    QLabel *problem = nullptr;
    QLabel *count = nullptr;
    QTableView *table = nullptr;
    RunDetailsPane *details = nullptr;
    QAction *compareAction = nullptr, *showAction = nullptr, *duplicateAction = nullptr, *resumeAction = nullptr, *starAction = nullptr,
            *renameAction = nullptr, *tagAction = nullptr, *deleteAction = nullptr, *exportAction = nullptr, *againAction = nullptr, *lineageAction = nullptr, *restoreAction = nullptr, *emptyBinAction = nullptr;
    QPushButton *bin = nullptr, *lineage = nullptr;
    QShortcut *foldKey = nullptr, *unfoldKey = nullptr;
    std::vector<RunRow> live, binned;
    mutable QHash<QString, int> widths; ///< of the columns when they were last shown
    bool reading = false;
    bool readAgain = false;  ///< something changed while reading
    bool haveRead = false;
    bool restoring = false;  ///< the header is being set up: nothing is kept
};

} // namespace lethe
