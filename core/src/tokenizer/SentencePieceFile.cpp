#include "SentencePieceFile.h"

#include "JsonNode.h"

#include <QtCore/QByteArray>

#include <sentencepiece_processor.h>

#include <bit>
#include <cstring>
#include <functional>
#include <optional>

namespace lethe {

namespace {

/// Walks one message of the protocol buffers' wire format, of which it trusts nothing: it runs before the library has read the file.
class WireReader
{
public:
    explicit WireReader(std::string_view bytes) : m_bytes(bytes) {}

    struct Field {
        std::uint64_t number = 0;
        std::uint64_t value = 0;  ///< of a number, 32 bits of a float among them
        std::string_view bytes;   ///< of a text or a message
    };

    /// False at the end, and where what follows is no field: then it is broken.
    bool next(Field &field)
    {
        if (m_bytes.empty())
            return false;
        m_broken = !take(field);
        return !m_broken;
    }

    [[nodiscard]] bool broken() const { return m_broken; }

private:
    bool take(Field &field)
    {
        std::uint64_t tag = 0;
        if (!varint(tag))
            return false;
        field = {.number = tag >> 3, .value = 0, .bytes = {}};
        switch (tag & 7) {
        case 0: return varint(field.value);
        case 1: return fixed(8, field.value);
        case 5: return fixed(4, field.value);
        case 2: break;
        default: return false;
        }
        std::uint64_t length = 0;
        if (!varint(length) || length > m_bytes.size())
            return false;
        field.bytes = m_bytes.substr(0, length);
        m_bytes.remove_prefix(length);
        return true;
    }

    bool varint(std::uint64_t &value)
    {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !m_bytes.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(m_bytes.front());
            m_bytes.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80)
                return true;
        }
        return false;
    }

    bool fixed(std::size_t count, std::uint64_t &value)
    {
        if (m_bytes.size() < count)
            return false;
        std::memcpy(&value, m_bytes.data(), count); // little-endian, as every machine we run on
        m_bytes.remove_prefix(count);
        return true;
    }

    std::string_view m_bytes;
    bool m_broken = false;
};

// Numbers of fields in sentencepiece_model.proto.
namespace field {
constexpr std::uint64_t kPieces = 1, kTrainer = 2, kNormalizer = 3, kSelfTest = 4, kDenormalizer = 5;
constexpr std::uint64_t kPieceText = 1, kPieceKind = 3;
constexpr std::uint64_t kModelType = 3, kWhitespaceAsSuffix = 24, kByteFallback = 35;
constexpr std::uint64_t kCharsmap = 2, kDummyPrefix = 3, kRemoveExtraWhitespaces = 4, kEscapeWhitespaces = 5;
} // namespace field

/// What the library reads but does not tell of.
struct Untold {
    std::uint64_t modelType = 1;
    std::vector<std::uint64_t> kinds;
    std::optional<std::size_t> pieceWithZero; ///< the first piece whose text holds a zero byte
    bool broken = false;                      ///< a field that ends behind its message, or is of no kind of this format
    bool whitespaceAsSuffix = false, byteFallback = false;
    bool dummyPrefix = true, removeExtraWhitespaces = true, escapeWhitespaces = true;
    std::string charsmap;

    explicit Untold(std::string_view model)
    {
        const auto each = [this](std::string_view message, const std::function<void(const WireReader::Field &)> &take) {
            WireReader reader(message);
            for (WireReader::Field found; reader.next(found);)
                take(found);
            broken = broken || reader.broken();
        };
        const auto check = [&each](std::string_view message) { each(message, [](const WireReader::Field &) {}); };
        each(model, [&](const WireReader::Field &part) {
            if (part.number == field::kPieces) {
                kinds.push_back(1);
                each(part.bytes, [&](const WireReader::Field &of) {
                    if (of.number == field::kPieceKind)
                        kinds.back() = of.value;
                    else if (of.number == field::kPieceText && !pieceWithZero && of.bytes.find('\0') != std::string_view::npos)
                        pieceWithZero = kinds.size() - 1;
                });
            } else if (part.number == field::kTrainer) {
                each(part.bytes, [&](const WireReader::Field &of) {
                    if (of.number == field::kModelType)
                        modelType = of.value;
                    else if (of.number == field::kWhitespaceAsSuffix)
                        whitespaceAsSuffix = of.value != 0;
                    else if (of.number == field::kByteFallback)
                        byteFallback = of.value != 0;
                });
            } else if (part.number == field::kNormalizer) {
                each(part.bytes, [&](const WireReader::Field &of) {
                    if (of.number == field::kCharsmap)
                        charsmap = of.bytes;
                    else if (of.number == field::kDummyPrefix)
                        dummyPrefix = of.value != 0;
                    else if (of.number == field::kRemoveExtraWhitespaces)
                        removeExtraWhitespaces = of.value != 0;
                    else if (of.number == field::kEscapeWhitespaces)
                        escapeWhitespaces = of.value != 0;
                });
            } else if (part.number == field::kSelfTest) {
                each(part.bytes, [&](const WireReader::Field &sample) { check(sample.bytes); });
            } else if (part.number == field::kDenormalizer) {
                check(part.bytes);
            }
        });
    }
};

