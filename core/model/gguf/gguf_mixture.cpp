// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"
#include "core/model/gguf/gguf_finder.h"

namespace moescope::gguf {

namespace {

/// `suffix` stands behind "ffn_gate", "ffn_up" and "ffn_down"; the gate may be missing when the
/// model cannot be run.
Result<MlpTensors> findMlp(Finder& finder, const ModelConfig& config, const std::string& prefix,
    const std::string& suffix, std::uint64_t inner)
{
    MlpTensors mlp;
    const std::string gate = prefix + "ffn_gate" + suffix;
    if (config.missingPart.empty() || finder.has(gate)) {
        MOESCOPE_TRY(mlp.gate, finder.matrix(gate, inner, config.hidden));
    }
    MOESCOPE_TRY(mlp.up, finder.matrix(prefix + "ffn_up" + suffix, inner, config.hidden));
    MOESCOPE_TRY(mlp.down, finder.matrix(prefix + "ffn_down" + suffix, config.hidden, inner));
    return mlp;
}

/// Gives each expert its row of the biases [E, n], if there are any, as [n, 1].
Status addBiases(std::vector<MlpTensors>& experts, MatrixView MlpTensors::*member, Finder& finder,
    const std::string& name, std::uint64_t width)
{
    if (!finder.has(name))
        return {};
    MOESCOPE_TRY(const MatrixView biases, finder.matrix(name, experts.size(), width));
    for (std::size_t e = 0; e < experts.size(); ++e) {
        MOESCOPE_TRY(experts[e].*member, family::transposed(biases.rowRange(e, 1), name));
    }
    return {};
}

/// What experts read: the layer's vector, or in some models that cannot be run a narrower one.
std::uint64_t expertWidth(Finder& finder, const ModelConfig& config, const std::string& up)
{
    const TensorInfo* tensor = finder.find(up);
    const bool latent = !config.missingPart.empty() && tensor && tensor->shape.size() == 3
        && tensor->shape[2] > 0;
    return latent ? tensor->shape[2] : config.hidden;
}

/// All experts in three tensors [E, F, D], [E, F, D] and [E, D, F], or in two with the gate's rows
/// above the up part's; in files from before 2024 each expert has its own.
Result<std::vector<MlpTensors>> findExperts(
    Finder& finder, const ModelConfig& config, const std::string& prefix, std::uint64_t inner)
{
    const std::uint64_t count = config.router.experts;
    const std::uint64_t hidden = expertWidth(finder, config, prefix + "ffn_up_exps.weight");
    std::vector<MlpTensors> experts(count);
    if (finder.has(prefix + "ffn_up.0.weight")) {
        for (std::size_t e = 0; e < count; ++e) {
            MOESCOPE_TRY(
                experts[e], findMlp(finder, config, prefix, fmt::format(".{}.weight", e), inner));
        }
        return experts;
    }
    const std::string gateUpName = prefix + "ffn_gate_up_exps.weight";
    const std::string gateName = prefix + "ffn_gate_exps.weight";
    if (finder.has(gateUpName)) {
        MOESCOPE_TRY(const auto gateUp, finder.stack(gateUpName, {count, 2 * inner, hidden}));
        for (std::size_t e = 0; e < count; ++e) {
            experts[e].gate = gateUp[e].rowRange(0, inner);
            experts[e].up = gateUp[e].rowRange(inner, inner);
        }
    } else {
        if (config.missingPart.empty() || finder.has(gateName)) {
            MOESCOPE_TRY(const auto gate, finder.stack(gateName, {count, inner, hidden}));
            for (std::size_t e = 0; e < count; ++e)
                experts[e].gate = gate[e];
        }
        MOESCOPE_TRY(
            const auto up, finder.stack(prefix + "ffn_up_exps.weight", {count, inner, hidden}));
        for (std::size_t e = 0; e < count; ++e)
            experts[e].up = up[e];
    }
    MOESCOPE_TRY(
        const auto down, finder.stack(prefix + "ffn_down_exps.weight", {count, hidden, inner}));
    for (std::size_t e = 0; e < count; ++e)
        experts[e].down = down[e];
    MOESCOPE_CHECK(
        addBiases(experts, &MlpTensors::gateBias, finder, prefix + "ffn_gate_exps.bias", inner));
    MOESCOPE_CHECK(
        addBiases(experts, &MlpTensors::upBias, finder, prefix + "ffn_up_exps.bias", inner));
    MOESCOPE_CHECK(
        addBiases(experts, &MlpTensors::downBias, finder, prefix + "ffn_down_exps.bias", hidden));
    return experts;
}

} // namespace

Status findMixture(LayerTensors& layer, Finder& finder, const ModelConfig& config,
    const LayerSpec& spec, const std::string& prefix)
{
    if (!spec.mixture) {
        MOESCOPE_TRY(layer.dense, findMlp(finder, config, prefix, ".weight", spec.intermediate));
        return {};
    }
    const RouterSpec& router = config.router;
    MOESCOPE_TRY(
        layer.router, finder.matrix(prefix + "ffn_gate_inp.weight", router.experts, config.hidden));
    MOESCOPE_TRY(
        layer.routerBias, finder.optionalVector(prefix + "ffn_gate_inp.bias", router.experts));
    if (router.selectionBias) {
        MOESCOPE_TRY(
            layer.selectionBias, finder.vector(prefix + "exp_probs_b.bias", router.experts));
    }
    MOESCOPE_TRY(layer.experts, findExperts(finder, config, prefix, spec.intermediate));
    if (router.sharedExperts == 0 || !config.missingPart.empty())
        return {};
    MOESCOPE_TRY(
        layer.shared, findMlp(finder, config, prefix, "_shexp.weight", router.sharedIntermediate));
    if (router.sharedGate) {
        MOESCOPE_TRY(layer.sharedGate,
            finder.matrix(prefix + "ffn_gate_inp_shexp.weight", 1, config.hidden));
    }
    return {};
}

} // namespace moescope::gguf
