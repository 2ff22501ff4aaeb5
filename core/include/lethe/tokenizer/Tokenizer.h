#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

using TokenId = std::int32_t;

/// One piece of an encoded text and where it came from.
struct TokenPiece {
    TokenId id = 0;
    std::string token; ///< as the vocabulary spells it (`Ġthe`, `▁the`)
    std::size_t begin = 0; ///< byte range in the text as it was given; empty for added special tokens
    std::size_t end = 0;
};

/// A Hugging Face `tokenizer.json` (tokenizers library), with the ids of `tokenizer_config.json`, `config.json` and `generation_config.json`
/// beside it: the same ids as the library gives, and the same text back; without one, a SentencePiece `tokenizer.model`, as transformers
/// converts it for the class that is named, else as its own library. Immutable after loading; every const function may be called from several threads.
///
/// Settings of a call that a file may carry (`truncation`, `padding`) are not applied: transformers sets them anew for each
/// call. Added tokens get the ids that the library gives them, whatever the file says: the vocabulary's, else counted on.
class LETHE_EXPORT Tokenizer
{
public:
    /// \p folder holds tokenizer.json or tokenizer.model. NotFound; Corrupt (file and JSON key named); Unsupported (the component's type named).
    static Result<Tokenizer> load(const std::filesystem::path &folder);

    Tokenizer(Tokenizer &&) noexcept;
    Tokenizer &operator=(Tokenizer &&) noexcept;
    ~Tokenizer();

    /// \param addSpecial whether the post-processor adds its special tokens (BOS, EOS …). Specials written in the text are
    /// recognised either way, as the library does.
    std::vector<TokenId> encode(std::string_view text, bool addSpecial = true) const;
    std::vector<TokenPiece> encodePieces(std::string_view text, bool addSpecial = true) const;

    /// Broken UTF-8 becomes U+FFFD as Rust's lossy conversion makes it. Ids outside the vocabulary are passed over.
    std::string decode(const std::vector<TokenId> &ids, bool skipSpecial = true) const;

    /// Counts added tokens: one more than the greatest id where there are no holes; what `len(tokenizer)` gives.
    std::int64_t vocabularySize() const;
    std::optional<std::string> tokenOf(TokenId id) const;
    std::optional<TokenId> idOf(std::string_view token) const;
    bool isSpecial(TokenId id) const;

    /// From tokenizer_config.json's tokens, else config.json's ids.
    std::optional<TokenId> bosId() const;
    std::optional<TokenId> eosId() const;
    std::optional<TokenId> padId() const;

    /// `bos_token`, `eos_token`, `pad_token` and the like with their text: what a chat template may name.
    std::vector<std::pair<std::string, std::string>> namedTokens() const;

    /// `BPE`, `Unigram`, `WordPiece` …: the model's type in tokenizer.json.
    std::string_view type() const;

    /// The Jinja text of the model's own chat template (chat_template.jinja, or tokenizer_config.json's, the one named
    /// `default` of a list); nullopt where the folder has none.
    std::optional<std::string> chatTemplate() const;

private:
    friend class StreamDecoder;
    struct Data;
    explicit Tokenizer(std::unique_ptr<const Data> data);
    /// Whether the text of ids that end in \p last may still change before its last character.
    bool isUnsettledAfter(TokenId last) const;
    std::unique_ptr<const Data> m_data;
};

/// Text from ids as they arrive. Never gives half a character: bytes that may still become one are held back.
class LETHE_EXPORT StreamDecoder
{
public:
    /// \p tokenizer must outlive the decoder.
    explicit StreamDecoder(const Tokenizer &tokenizer, bool skipSpecial = true);
    /// What became readable with \p id; may be empty. All results joined equal `decode` of all ids, once `finish` is called.
    std::string push(TokenId id);
    std::string finish();

private:
    const Tokenizer *m_tokenizer;
    bool m_skipSpecial;
    std::vector<TokenId> m_ids; ///< the last ones: those whose text the next may still complete
    std::size_t m_given = 0; ///< bytes of their text already handed out
};

} // namespace lethe
