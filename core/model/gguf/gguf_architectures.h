// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"
#include "core/model/gguf/gguf_keys.h"
#include "core/model/moe_model.h"

namespace moescope::gguf {

/// Where an architecture departs from the usual names.
struct Layout {
    Norm::Kind norm = Norm::Kind::Rms;
    bool normBias = false; ///< of the block norms and the final one
    std::string_view mlpNorm = "ffn_norm"; ///< what the router reads has passed it
    std::string_view attentionPostNorm = {};
    std::string_view mlpPostNorm = {};
    bool sinks = false;
};

/// One value of `general.architecture`.
struct Architecture {
    std::string_view name; ///< "qwen3moe"
    std::string_view modelType; ///< of the family that it stands for, as published configs say it
    Layout layout = {};
    /// The rows of q and k are kept so that neighbours form a rotated pair.
    bool interleaved = false;
    /// Value heads of delta nets are ordered by their place in a key head, not by the key head.
    bool tiledValueHeads = false;
    /// Layers without key/value heads mix tokens in another way than by attention.
    bool someAttention = false;
    /// Whether the chosen weights are renormalised, where the file does not say.
    bool renormalise = false;
    /// Adds to or changes the published config what is peculiar to the architecture.
    Status (*describe)(Json& config, const Keys& keys) = nullptr;
};

/// Null when it is not known.
const Architecture* findArchitecture(std::string_view name);

} // namespace moescope::gguf
