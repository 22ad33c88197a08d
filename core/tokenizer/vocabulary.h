// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace moescope::tokenization {

/// A token for an error message: readable, and cut when it is long.
std::string quoteToken(std::string_view token);

/// Tokens and their ids, which may be sparse. Memory follows the number of tokens, not the largest
/// id.
class Vocabulary {
public:
    /// `json`: an object of token and id. Errors name `source`.
    static Result<Vocabulary> parse(std::string_view json, std::string_view source);

    std::size_t size() const { return m_entries.size(); }
    std::optional<std::int32_t> find(std::string_view token) const;
    std::optional<std::string_view> token(std::int32_t id) const;

    template <typename F>
    void forEach(F&& visit) const
    {
        for (const Entry& entry : m_entries)
            visit(text(entry), entry.id);
    }

private:
    struct Entry {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
        std::int32_t id = 0;
    };
    struct Slot {
        std::uint32_t tag = 0;
        std::uint32_t entry = 0; ///< index + 1; 0 is free
    };
    std::string_view text(const Entry& entry) const
    {
        return std::string_view(m_characters).substr(entry.begin, entry.size);
    }
    bool add(std::string_view token, std::int32_t id);
    void rebuildSlots(std::size_t count);
    std::size_t slotOf(std::string_view token, std::size_t hash) const;

    std::string m_characters;
    std::vector<Entry> m_entries; ///< by ascending id once parsed
    std::vector<Slot> m_slots;
};

} // namespace moescope::tokenization
