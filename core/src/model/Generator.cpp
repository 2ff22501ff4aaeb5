#include "model/Generator.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>

namespace lethe {

namespace {

/// Key-value bytes that one batch may take.
constexpr std::int64_t kCacheBytes = std::int64_t{1} << 30;
constexpr std::int64_t kLargestBatch = 64;

/// One draw from logits as transformers' warpers leave them: temperature, then top-k, then top-p.
TokenId sample(const float *logits, std::int64_t vocabulary, const GenerationOptions &options, std::mt19937_64 &random)
{
    std::vector<std::pair<double, TokenId>> ranked;
    ranked.reserve(static_cast<std::size_t>(vocabulary));
    for (std::int64_t id = 0; id < vocabulary; ++id)
        ranked.emplace_back(static_cast<double>(logits[id]) / options.temperature, static_cast<TokenId>(id));
    std::ranges::stable_sort(ranked, [](const auto &a, const auto &b) { return a.first > b.first; });
    if (options.topK > 0 && options.topK < vocabulary)
        ranked.resize(static_cast<std::size_t>(options.topK));
    const double greatest = ranked.front().first;
    double total = 0;
    for (auto &entry : ranked)
        total += entry.first = std::exp(entry.first - greatest);
    if (options.topP < 1) {
        double reached = 0;
        std::size_t keep = 0;
        while (keep < ranked.size() && (keep == 0 || reached < options.topP * total))
            reached += ranked[keep++].first;
        ranked.resize(keep);
        total = reached;
    }
    double point = std::uniform_real_distribution<double>(0, total)(random);
    for (const auto &entry : ranked) {
        point -= entry.first;
        if (point < 0)
            return entry.second;
    }
    return ranked.back().second;
}

/// One batch of prompts on its way.
class GenerationBatch
{
public:
    GenerationBatch(Decoder &model, const std::vector<std::vector<TokenId>> &prompts, std::vector<std::size_t> members,
                    const GenerationOptions &options, std::vector<GeneratedIds> &results, const LogitAssistant &assistant)
        : m_model(model), m_prompts(prompts), m_members(std::move(members)), m_options(options), m_results(results), m_assistant(assistant)
    {
        for (const std::size_t member : m_members)
            m_random.emplace_back(options.seed * 0x9e3779b97f4a7c15ull + member + 1);
    }

    /// False where \p onToken stopped it.
    bool run(const std::function<bool(std::size_t, TokenId)> &onToken)
    {
        Stream target = begin(m_model);
        std::optional<Stream> assistant;
        if (m_assistant.model != nullptr)
            assistant.emplace(begin(*m_assistant.model));
        for (std::int64_t made = 0; made < m_options.maxNewTokens; ++made) {
            at::Tensor logits_BV = m_model.logits(target.hidden_BD);
            if (assistant)
                logits_BV = pairLogits(logits_BV, m_assistant.model->logits(assistant->hidden_BD).to(logits_BV.device()), m_assistant.options,
                                       PairUse::Choosing);
            if (m_model.config().repetitionPenalty != 1)
                penalizeRepetition(logits_BV);
            const std::vector<TokenId> chosen = choose(logits_BV);
            std::vector<std::int64_t> going;
            for (std::size_t i = 0; i < m_members.size(); ++i) {
                GeneratedIds &result = m_results[m_members[i]];
                result.ids.push_back(chosen[i]);
                if (onToken && !onToken(m_members[i], chosen[i]))
                    return false;
                const auto &eos = m_model.config().eosIds;
                result.stoppedAtEos = m_options.stopAtEos && std::ranges::find(eos, chosen[i]) != eos.end();
                if (!result.stoppedAtEos)
                    going.push_back(static_cast<std::int64_t>(i));
            }
            if (going.empty() || made + 1 == m_options.maxNewTokens)
                return true;
            keepOnly(going, target.cache, assistant ? &assistant->cache : nullptr);
            std::vector<std::int64_t> ids;
            for (const std::int64_t i : going)
                ids.push_back(chosen[static_cast<std::size_t>(i)]);
            const at::Tensor ids_B = at::tensor(ids, at::kLong);
            advance(m_model, target, ids_B);
            if (assistant)
                advance(*m_assistant.model, *assistant, ids_B);
        }
        return true;
    }

private:
    /// Where one of the models stands: its cache, and the last position of every text.
    struct Stream {
        KvCache cache;
        at::Tensor hidden_BD;
    };

