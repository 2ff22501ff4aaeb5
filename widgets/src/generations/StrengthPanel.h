#pragma once

#include "PairAnswers.h"

#include "plots/Card.h"

#include <lethe/store/RunStore.h>

#include <QtCore/QTimer>

#include <map>
#include <memory>
#include <optional>
#include <utility>

class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSlider;

namespace lethe {

class Workspace;
struct RunHistory;

/// How strongly a pair's assistant is taken off its target, as a slider: the prompts in sight are answered anew at the strength that was
/// chosen, on a worker, with no training. There for runs whose newest checkpoint is a pair (ULD).
class StrengthPanel : public Card
{
    Q_OBJECT

public:
    explicit StrengthPanel(Workspace &workspace, QWidget *parent = nullptr);
    ~StrengthPanel() override;

    void show(const RunHistory &history);
    /// The prompts in sight, the one in front first.
    void setRows(std::vector<AskedRow> rows);
    bool isOffered() const { return m_trained.has_value(); }
    /// The strength that was chosen and is not the one of the run; nothing where the run's own answers are shown.
    std::optional<double> chosen() const;
    /// Null where that row was not answered at the chosen strength yet.
    const SampleRecord *answer(const std::string &set, std::int64_t row) const;
    bool isBusy() const { return m_task != 0; }
    std::int64_t step() const { return m_step; }

    using Answerer = std::function<Result<void>(LoadedPair &, const PairRequest &)>;
    void setAnswerer(Answerer answerer) { m_answerer = std::move(answerer); }

Q_SIGNALS:
    /// The chosen strength, or the answers at it, are others now.
    void changed();
    void offered();

private:
    using Answers = std::map<std::pair<std::string, std::int64_t>, SampleRecord>;
    struct Shared { ///< by a worker and this panel
        std::mutex mutex;
        std::vector<SampleRecord> arrived;
        std::optional<Error> error;
    };
    void choose(int hundredths);
    void answerSoon();
    void begin();
    void take();
    void finish();
    void cancel();
    void letGo();
    void showState();

    Workspace &m_workspace;
    Answerer m_answerer;
    RunId m_run = 0;
    std::string m_specJson, m_folder;
    std::int64_t m_step = 0;
    std::optional<int> m_trained; ///< the run's own strength, in hundredths of the weight; nothing: no pair
    int m_chosen = 0;             ///< in hundredths
    std::vector<AskedRow> m_rows;
    std::map<int, Answers> m_answers; ///< by strength: going back costs nothing
    std::shared_ptr<LoadedPair> m_pair;
    std::shared_ptr<Shared> m_shared;
    std::int64_t m_task = 0;
    int m_taskChosen = 0;
    bool m_again = false;   ///< another strength was chosen while the task was at work
    bool m_stopped = false; ///< by the user: what is missing stays missing
    QString m_failure;
    QTimer m_soon, m_poll;
    QSlider *m_slider;
    QDoubleSpinBox *m_weight;
    QPushButton *m_reset, *m_cancel;
    QLabel *m_note;
};

} // namespace lethe
