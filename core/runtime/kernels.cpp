// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moescope {

void rmsNorm(
    std::span<const float> x, std::span<const float> weight, double eps, std::span<float> out)
{
    double squares = 0;
    for (const float value : x)
        squares += static_cast<double>(value) * static_cast<double>(value);
    const auto scale
        = static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(x.size()) + eps));
    for (std::size_t i = 0; i < x.size(); ++i)
        out[i] = weight[i] * (x[i] * scale);
}

void softmax(std::span<float> x)
{
    const float largest = *std::ranges::max_element(x);
    double sum = 0;
    for (float& value : x) {
        value = std::exp(value - largest);
        sum += static_cast<double>(value);
    }
    for (float& value : x)
        value = static_cast<float>(static_cast<double>(value) / sum);
}

float silu(float x)
{
    return x / (1.0F + std::exp(-x));
}

RopeTable::RopeTable(const RopeSpec& spec)
    : m_spec(spec)
    , m_frequencies(spec.width / 2)
{
    for (std::size_t i = 0; i < m_frequencies.size(); ++i) {
        const double exponent = -2.0 * static_cast<double>(i) / spec.width;
        m_frequencies[i] = static_cast<float>(std::pow(spec.base, exponent) / spec.linearFactor);
    }
}

void RopeTable::rotate(std::span<float> head, std::uint32_t position) const
{
    const std::size_t half = m_frequencies.size();
    const bool interleaved = m_spec.pairing == RopeSpec::Pairing::Interleaved;
    for (std::size_t i = 0; i < half; ++i) {
        const float angle = static_cast<float>(position) * m_frequencies[i];
        const float c = std::cos(angle);
        const float s = std::sin(angle);
        float& first = head[interleaved ? 2 * i : i];
        float& second = head[interleaved ? 2 * i + 1 : i + half];
        const float a = first;
        const float b = second;
        first = a * c - b * s;
        second = b * c + a * s;
    }
}

RouterChoice chooseExperts(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> selection, std::uint32_t k, std::span<const std::int32_t> forced)
{
    std::vector<std::int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto score = [&](std::int32_t id) { return selection[static_cast<std::size_t>(id)]; };
    const auto better = [&](std::int32_t a, std::int32_t b) {
        return score(a) != score(b) ? score(a) > score(b) : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), better);

    RouterChoice choice;
    choice.ids.assign(order.begin(), order.begin() + k);
    for (const std::int32_t id : forced) {
        if (std::ranges::find(choice.ids, id) != choice.ids.end())
            continue;
        // The lowest chosen expert that is not forced itself makes room.
        const auto loser = std::find_if(choice.ids.rbegin(), choice.ids.rend(),
            [&](std::int32_t chosen) { return std::ranges::find(forced, chosen) == forced.end(); });
        if (loser != choice.ids.rend())
            *loser = id;
    }
    if (!forced.empty())
        std::ranges::sort(choice.ids, better);

    std::vector<float> scores(logits.begin(), logits.end());
    if (spec.score == ScoreFunction::Softmax) {
        softmax(scores);
    } else {
        for (float& value : scores)
            value = 1.0F / (1.0F + std::exp(-value));
    }
    double sum = 0;
    for (const std::int32_t id : choice.ids) {
        choice.weights.push_back(scores[static_cast<std::size_t>(id)]);
        sum += static_cast<double>(choice.weights.back());
    }
    for (float& weight : choice.weights) {
        if (spec.renormalise && sum > 0)
            weight = static_cast<float>(static_cast<double>(weight) / sum);
        weight *= spec.scale;
    }
    return choice;
}

} // namespace moescope
