// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"
#include "core/model/moe_model.h"

/// What the Qwen mixtures have in common.
namespace moescope::family {

/// num_experts, num_experts_per_tok, moe_intermediate_size, norm_topk_prob, and which layers keep a
/// dense MLP: those in mlp_only_layers and those that decoder_sparse_step leaves out.
Status readQwenMixture(ModelConfig& config, const Json& json, std::string_view source,
    const MixtureDefaults& defaults);

/// Router, experts and the gated shared expert below `prefix`, or the dense MLP. `byInput`: fused
/// experts are stored by input.
Status qwenMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix, bool byInput = false);

} // namespace moescope::family
