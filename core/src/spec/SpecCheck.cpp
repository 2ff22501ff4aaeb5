#include <lethe/spec/SpecReader.h>

#include "base/Json.h"
#include "eval/EvaluationSources.h"
#include "method/ParameterCheck.h"

#include <lethe/data/Refusals.h>
#include <lethe/method/MethodCatalog.h>
#include <lethe/model/Freezing.h>

#include <algorithm>
#include <cmath>

namespace lethe {

namespace fs = std::filesystem;

namespace {

/// Collects the offences of one spec.
class Checker
{
public:
    Checker(const ExperimentSpec &spec, const MethodCatalog &catalog) : m_spec(spec), m_catalog(catalog) {}

    std::vector<Error> run()
    {
        checkModelFolder("model", m_spec.model);
        if (m_spec.referenceModel)
            checkModelFolder("reference_model", *m_spec.referenceModel);
        if (m_spec.data.forget)
            checkFile("data.forget.path", m_spec.data.forget->path);
        if (m_spec.data.retain)
            checkFile("data.retain.path", m_spec.data.retain->path);
        checkMethod();
        if (const auto frozen = checkFreezing(m_spec.training, m_spec.resolve(m_spec.model)); !frozen.ok() && !m_spec.model.empty())
            m_problems.push_back(frozen.error());
        for (Error &problem : checkEvaluation(m_spec))
            m_problems.push_back(std::move(problem));
        return std::move(m_problems);
    }

private:
    void fail(std::string where, std::string what, std::string hint, ErrorCode code = ErrorCode::InvalidInput)
    {
        m_problems.push_back({.code = code, .what = std::move(what), .where = std::move(where), .hint = std::move(hint)});
    }

    void checkModelFolder(const std::string &key, const std::string &path)
    {
        const std::string hint = "Give a Hugging Face model folder; a relative path starts at the spec's own folder";
        if (path.empty())
            return fail(key, "is empty", hint);
        const fs::path folder = m_spec.resolve(path);
        std::error_code code;
        const fs::file_status status = fs::status(folder, code);
        if (status.type() == fs::file_type::not_found)
            return fail(key, "there is no folder " + folder.string(), hint, ErrorCode::NotFound);
        if (code)
            return fail(key, folder.string() + " cannot be read: " + code.message(), hint, ErrorCode::Io);
        if (!fs::is_directory(status))
            return fail(key, folder.string() + " is a file, not a folder", hint);
        if (!fs::exists(folder / "config.json", code) && !fs::exists(folder / "adapter_config.json", code))
            fail(key, "the folder " + folder.string() + " has no config.json", hint);
    }

    void checkFile(const std::string &key, const std::string &path)
    {
        const std::string hint = "Give a data file; a relative path starts at the spec's own folder";
        if (path.empty())
            return fail(key, "is empty", hint);
        const fs::path file = m_spec.resolve(path);
        std::error_code code;
        const fs::file_status status = fs::status(file, code);
        if (status.type() == fs::file_type::not_found)
            return fail(key, "there is no file " + file.string(), hint, ErrorCode::NotFound);
        if (code)
            return fail(key, file.string() + " cannot be read: " + code.message(), hint, ErrorCode::Io);
        if (fs::is_directory(status))
            fail(key, file.string() + " is a folder, not a file", hint);
    }

    void checkMethod()
    {
        const MethodManifest *manifest = m_catalog.find(m_spec.method.id);
        if (manifest == nullptr)
            return unknownMethod();
        for (const auto &[name, value] : m_spec.method.parameters.values)
            checkParameter(*manifest, name, value);
        checkNeeds(*manifest);
    }

    void unknownMethod()
    {
        std::vector<std::string> ids;
        for (const MethodEntry &entry : m_catalog.entries()) {
            if (entry.error && entry.manifest.id == m_spec.method.id)
                return fail("method.id", m_spec.method.id + " cannot be used", entry.error->message());
            if (!entry.error)
                ids.push_back(entry.manifest.id);
        }
        const std::string nearest = nearestName(m_spec.method.id, ids);
        fail("method.id",
             describe(Json(m_spec.method.id)) + " is not a method" + (nearest.empty() ? "" : " (did you mean " + nearest + "?)"),
             ids.empty() ? "No method plugin was found; name their folder with --plugins" : "Available: " + joined(ids),
             ErrorCode::NotFound);
    }

    void checkParameter(const MethodManifest &manifest, const std::string &name, const ParameterValue &value)
    {
        const std::string path = "method.parameters." + name;
        if (const ParameterSpec *parameter = manifest.parameter(name)) {
            if (const auto checked = checkedParameter(*parameter, value, path); !checked.ok())
                m_problems.push_back(checked.error());
            return;
        }
        std::vector<std::string> known;
        for (const ParameterSpec &parameter : manifest.parameters)
            known.push_back(parameter.name);
        const std::string nearest = nearestName(name, known);
        fail(path, "unknown parameter" + (nearest.empty() ? std::string() : " (did you mean " + nearest + "?)"),
             known.empty() ? manifest.id + " has no parameters" : manifest.id + " takes " + joined(known));
    }

