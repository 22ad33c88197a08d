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

/// DeepSeek's way of writing a mixture, which other families took over.
namespace moescope::family {

/// n_routed_experts, num_experts_per_tok, moe_intermediate_size, n_shared_experts, norm_topk_prob,
/// routed_scaling_factor; n_group and topk_group when `grouped`; dense layers by
/// first_k_dense_replace or mlp_layer_types. The score is left to the family.
Status readDeepseekMixture(ModelConfig& config, const Json& json, std::string_view source,
    const MixtureDefaults& defaults, bool grouped = true);
/// The same for the router of DeepSeek-V3: sigmoid scores with a selection bias, groups scored by
/// their two best. Unsupported when scoring_func or topk_method name another.
Status readBiasedSigmoidMixture(ModelConfig& config, const Json& json, std::string_view source,
    const MixtureDefaults& defaults);

/// Router, selection bias, experts and shared experts below "<prefix>mlp.", or the dense MLP.
Status deepseekMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix);

} // namespace moescope::family
