// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/standard_tensors.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope::family {

namespace {

/// Each [2F, D] with the gate's rows first is taken apart.
std::vector<MlpTensors> splitExperts(
    const std::vector<MatrixView>& gateUp, const std::vector<MatrixView>& down, std::uint32_t inner)
{
    std::vector<MlpTensors> experts(gateUp.size());
    for (std::size_t e = 0; e < experts.size(); ++e) {
        experts[e].gate = gateUp[e].rowRange(0, inner);
        experts[e].up = gateUp[e].rowRange(inner, inner);
        experts[e].down = down[e];
    }
    return experts;
}

/// Attention's four projections under their usual names.
Status findAttention(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    const AttentionSpec& spec = config.attention;
    const std::uint64_t queryWidth = std::uint64_t{spec.heads} * spec.headDim;
    const std::uint64_t queryRows = spec.outputGate ? 2 * queryWidth : queryWidth;
    const std::uint64_t keyWidth = std::uint64_t{spec.kvHeads} * spec.headDim;
    MOESCOPE_TRY(layer.q, checkpoint.matrix(prefix + "q_proj.weight", queryRows, config.hidden));
    MOESCOPE_TRY(layer.k, checkpoint.matrix(prefix + "k_proj.weight", keyWidth, config.hidden));
    MOESCOPE_TRY(layer.v, checkpoint.matrix(prefix + "v_proj.weight", keyWidth, config.hidden));
    MOESCOPE_TRY(layer.o, checkpoint.matrix(prefix + "o_proj.weight", config.hidden, queryWidth));
    if (spec.qkvBias) {
        MOESCOPE_TRY(layer.qBias, checkpoint.vector(prefix + "q_proj.bias", queryRows));
        MOESCOPE_TRY(layer.kBias, checkpoint.vector(prefix + "k_proj.bias", keyWidth));
        MOESCOPE_TRY(layer.vBias, checkpoint.vector(prefix + "v_proj.bias", keyWidth));
    }
    if (spec.outputBias) {
        MOESCOPE_TRY(layer.oBias, checkpoint.vector(prefix + "o_proj.bias", config.hidden));
    }
    return {};
}

} // namespace

std::string StandardNames::layer(std::uint32_t index) const
{
    return fmt::format("{}{}{}.", model, layers, index);
}

Result<Norm> norm(const Checkpoint& checkpoint, const StandardNames& names, const std::string& name,
    std::uint64_t width, double eps)
{
    Norm result{names.norm, eps, {}, {}};
    MOESCOPE_TRY(result.weight, checkpoint.vector(name + names.normWeight, width));
    if (names.onePlus) {
        for (float& weight : result.weight)
            weight += 1.0F;
    }
    if (names.norm == Norm::Kind::Layer && names.normBias) {
        MOESCOPE_TRY(result.bias, checkpoint.vector(name + ".bias", width));
    }
    return result;
}

Result<Norm> rmsNorm(
    const Checkpoint& checkpoint, const std::string& name, std::uint64_t width, double eps)
{
    return norm(checkpoint, {}, name, width, eps);
}

StandardNames textNames(const Checkpoint& checkpoint)
{
    constexpr std::array<std::pair<const char*, const char*>, 3> kUsual
        = {{{"model.", "lm_head.weight"}, {"model.language_model.", "lm_head.weight"},
            {"language_model.model.", "language_model.lm_head.weight"}}};
    for (const auto& [model, head] : kUsual) {
        StandardNames names;
        names.model = model;
        names.head = head;
        if (checkpoint.find(names.model + names.embedding))
            return names;
    }
    return {};
}

Result<ModelTensors> standardTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const StandardNames& names)
{
    ModelTensors tensors;
    const std::uint64_t hidden = config.hidden;
    MOESCOPE_TRY(tensors.embedding,
        checkpoint.matrix(names.model + names.embedding, config.vocabulary, hidden));
    MOESCOPE_TRY(tensors.finalNorm,
        norm(checkpoint, names, names.model + names.finalNorm, hidden, config.normEps));
    if (config.tiedEmbeddings || !checkpoint.find(names.head)) {
        tensors.head = tensors.embedding;
    } else {
        MOESCOPE_TRY(tensors.head, checkpoint.matrix(names.head, config.vocabulary, hidden));
    }
    const double eps = names.blockEps > 0 ? names.blockEps : config.normEps;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const std::string prefix = names.layer(l);
        LayerTensors layer;
        if (!names.attentionNorm.empty()) {
            MOESCOPE_TRY(layer.attentionNorm,
                norm(checkpoint, names, prefix + names.attentionNorm, hidden, eps));
        }
        if (!names.mlpNorm.empty()) {
            MOESCOPE_TRY(
                layer.mlpNorm, norm(checkpoint, names, prefix + names.mlpNorm, hidden, eps));
        }
        if (config.layers[l].mixer == LayerSpec::Mixer::Attention && !names.attention.empty())
            MOESCOPE_CHECK(findAttention(layer, config, checkpoint, prefix + names.attention));
        tensors.layers.push_back(std::move(layer));
    }
    return tensors;
}

