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

/// What Qwen3-Next and Qwen3.5 have in common: gated delta nets, every fourth layer gated
/// attention, norms that multiply by 1 + weight, a mixture with a gated shared expert everywhere.
namespace moescope::family {

Result<ModelConfig> readQwenHybrid(
    const Json& json, std::string_view source, const MixtureDefaults& defaults);

/// Everything but the delta nets' projections, whose names and order of rows differ.
Result<ModelTensors> qwenHybridTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, StandardNames names);

/// What follows the projections of a delta net below `prefix`.
Result<DeltaTensors> deltaTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const std::string& prefix);

} // namespace moescope::family
