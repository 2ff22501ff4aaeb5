#include "eval/Metric.h"

#include <lethe/eval/TextMetrics.h>

namespace lethe {

namespace {

class RougeRecall final : public RowMetric
{
public:
    RougeRecall()
        : RowMetric({.id = "rouge",
                     .name = "ROUGE-L recall",
                     .summary = "longest common subsequence of the greedy answer and the reference, over the reference's length; stemmed",
                     .paper = "TOFU, arXiv:2401.06121; rouge-score 0.1.2",
                     .cost = "1 generation a row",
                     .groups = {"basic", "tofu"},
                     .sets = {"forget", "retain", "ra", "wf"},
                     .needs = {"answer", "generation"},
                     .direction = 1})
    {
    }

    void demand(const std::string &set, Demands &demands) const override { demands[set].add({.generation = true}); }

    std::optional<double> rowValue(const MetricInfo &, const EvaluationSet &set, const RowScores &row, SampleRecord &record) const override
    {
        if (row.text)
            record.rougeRecall = rougeL(set.rows[static_cast<std::size_t>(row.row)].data.answer, *row.text).recall;
        return record.rougeRecall;
    }
};

const MetricRegistration kRougeRecall(std::make_unique<RougeRecall>());

} // namespace

} // namespace lethe
