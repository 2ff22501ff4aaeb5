#include "SampleAnalysis.h"

#include <lethe/data/Curation.h>

#include <widgets/TaskList.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtCore/QThreadPool>

#include <atomic>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace lethe {

namespace {

/// Fewer rows than this are counted without an entry in the activity list: done before it could be read.
constexpr std::size_t kWorthATask = 500;
/// Some seconds of comparing.
constexpr std::int64_t kMostPairs = 4'000'000;

bool isBlank(std::string_view folded)
{
    return folded.empty();
}

QHash<quint64, unsigned> textFlags(const SampleList &forget, const SampleList &retain)
{
    QHash<quint64, unsigned> flags;
    const auto mark = [&flags](const Sample &sample, SampleFlag flag) { flags[sample.key] |= static_cast<unsigned>(flag); };
    std::unordered_set<std::string_view> inForget, inRetain;
    inForget.reserve(forget.size());
    inRetain.reserve(retain.size());
    const auto ownFlags = [&mark](const SampleList &rows, std::unordered_set<std::string_view> &seen) {
        for (const SamplePointer &sample : rows) {
            const std::string_view folded = sample->folded;
            const std::size_t border = folded.find('\x1f');
            const bool blank = (isBlank(folded.substr(0, border)) && !sample->row.isDocument) || isBlank(folded.substr(border + 1));
            if (blank)
                mark(*sample, SampleFlag::Empty);
            else if (!seen.insert(folded).second)
                mark(*sample, SampleFlag::Duplicate);
            if (folded.find("\xEF\xBF\xBD") != std::string_view::npos)
                mark(*sample, SampleFlag::Unknown);
        }
    };
    ownFlags(forget, inForget);
    ownFlags(retain, inRetain);
    for (const SamplePointer &sample : forget)
        if (inRetain.contains(sample->folded))
            mark(*sample, SampleFlag::Both);
    for (const SamplePointer &sample : retain)
        if (inForget.contains(sample->folded))
            mark(*sample, SampleFlag::Both);
    return flags;
}

/// What only looking at pairs of rows tells. \p stop ends it.
struct PairFlags {
    QHash<quint64, unsigned> flags;
    std::int64_t lookedAt = 0;
};
PairFlags pairFlags(const SampleList &forget, const SampleList &retain, const std::atomic<bool> &stop)
{
    const auto rowsOf = [](const SampleList &samples) {
        std::vector<const DataRow *> rows;
        rows.reserve(samples.size());
        for (const SamplePointer &sample : samples)
            rows.push_back(&sample->row);
        return rows;
    };
    const SetOverlap overlap = findOverlap(rowsOf(forget), rowsOf(retain), {.mostPairs = kMostPairs}, [&stop](std::size_t, std::size_t) { return !stop.load(); });
    QHash<quint64, unsigned> flags;
    const auto mark = [&](std::int64_t own, std::int64_t other, SampleFlag flag) {
        const Sample &one = *forget[static_cast<std::size_t>(own)], &two = *retain[static_cast<std::size_t>(other)];
        if (one.folded == two.folded)
            return; // that is said already
        flags[one.key] |= static_cast<unsigned>(flag);
        flags[two.key] |= static_cast<unsigned>(flag);
    };
    for (const NearDuplicate &pair : overlap.nearDuplicates)
        mark(pair.forget, pair.retain, SampleFlag::Near);
    for (const AnswerLeak &leak : overlap.leaks)
        mark(leak.forget, leak.retain, SampleFlag::Leak);
    return {.flags = std::move(flags), .lookedAt = overlap.lookedAt};
}

unsigned tokenFlags(const TokenFacts &facts)
{
    if (facts.tokens < 0)
        return 0;
    unsigned flags = 0;
    if (facts.labels == 0)
        flags |= static_cast<unsigned>(SampleFlag::NoLabel);
    if (facts.dropped > 0)
        flags |= static_cast<unsigned>(SampleFlag::Cut);
    if (facts.boundaryMismatch)
        flags |= static_cast<unsigned>(SampleFlag::Boundary);
    return flags;
}

TokenFacts factsOf(const SampleEncoder &encoder, const Sample &sample)
{
    TokenFacts facts{.tokens = 0};
    const auto encoded = encoder.encode(sample.row, 0);
    if (!encoded.ok())
        return facts;
    for (const EncodedSample &part : *encoded) {
        facts.tokens += static_cast<std::int64_t>(part.ids.size());
        facts.labels += part.labelCount();
        facts.dropped += part.droppedTokens;
        facts.boundaryMismatch = facts.boundaryMismatch || part.boundaryMismatch;
    }
    return facts;
}

} // namespace

