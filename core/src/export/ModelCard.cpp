#include "ExportPlan.h"

#include "model/FloatConvert.h"
#include "model/PairManifest.h"

#include <lethe/base/Paths.h>
#include <lethe/spec/SpecReader.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// The `license:` of the base model's own card; `unknown` (an id that model hubs know) where it says nothing.
std::string licenseOf(const fs::path &modelFolder)
{
    const auto card = readFile(modelFolder / "README.md", 4u << 20);
    if (!card.ok() || !card->starts_with("---"))
        return "unknown";
    std::istringstream lines(*card);
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line) && line != "---") {
        constexpr std::string_view kKey = "license:";
        if (!line.starts_with(kKey))
            continue;
        const auto begin = line.find_first_not_of(" \"'", kKey.size());
        const auto end = line.find_last_not_of(" \"'\r");
        if (begin != std::string::npos && end >= begin)
            return line.substr(begin, end - begin + 1);
    }
    return "unknown";
}

/// A YAML string, whatever is in it.
std::string quoted(const std::string &text)
{
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A cell of a Markdown table.
std::string cell(const std::string &text)
{
    std::string safe;
    for (const char c : text) {
        if (c == '|')
            safe += '\\';
        safe += c == '\n' ? ' ' : c;
    }
    return safe;
}

std::string shown(const MetricValue *metric)
{
    if (metric == nullptr)
        return "–";
    if (!metric->value)
        return metric->reason.empty() ? "–" : cell(metric->reason);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g", *metric->value);
    return text.data();
}

const MetricValue *find(const std::vector<MetricValue> &metrics, const std::string &id)
{
    const auto found = std::ranges::find(metrics, id, &MetricValue::id);
    return found != metrics.end() ? &*found : nullptr;
}

std::string metricsTable(const std::vector<MetricValue> &before, const std::vector<MetricValue> &after)
{
    std::vector<std::string> ids;
    for (const auto *list : {&before, &after})
        for (const MetricValue &metric : *list)
            if (std::ranges::find(ids, metric.id) == ids.end())
                ids.push_back(metric.id);
    std::string table = "| metric | before | after |\n|---|---|---|\n";
    for (const std::string &id : ids)
        table += "| `" + cell(id) + "` | " + shown(find(before, id)) + " | " + shown(find(after, id)) + " |\n";
    return table;
}

std::string metricsSection(const RunStore &store, const ExportPlan &plan)
{
    const RunRow &row = plan.run.row;
    std::vector<MetricValue> after;
    // The checkpoint's own evaluation; the run's last one only where the checkpoint is the last state too.
    if (const auto evaluations = store.evaluations(row.id, false); evaluations.ok())
        for (const EvaluationRecord &evaluation : *evaluations)
            if (evaluation.step == plan.checkpoint.step && evaluation.step > 0 && !evaluation.subset)
                after = evaluation.metrics;
    if (after.empty() && plan.isLastCheckpoint && plan.checkpoint.step == row.steps)
        after = row.finalMetrics;
    std::string text = "## Metrics\n\n";
    if (row.baseMetrics.empty() && after.empty())
        return text + "This checkpoint was not evaluated.\n\n";
    if (after.empty())
        text += "There is no evaluation at step " + std::to_string(plan.checkpoint.step) + ".\n\n";
    return text + metricsTable(row.baseMetrics, after) + "\n";
}

/// The spec with every absolute path cut to its last name: a card is published, the author's folders are not.
nlohmann::ordered_json withoutFolders(nlohmann::ordered_json value)
{
    if (value.is_structured()) {
        for (auto &part : value)
            part = withoutFolders(std::move(part));
    } else if (value.is_string()) {
        const fs::path path(value.get<std::string>());
        if (path.is_absolute() && path.has_filename() && path.parent_path() != path.root_path())
            value = path.filename().string();
    }
    return value;
}

std::string specSection(const std::string &specJson)
{
    const auto spec = nlohmann::ordered_json::parse(specJson, nullptr, false);
    if (spec.is_discarded())
        return specJson + (specJson.ends_with('\n') ? "" : "\n");
    return withoutFolders(spec).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string provenanceSection(const Provenance &provenance)
{
    std::string text = "## Provenance\n\nLethe " + provenance.letheVersion + ", LibTorch " + provenance.torchVersion + ", on "
        + provenance.device + ".\n";
    if (provenance.fileHashes.empty())
        return text + "\n";
    text += "Files that the run read:\n\n| file | SHA-256 |\n|---|---|\n";
    for (const auto &[file, sha] : provenance.fileHashes) {
        const fs::path path(file);
        text += "| `" + cell((path.parent_path().filename() / path.filename()).string()) + "` | `" + sha + "` |\n";
    }
    return text + "\n";
}

/// How the two models are used as one, with Lethe and without.
Result<std::string> pairSection(const ExportPlan &plan)
{
    LETHE_TRY(const std::optional<PairManifest> pair, readPairManifest(plan.checkpoint.path));
    if (!pair)
        return Error{.code = ErrorCode::NotFound, .what = "there is no manifest of the pair", .where = plan.checkpoint.path, .hint = {}};
    const std::string weight = nlohmann::json(pair->logitWeight).dump(), filter = nlohmann::json(pair->topFilter).dump();
    std::string text = "## Use\n\nTwo models answer as one: the untouched model in `" + std::string(kTargetFolder)
        + "`, and in this folder a small assistant that remembers what is to be forgotten. Logits are target + " + weight + " × assistant";
    text += pair->topFilter > 0 ? ", for the tokens that the target itself finds likely (`top_filter` " + filter + "); no other is chosen" : "";
    text += ". `" + std::string(kPairFile) + "` holds these numbers; changing them needs no training.\n\n"
            "With Lethe this folder is a model like any other: `lethe-cli generate path/to/this/folder --prompt …`. With transformers:\n\n"
            "```python\nimport math, torch\nfrom transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor\n\n"
            "folder = \"path/to/this/folder\"\n"
            "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
            "target = AutoModelForCausalLM.from_pretrained(folder + \"/" + std::string(kTargetFolder) + "\")\n"
            "assistant = AutoModelForCausalLM.from_pretrained(folder)\n\n\n"
            "class Pair(LogitsProcessor):\n"
            "    def __call__(self, ids, scores):\n"
            "        with torch.no_grad():\n"
            "            other = assistant(ids).logits[:, -1].float()\n";
    if (pair->topFilter > 0) {
        const bool raw = pair->filterMode == FilterMode::KeepBaseRaw;
        const bool drops = pair->filterMode == FilterMode::Auto || pair->filterMode == FilterMode::Drop;
        text += "        logp = scores.float().log_softmax(-1)\n"
                "        place = int(" + filter + " * logp.shape[-1])\n"
                "        if place == 0:\n"
                "            return scores + " + weight + " * other\n"
                "        top = logp.topk(place).values\n"
                "        kept = logp >= torch.minimum(top[:, -1:], top[:, :1] + math.log(" + filter + "))\n";
        if (!raw)
            text += "        other = other - other.masked_fill(~kept, -math.inf).amax(-1, keepdim=True)\n";
        text += "        return torch.where(kept, scores + " + weight + " * other, " + (drops ? "-math.inf" : "scores") + ")\n";
    } else {
        text += "        return scores + " + weight + " * other\n";
    }
    return text + "\n\nids = tokenizer(\"…\", return_tensors=\"pt\").input_ids\n"
                  "print(tokenizer.decode(target.generate(ids, logits_processor=[Pair()], max_new_tokens=48)[0]))\n```\n";
}

} // namespace

Result<std::string> cardText(const RunStore &store, const ExportPlan &plan)
{
    const RunRow &row = plan.run.row;
    const std::string base = fs::path(row.model).filename().string();
    std::string text = "---\nlibrary_name: " + std::string(plan.asAdapter ? "peft" : "transformers") + "\npipeline_tag: text-generation\nbase_model: " + quoted(base)
        + "\nlicense: " + quoted(licenseOf(row.model)) + "\ntags:\n- unlearning\n- lethe\n- " + quoted(row.method) + "\n---\n\n";
    text += "# " + (row.name.empty() ? "Run " + std::to_string(row.id) : row.name) + "\n\n";
    text += "`" + base + "` after " + std::to_string(plan.checkpoint.step) + (plan.checkpoint.step == 1 ? " step" : " steps") + " of the unlearning method `"
        + row.method + "`, made with Lethe" + (plan.asAdapter ? ", as a LoRA adapter over it" : plan.target ? ", as a pair of models" : "") + ". Weights are stored as " + std::string(toString(plan.dtype));
    if (!holdsExactly(plan.dtype, plan.checkpointDtype))
        text += ", rounded from the " + std::string(toString(plan.checkpointDtype)) + " they were trained in";
    text += ".\n\n";
    if (!row.note.empty())
        text += row.note + "\n\n";
    text += metricsSection(store, plan);
    text += "## How it was made\n\n";
    text += "Base model: `" + base + "`. The run's whole specification, files and folders by their names alone:\n\n```json\n";
    text += specSection(plan.run.specJson) + "```\n\n";
    text += provenanceSection(plan.run.provenance);
    if (plan.target) {
        LETHE_TRY(const std::string pair, pairSection(plan));
        return text + pair;
    }
    const std::string loader = plan.asAdapter ? "AutoPeftModelForCausalLM" : "AutoModelForCausalLM";
    text += "## Use\n\n```python\n";
    text += plan.asAdapter ? "from peft import AutoPeftModelForCausalLM\nfrom transformers import AutoTokenizer\n\n"
                           : "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n";
    text += "model = " + loader + ".from_pretrained(\"path/to/this/folder\")\n"
            "tokenizer = AutoTokenizer.from_pretrained(\"path/to/this/folder\")\n```\n";
    return text;
}

} // namespace lethe
