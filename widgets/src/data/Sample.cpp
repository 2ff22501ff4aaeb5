#include "Sample.h"

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <atomic>

namespace lethe {

namespace {

quint64 nextKey()
{
    static std::atomic<quint64> last{0};
    return ++last;
}

QString trSample(const char *text)
{
    return QCoreApplication::translate("Sample", text);
}

} // namespace

std::string foldText(std::string_view text)
{
    const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii)
        return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).simplified().toCaseFolded().toStdString();
    std::string folded;
    folded.reserve(text.size());
    for (const char c : text) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!space)
            folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        else if (!folded.empty() && folded.back() != ' ')
            folded.push_back(' ');
    }
    if (!folded.empty() && folded.back() == ' ')
        folded.pop_back();
    return folded;
}

SamplePointer makeSample(DataRow row)
{
    auto sample = std::make_shared<Sample>();
    sample->key = nextKey();
    sample->folded = foldText(row.prompt) + '\x1f' + foldText(row.answer);
    sample->row = std::move(row);
    return sample;
}

SampleList makeSamples(const std::vector<DataRow> &rows)
{
    SampleList samples;
    samples.reserve(rows.size());
    for (const DataRow &row : rows)
        samples.push_back(makeSample(row));
    return samples;
}

QString flagWord(SampleFlag flag)
{
    switch (flag) {
    case SampleFlag::Both: return QStringLiteral("both");
    case SampleFlag::Duplicate: return QStringLiteral("double");
    case SampleFlag::Empty: return QStringLiteral("empty");
    case SampleFlag::Cut: return QStringLiteral("cut");
    case SampleFlag::NoLabel: return QStringLiteral("untrained");
    case SampleFlag::Unknown: return QStringLiteral("unknown");
    case SampleFlag::Boundary: return QStringLiteral("border");
    case SampleFlag::Near: return QStringLiteral("near");
    case SampleFlag::Leak: return QStringLiteral("leak");
    }
    return {};
}

QString flagSign(SampleFlag flag)
{
    switch (flag) {
    case SampleFlag::Both: return QStringLiteral("∩");
    case SampleFlag::Duplicate: return QStringLiteral("≡");
    case SampleFlag::Empty: return QStringLiteral("∅");
    case SampleFlag::Cut: return QStringLiteral("✂");
    case SampleFlag::NoLabel: return QStringLiteral("⊘");
    case SampleFlag::Unknown: return QStringLiteral("�");
    case SampleFlag::Boundary: return QStringLiteral("↔");
    case SampleFlag::Near: return QStringLiteral("≈");
    case SampleFlag::Leak: return QStringLiteral("↯");
    }
    return {};
}

QString flagExplanation(SampleFlag flag)
{
    switch (flag) {
    case SampleFlag::Both: return trSample("The same row, apart from white space and case, is in both sets.");
    case SampleFlag::Duplicate: return trSample("The same row stands earlier in this set.");
    case SampleFlag::Empty: return trSample("The prompt or the answer is empty.");
    case SampleFlag::Cut: return trSample("The row is longer than the length: its end is cut off and it has no end-of-text token.");
    case SampleFlag::NoLabel: return trSample("The prompt alone fills the length: nothing of the answer would be trained.");
    case SampleFlag::Unknown: return trSample("The row holds replacement characters (U+FFFD): its file was read in the wrong encoding.");
    case SampleFlag::Near: return trSample("A row of the other set says nearly the same: it would be forgotten and kept at once.");
    case SampleFlag::Leak: return trSample("A row of the other set tells this row's answer, or this row tells that one's.");
    case SampleFlag::Boundary: return trSample("A token spans the border of prompt and answer; the first answer token is not trained on its own.");
    }
    return {};
}

} // namespace lethe
