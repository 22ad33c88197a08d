// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/expert_weights.h"

#include <cmath>

#include "core/stats/intervals.h"

namespace moescope {

CosineSummary summariseCosines(std::span<const double> cosine, std::size_t count)
{
    CosineSummary summary;
    std::vector<double> values;
    std::vector<double> sums(count);
    std::vector<std::size_t> partners(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = i + 1; j < count; ++j) {
            const double value = cosine[i * count + j];
            if (!std::isfinite(value))
                continue;
            values.push_back(value);
            for (const std::size_t e : {i, j}) {
                sums[e] += value;
                ++partners[e];
            }
        }
    }
    summary.pairs = values.size();
    if (values.empty())
        return summary;
    summary.mean = mean(values);
    summary.sd = standardDeviation(values);
    std::vector<double> without;
    const double total = summary.mean * static_cast<double>(values.size());
    for (std::size_t e = 0; e < count; ++e)
        if (partners[e] > 0 && partners[e] < values.size())
            without.push_back((total - sums[e]) / static_cast<double>(values.size() - partners[e]));
    if (without.size() >= 3) {
        const auto n = static_cast<double>(without.size());
        summary.error = standardDeviation(without) * (n - 1) / std::sqrt(n);
    }
    return summary;
}

std::vector<std::size_t> clusteredOrder(std::span<const double> cosine, std::size_t count)
{
    std::vector<double> distance(count * count);
    for (std::size_t i = 0; i < distance.size(); ++i)
        distance[i] = std::isfinite(cosine[i]) ? 1 - cosine[i] : 2.0;
    std::vector<std::vector<std::size_t>> clusters(count);
    std::vector<std::size_t> alive(count);
    for (std::size_t i = 0; i < count; ++i) {
        clusters[i] = {i};
        alive[i] = i;
    }
    while (alive.size() > 1) {
        std::size_t bestA = 0;
        std::size_t bestB = 1;
        for (std::size_t a = 0; a < alive.size(); ++a)
            for (std::size_t b = a + 1; b < alive.size(); ++b)
                if (distance[alive[a] * count + alive[b]]
                    < distance[alive[bestA] * count + alive[bestB]]) {
                    bestA = a;
                    bestB = b;
                }
        const std::size_t into = alive[bestA];
        const std::size_t from = alive[bestB];
        const auto sizeInto = static_cast<double>(clusters[into].size());
        const auto sizeFrom = static_cast<double>(clusters[from].size());
        for (const std::size_t other : alive) {
            const double merged = (sizeInto * distance[into * count + other]
                                      + sizeFrom * distance[from * count + other])
                / (sizeInto + sizeFrom);
            distance[into * count + other] = merged;
            distance[other * count + into] = merged;
        }
        clusters[into].insert(clusters[into].end(), clusters[from].begin(), clusters[from].end());
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(bestB));
    }
    return alive.empty() ? std::vector<std::size_t>{} : clusters[alive.front()];
}

} // namespace moescope
