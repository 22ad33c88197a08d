// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/comparison_words.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope {

namespace {

std::string quoted(const RoutingTrace& trace, std::size_t token)
{
    return fmt::format("“{}”", visibleToken(trace.tokens[token].text));
}

std::string placeOf(const PromptComparison::Divergence& at, const RoutingTrace& a)
{
    return at.positionA == at.positionB
        ? fmt::format("{} (position {})", quoted(a, at.positionA), at.positionA)
        : fmt::format(
            "{} (position {} in A, {} in B)", quoted(a, at.positionA), at.positionA, at.positionB);
}

Statement commonStart(const ExploreResult& result)
{
    const PromptComparison& comparison = *result.comparison;
    const RoutingTrace& a = result.a.trace;
    const RoutingTrace& b = result.b->trace;
    const std::size_t prefix = comparison.commonPrefix;
    if (prefix == 0)
        return {"The prompts differ from the first token on.", false};
    if (prefix == a.tokenCount() && prefix == b.tokenCount())
        return {comparison.firstDivergence ? "The prompts are the same text."
                                           : "The prompts are the same text, routed alike.",
            false};
    const auto& first = comparison.earliestDivergence;
    if (first && first->positionA < prefix)
        return {fmt::format("The same text up to {}, but routed differently from {} on.",
                    quoted(a, prefix - 1), quoted(a, first->positionA)),
            false};
    return {fmt::format("Identical up to {}: the same {} tokens, routed alike.",
                quoted(a, prefix - 1), prefix),
        false};
}

Statement divergence(const ExploreResult& result)
{
    const PromptComparison& comparison = *result.comparison;
    if (comparison.compared == 0 && comparison.prefixLeftOut)
        return {"After that no token stands in both prompts.", false};
    const auto& first = comparison.firstDivergence;
    if (!first)
        return {"Every token that both prompts have is routed alike at every layer.", false};
    std::string text = fmt::format("First layer where a shared token is routed differently: {}, "
                                   "at {}",
        first->layer.value, placeOf(*first, result.a.trace));
    const auto& earliest = comparison.earliestDivergence;
    text += earliest->positionA == first->positionA
        ? "."
        : fmt::format("; the earliest such token is {}, at layer {}.",
            placeOf(*earliest, result.a.trace), earliest->layer.value);
    return {std::move(text), false};
}

/// Where the overlap at aligned tokens stands against independent random choices.
Statement alignedOverlap(const ExploreResult& result)
{
    std::string asRandom;
    std::size_t above = 0;
    std::size_t within = 0;
    std::size_t below = 0;
    for (std::size_t l = 0; l < result.comparison->layers.size(); ++l) {
        const LayerOverlap& overlap = result.comparison->layers[l];
        switch (againstNull(overlap.alignedOverlap, overlap.alignedBand)) {
        case AgainstNull::Above:
            ++above;
            break;
        case AgainstNull::Below:
            ++below;
            break;
        case AgainstNull::AsRandom:
            ++within;
            asRandom += fmt::format(
                "{}{}", asRandom.empty() ? "" : ", ", result.a.trace.layers[l].value);
            break;
        }
    }
    const std::size_t layers = result.comparison->layers.size();
    const std::string n = fmt::format("({} tokens, 95 % band)", result.comparison->compared);
    if (above == layers)
        return {fmt::format("Shared tokens meet the same experts more often than random choices "
                            "would at every layer {}.",
                    n),
            false};
    if (within == layers)
        return {fmt::format("At every layer shared tokens meet the same experts as often as random "
                            "choices would {}.",
                    n),
            true};
    std::string text = fmt::format("Shared tokens meet the same experts more often than random "
                                   "choices would at {} of {} layers {}",
        above, layers, n);
    if (below > 0)
        text += fmt::format("; less often at {}", below);
    if (within > 0)
        text += within <= 8
            ? fmt::format("; as random at layer{} {}", within > 1 ? "s" : "", asRandom)
            : fmt::format("; as random at {}", within);
    return {text + ".", above + below == 0};
}

Statement setOverlap(const LayerOverlap& overlap, LayerId layer)
{
    switch (againstNull(overlap.setOverlap, overlap.setOverlapBand)) {
    case AgainstNull::Above:
        return {fmt::format("At layer {} the prompts use more of the same experts than random sets "
                            "of these sizes (p = {:.3f}, {}).",
                    layer.value, overlap.p, kSharedSide),
            false};
    case AgainstNull::Below:
        return {fmt::format("At layer {} the prompts use fewer of the same experts than random "
                            "sets of these sizes.",
                    layer.value),
            false};
    case AgainstNull::AsRandom:
        break;
    }
    return {fmt::format("Set overlap at layer {} is what random sets give: it mostly measures "
                        "prompt length.",
                layer.value),
        true};
}

} // namespace

AgainstNull againstNull(double value, const Interval& band)
{
    if (value > band.hi)
        return AgainstNull::Above;
    return value < band.lo ? AgainstNull::Below : AgainstNull::AsRandom;
}

std::vector<Statement> describeDivergence(const ExploreResult& result)
{
    std::vector<Statement> statements;
    if (!result.comparison || !result.b)
        return statements;
    statements.push_back(commonStart(result));
    const PromptComparison& comparison = *result.comparison;
    const bool sameText = comparison.commonPrefix == result.a.trace.tokenCount()
        && comparison.commonPrefix == result.b->trace.tokenCount();
    if (!comparison.layers.empty() && (!sameText || comparison.firstDivergence))
        statements.push_back(divergence(result));
    return statements;
}

std::vector<Statement> describeComparison(const ExploreResult& result, LayerId layer)
{
    std::vector<Statement> statements = describeDivergence(result);
    if (statements.size() < 2) // no routing, or nothing differs
        return statements;
    const PromptComparison& comparison = *result.comparison;
    if (comparison.compared > 0)
        statements.push_back(alignedOverlap(result));
    if (const auto ordinal = result.a.trace.ordinalOf(layer))
        statements.push_back(setOverlap(comparison.layers[*ordinal], layer));
    return statements;
}

} // namespace moescope
