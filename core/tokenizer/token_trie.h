// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moescope::tokenization {

/// Finds the leftmost and of those the longest of many strings.
class TokenTrie {
public:
    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::uint32_t value = 0;
    };

    bool empty() const { return m_values.empty(); }
    /// The first of equal strings wins; empty ones are ignored.
    void add(std::string_view text, std::uint32_t value);
    /// False when nothing is found from `from` on.
    bool find(std::string_view text, std::size_t from, Match& match) const;

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    bool longestAt(std::string_view text, std::size_t at, Match& match) const;

    std::unordered_map<std::uint64_t, std::uint32_t> m_edges; ///< node and byte to node
    std::vector<std::uint32_t> m_values; ///< by node
    std::bitset<256> m_first; ///< bytes that a string begins with
};

} // namespace moescope::tokenization
