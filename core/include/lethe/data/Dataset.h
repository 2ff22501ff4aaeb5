#pragma once

#include <lethe/base/Export.h>
#include <lethe/base/Result.h>
#include <lethe/spec/ExperimentSpec.h>
#include <lethe/tokenizer/Tokenizer.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

class ChatTemplate;

/// One row of a set, as it is in the file.
struct DataRow {
    std::string prompt;    ///< empty for a document
    std::string answer;    ///< a document's text
    std::string alternate; ///< replacement answer, or empty
    bool isDocument = false; ///< plain text: every token is a label
    std::int64_t line = 0; ///< 1-based line (or record) of the file it came from
    std::string extraJson; ///< the row's other fields, as one JSON object; kept when the row is saved. May be empty.
    bool operator==(const DataRow &) const = default;
};

/// A row that could not be used, and why.
struct RejectedRow {
    std::int64_t line = 0;
    std::string reason;
    bool operator==(const RejectedRow &) const = default;
};

enum class DataFormat { JsonLines, JsonArray, Csv, PlainText, Parquet };
LETHE_EXPORT std::string_view toString(DataFormat format);

struct Dataset {
    std::vector<DataRow> rows;
    std::vector<RejectedRow> rejected;
    DataFormat format = DataFormat::JsonLines;
    std::string sha256; ///< of the file's bytes
};

/// What a file holds before its fields are chosen: for import dialogs.
struct DataPreview {
    DataFormat format = DataFormat::JsonLines;
    std::vector<std::string> fields; ///< in order of first appearance
    std::vector<std::vector<std::string>> rows; ///< the first ones, by `fields`
    std::string guessedPrompt, guessedAnswer, guessedAlternate; ///< empty where nothing fits
    std::int64_t totalRows = 0;
};

/// Reads a data file whole: JSON Lines, a JSON array of objects (or of texts: the field `text`), CSV with a header row (RFC 4180),
/// Parquet (through Apache Arrow), or plain text (one document). Told apart by content, the ending deciding in doubt. Rows that cannot
/// be used are in `rejected`. NotFound, Io; Unsupported (Parquet in a build without Arrow: says how to convert it); Corrupt (not UTF-8, broken JSON array: line named); InvalidInput where the named fields are in no row.
LETHE_EXPORT Result<Dataset> readDataset(const std::filesystem::path &file, const DataSource &fields);
LETHE_EXPORT Result<DataPreview> previewDataset(const std::filesystem::path &file, std::size_t rows = 20);

/// Writes rows as JSON Lines under the given field names, `extraJson` fields kept, through a temporary file.
LETHE_EXPORT Result<void> writeJsonLines(const std::filesystem::path &file, const std::vector<DataRow> &rows,
                                         const DataSource &fields);
/// The bytes `writeJsonLines` writes.
LETHE_EXPORT std::string toJsonLines(const std::vector<DataRow> &rows, const DataSource &fields);

/// A row as the trainer sees it.
struct EncodedSample {
    std::vector<TokenId> ids;
    std::int64_t labelStart = 0;   ///< ids before this one are ignored; a label at position 0 counts for nothing
    std::int64_t droppedTokens = 0; ///< cut off at `max_length`
    bool boundaryMismatch = false; ///< encode(text) is no prefix of ids: a token spans the border
    std::int64_t row = 0;          ///< index into the set's rows
    /// Positions that are predicted and scored: ids[max(1, labelStart)…].
    std::int64_t labelCount() const
    {
        const auto first = labelStart < 1 ? std::int64_t{1} : labelStart;
        const auto size = static_cast<std::int64_t>(ids.size());
        return size > first ? size - first : 0;
    }
    bool operator==(const EncodedSample &) const = default;
};

/// The text a sample is generated from, and the text whose encoding's length is ignored: `prompt_prefix + prompt +
/// prompt_suffix`, or the chat template with the generation prompt.
struct PromptAndFull {
    std::string prompt;
    std::string full;
    bool specialsInText = false; ///< a chat template writes its own specials: encode with addSpecial = false
};

/// Encodes rows by the contract's rule: ids = encode(full), EOS appended where it is missing, then cut to `max_length`; the
/// first len(encode(prompt)) positions ignored (a trailing EOS of the prompt's own encoding left out).
class LETHE_EXPORT SampleEncoder
{
public:
    /// \p tokenizer must outlive the encoder. Unsupported or NotFound where `template` is "chat" and the model has none that works.
    static Result<SampleEncoder> create(const Tokenizer &tokenizer, const TemplateSpec &textTemplate, std::int64_t maxLength);
    SampleEncoder(SampleEncoder &&) noexcept;
    ~SampleEncoder();

    /// A document gives one sample for each window of `max_length` tokens; a question–answer row gives one.
    /// \param useAlternate the row's replacement answer in place of its answer.
    Result<std::vector<EncodedSample>> encode(const DataRow &row, std::int64_t index, bool useAlternate = false) const;
    Result<PromptAndFull> texts(const DataRow &row, bool useAlternate = false) const;
    /// What generation starts from: the prompt's ids, without a trailing EOS.
    Result<std::vector<TokenId>> encodePrompt(const DataRow &row) const;
    Result<std::vector<TokenId>> encodePromptText(std::string_view userText) const;

private:
    struct Data;
    explicit SampleEncoder(std::unique_ptr<Data> data);
    std::unique_ptr<Data> m_data;
};

/// A whole set, encoded, with the counts that are shown before a run.
struct EncodedSet {
    std::vector<EncodedSample> samples; ///< those with at least one label position
    std::int64_t tokens = 0;
    std::int64_t labelTokens = 0;
    std::int64_t cutRows = 0;
    std::int64_t droppedTokens = 0;
    std::int64_t boundaryMismatches = 0;
    std::vector<std::int64_t> withoutLabels; ///< rows with nothing to train on: the prompt alone fills the length
};

LETHE_EXPORT Result<EncodedSet> encodeSet(const SampleEncoder &encoder, const std::vector<DataRow> &rows,
                                          bool useAlternate = false,
                                          const std::function<bool(std::size_t done, std::size_t total)> &progress = {});

} // namespace lethe
