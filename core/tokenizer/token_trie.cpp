// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_trie.h"

namespace moescope::tokenization {

namespace {

std::uint64_t edgeOf(std::uint32_t node, char byte)
{
    return (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(byte);
}

} // namespace

void TokenTrie::add(std::string_view text, std::uint32_t value)
{
    if (text.empty())
        return;
    if (m_values.empty())
        m_values.push_back(kNone);
    m_first.set(static_cast<unsigned char>(text[0]));
    std::uint32_t node = 0;
    for (const char byte : text) {
        const auto [edge, isNew]
            = m_edges.try_emplace(edgeOf(node, byte), static_cast<std::uint32_t>(m_values.size()));
        if (isNew)
            m_values.push_back(kNone);
        node = edge->second;
    }
    if (m_values[node] == kNone)
        m_values[node] = value;
}

bool TokenTrie::longestAt(std::string_view text, std::size_t at, Match& match) const
{
    bool found = false;
    std::uint32_t node = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
        const auto edge = m_edges.find(edgeOf(node, text[i]));
        if (edge == m_edges.end())
            break;
        node = edge->second;
        if (m_values[node] != kNone) {
            match = {at, i + 1, m_values[node]};
            found = true;
        }
    }
    return found;
}

bool TokenTrie::find(std::string_view text, std::size_t from, Match& match) const
{
    for (std::size_t at = from; at < text.size(); ++at)
        if (m_first.test(static_cast<unsigned char>(text[at])) && longestAt(text, at, match))
            return true;
    return false;
}

} // namespace moescope::tokenization
