// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/experiments/explore.h"

namespace moescope {

/// A routing grid whose cells are made when they are asked for, so that a view of thousands of
/// tokens makes only those that are visible. The figures of explore.h hold the same cells.
struct LazyGrid {
    Figure heading; ///< its RoutingGridFigure has everything but the cells
    /// Cell without its note.
    std::function<RoutingGridFigure::Cell(std::size_t row, std::size_t col)> cell;
    std::function<std::string(std::size_t row, std::size_t col)> note;
    std::vector<std::string> gaps; ///< per column: why it has no cells ("dense"); empty without
    std::vector<int> columnGroups; ///< per column: its group of experts; empty without groups
    std::vector<std::uint8_t> rowSides; ///< bit 0 = in A, bit 1 = in B; empty without
    /// What a cell's numbers mean and what an even router would give, for every hover card; too
    /// long for every cell of a report.
    std::string meaning;
    std::string bandNote; ///< what the bands of columnGroups are, true in the order by id

    const RoutingGridFigure& frame() const { return std::get<RoutingGridFigure>(heading.data); }
};

/// The heading with all cells filled in.
Figure filledFigure(const LazyGrid& grid);

using SidePointer = std::shared_ptr<const ExploreResult::Side>;
/// One side of a result, sharing its ownership; null when there is no B.
SidePointer sideA(const std::shared_ptr<const ExploreResult>& result);
SidePointer sideB(const std::shared_ptr<const ExploreResult>& result);

/// B is the same prompt with interventions, not another prompt.
bool comparesInterventions(const ExploreResult& result);

/// The other side of a comparison, token by token.
struct Counterpart {
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
    SidePointer side;
    std::vector<std::size_t> tokens; ///< the aligned token of that side, or kNone
    bool intervened = false; ///< cells whose choice differs are marked as changed
};
/// What side B (or, with `ofB`, side A) is for the other side; nothing without a comparison.
std::optional<Counterpart> counterpart(
    const std::shared_ptr<const ExploreResult>& result, bool ofB);

/// What top1At() is to a reader: "first expert", or "largest weight" where another score than the
/// weight ranks the choices of some token.
const char* topExpertName(const RoutingTrace& trace, std::size_t ordinal);

/// Tokens by blocks; the number is the expert with the largest weight. Columns are absolute block
/// numbers, dense blocks are gaps.
LazyGrid allLayersGrid(SidePointer side, std::size_t blocks, LayersView view,
    std::optional<Counterpart> other = std::nullopt);
/// Tokens by experts at one layer. With the model's router, groups of experts are told apart,
/// shared experts follow as one column without cells, and notes name the score that decides where
/// it is not the logit; `bias` is what the layer adds to it.
LazyGrid layerGrid(SidePointer side, LayerId layer, GridView view,
    std::optional<Counterpart> other = std::nullopt, const RouterSpec* router = nullptr,
    std::span<const float> bias = {});
/// Two prompts at one layer, aligned tokens on one row. `rows` of the two give each row's tokens.
struct ComparisonGrid : LazyGrid {
    std::vector<std::size_t> tokensA; ///< per row, or Counterpart::kNone
    std::vector<std::size_t> tokensB;
};
ComparisonGrid comparisonGrid(const std::shared_ptr<const ExploreResult>& result, LayerId layer);

} // namespace moescope
