// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/config.h"

namespace moescope {

/// out = weight ⊙ x / sqrt(mean(x²) + eps). Source: Zhang and Sennrich, "Root mean square layer
/// normalization" (2019). `out` may be `x`.
void rmsNorm(
    std::span<const float> x, std::span<const float> weight, double eps, std::span<float> out);

/// In place; the largest value is subtracted first. -infinity gives exactly 0.
void softmax(std::span<float> x);

/// x · sigmoid(x)
float silu(float x);

/// cos and sin of every angle at one position, float32 as the published models were trained: [width
/// / 2] each.
class RopeTable {
public:
    explicit RopeTable(const RopeSpec& spec);
    /// Rotates the first `width` elements of one head in place.
    void rotate(std::span<float> head, std::uint32_t position) const;

private:
    RopeSpec m_spec;
    std::vector<float> m_frequencies;
};

/// The router's choice for one token.
struct RouterChoice {
    std::vector<std::int32_t> ids; ///< [k], by falling selection score; ties: lower id first
    std::vector<float> weights; ///< [k]
};
/// `selection` is what the top-k is taken from (equal to the logits unless interventions changed
/// it); the weights come from the untouched logits by the spec's rule. `forced` experts take the
/// places of the lowest chosen ones.
RouterChoice chooseExperts(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> selection, std::uint32_t k, std::span<const std::int32_t> forced);

} // namespace moescope
