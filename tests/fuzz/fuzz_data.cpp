// A data file: as what its content says, and as each of the endings that decide in doubt.
#include "FuzzBounds.h"

#include <lethe/data/Dataset.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace lethe;
    static const fuzz::ScratchFolder folder;
    for (const char *name : {"d.csv", "d.tsv", "d.jsonl", "d.json", "d.txt"}) {
        folder.write(name, fuzz::textOf(data, size));
        const std::filesystem::path file = folder.path() / name;
        const DataSource fields{.path = file, .prompt = "question", .answer = "answer", .alternate = {}};
        const fuzz::MemoryBound bound(size, fuzz::kBytesForOne, fuzz::kBaseBytes);
        if (const auto set = readDataset(file, fields); set.ok())
            fuzz::use(toJsonLines(set->rows, fields).size());
        else
            fuzz::use(set.error().message().size());
        if (const auto preview = previewDataset(file); preview.ok())
            fuzz::use(preview->rows.size() + preview->fields.size());
    }
    return 0;
}