    /// Reads every text as far as it goes.
    Stream begin(Decoder &model) const
    {
        std::vector<std::vector<TokenId>> texts;
        std::vector<PackedSample> samples;
        std::int64_t most = 0;
        for (const std::size_t member : m_members) {
            std::vector<TokenId> &text = texts.emplace_back(m_prompts[member]);
            most = std::max(most, static_cast<std::int64_t>(text.size()) + m_options.maxNewTokens);
            text.insert(text.end(), m_results[member].ids.begin(), m_results[member].ids.end());
        }
        for (const std::vector<TokenId> &text : texts)
            samples.push_back({.ids = text.data(), .length = static_cast<std::int64_t>(text.size()), .labelStart = static_cast<std::int64_t>(text.size())});
        KvCache cache = model.makeCache(static_cast<std::int64_t>(m_members.size()), most);
        at::Tensor hidden_BD = model.prefill(packBatch(samples, model.device()), cache);
        return Stream{std::move(cache), std::move(hidden_BD)};
    }

    /// Adds one token to every text. Keys of a text that outgrows its first context here may all have to be turned anew.
    void advance(Decoder &model, Stream &stream, const at::Tensor &ids_B) const
    {
        const RopeConfig &rope = model.config().rope;
        if (rope.turnsWithLength && std::ranges::find(stream.cache.lengths, rope.originalContext) != stream.cache.lengths.end())
            stream = begin(model);
        else
            stream.hidden_BD = model.decode(ids_B.to(model.device()), stream.cache);
    }

    /// Logits of tokens that the text holds already, prompt included: divided by the penalty above 0, multiplied below.
    void penalizeRepetition(at::Tensor &logits_BV) const
    {
        const double penalty = m_model.config().repetitionPenalty;
        for (std::size_t i = 0; i < m_members.size(); ++i) {
            const std::vector<TokenId> &prompt = m_prompts[m_members[i]], &made = m_results[m_members[i]].ids;
            std::vector<std::int64_t> held(prompt.begin(), prompt.end());
            held.insert(held.end(), made.begin(), made.end());
            at::Tensor row_V = logits_BV.select(0, static_cast<std::int64_t>(i));
            const at::Tensor index = at::tensor(held, at::kLong).to(row_V.device());
            const at::Tensor before = row_V.gather(0, index);
            row_V.scatter_(0, index, at::where(before < 0, before * penalty, before / penalty));
        }
    }

    std::vector<TokenId> choose(const at::Tensor &logits_BV)
    {
        std::vector<TokenId> ids;
        if (m_options.temperature <= 0) {
            const at::Tensor best = logits_BV.argmax(1).to(at::kCPU);
            for (std::int64_t i = 0; i < best.size(0); ++i)
                ids.push_back(static_cast<TokenId>(best.const_data_ptr<std::int64_t>()[i]));
            return ids;
        }
        const at::Tensor host = logits_BV.to(at::kCPU).contiguous();
        const std::int64_t vocabulary = host.size(1);
        for (std::int64_t i = 0; i < host.size(0); ++i)
            ids.push_back(sample(host.const_data_ptr<float>() + i * vocabulary, vocabulary, m_options, m_random[static_cast<std::size_t>(i)]));
        return ids;
    }

    static void keepOnly(const std::vector<std::int64_t> &going, KvCache &cache, const c10::Device &device)
    {
        const at::Tensor index = at::tensor(going, at::kLong).to(device);
        for (at::Tensor &keys : cache.keys)
            keys = keys.index_select(0, index);
        for (at::Tensor &values : cache.values)
            values = values.index_select(0, index);
        std::vector<std::int64_t> lengths;
        for (const std::int64_t i : going)
            lengths.push_back(cache.lengths[static_cast<std::size_t>(i)]);
        cache.lengths = std::move(lengths);
    }

