#include <lethe/data/Dataset.h>

#include <lethe/tokenizer/ChatTemplate.h>

#include <algorithm>

namespace lethe {

struct SampleEncoder::Data {
    const Tokenizer *tokenizer = nullptr;
    TemplateSpec textTemplate;
    std::int64_t maxLength = 0;
    std::optional<ChatTemplate> chat;

    std::vector<ChatMessage> conversation(const std::string &user) const
    {
        std::vector<ChatMessage> messages;
        if (!textTemplate.systemPrompt.empty())
            messages.push_back({.role = "system", .content = textTemplate.systemPrompt});
        messages.push_back({.role = "user", .content = user});
        return messages;
    }

    Result<std::string> promptText(const std::string &user) const
    {
        if (chat)
            return chat->render(conversation(user), true);
        return textTemplate.promptPrefix + user + textTemplate.promptSuffix;
    }

    Result<std::string> fullText(const std::string &prompt, const std::string &user, const std::string &answer) const
    {
        if (!chat)
            return prompt + textTemplate.answerPrefix + answer;
        std::vector<ChatMessage> messages = conversation(user);
        messages.push_back({.role = "assistant", .content = answer});
        return chat->render(messages, false);
    }

    /// Less the EOS that a post-processor may have closed the prompt with.
    std::vector<TokenId> promptIds(const std::string &text) const
    {
        std::vector<TokenId> ids = tokenizer->encode(text, !chat);
        if (const std::optional<TokenId> eos = tokenizer->eosId(); eos && !chat && !ids.empty() && ids.back() == *eos)
            ids.pop_back();
        return ids;
    }
};

SampleEncoder::SampleEncoder(std::unique_ptr<Data> data) : m_data(std::move(data)) {}
SampleEncoder::SampleEncoder(SampleEncoder &&) noexcept = default;
SampleEncoder::~SampleEncoder() = default;

Result<SampleEncoder> SampleEncoder::create(const Tokenizer &tokenizer, const TemplateSpec &textTemplate, std::int64_t maxLength)
{
    auto data = std::make_unique<Data>();
    data->tokenizer = &tokenizer;
    data->textTemplate = textTemplate;
    data->maxLength = maxLength;
    if (textTemplate.chat) {
        Result<ChatTemplate> chat = ChatTemplate::of(tokenizer);
        if (!chat.ok()) {
            Error error = chat.error();
            if (error.hint.empty())
                error.hint = "Give data.template as an object with prompt_prefix, prompt_suffix and answer_prefix";
            return error;
        }
        data->chat.emplace(std::move(chat).value());
    }
    return SampleEncoder(std::move(data));
}

Result<PromptAndFull> SampleEncoder::texts(const DataRow &row, bool useAlternate) const
{
    const std::string &answer = useAlternate ? row.alternate : row.answer;
    if (row.isDocument)
        return PromptAndFull{.prompt = {}, .full = answer, .specialsInText = false};
    LETHE_TRY(std::string prompt, m_data->promptText(row.prompt));
    LETHE_TRY(std::string full, m_data->fullText(prompt, row.prompt, answer));
    return PromptAndFull{.prompt = std::move(prompt), .full = std::move(full), .specialsInText = m_data->chat.has_value()};
}

namespace {

/// A document is encoded once and cut into windows; every token of one is a label.
std::vector<EncodedSample> windows(const std::vector<TokenId> &ids, std::int64_t maxLength, std::int64_t index)
{
    std::vector<EncodedSample> samples;
    const auto step = static_cast<std::size_t>(maxLength);
    for (std::size_t begin = 0; begin < ids.size(); begin += step) {
        const std::size_t end = std::min(ids.size(), begin + step);
        EncodedSample sample;
        sample.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(end));
        sample.row = index;
        samples.push_back(std::move(sample));
    }
    return samples;
}

} // namespace

Result<std::vector<EncodedSample>> SampleEncoder::encode(const DataRow &row, std::int64_t index, bool useAlternate) const
{
    const Tokenizer &tokenizer = *m_data->tokenizer;
    LETHE_TRY(const PromptAndFull texts, this->texts(row, useAlternate));
    std::vector<TokenId> ids = tokenizer.encode(texts.full, !texts.specialsInText);
    if (row.isDocument)
        return windows(ids, m_data->maxLength, index);

    if (const std::optional<TokenId> eos = tokenizer.eosId(); eos && (ids.empty() || ids.back() != *eos))
        ids.push_back(*eos);
    const std::vector<TokenId> promptIds = m_data->promptIds(texts.prompt);

    EncodedSample sample;
    sample.row = index;
    sample.boundaryMismatch = promptIds.size() > ids.size() || !std::equal(promptIds.begin(), promptIds.end(), ids.begin());
    if (const auto length = static_cast<std::size_t>(m_data->maxLength); ids.size() > length) {
        sample.droppedTokens = static_cast<std::int64_t>(ids.size() - length);
        ids.resize(length);
    }
    sample.labelStart = static_cast<std::int64_t>(std::min(promptIds.size(), ids.size()));
    sample.ids = std::move(ids);
    return std::vector<EncodedSample>{std::move(sample)};
}

Result<std::vector<TokenId>> SampleEncoder::encodePrompt(const DataRow &row) const
{
    if (row.isDocument)
        return Error{.code = ErrorCode::InvalidInput, .what = "a document has no prompt", .where = "row at line " + std::to_string(row.line),
                     .hint = "Generate from rows with a prompt and an answer"};
    return encodePromptText(row.prompt);
}

Result<std::vector<TokenId>> SampleEncoder::encodePromptText(std::string_view userText) const
{
    LETHE_TRY(const std::string text, m_data->promptText(std::string(userText)));
    return m_data->promptIds(text);
}

Result<EncodedSet> encodeSet(const SampleEncoder &encoder, const std::vector<DataRow> &rows, bool useAlternate,
                             const std::function<bool(std::size_t, std::size_t)> &progress)
{
    constexpr std::size_t kRowsPerReport = 64;
    EncodedSet set;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (progress && i % kRowsPerReport == 0 && !progress(i, rows.size()))
            return Error{.code = ErrorCode::Cancelled, .what = "encoding was cancelled", .where = {}, .hint = {}};
        Result<std::vector<EncodedSample>> encoded = encoder.encode(rows[i], static_cast<std::int64_t>(i), useAlternate);
        if (!encoded.ok()) {
            Error error = encoded.error();
            error.what = "row at line " + std::to_string(rows[i].line) + ": " + error.what;
            return error;
        }
        bool trainable = false;
        for (EncodedSample &sample : encoded.value()) {
            set.cutRows += sample.droppedTokens > 0 ? 1 : 0;
            set.droppedTokens += sample.droppedTokens;
            set.boundaryMismatches += sample.boundaryMismatch ? 1 : 0;
            if (sample.labelCount() == 0)
                continue;
            trainable = true;
            set.tokens += static_cast<std::int64_t>(sample.ids.size());
            set.labelTokens += sample.labelCount();
            set.samples.push_back(std::move(sample));
        }
        if (!trainable)
            set.withoutLabels.push_back(static_cast<std::int64_t>(i));
    }
    if (progress)
        progress(rows.size(), rows.size());
    return set;
}

} // namespace lethe
