// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/gguf/gguf_architectures.h"
#include "core/model/moe_model.h"

namespace moescope::gguf {

/// Takes tensors out of a checkpoint and remembers which.
class Finder {
public:
    explicit Finder(const Checkpoint& checkpoint)
        : m_checkpoint(checkpoint)
    {
    }

    const TensorInfo* find(const std::string& name) const { return m_checkpoint.find(name); }
    bool has(const std::string& name) const { return find(name) != nullptr; }
    Result<MatrixView> matrix(const std::string& name, std::uint64_t rows, std::uint64_t cols);
    Result<std::vector<MatrixView>> stack(
        const std::string& name, std::array<std::uint64_t, 3> shape);
    Result<std::vector<float>> vector(const std::string& name, std::uint64_t size);
    /// Empty when there is none of this name.
    Result<std::vector<float>> optionalVector(const std::string& name, std::uint64_t size);
    Result<Norm> norm(
        const std::string& name, const Layout& layout, std::uint64_t width, double eps);
    void ignore(const std::string& name) { m_taken.insert(name); }

    /// Error when one of the first `blocks` blocks has a tensor that was not asked for.
    Status requireAllTaken(std::uint32_t blocks) const;

private:
    const Checkpoint& m_checkpoint;
    std::set<std::string, std::less<>> m_taken;
};

/// Router, experts, shared experts or the dense MLP of the block whose names begin with `prefix`.
Status findMixture(LayerTensors& layer, Finder& finder, const ModelConfig& config,
    const LayerSpec& spec, const std::string& prefix);
/// Multi-head latent attention.
Status findLatent(
    LayerTensors& layer, Finder& finder, const ModelConfig& config, const std::string& prefix);
/// A gated delta net.
Status findDelta(
    LayerTensors& layer, Finder& finder, const ModelConfig& config, const std::string& prefix);

} // namespace moescope::gguf
