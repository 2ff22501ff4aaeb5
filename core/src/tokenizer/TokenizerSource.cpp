#include "TokenizerSource.h"

#include "JsonNode.h"
#include "SentencePieceFile.h"

namespace lethe {

Result<TokenizerSource> TokenizerSource::read(const std::filesystem::path &folder)
{
    const std::filesystem::path file = folder / "tokenizer.json";
    const std::filesystem::path pieces = folder / "tokenizer.model";
    std::error_code failure;
    if (std::filesystem::exists(file, failure)) {
        LETHE_TRY(const std::string text, readFile(file));
        LETHE_TRY(nlohmann::json document, parseJson(text, file.string()));
        return TokenizerSource{std::move(document), file.string(), {}, {}};
    }
    if (!std::filesystem::exists(pieces, failure))
        return Error{ErrorCode::NotFound, "there is no tokenizer.json", folder.string(), {}};
    LETHE_TRY(const SentencePieceFile model, SentencePieceFile::read(pieces));
    const std::filesystem::path configFile = folder / "tokenizer_config.json";
    nlohmann::json config;
    if (std::filesystem::exists(configFile, failure)) {
        LETHE_TRY(const std::string text, readFile(configFile));
        LETHE_TRY(config, parseJson(text, configFile.string()));
    }
    LETHE_TRY(nlohmann::json document, model.asTokenizerJson(config, configFile.string()));
    return TokenizerSource{std::move(document), pieces.string(), model.bosId >= 0 ? model.textOf(model.bosId) : "", model.eosId >= 0 ? model.textOf(model.eosId) : ""};
}

} // namespace lethe
