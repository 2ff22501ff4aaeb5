#include "data/Records.h"

namespace lethe {

namespace {

/// Walks through the bytes once.
class CsvScanner
{
public:
    CsvScanner(std::string_view content, char separator) : m_rest(content), m_separator(separator) {}

    bool atEnd() const { return m_at >= m_rest.size(); }

    CsvRecord next()
    {
        CsvRecord record{.line = m_line, .fields = {}, .reason = {}};
        while (true) {
            record.fields.push_back(peek() == '"' ? quoted(record) : bare());
            if (peek() != m_separator || atEnd())
                break;
            ++m_at;
        }
        endLine();
        return record;
    }

private:
    char peek() const { return atEnd() ? '\0' : m_rest[m_at]; }
    bool atLineEnd() const
    {
        return atEnd() || m_rest[m_at] == '\n' || (m_rest[m_at] == '\r' && (m_at + 1 == m_rest.size() || m_rest[m_at + 1] == '\n'));
    }

    std::string bare()
    {
        const std::size_t begin = m_at;
        while (!atLineEnd() && m_rest[m_at] != m_separator)
            ++m_at;
        return std::string(m_rest.substr(begin, m_at - begin));
    }

    std::string quoted(CsvRecord &record)
    {
        std::string field;
        ++m_at;
        while (!atEnd()) {
            const char c = m_rest[m_at++];
            if (c == '\n')
                ++m_line;
            if (c != '"') {
                field += c;
            } else if (peek() == '"' && !atEnd()) {
                field += '"';
                ++m_at;
            } else {
                const std::string behind = bare();
                if (!behind.empty())
                    record.reason = "text after a closing quote: " + describe(Json(behind));
                return field;
            }
        }
        record.reason = "a quote is never closed";
        return field;
    }

    void endLine()
    {
        if (peek() == '\r')
            ++m_at;
        if (peek() == '\n') {
            ++m_at;
            ++m_line;
        }
    }

    std::string_view m_rest;
    char m_separator;
    std::size_t m_at = 0;
    std::int64_t m_line = 1;
};

} // namespace

std::vector<CsvRecord> readCsv(std::string_view content, char separator, std::size_t most)
{
    std::vector<CsvRecord> records;
    CsvScanner scanner(content, separator);
    while (!scanner.atEnd() && records.size() < most) {
        CsvRecord record = scanner.next();
        const bool blank = record.fields.size() == 1 && record.fields.front().empty() && record.reason.empty();
        if (!blank)
            records.push_back(std::move(record));
    }
    return records;
}

} // namespace lethe
