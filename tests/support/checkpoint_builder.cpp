// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/checkpoint_builder.h"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

namespace moescope::test {

namespace fs = std::filesystem;

namespace {

template <typename T>
void append(std::vector<std::byte>& bytes, T value)
{
    const auto* const begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
}

std::vector<std::byte> encode(DType dtype, std::span<const float> values)
{
    std::vector<std::byte> bytes;
    bytes.reserve(values.size() * dtypeBytes(dtype));
    for (const float value : values) {
        switch (dtype) {
        case DType::F64:
            append(bytes, static_cast<double>(value));
            break;
        case DType::F16:
            append(bytes, floatToF16(value));
            break;
        case DType::BF16:
            append(bytes, floatToBf16(value));
            break;
        default:
            append(bytes, value);
        }
    }
    return bytes;
}

/// Draws the weights of one model.
class WeightSource {
public:
    explicit WeightSource(const ModelSpec& spec)
        : m_random(spec.seed)
        , m_dtype(spec.dtype)
    {
    }
    CheckpointBuilder builder;

    void matrix(const std::string& name, std::uint64_t rows, std::uint64_t cols)
    {
        std::vector<float> values(rows * cols);
        const double scale = 1 / std::sqrt(static_cast<double>(cols));
        for (float& value : values)
            value = static_cast<float>(m_random.normal() * scale);
        builder.add(name, m_dtype, {rows, cols}, values);
    }
    void norm(const std::string& name, std::uint64_t size)
    {
        std::vector<float> values(size);
        for (float& value : values)
            value = static_cast<float>(1 + 0.1 * m_random.normal());
        builder.add(name, m_dtype, {size}, values);
    }

private:
    Random m_random;
    DType m_dtype;
};

void addMixture(WeightSource& source, const ModelSpec& spec, const std::string& layer)
{
    const bool olmoe = spec.family == ModelSpec::Family::Olmoe;
    const std::string block = layer + (olmoe ? "mlp." : "block_sparse_moe.");
    source.matrix(block + "gate.weight", spec.experts, spec.hidden);
    for (std::uint32_t e = 0; e < spec.experts; ++e) {
        const std::string expert = fmt::format("{}experts.{}.", block, e);
        source.matrix(
            expert + (olmoe ? "gate_proj.weight" : "w1.weight"), spec.intermediate, spec.hidden);
        source.matrix(
            expert + (olmoe ? "up_proj.weight" : "w3.weight"), spec.intermediate, spec.hidden);
        source.matrix(
            expert + (olmoe ? "down_proj.weight" : "w2.weight"), spec.hidden, spec.intermediate);
    }
}

} // namespace

void CheckpointBuilder::add(
    std::string name, DType dtype, std::vector<std::uint64_t> shape, std::span<const float> values)
{
    addBytes(std::move(name), dtype, std::move(shape), encode(dtype, values));
}

void CheckpointBuilder::add(std::string name, DType dtype, std::vector<std::uint64_t> shape,
    std::initializer_list<float> values)
{
    add(std::move(name), dtype, std::move(shape), std::span(values.begin(), values.size()));
}

void CheckpointBuilder::addBytes(
    std::string name, DType dtype, std::vector<std::uint64_t> shape, std::vector<std::byte> bytes)
{
    m_tensors.push_back({std::move(name), dtype, std::move(shape), std::move(bytes)});
}

Status CheckpointBuilder::write(const fs::path& file, std::span<const Tensor> tensors)
{
    SafetensorsWriter writer;
    writer.setMetadata("format", "pt");
    for (const Tensor& tensor : tensors)
        writer.addBytes(tensor.name, tensor.dtype, tensor.shape, tensor.bytes);
    return writer.write(file);
}

Status CheckpointBuilder::writeFile(const fs::path& file) const
{
    return write(file, m_tensors);
}

Status CheckpointBuilder::writeShards(const fs::path& folder, std::size_t shards) const
{
    fs::create_directories(folder);
    Json map = Json::object();
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < shards; ++i) {
        const std::size_t first = m_tensors.size() * i / shards;
        const std::size_t last = m_tensors.size() * (i + 1) / shards;
        const std::string file = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards);
        const auto part = std::span(m_tensors).subspan(first, last - first);
        for (const Tensor& tensor : part) {
            map[tensor.name] = file;
            total += tensor.bytes.size();
        }
        MOESCOPE_CHECK(write(folder / file, part));
    }
    Json index;
    index["metadata"]["total_size"] = total;
    index["weight_map"] = std::move(map);
    return writeFileAtomically(folder / "model.safetensors.index.json", dumpJson(index));
}

