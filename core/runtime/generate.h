// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/runtime/forward.h"

namespace moescope {

struct GenerateSpec {
    std::uint32_t maxTokens = 32;
    double temperature = 0; ///< 0 = the most likely token; ties go to the lower id
    std::uint64_t seed = 1;
    bool ignoreEnd = false; ///< go on after an end token
    ForwardSpec forward;
};

/// Index of the largest logit (ties: lowest id), or a draw from softmax(logits / temperature) with
/// the uniform number `u` in [0, 1) taken on the cumulative distribution in id order.
std::int32_t sampleToken(std::span<const float> logits, double temperature, double u);

/// Continues `prompt` (after what `cache` holds). `onToken` is called with each new id as it is
/// chosen; returning false ends the generation. The end token, when it stops generation, is the
/// last id of the result. With `observer`, all tokens but the last one pass through it.
Result<std::vector<std::int32_t>> generate(const MoeModel& model, KvCache& cache,
    std::span<const std::int32_t> prompt, const GenerateSpec& spec, ForwardObserver* observer,
    const std::function<bool(std::int32_t)>& onToken, TaskContext& context);

} // namespace moescope
