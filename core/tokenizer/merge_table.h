// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <queue>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

struct ModelToken;

/// The merges of a byte-pair encoding; the lower the rank, the earlier a merge is made.
class MergeTable {
public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    struct Merge {
        std::int32_t left = 0;
        std::int32_t right = 0;
        std::int32_t result = 0;
    };

    /// `json`: an array of "left right" or ["left", "right"]. Every right part begins with
    /// `continuingPrefix`, which the merged token does not keep.
    static Result<MergeTable> parse(std::string_view json, const Vocabulary& vocabulary,
        std::string_view continuingPrefix, std::string_view source);

    std::size_t size() const { return m_merges.size(); }
    const Merge& operator[](std::uint32_t rank) const { return m_merges[rank]; }
    std::uint32_t rank(std::int32_t left, std::int32_t right) const;

private:
    struct Slot {
        std::uint64_t pair = 0;
        std::uint32_t rank = kNone;
    };
    std::size_t slotOf(std::uint64_t pair) const;
    void index();

    std::vector<Merge> m_merges;
    std::vector<Slot> m_slots;
};

/// Applies merges to the symbols of a piece. Keeps its working memory between pieces.
class Merger {
public:
    /// Always makes the merge of the lowest rank, the leftmost of equals. Of a long piece, it looks
    /// between merges whether `context` (or null) is asked to stop.
    Status run(const MergeTable& merges, std::vector<ModelToken>& symbols,
        const TaskContext* context = nullptr);

private:
    struct Node {
        std::int32_t id = 0; ///< -1 once it was merged into the one before it
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
    };
    void runShort(const MergeTable& merges, std::vector<ModelToken>& symbols);
    Status runLong(
        const MergeTable& merges, std::vector<ModelToken>& symbols, const TaskContext* context);
    void queue(const MergeTable& merges, std::uint32_t position);
    void apply(const MergeTable& merges, std::uint32_t rank, std::uint32_t position);
    void applyUrgent(const MergeTable& merges, std::uint64_t limit);

    std::vector<std::uint32_t> m_ranks;
    std::vector<Node> m_nodes;
    std::vector<std::vector<std::uint32_t>>
        m_buckets; ///< by rank: positions whose pair has that rank
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>>
        m_waiting; ///< ranks with positions
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>>
        m_urgent; ///< rank and position
    std::int64_t m_current = -1; ///< rank whose bucket is being worked off
};

} // namespace moescope::tokenization
