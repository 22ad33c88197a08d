// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"

namespace moescope::family {

struct RopeDefaults {
    double base = 10000.0;
    std::uint32_t headDim
        = 0; ///< the rotated width is this times the config's partial_rotary_factor
    std::uint32_t maxPositions = 0;
    double partial = 1.0; ///< where the config has no partial_rotary_factor
};

/// The rotary embedding in all published spellings (`rope_theta`, `rope_scaling`,
/// `rope_parameters`), resolved to frequencies: default, linear, llama3, yarn (Peng et al., 2023),
/// longrope (Ding et al., 2024), dynamic. Unsupported for any other kind,
/// naming it.
Result<RopeSpec> readRope(
    const Json& config, std::string_view source, const RopeDefaults& defaults);

/// The object that describes RoPE, an empty one where there is none: `rope_scaling` replaces
/// `rope_parameters` where both say something. One object a layer type is accepted where they are
/// all equal.
Result<const Json*> ropeObject(const Json& config, std::string_view source);

/// base^(-2i/width) for each pair.
std::vector<float> ropeFrequencies(double base, std::uint32_t width);

/// What DeepSeek's models multiply the softmax scale by: m(factor, mscale_all_dim)² of a scaled
/// RoPE, else 1.
Result<double> latentScaleFactor(
    const Json& config, std::string_view source, std::uint32_t maxPositions);

} // namespace moescope::family
