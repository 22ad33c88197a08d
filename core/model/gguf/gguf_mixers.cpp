// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <fmt/format.h>

#include "core/model/gguf/gguf_finder.h"

namespace moescope::gguf {

namespace {

constexpr double kLatentEps = 1e-6; ///< of the latents' norms

/// The up-projection of the latent: in one piece, or the keys' part transposed and apart.
Status findLatentHeads(
    LatentTensors& latent, Finder& finder, const ModelConfig& config, const std::string& prefix)
{
    const LatentSpec& spec = *config.attention.latent;
    const std::size_t heads = config.attention.heads;
    const std::string whole = prefix + "attn_kv_b.weight";
    if (finder.has(whole)) {
        const std::size_t rows = std::size_t{spec.nope} + spec.value;
        MOESCOPE_TRY(const MatrixView up, finder.matrix(whole, heads * rows, spec.rank));
        for (std::size_t h = 0; h < heads; ++h)
            latent.heads.push_back({up.rowRange(h * rows, spec.nope), false,
                up.rowRange(h * rows + spec.nope, spec.value)});
        // Some files hold the same weights a second time, in parts.
        finder.ignore(prefix + "attn_k_b.weight");
        finder.ignore(prefix + "attn_v_b.weight");
        return {};
    }
    MOESCOPE_TRY(
        const auto keys, finder.stack(prefix + "attn_k_b.weight", {heads, spec.rank, spec.nope}));
    MOESCOPE_TRY(const auto values,
        finder.stack(prefix + "attn_v_b.weight", {heads, spec.value, spec.rank}));
    for (std::size_t h = 0; h < heads; ++h)
        latent.heads.push_back({keys[h], true, values[h]});
    return {};
}

} // namespace

Status findLatent(
    LayerTensors& layer, Finder& finder, const ModelConfig& config, const std::string& prefix)
{
    const LatentSpec& spec = *config.attention.latent;
    const std::uint64_t heads = config.attention.heads;
    const std::uint64_t queries = heads * (std::uint64_t{spec.nope} + spec.rope);
    LatentTensors& latent = layer.latent.emplace();
    if (spec.queryRank == 0) {
        MOESCOPE_TRY(latent.query, finder.matrix(prefix + "attn_q.weight", queries, config.hidden));
    } else {
        MOESCOPE_TRY(latent.queryDown,
            finder.matrix(prefix + "attn_q_a.weight", spec.queryRank, config.hidden));
        MOESCOPE_TRY(latent.queryNorm,
            finder.norm(prefix + "attn_q_a_norm", {}, spec.queryRank, kLatentEps));
        MOESCOPE_TRY(
            latent.query, finder.matrix(prefix + "attn_q_b.weight", queries, spec.queryRank));
    }
    MOESCOPE_TRY(latent.down,
        finder.matrix(
            prefix + "attn_kv_a_mqa.weight", std::uint64_t{spec.rank} + spec.rope, config.hidden));
    MOESCOPE_TRY(latent.norm, finder.norm(prefix + "attn_kv_a_norm", {}, spec.rank, kLatentEps));
    MOESCOPE_CHECK(findLatentHeads(latent, finder, config, prefix));
    MOESCOPE_TRY(
        layer.o, finder.matrix(prefix + "attn_output.weight", config.hidden, heads * spec.value));
    return {};
}

Status findDelta(
    LayerTensors& layer, Finder& finder, const ModelConfig& config, const std::string& prefix)
{
    const DeltaSpec& shape = *config.attention.delta;
    const std::uint64_t hidden = config.hidden;
    const std::uint64_t keys = std::uint64_t{shape.keyHeads} * shape.keyDim;
    const std::uint64_t values = std::uint64_t{shape.valueHeads} * shape.valueDim;
    const std::uint64_t heads = shape.valueHeads;
    DeltaTensors& delta = layer.delta.emplace();
    MOESCOPE_TRY(
        const MatrixView qkv, finder.matrix(prefix + "attn_qkv.weight", 2 * keys + values, hidden));
    delta.q = {qkv.rowRange(0, keys)};
    delta.k = {qkv.rowRange(keys, keys)};
    delta.v = {qkv.rowRange(2 * keys, values)};
    MOESCOPE_TRY(const MatrixView gate, finder.matrix(prefix + "attn_gate.weight", values, hidden));
    delta.z = {gate};
    if (finder.has(prefix + "ssm_ba.weight")) {
        // [beta | decay] of the value heads of one key head after the other.
        const std::uint64_t each = heads / shape.keyHeads;
        MOESCOPE_TRY(
            const MatrixView rates, finder.matrix(prefix + "ssm_ba.weight", 2 * heads, hidden));
        for (std::uint64_t g = 0; g < shape.keyHeads; ++g) {
            delta.beta.push_back(rates.rowRange(g * 2 * each, each));
            delta.decay.push_back(rates.rowRange(g * 2 * each + each, each));
        }
    } else {
        MOESCOPE_TRY(
            const MatrixView beta, finder.matrix(prefix + "ssm_beta.weight", heads, hidden));
        MOESCOPE_TRY(
            const MatrixView decay, finder.matrix(prefix + "ssm_alpha.weight", heads, hidden));
        delta.beta = {beta};
        delta.decay = {decay};
    }
    MOESCOPE_TRY(const MatrixView taps,
        finder.matrix(prefix + "ssm_conv1d.weight", 2 * keys + values, shape.taps));
    delta.convolution = decodeAll(taps);
    MOESCOPE_TRY(delta.decayBias, finder.vector(prefix + "ssm_dt.bias", heads));
    MOESCOPE_TRY(delta.logDecay, finder.vector(prefix + "ssm_a", heads)); // -exp of what is wanted
    for (float& rate : delta.logDecay) {
        if (!(rate < 0))
            return fail(ErrorCode::BadFormat,
                fmt::format("The tensor \"{}ssm_a\" should hold negative numbers, but has {}.",
                    prefix, rate));
        rate = std::log(-rate);
    }
    MOESCOPE_TRY(delta.norm, finder.norm(prefix + "ssm_norm", {}, shape.valueDim, config.normEps));
    MOESCOPE_TRY(delta.out, finder.matrix(prefix + "ssm_out.weight", hidden, values));
    return {};
}

} // namespace moescope::gguf
