// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

/// A family whose routers and experts can be looked at but that cannot be run. The members say what
/// differs from DeepSeek-V3's naming.
struct WeightsOnlyEntry {
    std::string_view type;
    std::string_view name;
    std::string_view missing; ///< what the forward pass lacks
    ScoreFunction score = ScoreFunction::Sigmoid;
    std::optional<bool> renormalise = {}; ///< none: as norm_topk_prob says
    std::string_view moe = "mlp."; ///< stands after a layer's prefix
    std::string_view router = "gate.weight";
    std::string_view bias = {}; ///< of the choice
    std::string_view expert = "experts."; ///< the expert's number follows
    family::MlpNames names = {}; ///< without a gate: experts of two matrices
    std::string_view layers = {}; ///< prefix of all layers where it is not the usual one
    std::string_view decoder = {}; ///< the same in the decoder of an encoder-decoder model
    std::string_view decoderMoe = {};
    bool stacked = false; ///< all gates of a layer in one tensor [E, F, D], and so on
    bool latent = false; ///< experts may read something narrower than the hidden state
    std::uint32_t topK = 0; ///< where the config does not say
};

const std::vector<WeightsOnlyEntry>& weightsOnlyEntries();

} // namespace moescope
