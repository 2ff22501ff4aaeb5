#pragma once

#include <widgets/ExperimentPage.h>

#include "../parts/Background.h"
#include "Forecast.h"
#include "Measure.h"

#include <widgets/Workspace.h>

#include <QtCore/QJsonObject>
#include <QtCore/QTimer>
#include <QtGui/QUndoStack>

class QAction;
class QLabel;
class QLineEdit;
class QPushButton;
class QTabWidget;
class QToolButton;

namespace lethe {

class ForecastPanel;
class MethodPicker;
class SpecEditor;
class SpecForm;

struct ExperimentPage::Private {
    Private(ExperimentPage &owner, Workspace &shared, Dialogs &questions) : page(owner), workspace(shared), dialogs(questions) {}

    // building (ExperimentPageLayout.cpp)
    void buildLayout();
    void buildActions();
    QWidget *buildTop();
    QWidget *buildMiddle();

    // the document and its way to the workspace (ExperimentPage.cpp)
    void takeDraft();
    void takeCatalog();
    void takeParent();
    void pickMethod(const QString &id);
    void applyPublished(std::size_t preset);
    void showAdvice();
    void formEdited(const QString &path);
    void jsonEdited();
    void check();
    void keepUnfinished(const std::string &text);
    SpecReading read(std::string_view text) const;
    void keep(const QJsonObject &document);
    void showProblems(const std::vector<Error> &problems);
    void showMethod();
    void showOrigin();
    void showSets();
    void showRefusals();
    void editRefusals();
    void takeRefusals(const RefusalSpec &refusals);
    bool needsAlternates(const QString &method) const;
    void showStart();
    void showCommandLine();
    void pushUndo(const QJsonObject &before, const QJsonObject &after, const QString &what, const QString &path);
    void setDocument(const QJsonObject &document);
    QJsonObject fromSpec(const ExperimentSpec &spec) const;

    // what will happen (ExperimentForecast.cpp)
    void countSets();
    void readRuns();
    void showForecast();
    bool usesRetain() const;
    void measure();
    void takeTraining(const TrainingSpec &training);

    // commands (ExperimentPageCommands.cpp)
    void start();
    bool showFirstProblem();
    void goToFirstProblem() { showFirstProblem(); }
    void queue();
    void compareMethods();
    void fresh();
    void duplicate();
    void saveSpec();
    void openSpec();
    void copyCommandLine();
    void fillPresets();
    void savePreset();
    void applyPreset(const QString &name);
    void deletePreset(const QString &name);
    QString commandLine() const;

    ExperimentPage &page;
    Workspace &workspace;
    Dialogs &dialogs;
    QUndoStack undo;

    QJsonObject document;          ///< as it stands in the form, wrong values included
    QJsonObject parentDocument;    ///< of the run it was made from; empty: none
    QString parentName;
    std::vector<Error> problems;
    bool keeping = false;          ///< the draft is being set by this page
    bool applyingUndo = false;
    QString lastEdited;
    QTimer checkTimer;
    QTimer jsonTimer;
    InOrder writer;                ///< small values into the store, off this thread
    std::string unfinished = "{}"; ///< as it was last kept
    bool jsonIsBroken = false;     ///< the text in the Spec tab is no spec: the form is left alone

    SetFigures forget, retain;
    bool counting = false;
    quint64 countTicket = 0;
    QTimer countTimer;
    std::vector<RunRow> runs;
    std::optional<Measured> measured;
    std::string measuredOf;        ///< `measuredBy` of what was measured
    std::int64_t measuring = 0;    ///< the task; 0: none

    QLineEdit *name = nullptr;
    QLabel *origin = nullptr;
    QToolButton *presets = nullptr;
    MethodPicker *picker = nullptr;
    QTabWidget *tabs = nullptr;
    SpecForm *form = nullptr;
    QLabel *rest = nullptr;        ///< problems that have no field
    SpecEditor *json = nullptr;
    QLabel *jsonProblem = nullptr;
    QLabel *command = nullptr;
    ForecastPanel *forecastPanel = nullptr;
    QAction *startAction = nullptr;
    QAction *measureAction = nullptr;
    QAction *queueAction = nullptr;
    QAction *compareAction = nullptr;
    QAction *firstProblem = nullptr;
};

} // namespace lethe
