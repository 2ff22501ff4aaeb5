#include "Vocabulary.h"

#include <bit>
#include <functional>

namespace lethe {

void Vocabulary::reserve(std::size_t tokens, std::size_t bytes)
{
    m_text.reserve(bytes);
    m_entries.reserve(tokens);
    grow(std::bit_ceil(tokens * 2 + 16));
}

void Vocabulary::grow(std::size_t slots)
{
    if (slots <= m_slots.size())
        return;
    m_slots.assign(slots, 0);
    for (std::uint32_t i = 0; i < m_entries.size(); ++i)
        place(i);
}

void Vocabulary::place(std::uint32_t index)
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t at = std::hash<std::string_view>{}(spelling(m_entries[index])) & mask;
    while (m_slots[at] != 0)
        at = (at + 1) & mask;
    m_slots[at] = index + 1;
}

void Vocabulary::add(std::string_view token, std::int32_t id)
{
    if ((m_entries.size() + 1) * 2 > m_slots.size())
        grow(std::bit_ceil((m_entries.size() + 1) * 4));
    m_entries.push_back({m_text.size(), static_cast<std::uint32_t>(token.size()), id});
    m_text.append(token);
    const auto index = static_cast<std::uint32_t>(m_entries.size() - 1);
    place(index);
    // A file may name any id: memory follows the count of tokens, not the greatest id.
    const auto at = static_cast<std::size_t>(id);
    if (at < m_entries.size() * 2 + 1024) {
        if (at >= m_byId.size())
            m_byId.resize(at + 1, 0);
        m_byId[at] = index + 1;
    } else {
        m_sparse[id] = index + 1;
    }
}

std::int32_t Vocabulary::idOf(std::string_view token) const
{
    if (m_slots.empty())
        return -1;
    const std::size_t mask = m_slots.size() - 1;
    for (std::size_t at = std::hash<std::string_view>{}(token) & mask; m_slots[at] != 0; at = (at + 1) & mask) {
        const Entry &entry = m_entries[m_slots[at] - 1];
        if (spelling(entry) == token)
            return entry.id;
    }
    return -1;
}

std::optional<std::string_view> Vocabulary::tokenOf(std::int32_t id) const
{
    const auto at = static_cast<std::size_t>(id);
    if (id >= 0 && at < m_byId.size() && m_byId[at] != 0)
        return spelling(m_entries[m_byId[at] - 1]);
    if (const auto found = m_sparse.find(id); found != m_sparse.end())
        return spelling(m_entries[found->second - 1]);
    return std::nullopt;
}

void PairTable::reserve(std::size_t count)
{
    const std::size_t slots = std::bit_ceil(count * 2 + 16);
    if (slots <= m_slots.size())
        return;
    std::vector<Slot> old(slots);
    old.swap(m_slots);
    m_mask = slots - 1;
    m_count = 0;
    for (const Slot &slot : old) {
        if (slot.key != kFree)
            put(slot.key, slot.first, slot.second);
    }
}

void PairTable::put(std::uint64_t key, std::int32_t first, std::int32_t second)
{
    if ((m_count + 1) * 2 > m_slots.size())
        reserve(m_count * 2 + 16);
    for (std::size_t at = mix(key) & m_mask;; at = (at + 1) & m_mask) {
        Slot &slot = m_slots[at];
        if (slot.key == kFree)
            ++m_count;
        else if (slot.key != key)
            continue;
        slot = {key, first, second};
        return;
    }
}

} // namespace lethe