Status qkNorms(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& qName, const std::string& kName, bool onePlus)
{
    const AttentionSpec& spec = config.attention;
    const bool whole = spec.qkNorm == QkNorm::WholeVector;
    StandardNames names;
    names.onePlus = onePlus;
    MOESCOPE_TRY(layer.qNorm,
        norm(checkpoint, names, qName, std::uint64_t{whole ? spec.heads : 1} * spec.headDim,
            config.normEps));
    MOESCOPE_TRY(layer.kNorm,
        norm(checkpoint, names, kName, std::uint64_t{whole ? spec.kvHeads : 1} * spec.headDim,
            config.normEps));
    return {};
}

Result<MlpTensors> mlp(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t hidden, std::uint32_t inner)
{
    const std::string gate = prefix + names.gate;
    if (!checkpoint.find(gate) && checkpoint.find(gate + "_packed"))
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "The weights of {} are packed as whole numbers (\"{}_packed\"), which is not "
                "supported yet.",
                displayPath(checkpoint.path()), displayName(gate)));
    MlpTensors tensors;
    MOESCOPE_TRY(tensors.gate, checkpoint.matrix(gate, inner, hidden));
    MOESCOPE_TRY(tensors.up, checkpoint.matrix(prefix + names.up, inner, hidden));
    MOESCOPE_TRY(tensors.down, checkpoint.matrix(prefix + names.down, hidden, inner));
    return tensors;
}

Status requireNoShared(const Checkpoint& checkpoint, const std::string& name)
{
    if (!checkpoint.find(name))
        return {};
    return fail(ErrorCode::BadFormat,
        fmt::format("{} has shared experts (\"{}\"), but its config says that there are none.",
            displayPath(checkpoint.path()), displayName(name)));
}

Status sharedMlp(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    if (config.router.sharedExperts == 0)
        return requireNoShared(checkpoint, prefix + "down_proj.weight");
    MOESCOPE_TRY(
        layer.shared, mlp(checkpoint, prefix, {}, config.hidden, config.router.sharedIntermediate));
    return {};
}

Result<std::vector<MlpTensors>> experts(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t count, std::uint32_t hidden, std::uint32_t inner)
{
    if (checkpoint.find(prefix + "gate_up_proj"))
        return fusedExperts(
            checkpoint, prefix + "gate_up_proj", prefix + "down_proj", count, hidden, inner);
    std::vector<MlpTensors> result(count);
    for (std::uint32_t e = 0; e < count; ++e) {
        MOESCOPE_TRY(
            result[e], mlp(checkpoint, fmt::format("{}{}.", prefix, e), names, hidden, inner));
    }
    return result;
}

Status mixtralMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix)
{
    // Newer programs save the mixture as "mlp", with fused experts.
    const bool renamed = checkpoint.find(prefix + "mlp.gate.weight") != nullptr;
    const std::string moe = prefix + (renamed ? "mlp." : "block_sparse_moe.");
    MOESCOPE_TRY(
        layer.router, checkpoint.matrix(moe + "gate.weight", config.router.experts, config.hidden));
    if (config.router.selectionBias) {
        MOESCOPE_TRY(layer.selectionBias,
            checkpoint.vector(moe + "e_score_correction_bias", config.router.experts));
    }
    // w1 is the gate, w3 the up and w2 the down projection.
    MOESCOPE_TRY(layer.experts,
        experts(checkpoint, moe + "experts.", {"w1.weight", "w3.weight", "w2.weight"},
            config.router.experts, config.hidden, config.layers[index].intermediate));
    return {};
}

Result<std::vector<MlpTensors>> fusedExperts(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner)
{
    MOESCOPE_TRY(
        const auto gateUp, checkpoint.stack(gateUpName, {count, std::uint64_t{2} * inner, hidden}));
    MOESCOPE_TRY(const auto down, checkpoint.stack(downName, {count, hidden, inner}));
    return splitExperts(gateUp, down, inner);
}

Result<std::vector<MlpTensors>> fusedExpertsByInput(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner)
{
    MOESCOPE_TRY(const auto gateUp,
        transposedStack(checkpoint, gateUpName, count, std::uint64_t{2} * inner, hidden));
    MOESCOPE_TRY(const auto down, transposedStack(checkpoint, downName, count, hidden, inner));
    return splitExperts(gateUp, down, inner);
}

Result<MatrixView> transposed(const MatrixView& matrix, std::string_view name)
{
    if (blockLayout(matrix.dtype).elements != 1 || matrix.scales.data != nullptr)
        return fail(ErrorCode::Unsupported,
            fmt::format("The tensor \"{}\" is stored by input, which is not supported for weights "
                        "packed as {}.",
                displayName(name), packingName(matrix)));
    return matrix.transposed();
}

Result<std::vector<MatrixView>> transposedStack(const Checkpoint& checkpoint,
    const std::string& name, std::uint32_t count, std::uint64_t rows, std::uint64_t cols)
{
    MOESCOPE_TRY(auto matrices, checkpoint.stack(name, {count, cols, rows}));
    for (MatrixView& matrix : matrices) {
        MOESCOPE_TRY(matrix, transposed(matrix, name));
    }
    return matrices;
}

} // namespace moescope::family
