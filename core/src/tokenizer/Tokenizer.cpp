#include <lethe/tokenizer/Tokenizer.h>

#include "AddedTokens.h"
#include "model/ModelFolder.h"
#include "model/PairManifest.h"
#include "TokenDecoder.h"
#include "PostProcessor.h"
#include "PreTokenizer.h"
#include "TokenModel.h"
#include "TokenizerFolder.h"
#include "TokenizerSource.h"
#include "Utf8.h"

#include <algorithm>
#include <mutex>

namespace lethe {

namespace {

/// What one encoding at a time uses and the next may use again.
struct Workspace {
    WordCache cache;
    AlignedText section;
    Pieces pieces;
    std::vector<TextPart> parts;
    std::vector<TextPart> innerParts;
    std::vector<WordToken> tokens;
};

/// Workspaces that no encoding holds: as many as have ever run at once.
class WorkspacePool
{
public:
    std::unique_ptr<Workspace> take()
    {
        {
            const std::scoped_lock lock(m_mutex);
            if (!m_free.empty()) {
                auto workspace = std::move(m_free.back());
                m_free.pop_back();
                return workspace;
            }
        }
        return std::make_unique<Workspace>();
    }

    void giveBack(std::unique_ptr<Workspace> workspace)
    {
        const std::scoped_lock lock(m_mutex);
        m_free.push_back(std::move(workspace));
    }

private:
    std::mutex m_mutex; // guards m_free
    std::vector<std::unique_ptr<Workspace>> m_free;
};

class TakenWorkspace
{
public:
    explicit TakenWorkspace(WorkspacePool &pool) : m_pool(pool), m_workspace(pool.take()) {}
    ~TakenWorkspace() { m_pool.giveBack(std::move(m_workspace)); }
    Q_DISABLE_COPY_MOVE(TakenWorkspace)
    Workspace &operator*() { return *m_workspace; }

private:
    WorkspacePool &m_pool;
    std::unique_ptr<Workspace> m_workspace;
};

} // namespace

struct Tokenizer::Data {
    std::unique_ptr<Normalizer> normalizer;
    std::unique_ptr<PreTokenizer> preTokenizer;
    std::unique_ptr<TokenModel> model;
    PostProcessor postProcessor;
    std::unique_ptr<TokenDecoder> decoder;
    AddedTokens added;
    std::optional<TokenId> bosId;
    std::optional<TokenId> eosId;
    std::optional<TokenId> padId;
    std::vector<std::pair<std::string, std::string>> namedTokens;
    std::optional<std::string> chatTemplate;
    bool asksForOrigins = false; ///< the pre-tokenizer must know where words stood
    mutable WorkspacePool workspaces;

    Result<void> read(const JsonNode &document);
    void take(const TokenizerFolder &folder);
    std::optional<TokenId> idOf(const TokenizerFolder::Named &named) const;
    std::optional<std::string_view> tokenOf(TokenId id) const;

