// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/runtime/kernels.h"

namespace moescope {

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Scores of all experts; for the rules that only look at the chosen ones, the logits.
std::vector<float> scoresOf(const RouterSpec& spec, std::span<const float> logits)
{
    std::vector<float> scores(logits.begin(), logits.end());
    switch (spec.score) {
    case ScoreFunction::Softmax:
        softmax(scores);
        break;
    case ScoreFunction::Sigmoid:
        std::ranges::transform(scores, scores.begin(), sigmoid);
        break;
    case ScoreFunction::SqrtSoftplus:
        std::ranges::transform(scores, scores.begin(), [](float z) {
            return std::sqrt(std::max(z, 0.0F) + std::log1p(std::exp(-std::abs(z))));
        });
        break;
    case ScoreFunction::SoftmaxOfChosen:
    case ScoreFunction::SparseMixer:
        break;
    }
    return scores;
}

float groupScore(GroupScore rule, std::span<const float> scores)
{
    float first = kNever;
    float second = kNever;
    for (const float score : scores) {
        if (score > first)
            second = std::exchange(first, score);
        else
            second = std::max(second, score);
    }
    return rule == GroupScore::Largest || scores.size() < 2 ? first : first + second;
}

/// Group-limited routing (DeepSeek-V2 and V3, 2024).
void dropGroups(const RouterSpec& spec, std::span<float> scores, std::uint32_t k)
{
    const std::size_t width = scores.size() / spec.groups;
    std::vector<float> groups(spec.groups);
    for (std::size_t g = 0; g < groups.size(); ++g)
        groups[g] = groupScore(spec.groupScore, scores.subspan(g * width, width));
    std::vector<std::size_t> order(groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return groups[a] > groups[b]; });
    std::size_t left = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto group = scores.subspan(order[i] * width, width);
        if (i >= spec.keptGroups && left >= k)
            std::ranges::fill(group, kNever);
        left += static_cast<std::size_t>(
            std::ranges::count_if(group, [](float score) { return score != kNever; }));
    }
}

/// Sparsemixer at inference (Liu et al., "GRIN", 2024): each chosen expert's weight is its softmax
/// probability among those not chosen before it whose logits are within the relative threshold
/// 2·jitter of its own.
std::vector<float> sparseMixerWeights(
    const RouterSpec& spec, std::span<const float> logits, std::span<const std::int32_t> ids)
{
    std::vector<float> weights;
    std::vector<char> gone(logits.size(), 0);
    for (const std::int32_t id : ids) {
        const float largest = logits[static_cast<std::size_t>(id)];
        double sum = 0;
        for (std::size_t j = 0; j < logits.size(); ++j) {
            const float base = std::max(std::abs(logits[j]), largest);
            // Written so that two zeros, whose distance is no number, stay together.
            if (!gone[j] && !((largest - logits[j]) / base > 2 * spec.jitter))
                sum += std::exp(static_cast<double>(logits[j]) - static_cast<double>(largest));
        }
        weights.push_back(sum > 0 ? static_cast<float>(1 / sum) : 1.0F);
        gone[static_cast<std::size_t>(id)] = 1;
    }
    return weights;
}

std::vector<float> weightsOf(
    const RouterSpec& spec, std::span<const float> logits, std::span<const std::int32_t> ids)
{
    if (spec.score == ScoreFunction::SparseMixer)
        return sparseMixerWeights(spec, logits, ids);
    const std::vector<float> scores = scoresOf(spec, logits);
    std::vector<float> weights;
    for (const std::int32_t id : ids)
        weights.push_back(scores[static_cast<std::size_t>(id)]);
    if (spec.score == ScoreFunction::SoftmaxOfChosen)
        softmax(weights);
    if (!spec.renormalise)
        return weights;
    double sum = 0;
    for (const float weight : weights)
        sum += spec.normPower == 1 ? static_cast<double>(weight)
                                   : std::pow(static_cast<double>(weight), spec.normPower);
    const double norm
        = std::max(spec.normPower == 1 ? sum : std::pow(sum, 1 / spec.normPower), spec.normFloor);
    for (float& weight : weights) {
        if (norm > 0)
            weight = static_cast<float>(static_cast<double>(weight) / norm);
    }
    return weights;
}

} // namespace

std::vector<float> selectionScores(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> bias, std::span<const std::int32_t> masked, std::uint32_t k)
{
    std::vector<float> selection(logits.begin(), logits.end());
    if (!bias.empty() || spec.groups > 1)
        selection = scoresOf(spec, logits);
    for (std::size_t e = 0; e < bias.size(); ++e)
        selection[e] += bias[e];
    for (const std::int32_t id : masked)
        selection[static_cast<std::size_t>(id)] = kNever;
    if (spec.groups > 1)
        dropGroups(spec, selection, k);
    return selection;
}

RouterChoice chooseExperts(const RouterSpec& spec, std::span<const float> logits,
    std::span<const float> selection, std::uint32_t k, std::span<const std::int32_t> forced)
{
    std::vector<std::int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto score = [&](std::int32_t id) { return selection[static_cast<std::size_t>(id)]; };
    const auto better = [&](std::int32_t a, std::int32_t b) {
        return score(a) != score(b) ? score(a) > score(b) : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), better);

    RouterChoice choice;
    choice.ids.assign(order.begin(), order.begin() + k);
    for (const std::int32_t id : forced) {
        if (std::ranges::find(choice.ids, id) != choice.ids.end())
            continue;
        // The lowest chosen expert that is not forced itself makes room.
        const auto loser = std::find_if(choice.ids.rbegin(), choice.ids.rend(),
            [&](std::int32_t chosen) { return std::ranges::find(forced, chosen) == forced.end(); });
        if (loser != choice.ids.rend())
            *loser = id;
    }
    if (!forced.empty())
        std::ranges::sort(choice.ids, better);
    choice.weights = weightsOf(spec, logits, choice.ids);
    for (float& weight : choice.weights)
        weight *= spec.scale;
    return choice;
}

} // namespace moescope
