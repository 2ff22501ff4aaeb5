#include "SpecFields.h"

#include "../parts/Text.h"

#include <lethe/spec/ExperimentSpec.h>
#include <lethe/spec/SpecReader.h>

#include <QtCore/QCoreApplication>

namespace lethe {

namespace {

QString trField(const char *text)
{
    return QCoreApplication::translate("SpecFields", text);
}

QStringList metricNames()
{
    QStringList names;
    for (const std::string &name : knownMetrics())
        names.append(QString::fromStdString(name));
    return names;
}

/// A field under construction: `Maker("training.epochs", …).least(0, true).help(…)`.
struct Maker {
    SpecField field;

    Maker(const char *path, ParameterType type, ParameterValue standard)
    {
        field.path = QLatin1String(path);
        field.parameter.name = path;
        field.parameter.name.erase(0, field.parameter.name.find_last_of('.') + 1);
        field.parameter.type = type;
        field.parameter.defaultValue = std::move(standard);
    }
    Maker &label(const QString &text) { field.parameter.label = toStd(text); return *this; }
    Maker &help(const QString &text) { field.parameter.help = toStd(text); return *this; }
    Maker &unit(const QString &text) { field.parameter.unit = toStd(text); return *this; }
    Maker &least(double minimum, bool exclusive = false) { field.parameter.minimum = minimum; field.parameter.exclusiveMinimum = exclusive; return *this; }
    Maker &most(double maximum) { field.parameter.maximum = maximum; return *this; }
    Maker &choices(std::vector<std::string> all) { field.parameter.choices = std::move(all); return *this; }
    Maker &advanced() { field.parameter.advanced = true; return *this; }
    Maker &dependsOn(const char *condition) { field.parameter.dependsOn = condition; return *this; }
    Maker &empty(const QString &meaning) { field.look.emptyMeaning = meaning; return *this; }
    Maker &suggest(const QStringList &words) { field.look.suggestions = words; return *this; }
    Maker &look(FieldLook::Kind kind) { field.look.kind = kind; return *this; }
    operator SpecField() const { return field; }
};

constexpr auto kInteger = ParameterType::Integer;
constexpr auto kNumber = ParameterType::Number;
constexpr auto kFlag = ParameterType::Flag;
constexpr auto kChoice = ParameterType::Choice;
constexpr auto kText = ParameterType::Text;
constexpr auto kList = ParameterType::List;
const ParameterValue kNothing = std::monostate{};

} // namespace

std::vector<SpecField> modelFields()
{
    return {
        Maker("model", kText, std::string()).label(trField("model")).help(trField("Hugging Face folder of the model to unlearn from.")).look(FieldLook::Kind::Folder),
        Maker("reference_model", kText, kNothing).label(trField("reference model")).advanced().empty(trField("the model as loaded"))
            .help(trField("Frozen copy that methods with a reference compare with.")).look(FieldLook::Kind::Folder),
    };
}

std::vector<SpecField> dataFields()
{
    const DataSpec standard;
    const auto escaped = FieldLook::Kind::EscapedText;
    return {
        Maker("data.max_length", kInteger, standard.maxLength).label(trField("length")).unit(trField("tokens")).least(2).most(1 << 20)
            .help(trField("Rows are cut at this many tokens, end-of-text included.")),
        Maker("data.template.chat", kFlag, false).label(trField("chat template")).help(trField("Write rows with the model's own chat template.")),
        Maker("data.template.system_prompt", kText, std::string()).label(trField("system prompt")).advanced().dependsOn("chat=true").look(escaped)
            .help(trField("First message of every chat; empty for none.")),
        Maker("data.template.prompt_prefix", kText, standard.textTemplate.promptPrefix).label(trField("before the prompt")).advanced().dependsOn("chat=false")
            .look(escaped).help(trField("Text before each prompt; \\n is a line break.")),
        Maker("data.template.prompt_suffix", kText, standard.textTemplate.promptSuffix).label(trField("after the prompt")).advanced().dependsOn("chat=false")
            .look(escaped).help(trField("Text between prompt and answer; generation starts after it.")),
        Maker("data.template.answer_prefix", kText, standard.textTemplate.answerPrefix).label(trField("before the answer")).advanced().dependsOn("chat=false")
            .look(escaped).help(trField("Text before each answer, trained with it; most tokenizers want one space here.")),
    };
}

std::vector<SpecField> trainingFields(const QStringList &devices)
{
    const TrainingSpec standard;
    return {
        Maker("training.learning_rate", kNumber, standard.learningRate).label(trField("learning rate")).least(0).help(trField("Rate at the end of the warm-up.")),
        Maker("training.epochs", kNumber, standard.epochs).label(trField("epochs")).least(0, true).help(trField("Passes over the forget set; 0.5 is half of one.")),
        Maker("training.batch_size", kInteger, standard.batchSize).label(trField("batch size")).least(1).unit(trField("rows of each set"))
            .help(trField("Rows of one micro-batch.")),
        Maker("training.gradient_accumulation", kInteger, standard.gradientAccumulation).label(trField("accumulation")).least(1).unit(trField("batches a step"))
            .help(trField("A step's loss is the same for 1 × 32 rows and 8 × 4.")),
        Maker("training.schedule", kChoice, std::string("linear")).label(trField("schedule")).choices({"constant", "linear", "cosine"})
            .help(trField("How the rate falls after the warm-up; linear ends at zero.")),
        Maker("training.warmup_steps", kInteger, standard.warmupSteps).label(trField("warm-up")).least(0).unit(trField("steps")).help(trField("The rate rises linearly from 0.")),
        Maker("training.device", kText, standard.device).label(trField("device")).suggest(devices).look(FieldLook::Kind::EditableChoice)
            .help(trField("auto takes CUDA where there is a device, else the CPU.")),
        Maker("training.dtype", kChoice, std::string("f32")).label(trField("precision")).choices({"f32", "bf16", "f16"}).help(trField("Of the weights while they are computed with.")),
        Maker("training.max_steps", kInteger, kNothing).label(trField("at most")).least(1).unit(trField("steps")).empty(trField("no limit")).advanced()
            .help(trField("Ends the run early.")),
        Maker("training.optimizer", kChoice, std::string("adamw")).label(trField("optimizer")).choices({"adamw", "adamw_8bit", "sgd"}).advanced()
            .help(trField("AdamW decays every parameter but biases and norms. adamw_8bit keeps its averages in a byte each: a quarter of the memory; embeddings stay f32.")),
        Maker("training.betas", kList, std::vector<double>{standard.betas[0], standard.betas[1]}).label(trField("betas")).advanced().dependsOn("optimizer=adamw|adamw_8bit")
            .help(trField("AdamW's two averages.")),
        Maker("training.eps", kNumber, standard.eps).label(trField("epsilon")).least(0).advanced().dependsOn("optimizer=adamw|adamw_8bit").help(trField("AdamW's term against division by zero.")),
        Maker("training.weight_decay", kNumber, standard.weightDecay).label(trField("weight decay")).least(0).advanced().help(trField("Decoupled from the gradient.")),
        Maker("training.max_grad_norm", kNumber, *standard.maxGradNorm).label(trField("clip gradient at")).least(0, true).empty(trField("no clipping")).advanced()
            .help(trField("L2 norm over all trained parameters.")),
        Maker("training.seed", kInteger, standard.seed).label(trField("seed")).least(0).advanced().help(trField("A CPU run with the same seed repeats bit for bit.")),
        Maker("training.shuffle", kFlag, standard.shuffle).label(trField("shuffle rows")).advanced().help(trField("Anew in every epoch; without it rows are taken in file order.")),
        Maker("training.gradient_checkpointing", kFlag, standard.gradientCheckpointing).label(trField("recompute activations")).advanced()
            .help(trField("Gradient checkpointing: less memory, about a third more time.")),
        Maker("training.freeze_layers", kText, kNothing).label(trField("freeze blocks")).empty(trField("none")).advanced()
            .help(trField("Blocks that are not trained, counted from 0: 0-3, 7 or 10- (to the last). With LoRA: blocks without adapters.")),
        Maker("training.freeze_names", kList, std::vector<std::string>{}).label(trField("freeze by name")).empty(trField("nothing")).advanced()
            .suggest({QStringLiteral("embed_tokens"), QStringLiteral("lm_head"), QStringLiteral("norm"), QStringLiteral("self_attn"), QStringLiteral("mlp"),
                      QStringLiteral("*_proj"), QStringLiteral("*.bias")})
            .help(trField("Parts of parameter names that are not trained; * stands for any letters.")),
        Maker("training.save_every_steps", kInteger, kNothing).label(trField("checkpoint every")).least(1).unit(trField("steps")).empty(trField("at the end")).advanced()
            .help(trField("A checkpoint resumes a run to the same losses.")),
    };
}

std::vector<SpecField> loraFields()
{
    const LoraSpec standard;
    return {
        Maker("training.lora.rank", kInteger, standard.rank).label(trField("rank")).least(1).most(65536).help(trField("Inner size of the adapter's two matrices.")),
        Maker("training.lora.alpha", kNumber, standard.alpha).label(trField("alpha")).least(0, true).help(trField("The adapter counts alpha / rank times.")),
        Maker("training.lora.dropout", kNumber, standard.dropout).label(trField("dropout")).least(0).most(1).advanced().help(trField("Of the adapter's input.")),
        Maker("training.lora.rank_stabilized", kFlag, standard.rankStabilized).label(trField("rank-stabilized")).advanced().help(trField("Scale by alpha / √rank.")),
        Maker("training.lora.target_modules", kList, std::vector<std::string>{}).label(trField("modules")).empty(trField("every linear layer")).advanced()
            .suggest({QStringLiteral("q_proj"), QStringLiteral("k_proj"), QStringLiteral("v_proj"), QStringLiteral("o_proj"),
                      QStringLiteral("gate_proj"), QStringLiteral("up_proj"), QStringLiteral("down_proj")})
            .help(trField("Names of the layers that get an adapter.")),
    };
}

std::vector<SpecField> evaluationFields()
{
    const EvalSpec standard;
    return {
        Maker("eval.every_steps", kInteger, kNothing).label(trField("evaluate every")).least(1).unit(trField("steps, at the start and at the end")).empty(trField("never between"))
            .help(trField("Each evaluation is a point of the forget and retain curves.")),
        Maker("eval.metrics", kList, std::vector<std::string>{"basic"}).label(trField("metrics"))
            .suggest(metricNames())
            .help(trField("basic: answer probability, ROUGE-L recall and exact match of both sets.")),
        Maker("eval.generations.prompts", kInteger, standard.generations.prompts).label(trField("answers to keep")).least(0).unit(trField("prompts of each set"))
            .help(trField("Generated at every evaluation and shown in Generations.")),
        Maker("eval.generations.max_new_tokens", kInteger, standard.generations.maxNewTokens).label(trField("answer length")).least(1).unit(trField("tokens")).advanced()
            .help(trField("Longer answers are cut.")),
        Maker("eval.rows", kInteger, kNothing).label(trField("rows in between")).least(1).unit(trField("of each set")).empty(trField("all rows")).advanced()
            .help(trField("Evaluations in the middle of the run look at so many rows; the first and the last at all.")),
        Maker("eval.budget_percent", kNumber, kNothing).label(trField("time for evaluations")).least(0, true).most(100).unit(trField("% of the run")).empty(trField("no bound")).advanced()
            .help(trField("An evaluation in the middle of the run that would take more is left out.")),
        Maker("eval.variant", kChoice, std::string("strict")).label(trField("forms")).choices({"strict", "tofu-original", "open-unlearning", "muse-original"}).advanced()
            .help(trField("Whose forms the metrics are computed in; strict is by the definitions, the others give the numbers of published code.")),
        Maker("eval.reference", kText, kNothing).label(trField("retrained model")).empty(trField("none")).advanced()
            .help(trField("Stands for the model that never saw the forget rows: a model folder, a run id, or an evaluation log.")),
    };
}

} // namespace lethe
