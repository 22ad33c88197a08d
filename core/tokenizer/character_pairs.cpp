// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/character_pairs.h"

#include "core/base/text.h"

namespace moescope::tokenization {

CharacterPairs::CharacterPairs()
    : m_slots(1024)
{
}

std::size_t CharacterPairs::slotOf(std::uint64_t key) const
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t i = static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 32) & mask;
    while (m_slots[i] != 0 && m_slots[i] != key)
        i = (i + 1) & mask;
    return i;
}

void CharacterPairs::add(std::uint64_t key)
{
    std::uint64_t& slot = m_slots[slotOf(key)];
    if (slot != 0)
        return;
    slot = key;
    if (2 * ++m_count < m_slots.size())
        return;
    std::vector<std::uint64_t> old(m_slots.size() * 2);
    old.swap(m_slots);
    for (const std::uint64_t kept : old)
        if (kept != 0)
            m_slots[slotOf(kept)] = kept;
}

void CharacterPairs::addAllOf(std::string_view token)
{
    char32_t left = 0;
    for (std::size_t i = 0; i < token.size();) {
        const CodePoint point = decodeUtf8(token, i);
        if (i > 0)
            add(keyOf(left, point.value));
        left = point.value;
        i += point.bytes;
    }
}

} // namespace moescope::tokenization
