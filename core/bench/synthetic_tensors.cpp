// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/synthetic_tensors.h"

#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "core/checkpoint/metadata.h"

namespace moescope::bench {

namespace {

std::uint64_t roundUp(std::uint64_t value, std::uint64_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

/// Fields of a GGUF file.
class Fields {
public:
    template <typename T>
    Fields& number(T value)
    {
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    Fields& text(std::string_view text)
    {
        number(std::uint64_t{text.size()});
        m_bytes += text;
        return *this;
    }
    Fields& entry(std::string_view key, std::string_view value)
    {
        ++m_entries;
        return text(key).number(MetadataType::String).text(value);
    }
    Fields& entry(std::string_view key, std::uint32_t value)
    {
        ++m_entries;
        return text(key).number(MetadataType::U32).number(value);
    }
    Fields& entry(std::string_view key, float value)
    {
        ++m_entries;
        return text(key).number(MetadataType::F32).number(value);
    }
    const std::string& bytes() const { return m_bytes; }
    std::uint64_t entries() const { return m_entries; }

private:
    std::string m_bytes;
    std::uint64_t m_entries = 0;
};

std::uint32_t ggufNumber(DType dtype)
{
    std::uint32_t number = 0;
    while (dtypeFromGguf(number) != dtype)
        ++number;
    return number;
}

} // namespace

SyntheticFile safetensorsLayout(const SyntheticModel& model)
{
    SyntheticFile file{"model.safetensors", {}, 1};
    const std::uint64_t hidden = model.hidden;
    const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
        file.tensors.push_back({name, DType::BF16, std::move(shape)});
    };
    add("model.embed_tokens.weight", {model.vocabulary, hidden});
    for (std::uint32_t l = 0; l < model.layers; ++l) {
        const std::string layer = fmt::format("model.layers.{}.", l);
        add(layer + "input_layernorm.weight", {hidden});
        add(layer + "post_attention_layernorm.weight", {hidden});
        for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"})
            add(fmt::format("{}self_attn.{}.weight", layer, name), {hidden, hidden});
        add(layer + "self_attn.q_norm.weight", {hidden});
        add(layer + "self_attn.k_norm.weight", {hidden});
        add(layer + "mlp.gate.weight", {model.experts, hidden});
        for (std::uint32_t e = 0; e < model.experts; ++e) {
            const std::string expert = fmt::format("{}mlp.experts.{}.", layer, e);
            add(expert + "gate_proj.weight", {model.intermediate, hidden});
            add(expert + "up_proj.weight", {model.intermediate, hidden});
            add(expert + "down_proj.weight", {hidden, model.intermediate});
        }
    }
    add("model.norm.weight", {hidden});
    add("lm_head.weight", {model.vocabulary, hidden});
    return file;
}

SyntheticFile ggufLayout(const SyntheticModel& model)
{
    SyntheticFile file{"model.gguf", {}, 32};
    const std::uint64_t hidden = model.hidden;
    const auto packed = [&](const std::string& name, std::vector<std::uint64_t> shape) {
        file.tensors.push_back({name + ".weight", model.type, std::move(shape)});
    };
    const auto plain = [&](const std::string& name, std::vector<std::uint64_t> shape) {
        file.tensors.push_back({name + ".weight", DType::F32, std::move(shape)});
    };
    packed("token_embd", {model.vocabulary, hidden});
    for (std::uint32_t l = 0; l < model.layers; ++l) {
        const std::string block = fmt::format("blk.{}.", l);
        for (const char* name : {"attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm"})
            plain(block + name, {hidden});
        for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
            packed(block + name, {hidden, hidden});
        plain(block + "ffn_gate_inp", {model.experts, hidden});
        packed(block + "ffn_gate_exps", {model.experts, model.intermediate, hidden});
        packed(block + "ffn_up_exps", {model.experts, model.intermediate, hidden});
        packed(block + "ffn_down_exps", {model.experts, hidden, model.intermediate});
    }
    plain("output_norm", {hidden});
    packed("output", {model.vocabulary, hidden});
    return file;
}

std::string ggufPrefix(const SyntheticModel& model, const SyntheticFile& file)
{
    Fields settings;
    settings.entry("general.architecture", "olmoe")
        .entry("olmoe.block_count", model.layers)
        .entry("olmoe.context_length", model.maxPositions)
        .entry("olmoe.embedding_length", model.hidden)
        .entry("olmoe.feed_forward_length", model.intermediate)
        .entry("olmoe.attention.head_count", model.heads)
        .entry("olmoe.attention.head_count_kv", model.heads)
        .entry("olmoe.attention.layer_norm_rms_epsilon", 1e-5F)
        .entry("olmoe.expert_count", model.experts)
        .entry("olmoe.expert_used_count", model.topK);
    Fields all;
    constexpr std::uint32_t kVersion = 3;
    all.number(std::uint32_t{0x46554747}).number(kVersion); // "GGUF"
    all.number(std::uint64_t{file.tensors.size()}).number(settings.entries());
    std::string prefix = all.bytes() + settings.bytes();
    Fields table;
    std::uint64_t offset = 0;
    for (const SafetensorsEntry& tensor : file.tensors) {
        table.text(tensor.name).number(static_cast<std::uint32_t>(tensor.shape.size()));
        for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend(); ++extent)
            table.number(*extent);
        table.number(ggufNumber(tensor.dtype)).number(offset);
        offset += storedSize(tensor, file.alignment);
    }
    prefix += table.bytes();
    prefix.resize(roundUp(prefix.size(), file.alignment));
    return prefix;
}

std::uint64_t storedSize(const SafetensorsEntry& tensor, std::uint64_t alignment)
{
    const std::uint64_t elements = std::accumulate(
        tensor.shape.begin(), tensor.shape.end(), std::uint64_t{1}, std::multiplies<>());
    return roundUp(storedBytes(tensor.dtype, elements).value_or(0), alignment);
}

} // namespace moescope::bench
