#include <lethe/spec/BenchmarkFolder.h>

#include "base/Json.h"
#include "data/Records.h"
#include "spec/SpecNames.h"

#include <algorithm>
#include <array>
#include <map>
#include <regex>

namespace lethe {

namespace fs = std::filesystem;

namespace {

constexpr int kDepth = 3;
constexpr std::array kReadable{".jsonl", ".json", ".csv", ".txt", ".parquet"}; // the first one wins where a set is there twice
constexpr std::array kTofuSplits{"forget01", "forget05", "forget10"};
constexpr std::array kMuseParts{"knowmem", "verbmem", "privleak"};

int rankOf(const fs::path &file)
{
    const auto found = std::ranges::find_if(kReadable, [&](const char *extension) { return file.extension() == extension; });
    return found != kReadable.end() ? static_cast<int>(found - kReadable.begin()) : -1;
}

/// The sets of a folder by their published names. A shard's number and a file called after a split of its configuration
/// (`forget05/train-00000-of-00001.jsonl`) say nothing of the set: there the folder is its name.
class SetFiles
{
public:
    explicit SetFiles(const fs::path &folder)
    {
        std::error_code code;
        for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, code), end; !code && entry != end;
             entry.increment(code)) {
            if (entry.depth() >= kDepth)
                entry.disable_recursion_pending();
            if (entry->is_regular_file(code) && rankOf(entry->path()) >= 0)
                add(entry->path());
        }
    }

    const fs::path *find(const std::string &name) const
    {
        const auto found = m_files.find(name);
        return found != m_files.end() ? &found->second : nullptr;
    }

private:
    void add(const fs::path &file)
    {
        static const std::regex shard("^(.*?)-?[0-9]{5}-of-([0-9]{5})$");
        std::string stem = file.stem().string();
        if (std::smatch match; std::regex_match(stem, match, shard)) {
            if (match[2] != "00001")
                return; // one of several: none of them is the set
            stem = match[1];
        }
        const std::string parent = file.parent_path().filename().string();
        const bool unnamed = stem.empty() || stem == "train" || stem == "test" || stem == "validation";
        for (const std::string &name : {unnamed ? parent : stem, parent + "/" + stem}) {
            const auto [place, added] = m_files.emplace(name, file);
            if (!added && rankOf(file) < rankOf(place->second))
                place->second = file;
        }
    }

    std::map<std::string, fs::path> m_files;
};

/// Takes files out of a folder and keeps count of what is missing.
class Taking
{
public:
    explicit Taking(const fs::path &folder) : m_folder(folder), m_files(folder) {}

    std::optional<DataSource> take(const std::string &name, DataSource fields = {})
    {
        const fs::path *file = m_files.find(name);
        if (file == nullptr) {
            missing.push_back(name);
            return std::nullopt;
        }
        fields.path = file->string();
        return fields;
    }
    DataSource mustTake(const std::string &name, DataSource fields = {})
    {
        const auto source = take(name, std::move(fields));
        if (!source && !problem)
            problem = Error{.code = ErrorCode::InvalidInput, .what = "has no file of the set " + name, .where = m_folder.string(),
                            .hint = "Its name is " + name + ".jsonl, .json, .csv or .parquet, or a folder " + name + " with such a file"};
        return source.value_or(DataSource{});
    }

    std::vector<std::string> missing;
    std::optional<Error> problem;

private:
    const fs::path m_folder;
    const SetFiles m_files;
};

std::string note(const std::vector<std::string> &missing, const std::string &consequence)
{
    return "no " + joined(missing) + ": " + consequence;
}

Result<std::vector<std::string>> useTofu(const BenchmarkFolder &benchmark, const std::string &split, ExperimentSpec &spec)
{
    const std::string percent = split.substr(split.size() - 2);
    const std::string kept = "retain" + std::to_string(100 - std::stoi(percent));
    std::vector<std::string> notes;
    Taking files(benchmark.folder);
    EvalSpec eval = spec.eval.value_or(EvalSpec{});
    spec.data.forget = files.mustTake(split);
    spec.data.retain = files.mustTake(kept);
    eval.tofu = TofuSpec{.forget = files.take(split + "_perturbed"), .retain = files.take("retain_perturbed"),
                         .realAuthors = files.take("real_authors_perturbed"), .worldFacts = files.take("world_facts_perturbed"),
                         .retainRows = eval.tofu ? eval.tofu->retainRows : std::nullopt};
    eval.metrics = {"tofu", "memorization"};
    if (!files.missing.empty() && !files.problem) {
        notes.push_back(note(files.missing, "TOFU's metrics are left out, the basic ones stay"));
        eval.metrics = {"basic"};
        eval.tofu.reset();
    }
    files.missing.clear();
    eval.holdout = files.take("holdout" + percent);
    if (eval.holdout)
        eval.metrics.push_back("membership");
    else
        notes.push_back(note(files.missing, "there is nothing to attack membership against"));
    if (files.problem)
        return *files.problem;
    eval.generations.maxNewTokens = 200;
    spec.eval = eval;
    return notes;
}

