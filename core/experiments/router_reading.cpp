// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/router_reading.h"

#include <array>

namespace moescope {

namespace {

double meanOf(std::span<const float> values)
{
    double sum = 0;
    for (const float value : values)
        sum += static_cast<double>(value);
    return sum / static_cast<double>(values.size());
}

void addTo(std::span<float> sum, std::span<const float> values)
{
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += values[i];
}

} // namespace

RouterReadings::RouterReadings(const MoeModel& model, std::span<const float> embedding)
    : m_model(&model)
    , m_token(embedding.begin(), embedding.end())
    , m_attention(embedding.size())
    , m_mlp(embedding.size())
{
}

void RouterReadings::addAttention(LayerId layer, std::span<const float> output)
{
    if (m_model->config().layers[layer.value].mixture) {
        const Norm& norm = m_model->layer(layer).mlpNorm;
        const std::array<std::span<const float>, 4> parts{m_token, m_attention, output, m_mlp};
        std::array<double, 4> centre{};
        if (norm.kind == Norm::Kind::Layer)
            for (std::size_t p = 0; p < parts.size(); ++p)
                centre[p] = meanOf(parts[p]);
        // The common divisor of the norm cancels in the shares, and its bias belongs to no part.
        std::array<double, 4> along{};
        for (std::size_t i = 0; i < m_token.size(); ++i) {
            const double weight = norm.weight.empty() ? 1.0 : static_cast<double>(norm.weight[i]);
            std::array<double, 4> value{};
            double sum = 0;
            for (std::size_t p = 0; p < parts.size(); ++p) {
                value[p] = weight * (static_cast<double>(parts[p][i]) - centre[p]);
                sum += value[p];
            }
            for (std::size_t p = 0; p < parts.size(); ++p)
                along[p] += value[p] * sum;
        }
        const double whole = along[0] + along[1] + along[2] + along[3];
        if (whole > 0)
            m_readings.push_back(
                {layer, along[0] / whole, along[1] / whole, along[2] / whole, along[3] / whole});
    }
    addTo(m_attention, output);
}

void RouterReadings::addMlp(std::span<const float> output)
{
    addTo(m_mlp, output);
}

} // namespace moescope
