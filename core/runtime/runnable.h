// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/model/config.h"

namespace moescope {

/// Unsupported for a model that opens for the analysis of its weights only, naming what the forward
/// pass lacks.
Status checkRunnable(const ModelConfig& config);

} // namespace moescope
