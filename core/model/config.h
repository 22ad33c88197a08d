// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/router_spec.h"

namespace moescope {

/// Rotary position embedding: pair i of a head turns by position * frequencies[i]. Source: RoFormer
/// (Su et al., 2021); the scaled kinds are resolved to frequencies when the config is read.
struct RopeSpec {
    /// HalfSplit pairs (i, i + width/2); Interleaved pairs (2i, 2i + 1).
    enum class Pairing { HalfSplit, Interleaved };
    std::string kind = "default"; ///< "yarn", "llama3", ...: for the model facts
    double base = 10000.0;
    std::uint32_t width = 0; ///< rotated elements at the start of a head
    Pairing pairing = Pairing::HalfSplit;
    std::vector<float> frequencies; ///< [width / 2], radians per position
    float attentionFactor = 1.0F; ///< multiplies cos and sin
    /// Other frequencies for sequences that reach beyond `after` positions (longrope).
    struct Long {
        std::uint32_t after = 0;
        std::vector<float> frequencies;
        float attentionFactor = 1.0F;
    };
    std::optional<Long> beyond;
    /// The base of sequences that reach beyond `after` positions grows with their length (dynamic).
    struct Dynamic {
        std::uint32_t after = 0;
        double factor = 1.0;
    };
    std::optional<Dynamic> dynamic;
};

/// Where a q/k normalisation applies.
enum class QkNorm { None, WholeVector, PerHead };

/// Multi-head latent attention (DeepSeek-V2, 2024): keys and values of all heads come from one
/// latent vector.
struct LatentSpec {
    std::uint32_t queryRank = 0; ///< 0: queries are projected directly
    std::uint32_t rank = 0; ///< width of the key/value latent
    std::uint32_t nope = 0; ///< elements of a head's query and key without rotation
    std::uint32_t rope = 0; ///< rotated elements, the key's shared by all heads
    std::uint32_t value = 0; ///< width of a head's value
};

/// Gated delta rule (Yang et al., 2024): linear attention with a state of fixed size.
struct DeltaSpec {
    std::uint32_t keyHeads = 0;
    std::uint32_t valueHeads = 0; ///< value head h reads key head h / (valueHeads / keyHeads)
    std::uint32_t keyDim = 0; ///< of one head
    std::uint32_t valueDim = 0;
    std::uint32_t taps = 0; ///< of the causal convolution before it
    bool tiled = false; ///< value head h reads key head h % keyHeads instead
};

struct AttentionSpec {
    std::uint32_t heads = 0;
    std::uint32_t kvHeads = 0; ///< query head h reads kv head h / (heads / kvHeads)
    std::uint32_t headDim = 0;
    double scale = 0; ///< multiplies q·k; usually headDim^-0.5
    QkNorm qkNorm = QkNorm::None;
    bool qkNormAfterRope = false;
    std::optional<float> clipQkv; ///< clamp q, k, v to ±this, after the q/k norm and before RoPE
    std::optional<float> softCap; ///< scores become cap * tanh(score / cap)
    bool qkvBias = false; ///< q, k and v projections have biases
    bool outputBias = false;
    bool outputGate = false; ///< rows of q are [query | gate] per head; the output is multiplied by
                             ///< sigmoid(gate)
    /// On layers without RoPE q is multiplied by 1 + scale * ln(1 + floor((position + 1) / floor))
    /// (Llama 4).
    struct Temperature {
        double scale = 0;
        double floor = 1;
    };
    std::optional<Temperature> temperature;
    /// Beyond this many tokens only a chosen part of the keys is attended to, which is not
    /// supported; 0: never.
    std::uint32_t sparseBeyond = 0;
    std::optional<LatentSpec> latent; ///< of the layers with LayerSpec::Mixer::LatentAttention
    std::optional<DeltaSpec> delta; ///< of the layers with LayerSpec::Mixer::DeltaNet
    RopeSpec rope;
};

/// What differs from block to block.
struct LayerSpec {
    /// What mixes tokens. RoutedHeads: the query heads of chosen experts (JetMoE), kvHeads of them
    /// per expert. Missing: a kind that the forward pass lacks (ModelConfig::missingPart).
    enum class Mixer { Attention, LatentAttention, DeltaNet, RoutedHeads, Missing };

    bool mixture = false; ///< false: one dense MLP
    std::uint32_t intermediate = 0; ///< inner width of an expert, or of the dense MLP
    Mixer mixer = Mixer::Attention;
    std::optional<std::uint32_t> window; ///< visible positions, the token itself included
    std::optional<std::uint32_t>
        chunk; ///< only positions of the same block of this many are visible
    bool rope = true;
};

/// The non-linearity between gate, up and down: y = down(f(gate x, up x)).
struct Activation {
    enum class Kind {
        Silu, ///< silu(g) u
        GeluTanh, ///< gelu(g) u, tanh form
        ClampedSwiglu, ///< g = min(g, limit), u = clamp(u, ±limit): (u + 1) g sigmoid(alpha g)
                       ///< (GPT-OSS)
    };
    Kind kind = Kind::Silu;
    float alpha = 1.702F;
    float limit = 7.0F;
};

/// A model's shape and rules, filled in by its family from config.json.
struct ModelConfig {
    std::string modelType; ///< "olmoe"
    std::string familyName; ///< "OLMoE"
    std::uint32_t hidden = 0; ///< D
    std::uint32_t vocabulary = 0;
    std::uint32_t maxPositions = 0;
    double normEps = 1e-5; ///< as the config says; every Norm carries the one it uses
    bool tiedEmbeddings = false;
    bool headBias = false; ///< the head has a bias
    float embeddingMultiplier = 1.0F;
    float residualMultiplier = 1.0F; ///< of what attention and MLP add
    float logitMultiplier = 1.0F;
    std::optional<float> logitSoftCap;
    Activation activation;
    AttentionSpec attention;
    RouterSpec router; ///< experts == 0 for a dense model
    std::vector<LayerSpec> layers;
    std::vector<std::int32_t> endTokens; ///< generation stops at these
    /// What the forward pass lacks to run this model ("lightning attention"); empty when it runs.
    /// Such a model opens for the analysis of its weights.
    std::string missingPart;

    std::uint32_t layerCount() const { return static_cast<std::uint32_t>(layers.size()); }
    std::uint32_t mixtureLayerCount() const;
};

} // namespace moescope
