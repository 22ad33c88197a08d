// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"

/// Which layers have experts, in all the ways that configs say it.
namespace moescope::family {

/// Sets LayerSpec::mixture of the layers that there are.
Status markMixtures(ModelConfig& config, const Json& json, std::string_view source);

/// Layers of the encoder, then those of the decoder, each with its own way of leaving some dense.
Status addEncoderAndDecoder(ModelConfig& config, const Json& json, std::string_view source);

} // namespace moescope::family
