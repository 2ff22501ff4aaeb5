#pragma once

#include <lethe/base/Result.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lethe {

/// What the files beside tokenizer.json say: which tokens begin and end a text, and the chat template.
struct TokenizerFolder {
    /// A token by name or, where only a model's configuration tells, by id.
    struct Named {
        std::optional<std::string> token;
        std::optional<std::int32_t> id;
    };
    Named bos;
    Named eos;
    Named pad;
    std::vector<std::pair<std::string, std::string>> namedTokens; ///< `bos_token` …, all that are named
    std::optional<std::string> chatTemplate;

    /// Files that are not there say nothing. Corrupt names the file and the key.
    /// \param configFolder where the model's own config lies: another one for an adapter
    static Result<TokenizerFolder> read(const std::filesystem::path &folder, const std::filesystem::path &configFolder);
};

} // namespace lethe