    /// Walks \p text through everything but the post-processor. The sink gets added tokens with their place, and words.
    template<typename Sink>
    void walk(std::string_view text, bool tracksOrigins, Workspace &workspace, Sink &sink) const;
    template<typename Sink>
    void walkSection(Workspace &workspace, Sink &sink) const;
    template<typename Sink>
    void walkWords(Workspace &workspace, Sink &sink) const;
};

namespace {

Result<void> refuseUnknownKeys(const JsonNode &document)
{
    // truncation and padding are settings of a call: transformers sets them anew for each, and so they are not applied.
    constexpr std::string_view kKnown[] = {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
                                           "post_processor", "decoder", "model"};
    for (const auto &[key, value] : document.value().items()) {
        if (std::ranges::find(kKnown, key) == std::end(kKnown))
            return document.at(key.c_str(), value).unsupported("the key is not known");
    }
    return {};
}

} // namespace

Result<void> Tokenizer::Data::read(const JsonNode &document)
{
    if (!document.value().is_object())
        return document.corrupt("expected an object");
    LETHE_TRY_VOID(refuseUnknownKeys(document));
    LETHE_TRY(const JsonNode modelNode, document.member("model"));
    LETHE_TRY(model, TokenModel::read(modelNode));
    if (document.has("normalizer")) {
        LETHE_TRY(const JsonNode node, document.member("normalizer"));
        LETHE_TRY(normalizer, Normalizer::read(node));
    }
    if (document.has("pre_tokenizer")) {
        LETHE_TRY(const JsonNode node, document.member("pre_tokenizer"));
        LETHE_TRY(preTokenizer, PreTokenizer::read(node));
        if (preTokenizer->endsInBytes() && model->takeRawBytes())
            preTokenizer->keepRawBytes();
        asksForOrigins = preTokenizer->asksForOrigins(normalizer != nullptr);
    }
    if (document.has("post_processor")) {
        LETHE_TRY(const JsonNode node, document.member("post_processor"));
        LETHE_TRY(postProcessor, PostProcessor::read(node));
    }
    if (document.has("decoder")) {
        LETHE_TRY(const JsonNode node, document.member("decoder"));
        LETHE_TRY(decoder, TokenDecoder::read(node));
    }
    if (document.has("added_tokens")) {
        LETHE_TRY(const JsonNode node, document.member("added_tokens"));
        LETHE_TRY_VOID(added.read(node, model->vocabulary(), normalizer.get()));
    }
    return {};
}

void Tokenizer::Data::take(const TokenizerFolder &folder)
{
    bosId = idOf(folder.bos);
    eosId = idOf(folder.eos);
    padId = idOf(folder.pad);
    namedTokens = folder.namedTokens;
    chatTemplate = folder.chatTemplate;
    // A token that only an id tells of is named by its spelling.
    for (const auto &[key, id] : {std::pair("bos_token", bosId), std::pair("eos_token", eosId), std::pair("pad_token", padId)}) {
        if (id && std::ranges::find(namedTokens, key, &std::pair<std::string, std::string>::first) == namedTokens.end())
            namedTokens.emplace_back(key, tokenOf(*id).value_or(""));
    }
}

std::optional<TokenId> Tokenizer::Data::idOf(const TokenizerFolder::Named &named) const
{
    if (!named.token)
        return named.id;
    if (const AddedToken *token = added.byContent(*named.token))
        return token->id;
    const TokenId id = model->vocabulary().idOf(*named.token);
    return id >= 0 ? std::optional(id) : std::nullopt;
}

std::optional<std::string_view> Tokenizer::Data::tokenOf(TokenId id) const
{
    if (const AddedToken *token = added.byId(id))
        return token->spelling;
    return model->vocabulary().tokenOf(id);
}

template<typename Sink>
void Tokenizer::Data::walk(std::string_view text, bool tracksOrigins, Workspace &workspace, Sink &sink) const
{
    workspace.parts.clear();
    added.split(text, false, workspace.parts);
    for (const TextPart &part : workspace.parts) {
        if (part.id >= 0) {
            sink.token(part.id, {part.span.begin, part.span.end});
            continue;
        }
        workspace.section.assign(text.substr(part.span.begin, part.span.end - part.span.begin), part.span.begin,
                                 tracksOrigins || asksForOrigins);
        if (normalizer)
            normalizer->apply(workspace.section);
        walkSection(workspace, sink);
    }
}

template<typename Sink>
void Tokenizer::Data::walkSection(Workspace &workspace, Sink &sink) const
{
    workspace.innerParts.clear();
    added.split(workspace.section.view(), true, workspace.innerParts);
    for (const TextPart &part : workspace.innerParts) {
        if (part.id >= 0) {
            sink.token(part.id, workspace.section.originOf(part.span.begin, part.span.end));
            continue;
        }
        if (workspace.innerParts.size() == 1)
            std::swap(workspace.pieces.text, workspace.section);
        else
            workspace.pieces.text.assign(workspace.section, part.span.begin, part.span.end);
        walkWords(workspace, sink);
    }
}

template<typename Sink>
void Tokenizer::Data::walkWords(Workspace &workspace, Sink &sink) const
{
    Pieces &pieces = workspace.pieces;
    pieces.spans.assign(1, Span{0, pieces.text.size()});
    if (preTokenizer)
        preTokenizer->apply(pieces);
    for (const Span &span : pieces.spans)
        sink.word(pieces.text, span);
}

Tokenizer::Tokenizer(std::unique_ptr<const Data> data) : m_data(std::move(data)) {}
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::load(const std::filesystem::path &named)
{
    LETHE_TRY(const std::optional<PairManifest> pair, readPairManifest(named));
    std::filesystem::path folder = pair ? pair->target : named;
    std::filesystem::path configFolder = folder;
    if (isAdapterFolder(folder)) { // an adapter may leave tokenizer and config to its base
        const auto parts = resolveModelFolder(folder);
        if (parts.ok()) {
            folder = parts->tokenizer;
            configFolder = parts->base;
        }
    }
    LETHE_TRY(const TokenizerSource source, TokenizerSource::read(folder));
    auto data = std::make_unique<Data>();
    LETHE_TRY_VOID(data->read(JsonNode(source.document, source.file)));
    LETHE_TRY(TokenizerFolder beside, TokenizerFolder::read(folder, configFolder));
    for (const auto &[said, own] : {std::pair(&beside.bos, &source.bos), std::pair(&beside.eos, &source.eos)})
        if (!said->token && !said->id && !own->empty())
            said->token = *own;
    data->take(beside);
    return Tokenizer(std::move(data));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool addSpecial) const
{
    struct Sink {
        const TokenModel &model;
        WordCache &cache;
        std::vector<TokenId> ids;
        void token(TokenId id, Origin) { ids.push_back(id); }
        void word(const AlignedText &source, const Span &span)
        {
            model.encode(source.view().substr(span.begin, span.end - span.begin), cache, ids);
        }
    };
    if (!utf8::isValid(text))
        return encode(utf8::lossy(text), addSpecial);
    TakenWorkspace workspace(m_data->workspaces);
    Sink sink{*m_data->model, (*workspace).cache, {}};
    const PostProcessor &around = m_data->postProcessor;
    if (addSpecial)
        sink.ids = around.before;
    m_data->walk(text, false, *workspace, sink);
    if (addSpecial)
        sink.ids.insert(sink.ids.end(), around.behind.begin(), around.behind.end());
    return std::move(sink.ids);
}

std::vector<TokenPiece> Tokenizer::encodePieces(std::string_view text, bool addSpecial) const
{
    struct Sink {
        const Data &data;
        std::vector<WordToken> &tokens;
        std::vector<TokenPiece> pieces;
        void token(TokenId id, Origin origin)
        {
            pieces.push_back({id, std::string(data.tokenOf(id).value_or("")), origin.begin, origin.end});
        }
        void word(const AlignedText &source, const Span &span)
        {
            tokens.clear();
            data.model->encodeWithPlaces(source.view().substr(span.begin, span.end - span.begin), tokens);
            for (const WordToken &token_ : tokens)
                token(token_.id, source.originOf(span.begin + token_.begin, span.begin + token_.end));
        }
    };
    std::vector<std::size_t> origins; // of the bytes of `clean`, where the text had to be made valid
    std::string clean;
    std::string_view valid = text;
    if (!utf8::isValid(text))
        valid = clean = utf8::lossy(text, &origins);
    TakenWorkspace workspace(m_data->workspaces);
    Sink sink{*m_data, (*workspace).tokens, {}};
    const auto addAround = [&](const std::vector<TokenId> &ids, std::size_t at) {
        for (const TokenId id : ids)
            sink.token(id, {at, at});
    };
    if (addSpecial)
        addAround(m_data->postProcessor.before, 0);
    m_data->walk(valid, true, *workspace, sink);
    if (addSpecial)
        addAround(m_data->postProcessor.behind, valid.size());
    for (TokenPiece &piece : sink.pieces) {
        if (!origins.empty()) {
            piece.begin = origins[piece.begin];
            piece.end = origins[piece.end];
        }
    }
    return std::move(sink.pieces);
}

std::string Tokenizer::decode(const std::vector<TokenId> &ids, bool skipSpecial) const
{
    std::vector<std::string> tokens;
    tokens.reserve(ids.size());
    for (const TokenId id : ids) {
        const auto token = m_data->tokenOf(id);
        if (token && !(skipSpecial && m_data->added.isSpecial(*token)))
            tokens.emplace_back(*token);
    }
    if (m_data->decoder)
        m_data->decoder->apply(tokens);
    std::string text;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!m_data->decoder && i > 0)
            text += ' '; // a file without a decoder leaves words apart
        text += tokens[i];
    }
    return text;
}

