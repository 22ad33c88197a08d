// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

/// Multi-head latent attention (DeepSeek-V2, 2024) as its families write it.
namespace moescope::family {

/// What a family takes for keys that its config.json leaves out; 0: required.
struct LatentDefaults {
    std::uint32_t queryRank = 0; ///< null: queries are projected directly
    std::uint32_t rank = 0;
    std::uint32_t nope = 0;
    std::uint32_t rope = 0;
    std::uint32_t value = 0;
};

/// Like standardConfig(), for models whose layers all have latent attention: q_lora_rank,
/// kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim; the rope part alone is rotated.
Result<ModelConfig> latentConfig(const Json& config, std::string_view source,
    const ConfigDefaults& defaults, const LatentDefaults& latent);

/// The attention of one layer below "<prefix>self_attn.".
Status latentAttention(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix);

} // namespace moescope::family
