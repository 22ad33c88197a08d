// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/model/config.h"
#include "core/model/moe_model.h"

namespace moescope {

/// One vector through a normalisation; `out` may be `x`.
void normalise(const Norm& norm, std::span<const float> x, std::span<float> out);

/// In place; the largest value is subtracted first. -infinity gives exactly 0. A `sink` is one more
/// score, whose probability is dropped (Xiao et al., 2023, as in GPT-OSS).
void softmax(std::span<float> x, std::optional<float> sink = std::nullopt);

/// x · sigmoid(x)
float silu(float x);
float sigmoid(float x);

/// f(gate, up) of a gated MLP for one element.
float activate(const Activation& activation, float gate, float up);

/// RoPE of one pass; `reach` is the number of positions that the sequence has got to (it decides
/// between the two lists of longrope, and the base of dynamic).
class RopeTable {
public:
    RopeTable(const RopeSpec& spec, std::uint32_t reach);
    /// cos and sin of every pair at one position, float32 as the published models were trained.
    struct Angles {
        std::vector<float> cos; ///< [width / 2]
        std::vector<float> sin;
    };
    Angles at(std::uint32_t position) const;
    /// Rotates the first `width` elements of one head in place.
    void rotate(std::span<float> head, const Angles& angles) const;

private:
    std::vector<float> m_frequencies;
    float m_factor = 1.0F;
    bool m_interleaved = false;
};

/// The router's choice for one token.
struct RouterChoice {
    std::vector<std::int32_t> ids; ///< [k], by falling selection score; ties: lower id first
    std::vector<float> weights; ///< [k]
};

/// [E], what the top-k is taken from: the logits, or the score plus the stored selection bias where
/// the family has one or limits the choice to groups. `masked` experts and those of dropped groups
/// are -infinity. Groups beyond the kept ones stay in while fewer than `k` experts are left.
std::vector<float> selectionScores(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> bias, std::span<const std::int32_t> masked, std::uint32_t k);

/// The top-k of `selection`; the weights come from the untouched logits by the spec's rule.
/// `forced` experts take the places of the lowest chosen ones.
RouterChoice chooseExperts(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> selection, std::uint32_t k, std::span<const std::int32_t> forced);

} // namespace moescope
