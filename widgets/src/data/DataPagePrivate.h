#pragma once

#include <widgets/DataPage.h>

#include "SampleSets.h"

#include <widgets/Workspace.h>

#include <QtCore/QTimer>

#include <array>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QSplitter;
class QToolButton;

namespace lethe {

class FlagBar;
class LengthHistogram;
class SetPanel;
class TokenStrip;
struct ImportResult;

/// What the page is made of; shared by its sources.
struct DataPage::Private {
    Private(DataPage &owner, Workspace &shared, Dialogs &questions);

    // building (DataPageLayout.cpp)
    void buildLayout();
    QWidget *buildTop();
    QWidget *buildMoveRow();
    QWidget *buildFoot();
    void buildActions();
    QAction *add(const QString &objectName, const QString &text, const QString &icon, const QString &tip, const QKeySequence &keys,
                 void (Private::*act)());
    void showContextMenu(const QPoint &at);

    // commands (DataPageCommands.cpp)
    void importFiles();
    void openImport(const QString &path);
    void openNextImport();
    void takeImport(const ImportResult &result);
    void saveAs();
    void newSet();
    void openSet(const QString &name);
    void renameSet();
    void keepNamed();
    void fillSetMenu();
    void moveToRetain() { moveFrom(SetSide::Forget); }
    void moveToForget() { moveFrom(SetSide::Retain); }
    void copyToRetain() { copyFrom(SetSide::Forget); }
    void copyToForget() { copyFrom(SetSide::Retain); }
    void moveFrom(SetSide side);
    void copyFrom(SetSide side);
    void insertRow();
    void deleteRows();
    void duplicateRows();
    void editRow() { openEditor(active, -1); }
    void openEditor(SetSide side, int row);
    void copyRows();
    void pasteRows();
    void shuffleRows();
    void sampleRows();
    void otherTable();
    void leave();
    void clearFilters();
    void fix(SampleFlag flag);
    void filterFlag(SampleFlag flag);

    // asking the model (DataPageSurvey.cpp)
    void askModel();
    void keepWorst();
    void showSurvey();

    // keeping up (DataPage.cpp)
    void takeSets();
    void keepSets();
    void takeDraft();
    void setTemplate(const TemplateSpec &textTemplate);
    void setLength(int length);
    void refilter();
    void showCounts();
    void showStrip();
    void showActions();

    SetPanel &panel(SetSide side) { return *panels[static_cast<std::size_t>(side)]; }
    std::vector<int> selected(SetSide side);

    DataPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    SampleSets sets;
    SetSide active = SetSide::Forget;
    bool keeping = false; ///< the sets in the workspace are being set by this page
    bool loaded = false;
    quint64 loadTicket = 0;
    QStringList waitingImports;
    bool importing = false;
    WorkingSets head; ///< name and fields; its rows are not used
    QTimer keepTimer;
    QTimer filterTimer;

    std::array<SetPanel *, 2> panels{};
    QToolButton *setButton = nullptr;
    QLineEdit *filter = nullptr;
    QComboBox *templateChoice = nullptr;
    QSpinBox *length = nullptr;
    QSplitter *splitter = nullptr;
    QLabel *stripTitle = nullptr;
    QLabel *stripSummary = nullptr;
    TokenStrip *strip = nullptr;
    LengthHistogram *histogram = nullptr;
    FlagBar *flags = nullptr;
    QLabel *totals = nullptr;
    QList<QAction *> rowActions; ///< those that need selected rows
    QAction *moveRight = nullptr;
    QAction *moveLeft = nullptr;
    QAction *copyRight = nullptr;
    QAction *copyLeft = nullptr;
};

} // namespace lethe
