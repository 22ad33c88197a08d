// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/intervention_effect.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moescope {

namespace {

bool sameSet(std::span<const std::int32_t> a, std::span<const std::int32_t> b)
{
    return a.size() == b.size() && std::ranges::all_of(a, [&](std::int32_t id) {
        return std::ranges::find(b, id) != b.end();
    });
}

void compareChoices(const RoutingTrace& a, const RoutingTrace& b, InterventionEffect& effect)
{
    effect.changedAt.assign(a.layerCount(), 0);
    effect.keptAt.assign(a.layerCount(), 0);
    for (std::size_t t = 0; t < effect.tokens; ++t) {
        for (std::size_t l = 0; l < a.layerCount(); ++l) {
            ++effect.cells;
            effect.keptAt[l]
                += static_cast<double>(sharedExperts(a.idsAt(t, l), b.idsAt(t, l))) / a.k;
            if (sameSet(a.idsAt(t, l), b.idsAt(t, l)))
                continue;
            ++effect.changedCells;
            ++effect.changedAt[l];
            if (!effect.first)
                effect.first = InterventionEffect::Place{t, a.layers[l]};
        }
    }
    for (double& kept : effect.keptAt)
        kept /= static_cast<double>(effect.tokens);
}

void comparePredictions(const RoutingTrace& a, const RoutingTrace& b, InterventionEffect& effect)
{
    double before = 0;
    double after = 0;
    for (std::size_t t = 0; t < effect.tokens; ++t) {
        if (!a.next[t].empty() && !b.next[t].empty()) {
            ++effect.predictions;
            if (a.next[t].front().id != b.next[t].front().id)
                effect.changes.push_back({t, a.next[t].front(), b.next[t].front()});
        }
        // A token that only one run goes on with is no measure of the other.
        const bool followed = t + 1 < effect.tokens;
        if (followed && std::isfinite(a.nextLogProbability[t])
            && std::isfinite(b.nextLogProbability[t])) {
            ++effect.lossTokens;
            before -= static_cast<double>(a.nextLogProbability[t]);
            after -= static_cast<double>(b.nextLogProbability[t]);
        }
    }
    const double n = effect.lossTokens > 0 ? static_cast<double>(effect.lossTokens)
                                           : std::numeric_limits<double>::quiet_NaN();
    effect.lossBefore = before / n;
    effect.lossAfter = after / n;
}

} // namespace

InterventionEffect interventionEffect(const RoutingTrace& untouched, const RoutingTrace& changed)
{
    InterventionEffect effect;
    while (effect.tokens < untouched.tokenCount() && effect.tokens < changed.tokenCount()
        && untouched.tokens[effect.tokens].id == changed.tokens[effect.tokens].id)
        ++effect.tokens;
    compareChoices(untouched, changed, effect);
    comparePredictions(untouched, changed, effect);
    return effect;
}

} // namespace moescope