constexpr const char *kWayOut = "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) makes a tokenizer.json of it";

} // namespace

Result<SentencePieceFile> SentencePieceFile::read(const std::filesystem::path &file)
{
    LETHE_TRY(const std::string bytes, readFile(file));
    const auto unsupported = [&](const std::string &what) {
        return Error{.code = ErrorCode::Unsupported, .what = what, .where = file.string(), .hint = kWayOut};
    };
    const Untold untold(bytes);
    if (untold.broken) // the library would take the memory that a length asks for before it finds that the file is shorter
        return Error{.code = ErrorCode::Corrupt, .what = "is no SentencePiece model (it is cut off, or holds something else)", .where = file.string(),
                     .hint = "Copy the file again"};
    // The library's double array ends the program at such a text: it throws through code that was built without exceptions.
    if (untold.pieceWithZero)
        return Error{.code = ErrorCode::Corrupt, .what = "piece " + std::to_string(*untold.pieceWithZero) + " holds a zero byte", .where = file.string(),
                     .hint = "Copy the file again"};
    sentencepiece::SentencePieceProcessor library;
    if (const auto status = library.LoadFromSerializedProto(bytes); !status.ok())
        return Error{.code = ErrorCode::Corrupt, .what = "is no SentencePiece model (" + status.ToString() + ")", .where = file.string(),
                     .hint = "Copy the file again"};
    if (untold.modelType != 1 && untold.modelType != 2)
        return unsupported(std::string("is a ") + (untold.modelType == 3 ? "word" : untold.modelType == 4 ? "character" : "SentencePiece")
                           + " model, and Unigram and BPE are supported");
    if (untold.whitespaceAsSuffix)
        return unsupported("puts white space behind words (treat_whitespace_as_suffix), which is not supported");
    if (!untold.escapeWhitespaces)
        return unsupported("leaves white space as it is (escape_whitespaces is false), which is not supported");
    const auto count = static_cast<std::size_t>(library.GetPieceSize());
    if (untold.kinds.size() != count)
        return Error{.code = ErrorCode::Corrupt, .what = "holds " + std::to_string(untold.kinds.size()) + " pieces, of which the library reads "
                     + std::to_string(count), .where = file.string(), .hint = "Copy the file again"};

    SentencePieceFile read;
    read.model = static_cast<Model>(untold.modelType);
    read.byteFallback = untold.byteFallback;
    read.addDummyPrefix = untold.dummyPrefix;
    read.removeExtraWhitespaces = untold.removeExtraWhitespaces;
    read.charsmap = untold.charsmap;
    read.unknownId = library.unk_id();
    read.bosId = library.bos_id();
    read.eosId = library.eos_id();
    read.padId = library.pad_id();
    for (std::size_t id = 0; id < count; ++id) {
        if (untold.kinds[id] < 1 || untold.kinds[id] > 6)
            return Error{.code = ErrorCode::Corrupt, .what = "piece " + std::to_string(id) + " is of no known kind", .where = file.string(), .hint = {}};
        read.pieces.push_back({.text = library.IdToPiece(static_cast<int>(id)), .score = library.GetScore(static_cast<int>(id)),
                               .kind = static_cast<Kind>(untold.kinds[id])});
    }
    return read;
}

} // namespace lethe
