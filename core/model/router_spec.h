// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moescope {

/// How router logits z become scores.
enum class ScoreFunction {
    Softmax, ///< over all experts
    SoftmaxOfChosen, ///< top-k of the logits, then softmax over those k
    Sigmoid,
    SqrtSoftplus, ///< sqrt(ln(1 + e^z))
    SparseMixer, ///< top-2 with a threshold of its own (Phi-3.5-MoE)
};

std::string_view scoreName(ScoreFunction score); ///< "softmax", "sigmoid", ...

/// How a group of experts is scored in group-limited routing.
enum class GroupScore { Largest, SumOfTwoLargest };

/// The routing rule as data: the runtime interprets it and never asks which family it runs.
struct RouterSpec {
    std::uint32_t experts = 0; ///< E, routed experts of a mixture layer
    std::uint32_t topK = 0; ///< k
    ScoreFunction score = ScoreFunction::Softmax;
    bool selectionBias
        = false; ///< a stored bias is added to the score for the choice, never to the weights
    std::uint32_t groups = 1; ///< contiguous; only experts of the best `keptGroups` may be chosen
    std::uint32_t keptGroups = 1;
    GroupScore groupScore = GroupScore::SumOfTwoLargest;
    bool renormalise = false; ///< divide the chosen weights by their p-norm
    double normPower = 1; ///< p; 1: by their sum
    double normFloor = 0; ///< the least that they are divided by
    float scale = 1.0F; ///< multiplies the weights last
    bool weighsInput
        = false; ///< the weight multiplies the expert's input instead of its output (Llama 4)
    float jitter = 0.01F; ///< threshold of SparseMixer
    std::uint32_t sharedExperts = 0; ///< always-on experts, outside the router
    std::uint32_t sharedIntermediate = 0; ///< inner width of all of them together
    bool sharedGate = false; ///< the shared output is multiplied by sigmoid(w·x)

    /// "softmax over 16, top 4, not renormalised": for the model facts.
    std::string describe() const;
    /// Unit of what the top-k is taken from: "logit", "probability" or "score".
    std::string_view selectionUnit() const;
};

} // namespace moescope
