// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/explore_grids.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/expert_loads.h"
#include "core/experiments/explore_words.h"
#include "core/runtime/kernels.h"

namespace moescope {

namespace {

constexpr const char* kFirstExpert = "first expert";

std::vector<std::string> tokenLabels(const RoutingTrace& trace)
{
    std::vector<std::string> labels;
    for (const TraceToken& token : trace.tokens)
        labels.push_back(visibleToken(token.text));
    return labels;
}

std::vector<std::string> numberLabels(std::size_t count)
{
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < count; ++i)
        labels.push_back(std::to_string(i));
    return labels;
}

double finiteOrNan(float value)
{
    return std::isfinite(value) ? static_cast<double>(value)
                                : std::numeric_limits<double>::quiet_NaN();
}

/// A full bar is the 95th percentile of the margins, so that one sure token does not shrink all the
/// others.
double fullMargin(const RoutingTrace& trace)
{
    std::vector<double> values;
    for (const float margin : trace.margins) {
        if (std::isfinite(margin))
            values.push_back(static_cast<double>(margin));
    }
    return values.empty() ? 1.0 : std::max(1e-6, quantile(values, 0.95));
}

bool contains(std::span<const std::int32_t> ids, std::int32_t id)
{
    return std::ranges::find(ids, id) != ids.end();
}

/// Chosen experts of the aligned token on the other side; empty without one.
std::span<const std::int32_t> otherIds(
    const std::optional<Counterpart>& other, std::size_t token, std::size_t ordinal)
{
    if (!other || token >= other->tokens.size() || other->tokens[token] == Counterpart::kNone)
        return {};
    return other->side->trace.idsAt(other->tokens[token], ordinal);
}

/// What the darkest and the lightest cell of one layer stand for.
struct LayerScale {
    float largestWeight = 1e-9F;
    double largestProbability = 1e-9;
    float lowLogit = std::numeric_limits<float>::infinity();
    float highLogit = -std::numeric_limits<float>::infinity();
};

LayerScale scaleOf(const RoutingTrace& trace, std::size_t ordinal, GridView view)
{
    LayerScale scale;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        scale.largestWeight
            = std::max(scale.largestWeight, std::ranges::max(trace.weightsAt(t, ordinal)));
        scale.lowLogit = std::min(scale.lowLogit, std::ranges::min(trace.logitsAt(t, ordinal)));
        scale.highLogit = std::max(scale.highLogit, std::ranges::max(trace.logitsAt(t, ordinal)));
        if (view == GridView::Probabilities)
            scale.largestProbability = std::max(
                scale.largestProbability, std::ranges::max(trace.probabilitiesAt(t, ordinal)));
    }
    return scale;
}

/// softmax of one expert's logit, without a vector.
double probabilityAt(std::span<const float> logits, std::size_t expert)
{
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float z : logits)
        sum += std::exp(z - largest);
    return std::exp(logits[expert] - largest) / sum;
}

std::string listOf(std::span<const std::int32_t> ids)
{
    std::string text;
    for (const std::int32_t id : ids)
        text += fmt::format("{}E{}", text.empty() ? "" : ", ", id);
    return text;
}

RoutingGridFigure::RowBar marginBar(const RoutingTrace& trace, std::size_t ordinal)
{
    RoutingGridFigure::RowBar bar{"margin", trace.marginUnit, {}, fullMargin(trace),
        roundingMargin(trace, ordinal),
        "Lead of the last expert chosen over the first left out: near 0 it was a close call."};
    for (std::size_t t = 0; t < trace.tokenCount(); ++t)
        bar.values.push_back(finiteOrNan(trace.marginAt(t, ordinal)));
    return bar;
}

