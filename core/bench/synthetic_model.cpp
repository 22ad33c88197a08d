// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/synthetic_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/json.h"

namespace moescope::bench {

namespace {

std::vector<SafetensorsEntry> entriesOf(const SyntheticModel& model)
{
    std::vector<SafetensorsEntry> entries;
    const std::uint64_t hidden = model.hidden;
    const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
        entries.push_back({name, DType::BF16, std::move(shape)});
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
    return entries;
}

std::uint64_t elementsOf(const SafetensorsEntry& entry)
{
    std::uint64_t elements = 1;
    for (const std::uint64_t extent : entry.shape)
        elements *= extent;
    return elements;
}

Json configOf(const SyntheticModel& model)
{
    return {{"model_type", "olmoe"}, {"hidden_size", model.hidden},
        {"num_hidden_layers", model.layers}, {"num_attention_heads", model.heads},
        {"num_key_value_heads", model.heads}, {"num_experts", model.experts},
        {"num_experts_per_tok", model.topK}, {"intermediate_size", model.intermediate},
        {"vocab_size", model.vocabulary}, {"max_position_embeddings", model.maxPositions},
        {"rms_norm_eps", 1e-5}, {"norm_topk_prob", false}, {"tie_word_embeddings", false}};
}

/// Random numbers that are repeated from ever new places: random enough for routing, quick to
/// write.
std::vector<std::uint16_t> randomBlock(double spread)
{
    Random random(11);
    std::vector<std::uint16_t> block(std::size_t{1} << 20);
    for (std::uint16_t& bits : block)
        bits = floatToBf16(static_cast<float>(spread * random.normal()));
    return block;
}

} // namespace

std::uint64_t SyntheticModel::bytes() const
{
    std::uint64_t total = 0;
    for (const SafetensorsEntry& entry : entriesOf(*this))
        total += 2 * elementsOf(entry);
    return total;
}

Status writeSyntheticModel(
    const SyntheticModel& model, const std::filesystem::path& folder, TaskContext& context)
{
    const auto path = folder / "model.safetensors";
    const auto entries = entriesOf(model);
    MOESCOPE_TRY(const std::string prefix, safetensorsPrefix(entries, {}, path));
    std::ofstream config(folder / "config.json");
    config << dumpJson(configOf(model));
    std::ofstream file(path, std::ios::binary);
    file.write(prefix.data(), static_cast<std::streamsize>(prefix.size()));
    const std::vector<std::uint16_t> weights = randomBlock(1 / std::sqrt(model.hidden));
    const std::vector<std::uint16_t> ones(model.hidden, floatToBf16(1.0F));
    Random random(12);
    for (std::size_t i = 0; i < entries.size() && file; ++i) {
        MOESCOPE_CHECK(context.check());
        const bool norm = entries[i].shape.size() == 1;
        const std::vector<std::uint16_t>& source = norm ? ones : weights;
        std::uint64_t left = elementsOf(entries[i]);
        std::size_t at = norm ? 0 : static_cast<std::size_t>(random.below(source.size()));
        while (left > 0) {
            const std::size_t count
                = static_cast<std::size_t>(std::min<std::uint64_t>(left, source.size() - at));
            file.write(reinterpret_cast<const char*>(source.data() + at),
                static_cast<std::streamsize>(2 * count));
            left -= count;
            at = 0;
        }
        context.progress(
            static_cast<double>(i + 1) / static_cast<double>(entries.size()), "writing the model");
    }
    file.close();
    config.close();
    if (!file || !config)
        return fail(ErrorCode::CannotWrite,
            fmt::format("{}: the synthetic model could not be written.", folder.string()));
    return {};
}

} // namespace moescope::bench