    void checkNeeds(const MethodManifest &manifest)
    {
        const auto needs = [&manifest](const char *what) {
            return std::find(manifest.needs.begin(), manifest.needs.end(), what) != manifest.needs.end();
        };
        const DataSpec &data = m_spec.data;
        if (needs("forget") && !data.forget)
            fail("data.forget", "is missing, and " + manifest.id + " needs a forget set", "Give an object with path, prompt and answer");
        if (!data.retain && usesRetainSet(manifest, m_spec.method.parameters))
            fail("data.retain", "is missing, and " + manifest.id + " needs a retain set", retainHint(manifest));
        if (needs("alternate") && data.forget)
            checkAlternates(manifest);
        if (!data.forget && !data.retain && !needs("forget"))
            fail("data.forget", "is missing, and so is data.retain: there is nothing to train on",
                 "Give an object with path, prompt and answer");
    }

    void checkAlternates(const MethodManifest &manifest)
    {
        const DataSpec &data = m_spec.data;
        if (!data.refusals && data.forget->alternate.empty())
            return fail("data.forget.alternate", "is missing, and " + manifest.id + " needs replacement answers",
                        "Name the field of the forget file that holds them, or give a list of answers in data.refusals (shipped: Lethe's own)");
        if (data.refusals && data.forget->prompt.empty())
            return fail("data.refusals", "answers questions, and the rows of data.forget hold none", "Name their field in data.forget.prompt");
        if (const auto answers = refusalsOf(m_spec); !answers.ok())
            m_problems.push_back(answers.error());
    }

    static std::string retainHint(const MethodManifest &manifest)
    {
        const std::vector<std::string> &losses = manifest.retainLosses;
        const bool mayDoWithout = std::find(losses.begin(), losses.end(), "none") != losses.end();
        return std::string("Give an object with path, prompt and answer")
            + (mayDoWithout ? ", or set method.parameters.retain_loss to none" : "");
    }

    const ExperimentSpec &m_spec;
    const MethodCatalog &m_catalog;
    std::vector<Error> m_problems;
};

} // namespace

std::vector<Error> checkSpec(const ExperimentSpec &spec, const MethodCatalog &catalog)
{
    return Checker(spec, catalog).run();
}

Result<ResolvedSpec> resolveSpec(const ExperimentSpec &spec, const MethodCatalog &catalog)
{
    const std::vector<Error> problems = checkSpec(spec, catalog);
    if (!problems.empty()) {
        Error all = joinErrors(problems);
        all.code = ErrorCode::InvalidInput;
        return all;
    }
    ResolvedSpec resolved{.spec = spec, .modelFolder = spec.resolve(spec.model), .referenceFolder = {}, .forgetFile = {}, .retainFile = {}};
    if (spec.referenceModel)
        resolved.referenceFolder = spec.resolve(*spec.referenceModel);
    if (spec.data.forget)
        resolved.forgetFile = spec.resolve(spec.data.forget->path);
    if (spec.data.retain)
        resolved.retainFile = spec.resolve(spec.data.retain->path);

    const MethodManifest &manifest = *catalog.find(spec.method.id);
    if (resolved.spec.data.refusals && std::ranges::find(manifest.needs, "alternate") != manifest.needs.end()) {
        // What is run, and stored with the run, is the list itself: a file, or what ships, may be another one tomorrow.
        LETHE_TRY(resolved.spec.data.refusals->answers, refusalsOf(spec));
        resolved.spec.data.refusals->source.clear();
    }
    LETHE_TRY(resolved.spec.method.parameters, completeParameters(manifest, spec.method.parameters));
    return resolved;
}

std::int64_t stepsPerEpoch(const TrainingSpec &training, std::int64_t forgetRows)
{
    const std::int64_t rowsPerStep = std::max<std::int64_t>(1, training.batchSize) * std::max<std::int64_t>(1, training.gradientAccumulation);
    return (std::max<std::int64_t>(0, forgetRows) + rowsPerStep - 1) / rowsPerStep;
}

std::int64_t plannedSteps(const TrainingSpec &training, std::int64_t forgetRows)
{
    // 0.1 × 30 must not become 4 for the sake of the last bit
    const double steps = training.epochs * static_cast<double>(stepsPerEpoch(training, forgetRows));
    const auto planned = static_cast<std::int64_t>(std::ceil(steps * (1.0 - 1e-12)));
    return training.maxSteps ? std::min(planned, *training.maxSteps) : planned;
}

} // namespace lethe