RoutingGridFigure::RowBar entropyBar(const RoutingTrace& trace, std::size_t ordinal)
{
    RoutingGridFigure::RowBar bar{"entropy", "nats", {}, std::log(std::max(2U, trace.experts)),
        -std::numeric_limits<double>::infinity(),
        "How evenly the router spread its probability over all experts: 0 is all on one, a full "
        "bar is the same for each."};
    for (std::size_t t = 0; t < trace.tokenCount(); ++t)
        bar.values.push_back(trace.entropyAt(t, ordinal));
    return bar;
}

std::string shadeTitle(GridView view, const LayerScale& scale)
{
    switch (view) {
    case GridView::Chosen:
        return fmt::format("weight, darkest {:.2f}", scale.largestWeight);
    case GridView::Probabilities:
        return fmt::format(
            "probability (softmax of the logits), darkest {:.2f}", scale.largestProbability);
    case GridView::Logits:
        break;
    }
    return fmt::format("router logit, {:.1f} to {:.1f}", scale.lowLogit, scale.highLogit);
}

/// A bias that only helps to choose makes the first choice other than the largest weight.
std::string rankMeaning(std::uint32_t k, bool biased)
{
    if (k == 1)
        return "1 marks the expert that reads the token.";
    return fmt::format("The numbers rank the {} experts that read the token{}.", k,
        biased ? " by the score that chose them, which has a bias that the weight leaves out" : "");
}

std::string valueTitle(GridView view)
{
    switch (view) {
    case GridView::Chosen:
        return "weight";
    case GridView::Probabilities:
        return "probability (softmax of the logits)";
    case GridView::Logits:
        break;
    }
    return "router logit";
}

std::string shadeTitle(LayersView view, bool intervened)
{
    switch (view) {
    case LayersView::Margin:
        return "margin";
    case LayersView::Entropy:
        return "entropy";
    case LayersView::Overlap:
        break;
    }
    return intervened ? "experts shared with the other run"
                      : "experts shared with the other prompt";
}

std::string colourMeaning(GridView view, const LayerScale& scale)
{
    switch (view) {
    case GridView::Chosen:
        return fmt::format("weight, up to {:.2f}", scale.largestWeight);
    case GridView::Probabilities:
        return fmt::format("softmax of the logits, up to {:.2f}", scale.largestProbability);
    case GridView::Logits:
        break;
    }
    return fmt::format("router logit, {:.1f} to {:.1f}", scale.lowLogit, scale.highLogit);
}

std::string colourMeaning(LayersView view)
{
    switch (view) {
    case LayersView::Margin:
        return "clearer choice";
    case LayersView::Entropy:
        return "less decided";
    case LayersView::Overlap:
        break;
    }
    return "more in common";
}

/// The score that the choice is made by, where the cell's logit is not it already.
std::string decidingScore(const RoutingTrace& trace, std::size_t t, std::size_t l, std::size_t e,
    const RouterSpec& router, std::span<const float> bias)
{
    if (router.selectionUnit() == "logit")
        return {};
    std::vector<std::int32_t> masked;
    for (const auto& at : trace.interventions.masked)
        if (at.layer == trace.layers[l])
            masked.push_back(static_cast<std::int32_t>(at.expert.value));
    const auto scores = selectionScores(router, trace.logitsAt(t, l), bias, masked, trace.k);
    if (!std::isfinite(scores[e]))
        return masked.empty() || !contains(masked, static_cast<std::int32_t>(e))
            ? "\nchosen by: nothing, since its group of experts was left out"
            : "\nchosen by: nothing, since it is masked";
    std::string rule(scoreName(router.score));
    if (!bias.empty())
        rule += fmt::format(" of the logit {} bias {:.3f}", bias[e] < 0 ? "−" : "+",
            std::abs(static_cast<double>(bias[e])));
    return fmt::format("\nchosen by: {} {:.3f} ({})", router.selectionUnit(), scores[e], rule);
}

