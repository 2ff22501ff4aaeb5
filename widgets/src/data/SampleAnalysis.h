#pragma once

#include "Sample.h"

#include <lethe/run/ForgetSurvey.h>

#include <QtCore/QHash>
#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <array>
#include <memory>
#include <optional>

namespace lethe {

class TaskList;

/// What the bar above a table says of its set.
struct SetCounts {
    std::int64_t rows = 0;
    std::int64_t counted = 0; ///< rows whose tokens are known
    std::int64_t tokens = 0, labels = 0, cut = 0, dropped = 0, withoutLabels = 0;
    std::array<std::int64_t, std::size(kSampleFlags)> flagged{};
    bool exact() const { return counted == rows; }
    /// Scaled up to all rows while some are not counted.
    std::int64_t estimatedTokens() const { return scaled(tokens); }
    std::int64_t estimatedLabels() const { return scaled(labels); }

private:
    std::int64_t scaled(std::int64_t sum) const
    {
        return counted > 0 && counted < rows ? static_cast<std::int64_t>(static_cast<double>(sum) / double(counted) * double(rows)) : sum;
    }
};

/// Counts tokens and finds flags of both sets off the GUI thread; what was counted once is not counted again until template,
/// length or tokenizer change.
class SampleAnalysis final : public QObject
{
    Q_OBJECT

public:
    explicit SampleAnalysis(TaskList &tasks, QObject *parent = nullptr);
    ~SampleAnalysis() override;

    /// \p tokenizer null: token counts are unknown and stay so.
    void setEncoding(std::shared_ptr<const Tokenizer> tokenizer, const TemplateSpec &textTemplate, std::int64_t maxLength);
    void setRows(SampleList forget, SampleList retain);

    TokenFacts tokenFacts(quint64 key) const { return m_tokens.value(key); }
    unsigned flags(quint64 key) const;
    /// Forget rows that were compared with the retain set; below 0: that is still on.
    std::int64_t rowsCompared() const { return m_rowsCompared; }
    /// What the model said of forget rows; empty until it was asked.
    void setSurvey(QHash<quint64, SurveyedRow> survey);
    bool hasSurvey() const { return !m_survey.isEmpty(); }
    SurveyedRow surveyed(quint64 key) const { return m_survey.value(key); }
    const SetCounts &counts(SetSide side) const { return m_counts[static_cast<std::size_t>(side)]; }
    const SampleList &rows(SetSide side) const { return m_rows[static_cast<std::size_t>(side)]; }
    bool hasTokenizer() const { return m_tokenizer != nullptr; }
    bool isCounting() const { return m_counting; }
    /// Why rows cannot be encoded (no chat template, say); nullopt where they can.
    const std::optional<Error> &encodingProblem() const { return m_problem; }
    const std::shared_ptr<const Tokenizer> &tokenizer() const { return m_tokenizer; }
    const TemplateSpec &textTemplate() const { return m_template; }
    std::int64_t maxLength() const { return m_maxLength; }
    /// Lengths in tokens before the cut, of the rows that are counted.
    std::vector<std::int64_t> lengths(SetSide side) const;

Q_SIGNALS:
    void factsChanged();

private:
    using Counted = std::vector<std::pair<quint64, TokenFacts>>;
    void findFlags();
    void countTokens();
    void take(quint64 generation, const Counted &counted);
    void recount();

    TaskList &m_tasks;
    std::array<SampleList, 2> m_rows;
    std::array<SetCounts, 2> m_counts;
    QHash<quint64, TokenFacts> m_tokens;
    QHash<quint64, unsigned> m_textFlags; ///< those that need no tokenizer
    QHash<quint64, SurveyedRow> m_survey;
    std::int64_t m_rowsCompared = -1;
    std::shared_ptr<const Tokenizer> m_tokenizer;
    TemplateSpec m_template;
    std::int64_t m_maxLength = 256;
    std::optional<Error> m_problem;
    std::shared_ptr<std::atomic<bool>> m_stopCounting; ///< shared with the worker that counts
    std::shared_ptr<std::atomic<bool>> m_stopFlags;    ///< shared with the worker that compares rows
    quint64 m_encodingGeneration = 0;
    quint64 m_rowsGeneration = 0;
    bool m_counting = false;
    QTimer m_start;
    QTimer m_announce;
};

} // namespace lethe
