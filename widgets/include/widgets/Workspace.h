#pragma once

#include <lethe/data/Dataset.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/model/ModelInfo.h>
#include <lethe/run/RunController.h>
#include <lethe/spec/SpecReader.h>
#include <lethe/store/RunStore.h>
#include <lethe/tokenizer/Tokenizer.h>

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
    /// Scans the plugin folders again.
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

    // ---- model of the draft, read in the background --------------------------------------------------------------
    /// Sets the draft's model and reads its headers and tokenizer; `modelChanged` when that is done.
    void openModel(const QString &folder);
    std::shared_ptr<const ModelInfo> modelInfo() const { return m_modelInfo; }    ///< null: none, or being read
    std::shared_ptr<const Tokenizer> tokenizer() const { return m_tokenizer; }    ///< null: none
    bool isReadingModel() const { return m_readingModel; }

    // ---- sets ----------------------------------------------------------------------------------------------------
    const WorkingSets &sets() const { return m_sets; }
    void setSets(const WorkingSets &sets);
    /// Reads the draft's data files into the sets (background task).
    void loadSetsOfDraft();

    // ---- runs ----------------------------------------------------------------------------------------------------
    /// Starts \p spec, or queues it while another run holds the device. The sets, where they were edited, are written to files
    /// of the store's folder first and the spec points to those. Problems (already shown in the form) refuse it.
    Result<void> startRun(ExperimentSpec spec, std::optional<RunId> parent = {});
    /// The draft with the working sets.
    Result<void> startDraft();
    Result<void> resumeRun(RunId run);
    /// The run on the device, or null.
    RunController *activeRun() { return m_active.get(); }
    RunId activeRunId() const;
    std::optional<StageRecord> activeStage() const { return m_activeStage; }
    std::optional<RunFacts> activeFacts() const { return m_activeFacts; }
    std::optional<StepRecord> lastStep() const { return m_lastStep; }
    bool isPaused() const { return m_paused; }
    std::vector<ExperimentSpec> queue() const;
    void removeFromQueue(std::size_t index);
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
    /// Demo model, demo sets and demo experiment; starts the run and shows Live.
    Result<void> startDemo();
    /// For tests: what runs a spec in place of the real session.
    void setSession(decltype(RecordedRun::session) session) { m_session = std::move(session); }

    // ---- the window ----------------------------------------------------------------------------------------------
    void showPage(const QString &pageId) { Q_EMIT pageRequested(pageId); }
    void post(const Message &message) { Q_EMIT messagePosted(message); }
    QStringList recentModels() const;
    void rememberModel(const QString &folder);

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
    void pageRequested(const QString &pageId);
    void messagePosted(const lethe::Message &message);

private:
    void startNext();
    void startNow(const ExperimentSpec &spec, std::optional<RunId> parent, std::optional<RunId> resume);
    void connectActive();
    void restore();
    void scheduleKeep();
    void keep();
    void readModel();

    RunStore &m_store;
    MethodCatalog &m_catalog;
    QSettings *m_settings;
    std::unique_ptr<QSettings> m_ownSettings;
    TaskList *m_tasks;
    ExperimentSpec m_draft;
    std::optional<RunId> m_draftParent;
    WorkingSets m_sets;
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
    struct Queued {
        ExperimentSpec spec;
        std::optional<RunId> parent;
        std::optional<RunId> resume;
    };
    std::vector<Queued> m_queue;
    struct Private;
    std::unique_ptr<Private> m_private; ///< timers and what else the .cpp needs
};

} // namespace lethe
