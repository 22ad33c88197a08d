// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/latent_attention.h"

#include <cmath>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/rope.h"

namespace moescope::family {

namespace {

constexpr double kLatentEps = 1e-6; ///< of the latents' norms, whatever the config says

} // namespace

Result<ModelConfig> latentConfig(const Json& json, std::string_view source,
    const ConfigDefaults& defaults, const LatentDefaults& latent)
{
    ConfigDefaults rotated = defaults;
    rotated.headKey = "qk_rope_head_dim";
    rotated.headDim = latent.rope;
    MOESCOPE_TRY(auto config, standardConfig(json, source, rotated));
    AttentionSpec& attention = config.attention;
    if (attention.qkvBias)
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "{}: biases (\"attention_bias\") of latent attention are not supported yet.",
                source));
    LatentSpec spec;
    MOESCOPE_TRY(spec.queryRank, countOf(json, "q_lora_rank", source, latent.queryRank));
    MOESCOPE_TRY(spec.rank, size(json, "kv_lora_rank", source, latent.rank));
    MOESCOPE_TRY(spec.nope, size(json, "qk_nope_head_dim", source, latent.nope, kMost));
    MOESCOPE_TRY(spec.rope, size(json, "qk_rope_head_dim", source, latent.rope, kMost));
    MOESCOPE_TRY(spec.value, size(json, "v_head_dim", source, latent.value, kMost));
    attention.latent = spec;
    attention.headDim = spec.nope + spec.rope;
    MOESCOPE_TRY(const double factor, latentScaleFactor(json, source, config.maxPositions));
    attention.scale = factor / std::sqrt(static_cast<double>(attention.headDim));
    MOESCOPE_TRY(const bool interleaved, flag(json, "rope_interleave", source, true));
    attention.rope.pairing
        = interleaved ? RopeSpec::Pairing::Interleaved : RopeSpec::Pairing::HalfSplit;
    for (LayerSpec& layer : config.layers)
        layer.mixer = LayerSpec::Mixer::LatentAttention;
    return config;
}

Status latentAttention(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    const LatentSpec& spec = *config.attention.latent;
    const std::uint64_t heads = config.attention.heads;
    const std::uint64_t queryRows = heads * (std::uint64_t{spec.nope} + spec.rope);
    const std::string name = prefix + "self_attn.";
    LatentTensors& latent = layer.latent.emplace();
    if (spec.queryRank == 0) {
        MOESCOPE_TRY(
            latent.query, checkpoint.matrix(name + "q_proj.weight", queryRows, config.hidden));
    } else {
        MOESCOPE_TRY(latent.queryDown,
            checkpoint.matrix(name + "q_a_proj.weight", spec.queryRank, config.hidden));
        MOESCOPE_TRY(latent.queryNorm,
            rmsNorm(checkpoint, name + "q_a_layernorm", spec.queryRank, kLatentEps));
        MOESCOPE_TRY(
            latent.query, checkpoint.matrix(name + "q_b_proj.weight", queryRows, spec.queryRank));
    }
    MOESCOPE_TRY(latent.down,
        checkpoint.matrix(name + "kv_a_proj_with_mqa.weight", std::uint64_t{spec.rank} + spec.rope,
            config.hidden));
    MOESCOPE_TRY(latent.norm, rmsNorm(checkpoint, name + "kv_a_layernorm", spec.rank, kLatentEps));
    const std::size_t headRows = std::size_t{spec.nope} + spec.value;
    MOESCOPE_TRY(const MatrixView up,
        checkpoint.matrix(name + "kv_b_proj.weight", heads * headRows, spec.rank));
    for (std::size_t h = 0; h < heads; ++h)
        latent.heads.push_back({up.rowRange(h * headRows, spec.nope), false,
            up.rowRange(h * headRows + spec.nope, spec.value)});
    MOESCOPE_TRY(
        layer.o, checkpoint.matrix(name + "o_proj.weight", config.hidden, heads * spec.value));
    return {};
}

} // namespace moescope::family
