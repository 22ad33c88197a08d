// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_tensors.h"

#include <charconv>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/model/gguf/gguf_finder.h"

namespace moescope::gguf {

Result<MatrixView> Finder::matrix(const std::string& name, std::uint64_t rows, std::uint64_t cols)
{
    m_taken.insert(name);
    return m_checkpoint.matrix(name, rows, cols);
}

Result<std::vector<MatrixView>> Finder::stack(
    const std::string& name, std::array<std::uint64_t, 3> shape)
{
    m_taken.insert(name);
    return m_checkpoint.stack(name, shape);
}

Result<std::vector<float>> Finder::vector(const std::string& name, std::uint64_t size)
{
    m_taken.insert(name);
    return m_checkpoint.vector(name, size);
}

Result<std::vector<float>> Finder::optionalVector(const std::string& name, std::uint64_t size)
{
    if (!has(name))
        return std::vector<float>();
    return vector(name, size);
}

Result<Norm> Finder::norm(
    const std::string& name, const Layout& layout, std::uint64_t width, double eps)
{
    Norm norm{layout.norm, eps, {}, {}};
    MOESCOPE_TRY(norm.weight, vector(name + ".weight", width));
    if (layout.normBias) {
        MOESCOPE_TRY(norm.bias, vector(name + ".bias", width));
    }
    return norm;
}

Status Finder::requireAllTaken(std::uint32_t blocks) const
{
    constexpr std::string_view kBlock = "blk.";
    for (const TensorInfo& tensor : m_checkpoint.tensors()) {
        std::string_view rest = tensor.name;
        std::uint32_t block = 0;
        if (!rest.starts_with(kBlock) || m_taken.contains(rest))
            continue;
        rest.remove_prefix(kBlock.size());
        const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), block);
        if (parsed.ec == std::errc() && block >= blocks)
            continue;
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the tensor \"{}\" has no place in models of this kind, so the model "
                        "cannot be run; its tensors can be inspected.",
                displayPath(m_checkpoint.path()), displayName(tensor.name)));
    }
    return {};
}

