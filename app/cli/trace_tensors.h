// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/checkpoint/safetensors.h"
#include "core/runtime/forward.h"

namespace moescope::cli {

/// Keeps every number of one prompt's pass that `trace` writes: logits [T, V], hidden states [T, D]
/// before each layer and after the last, and for each router, those of attention heads too, logits
/// [T, E], chosen ids [T, K] and weights [T, K].
class TraceTensors : public ForwardObserver {
public:
    TraceTensors(const MoeModel& model, std::size_t tokens);
    static std::uint64_t bytes(const MoeModel& model, std::uint64_t tokens);

    void onHidden(
        std::uint32_t layer, std::uint32_t position, std::span<const float> hidden) override;
    void onRouting(LayerId layer, std::uint32_t position, const Routing& routing) override;
    void onAttentionRouting(LayerId layer, std::uint32_t position, const Routing& routing) override;
    void onLogits(std::uint32_t position, std::span<const float> logits) override;

    /// As "p{prompt}.logits", "p{prompt}.hidden.{l}", ...; returns how many.
    std::size_t addTo(SafetensorsWriter& writer, std::size_t prompt) const;

private:
    struct Router {
        Router(const RouterSpec& spec, LayerId at, std::size_t tokens);
        LayerId layer;
        std::vector<float> logits;
        std::vector<std::int32_t> ids;
        std::vector<float> weights;
    };
    static void keep(std::vector<Router>& routers, LayerId layer, std::uint32_t position,
        const Routing& routing);

    const ModelConfig& m_config;
    std::size_t m_tokens;
    std::vector<float> m_logits;
    std::vector<std::vector<float>> m_hidden;
    std::vector<Router> m_routers;
    std::vector<Router> m_attentionRouters;
};

} // namespace moescope::cli
