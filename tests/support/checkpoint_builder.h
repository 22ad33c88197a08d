// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/tensor/dtype.h"

namespace moescope::test {

/// Collects tensors and writes them as one safetensors file or as shards with an index.
///
///     CheckpointBuilder builder;
///     builder.add("a.weight", DType::BF16, {2, 3}, {1, 2, 3, 4, 5, 6});
///     VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
class CheckpointBuilder {
public:
    /// `values` are rounded to `dtype`, one of f64, f32, f16, bf16.
    void add(std::string name, DType dtype, std::vector<std::uint64_t> shape,
        std::span<const float> values);
    void add(std::string name, DType dtype, std::vector<std::uint64_t> shape,
        std::initializer_list<float> values);
    void addBytes(std::string name, DType dtype, std::vector<std::uint64_t> shape,
        std::vector<std::byte> bytes);

    Status writeFile(const std::filesystem::path& file) const;
    /// `model-00001-of-0000N.safetensors` ... and `model.safetensors.index.json`; tensors in the
    /// order of adding, in shards of about equal numbers of tensors. Makes the folder.
    Status writeShards(const std::filesystem::path& folder, std::size_t shards) const;

private:
    struct Tensor {
        std::string name;
        DType dtype;
        std::vector<std::uint64_t> shape;
        std::vector<std::byte> bytes;
    };
    static Status write(const std::filesystem::path& file, std::span<const Tensor> tensors);
    std::vector<Tensor> m_tensors;
};

/// A model of random weights whose activations stay near 1, so that its routing is neither even nor
/// stuck. The same spec gives the same bytes on every machine. There is no tokenizer: prompt it
/// with ids.
struct ModelSpec {
    enum class Family { Olmoe, Mixtral };
    Family family = Family::Olmoe;
    std::uint64_t seed = 1;
    std::uint32_t layers = 2;
    std::uint32_t experts = 4;
    std::uint32_t topK = 2;
    std::uint32_t hidden = 16;
    std::uint32_t intermediate = 12;
    std::uint32_t heads = 2; ///< hidden / heads is the width of a head
    std::uint32_t kvHeads = 2;
    std::uint32_t vocabulary = 32;
    DType dtype = DType::F32;
    double ropeTheta = 10000;
    double normEps = 1e-5;
    bool normTopk = false; ///< OLMoE's norm_topk_prob; Mixtral always renormalises
    bool tiedEmbeddings = false; ///< no lm_head.weight
    std::optional<double> clipQkv; ///< OLMoE only
    std::optional<std::uint32_t> slidingWindow; ///< Mixtral only
    std::size_t shards = 1; ///< 1: model.safetensors; more: shards with an index
};

/// 2 layers, 4 experts.
ModelSpec tinyModel(ModelSpec::Family family);
/// 2 layers, 96 experts, 6 of them chosen: more than a 64-bit mask holds.
ModelSpec manyExpertsModel(ModelSpec::Family family);

/// The config.json that writeModel() writes.
Json modelConfigJson(const ModelSpec& spec);
/// Tensors of the model in the order of its hub file.
CheckpointBuilder modelTensors(const ModelSpec& spec);
/// Writes config.json and the weights into `folder`, which is made when it is missing.
Status writeModel(const std::filesystem::path& folder, const ModelSpec& spec);

/// A safetensors file byte by byte: header length, `header` as it is, `data`.
std::string safetensorsBytes(std::string_view header, std::string_view data);
/// Same with a header length that may lie.
std::string safetensorsBytes(
    std::uint64_t headerLength, std::string_view header, std::string_view data);

} // namespace moescope::test
