#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lethe {

/// Tokens and their ids, both ways. All spellings lie in one block of memory; the table holds places in it.
class Vocabulary
{
public:
    void reserve(std::size_t tokens, std::size_t bytes);
    /// The token must be new and its id not yet taken: the reader has checked.
    void add(std::string_view token, std::int32_t id);

    std::size_t size() const { return m_entries.size(); }
    std::int32_t idOf(std::string_view token) const; ///< −1 where there is none
    /// Valid until the next `add`. \p id may be anything.
    std::optional<std::string_view> tokenOf(std::int32_t id) const;

    template<typename Visitor> ///< called with every token and its id
    void forEach(Visitor visit) const
    {
        for (const Entry &entry : m_entries)
            visit(spelling(entry), entry.id);
    }

private:
    struct Entry {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
        std::int32_t id = 0;
    };
    std::string_view spelling(const Entry &entry) const { return std::string_view(m_text).substr(entry.offset, entry.length); }
    void grow(std::size_t slots);
    void place(std::uint32_t index);

    std::string m_text;
    std::vector<Entry> m_entries;
    std::vector<std::uint32_t> m_slots; ///< index into m_entries plus one; 0 is free
    std::vector<std::uint32_t> m_byId; ///< the same, while ids are dense
    std::unordered_map<std::int32_t, std::uint32_t> m_sparse; ///< ids far behind the count of tokens
};

/// A hash table from 64-bit keys to a pair of 32-bit numbers, filled once: merges by their two ids, trie edges.
class PairTable
{
public:
    struct Slot {
        std::uint64_t key = kFree;
        std::int32_t first = 0;
        std::int32_t second = 0;
    };

    void reserve(std::size_t count);
    /// Overwrites what stands at \p key.
    void put(std::uint64_t key, std::int32_t first, std::int32_t second);

    const Slot *find(std::uint64_t key) const
    {
        if (m_slots.empty())
            return nullptr;
        for (std::size_t at = mix(key) & m_mask;; at = (at + 1) & m_mask) {
            const Slot &slot = m_slots[at];
            if (slot.key == key)
                return &slot;
            if (slot.key == kFree)
                return nullptr;
        }
    }

private:
    static constexpr std::uint64_t kFree = ~std::uint64_t{0};
    static std::size_t mix(std::uint64_t key)
    {
        key *= 0x9E3779B97F4A7C15ull;
        return static_cast<std::size_t>(key ^ (key >> 32));
    }

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
    std::size_t m_count = 0;
};

} // namespace lethe
