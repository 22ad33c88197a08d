// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/base/random.h"
#include "core/experiments/expert_loads.h"
#include "core/experiments/explore.h"
#include "core/stats/hypergeometric.h"

namespace moescope {

namespace {

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

std::size_t prefixLength(const RoutingTrace& a, const RoutingTrace& b)
{
    std::size_t n = 0;
    while (n < a.tokenCount() && n < b.tokenCount() && a.tokens[n].id == b.tokens[n].id)
        ++n;
    return n;
}

/// Longest common subsequence of the token ids. Beyond a table of 16 million cells only prefix and
/// suffix are aligned.
Pairs alignTokens(const RoutingTrace& a, const RoutingTrace& b, std::size_t prefix)
{
    Pairs pairs;
    for (std::size_t i = 0; i < prefix; ++i)
        pairs.emplace_back(i, i);
    const std::size_t rows = a.tokenCount() - prefix;
    const std::size_t cols = b.tokenCount() - prefix;
    const auto same = [&](std::size_t i, std::size_t j) {
        return a.tokens[prefix + i].id == b.tokens[prefix + j].id;
    };
    if (rows == 0 || cols == 0)
        return pairs;
    if (cols > 16'000'000 / rows) {
        std::size_t suffix = 0;
        while (suffix < std::min(rows, cols) && same(rows - 1 - suffix, cols - 1 - suffix))
            ++suffix;
        for (std::size_t i = suffix; i > 0; --i)
            pairs.emplace_back(a.tokenCount() - i, b.tokenCount() - i);
        return pairs;
    }
    std::vector<std::uint32_t> best((rows + 1) * (cols + 1), 0);
    const auto at
        = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return best[i * (cols + 1) + j]; };
    for (std::size_t i = rows; i-- > 0;) {
        for (std::size_t j = cols; j-- > 0;)
            at(i, j) = same(i, j) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
    for (std::size_t i = 0, j = 0; i < rows && j < cols;) {
        if (same(i, j))
            pairs.emplace_back(prefix + i++, prefix + j++);
        else if (at(i + 1, j) >= at(i, j + 1))
            ++i;
        else
            ++j;
    }
    return pairs;
}

/// Assignments per expert at one layer, special tokens left out.
std::vector<double> counts(const RoutingTrace& trace, std::size_t ordinal)
{
    std::vector<double> n;
    for (const LoadTable::Load& load : expertLoads(trace, ordinal, 0, trace.tokenCount()).experts)
        n.push_back(static_cast<double>(load.tokens));
    return n;
}

double usageOverlap(const std::vector<double>& a, const std::vector<double>& b)
{
    const double sumA = std::accumulate(a.begin(), a.end(), 0.0);
    const double sumB = std::accumulate(b.begin(), b.end(), 0.0);
    if (sumA == 0 || sumB == 0)
        return std::numeric_limits<double>::quiet_NaN();
    double overlap = 0;
    for (std::size_t e = 0; e < a.size(); ++e)
        overlap += std::min(a[e] / sumA, b[e] / sumB);
    return overlap;
}

/// Counts after `tokens` independent draws of k distinct experts with these loads.
std::vector<double> drawCounts(
    const std::vector<double>& cumulative, std::size_t tokens, std::size_t k, Random& random)
{
    std::vector<double> n(cumulative.size(), 0.0);
    std::vector<std::size_t> chosen;
    for (std::size_t t = 0; t < tokens; ++t) {
        chosen.clear();
        while (chosen.size() < k) {
            const double u = random.uniform() * cumulative.back();
            const auto e = static_cast<std::size_t>(
                std::ranges::upper_bound(cumulative, u) - cumulative.begin());
            if (e < n.size() && std::ranges::find(chosen, e) == chosen.end())
                chosen.push_back(e);
        }
        for (const std::size_t e : chosen)
            ++n[e];
    }
    return n;
}

/// Null of the usage overlap: both prompts routed at random with the pooled loads (N2), by
/// simulation.
void usageNull(LayerOverlap& overlap, const std::vector<double>& a, const std::vector<double>& b,
    std::size_t tokensA, std::size_t tokensB, std::size_t k, std::size_t layers,
    std::uint64_t layer)
{
    std::vector<double> cumulative(a.size());
    double total = 0;
    for (std::size_t e = 0; e < a.size(); ++e)
        cumulative[e] = total += a[e] + b[e] + 0.5; // half a count each keeps every expert possible
    const std::size_t work = std::max<std::size_t>(1, (tokensA + tokensB) * k * layers);
    const std::size_t replicates = std::clamp<std::size_t>(8'000'000 / work, 40, 400);
    std::vector<double> values(replicates);
    for (std::size_t r = 0; r < replicates; ++r) {
        Random random = Random::stream(1, 0x6578706C, layer, r);
        const auto nA = drawCounts(cumulative, tokensA, k, random);
        const auto nB = drawCounts(cumulative, tokensB, k, random);
        values[r] = usageOverlap(nA, nB);
    }
    overlap.usageOverlapNull = mean(values);
    overlap.usageOverlapBand = {quantile(values, 0.025), quantile(values, 0.975)};
}

/// 95 % band of the mean of n overlaps |∩|/k of independent random k-sets: exact for small n, else
/// normal.
Interval meanOverlapBand(std::uint64_t experts, std::uint64_t k, std::size_t n)
{
    if (n == 0)
        return {0, 1};
    const OverlapNull null{experts, k, k};
    std::vector<double> one(k + 1);
    double variance = 0;
    for (std::uint64_t o = 0; o <= k; ++o) {
        one[o] = null.probability(o);
        variance += one[o] * std::pow(static_cast<double>(o) - null.mean(), 2);
    }
    const auto full = static_cast<double>(k) * static_cast<double>(n);
    if (n > 64) {
        const double half = kZ95 * std::sqrt(variance * static_cast<double>(n));
        const double centre = null.mean() * static_cast<double>(n);
        return {std::max(0.0, (centre - half) / full), std::min(1.0, (centre + half) / full)};
    }
    std::vector<double> sum = {1.0};
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> next(sum.size() + k, 0.0);
        for (std::size_t s = 0; s < sum.size(); ++s) {
            for (std::size_t o = 0; o <= k; ++o)
                next[s + o] += sum[s] * one[o];
        }
        sum = std::move(next);
    }
    Interval band{0, 1};
    double below = 0;
    bool foundLo = false;
    for (std::size_t s = 0; s < sum.size(); ++s) {
        below += sum[s];
        if (!foundLo && below >= 0.025) {
            band.lo = static_cast<double>(s) / full;
            foundLo = true;
        }
        if (below >= 0.975) {
            band.hi = static_cast<double>(s) / full;
            break;
        }
    }
    return band;
}

/// Whether an aligned token of A counts: not special, and not in a start that must be routed alike.
bool isCompared(const PromptComparison& comparison, const RoutingTrace& a, std::size_t token)
{
    return !a.tokens[token].special
        && !(comparison.prefixLeftOut && token < comparison.commonPrefix);
}

LayerOverlap compareLayer(const RoutingTrace& a, const RoutingTrace& b, std::size_t ordinal,
    const PromptComparison& comparison)
{
    LayerOverlap overlap;
    const auto nA = counts(a, ordinal);
    const auto nB = counts(b, ordinal);
    std::size_t either = 0;
    for (std::size_t e = 0; e < nA.size(); ++e) {
        overlap.usedA += nA[e] > 0;
        overlap.usedB += nB[e] > 0;
        overlap.shared += nA[e] > 0 && nB[e] > 0;
        either += nA[e] > 0 || nB[e] > 0;
    }
    const OverlapNull null{a.experts, overlap.usedA, overlap.usedB};
    overlap.setOverlap = either == 0
        ? std::numeric_limits<double>::quiet_NaN()
        : static_cast<double>(overlap.shared) / static_cast<double>(either);
    overlap.setOverlapNull = null.jaccardMean();
    overlap.setOverlapBand = null.jaccardBand();
    overlap.p = null.atLeast(overlap.shared);
    overlap.usageOverlap = usageOverlap(nA, nB);
    usageNull(overlap, nA, nB, a.countedTokens(), b.countedTokens(), a.k, a.layerCount(),
        a.layers[ordinal].value);

    const std::size_t k = std::min(a.k, b.k);
    double sum = 0;
    std::size_t n = 0;
    for (const auto& [i, j] : comparison.aligned) {
        if (!isCompared(comparison, a, i))
            continue;
        sum += static_cast<double>(sharedExperts(a.idsAt(i, ordinal), b.idsAt(j, ordinal)))
            / static_cast<double>(k);
        ++n;
    }
    overlap.alignedOverlap
        = n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(n);
    overlap.alignedBand = meanOverlapBand(a.experts, k, n);
    return overlap;
}

void findDivergence(const RoutingTrace& a, const RoutingTrace& b, PromptComparison& comparison)
{
    for (const auto& [i, j] : comparison.aligned) {
        for (std::size_t l = 0; l < a.layerCount(); ++l) {
            const auto idsA = a.idsAt(i, l);
            const auto idsB = b.idsAt(j, l);
            if (idsA.size() == idsB.size() && sharedExperts(idsA, idsB) == idsA.size())
                continue;
            const PromptComparison::Divergence here{i, j, a.layers[l]};
            if (!comparison.earliestDivergence)
                comparison.earliestDivergence = here;
            auto& first = comparison.firstDivergence;
            if (!first || here.layer < first->layer)
                first = here;
            break;
        }
    }
}

} // namespace

PromptComparison comparePrompts(const RoutingTrace& a, const RoutingTrace& b)
{
    PromptComparison comparison;
    comparison.commonPrefix = prefixLength(a, b);
    comparison.aligned = alignTokens(a, b, comparison.commonPrefix);
    const bool samePrompt
        = comparison.commonPrefix == a.tokenCount() && comparison.commonPrefix == b.tokenCount();
    comparison.prefixLeftOut = !samePrompt && a.interventions.empty() && b.interventions.empty();
    for (const auto& [i, j] : comparison.aligned)
        comparison.compared += isCompared(comparison, a, i);
    for (std::size_t l = 0; l < a.layerCount(); ++l)
        comparison.layers.push_back(compareLayer(a, b, l, comparison));
    findDivergence(a, b, comparison);
    return comparison;
}

} // namespace moescope
