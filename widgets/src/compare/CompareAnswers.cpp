#include "CompareAnswers.h"

#include "generations/AnswerColumn.h"
#include "generations/EvaluationSlider.h"
#include "generations/TextDiff.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QComboBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QScrollArea>

#include <algorithm>
#include <set>

namespace lethe {
namespace {

constexpr std::size_t kMostAnswerColumns = 12;

/// The last evaluation up to \p step that asked \p prompt.
const SampleRecord *answerUpTo(const AnswerBook &book, std::size_t prompt, std::int64_t step)
{
    for (std::size_t i = book.evaluations(); i-- > 0;) {
        if (book.step(i) > step)
            continue;
        if (const SampleRecord *sample = book.answer(i, prompt))
            return sample;
    }
    return nullptr;
}

} // namespace

CompareAnswers::CompareAnswers(Workspace &workspace, QWidget *parent)
    : QWidget(parent), m_workspace(workspace), m_reads(workspace.store())
{
    m_slider = new EvaluationSlider(this);
    m_prompt = new QComboBox(this);
    m_prompt->setObjectName(QStringLiteral("comparePrompt"));
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_prompt->setMinimumContentsLength(40);
    m_question = new QLabel(this);
    m_question->setWordWrap(true);
    m_question->setTextInteractionFlags(Qt::TextSelectableByMouse);
    Theme::setRole(m_question, TextRole::Heading);
    m_empty = new QLabel(this);
    m_empty->setAlignment(Qt::AlignCenter);
    Theme::setRole(m_empty, TextRole::Muted);
    m_inside = new QWidget;
    m_columns = new QHBoxLayout(m_inside);
    m_columns->setContentsMargins(0, 0, 0, 0);
    m_columns->setSpacing(Theme::space(2));
    m_reference = new AnswerColumn(tr("reference"));
    m_columns->addWidget(m_reference, 1);
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(m_inside);
    m_inside->setAutoFillBackground(false);

    auto *top = new QHBoxLayout;
    top->setSpacing(Theme::space(3));
    top->addWidget(m_prompt, 1);
    top->addWidget(m_slider, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, Theme::space(2), 0, 0);
    column->setSpacing(Theme::space(2));
    column->addLayout(top);
    column->addWidget(m_question);
    column->addWidget(m_empty);
    column->addWidget(scroll, 1);
    connect(m_prompt, &QComboBox::currentIndexChanged, this, &CompareAnswers::refresh);
    connect(m_slider, &EvaluationSlider::currentChanged, this, &CompareAnswers::refresh);
}

void CompareAnswers::show(const std::vector<ComparedRun> &runs, const QSet<RunId> &hidden, std::size_t baseline)
{
    ++m_generation;
    std::vector<Run> shown;
    std::set<std::int64_t> steps;
    m_baseline = 0;
    for (std::size_t i = 0; i < runs.size() && shown.size() < kMostAnswerColumns; ++i) {
        if (hidden.contains(runs[i].row.id))
            continue;
        if (i == baseline)
            m_baseline = shown.size();
        Run run{.id = runs[i].row.id, .name = runs[i].name(), .color = runs[i].look.color, .book = {}, .loaded = false};
        const auto known = std::ranges::find(m_runs, run.id, &Run::id);
        // a run that went on has answers that were not read
        if (known != m_runs.end() && known->loaded && known->book.evaluations() == runs[i].evaluations.size()) {
            run.book = std::move(known->book);
            run.loaded = true;
        }
        for (const EvaluationRecord &evaluation : runs[i].evaluations)
            steps.insert(evaluation.step);
        shown.push_back(std::move(run));
    }
    m_runs = std::move(shown);
    m_steps.assign(steps.begin(), steps.end());
    m_slider->setSteps(m_steps);
    if (isVisible())
        load();
}

void CompareAnswers::load()
{
    std::vector<RunId> missing;
    for (const Run &run : m_runs) {
        if (!run.loaded)
            missing.push_back(run.id);
    }
    if (missing.empty()) {
        fillPrompts();
        return;
    }
    using Books = std::vector<std::pair<RunId, AnswerBook>>;
    m_empty->setText(tr("Reading answers…"));
    m_empty->show();
    m_reads.read<Books>(
        this,
        [missing](const RunStore &store) {
            Books books;
            for (const RunId run : missing) {
                AnswerBook book;
                if (const auto evaluations = store.evaluations(run, true)) {
                    for (const EvaluationRecord &evaluation : *evaluations)
                        book.add(evaluation);
                }
                books.emplace_back(run, std::move(book));
            }
            return books;
        },
        [this, generation = m_generation](Books books) {
            if (generation != m_generation)
                return;
            for (auto &[id, book] : books) {
                const auto run = std::ranges::find(m_runs, id, &Run::id);
                if (run == m_runs.end())
                    continue;
                run->book = std::move(book);
                run->loaded = true;
            }
            fillPrompts();
        });
}

void CompareAnswers::fillPrompts()
{
    const QString current = m_prompt->currentText();
    const QSignalBlocker blocker(m_prompt);
    m_prompts.clear();
    m_prompt->clear();
    for (const Run &run : m_runs) {
        for (const AnswerBook::Prompt &prompt : run.book.prompts()) {
            const std::pair key{prompt.set, prompt.row};
            if (std::ranges::find(m_prompts, key) != m_prompts.end())
                continue;
            m_prompts.push_back(key);
            m_prompt->addItem(tr("%1 %2 · %3").arg(QString::fromStdString(prompt.set)).arg(prompt.row + 1).arg(prompt.prompt.simplified()));
        }
    }
    m_prompt->setCurrentIndex(std::max(0, m_prompt->findText(current)));
    refresh();
}

void CompareAnswers::refresh()
{
    while (m_answers.size() > m_runs.size()) {
        delete m_answers.back();
        m_answers.pop_back();
    }
    while (m_answers.size() < m_runs.size()) {
        m_answers.push_back(new AnswerColumn({}));
        m_columns->addWidget(m_answers.back(), 1);
    }
    const int at = m_prompt->currentIndex();
    const bool any = at >= 0 && static_cast<std::size_t>(at) < m_prompts.size() && !m_steps.empty();
    m_inside->setVisible(any);
    m_question->setVisible(any);
    m_empty->setVisible(!any);
    if (!any) {
        m_empty->setText(tr("These runs generated no answers."));
        return;
    }
    const auto &[set, row] = m_prompts[static_cast<std::size_t>(at)];
    const std::int64_t step = m_steps[static_cast<std::size_t>(std::clamp(m_slider->current(), 0, static_cast<int>(m_steps.size()) - 1))];

    const SampleRecord *base = nullptr;
    QString question;
    for (std::size_t i = 0; i < m_runs.size(); ++i) {
        const auto prompt = m_runs[i].book.find(set, row);
        if (!prompt)
            continue;
        if (question.isEmpty() || i == m_baseline) {
            question = m_runs[i].book.prompts()[*prompt].prompt;
            m_reference->showText(m_runs[i].book.prompts()[*prompt].reference);
        }
        if (i == m_baseline)
            base = answerUpTo(m_runs[i].book, *prompt, step);
    }
    m_question->setText(question);
    for (std::size_t i = 0; i < m_runs.size(); ++i) {
        const Run &run = m_runs[i];
        AnswerColumn *column = m_answers[i];
        column->setTitle(i == m_baseline && m_runs.size() > 1 ? tr("%1 (baseline)").arg(run.name) : run.name, run.color);
        const auto prompt = run.book.find(set, row);
        const SampleRecord *sample = prompt ? answerUpTo(run.book, *prompt, step) : nullptr;
        if (!sample)
            column->showNothing(run.loaded ? tr("Not asked up to step %1.").arg(format::count(step)) : tr("Reading…"));
        else if (run.book.prompts()[*prompt].prompt != question)
            column->showNothing(tr("Row %1 of this run's set is another question.").arg(row + 1));
        else if (i == m_baseline || !base)
            column->showAnswer(*sample);
        else
            column->showDifference(*sample, TextDiff(QString::fromStdString(base->text.value_or(std::string())),
                                                     QString::fromStdString(sample->text.value_or(std::string())), TextDiff::Unit::Word));
    }
}

} // namespace lethe
