// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/gguf/gguf_config.h"
#include "core/model/moe_model.h"

namespace moescope::gguf {

/// Finds every tensor under the names that GGUF files give them and checks its shape and dtype.
/// Unsupported when a block has tensors that would stay unused, since then the result would be
/// wrong.
Result<ModelTensors> findTensors(const Description& description, const Checkpoint& checkpoint);

} // namespace moescope::gguf
