// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace moescope::tokenization {

/// Set of neighbouring characters inside a model's tokens. Where two neighbours of a text are not
/// in it, no token can reach across them, and the text can be cut there without changing its
/// tokens.
class CharacterPairs {
public:
    CharacterPairs();
    void addAllOf(std::string_view token);
    bool contains(char32_t left, char32_t right) const
    {
        return m_slots[slotOf(keyOf(left, right))] != 0;
    }

private:
    static std::uint64_t keyOf(char32_t left, char32_t right)
    {
        return ((static_cast<std::uint64_t>(left) << 32) | right) + 1; // 0 is a free slot
    }
    std::size_t slotOf(std::uint64_t key) const;
    void add(std::uint64_t key);

    std::vector<std::uint64_t> m_slots;
    std::size_t m_count = 0;
};

} // namespace moescope::tokenization