/// A corpus's folder: the one itself where it holds the parts, else one of its own.
std::vector<fs::path> museCorpora(const fs::path &folder)
{
    const auto isCorpus = [](const fs::path &candidate) {
        std::error_code code;
        return std::ranges::any_of(kMuseParts, [&](const char *part) { return fs::is_directory(candidate / part, code); });
    };
    if (isCorpus(folder))
        return {folder};
    std::vector<fs::path> corpora;
    std::error_code code;
    for (const fs::path &place : {folder, folder / "data"})
        for (fs::directory_iterator entry(place, code), end; !code && entry != end; entry.increment(code))
            if (entry->is_directory(code) && isCorpus(entry->path()))
                corpora.push_back(entry->path());
    std::ranges::sort(corpora);
    return corpora;
}

std::string corpusName(const fs::path &corpus)
{
    return (corpus.has_filename() ? corpus : corpus.parent_path()).filename().string();
}

Result<std::vector<std::string>> useMuse(const BenchmarkFolder &benchmark, const std::string &split, ExperimentSpec &spec)
{
    const auto corpora = museCorpora(benchmark.folder);
    Taking files(*std::ranges::find(corpora, split, corpusName));
    std::vector<std::string> notes;
    EvalSpec eval = spec.eval.value_or(EvalSpec{});
    spec.data.forget = files.mustTake("raw/forget", kMuseTextFields);
    spec.data.retain = files.mustTake("raw/retain1", kMuseTextFields);
    MuseSpec muse;
    eval.metrics.clear();
    const auto keep = [&](std::initializer_list<const char *> metrics) {
        if (files.missing.empty())
            eval.metrics.insert(eval.metrics.end(), metrics.begin(), metrics.end());
        else if (!files.problem)
            notes.push_back(note(files.missing, joined(std::vector<std::string>(metrics.begin(), metrics.end())) + " left out"));
        files.missing.clear();
    };
    files.missing.clear();
    muse.verbatim = files.take("verbmem/forget", kMuseVerbatimFields);
    keep({"verbmem_f"});
    muse.knowledgeForget = files.take("knowmem/forget_qa");
    muse.knowledgeForgetShots = files.take("knowmem/forget_qa_icl");
    keep({"knowmem_f"});
    muse.knowledgeRetain = files.take("knowmem/retain_qa");
    muse.knowledgeRetainShots = files.take("knowmem/retain_qa_icl");
    keep({"knowmem_r"});
    muse.privleakForget = files.take("privleak/forget", kMuseTextFields);
    muse.privleakHoldout = files.take("privleak/holdout", kMuseTextFields);
    keep({"muse_privleak"});
    if (files.problem)
        return *files.problem;
    eval.muse = muse;
    spec.eval = eval;
    return notes;
}

} // namespace

Result<BenchmarkFolder> findBenchmark(const fs::path &folder)
{
    std::error_code code;
    if (!fs::is_directory(folder, code))
        return Error{.code = ErrorCode::NotFound, .what = "there is no such folder", .where = folder.string(), .hint = "Give the folder of a downloaded benchmark"};
    BenchmarkFolder benchmark{.benchmark = {}, .folder = fs::absolute(folder, code).lexically_normal(), .splits = {}};
    for (const fs::path &corpus : museCorpora(benchmark.folder))
        benchmark.splits.push_back(corpusName(corpus));
    if (!benchmark.splits.empty()) {
        benchmark.benchmark = "muse";
        return benchmark;
    }
    const SetFiles files(benchmark.folder);
    for (const char *split : kTofuSplits)
        if (files.find(split) != nullptr)
            benchmark.splits.push_back(split);
    if (benchmark.splits.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "holds no benchmark that is known here", .where = folder.string(),
                     .hint = "TOFU has files named forget01, forget05 or forget10; a corpus of MUSE has folders knowmem, verbmem and privleak"};
    benchmark.benchmark = "tofu";
    return benchmark;
}

Result<std::vector<std::string>> useBenchmark(const BenchmarkFolder &benchmark, const std::string &split, ExperimentSpec &spec)
{
    if (std::ranges::find(benchmark.splits, split) == benchmark.splits.end())
        return Error{.code = ErrorCode::InvalidInput, .what = "has no split " + describe(Json(split)), .where = benchmark.folder.string(),
                     .hint = "It has " + joined(benchmark.splits)};
    ExperimentSpec filled = spec;
    LETHE_TRY(std::vector<std::string> notes, benchmark.benchmark == "muse" ? useMuse(benchmark, split, filled) : useTofu(benchmark, split, filled));
    spec = std::move(filled);
    return notes;
}

} // namespace lethe
