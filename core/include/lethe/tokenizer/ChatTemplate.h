#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lethe {

class Tokenizer;

struct ChatMessage {
    std::string role; ///< `system`, `user`, `assistant` …
    std::string content;
    bool operator==(const ChatMessage &) const = default;
};

/// A model's own Jinja chat template, rendered as transformers' `apply_chat_template` renders it (trim_blocks and
/// lstrip_blocks on), in a sandbox: no input or output, bounded work.
class LETHE_EXPORT ChatTemplate
{
public:
    /// The template of \p tokenizer's folder with its bos/eos tokens. NotFound where there is none; Unsupported or Corrupt
    /// with the template's line where its syntax is not understood.
    static Result<ChatTemplate> of(const Tokenizer &tokenizer);
    /// An empty token is one that the template finds undefined.
    static Result<ChatTemplate> parse(std::string source, std::string bosToken, std::string eosToken);
    /// \param tokens variables of the template: `bos_token`, `eos_token`, `pad_token` … and their text.
    static Result<ChatTemplate> parse(std::string source, std::vector<std::pair<std::string, std::string>> tokens);

    ChatTemplate(ChatTemplate &&) noexcept;
    ChatTemplate &operator=(ChatTemplate &&) noexcept;
    ~ChatTemplate();

    /// InvalidInput with the template's own words, and no more, where it refuses (`raise_exception`); else with the
    /// template's line where it fails, or does more work than any real one.
    Result<std::string> render(const std::vector<ChatMessage> &messages, bool addGenerationPrompt) const;

private:
    struct Data;
    explicit ChatTemplate(std::unique_ptr<const Data> data);
    std::unique_ptr<const Data> m_data;
};

} // namespace lethe
