#include "eval/EvaluationSet.h"

#include "base/Json.h"
#include "eval/EvaluationSources.h"
#include "eval/Metric.h"
#include "eval/ReferenceScores.h"

#include <algorithm>
#include <charconv>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr const char *kParaphrased = "paraphrased_answer";
constexpr const char *kPerturbed = "perturbed_answer";

/// MUSE asks its questions bare, after its shots, and never by the template (`knowmem`).
constexpr std::int64_t kKnowledgeTokens = 32, kVerbatimTokens = 128;
/// TOFU's own evaluator looks at so many rows of a set (`ds_size`).
constexpr std::size_t kTofuOriginalRows = 300;

Error rowError(const std::string &set, const fs::path &file, const DataRow &row, const std::string &what)
{
    return {.code = ErrorCode::InvalidInput, .what = "row " + std::to_string(row.line) + " of the " + set + " set " + what, .where = file.string(), .hint = {}};
}

/// The answers beside the right one, from the row's other fields.
Result<EvaluationRow> withFields(const DataRow &data, const Demand &demand, const std::string &set, const fs::path &file)
{
    EvaluationRow row{.data = data, .paraphrased = {}, .perturbed = {}};
    if (!demand.paraphrased && !demand.perturbed)
        return row;
    JsonProblem problem;
    const Json extra = data.extraJson.empty() ? Json::object() : parseJson(data.extraJson, problem).value_or(Json::object());
    if (demand.paraphrased) {
        const auto found = extra.find(kParaphrased);
        if (found == extra.end())
            return rowError(set, file, data, "has no field " + std::string(kParaphrased));
        // TOFU's files hold one, other tools' a list of one
        const Json &value = found->is_array() && found->size() == 1 ? found->front() : *found;
        if (!value.is_string() || value.get_ref<const std::string &>().empty())
            return rowError(set, file, data, "has no text in " + std::string(kParaphrased) + ", but " + describe(*found));
        row.paraphrased = value.get<std::string>();
    }
    if (demand.perturbed) {
        const auto found = extra.find(kPerturbed);
        if (found == extra.end())
            return rowError(set, file, data, "has no field " + std::string(kPerturbed));
        // a cell of a CSV file holds the list as JSON
        const Json list = found->is_string() ? parseJson(found->get_ref<const std::string &>(), problem).value_or(*found) : *found;
        const bool texts = list.is_array() && !list.empty() && std::ranges::all_of(list, [](const Json &item) {
            return item.is_string() && !item.get_ref<const std::string &>().empty();
        });
        if (!texts)
            return rowError(set, file, data, "has no list of texts in " + std::string(kPerturbed) + ", but " + describe(*found));
        for (const Json &item : list)
            row.perturbed.push_back(item.get<std::string>());
    }
    return row;
}

/// Reads one set. Here no row is passed over: indices would shift, and means would be of other rows than those of the others.
Result<std::vector<DataRow>> readRows(const fs::path &file, const DataSource &fields, const std::string &name, const std::string &key)
{
    auto data = readDataset(file, fields);
    if (!data.ok()) {
        Error error = data.error();
        error.what = "The " + name + " set (" + key + ") cannot be used: " + error.what;
        return error;
    }
    if (!data->rejected.empty())
        return Error{.code = ErrorCode::InvalidInput,
                     .what = "line " + std::to_string(data->rejected.front().line) + " of the " + name + " set (" + key + ") cannot be used: "
                         + data->rejected.front().reason,
                     .where = file.string(), .hint = "An evaluation leaves no row out"};
    return std::move(data->rows);
}

