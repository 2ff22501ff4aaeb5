#pragma once

#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace lethe {

/// A tokenizer as its folder describes it.
struct TokenizerSource {
    nlohmann::json document; ///< as tokenizer.json has it, or would have it
    std::string file;        ///< that it was read from
    std::string bos, eos;    ///< a SentencePiece model's own names of them; empty for none

    /// tokenizer.json, else tokenizer.model. NotFound, Io, Corrupt, Unsupported.
    static Result<TokenizerSource> read(const std::filesystem::path &folder);
};

} // namespace lethe