/// What the routing rule has besides single experts.
void addRouterParts(LazyGrid& grid, const RoutingTrace& trace, const RouterSpec& router)
{
    auto& frame = std::get<RoutingGridFigure>(grid.heading.data);
    if (router.groups > 1 && trace.experts % router.groups == 0) {
        const std::uint32_t size = trace.experts / router.groups;
        for (std::uint32_t e = 0; e < trace.experts; ++e)
            grid.columnGroups.push_back(static_cast<int>(e / size));
        grid.bandNote = fmt::format(" Bands are groups of {} experts: a token's experts come from "
                                    "{} of {} groups.",
            size, router.keptGroups, router.groups);
    }
    if (router.sharedExperts == 0)
        return;
    grid.gaps.assign(trace.experts, "");
    grid.gaps.push_back(router.sharedExperts == 1
            ? "shared expert: reads every token"
            : fmt::format("{} shared experts: read every token", router.sharedExperts));
    frame.colLabels.push_back("S");
    frame.colLoad.push_back(0);
    if (!grid.columnGroups.empty())
        grid.columnGroups.push_back(static_cast<int>(router.groups));
}

} // namespace

Figure filledFigure(const LazyGrid& grid)
{
    Figure figure = grid.heading;
    auto& data = std::get<RoutingGridFigure>(figure.data);
    const std::size_t cols = data.colLabels.size();
    data.cells.reserve(data.rowLabels.size() * cols);
    for (std::size_t r = 0; r < data.rowLabels.size(); ++r) {
        for (std::size_t c = 0; c < cols; ++c) {
            data.cells.push_back(grid.cell(r, c));
            data.cells.back().note = grid.note(r, c);
        }
    }
    return figure;
}

SidePointer sideA(const std::shared_ptr<const ExploreResult>& result)
{
    return {result, &result->a};
}

SidePointer sideB(const std::shared_ptr<const ExploreResult>& result)
{
    return result->b ? SidePointer(result, &*result->b) : nullptr;
}

bool comparesInterventions(const ExploreResult& result)
{
    return result.b && !result.b->trace.interventions.empty();
}

std::optional<Counterpart> counterpart(const std::shared_ptr<const ExploreResult>& result, bool ofB)
{
    if (!result->b || !result->comparison)
        return std::nullopt;
    Counterpart other;
    other.side = ofB ? sideA(result) : sideB(result);
    const auto& shown = ofB ? result->b->trace : result->a.trace;
    other.tokens.assign(shown.tokenCount(), Counterpart::kNone);
    for (const auto& [i, j] : result->comparison->aligned)
        other.tokens[ofB ? j : i] = ofB ? i : j;
    other.intervened = comparesInterventions(*result);
    return other;
}

const char* topExpertName(const RoutingTrace& trace, std::size_t ordinal)
{
    for (std::size_t t = 0; t < trace.tokenCount(); ++t)
        if (trace.top1At(t, ordinal) != trace.idsAt(t, ordinal).front())
            return "largest weight";
    return kFirstExpert;
}

