// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/block.h"

namespace moescope {

/// Keys and values by cache position, as one attention layer sees them.
struct KeysAndValues {
    const float* keys = nullptr;
    std::size_t keyStride = 0; ///< floats from one position to the next
    std::size_t keyDim = 0; ///< of one head; head g begins at g * keyDim
    const float* values = nullptr;
    std::size_t valueStride = 0;
    std::size_t valueDim = 0;
    std::size_t kvHeads = 1;
    /// Query head h reads kv head h % kvHeads instead of h / (heads / kvHeads).
    bool tiled = false;
};

/// Softmax attention of T new tokens: mixed [T, H, valueDim] from queries [T, H, keyDim], by the
/// model's scale, soft cap, sinks and the layer's window. Keys are visited in ascending order, so
/// that a token's result does not depend on how the prompt was cut into chunks. Source: Vaswani et
/// al. (2017); grouped heads: Ainslie et al., "GQA" (2023).
void attend(const MoeModel& model, LayerId layer, const KeysAndValues& memory, std::size_t heads,
    std::span<const float> queries, std::span<float> mixed, const BlockInput& input);

} // namespace moescope
