// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/explore_grids.h"

namespace moescope {

namespace {

constexpr std::size_t kNone = Counterpart::kNone;

bool chosen(const RoutingTrace& trace, std::size_t token, std::size_t ordinal, std::size_t expert)
{
    const auto ids = trace.idsAt(token, ordinal);
    return std::ranges::find(ids, static_cast<std::int32_t>(expert)) != ids.end();
}

/// Aligned tokens on one row, the others on rows of their own, both in the order of their prompts.
void layOutRows(const ExploreResult& result, ComparisonGrid& grid)
{
    std::size_t nextA = 0;
    std::size_t nextB = 0;
    const auto add = [&](std::size_t i, std::size_t j) {
        grid.tokensA.push_back(i);
        grid.tokensB.push_back(j);
    };
    const auto catchUp = [&](std::size_t i, std::size_t j) {
        while (nextA < i)
            add(nextA++, kNone);
        while (nextB < j)
            add(kNone, nextB++);
    };
    for (const auto& [i, j] : result.comparison->aligned) {
        catchUp(i, j);
        add(nextA++, nextB++);
    }
    catchUp(result.a.trace.tokenCount(), result.b->trace.tokenCount());
}

} // namespace

ComparisonGrid comparisonGrid(const std::shared_ptr<const ExploreResult>& result, LayerId layer)
{
    RoutingGridFigure frame;
    frame.rowTitle = "token";
    frame.colTitle = "expert";
    frame.shadeTitle = "chosen by A, by B, by both";
    ComparisonGrid grid;
    grid.heading = {"layer-compared", fmt::format("Layer {}, prompts aligned", layer.value),
        "which experts they share, token by token", "", {}};
    const RoutingTrace& a = result->a.trace;
    const auto ordinal = a.ordinalOf(layer);
    if (!ordinal || !result->b || !result->comparison) {
        grid.heading.data = std::move(frame);
        return grid;
    }
    const RoutingTrace& b = result->b->trace;
    for (std::uint32_t e = 0; e < a.experts; ++e)
        frame.colLabels.push_back(std::to_string(e));
    layOutRows(*result, grid);
    RoutingGridFigure::RowBar shared{"shared", fmt::format("of {}", a.k), {},
        static_cast<double>(a.k), -1, "How many experts both prompts chose for this token."};
    for (std::size_t row = 0; row < grid.tokensA.size(); ++row) {
        const std::size_t i = grid.tokensA[row];
        const std::size_t j = grid.tokensB[row];
        frame.rowLabels.push_back(visibleToken(i != kNone ? a.tokens[i].text : b.tokens[j].text));
        grid.rowSides.push_back(static_cast<std::uint8_t>((i != kNone) | ((j != kNone) << 1)));
        double both = std::numeric_limits<double>::quiet_NaN();
        if (i != kNone && j != kNone)
            both = static_cast<double>(
                std::ranges::count_if(a.idsAt(i, *ordinal), [&](std::int32_t id) {
                    return chosen(b, j, *ordinal, static_cast<std::size_t>(id));
                }));
        shared.values.push_back(both);
    }
    frame.rowBars = {std::move(shared)};
    grid.heading.caption
        = "Letters after a token say which prompt has it; aligned tokens stand on one row.";
    grid.heading.data = std::move(frame);

    const auto mark = [result, l = *ordinal, rowsA = grid.tokensA, rowsB = grid.tokensB](
                          std::size_t row, std::size_t e) {
        const bool inA = rowsA[row] != kNone && chosen(result->a.trace, rowsA[row], l, e);
        const bool inB = rowsB[row] != kNone && chosen(result->b->trace, rowsB[row], l, e);
        return static_cast<std::uint8_t>(inA | (inB << 1));
    };
    grid.cell = [mark](std::size_t row, std::size_t e) {
        static constexpr const char* kLabels[] = {"", "A", "B", "AB"};
        RoutingGridFigure::Cell cell;
        cell.mark = mark(row, e);
        cell.label = kLabels[cell.mark];
        if (cell.mark != 0)
            cell.shade = 1;
        return cell;
    };
    grid.note = [mark](std::size_t row, std::size_t e) {
        static constexpr const char* kWords[]
            = {"chosen by neither", "chosen by A", "chosen by B", "chosen by both"};
        return fmt::format("expert {}: {}", e, kWords[mark(row, e)]);
    };
    return grid;
}

} // namespace moescope
