// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/router_spec.h"

namespace moescope {

/// Rotary position embedding; angle i = position * base^(-2i/width). Source: RoFormer (Su et al., 2021).
struct RopeSpec {
    enum class Pairing { HalfSplit, Interleaved };
    double base = 10000.0;
    std::uint32_t width = 0; ///< rotated elements of a head
    Pairing pairing = Pairing::HalfSplit;
    double linearFactor = 1.0; ///< positions are divided by it (rope type "linear")
};

/// Where a q/k normalisation applies.
enum class QkNorm { None, WholeVector, PerHead };

struct AttentionSpec {
    std::uint32_t heads = 0;
    std::uint32_t kvHeads = 0; ///< query head h reads kv head h / (heads / kvHeads)
    std::uint32_t headDim = 0;
    double scale = 0; ///< multiplies q·k; usually headDim^-0.5
    QkNorm qkNorm = QkNorm::None;
    std::optional<float> clipQkv; ///< clamp q, k, v to ±this, after the q/k norm and before RoPE
    std::optional<std::uint32_t> window; ///< visible positions, the token itself included
    RopeSpec rope;
};

/// What differs from block to block.
struct LayerSpec {
    bool mixture = false; ///< false: one dense MLP
    std::uint32_t intermediate = 0; ///< inner width of an expert, or of the dense MLP
};

/// A model's shape and rules, filled in by its family from config.json.
struct ModelConfig {
    std::string modelType; ///< "olmoe"
    std::string familyName; ///< "OLMoE"
    std::uint32_t hidden = 0; ///< D
    std::uint32_t vocabulary = 0;
    std::uint32_t maxPositions = 0;
    double normEps = 1e-5;
    bool tiedEmbeddings = false;
    AttentionSpec attention;
    RouterSpec router; ///< experts == 0 for a dense model
    std::vector<LayerSpec> layers;
    std::vector<std::int32_t> endTokens; ///< generation stops at these

    std::uint32_t layerCount() const { return static_cast<std::uint32_t>(layers.size()); }
    std::uint32_t mixtureLayerCount() const;
};

} // namespace moescope
