#pragma once

#include <lethe/data/Dataset.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/run/RunController.h>
#include <lethe/spec/SpecReader.h>
#include <lethe/store/RunStore.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <QtCore/QDateTime>
#include <QtCore/QObject>
#include <QtCore/QSettings>
#include <QtCore/QString>

#include <functional>
#include <memory>
#include <optional>

namespace lethe {

class TaskList;

/// News for the message bar of the page in front.
struct Message {
    enum class Level { Info, Success, Warning, Error };
    Level level = Level::Info;
    QString text;    ///< what happened, to what, what to do: sentence case
    QString details; ///< folded, copyable; may be empty
    struct Button {
        QString text;
        std::function<void()> act;
    };
    QList<Button> buttons;
    QString key; ///< messages of the same key replace each other and count
};

/// The two sets that are being curated, as the Data page edits them and the Experiment page uses them.
struct WorkingSets {
    QString name;
    std::vector<DataRow> forget;
    std::vector<DataRow> retain;
    DataSource forgetFields; ///< `path`: where it was imported from, or empty
    DataSource retainFields;
    bool operator==(const WorkingSets &) const = default;
};

/// Everything the screens share, on the GUI thread: store, catalog, the experiment being written, the sets, the runs that are
/// on. Screens read it, ask it to act, and listen. It keeps drafts and sets in the store within a second of a change.
class Workspace : public QObject
{
    Q_OBJECT

public:
    /// \p store and \p catalog outlive the workspace. \p settings may be null (tests): then nothing of taste is kept.
    Workspace(RunStore &store, MethodCatalog &catalog, QSettings *settings = nullptr, QObject *parent = nullptr);
    ~Workspace() override;

    RunStore &store() { return m_store; }
    MethodCatalog &catalog() { return m_catalog; }
    /// Where plugins are looked for; the built-in folder unless set otherwise. Takes effect with `reloadCatalog`.
    void setPluginFolders(std::vector<std::filesystem::path> folders);
    const std::vector<std::filesystem::path> &pluginFolders() const;
    /// Scans the plugin folders again; while a run uses the catalog, once that run has ended.
    void reloadCatalog();
    QSettings &settings(); ///< a throw-away one where none was given
    TaskList &tasks() { return *m_tasks; }

    // ---- the experiment being written --------------------------------------------------------------------------
    const ExperimentSpec &draft() const { return m_draft; }
    /// Keeps and announces it; nothing happens where it is equal.
    void setDraft(const ExperimentSpec &draft);
    std::optional<RunId> draftParent() const { return m_draftParent; }
    void setDraftParent(std::optional<RunId> parent);
    /// A stored run's spec as the draft, with the run as parent; shows the Experiment page.
    void duplicateAsExperiment(RunId run);
    /// A draft of the settings' defaults that keeps model and sets; shows the Experiment page.
    void newExperiment();
    /// A spec file as the draft, its sets read; shows the Experiment page. Problems are posted, what could be read is kept.
    void openSpec(const QString &file);
    /// `checkSpec` of the draft, but what comes from the working sets needs no file yet.
    std::vector<Error> checkDraft() const;

    // ---- model of the draft, read in the background --------------------------------------------------------------
    /// Sets the draft's model and reads its headers and tokenizer; `modelChanged` when that is done.
    void openModel(const QString &folder);
    std::shared_ptr<const ModelInfo> modelInfo() const { return m_modelInfo; }    ///< null: none, or being read
    std::shared_ptr<const Tokenizer> tokenizer() const { return m_tokenizer; }    ///< null: none
    bool isReadingModel() const { return m_readingModel; }
    /// After a crash: the draft's model is not read by itself. Call right after construction.
    void leaveModelUnread();

    // ---- sets ----------------------------------------------------------------------------------------------------
    const WorkingSets &sets() const { return *m_sets; }
    /// Keeps and announces them; the draft's data sources follow. Nothing happens where they are equal.
    void setSets(const WorkingSets &sets);
    /// Reads the draft's data files into the sets (background task). Edited rows that this replaces stay in the store as a
    /// version of their set.
    void loadSetsOfDraft();
    bool isReadingSets() const;
    /// Whether a side holds rows that are in no file yet: edited since they were read, or never read from one.
    bool isForgetEdited() const;
    bool isRetainEdited() const;
    /// The draft with the working sets: sides that were edited are written to files of the store's folder (named by their
    /// content) and the spec points to those. Io, DiskFull.
    Result<ExperimentSpec> draftWithSets();

