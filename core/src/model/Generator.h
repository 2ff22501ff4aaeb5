#pragma once

#include "model/Decoder.h"

#include <lethe/model/TextModel.h>

#include <functional>
#include <vector>

namespace lethe {

/// One generated text, as ids.
struct GeneratedIds {
    std::vector<TokenId> ids;
    bool stoppedAtEos = false;
};

/// A second model whose logits join the first one's. Its vocabulary must be the first one's.
struct LogitAssistant {
    Decoder *model = nullptr;
    PairOptions options;
};

/// InvalidInput where \p model cannot continue \p prompt by so many tokens: no token to start from, one that it does not know, or more
/// positions than it has.
LETHE_EXPORT Result<void> checkPrompt(const Decoder &model, const std::vector<TokenId> &prompt, std::int64_t maxNewTokens);

/// Continues prompts with \p model (with its own assistant, where \p assistant is none), in batches with a KV cache, longest prompts first. What is generated for a prompt depends
/// on neither its batch nor its place in it (up to rounding); sampling draws from a generator seeded by the prompt's index.
/// \p onToken: false stops everything. \return in the prompts' order, what there was when it stopped.
LETHE_EXPORT std::vector<GeneratedIds> generateIds(Decoder &model, const std::vector<std::vector<TokenId>> &prompts, const GenerationOptions &options,
                                      const std::function<bool(std::size_t prompt, TokenId id)> &onToken = {},
                                      const LogitAssistant &assistant = {});

} // namespace lethe