/// Encodes the answers that metrics ask for.
Result<void> encodeAnswers(EvaluationSet &set, const Demand &demand, const SampleEncoder &encoder, bool answersAreThere,
                           const EvaluationInputs::Progress &progress)
{
    const auto add = [&](std::int64_t index, AnswerField field, std::int64_t which, const std::string &answer) -> Result<void> {
        DataRow row = set.rows[static_cast<std::size_t>(index)].data;
        row.answer = answer;
        LETHE_TRY(std::vector<EncodedSample> samples, encoder.encode(row, index));
        for (EncodedSample &sample : samples)
            if (sample.labelCount() > 0)
                set.sequences.push_back({.row = index, .field = field, .index = which, .sample = std::move(sample)});
        return {};
    };
    for (std::size_t i = 0; i < set.rows.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        const EvaluationRow &row = set.rows[i];
        if (demand.answer && !answersAreThere)
            LETHE_TRY_VOID(add(index, AnswerField::Answer, 0, row.data.answer));
        if (demand.paraphrased)
            LETHE_TRY_VOID(add(index, AnswerField::Paraphrased, 0, row.paraphrased));
        for (std::size_t k = 0; demand.perturbed && k < row.perturbed.size(); ++k)
            LETHE_TRY_VOID(add(index, AnswerField::Perturbed, static_cast<std::int64_t>(k), row.perturbed[k]));
        if (progress && !progress(i + 1, set.rows.size()))
            return Error{.code = ErrorCode::Cancelled, .what = "encoding the evaluation's rows was cancelled", .where = {}, .hint = {}};
    }
    return {};
}

/// `Question: q⏎Answer: a⏎⏎` of each shot: MUSE's own words, trailing space and all.
Result<void> putShots(EvaluationSet &set, const std::optional<DataSource> &shots, const ExperimentSpec &spec)
{
    std::string before;
    if (shots) {
        LETHE_TRY(const std::vector<DataRow> rows, readRows(spec.resolve(shots->path), *shots, set.name + " shots", "eval.muse"));
        for (const DataRow &row : rows)
            before += "Question: " + row.prompt + "\nAnswer: " + row.answer + "\n\n";
    }
    for (const EvaluationRow &row : set.rows)
        set.rawPrompts.push_back(before + "Question: " + row.data.prompt + "\nAnswer: ");
    set.maxNewTokens = kKnowledgeTokens;
    set.stops = {"\n\n", "\nQuestion", "Question:"};
    return {};
}

void prepareVerbatim(EvaluationSet &set, const Tokenizer &tokenizer)
{
    for (EvaluationRow &row : set.rows) {
        set.rawPrompts.push_back(row.data.prompt);
        std::vector<TokenId> ids = tokenizer.encode(row.data.answer); // BOS counts among the 128
        if (set.variant != EvaluationVariant::OpenUnlearning && ids.size() > static_cast<std::size_t>(kVerbatimTokens)) {
            ids.resize(static_cast<std::size_t>(kVerbatimTokens));
            row.data.answer = tokenizer.decode(ids);
        }
    }
    set.maxNewTokens = kVerbatimTokens;
}

Result<void> readReference(EvaluationInputs &inputs, const ResolvedSpec &spec, const fs::path &modelFolder)
{
    const std::optional<std::string> &given = inputs.spec.reference;
    if (!given) {
        inputs.noReference = "needs a model trained without the forget set: name it, a run or a log of it as eval.reference";
        return {};
    }
    const fs::path path = spec.spec.resolve(*given);
    std::error_code code;
    if (fs::is_directory(path, code)) {
        inputs.referenceModel = path;
        if (haveSameWeights(path, modelFolder))
            inputs.noReference = "the reference is the evaluated model itself";
        return {};
    }
    auto reference = std::make_shared<ReferenceScores>();
    if (fs::exists(path, code)) {
        LETHE_TRY(*reference, readEvaluationLog(path));
    } else {
        RunId run = 0;
        std::from_chars(given->data(), given->data() + given->size(), run);
        LETHE_TRY(*reference, referenceFromRun(spec.storeFile, run));
    }
    // where a metric compares rows with it, they must be the same ones
    const bool comparesRows = std::ranges::any_of(inputs.metrics, [](const MetricInfo *info) {
        return info->id == "forget_quality" || info->id == "mia_reference";
    });
    if (const EvaluationSet *forget = inputs.set("forget"); forget != nullptr && comparesRows)
        LETHE_TRY_VOID(checkReferenceRows(*reference, *forget));
    inputs.reference = std::move(reference);
    return {};
}

} // namespace

