#pragma once

#include "ComparedRuns.h"

#include "generations/AnswerBook.h"

#include <QtCore/QSet>
#include <QtWidgets/QWidget>

class QComboBox;
class QHBoxLayout;
class QLabel;

namespace lethe {

class AnswerColumn;
class EvaluationSlider;
class Workspace;

/// What the runs answered, one column a run, against the baseline run. The slider stops at every step at which one of them was
/// evaluated; each run shows its last answer up to there.
class CompareAnswers : public QWidget
{
    Q_OBJECT

public:
    CompareAnswers(Workspace &workspace, QWidget *parent = nullptr);

    void show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, std::size_t baseline);
    EvaluationSlider &slider() { return *m_slider; }
    /// Texts are read once somebody looks.
    void load();

private:
    struct Run {
        RunId id = 0;
        QString name;
        QString color;
        AnswerBook book;
        bool loaded = false;
    };
    void fillPrompts();
    void refresh();

    Workspace &m_workspace;
    StoreReads m_reads;
    std::vector<Run> m_runs;
    std::size_t m_baseline = 0;
    std::uint64_t m_generation = 0;
    std::vector<std::int64_t> m_steps;
    std::vector<std::pair<std::string, std::int64_t>> m_prompts;
    EvaluationSlider *m_slider;
    QComboBox *m_prompt;
    QLabel *m_question;
    QLabel *m_empty;
    QWidget *m_inside;
    QHBoxLayout *m_columns;
    AnswerColumn *m_reference;
    std::vector<AnswerColumn *> m_answers;
};

} // namespace lethe