bool Tokenizer::isUnsettledAfter(TokenId last) const
{
    if (!m_data->decoder)
        return false;
    const TokenDecoder::Unsettled unsettled = m_data->decoder->unsettled();
    if (unsettled == TokenDecoder::Unsettled::Everything)
        return true;
    const auto token = m_data->tokenOf(last);
    return unsettled == TokenDecoder::Unsettled::ByteRun && token && TokenDecoder::byteOf(*token).has_value();
}

std::int64_t Tokenizer::vocabularySize() const
{
    auto size = static_cast<std::int64_t>(m_data->model->vocabulary().size());
    for (const AddedToken &token : m_data->added.tokens())
        size += m_data->model->vocabulary().idOf(token.content) < 0 ? 1 : 0;
    return size;
}

std::optional<std::string> Tokenizer::tokenOf(TokenId id) const
{
    const auto token = m_data->tokenOf(id);
    return token ? std::optional(std::string(*token)) : std::nullopt;
}

std::optional<TokenId> Tokenizer::idOf(std::string_view token) const
{
    return m_data->idOf({std::string(token), std::nullopt});
}

bool Tokenizer::isSpecial(TokenId id) const
{
    const auto token = m_data->tokenOf(id);
    return token && m_data->added.isSpecial(*token);
}

std::optional<TokenId> Tokenizer::bosId() const
{
    return m_data->bosId;
}

std::optional<TokenId> Tokenizer::eosId() const
{
    return m_data->eosId;
}

std::optional<TokenId> Tokenizer::padId() const
{
    return m_data->padId;
}

std::vector<std::pair<std::string, std::string>> Tokenizer::namedTokens() const
{
    return m_data->namedTokens;
}

std::string_view Tokenizer::type() const
{
    return m_data->model->type();
}

std::optional<std::string> Tokenizer::chatTemplate() const
{
    return m_data->chatTemplate;
}

} // namespace lethe
