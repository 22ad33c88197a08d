// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/expert_loads.h"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/binomial.hpp>

#include "core/spectra/expert_weights.h"

namespace moescope {

namespace {

Interval binomialBand(std::size_t n, double p)
{
    if (n == 0)
        return {0, 1};
    if (p <= 0 || p >= 1)
        return {std::clamp(p, 0.0, 1.0), std::clamp(p, 0.0, 1.0)};
    const boost::math::binomial law(static_cast<double>(n), p);
    return {boost::math::quantile(law, 0.025) / static_cast<double>(n),
        boost::math::quantile(law, 0.975) / static_cast<double>(n)};
}

} // namespace

double LoadTable::share(std::size_t expert) const
{
    return tokens == 0 ? 0
                       : static_cast<double>(experts[expert].tokens) / static_cast<double>(tokens);
}

LoadTable expertLoads(
    const RoutingTrace& trace, std::size_t ordinal, std::size_t first, std::size_t last)
{
    LoadTable table;
    table.experts.resize(trace.experts);
    for (std::size_t t = first; t <= last && t < trace.tokenCount(); ++t) {
        if (trace.tokens[t].special)
            continue;
        ++table.tokens;
        const auto ids = trace.idsAt(t, ordinal);
        const auto weights = trace.weightsAt(t, ordinal);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            LoadTable::Load& load = table.experts[static_cast<std::size_t>(ids[i])];
            ++load.tokens;
            load.meanWeight += static_cast<double>(weights[i]);
        }
    }
    for (LoadTable::Load& load : table.experts) {
        if (load.tokens > 0)
            load.meanWeight /= static_cast<double>(load.tokens);
    }
    table.evenShare = trace.experts == 0 ? 0 : static_cast<double>(trace.k) / trace.experts;
    table.band = binomialBand(table.tokens, table.evenShare);
    return table;
}

std::vector<double> loadShares(const RoutingTrace& trace, std::size_t ordinal)
{
    const LoadTable table = expertLoads(trace, ordinal, 0, trace.tokenCount());
    std::vector<double> shares(table.experts.size());
    for (std::size_t e = 0; e < shares.size(); ++e)
        shares[e] = table.share(e);
    return shares;
}

std::vector<ReadToken> tokensReadBy(
    const RoutingTrace& trace, std::size_t ordinal, ExpertId expert, std::size_t count)
{
    std::vector<ReadToken> tokens;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        const auto ids = trace.idsAt(t, ordinal);
        const auto it = std::ranges::find(ids, static_cast<std::int32_t>(expert.value));
        if (it == ids.end())
            continue;
        const auto rank = static_cast<std::size_t>(it - ids.begin());
        tokens.push_back({t, trace.weightsAt(t, ordinal)[rank], rank});
    }
    std::ranges::stable_sort(tokens, std::ranges::greater{}, &ReadToken::weight);
    if (tokens.size() > count)
        tokens.resize(count);
    return tokens;
}

std::vector<std::size_t> clusteredExperts(const RoutingTrace& trace, std::size_t ordinal)
{
    const std::size_t experts = trace.experts;
    std::vector<double> together(experts * experts, 0.0);
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        for (const std::int32_t a : trace.idsAt(t, ordinal)) {
            for (const std::int32_t b : trace.idsAt(t, ordinal))
                ++together[static_cast<std::size_t>(a) * experts + static_cast<std::size_t>(b)];
        }
    }
    std::vector<std::size_t> used;
    for (std::size_t e = 0; e < experts; ++e) {
        if (together[e * experts + e] > 0)
            used.push_back(e);
    }
    std::vector<double> cosine(used.size() * used.size());
    for (std::size_t i = 0; i < used.size(); ++i) {
        for (std::size_t j = 0; j < used.size(); ++j) {
            const double sizes
                = together[used[i] * experts + used[i]] * together[used[j] * experts + used[j]];
            cosine[i * used.size() + j] = together[used[i] * experts + used[j]] / std::sqrt(sizes);
        }
    }
    std::vector<std::size_t> order;
    for (const std::size_t i : clusteredOrder(cosine, used.size()))
        order.push_back(used[i]);
    for (std::size_t e = 0; e < experts; ++e) {
        if (together[e * experts + e] == 0)
            order.push_back(e);
    }
    return order;
}

} // namespace moescope