    // ---- runs ----------------------------------------------------------------------------------------------------
    /// Starts \p spec as it stands, or queues it while another run holds the device. InvalidInput with every problem of the
    /// spec (already shown in the form).
    Result<void> startRun(ExperimentSpec spec, std::optional<RunId> parent = {});
    /// Starts `draftWithSets()`.
    Result<void> startDraft();
    /// Writes the draft and its sets, and puts it at the end of the queue even where the device is free.
    Result<void> queueDraft();
    /// Queues \p specs as one comparison: Compare holds their runs as they begin, and the last one's end says so. Starts where
    /// the device is free. InvalidInput where one of them is not sound; then none is queued.
    Result<void> queueComparison(const std::vector<ExperimentSpec> &specs);
    Result<void> resumeRun(RunId run);
    /// The run on the device, or null.
    RunController *activeRun() { return m_active.get(); }
    RunId activeRunId() const;
    QString activeRunName() const; ///< empty where none is on
    std::optional<StageRecord> activeStage() const { return m_activeStage; }
    std::optional<RunFacts> activeFacts() const { return m_activeFacts; }
    std::optional<StepRecord> lastStep() const { return m_lastStep; }
    bool isPaused() const { return m_paused; }
    /// Paused, and held by now: until the step that it is in is done, a paused run goes on.
    bool isHeld() const;
    std::vector<ExperimentSpec> queue() const;
    void removeFromQueue(std::size_t index);
    void moveInQueue(std::size_t from, std::size_t to);
    /// The first of the queue, where the device is free. A queue that a restart brought back waits for this.
    void startQueue();
    void pauseActive();
    void resumeActive();
    void stopActive();
    void cancelActive();
    /// The run that Live and Generations look at: the active one, else the last one shown.
    RunId shownRun() const { return m_shownRun; }
    void setShownRun(RunId run);
    /// Runs picked for Compare, kept in the store.
    std::vector<RunId> compared() const { return m_compared; }
    void setCompared(const std::vector<RunId> &runs);
    /// Demo model, demo sets and demo experiment; starts the run and shows Live. NotFound where the demo is not installed.
    Result<void> startDemo();
    /// Asks the active run to end with a checkpoint and waits at most \p milliseconds; true where none is left running.
    bool pauseToDisk(int milliseconds);
    /// Runs that were cut off (their process is gone), newest first, as the store found them when it was opened.
    std::vector<RunRow> interruptedRuns() const;
    /// For tests: what runs a spec in place of the real session.
    void setSession(decltype(RecordedRun::session) session) { m_session = std::move(session); }

    // ---- the window ----------------------------------------------------------------------------------------------
    void showPage(const QString &pageId) { Q_EMIT pageRequested(pageId); }
    void post(const Message &message) { Q_EMIT messagePosted(message); }
    QStringList recentModels() const;
    void rememberModel(const QString &folder);
    void forgetModel(const QString &folder);
    /// Why writing to the store fails now; empty while it works.
    QString storeFailure() const;
    QDateTime lastSaved() const; ///< local time; invalid: nothing was written yet
    /// Writes drafts and sets now and waits for the disk.
    Result<void> flush();

Q_SIGNALS:
    void draftChanged();
    void modelChanged();
    void setsChanged();
    void catalogChanged();
    void queueChanged();
    void comparedChanged();
    void shownRunChanged();
    /// The active run, as it goes. `runBegan` comes once the row is in the store.
    void runBegan(qint64 run);
    void runRecords(qint64 run, const std::shared_ptr<const lethe::RunBatch> &batch);
    void runEnded(qint64 run, const std::shared_ptr<const lethe::RunSummary> &summary); ///< summary null: it failed
    void runStateChanged(); ///< paused, resumed, stage
    /// Something in the store changed (this process or another): tables read again. At most twice a second.
    void storeChanged();
    /// Writing to the store began to fail, or works again, or something was saved.
    void storeStateChanged();
    void pageRequested(const QString &pageId);
    void messagePosted(const lethe::Message &message);

private:
    struct Private;
    struct Queued {
        ExperimentSpec spec;
        std::optional<RunId> parent;
        std::optional<RunId> resume;
        bool isCompared = false; ///< its run goes into Compare when it begins
    };
    void startNext();
    void startNow(const Queued &run);
    Result<void> startOrQueue(const Queued &run);
    void announceComparison();
    void takeRecords(const std::shared_ptr<const RunBatch> &batch);
    void endActive(const std::shared_ptr<const RunSummary> &summary, const QString &failure, int errorCode);
    void announceTrouble(const RunBatch &batch);
    void announceEnd(const RunSummary &summary);
    void announceFailure(RunId run, const QString &failure);
    ExperimentSpec freshExperiment();
    void restore();
    void scheduleKeep();
    void keep();
    void readModel(bool announce);
    void applySets(std::shared_ptr<const WorkingSets> sets, bool forgetEdited, bool retainEdited);
    void followSources(const DataSpec &former);
    void pollStore();

    RunStore &m_store;
    MethodCatalog &m_catalog;
    QSettings *m_settings;
    std::unique_ptr<QSettings> m_ownSettings;
    TaskList *m_tasks;
    ExperimentSpec m_draft;
    std::optional<RunId> m_draftParent;
    std::shared_ptr<const WorkingSets> m_sets; ///< shared with the worker that keeps them in the store
    std::shared_ptr<const ModelInfo> m_modelInfo;
    std::shared_ptr<const Tokenizer> m_tokenizer;
    bool m_readingModel = false;
    std::unique_ptr<RunController> m_active;
    std::optional<StageRecord> m_activeStage;
    std::optional<RunFacts> m_activeFacts;
    std::optional<StepRecord> m_lastStep;
    bool m_paused = false;
    RunId m_shownRun = 0;
    std::vector<RunId> m_compared;
    decltype(RecordedRun::session) m_session = runSession;
    std::vector<Queued> m_queue;
    std::unique_ptr<Private> m_private; ///< timers and what else the .cpp needs
};

} // namespace lethe
