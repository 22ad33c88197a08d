// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>
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

std::vector<Slot> route(
    const MoeModel& model, LayerId layer, std::span<const float> x, const BlockInput& input)
{
    const RouterSpec& spec = model.config().router;
    const std::size_t experts = spec.experts;
    const std::size_t tokens = input.positions.size();
    const std::size_t width = model.config().hidden;
    const std::uint32_t k = input.interventions->topK.value_or(spec.topK);
    std::vector<float> logits(tokens * experts);
    multiply(model.layer(layer).router, x, tokens, logits, input.pool);

    std::vector<std::int32_t> forced;
    for (const auto& entry : input.interventions->forced) {
        if (entry.layer == layer)
            forced.push_back(static_cast<std::int32_t>(entry.expert.value));
    }
    std::vector<Slot> slots;
    slots.reserve(tokens * k);
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto z = std::span<const float>(logits).subspan(t * experts, experts);
        std::vector<float> selection(z.begin(), z.end());
        for (const auto& entry : input.interventions->masked) {
            if (entry.layer == layer)
                selection[entry.expert.value] = -std::numeric_limits<float>::infinity();
        }
        const RouterChoice choice = chooseExperts(spec, z, selection, k, forced);
        for (std::size_t i = 0; i < choice.ids.size(); ++i)
            slots.push_back({static_cast<std::uint32_t>(choice.ids[i]),
                static_cast<std::uint32_t>(t), choice.weights[i]});
        if (input.observer) {
            const auto position = static_cast<std::uint32_t>(input.first + t);
            input.observer->onRouterInput(layer, position, x.subspan(t * width, width));
            input.observer->onRouting(layer, position, {z, selection, choice.ids, choice.weights});
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

/// Calls body(group, firstRow, rowCount) for blocks of rows of every group, in parallel.
void forRowBlocks(
    WorkerPool* pool, const std::vector<Group>& groups, std::size_t rows, const auto& body)
{
    constexpr std::size_t kRows = 64;
    const std::size_t blocks = (rows + kRows - 1) / kRows;
    parallelFor(pool, groups.size() * blocks, [&](std::size_t task) {
        const std::size_t first = task % blocks * kRows;
        body(groups[task / blocks], first, std::min(kRows, rows - first));
    });
}

} // namespace

// Tokens are grouped by expert so that each weight row is decoded once; outputs are added per token
// in ascending expert order, whatever the grouping was.
void mixture(const MoeModel& model, LayerId layer, std::span<const float> x, std::span<float> out,
    const BlockInput& input)
{
    const std::size_t width = model.config().hidden;
    const std::size_t inner = model.config().layers[layer.value].intermediate;
    const auto& experts = model.layer(layer).experts;
    const std::vector<Slot> slots = route(model, layer, x, input);
    const std::vector<Group> groups = groupByExpert(slots);

    std::vector<const float*> inputs(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i)
        inputs[i] = x.data() + slots[i].token * width;
    std::vector<float> activations(slots.size() * inner);
    forRowBlocks(
        input.pool, groups, inner, [&](const Group& group, std::size_t first, std::size_t count) {
            const std::size_t n = group.end - group.begin;
            const auto tokens = std::span<const float* const>(inputs).subspan(group.begin, n);
            std::vector<float> up(n * count);
            float* gate = activations.data() + group.begin * inner + first;
            multiplyRows(experts[group.expert].gate, first, count, tokens, gate, inner);
            multiplyRows(experts[group.expert].up, first, count, tokens, up.data(), count);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t r = 0; r < count; ++r)
                    gate[i * inner + r] = silu(gate[i * inner + r]) * up[i * count + r];
            }
        });

    for (std::size_t i = 0; i < slots.size(); ++i)
        inputs[i] = activations.data() + i * inner;
    std::vector<float> outputs(slots.size() * width);
    forRowBlocks(
        input.pool, groups, width, [&](const Group& group, std::size_t first, std::size_t count) {
            multiplyRows(experts[group.expert].down, first, count,
                std::span<const float* const>(inputs).subspan(group.begin, group.end - group.begin),
                outputs.data() + group.begin * width + first, width);
        });

    std::ranges::fill(out, 0.0F);
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const auto output = std::span<const float>(outputs).subspan(i * width, width);
        float* sum = out.data() + slots[i].token * width;
        for (std::size_t c = 0; c < width; ++c)
            sum[c] += slots[i].weight * output[c];
        if (input.observer && input.observer->wantsExpertOutputs())
            input.observer->onExpertOutput(layer,
                static_cast<std::uint32_t>(input.first + slots[i].token), ExpertId(slots[i].expert),
                slots[i].weight, output);
    }
}

} // namespace moescope
