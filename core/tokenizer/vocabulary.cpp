// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/vocabulary.h"

#include <algorithm>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/tokenizer/json_scanner.h"

namespace moescope::tokenization {

namespace {

std::size_t hashOf(std::string_view token)
{
    return std::hash<std::string_view>()(token);
}

std::uint32_t tagOf(std::size_t hash)
{
    return static_cast<std::uint32_t>(hash >> 32);
}

} // namespace

std::string quoteToken(std::string_view token)
{
    constexpr std::size_t kShown = 80;
    return token.size() > kShown ? visibleToken(token.substr(0, kShown)) + "…"
                                 : visibleToken(token);
}

std::size_t Vocabulary::slotOf(std::string_view token, std::size_t hash) const
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t i = hash & mask;
    while (m_slots[i].entry != 0
        && (m_slots[i].tag != tagOf(hash) || text(m_entries[m_slots[i].entry - 1]) != token))
        i = (i + 1) & mask;
    return i;
}

void Vocabulary::rebuildSlots(std::size_t count)
{
    m_slots.assign(count, {});
    for (std::uint32_t i = 0; i < m_entries.size(); ++i) {
        const std::size_t hash = hashOf(text(m_entries[i]));
        m_slots[slotOf(text(m_entries[i]), hash)] = {tagOf(hash), i + 1};
    }
}

bool Vocabulary::add(std::string_view token, std::int32_t id)
{
    if (m_slots.size() < 2 * (m_entries.size() + 1))
        rebuildSlots(std::max<std::size_t>(1024, m_slots.size() * 4));
    const std::size_t hash = hashOf(token);
    Slot& slot = m_slots[slotOf(token, hash)];
    if (slot.entry != 0)
        return false;
    const auto begin = static_cast<std::uint32_t>(m_characters.size());
    m_characters += token;
    m_entries.push_back({begin, static_cast<std::uint32_t>(token.size()), id});
    slot = {tagOf(hash), static_cast<std::uint32_t>(m_entries.size())};
    return true;
}

Result<Vocabulary> Vocabulary::parse(std::string_view json, std::string_view source)
{
    Vocabulary result;
    JsonScanner scanner(json, source);
    const auto addToken = [&](const std::string& token) -> Status {
        std::int64_t id = 0;
        MOESCOPE_CHECK(scanner.readInteger(id));
        if (id < 0 || id > std::numeric_limits<std::int32_t>::max())
            return scanner.error(fmt::format(
                "the token \"{}\" has the id {}, expected 0 to 2147483647", quoteToken(token), id));
        if (!result.add(token, static_cast<std::int32_t>(id)))
            return scanner.error(fmt::format("the token \"{}\" appears twice", quoteToken(token)));
        return {};
    };
    MOESCOPE_CHECK(scanner.forEachMember(addToken));
    MOESCOPE_CHECK(scanner.expectEnd());

    std::sort(result.m_entries.begin(), result.m_entries.end(),
        [](const Entry& a, const Entry& b) { return a.id < b.id; });
    const auto twin = std::adjacent_find(result.m_entries.begin(), result.m_entries.end(),
        [](const Entry& a, const Entry& b) { return a.id == b.id; });
    if (twin != result.m_entries.end())
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is broken: the tokens \"{}\" and \"{}\" both have the id {}.", source,
                quoteToken(result.text(*twin)), quoteToken(result.text(*(twin + 1))), twin->id));
    // The entries have moved. There is one free slot at least, where every search ends.
    result.rebuildSlots(std::max<std::size_t>(1024, result.m_slots.size()));
    return result;
}

std::optional<std::int32_t> Vocabulary::find(std::string_view token) const
{
    const Slot& slot = m_slots[slotOf(token, hashOf(token))];
    if (slot.entry == 0)
        return std::nullopt;
    return m_entries[slot.entry - 1].id;
}

std::optional<std::string_view> Vocabulary::token(std::int32_t id) const
{
    const auto direct = static_cast<std::size_t>(id);
    if (id >= 0 && direct < m_entries.size() && m_entries[direct].id == id)
        return text(m_entries[direct]);
    const auto it = std::lower_bound(m_entries.begin(), m_entries.end(), id,
        [](const Entry& entry, std::int32_t wanted) { return entry.id < wanted; });
    if (it == m_entries.end() || it->id != id)
        return std::nullopt;
    return text(*it);
}

} // namespace moescope::tokenization
