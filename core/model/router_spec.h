// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace moescope {

/// How router logits z become scores.
enum class ScoreFunction { Softmax, Sigmoid };

/// The routing rule as data: the runtime interprets it and never asks which family it runs.
struct RouterSpec {
    std::uint32_t experts = 0; ///< E, routed experts of a mixture layer
    std::uint32_t topK = 0; ///< k
    ScoreFunction score = ScoreFunction::Softmax;
    bool renormalise = false; ///< divide the chosen weights by their sum
    float scale = 1.0F; ///< multiplies the weights last
    std::uint32_t sharedExperts = 0; ///< always-on experts, outside the router

    /// "softmax over 16, top 4, not renormalised": for the model facts.
    std::string describe() const;
};

} // namespace moescope
