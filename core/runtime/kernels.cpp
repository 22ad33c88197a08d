// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/kernels.h"

#include <algorithm>
#include <cmath>

namespace moescope {

void normalise(const Norm& norm, std::span<const float> x, std::span<float> out)
{
    if (norm.kind == Norm::Kind::None) {
        std::copy(x.begin(), x.end(), out.begin());
        return;
    }
    const auto n = static_cast<double>(x.size());
    double mean = 0;
    if (norm.kind == Norm::Kind::Layer) {
        for (const float value : x)
            mean += static_cast<double>(value);
        mean /= n;
    }
    double squares = 0;
    for (const float value : x) {
        const double centred = static_cast<double>(value) - mean;
        squares += centred * centred;
    }
    const auto scale = static_cast<float>(1.0 / std::sqrt(squares / n + norm.eps));
    const auto shift = static_cast<float>(mean);
    for (std::size_t i = 0; i < x.size(); ++i) {
        float value = (x[i] - shift) * scale;
        if (!norm.weight.empty())
            value *= norm.weight[i];
        out[i] = norm.bias.empty() ? value : value + norm.bias[i];
    }
}

void softmax(std::span<float> x, std::optional<float> sink)
{
    float largest = *std::ranges::max_element(x);
    if (sink)
        largest = std::max(largest, *sink);
    double sum = sink ? static_cast<double>(std::exp(*sink - largest)) : 0.0;
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

float sigmoid(float x)
{
    return 1.0F / (1.0F + std::exp(-x));
}

float activate(const Activation& activation, float gate, float up)
{
    switch (activation.kind) {
    case Activation::Kind::Silu:
        break;
    case Activation::Kind::GeluTanh: {
        constexpr float kRootTwoOverPi = 0.7978845608028654F;
        return 0.5F * gate
            * (1.0F + std::tanh(kRootTwoOverPi * (gate + 0.044715F * gate * gate * gate))) * up;
    }
    case Activation::Kind::ClampedSwiglu:
        gate = std::min(gate, activation.limit);
        up = std::clamp(up, -activation.limit, activation.limit);
        return (up + 1.0F) * gate * sigmoid(activation.alpha * gate);
    }
    return silu(gate) * up;
}

RopeTable::RopeTable(const RopeSpec& spec, std::uint32_t reach)
    : m_frequencies(spec.frequencies)
    , m_factor(spec.attentionFactor)
    , m_interleaved(spec.pairing == RopeSpec::Pairing::Interleaved)
{
    if (spec.beyond && reach > spec.beyond->after) {
        m_frequencies = spec.beyond->frequencies;
        m_factor = spec.beyond->attentionFactor;
    }
    if (spec.dynamic && reach > spec.dynamic->after) {
        const double width = spec.width;
        const double factor = spec.dynamic->factor;
        const double stretch = factor * reach / spec.dynamic->after - (factor - 1);
        const double base = spec.base * std::pow(stretch, width / (width - 2));
        for (std::size_t i = 0; i < m_frequencies.size(); ++i)
            m_frequencies[i]
                = static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / width));
    }
}

RopeTable::Angles RopeTable::at(std::uint32_t position) const
{
    Angles angles{
        std::vector<float>(m_frequencies.size()), std::vector<float>(m_frequencies.size())};
    for (std::size_t i = 0; i < m_frequencies.size(); ++i) {
        const float angle = static_cast<float>(position) * m_frequencies[i];
        angles.cos[i] = m_factor * std::cos(angle);
        angles.sin[i] = m_factor * std::sin(angle);
    }
    return angles;
}

void RopeTable::rotate(std::span<float> head, const Angles& angles) const
{
    const std::size_t half = m_frequencies.size();
    for (std::size_t i = 0; i < half; ++i) {
        float& first = head[m_interleaved ? 2 * i : i];
        float& second = head[m_interleaved ? 2 * i + 1 : i + half];
        const float a = first;
        const float b = second;
        first = a * angles.cos[i] - b * angles.sin[i];
        second = b * angles.cos[i] + a * angles.sin[i];
    }
}

} // namespace moescope
