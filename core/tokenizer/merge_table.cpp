// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/merge_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/json_scanner.h"

namespace moescope::tokenization {

namespace {

/// Up to these sizes looking through all pairs for each merge is faster; buckets are not made for a
/// single long word.
constexpr std::size_t kShortPiece = 64;
constexpr std::size_t kShortFirstPiece = 512;
constexpr std::uint32_t kEnd = 0xFFFFFFFF;
constexpr std::size_t kCheckedMerges = 1U << 16; ///< between two looks at the stop request

std::uint64_t pairOf(std::int32_t left, std::int32_t right)
{
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32)
        | static_cast<std::uint32_t>(right);
}

std::uint64_t keyOf(std::uint32_t rank, std::uint32_t position)
{
    return (static_cast<std::uint64_t>(rank) << 32) | position;
}

Status readMerge(JsonScanner& scanner, std::string& left, std::string& right)
{
    if (!scanner.atString()) {
        int parts = 0;
        const auto readPart = [&]() -> Status {
            if (++parts > 2)
                return scanner.error("a merge has more than two parts");
            return scanner.readString(parts == 1 ? left : right);
        };
        MOESCOPE_CHECK(scanner.forEachElement(readPart));
        return parts == 2 ? Status() : scanner.error("a merge has fewer than two parts");
    }
    MOESCOPE_CHECK(scanner.readString(left));
    const std::size_t space = left.find(' ');
    if (space == left.npos || left.find(' ', space + 1) != left.npos)
        return scanner.error(fmt::format(
            "the merge \"{}\" is not two tokens with a space between", quoteToken(left)));
    right.assign(left, space + 1);
    left.resize(space);
    return {};
}

} // namespace

Result<MergeTable> MergeTable::parse(std::string_view json, const Vocabulary& vocabulary,
    std::string_view continuingPrefix, std::string_view source)
{
    MergeTable result;
    JsonScanner scanner(json, source);
    std::string left;
    std::string right;
    std::string merged;
    const auto idOf = [&](const std::string& token, std::int32_t& id) -> Status {
        const auto found = vocabulary.find(token);
        if (!found)
            return scanner.error(
                fmt::format("merge {} names the token \"{}\", which is not in the vocabulary",
                    result.m_merges.size(), quoteToken(token)));
        id = *found;
        return {};
    };
    const auto addMerge = [&]() -> Status {
        MOESCOPE_CHECK(readMerge(scanner, left, right));
        if (left.starts_with("#version"))
            return {};
        if (right.size() < continuingPrefix.size())
            return scanner.error(fmt::format(
                "the merged token \"{}\" lacks the prefix of continued words", quoteToken(right)));
        Merge merge;
        MOESCOPE_CHECK(idOf(left, merge.left));
        MOESCOPE_CHECK(idOf(right, merge.right));
        merged.assign(left).append(right, continuingPrefix.size());
        MOESCOPE_CHECK(idOf(merged, merge.result));
        result.m_merges.push_back(merge);
        return {};
    };
    MOESCOPE_CHECK(scanner.forEachElement(addMerge));
    MOESCOPE_CHECK(scanner.expectEnd());
    result.index();
    return result;
}

std::size_t MergeTable::slotOf(std::uint64_t pair) const
{
    const std::size_t mask = m_slots.size() - 1;
    // Fibonacci hashing spreads the consecutive ids that merges are full of.
    std::size_t i = static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15U) >> 32) & mask;
    while (m_slots[i].rank != kNone && m_slots[i].pair != pair)
        i = (i + 1) & mask;
    return i;
}

void MergeTable::index()
{
    std::size_t count = 16;
    while (count < 2 * (m_merges.size() + 1))
        count *= 2;
    m_slots.assign(count, {});
    for (std::uint32_t rank = 0; rank < m_merges.size(); ++rank) {
        const std::uint64_t pair = pairOf(m_merges[rank].left, m_merges[rank].right);
        m_slots[slotOf(pair)]
            = {pair, rank}; // of a merge that is listed twice, the last place counts
    }
}

std::uint32_t MergeTable::rank(std::int32_t left, std::int32_t right) const
{
    return m_slots[slotOf(pairOf(left, right))].rank;
}

Status Merger::run(
    const MergeTable& merges, std::vector<ModelToken>& symbols, const TaskContext* context)
{
    if (symbols.size() <= (m_buckets.empty() ? kShortFirstPiece : kShortPiece))
        runShort(merges, symbols);
    else
        return runLong(merges, symbols, context);
    return {};
}

