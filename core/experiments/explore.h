// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/open_model.h"
#include "core/report/report.h"
#include "core/semantics/patterns.h"
#include "core/task/task_context.h"
#include "core/trace/routing_trace.h"

namespace moescope {

struct ExploreSpec {
    TraceRequest prompt;
    std::optional<TraceRequest> compare; ///< a second prompt, or the same one with interventions
    std::optional<LayerId> layer; ///< absolute; the middle mixture layer when absent
    Register reg = Register::Auto;
};

/// How two prompts share experts at one layer, against random sets (EXPERIMENTS "explore").
struct LayerOverlap {
    std::size_t usedA = 0; ///< distinct experts
    std::size_t usedB = 0;
    std::size_t shared = 0;
    double setOverlap = 0; ///< |A∩B| / |A∪B|
    double setOverlapNull = 0;
    Interval setOverlapBand;
    double p = 1; ///< P(overlap >= shared) for random sets of these sizes
    double usageOverlap = 0; ///< Σ min of assignment shares
    double usageOverlapNull = 0; ///< the same for random k-subsets of the same loads (N2), mean
    Interval usageOverlapBand;
    double alignedOverlap = 0; ///< mean |∩|/k over the compared tokens; NaN without any
    Interval alignedBand; ///< 95 % band of that mean for independent random sets, around k/E
};

struct PromptComparison {
    /// Positions (A, B) of tokens aligned by id (longest common subsequence).
    std::vector<std::pair<std::size_t, std::size_t>> aligned;
    std::size_t commonPrefix = 0; ///< tokens that are the same from the start
    /// Aligned tokens that `alignedOverlap` is a mean of. The common prefix is left out, because a
    /// causal model must route it alike; with different interventions it counts.
    std::size_t compared = 0;
    bool prefixLeftOut = false;
    std::vector<LayerOverlap> layers;
    /// A place where the chosen sets of aligned tokens differ.
    struct Divergence {
        std::size_t positionA = 0;
        std::size_t positionB = 0;
        LayerId layer;
    };
    /// The first layer in which any aligned position differs, and the earliest one that does there.
    std::optional<Divergence> firstDivergence;
    /// The earliest aligned position that differs in any layer, and the first layer where it does.
    std::optional<Divergence> earliestDivergence;
};

struct ExploreResult {
    std::shared_ptr<const OpenModel> model;
    LayerId layer;
    struct Side {
        RoutingTrace trace;
        std::vector<TaggedToken> tags;
        std::vector<PatternNote> notes;
        std::vector<CategoryHit> categories;
        double seconds = 0; ///< of the forward pass
    };
    Side a;
    std::optional<Side> b;
    std::optional<PromptComparison> comparison;
    ExploreSpec spec; ///< as run, which a report needs to be made again
    struct Sampling {
        double temperature = 0;
        std::uint64_t seed = 1;
    };
    std::optional<Sampling> sampling; ///< of the tokens that were added to the prompts
};

inline constexpr std::uint64_t kFewestTokens = 2000; ///< minima of a claim about routing
inline constexpr std::uint64_t kFewestPrompts = 10;

enum class GridView { Chosen, Probabilities, Logits };
enum class LayersView { Margin, Entropy, Overlap };
/// What the grids of a report show.
struct ExploreView {
    GridView cells = GridView::Chosen;
    LayersView layers = LayersView::Margin;
};

/// The default prompt of the program.
inline constexpr std::string_view kDefaultPrompt = "King is to queen as man is to woman";

/// A report's texts take several times what the run itself keeps.
enum class ExploreFor { View, Report };
/// OutOfMemory, before anything runs, where the result, or it and its report, would need more than
/// the task may use.
Result<ExploreResult> explore(std::shared_ptr<const OpenModel> model, const Lexicon& lexicon,
    const ExploreSpec& spec, TaskContext& context, ExploreFor purpose = ExploreFor::View);
/// Bytes that a side of so many tokens keeps.
std::uint64_t sideMemory(
    const MoeModel& model, std::uint64_t tokens, const Interventions& interventions);
/// Token types and trigrams of a traced prompt.
std::vector<TaggedToken> tagTrace(const RoutingTrace& trace, const Lexicon& lexicon, Register reg);
/// Aligns two traces of the same model and compares them layer by layer. Deterministic (seed 1).
PromptComparison comparePrompts(const RoutingTrace& a, const RoutingTrace& b);

/// Tables, grids and lines of it, at result.layer. A changed model stands beside the untouched one.
Report exploreReport(const ExploreResult& result, const ExploreView& view = {});

/// Margin below which rounding the router logits to bfloat16 alone could change the choice at that
/// layer: 2^-7 of the largest |logit| (one unit in the last place of each of two logits), in the
/// trace's margin unit.
double roundingMargin(const RoutingTrace& trace, std::size_t ordinal);

/// The figures alone, for a view that changes its layer without running again.
Figure tokenStripFigure(const ExploreResult::Side& side, LayerId layer);
Figure allLayersFigure(const ExploreResult& result, LayersView view, bool ofB = false);
Figure layerGridFigure(const ExploreResult::Side& side, LayerId layer, GridView view);
/// One side of a comparison, with marks where an intervention changed the choice.
Figure layerGridFigure(const ExploreResult& result, LayerId layer, GridView view, bool ofB = false);
Figure comparisonGridFigure(const ExploreResult& result, LayerId layer);
Figure overlapByLayerFigure(const ExploreResult& result);

} // namespace moescope