    /// Texts that are done leave the batch, so that nothing more is computed for them.
    void keepOnly(const std::vector<std::int64_t> &going, KvCache &cache, KvCache *assistantCache)
    {
        if (going.size() == m_members.size())
            return;
        keepOnly(going, cache, m_model.device());
        if (assistantCache != nullptr)
            keepOnly(going, *assistantCache, m_assistant.model->device());
        std::vector<std::size_t> members;
        std::vector<std::mt19937_64> random;
        for (const std::int64_t i : going) {
            members.push_back(m_members[static_cast<std::size_t>(i)]);
            random.push_back(m_random[static_cast<std::size_t>(i)]);
        }
        m_members = std::move(members);
        m_random = std::move(random);
    }

    Decoder &m_model;
    const std::vector<std::vector<TokenId>> &m_prompts;
    std::vector<std::size_t> m_members; ///< indices into the prompts, of the texts still going
    const GenerationOptions &m_options;
    std::vector<GeneratedIds> &m_results;
    LogitAssistant m_assistant;
    std::vector<std::mt19937_64> m_random;
};

} // namespace

Result<void> checkPrompt(const Decoder &model, const std::vector<TokenId> &prompt, std::int64_t maxNewTokens)
{
    if (prompt.empty())
        return Error{.code = ErrorCode::InvalidInput, .what = "a prompt has no token: generation needs one to start from", .where = "prompt", .hint = {}};
    const DecoderConfig &config = model.config();
    for (const TokenId id : prompt)
        if (id < 0 || id >= config.vocabulary)
            return Error{.code = ErrorCode::InvalidInput, .what = "id " + std::to_string(id) + " is outside the model's vocabulary of "
                         + std::to_string(config.vocabulary), .where = "prompt", .hint = {}};
    const std::int64_t reach = static_cast<std::int64_t>(prompt.size()) + maxNewTokens;
    if (!config.names.positions.empty() && reach > config.context)
        return Error{.code = ErrorCode::InvalidInput, .what = "prompt and new tokens reach " + std::to_string(reach) + " positions, the model has "
                     + std::to_string(config.context), .where = "prompt", .hint = "Shorten the prompt or lower the number of new tokens"};
    return {};
}

std::vector<GeneratedIds> generateIds(Decoder &model, const std::vector<std::vector<TokenId>> &prompts, const GenerationOptions &options,
                                      const std::function<bool(std::size_t, TokenId)> &onToken, const LogitAssistant &assistant)
{
    const c10::InferenceMode inference;
    const LogitAssistant joined = assistant.model != nullptr ? assistant : LogitAssistant{.model = model.assistant(), .options = model.pairOptions()};
    std::vector<GeneratedIds> results(prompts.size());
    if (options.maxNewTokens <= 0)
        return results;
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return prompts[a].size() > prompts[b].size(); });

    const DecoderConfig &config = model.config();
    const std::int64_t bytesPerToken = 2 * config.layers * config.kvHeads * config.headDim * 4;
    for (std::size_t begin = 0; begin < order.size();) {
        const std::int64_t length = static_cast<std::int64_t>(prompts[order[begin]].size()) + options.maxNewTokens;
        // Frequencies that depend on the longest text of a batch would make one answer depend on another's.
        const bool alone = (config.rope.kind == RopeKind::Dynamic || config.rope.kind == RopeKind::LongRope) && length > config.rope.originalContext;
        const auto batch = alone ? 1 : static_cast<std::size_t>(std::clamp<std::int64_t>(kCacheBytes / (bytesPerToken * length), 1, kLargestBatch));
        const std::size_t end = std::min(order.size(), begin + batch);
        GenerationBatch group(model, prompts, {order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end)},
                              options, results, joined);
        if (!group.run(onToken))
            break;
        begin = end;
    }
    return results;
}

} // namespace lethe
