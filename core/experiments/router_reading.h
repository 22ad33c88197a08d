// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/moe_model.h"

namespace moescope {

/// What one router reads of one token, by where it comes from. The router's input is the norm of a
/// sum, and with the size of that sum held fixed the norm is linear: every part has a share of the
/// input, measured along it. Shares sum to 1; a part that works against the rest is below 0.
struct RouterReading {
    LayerId layer;
    double token = 0; ///< the token's own embedding
    double attentionBefore = 0; ///< what attention of earlier layers added
    double attentionHere = 0; ///< what attention of this layer added
    double mlpBefore = 0; ///< what experts and dense layers before it added
};

/// Adds up one token's residual stream while it is computed.
class RouterReadings {
public:
    RouterReadings(const MoeModel& model, std::span<const float> embedding);
    /// Both in the order of the layers, attention first.
    void addAttention(LayerId layer, std::span<const float> output);
    void addMlp(std::span<const float> output);
    /// One for every mixture layer so far whose router reads the normalised stream.
    const std::vector<RouterReading>& readings() const { return m_readings; }

private:
    const MoeModel* m_model;
    std::vector<float> m_token;
    std::vector<float> m_attention;
    std::vector<float> m_mlp;
    std::vector<RouterReading> m_readings;
};

} // namespace moescope
