#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lethe {

/// The bytes of the given text that a byte of a rewritten one stands for.
struct Origin {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// A part of the text on its way through normalizers and pre-tokenizers, and, where someone will ask, where each of its
/// bytes came from. Without a record of origins every byte is taken to stand where it stood: only right while nothing
/// has been rewritten.
class AlignedText
{
public:
    AlignedText() = default;
    /// \p text as it stands at \p shift of the given text.
    void assign(std::string_view text, std::size_t shift, bool tracksOrigins);
    void assign(const AlignedText &other, std::size_t begin, std::size_t end);

    std::string_view view() const { return m_text; }
    std::size_t size() const { return m_text.size(); }
    bool tracksOrigins() const { return m_tracks; }
    /// Where byte \p at came from; the end of the text gives the last byte's.
    Origin origin(std::size_t at) const;
    /// Where the bytes [begin, end) came from.
    Origin originOf(std::size_t begin, std::size_t end) const;

    class Rewrite;

private:
    std::string m_text;
    std::vector<Origin> m_origins; ///< one a byte, if tracked
    std::size_t m_shift = 0;
    bool m_tracks = false;
};

/// Builds the next version of a text out of kept and replaced parts of this one, in order.
class AlignedText::Rewrite
{
public:
    explicit Rewrite(const AlignedText &source);

    void keep(std::size_t begin, std::size_t end);
    /// \p with stands for what \p origin says.
    void put(std::string_view with, Origin origin);
    /// \p with stands for the bytes from \p begin to \p end of the source.
    void put(std::string_view with, std::size_t begin, std::size_t end);
    std::size_t size() const { return m_next.size(); }
    AlignedText finish() { return std::move(m_next); }

private:
    const AlignedText &m_source;
    AlignedText m_next;
};

} // namespace lethe