SampleAnalysis::SampleAnalysis(TaskList &tasks, QObject *parent) : QObject(parent), m_tasks(tasks)
{
    m_start.setSingleShot(true);
    m_start.setInterval(30);
    connect(&m_start, &QTimer::timeout, this, [this] {
        findFlags();
        countTokens();
    });
    m_announce.setSingleShot(true);
    m_announce.setInterval(60);
    connect(&m_announce, &QTimer::timeout, this, [this] {
        recount();
        Q_EMIT factsChanged();
    });
}

SampleAnalysis::~SampleAnalysis()
{
    for (const auto &stop : {m_stopCounting, m_stopFlags})
        if (stop)
            stop->store(true);
}

void SampleAnalysis::setEncoding(std::shared_ptr<const Tokenizer> tokenizer, const TemplateSpec &textTemplate, std::int64_t maxLength)
{
    if (tokenizer == m_tokenizer && textTemplate == m_template && maxLength == m_maxLength)
        return;
    m_tokenizer = std::move(tokenizer);
    m_template = textTemplate;
    m_maxLength = maxLength;
    m_problem.reset();
    if (m_tokenizer)
        if (const auto encoder = SampleEncoder::create(*m_tokenizer, m_template, std::max<std::int64_t>(1, m_maxLength)); !encoder.ok())
            m_problem = encoder.error();
    ++m_encodingGeneration;
    m_tokens.clear();
    recount();
    Q_EMIT factsChanged();
    m_start.start();
}

void SampleAnalysis::setRows(SampleList forget, SampleList retain)
{
    m_rows = {std::move(forget), std::move(retain)};
    ++m_rowsGeneration;
    m_announce.start();
    m_start.start();
}

void SampleAnalysis::setSurvey(QHash<quint64, SurveyedRow> survey)
{
    m_survey = std::move(survey);
    Q_EMIT factsChanged();
}

unsigned SampleAnalysis::flags(quint64 key) const
{
    return m_textFlags.value(key) | tokenFlags(m_tokens.value(key));
}

void SampleAnalysis::findFlags()
{
    if (m_stopFlags)
        m_stopFlags->store(true);
    m_stopFlags = std::make_shared<std::atomic<bool>>(false);
    QThreadPool::globalInstance()->start([self = QPointer(this), forget = m_rows[0], retain = m_rows[1], stop = m_stopFlags, generation = m_rowsGeneration] {
        // The pointer is only looked into on the GUI thread.
        const auto hand = [&self, generation](const QHash<quint64, unsigned> &flags, std::int64_t compared) {
            QMetaObject::invokeMethod(qApp, [self, flags, compared, generation] {
                if (!self || self->m_rowsGeneration != generation)
                    return;
                self->m_textFlags = flags;
                self->m_rowsCompared = compared;
                self->m_announce.start();
            });
        };
        QHash<quint64, unsigned> flags = textFlags(forget, retain);
        hand(flags, -1); // what takes no time first
        if (stop->load())
            return; // another edit has come
        const PairFlags pairs = pairFlags(forget, retain, *stop);
        if (stop->load())
            return;
        for (auto pair = pairs.flags.cbegin(); pair != pairs.flags.cend(); ++pair)
            flags[pair.key()] |= pair.value();
        hand(flags, pairs.lookedAt);
    });
}

