#include "Interrupt.h"
#include "Output.h"
#include "Program.h"
#include "ProgressObserver.h"
#include "SpecInput.h"

#include <lethe/data/Curation.h>
#include <lethe/run/ForgetSurvey.h>

#include <algorithm>

namespace lethe::cli {

namespace {

struct CurateOptions {
    std::shared_ptr<SpecArguments> spec = std::make_shared<SpecArguments>();
    OverlapOptions overlap;
    bool asksModel = false;
    std::int64_t worst = 0;
    std::uint64_t seed = 0;
    std::string out;
};

Json orNull(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Result<Dataset> readSet(const ExperimentSpec &spec, const std::optional<DataSource> &source)
{
    if (!source)
        return Dataset{};
    return readDataset(spec.resolve(source->path), *source);
}

std::vector<const DataRow *> pointers(const Dataset &set)
{
    std::vector<const DataRow *> rows;
    for (const DataRow &row : set.rows)
        rows.push_back(&row);
    return rows;
}

/// Lines are those of the files: what an editor finds again. Indices are those of an evaluation's rows.
void addOverlap(const SetOverlap &overlap, const Dataset &forget, const Dataset &retain, Json &document)
{
    const auto place = [&](std::int64_t forgetRow, std::int64_t retainRow) {
        return Json{{"forget", forgetRow}, {"retain", retainRow}, {"forget_line", forget.rows[static_cast<std::size_t>(forgetRow)].line},
                    {"retain_line", retain.rows[static_cast<std::size_t>(retainRow)].line}};
    };
    document["near_duplicates"] = Json::array();
    for (const NearDuplicate &pair : overlap.nearDuplicates) {
        document["near_duplicates"].push_back(place(pair.forget, pair.retain));
        document["near_duplicates"].back()["similarity"] = pair.similarity;
    }
    document["answer_leaks"] = Json::array();
    for (const AnswerLeak &leak : overlap.leaks) {
        document["answer_leaks"].push_back(place(leak.forget, leak.retain));
        document["answer_leaks"].back()["answer_of"] = leak.fromForget ? "forget" : "retain";
        document["answer_leaks"].back()["share"] = leak.share;
    }
}

void addSurvey(const std::vector<SurveyedRow> &rows, Json &document)
{
    document["rows"] = Json::array();
    std::int64_t known = 0;
    for (const SurveyedRow &row : rows) {
        known += row.exactMatch == 1.0;
        document["rows"].push_back({{"index", row.row}, {"prob", orNull(row.probability)}, {"rouge", orNull(row.rougeRecall)}, {"exact_match", orNull(row.exactMatch)},
                                    {"extraction_strength", orNull(row.extractionStrength)}, {"influence", orNull(row.influence)}, {"alignment", orNull(row.alignment)}});
    }
    document["known_by_heart"] = known;
}

int curate(const CurateOptions &options, const Program &program)
{
    const Result<ExperimentSpec> spec = readSpecArguments(*options.spec, program);
    if (!spec.ok())
        return printError(spec.error(), kUsage);
    const bool asksModel = options.asksModel || options.worst > 0;
    if (options.worst == 0 && !options.out.empty())
        return printError({.code = ErrorCode::InvalidInput, .what = "says where the worst rows go, and --worst how many they are", .where = "--out", .hint = "Give --worst too"}, kUsage);
    const Result<Dataset> forget = readSet(*spec, spec->data.forget), retain = readSet(*spec, spec->data.retain);
    for (const Result<Dataset> *set : {&forget, &retain})
        if (!set->ok())
            return printError(set->error());
    RunControl control;
    const InterruptHandler onSignal([&control] { control.cancel(); });
    const SetOverlap overlap = findOverlap(pointers(*forget), pointers(*retain), options.overlap, [&control](std::size_t, std::size_t) { return !control.isCancelled(); });
    if (control.isCancelled())
        return printError({.code = ErrorCode::Cancelled, .what = "the search was cancelled", .where = {}, .hint = {}});
    Json document{{"forget_rows", forget->rows.size()}, {"retain_rows", retain->rows.size()}};
    addOverlap(overlap, *forget, *retain, document);
    if (!asksModel)
        return printDocument(document);

    const MethodCatalog catalog = program.catalog();
    const Result<ResolvedSpec> resolved = resolveSpec(*spec, catalog);
    if (!resolved.ok())
        return printError(resolved.error(), kUsage);
    ProgressObserver observer;
    const auto rows = surveyForgetSet(*resolved, resolved->modelFolder, control, observer, program.global.threads);
    if (!rows.ok())
        return printError(rows.error());
    document["model"] = resolved->modelFolder.string();
    addSurvey(*rows, document);
    if (options.worst > 0) {
        const WorstForgetSet worst = worstForgetSet(*rows, options.worst, options.seed);
        if (worst.rows.empty())
            return printError({.code = ErrorCode::InvalidInput, .what = "no forget row has an influence", .where = "data.retain", .hint = "Name a retain set: utility is its loss"});
        document["worst"] = {{"rows", worst.rows}, {"mean_influence", worst.meanInfluence}, {"random_mean", worst.randomMean}, {"random_deviation", worst.randomDeviation}};
        if (!options.out.empty()) {
            std::vector<std::int64_t> inOrder = worst.rows;
            std::ranges::sort(inOrder);
            std::vector<DataRow> chosen;
            for (const std::int64_t row : inOrder)
                chosen.push_back(forget->rows[static_cast<std::size_t>(row)]);
            if (const auto written = writeJsonLines(options.out, chosen, *spec->data.forget); !written.ok())
                return printError(written.error());
            document["worst"]["path"] = options.out;
        }
    }
    return printDocument(document);
}

} // namespace

void addCurate(CLI::App &app, Program &program)
{
    CLI::App *command = addCommand(app, "curate", "Look at a spec's sets before a run: what both tell, what the model knows, which rows cost most to forget");
    auto options = std::make_shared<CurateOptions>();
    addSpecOptions(*command, options->spec, "SPEC")->required();
    command->add_option("--similarity", options->overlap.similarity, "Least similarity of near-duplicates (Jaccard index of word pairs)")->check(CLI::Range(0.05, 1.0));
    command->add_option("--leak", options->overlap.leak, "Least share of an answer's word pairs that a row of the other set tells")->check(CLI::Range(0.05, 1.0));
    command->add_flag("--ask-model", options->asksModel, "How well the model knows each forget row, and what forgetting it does to the retain set's loss");
    command->add_option("--worst", options->worst, "The N forget rows that harm the retain set most (asks the model)")->type_name("N")->check(CLI::PositiveNumber);
    command->add_option("--seed", options->seed, "Of the random sets beside the worst");
    command->add_option("--out", options->out, "Write the worst rows as a forget set")->type_name("FILE");
    command->callback([&program, options] { program.action = [&program, options] { return curate(*options, program); }; });
}

} // namespace lethe::cli
