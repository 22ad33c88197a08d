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

/// Layers whose attention heads are chosen by a router of their own.
std::vector<LayerId> routedHeadLayers(const ModelConfig& config)
{
    std::vector<LayerId> layers;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (config.layers[l].mixer == LayerSpec::Mixer::RoutedHeads)
            layers.emplace_back(l);
    }
    return layers;
}

} // namespace

TraceTensors::Router::Router(const RouterSpec& spec, LayerId at, std::size_t tokens)
    : layer(at)
    , logits(tokens * spec.experts)
    , ids(tokens * spec.topK)
    , weights(tokens * spec.topK)
{
}

TraceTensors::TraceTensors(const MoeModel& model, std::size_t tokens)
    : m_config(model.config())
    , m_tokens(tokens)
    , m_logits(tokens * m_config.vocabulary)
    , m_hidden(m_config.layerCount() + 1, std::vector<float>(tokens * m_config.hidden))
{
    for (const LayerId layer : model.mixtureLayers())
        m_routers.emplace_back(m_config.router, layer, tokens);
    for (const LayerId layer : routedHeadLayers(m_config))
        m_attentionRouters.emplace_back(m_config.router, layer, tokens);
}

std::uint64_t TraceTensors::bytes(const MoeModel& model, std::uint64_t tokens)
{
    const ModelConfig& config = model.config();
    const std::uint64_t perRouter = config.router.experts + 2ULL * config.router.topK;
    const std::uint64_t routers = model.mixtureLayers().size() + routedHeadLayers(config).size();
    const std::uint64_t perToken
        = config.vocabulary + (config.layerCount() + 1ULL) * config.hidden + routers * perRouter;
    return tokens * perToken * sizeof(float);
}

void TraceTensors::onHidden(
    std::uint32_t layer, std::uint32_t position, std::span<const float> hidden)
{
    copyRow(hidden, m_hidden[layer], position);
}

void TraceTensors::onRouting(LayerId layer, std::uint32_t position, const Routing& routing)
{
    keep(m_routers, layer, position, routing);
}

void TraceTensors::onAttentionRouting(LayerId layer, std::uint32_t position, const Routing& routing)
{
    keep(m_attentionRouters, layer, position, routing);
}

void TraceTensors::keep(
    std::vector<Router>& routers, LayerId layer, std::uint32_t position, const Routing& routing)
{
    const auto router = std::ranges::find(routers, layer, &Router::layer);
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
    const auto add = [&](const std::vector<Router>& routers, const char* kind) {
        for (const Router& router : routers) {
            const auto name = [&](const char* what) {
                return fmt::format("p{}.{}{}.{}", prompt, kind, what, router.layer.value);
            };
            writer.addF32(name("router_logits"), {rows, m_config.router.experts}, router.logits);
            writer.addI32(name("topk_ids"), {rows, m_config.router.topK}, router.ids);
            writer.addF32(name("topk_weights"), {rows, m_config.router.topK}, router.weights);
        }
    };
    add(m_routers, "");
    add(m_attentionRouters, "attn_");
    return 1 + m_hidden.size() + 3 * (m_routers.size() + m_attentionRouters.size());
}

} // namespace moescope::cli
