#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/run/RunSession.h>
#include <lethe/spec/ExperimentSpec.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

struct LoadOptions {
    std::string device = "auto"; ///< `auto`, `cpu`, `cuda`, `cuda:N`
    std::optional<Dtype> dtype;  ///< none: f32 on the CPU, the files' own on CUDA
    int threads = 0;
    bool mergeAdapter = false; ///< fold an adapter into the weights even where these are of 16 bits
    /// Bytes read of total; false cancels.
    std::function<bool(std::uint64_t done, std::uint64_t total)> progress;
};

class TextModel;

/// What becomes of tokens that a pair's filter leaves out.
enum class FilterMode {
    Auto,        ///< Drop where tokens are chosen, KeepBase where given ones are scored
    Drop,        ///< they cannot be chosen
    KeepBase,    ///< they keep the target's logit; the assistant counts relative to its greatest kept logit
    KeepBaseRaw, ///< as the published evaluation code has it: the assistant's logits as they are
};
LETHE_EXPORT std::string_view toString(FilterMode mode);
LETHE_EXPORT std::optional<FilterMode> filterModeFrom(std::string_view name);

struct GenerationOptions {
    std::int64_t maxNewTokens = 48;
    double temperature = 0; ///< 0: greedy
    double topP = 1;
    std::int64_t topK = 0; ///< 0: all
    std::uint64_t seed = 0;
    bool stopAtEos = true;
    /// A second model over the same vocabulary: logits are `target + logitWeight · assistant` (ULD, arXiv 2406.08607). Borrowed for
    /// the call; may be absent.
    TextModel *assistant = nullptr;
    double logitWeight = 0;
    double topFilter = 0; ///< of an assistant: only the target's likeliest tokens are touched; in [0, 1), 0: all
    FilterMode filterMode = FilterMode::Auto;
};

struct Generation {
    std::string prompt;
    std::vector<TokenId> ids; ///< the new tokens; the EOS is the last where it stopped there
    std::string text;         ///< those decoded, specials skipped
    double tokensPerSecond = 0;
    bool stoppedAtEos = false;
};

/// A loaded model with its tokenizer, torch-free to look at: what "Ask" boxes, `generate`, `logits` and the bench use.
/// One thread at a time.
class LETHE_EXPORT TextModel
{
public:
    /// Corrupt, Unsupported, NotFound (with file and tensor), OutOfMemory, Device, Cancelled.
    static Result<TextModel> load(const std::filesystem::path &folder, const LoadOptions &options = {});
    TextModel(TextModel &&) noexcept;
    TextModel &operator=(TextModel &&) noexcept;
    ~TextModel();

    const Tokenizer &tokenizer() const;
    const std::filesystem::path &folder() const;
    std::string deviceName() const;

    /// How strongly a pair's assistant counts, as its manifest says or as it was set since; nothing where the model is no pair.
    std::optional<double> pairWeight() const;
    /// From here on, in generation and in scores; no weight changes. InvalidInput where the model is no pair, or \p weight no number.
    Result<void> setPairWeight(double weight);

    /// Batched, with a KV cache. \p onToken, where given, is called for every new token of every prompt with the text that
    /// became readable; false from it stops everything (Cancelled).
    Result<std::vector<Generation>> generate(const std::vector<std::string> &prompts, const GenerationOptions &options,
                                             const std::function<bool(std::size_t prompt, TokenId id, std::string_view text)> &onToken = {});
    Result<std::vector<Generation>> generateFromIds(const std::vector<std::vector<TokenId>> &prompts, const GenerationOptions &options,
                                                    const std::function<bool(std::size_t prompt, TokenId id, std::string_view text)> &onToken = {});

    /// Writes tensor `logits` f32 [B,T,V] for equal-length rows to a safetensors file. InvalidInput for ragged rows or ids
    /// outside the vocabulary.
    struct LogitsReport {
        std::int64_t batch = 0, length = 0, vocabulary = 0;
        double seconds = 0;
    };
    Result<LogitsReport> writeLogits(const std::vector<std::vector<TokenId>> &ids, const std::filesystem::path &file);

    /// For each token of \p ids from the second on: log-probability (nats) and rank (0: the most likely).
    struct TokenScore {
        double logProbability = 0;
        std::int64_t rank = 0;
    };
    Result<std::vector<TokenScore>> score(const std::vector<TokenId> &ids);

private:
    struct Data;
    explicit TextModel(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

} // namespace lethe