ModelSpec tinyModel(ModelSpec::Family family)
{
    ModelSpec spec;
    spec.family = family;
    return spec;
}

ModelSpec manyExpertsModel(ModelSpec::Family family)
{
    ModelSpec spec;
    spec.family = family;
    spec.experts = 96;
    spec.topK = 6;
    return spec;
}

Json modelConfigJson(const ModelSpec& spec)
{
    const bool olmoe = spec.family == ModelSpec::Family::Olmoe;
    Json config;
    config["architectures"] = Json::array({olmoe ? "OlmoeForCausalLM" : "MixtralForCausalLM"});
    config["model_type"] = olmoe ? "olmoe" : "mixtral";
    config["vocab_size"] = spec.vocabulary;
    config["hidden_size"] = spec.hidden;
    config["intermediate_size"] = spec.intermediate;
    config["num_hidden_layers"] = spec.layers;
    config["num_attention_heads"] = spec.heads;
    config["num_key_value_heads"] = spec.kvHeads;
    config["num_experts_per_tok"] = spec.topK;
    config[olmoe ? "num_experts" : "num_local_experts"] = spec.experts;
    config["rms_norm_eps"] = spec.normEps;
    config["rope_theta"] = spec.ropeTheta;
    config["hidden_act"] = "silu";
    config["max_position_embeddings"] = 4096;
    config["tie_word_embeddings"] = spec.tiedEmbeddings;
    config["eos_token_id"] = spec.vocabulary - 1;
    config["torch_dtype"] = spec.dtype == DType::F16 ? "float16"
        : spec.dtype == DType::BF16                  ? "bfloat16"
                                                     : "float32";
    if (olmoe) {
        config["norm_topk_prob"] = spec.normTopk;
        config["attention_bias"] = false;
        config["clip_qkv"] = spec.clipQkv ? Json(*spec.clipQkv) : Json();
    } else {
        config["bos_token_id"] = 1;
        config["sliding_window"] = spec.slidingWindow ? Json(*spec.slidingWindow) : Json();
    }
    return config;
}

CheckpointBuilder modelTensors(const ModelSpec& spec)
{
    WeightSource source(spec);
    const std::uint64_t kvWidth = std::uint64_t{spec.kvHeads} * (spec.hidden / spec.heads);
    if (!spec.tiedEmbeddings)
        source.matrix("lm_head.weight", spec.vocabulary, spec.hidden);
    source.matrix("model.embed_tokens.weight", spec.vocabulary, spec.hidden);
    for (std::uint32_t l = 0; l < spec.layers; ++l) {
        const std::string layer = fmt::format("model.layers.{}.", l);
        source.norm(layer + "input_layernorm.weight", spec.hidden);
        source.norm(layer + "post_attention_layernorm.weight", spec.hidden);
        source.matrix(layer + "self_attn.q_proj.weight", spec.hidden, spec.hidden);
        source.matrix(layer + "self_attn.k_proj.weight", kvWidth, spec.hidden);
        source.matrix(layer + "self_attn.v_proj.weight", kvWidth, spec.hidden);
        source.matrix(layer + "self_attn.o_proj.weight", spec.hidden, spec.hidden);
        if (spec.family == ModelSpec::Family::Olmoe) {
            source.norm(layer + "self_attn.q_norm.weight", spec.hidden);
            source.norm(layer + "self_attn.k_norm.weight", kvWidth);
        }
        addMixture(source, spec, layer);
    }
    source.norm("model.norm.weight", spec.hidden);
    return std::move(source.builder);
}

Status writeModel(const fs::path& folder, const ModelSpec& spec)
{
    fs::create_directories(folder);
    MOESCOPE_CHECK(writeFileAtomically(folder / "config.json", dumpJson(modelConfigJson(spec))));
    const CheckpointBuilder tensors = modelTensors(spec);
    return spec.shards > 1 ? tensors.writeShards(folder, spec.shards)
                           : tensors.writeFile(folder / "model.safetensors");
}

std::string safetensorsBytes(std::string_view header, std::string_view data)
{
    return safetensorsBytes(header.size(), header, data);
}

std::string safetensorsBytes(
    std::uint64_t headerLength, std::string_view header, std::string_view data)
{
    std::string bytes(sizeof headerLength, '\0');
    std::memcpy(bytes.data(), &headerLength, sizeof headerLength);
    bytes.append(header);
    bytes.append(data);
    return bytes;
}

} // namespace moescope::test
