#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// A SentencePiece model (`tokenizer.model`): its pieces, and how its text is prepared.
struct SentencePieceFile {
    enum class Model { Unigram = 1, Bpe = 2 };
    enum class Kind { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };
    struct Piece {
        std::string text;
        float score = 0;
        Kind kind = Kind::Normal;
    };

    Model model = Model::Unigram;
    std::vector<Piece> pieces; ///< by id
    bool byteFallback = false;
    bool addDummyPrefix = true;
    bool removeExtraWhitespaces = true;
    std::string charsmap; ///< compiled rules of normalization; empty for none
    std::int32_t unknownId = 0;
    std::int32_t bosId = -1, eosId = -1, padId = -1; ///< −1: none

    /// Reads and checks \p file with the SentencePiece library. NotFound, Io; Corrupt with the library's words; Unsupported names
    /// what no tokenizer here does (word and character models, white space as a suffix).
    LETHE_EXPORT static Result<SentencePieceFile> read(const std::filesystem::path &file);

    /// The file as a `tokenizer.json`, with what \p config (tokenizer_config.json, an object or null) says of it. Where that names
    /// a class that transformers has a conversion for (`LlamaTokenizer`, `GemmaTokenizer`) it is that conversion, merges, added
    /// tokens and all; where it names none, ids are those of the SentencePiece library itself. Another class is Unsupported.
    LETHE_EXPORT Result<nlohmann::json> asTokenizerJson(const nlohmann::json &config, const std::string &configFile) const;

    const std::string &textOf(std::int32_t id) const { return pieces[static_cast<std::size_t>(id)].text; }
};

} // namespace lethe
