#include "eval/Metric.h"

#include <lethe/eval/TextMetrics.h>

namespace lethe {

namespace {

class ExactMatch final : public RowMetric
{
public:
    ExactMatch()
        : RowMetric({.id = "exact_match",
                     .name = "exact match",
                     .summary = "share of greedy answers that are the reference, outer white space aside",
                     .paper = {},
                     .cost = "1 generation a row",
                     .groups = {"basic", "tofu"},
                     .sets = {"forget", "retain", "ra", "wf"},
                     .needs = {"answer", "generation"},
                     .direction = 1,
                     .inPercent = true})
    {
    }

    void demand(const std::string &set, Demands &demands) const override { demands[set].add({.generation = true}); }

    std::optional<double> rowValue(const MetricInfo &, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        if (row.text)
            record.exactMatch = exactMatch(set.rows[static_cast<std::size_t>(row.row)].data.answer, *row.text) ? 1.0 : 0.0;
        return record.exactMatch;
    }
};

const MetricRegistration kExactMatch(std::make_unique<ExactMatch>());

} // namespace

} // namespace lethe
