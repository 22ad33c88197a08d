// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/trace_tensors.h"

#include <algorithm>

#include <fmt/format.h>

namespace moescope::cli {

namespace {

template <typename T>
void copyRow(std::span<const T> row, std::vector<T>& values, std::size_t position)
{
    std::copy(row.begin(), row.end(),
        values.begin() + static_cast<std::ptrdiff_t>(position * row.size()));
}

} // namespace

TraceTensors::TraceTensors(const MoeModel& model, std::size_t tokens)
    : m_config(model.config())
    , m_tokens(tokens)
    , m_logits(tokens * m_config.vocabulary)
    , m_hidden(m_config.layerCount() + 1, std::vector<float>(tokens * m_config.hidden))
{
    for (const LayerId layer : model.mixtureLayers())
        m_routers.push_back({layer, std::vector<float>(tokens * m_config.router.experts),
            std::vector<std::int32_t>(tokens * m_config.router.topK),
            std::vector<float>(tokens * m_config.router.topK)});
}

std::uint64_t TraceTensors::bytes(const MoeModel& model, std::uint64_t tokens)
{
    const ModelConfig& config = model.config();
    const std::uint64_t perRouter = config.router.experts + 2ULL * config.router.topK;
    const std::uint64_t perToken = config.vocabulary + (config.layerCount() + 1ULL) * config.hidden
        + model.mixtureLayers().size() * perRouter;
    return tokens * perToken * sizeof(float);
}

void TraceTensors::onHidden(
    std::uint32_t layer, std::uint32_t position, std::span<const float> hidden)
{
    copyRow(hidden, m_hidden[layer], position);
}

void TraceTensors::onRouting(LayerId layer, std::uint32_t position, const Routing& routing)
{
    const auto router = std::find_if(
        m_routers.begin(), m_routers.end(), [&](const Router& r) { return r.layer == layer; });
    copyRow(routing.logits, router->logits, position);
    copyRow(routing.ids, router->ids, position);
    copyRow(routing.weights, router->weights, position);
}

void TraceTensors::onLogits(std::uint32_t position, std::span<const float> logits)
{
    copyRow(logits, m_logits, position);
}

std::size_t TraceTensors::addTo(SafetensorsWriter& writer, std::size_t prompt) const
{
    const auto rows = static_cast<std::uint64_t>(m_tokens);
    writer.addF32(fmt::format("p{}.logits", prompt), {rows, m_config.vocabulary}, m_logits);
    for (std::size_t layer = 0; layer < m_hidden.size(); ++layer)
        writer.addF32(
            fmt::format("p{}.hidden.{}", prompt, layer), {rows, m_config.hidden}, m_hidden[layer]);
    for (const Router& router : m_routers) {
        const std::uint32_t layer = router.layer.value;
        writer.addF32(fmt::format("p{}.router_logits.{}", prompt, layer),
            {rows, m_config.router.experts}, router.logits);
        writer.addI32(fmt::format("p{}.topk_ids.{}", prompt, layer), {rows, m_config.router.topK},
            router.ids);
        writer.addF32(fmt::format("p{}.topk_weights.{}", prompt, layer),
            {rows, m_config.router.topK}, router.weights);
    }
    return 1 + m_hidden.size() + 3 * m_routers.size();
}

} // namespace moescope::cli
