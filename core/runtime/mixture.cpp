// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <vector>

#include "core/runtime/block.h"
#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// One chosen expert of one token. Slots of the same expert stand together, experts ascending,
/// tokens ascending.
struct Slot {
    std::uint32_t expert = 0;
    std::uint32_t token = 0;
    float weight = 0;
};

/// Slots [begin, end) of one expert.
struct Group {
    std::size_t expert = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Experts of `layer` in a list of interventions.
std::vector<std::int32_t> expertsAt(const std::vector<Interventions::ExpertAt>& list, LayerId layer)
{
    std::vector<std::int32_t> experts;
    for (const auto& entry : list) {
        if (entry.layer == layer)
            experts.push_back(static_cast<std::int32_t>(entry.expert.value));
    }
    return experts;
}

std::vector<Slot> route(
    const MoeModel& model, LayerId layer, std::span<const float> x, const BlockInput& input)
{
    const RouterSpec& spec = model.config().router;
    const LayerTensors& weights = model.layer(layer);
    const std::size_t experts = spec.experts;
    const std::size_t tokens = input.positions.size();
    const std::size_t width = model.config().hidden;
    const std::uint32_t k = input.interventions->topK.value_or(spec.topK);
    std::vector<float> logits(tokens * experts);
    multiply(weights.router, x, tokens, logits, input.pool);
    addBias(logits, weights.routerBias);

    const std::vector<std::int32_t> masked = expertsAt(input.interventions->masked, layer);
    const std::vector<std::int32_t> forced = expertsAt(input.interventions->forced, layer);
    std::vector<Slot> slots;
    slots.reserve(tokens * k);
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto z = std::span<const float>(logits).subspan(t * experts, experts);
        const std::vector<float> selection
            = selectionScores(spec, z, weights.selectionBias, masked, k);
        const RouterChoice choice = chooseExperts(spec, z, selection, k, forced);
        for (std::size_t i = 0; i < choice.ids.size(); ++i)
            slots.push_back({static_cast<std::uint32_t>(choice.ids[i]),
                static_cast<std::uint32_t>(t), choice.weights[i]});
        if (input.observer) {
            input.observer->onRouterInput(layer, input.position(t), x.subspan(t * width, width));
            input.observer->onRouting(
                layer, input.position(t), {z, selection, choice.ids, choice.weights});
        }
    }
    std::ranges::sort(slots, [](const Slot& a, const Slot& b) {
        return a.expert != b.expert ? a.expert < b.expert : a.token < b.token;
    });
    return slots;
}

std::vector<Group> groupByExpert(const std::vector<Slot>& slots)
{
    std::vector<Group> groups;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (groups.empty() || groups.back().expert != slots[i].expert)
            groups.push_back({slots[i].expert, i, i});
        groups.back().end = i + 1;
    }
    return groups;
}

/// Calls body(group, firstRow, rowCount) for blocks of rows of every group, in parallel. Long
/// blocks let the rows to come be fetched in time; every thread gets several all the same.
void forRowBlocks(
    WorkerPool* pool, const std::vector<Group>& groups, std::size_t rows, const auto& body)
{
    const std::size_t tasks = 4 * std::size_t{pool ? pool->threads() : 1};
    const std::size_t count
        = std::clamp<std::size_t>(groups.size() * rows / tasks / 64 * 64, 64, 512);
    const std::size_t blocks = (rows + count - 1) / count;
    parallelFor(pool, groups.size() * blocks, [&](std::size_t task) {
        const std::size_t first = task % blocks * count;
        body(groups[task / blocks], first, std::min(count, rows - first));
    });
}

/// out[i * stride + r] += bias[first + r] for `count` rows of `n` tokens; an empty bias changes
/// nothing.
void addRowBias(const MatrixView& bias, std::size_t first, std::size_t count, std::size_t n,
    float* out, std::size_t stride)
{
    if (bias.empty())
        return;
    std::vector<float> values(count);
    decodeRows(bias, first, count, values);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t r = 0; r < count; ++r)
            out[i * stride + r] += values[r];
    }
}

