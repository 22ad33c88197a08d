// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/families/common.h"

/// Multi-head latent attention (DeepSeek-V2, 2024) as its families write it.
namespace moescope::family {

/// Like standardConfig(), for models whose layers all have latent attention: q_lora_rank,
/// kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim; the rope part alone is rotated.
Result<ModelConfig> latentConfig(
    const Json& config, std::string_view source, const ConfigDefaults& defaults);

/// The attention of one layer below "<prefix>self_attn.".
Status latentAttention(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix);

} // namespace moescope::family
