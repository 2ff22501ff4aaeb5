#include "AlignedText.h"

namespace lethe {

void AlignedText::assign(std::string_view text, std::size_t shift, bool tracksOrigins)
{
    m_text.assign(text);
    m_shift = shift;
    m_tracks = tracksOrigins;
    m_origins.clear();
    if (!tracksOrigins)
        return;
    m_origins.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        m_origins.push_back({shift + i, shift + i + 1});
}

void AlignedText::assign(const AlignedText &other, std::size_t begin, std::size_t end)
{
    m_text.assign(other.m_text, begin, end - begin);
    m_shift = other.m_shift + begin;
    m_tracks = other.m_tracks;
    m_origins.clear();
    if (m_tracks)
        m_origins.assign(other.m_origins.begin() + static_cast<std::ptrdiff_t>(begin),
                         other.m_origins.begin() + static_cast<std::ptrdiff_t>(end));
}

Origin AlignedText::origin(std::size_t at) const
{
    if (!m_tracks)
        return {m_shift + at, m_shift + at + 1};
    if (m_origins.empty())
        return {m_shift, m_shift};
    return at < m_origins.size() ? m_origins[at] : m_origins.back();
}

Origin AlignedText::originOf(std::size_t begin, std::size_t end) const
{
    if (begin >= end)
        return {origin(begin).begin, origin(begin).begin};
    return {origin(begin).begin, origin(end - 1).end};
}

AlignedText::Rewrite::Rewrite(const AlignedText &source) : m_source(source)
{
    m_next.m_tracks = source.m_tracks;
    m_next.m_shift = source.m_shift;
    m_next.m_text.reserve(source.size() + source.size() / 8);
}

void AlignedText::Rewrite::put(std::string_view with, std::size_t begin, std::size_t end)
{
    put(with, m_next.m_tracks ? m_source.originOf(begin, end) : Origin{});
}

void AlignedText::Rewrite::keep(std::size_t begin, std::size_t end)
{
    m_next.m_text.append(m_source.m_text, begin, end - begin);
    if (m_next.m_tracks)
        m_next.m_origins.insert(m_next.m_origins.end(), m_source.m_origins.begin() + static_cast<std::ptrdiff_t>(begin),
                                m_source.m_origins.begin() + static_cast<std::ptrdiff_t>(end));
}

void AlignedText::Rewrite::put(std::string_view with, Origin origin)
{
    m_next.m_text.append(with);
    if (m_next.m_tracks)
        m_next.m_origins.insert(m_next.m_origins.end(), with.size(), origin);
}

} // namespace lethe
