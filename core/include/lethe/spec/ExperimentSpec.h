#pragma once

#include <lethe/method/ParameterSet.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe {

/// One data file and the names of its fields (docs: the contract's `data.forget`).
struct DataSource {
    std::string path; ///< as written; relative to the spec's folder
    std::string prompt = "question";
    std::string answer = "answer";
    std::string alternate; ///< field of a replacement answer; empty for none
    bool operator==(const DataSource &) const = default;
};

/// How a row becomes text: `prefix + prompt + suffix`, then `answer_prefix + answer`; or the model's own chat template.
struct TemplateSpec {
    bool chat = false;
    std::string systemPrompt; ///< chat only; empty for none
    std::string promptPrefix = "Question: ";
    std::string promptSuffix = "\nAnswer:";
    std::string answerPrefix = " ";
    bool operator==(const TemplateSpec &) const = default;
};

/// Replacement answers that belong to no row: one of the list is drawn for each forget row (<lethe/data/Refusals.h>).
struct RefusalSpec {
    enum class Draw {
        EachAccess, ///< anew whenever a row is taken
        Once,       ///< a row keeps the one that was drawn for it
    };
    std::string source;               ///< `shipped`, or a file as written; empty: `answers` are the list
    std::vector<std::string> answers; ///< of a resolved spec always the whole list
    Draw draw = Draw::EachAccess;
    bool operator==(const RefusalSpec &) const = default;
};

struct DataSpec {
    std::optional<DataSource> forget;
    std::optional<DataSource> retain;
    std::optional<RefusalSpec> refusals; ///< in place of a field of the forget rows
    TemplateSpec textTemplate;
    std::int64_t maxLength = 256; ///< tokens, EOS included
    bool operator==(const DataSpec &) const = default;
};

struct MethodSpec {
    std::string id;
    ParameterSet parameters; ///< as given; `ResolvedSpec` has the defaults merged in
    bool operator==(const MethodSpec &) const = default;
};

struct LoraSpec {
    std::int64_t rank = 16;
    double alpha = 32;
    double dropout = 0;
    bool rankStabilized = false;
    std::vector<std::string> targetModules; ///< empty: every linear layer of the blocks
    bool operator==(const LoraSpec &) const = default;
};

enum class OptimizerKind { AdamW, Sgd, AdamW8Bit };
enum class ScheduleKind { Constant, Linear, Cosine };
enum class Dtype { F32, BF16, F16 };

struct TrainingSpec {
    double epochs = 5;
    std::optional<std::int64_t> maxSteps;
    std::int64_t batchSize = 4;
    std::int64_t gradientAccumulation = 1;
    OptimizerKind optimizer = OptimizerKind::AdamW;
    double learningRate = 1e-5;
    std::array<double, 2> betas{0.9, 0.999};
    double eps = 1e-8;
    double weightDecay = 0.01;
    ScheduleKind schedule = ScheduleKind::Linear;
    std::int64_t warmupSteps = 0;
    std::optional<double> maxGradNorm = 1.0;
    std::string device = "auto";
    Dtype dtype = Dtype::F32;
    std::int64_t seed = 0;
    bool shuffle = true;
    std::optional<LoraSpec> lora;
    std::string freezeLayers;             ///< blocks that are not trained: `0-3, 7, 10-`; empty: none (<lethe/model/Freezing.h>)
    std::vector<std::string> freezeNames; ///< patterns of parameter names that are not trained
    bool gradientCheckpointing = false;
    std::optional<std::int64_t> saveEverySteps;
    bool operator==(const TrainingSpec &) const = default;
};

struct GenerationSpec {
    std::int64_t prompts = 8; ///< this many of each set, at every evaluation
    std::int64_t maxNewTokens = 48;
    bool operator==(const GenerationSpec &) const = default;
};

/// The files of TOFU's evaluation: rows with `paraphrased_answer` (forget and retain) and `perturbed_answer`.
struct TofuSpec {
    std::optional<DataSource> forget; ///< none: `data.forget`
    std::optional<DataSource> retain; ///< none: `data.retain`
    std::optional<DataSource> realAuthors;
    std::optional<DataSource> worldFacts;
    std::optional<std::int64_t> retainRows; ///< the first ones of `retain`; none: all
    bool operator==(const TofuSpec &) const = default;
};

/// The files of MUSE's evaluation (arXiv:2407.06460).
struct MuseSpec {
    std::optional<DataSource> verbatim;           ///< `prompt`, `gt`
    std::optional<DataSource> knowledgeForget;    ///< `question`, `answer`
    std::optional<DataSource> knowledgeRetain;
    std::optional<DataSource> knowledgeForgetShots; ///< question–answer pairs put before each question
    std::optional<DataSource> knowledgeRetainShots;
    std::optional<DataSource> privleakForget;     ///< `text`
    std::optional<DataSource> privleakHoldout;
    bool operator==(const MuseSpec &) const = default;
};

struct EvalSpec {
    std::optional<std::int64_t> everySteps; ///< none: before the first and after the last step only
    std::vector<std::string> metrics{"basic"};
    std::optional<std::string> reference;
    GenerationSpec generations;
    /// Rows of each set an evaluation in the middle of the run looks at (the first and last look at all); none: all.
    std::optional<std::int64_t> rows;
    /// Of the run's time, what evaluations in its middle may take, in percent: one that would take more is left out. None: no bound.
    std::optional<double> budgetPercent;
    std::optional<TofuSpec> tofu;
    std::optional<MuseSpec> muse;
    std::optional<DataSource> holdout; ///< rows that no model has seen, against which membership of the forget set is attacked
    std::string truthRatio = "geometric"; ///< `geometric`, `arithmetic` or `open-unlearning`
    std::string variant = "strict";       ///< whose forms the metrics are computed in: <lethe/eval/Variants.h>
    bool operator==(const EvalSpec &) const = default;
};

/// One experiment, as the contract's JSON spells it. A plain value: what the window edits, the store keeps and the CLI runs.
struct ExperimentSpec {
    std::string name;
    std::string model; ///< as written; relative to the spec's folder
    std::optional<std::string> referenceModel;
    DataSpec data;
    MethodSpec method;
    TrainingSpec training;
    std::optional<EvalSpec> eval;
    std::filesystem::path baseFolder; ///< what the paths above are relative to; not part of the JSON
    bool operator==(const ExperimentSpec &) const = default;

    /// \p path as written, made absolute against `baseFolder`.
    std::filesystem::path resolve(const std::string &path) const
    {
        const std::filesystem::path asPath(path);
        return (asPath.is_absolute() ? asPath : baseFolder / asPath).lexically_normal();
    }
};

} // namespace lethe
