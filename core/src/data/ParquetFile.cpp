#include "data/ParquetFile.h"

#include "data/ParquetModule.h"

#include <array>
#include <dlfcn.h>

namespace lethe {

namespace {

constexpr const char *kModule = "liblethe_parquet.so";

struct ParquetModule {
    LetheParquetRead read = nullptr;
    std::string reason; ///< why there is none
};

/// The module beside this library, loaded once.
const ParquetModule &parquetModule()
{
    static const ParquetModule module = [] {
        ParquetModule found;
        Dl_info own{};
        std::filesystem::path folder;
        if (::dladdr(reinterpret_cast<const void *>(&isParquet), &own) != 0 && own.dli_fname != nullptr)
            folder = std::filesystem::path(own.dli_fname).parent_path();
        void *handle = ::dlopen((folder / kModule).c_str(), RTLD_LAZY | RTLD_LOCAL);
        void *entry = handle != nullptr ? ::dlsym(handle, kLetheParquetRead) : nullptr;
        if (entry != nullptr)
            found.read = reinterpret_cast<LetheParquetRead>(entry);
        else if (const char *why = ::dlerror())
            found.reason = why;
        return found;
    }();
    return module;
}

/// Rows as they come from the module.
struct Taken {
    std::vector<DataRecord> records;
    std::size_t most = 0;
};

bool take(void *context, const char *json, std::size_t size, const char *reason)
{
    auto &taken = *static_cast<Taken *>(context);
    DataRecord record{.line = static_cast<std::int64_t>(taken.records.size()) + 1, .fields = {}, .reason = {}};
    JsonProblem problem;
    if (json == nullptr)
        record.reason = reason;
    else if (std::optional<Json> fields = parseJson({json, size}, problem))
        record.fields = std::move(*fields);
    else
        record.reason = problem.what;
    taken.records.push_back(std::move(record));
    return taken.records.size() < taken.most;
}

} // namespace

bool isParquet(std::string_view content, const std::filesystem::path &file)
{
    return content.starts_with("PAR1") || file.extension() == ".parquet";
}

Result<std::vector<DataRecord>> readParquet(std::string_view content, const std::filesystem::path &file, std::size_t most)
{
    const ParquetModule &module = parquetModule();
    if (module.read == nullptr) {
        const std::string name = file.filename().string(), target = file.stem().string() + ".jsonl";
        return Error{.code = ErrorCode::Unsupported, .what = "is a Parquet file, and Apache Arrow, which reads those, is not there: " + module.reason,
                     .where = file.string(),
                     .hint = "Run packaging/run.sh again with a network, or convert the file: python3 -c \"import pandas; pandas.read_parquet('"
                             + name + "').to_json('" + target + "', orient='records', lines=True)\""};
    }
    Taken taken{.records = {}, .most = most};
    std::array<char, 1024> problem{};
    if (most > 0 && !module.read(content.data(), content.size(), {.context = &taken, .row = &take}, problem.data(), problem.size()))
        return Error{.code = ErrorCode::Corrupt, .what = std::string("cannot be read as Parquet: ") + problem.data(), .where = file.string(),
                     .hint = "Copy the file again; one that was cut off lacks its end, where Parquet keeps what is where"};
    return std::move(taken.records);
}

} // namespace lethe