void Merger::runShort(const MergeTable& merges, std::vector<ModelToken>& symbols)
{
    if (symbols.size() < 2)
        return;
    const auto rankAt = [&](std::size_t i) {
        return i + 1 < symbols.size() ? merges.rank(symbols[i].id, symbols[i + 1].id)
                                      : MergeTable::kNone;
    };
    m_ranks.resize(symbols.size());
    for (std::size_t i = 0; i < symbols.size(); ++i)
        m_ranks[i] = rankAt(i);
    while (true) {
        const auto lowest = std::min_element(m_ranks.begin(), m_ranks.end());
        if (*lowest == MergeTable::kNone)
            return;
        const auto at = static_cast<std::size_t>(lowest - m_ranks.begin());
        symbols[at].id = merges[*lowest].result;
        symbols[at].size += symbols[at + 1].size;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        m_ranks.erase(lowest + 1);
        m_ranks[at] = rankAt(at);
        if (at > 0)
            m_ranks[at - 1] = rankAt(at - 1);
    }
}

void Merger::queue(const MergeTable& merges, std::uint32_t position)
{
    const Node& node = m_nodes[position];
    const std::uint32_t rank = merges.rank(node.id, m_nodes[node.next].id);
    if (rank == MergeTable::kNone)
        return;
    if (rank <= m_current) {
        m_urgent.push(keyOf(rank, position));
        return;
    }
    if (m_buckets[rank].empty())
        m_waiting.push(rank);
    m_buckets[rank].push_back(position);
}

void Merger::apply(const MergeTable& merges, std::uint32_t rank, std::uint32_t position)
{
    Node& node = m_nodes[position];
    // The pair that was queued may be gone by now.
    const MergeTable::Merge& merge = merges[rank];
    if (node.id != merge.left || node.next == kEnd || m_nodes[node.next].id != merge.right)
        return;
    Node& right = m_nodes[node.next];
    node.id = merge.result;
    node.size += right.size;
    node.next = right.next;
    right.id = -1;
    if (node.next != kEnd) {
        m_nodes[node.next].previous = position;
        queue(merges, position);
    }
    if (node.previous != kEnd)
        queue(merges, node.previous);
}

void Merger::applyUrgent(const MergeTable& merges, std::uint64_t limit)
{
    while (!m_urgent.empty() && m_urgent.top() < limit) {
        const std::uint64_t key = m_urgent.top();
        m_urgent.pop();
        apply(merges, static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key));
    }
}

/// A bucket a rank instead of one queue of all pairs: a text of one letter then takes linear time,
/// and most positions are already in order. Merges as low as the bucket at work go through a queue,
/// so that the order is the same.
Status Merger::runLong(
    const MergeTable& merges, std::vector<ModelToken>& symbols, const TaskContext* context)
{
    const auto count = static_cast<std::uint32_t>(symbols.size());
    m_nodes.resize(count);
    for (std::uint32_t i = 0; i < count; ++i)
        m_nodes[i] = {symbols[i].id, symbols[i].begin, symbols[i].size, i == 0 ? kEnd : i - 1,
            i + 1 == count ? kEnd : i + 1};
    m_buckets.resize(merges.size());
    m_current = -1;
    for (std::uint32_t i = 0; i + 1 < count; ++i)
        queue(merges, i);
    std::size_t untilCheck = 0;
    while (!m_waiting.empty()) {
        const std::uint32_t rank = m_waiting.top();
        m_waiting.pop();
        m_current = rank;
        std::vector<std::uint32_t> positions;
        positions.swap(m_buckets[rank]);
        if (!std::is_sorted(positions.begin(), positions.end()))
            std::sort(positions.begin(), positions.end());
        for (const std::uint32_t position : positions) {
            if (context && untilCheck-- == 0) {
                untilCheck = kCheckedMerges;
                MOESCOPE_CHECK(context->check());
            }
            applyUrgent(merges, keyOf(rank, position));
            apply(merges, rank, position);
        }
        applyUrgent(merges, keyOf(rank + 1, 0));
    }
    symbols.clear();
    for (std::uint32_t i = 0; i != kEnd; i = m_nodes[i].next)
        symbols.push_back({m_nodes[i].id, m_nodes[i].begin, m_nodes[i].size});
    return {};
}

} // namespace moescope::tokenization