namespace {

Status findAttention(LayerTensors& layer, Finder& finder, const ModelConfig& config,
    const LayerSpec& spec, const std::string& prefix)
{
    const AttentionSpec& attention = config.attention;
    const std::uint64_t hidden = config.hidden;
    const std::uint64_t heads = std::uint64_t{attention.heads} * attention.headDim;
    const std::uint64_t queries = attention.outputGate ? 2 * heads : heads;
    const std::uint64_t keys = std::uint64_t{attention.kvHeads} * attention.headDim;
    const std::string fused = prefix + "attn_qkv.weight";
    if (finder.has(fused)) {
        MOESCOPE_TRY(const MatrixView qkv, finder.matrix(fused, queries + 2 * keys, hidden));
        layer.q = qkv.rowRange(0, queries);
        layer.k = qkv.rowRange(queries, keys);
        layer.v = qkv.rowRange(queries + keys, keys);
    } else {
        MOESCOPE_TRY(layer.q, finder.matrix(prefix + "attn_q.weight", queries, hidden));
        MOESCOPE_TRY(layer.k, finder.matrix(prefix + "attn_k.weight", keys, hidden));
        MOESCOPE_TRY(layer.v, finder.matrix(prefix + "attn_v.weight", keys, hidden));
    }
    if (attention.qkvBias && finder.has(fused)) {
        MOESCOPE_TRY(const auto bias, finder.vector(prefix + "attn_qkv.bias", queries + 2 * keys));
        const auto q = bias.begin() + static_cast<std::ptrdiff_t>(queries);
        const auto k = q + static_cast<std::ptrdiff_t>(keys);
        layer.qBias.assign(bias.begin(), q);
        layer.kBias.assign(q, k);
        layer.vBias.assign(k, bias.end());
    } else if (attention.qkvBias) {
        MOESCOPE_TRY(layer.qBias, finder.vector(prefix + "attn_q.bias", queries));
        MOESCOPE_TRY(layer.kBias, finder.vector(prefix + "attn_k.bias", keys));
        MOESCOPE_TRY(layer.vBias, finder.vector(prefix + "attn_v.bias", keys));
    }
    MOESCOPE_TRY(layer.o, finder.matrix(prefix + "attn_output.weight", hidden, heads));
    if (attention.outputBias) {
        MOESCOPE_TRY(layer.oBias, finder.vector(prefix + "attn_output.bias", hidden));
    }
    if (attention.qkNorm == QkNorm::None)
        return {};
    // Llama 4 normalises the rotated layers without a weight.
    if (attention.temperature && !finder.has(prefix + "attn_q_norm.weight")) {
        if (spec.rope)
            layer.qNorm = layer.kNorm = {Norm::Kind::Rms, config.normEps, {}, {}};
        return {};
    }
    const bool whole = attention.qkNorm == QkNorm::WholeVector;
    MOESCOPE_TRY(layer.qNorm,
        finder.norm(prefix + "attn_q_norm", {}, whole ? heads : attention.headDim, config.normEps));
    MOESCOPE_TRY(layer.kNorm,
        finder.norm(prefix + "attn_k_norm", {}, whole ? keys : attention.headDim, config.normEps));
    return {};
}

Status findMixer(LayerTensors& layer, Finder& finder, const ModelConfig& config,
    const LayerSpec& spec, const std::string& prefix)
{
    switch (spec.mixer) {
    case LayerSpec::Mixer::Attention:
        return findAttention(layer, finder, config, spec, prefix);
    case LayerSpec::Mixer::LatentAttention:
        return findLatent(layer, finder, config, prefix);
    case LayerSpec::Mixer::DeltaNet:
        return findDelta(layer, finder, config, prefix);
    case LayerSpec::Mixer::RoutedHeads:
    case LayerSpec::Mixer::Missing:
        break;
    }
    return {};
}

Status findNorms(LayerTensors& layer, Finder& finder, const ModelConfig& config,
    const Layout& layout, const std::string& prefix)
{
    for (const auto& [norm, name] : {std::pair{&layer.attentionNorm, std::string_view("attn_norm")},
             std::pair{&layer.attentionPostNorm, layout.attentionPostNorm},
             std::pair{&layer.mlpNorm, layout.mlpNorm},
             std::pair{&layer.mlpPostNorm, layout.mlpPostNorm}}) {
        if (!name.empty()) {
            MOESCOPE_TRY(*norm,
                finder.norm(prefix + std::string(name), layout, config.hidden, config.normEps));
        }
    }
    return {};
}

} // namespace

Result<ModelTensors> findTensors(const Description& description, const Checkpoint& checkpoint)
{
    const ModelConfig& config = description.config;
    const Layout& layout = description.layout;
    Finder finder(checkpoint);
    ModelTensors tensors;
    const bool runs = config.missingPart.empty();
    if (runs) {
        MOESCOPE_TRY(tensors.embedding,
            finder.matrix("token_embd.weight", config.vocabulary, config.hidden));
        MOESCOPE_TRY(
            tensors.finalNorm, finder.norm("output_norm", layout, config.hidden, config.normEps));
        tensors.head = tensors.embedding;
        if (finder.has("output.weight")) {
            MOESCOPE_TRY(
                tensors.head, finder.matrix("output.weight", config.vocabulary, config.hidden));
        }
        MOESCOPE_TRY(tensors.headBias, finder.optionalVector("output.bias", config.vocabulary));
    }
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers.emplace_back();
        const LayerSpec& spec = config.layers[l];
        const std::string prefix = fmt::format("blk.{}.", l);
        if (!runs) {
            if (spec.mixture)
                MOESCOPE_CHECK(findMixture(layer, finder, config, spec, prefix));
            continue;
        }
        MOESCOPE_CHECK(findNorms(layer, finder, config, layout, prefix));
        MOESCOPE_CHECK(findMixer(layer, finder, config, spec, prefix));
        if (layout.sinks) {
            MOESCOPE_TRY(
                layer.sinks, finder.vector(prefix + "attn_sinks.weight", config.attention.heads));
        }
        MOESCOPE_CHECK(findMixture(layer, finder, config, spec, prefix));
    }
    if (runs)
        MOESCOPE_CHECK(finder.requireAllTaken(config.layerCount()));
    return tensors;
}

} // namespace moescope::gguf
