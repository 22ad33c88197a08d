// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/qwen_hybrid.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Qwen3-Next (Qwen team, 2025): three gated delta nets (Yang et al., 2024) for each layer of gated
// attention, whose heads are rotated in part.
constexpr family::MixtureDefaults kMixture{
    .experts = 512, .topK = 10, .inner = 512, .renormalise = true};

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    return family::readQwenHybrid(json, source, kMixture);
}

/// The projections' rows are grouped by key head: [q | k | v of its value heads | z of them] and
/// [beta | decay].
Status findProjections(DeltaTensors& delta, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    const DeltaSpec& shape = *config.attention.delta;
    const std::uint64_t each = shape.valueHeads / shape.keyHeads;
    const std::uint64_t keys = shape.keyDim;
    const std::uint64_t values = each * shape.valueDim;
    const std::uint64_t rows = 2 * keys + 2 * values;
    MOESCOPE_TRY(const MatrixView qkvz,
        checkpoint.matrix(prefix + "in_proj_qkvz.weight", shape.keyHeads * rows, config.hidden));
    MOESCOPE_TRY(const MatrixView rates,
        checkpoint.matrix(prefix + "in_proj_ba.weight", shape.keyHeads * 2 * each, config.hidden));
    for (std::uint64_t g = 0; g < shape.keyHeads; ++g) {
        delta.q.push_back(qkvz.rowRange(g * rows, keys));
        delta.k.push_back(qkvz.rowRange(g * rows + keys, keys));
        delta.v.push_back(qkvz.rowRange(g * rows + 2 * keys, values));
        delta.z.push_back(qkvz.rowRange(g * rows + 2 * keys + values, values));
        delta.beta.push_back(rates.rowRange(g * 2 * each, each));
        delta.decay.push_back(rates.rowRange(g * 2 * each + each, each));
    }
    return {};
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    const family::StandardNames names;
    MOESCOPE_TRY(auto tensors, family::qwenHybridTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (config.layers[l].mixer != LayerSpec::Mixer::DeltaNet)
            continue;
        const std::string prefix = names.layer(l) + "linear_attn.";
        MOESCOPE_TRY(auto delta, family::deltaTensors(config, checkpoint, prefix));
        MOESCOPE_CHECK(findProjections(delta, config, checkpoint, prefix));
        tensors.layers[l].delta = std::move(delta);
    }
    return tensors;
}

} // namespace

const Family& qwen3NextFamily()
{
    static const Family family{{"qwen3_next"}, "Qwen3-Next", readConfig, findTensors};
    return family;
}

} // namespace moescope