void SampleAnalysis::countTokens()
{
    if (m_stopCounting)
        m_stopCounting->store(true);
    m_counting = false;
    if (!m_tokenizer || m_problem)
        return;
    SampleList missing;
    for (const SampleList &rows : m_rows)
        for (const SamplePointer &sample : rows)
            if (!m_tokens.contains(sample->key))
                missing.push_back(sample);
    if (missing.empty())
        return;
    m_counting = true;
    m_stopCounting = std::make_shared<std::atomic<bool>>(false);

    const auto total = missing.size();
    auto work = [self = QPointer(this), missing = std::move(missing), tokenizer = m_tokenizer, textTemplate = m_template,
                 length = m_maxLength, generation = m_encodingGeneration,
                 stop = m_stopCounting](const std::function<bool(std::size_t)> &progress) {
        const auto encoder = SampleEncoder::create(*tokenizer, textTemplate, std::max<std::int64_t>(1, length));
        if (!encoder.ok())
            return;
        auto chunk = std::make_shared<Counted>();
        const auto hand = [&self, &chunk, generation](bool last) {
            QMetaObject::invokeMethod(qApp, [self, chunk, generation, last] {
                if (!self || self->m_encodingGeneration != generation)
                    return;
                self->take(generation, *chunk);
                if (last)
                    self->m_counting = false;
            });
            chunk = std::make_shared<Counted>();
        };
        for (std::size_t index = 0; index < missing.size() && !stop->load(); ++index) {
            chunk->emplace_back(missing[index]->key, factsOf(*encoder, *missing[index]));
            if (chunk->size() >= 1000) {
                hand(false);
                if (!progress(index + 1))
                    break;
            }
        }
        hand(true);
    };

    if (total < kWorthATask) {
        QThreadPool::globalInstance()->start([work = std::move(work)] { work([](std::size_t) { return true; }); });
        return;
    }
    m_tasks.start(
        tr("Count tokens of %Ln rows", nullptr, static_cast<int>(total)), this,
        [work = std::move(work), total, stop = m_stopCounting](TaskHandle &handle) {
            work([&handle, total](std::size_t done) {
                handle.report(tr("Encoding rows"), static_cast<double>(done), static_cast<double>(total));
                return !handle.isCancelled();
            });
            return handle.isCancelled() || stop->load() ? tr("stopped") : tr("done");
        },
        [] {});
}

void SampleAnalysis::take(quint64, const Counted &counted)
{
    for (const auto &[key, facts] : counted)
        m_tokens.insert(key, facts);
    if (!m_announce.isActive())
        m_announce.start();
}

void SampleAnalysis::recount()
{
    for (const SetSide side : {SetSide::Forget, SetSide::Retain}) {
        SetCounts counts;
        for (const SamplePointer &sample : rows(side)) {
            ++counts.rows;
            const auto found = m_tokens.constFind(sample->key);
            unsigned flags = m_textFlags.value(sample->key);
            if (found != m_tokens.cend()) {
                ++counts.counted;
                counts.tokens += found->tokens;
                counts.labels += found->labels;
                counts.dropped += found->dropped;
                counts.cut += found->dropped > 0;
                counts.withoutLabels += found->labels == 0;
                flags |= tokenFlags(*found);
            }
            if (flags != 0)
                for (std::size_t flag = 0; flag < counts.flagged.size(); ++flag)
                    counts.flagged[flag] += has(flags, kSampleFlags[flag]);
        }
        m_counts[static_cast<std::size_t>(side)] = counts;
    }
}

std::vector<std::int64_t> SampleAnalysis::lengths(SetSide side) const
{
    std::vector<std::int64_t> found;
    for (const SamplePointer &sample : rows(side))
        if (const auto facts = m_tokens.constFind(sample->key); facts != m_tokens.cend())
            found.push_back(facts->tokens + facts->dropped);
    return found;
}

} // namespace lethe
