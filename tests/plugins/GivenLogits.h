#pragma once

#include "support/Fixtures.h"

#include <lethe/method/MethodCatalog.h>
#include <lethe/sdk/Method.h>

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

/// Methods on logits that are known by hand: a model whose hidden states are rows of a table and whose head is the identity.
namespace lethe::test {

/// A token of a batch names its row of the table.
class GivenLogits : public LanguageModel, public Reference
{
public:
    explicit GivenLogits(at::Tensor table_RV) : table(std::move(table_RV)) {}

    at::Tensor hidden(const Batch &batch) override
    {
        ++passes;
        tokens += batch.tokens();
        return at::embedding(table, batch.ids_N);
    }
    at::Tensor layerOutput(const Batch &batch, std::int64_t) override { return hidden(batch); }
    OutputHead head() const override { return {.weight_VD = at::eye(table.size(1)), .bias_V = {}}; }
    at::Tensor tokenNll(const Batch &batch) override { return losses::tokenNll(head(), hidden(batch), batch); }
    at::Tensor sequenceNll(const Batch &batch) override { return losses::sumBySample(tokenNll(batch), batch); }
    at::Tensor labelHidden(const Batch &batch) override { return hidden(batch).index_select(0, batch.labelRows_M); }

    at::Tensor table;
    int passes = 0;          ///< forward passes so far
    std::int64_t tokens = 0; ///< that went through them
};

/// One sample: its rows of the table, and the labels of its last rows but one. `labels[i]` is the token at position labelStart + i.
struct GivenSample {
    std::int64_t firstRow = 0, length = 0, labelStart = 0;
    std::vector<std::int64_t> labels;
};

inline Batch given(const std::vector<GivenSample> &samples)
{
    Batch batch;
    std::vector<std::int64_t> ids, positions, rows, labels, owners;
    for (std::size_t s = 0; s < samples.size(); ++s) {
        const GivenSample &sample = samples[s];
        const std::int64_t start = batch.offsets.back();
        for (std::int64_t t = 0; t < sample.length; ++t) {
            ids.push_back(sample.firstRow + t);
            positions.push_back(t);
        }
        std::size_t next = sample.labelStart < 1 ? 1 : 0; // a text's first token is predicted by nothing
        for (std::int64_t t = std::max<std::int64_t>(1, sample.labelStart); t < sample.length; ++t, ++next) {
            rows.push_back(start + t - 1);
            labels.push_back(sample.labels.at(next));
            owners.push_back(static_cast<std::int64_t>(s));
        }
        batch.offsets.push_back(start + sample.length);
        batch.labelOffsets.push_back(static_cast<std::int64_t>(rows.size()));
        batch.labelStarts.push_back(sample.labelStart);
        batch.keys.push_back(static_cast<std::int64_t>(s));
    }
    batch.ids_N = at::tensor(ids, at::kLong);
    batch.positions_N = at::tensor(positions, at::kLong);
    batch.labelRows_M = at::tensor(rows, at::kLong);
    batch.labelIds_M = at::tensor(labels, at::kLong);
    batch.labelSamples_M = at::tensor(owners, at::kLong);
    return batch;
}

/// The context of a step that is these batches whole.
inline StepContext contextOf(LanguageModel &model, Reference *reference, const Batch &forget, const Batch *alternate = nullptr,
                             const Batch *retain = nullptr)
{
    StepContext step{.model = model, .reference = reference, .step = 1, .epochSteps = 1, .steps = 10};
    const auto shapes = [](const Batch &batch) {
        std::vector<SampleShape> all;
        for (std::int64_t sample = 0; sample < batch.samples(); ++sample)
            all.push_back({.length = batch.length(sample), .labelStart = batch.labelStarts[static_cast<std::size_t>(sample)]});
        return all;
    };
    step.forgetSamples = forget.samples();
    step.forgetLabels = forget.labels();
    step.forgetShapes = shapes(forget);
    if (alternate != nullptr) {
        step.alternate = alternate;
        step.alternateLabels = alternate->labels();
        step.alternateTokens = alternate->tokens();
        step.alternateShapes = shapes(*alternate);
    }
    if (retain != nullptr) {
        step.retainSamples = retain->samples();
        step.retainLabels = retain->labels();
        step.retainTokens = retain->tokens();
    }
    return step;
}

/// The worked example of the loss definitions: logits of two samples, of their replacement answers, and the reference's for both.
struct WorkedExample {
    static constexpr std::int64_t kWidth = 6, kLength = 5;

    /// Rows 0–9: forget; 10–19: replacements; [b][t] is row 5b + t.
    static at::Tensor table(bool reference)
    {
        at::Tensor rows = at::empty({20, kWidth}, at::kDouble);
        auto values = rows.accessor<double, 2>();
        for (int b = 0; b < 2; ++b)
            for (int t = 0; t < kLength; ++t)
                for (int v = 0; v < kWidth; ++v) {
                    values[5 * b + t][v] = reference ? 2 * std::cos(0.5 + 0.9 * b + 0.4 * t + 1.7 * v) : 2 * std::sin(1 + 0.7 * b + 1.3 * t + 2.1 * v);
                    values[10 + 5 * b + t][v] =
                        reference ? 2 * std::cos(0.2 + 0.6 * b + 0.7 * t + 1.9 * v) : 2 * std::sin(0.3 + 0.5 * b + 0.9 * t + 1.1 * v);
                }
        return rows.to(at::kFloat);
    }

    WorkedExample()
    {
        model.table.requires_grad_(true);
    }

    GivenLogits model{table(false)}, reference{table(true)};
    Batch forget = given({{.firstRow = 0, .length = 5, .labelStart = 2, .labels = {3, 1, 5}}, {.firstRow = 5, .length = 4, .labelStart = 1, .labels = {2, 0, 4}}});
    Batch alternate = given({{.firstRow = 10, .length = 4, .labelStart = 2, .labels = {0, 2}}, {.firstRow = 15, .length = 3, .labelStart = 1, .labels = {1, 3}}});
    /// The template batch as the retain batch.
    const Batch &retain = alternate;

    StepContext context() { return contextOf(model, &reference, forget, &alternate, &retain); }
};

/// A method made from its plugin, with the manifest's defaults and \p given over them.
class Methods
{
public:
    std::unique_ptr<Method> make(const std::string &id, const std::map<std::string, ParameterValue> &values = {}) const
    {
        const MethodManifest *manifest = catalog.find(id);
        if (manifest == nullptr)
            qFatal("there is no method %s", id.c_str());
        ParameterSet parameters;
        for (const ParameterSpec &parameter : manifest->parameters)
            parameters.values[parameter.name] = parameter.defaultValue;
        for (const auto &[name, value] : values)
            parameters.values.at(name) = value;
        auto method = catalog.create(id, parameters);
        if (!method.ok())
            qFatal("%s", method.error().message().c_str());
        return std::move(method).value();
    }

    const MethodCatalog catalog = MethodCatalog::scan({folderFromEnvironment("LETHE_PLUGINS")});
};

} // namespace lethe::test