/// What all tokens pass through beside the routed experts, added to `out`.
void addShared(const MoeModel& model, const LayerTensors& weights, std::span<const float> x,
    std::span<float> out, const BlockInput& input)
{
    const std::size_t tokens = input.positions.size();
    const std::size_t width = model.config().hidden;
    std::vector<float> shared(out.size());
    denseMlp(*weights.shared, model.config().activation, x, shared, tokens, input);
    std::vector<float> gates(tokens, 1.0F);
    if (!weights.sharedGate.empty()) {
        multiply(weights.sharedGate, x, tokens, gates, input.pool);
        std::ranges::transform(gates, gates.begin(), sigmoid);
    }
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] += gates[i / width] * shared[i];
}

} // namespace

// Tokens are grouped by expert so that each weight row is decoded once; outputs are added per token
// in ascending expert order, whatever the grouping was.
void mixture(const MoeModel& model, LayerId layer, std::span<const float> x, std::span<float> out,
    const BlockInput& input)
{
    const std::size_t width = model.config().hidden;
    const std::size_t inner = model.config().layers[layer.value].intermediate;
    const ModelConfig& config = model.config();
    const bool weighsInput = config.router.weighsInput;
    const LayerTensors& weights = model.layer(layer);
    const auto& experts = weights.experts;
    const std::vector<Slot> slots = route(model, layer, x, input);
    const std::vector<Group> groups = groupByExpert(slots);

    std::vector<const float*> inputs(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i)
        inputs[i] = x.data() + slots[i].token * width;
    std::vector<float>& activations = input.workspace->activations;
    activations.resize(slots.size() * inner);
    forRowBlocks(
        input.pool, groups, inner, [&](const Group& group, std::size_t first, std::size_t count) {
            const std::size_t n = group.end - group.begin;
            const auto tokens = std::span<const float* const>(inputs).subspan(group.begin, n);
            std::vector<float> up(n * count);
            float* gate = activations.data() + group.begin * inner + first;
            const MlpTensors& expert = experts[group.expert];
            const std::array<RowProducts, 2> products{
                {{&expert.gate, gate, inner}, {&expert.up, up.data(), count}}};
            multiplyRows(products, first, count, tokens, input.precision);
            for (std::size_t i = 0; weighsInput && i < n; ++i) {
                for (std::size_t r = 0; r < count; ++r) {
                    gate[i * inner + r] *= slots[group.begin + i].weight;
                    up[i * count + r] *= slots[group.begin + i].weight;
                }
            }
            addRowBias(expert.gateBias, first, count, n, gate, inner);
            addRowBias(expert.upBias, first, count, n, up.data(), count);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t r = 0; r < count; ++r)
                    gate[i * inner + r]
                        = activate(config.activation, gate[i * inner + r], up[i * count + r]);
            }
        });

    for (std::size_t i = 0; i < slots.size(); ++i)
        inputs[i] = activations.data() + i * inner;
    std::vector<float>& outputs = input.workspace->outputs;
    outputs.resize(slots.size() * width);
    forRowBlocks(
        input.pool, groups, width, [&](const Group& group, std::size_t first, std::size_t count) {
            const std::size_t n = group.end - group.begin;
            float* output = outputs.data() + group.begin * width + first;
            multiplyRows(experts[group.expert].down, first, count,
                std::span<const float* const>(inputs).subspan(group.begin, n), output, width,
                input.precision);
            addRowBias(experts[group.expert].downBias, first, count, n, output, width);
        });

    std::ranges::fill(out, 0.0F);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const auto output = std::span<const float>(outputs).subspan(i * width, width);
        const float weight = weighsInput ? 1.0F : slots[i].weight;
        float* sum = out.data() + slots[i].token * width;
        for (std::size_t c = 0; c < width; ++c)
            sum[c] += weight * output[c];
        if (input.observer && input.observer->wantsExpertOutputs())
            input.observer->onExpertOutput(
                layer, input.position(slots[i].token), ExpertId(slots[i].expert), weight, output);
    }
    addBias(out, weights.mixtureBias);
    if (weights.shared)
        addShared(model, weights, x, out, input);
}

} // namespace moescope