const EvaluationSet *EvaluationInputs::set(const std::string &name) const
{
    const auto found = std::ranges::find(sets, name, &EvaluationSet::name);
    return found != sets.end() ? &*found : nullptr;
}

std::string EvaluationInputs::missingSet(const std::string &name)
{
    return keyOfSet(name) + " is not given";
}

Result<EvaluationInputs> EvaluationInputs::read(const ResolvedSpec &spec, const fs::path &modelFolder, const Tokenizer &tokenizer,
                                                const SampleEncoder &encoder, const std::vector<TrainingRows> &training, const Progress &progress)
{
    EvaluationInputs inputs{.spec = spec.spec.eval.value_or(EvalSpec{}), .metrics = {}, .sets = {}, .reference = {}, .referenceModel = {}, .noReference = {}};
    ExperimentSpec asked = spec.spec;
    asked.eval = inputs.spec;
    inputs.metrics = requestedMetrics(asked);
    Demands demands;
    for (const MetricInfo *info : inputs.metrics)
        metricOf(*info).demand(info->set, demands);

    for (const auto &[name, demand] : demands) {
        const SetSource place = sourceOfSet(asked, name);
        if (!place.source)
            continue; // its metrics say so
        EvaluationSet set{.name = name, .source = {}, .rows = {}, .sequences = {}, .rawPrompts = {}, .maxNewTokens = {}, .stops = {},
                          .variant = evaluationVariantFrom(inputs.spec.variant).value_or(EvaluationVariant::Strict), .leftOut = 0};
        const auto trained = std::ranges::find(training, name, &TrainingRows::name);
        const bool isTrained = place.isTrainingSet && trained != training.end();
        const fs::path file = isTrained ? trained->file : spec.spec.resolve(place.source->path);
        set.source = file.string();
        std::vector<DataRow> rows;
        if (isTrained) {
            rows = *trained->rows;
            set.leftOut = trained->leftOut;
        } else {
            LETHE_TRY(rows, readRows(file, *place.source, name, place.key));
        }
        if (place.firstRows && static_cast<std::int64_t>(rows.size()) > *place.firstRows)
            rows.resize(static_cast<std::size_t>(*place.firstRows));
        const bool isOfTofu = name == "forget" || name == "retain" || name == "ra" || name == "wf";
        if (set.variant == EvaluationVariant::TofuOriginal && isOfTofu && rows.size() > kTofuOriginalRows) {
            set.leftOut += static_cast<std::int64_t>(rows.size() - kTofuOriginalRows);
            rows.resize(kTofuOriginalRows);
        }
        for (const DataRow &row : rows) {
            LETHE_TRY(EvaluationRow made, withFields(row, demand, name, file));
            set.rows.push_back(std::move(made));
        }
        if (isTrained && demand.answer)
            for (const EncodedSample &sample : *trained->samples)
                if (sample.row < static_cast<std::int64_t>(set.rows.size()))
                    set.sequences.push_back({.row = sample.row, .field = AnswerField::Answer, .index = 0, .sample = sample});
        LETHE_TRY_VOID(encodeAnswers(set, demand, encoder, isTrained, progress));
        if (name == "knowledge_forget" || name == "knowledge_retain")
            LETHE_TRY_VOID(putShots(set, name == "knowledge_forget" ? inputs.spec.muse->knowledgeForgetShots : inputs.spec.muse->knowledgeRetainShots, spec.spec));
        if (name == "verbatim")
            prepareVerbatim(set, tokenizer);
        inputs.sets.push_back(std::move(set));
    }
    // in the order in which people read them, which is that of the metrics
    std::ranges::stable_sort(inputs.sets, {}, [&](const EvaluationSet &set) {
        const auto first = std::ranges::find(inputs.metrics, set.name, &MetricInfo::set);
        return first - inputs.metrics.begin();
    });
    LETHE_TRY_VOID(readReference(inputs, spec, modelFolder));
    return inputs;
}

} // namespace lethe
