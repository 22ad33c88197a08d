// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>

#include "core/base/random.h"
#include "core/bench/bench.h"
#include "core/runtime/attend.h"

namespace moescope::bench {

Result<std::optional<double>> measureAttention(
    const MoeModel& model, std::uint32_t tokens, TaskContext& context)
{
    const AttentionSpec& spec = model.config().attention;
    const std::size_t keyWidth = std::size_t{spec.kvHeads} * spec.headDim;
    Random random(31);
    const auto normals = [&](std::size_t width) {
        std::vector<float> values(tokens * width);
        for (float& value : values)
            value = static_cast<float>(random.normal());
        return values;
    };
    const std::vector<float> queries = normals(std::size_t{spec.heads} * spec.headDim);
    const std::vector<float> keys = normals(keyWidth);
    const std::vector<float> values = normals(keyWidth);
    std::vector<float> mixed(queries.size());
    KeysAndValues memory;
    memory.keys = keys.data();
    memory.values = values.data();
    memory.keyStride = memory.valueStride = keyWidth;
    memory.keyDim = memory.valueDim = spec.headDim;
    memory.kvHeads = spec.kvHeads;
    const std::vector<std::uint32_t> positions(tokens);
    const Interventions none;
    BlockInput input;
    input.positions = positions;
    input.interventions = &none;
    input.pool = context.pool();

    std::optional<double> total;
    for (std::size_t l = 0; l < model.config().layerCount(); ++l) {
        MOESCOPE_CHECK(context.check());
        if (model.config().layers[l].mixer != LayerSpec::Mixer::Attention)
            continue;
        const auto start = std::chrono::steady_clock::now();
        attend(model, LayerId(static_cast<std::uint32_t>(l)), memory, spec.heads, queries, mixed,
            input);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        total = total.value_or(0) + time.count();
    }
    return total;
}

} // namespace moescope::bench