LazyGrid allLayersGrid(
    SidePointer side, std::size_t blocks, LayersView view, std::optional<Counterpart> other)
{
    const RoutingTrace& trace = side->trace;
    RoutingGridFigure frame;
    frame.rowLabels = tokenLabels(trace);
    frame.colLabels = numberLabels(blocks);
    frame.rowTitle = "token";
    frame.colTitle = "layer";
    frame.shadeTitle = shadeTitle(view, other && other->intervened);
    if (view != LayersView::Overlap)
        frame.valueTitle = view == LayersView::Margin ? fmt::format("margin ({})", trace.marginUnit)
                                                      : "entropy (nats)";
    std::vector<std::size_t> ordinals(blocks, Counterpart::kNone);
    std::string name = kFirstExpert;
    LazyGrid grid;
    grid.gaps.assign(blocks, "dense");
    for (std::size_t l = 0; l < trace.layerCount() && trace.layers[l].value < blocks; ++l) {
        ordinals[trace.layers[l].value] = l;
        grid.gaps[trace.layers[l].value].clear();
        if (name == kFirstExpert)
            name = topExpertName(trace, l);
    }
    grid.heading = {"all-layers", "All layers", name + " · stronger = " + colourMeaning(view),
        "The number is the expert with the largest weight. Expert numbers of different layers are "
        "unrelated.",
        std::move(frame)};

    if (trace.experts > 0)
        grid.meaning = fmt::format(
            "{} for 1 token in {} ({:.3f}). Margin: lead of the last expert chosen over the first "
            "left out.",
            name == kFirstExpert ? "The first expert has the largest weight; with an even router "
                                   "each expert would be first"
                                 : "The number is the expert of the largest weight, which with an "
                                   "even router would be each expert",
            trace.experts, 1.0 / trace.experts);
    grid.cell = [side, ordinals, view, other, full = fullMargin(trace),
                    even = std::log(std::max(2U, trace.experts))](std::size_t t, std::size_t col) {
        RoutingGridFigure::Cell cell;
        const std::size_t l = ordinals[col];
        if (l == Counterpart::kNone)
            return cell;
        const RoutingTrace& run = side->trace;
        const auto ids = run.idsAt(t, l);
        const auto theirs = otherIds(other, t, l);
        cell.label = std::to_string(run.top1At(t, l));
        const auto shade
            = [](double value) { return static_cast<float>(std::clamp(value, 0.0, 1.0)); };
        if (view == LayersView::Margin) {
            cell.value = run.marginAt(t, l);
            cell.shade = shade(static_cast<double>(cell.value) / full);
        } else if (view == LayersView::Entropy) {
            const double entropy = run.entropyAt(t, l);
            cell.value = static_cast<float>(entropy);
            cell.shade = shade(entropy / even);
        } else if (!theirs.empty()) {
            cell.shade = static_cast<float>(sharedExperts(ids, theirs))
                / static_cast<float>(std::max(ids.size(), theirs.size()));
        }
        if (other && other->intervened && !theirs.empty()
            && (ids.size() != theirs.size() || sharedExperts(ids, theirs) != ids.size()))
            cell.mark = 4;
        return cell;
    };
    grid.note = [side, ordinals, other](std::size_t t, std::size_t col) -> std::string {
        const std::size_t l = ordinals[col];
        if (l == Counterpart::kNone)
            return fmt::format("Layer {} is dense: it has no router.", col);
        std::string text = routingNote(side->trace, t, l);
        if (const auto theirs = otherIds(other, t, l); !theirs.empty())
            text += fmt::format("\n{} of {} shared with the other {}: {}",
                sharedExperts(side->trace.idsAt(t, l), theirs), theirs.size(),
                other->intervened ? "run" : "prompt", listOf(theirs));
        return text;
    };
    return grid;
}

