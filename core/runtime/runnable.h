// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/model/config.h"

namespace moescope {

/// Unsupported for a model that opens for the analysis of its weights only, naming what the forward
/// pass lacks.
Status checkRunnable(const ModelConfig& config);

/// What a reader of the results must know when `tokens` are more than the positions the model was
/// made for; empty when they are not, or the checkpoint names no number.
std::string positionsWarning(const ModelConfig& config, std::uint64_t tokens);

} // namespace moescope