LazyGrid layerGrid(SidePointer side, LayerId layer, GridView view, std::optional<Counterpart> other,
    const RouterSpec* router, std::span<const float> bias)
{
    const RoutingTrace& trace = side->trace;
    RoutingGridFigure frame;
    frame.rowLabels = tokenLabels(trace);
    frame.rowTitle = "token";
    frame.colTitle = "expert";
    LazyGrid grid;
    const auto ordinal = trace.ordinalOf(layer);
    if (!ordinal) {
        grid.heading = {"layer", fmt::format("Layer {}", layer.value), "dense: no router", "",
            std::move(frame)};
        return grid;
    }
    const LayerScale scale = scaleOf(trace, *ordinal, view);
    frame.colLabels = numberLabels(trace.experts);
    frame.evenLoad = static_cast<double>(trace.k) / trace.experts;
    frame.colLoad = loadShares(trace, *ordinal);
    frame.rowBars = {marginBar(trace, *ordinal), entropyBar(trace, *ordinal)};
    frame.shadeTitle = shadeTitle(view, scale);
    frame.valueTitle = valueTitle(view);
    grid.heading = {"layer", fmt::format("Layer {}", layer.value),
        "which experts read which token · colour = " + colourMeaning(view, scale),
        fmt::format("{} Bars on top: share of the tokens that an expert reads; an even share is "
                    "{} of {}. Margin: lead of the last expert chosen over the first left out. "
                    "Entropy: how undecided the router was.",
            rankMeaning(trace.k, router && router->selectionBias), trace.k, trace.experts),
        std::move(frame)};
    if (router)
        addRouterParts(grid, trace, *router);
    grid.meaning = fmt::format(
        "An even router would choose each expert for {} of {} tokens ({:.3f}) and give it a "
        "probability of {:.3f}. The weight multiplies what the expert {}.",
        trace.k, trace.experts, static_cast<double>(trace.k) / trace.experts, 1.0 / trace.experts,
        router && router->weighsInput ? "reads" : "adds to the token");

    const auto changed = [side, other, l = *ordinal](std::size_t t, std::size_t e) {
        const auto theirs = otherIds(other, t, l);
        const auto id = static_cast<std::int32_t>(e);
        return other && other->intervened && !theirs.empty()
            && contains(side->trace.idsAt(t, l), id) != contains(theirs, id);
    };
    grid.cell = [side, l = *ordinal, view, scale, changed](std::size_t t, std::size_t e) {
        const RoutingTrace& run = side->trace;
        RoutingGridFigure::Cell cell;
        if (e >= run.experts) // a column of shared experts
            return cell;
        const auto ids = run.idsAt(t, l);
        const auto logits = run.logitsAt(t, l);
        const auto slot = static_cast<std::size_t>(
            std::ranges::find(ids, static_cast<std::int32_t>(e)) - ids.begin());
        const bool chosen = slot < ids.size();
        switch (view) {
        case GridView::Chosen:
            if (chosen) {
                cell.value = run.weightsAt(t, l)[slot];
                cell.shade = cell.value / scale.largestWeight;
            }
            cell.faint = static_cast<float>(probabilityAt(logits, e));
            break;
        case GridView::Probabilities:
            cell.value = static_cast<float>(probabilityAt(logits, e));
            cell.shade = static_cast<float>(probabilityAt(logits, e) / scale.largestProbability);
            break;
        case GridView::Logits:
            cell.value = logits[e];
            cell.shade
                = (logits[e] - scale.lowLogit) / std::max(1e-9F, scale.highLogit - scale.lowLogit);
            break;
        }
        if (chosen)
            cell.label = std::to_string(slot + 1);
        cell.mark = changed(t, e) ? 4 : 0;
        return cell;
    };
    grid.note
        = [side, l = *ordinal, changed, rule = router ? std::optional(*router) : std::nullopt,
              shift = std::vector<float>(bias.begin(), bias.end())](std::size_t t, std::size_t e) {
              const RoutingTrace& run = side->trace;
              if (e >= run.experts)
                  return std::string("Shared experts read every token; no router chooses them.");
              const auto ids = run.idsAt(t, l);
              const auto slot = static_cast<std::size_t>(
                  std::ranges::find(ids, static_cast<std::int32_t>(e)) - ids.begin());
              const bool chosen = slot < ids.size();
              std::string text = fmt::format(
                  "\"{}\" and expert {}: {}\nsoftmax of the logits {:.3f}, logit {:.3f}",
                  visibleToken(run.tokens[t].text), e,
                  chosen ? fmt::format("choice {} of {}, weight {:.3f}", slot + 1, ids.size(),
                      run.weightsAt(t, l)[slot])
                         : std::string("not chosen"),
                  probabilityAt(run.logitsAt(t, l), e), run.logitsAt(t, l)[e]);
              if (rule)
                  text += decidingScore(run, t, l, e, *rule, shift);
              if (changed(t, e))
                  text += chosen ? "\nchanged: not chosen in the other run"
                                 : "\nchanged: chosen in the other run";
              return text;
          };
    return grid;
}

} // namespace moescope
