// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_architectures.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "core/io/json.h"

namespace moescope::gguf {

namespace {

/// Config keys and the settings that they are read from, where the file has them.
Status copyNumbers(Json& config, const Keys& keys,
    std::initializer_list<std::pair<const char*, std::string_view>> names)
{
    for (const auto& [published, key] : names) {
        MOESCOPE_TRY(const auto value, keys.number(key));
        if (value)
            config[published] = *value;
    }
    return {};
}

/// Mixtral, or the dense Llama that the architecture is named after.
Status describeLlama(Json& config, const Keys&)
{
    if (!config.contains("num_experts"))
        config["model_type"] = "llama";
    return {};
}

// The true sizes of a head are those with "_mla"; older files have no others.
Status describeDeepseek2(Json& config, const Keys& keys)
{
    MOESCOPE_TRY(const auto gating, keys.optionalSize("expert_gating_func"));
    if (gating != 2U) {
        config["model_type"] = "deepseek_v2";
        config["topk_method"] = config.contains("n_group") && config["n_group"] > 1
            ? "group_limited_greedy"
            : "greedy";
    }
    MOESCOPE_TRY(const auto key,
        keys.size(keys.checkpoint().metadata().find("deepseek2.attention.key_length_mla")
                ? "attention.key_length_mla"
                : "attention.key_length"));
    MOESCOPE_TRY(const auto value,
        keys.size(keys.checkpoint().metadata().find("deepseek2.attention.value_length_mla")
                ? "attention.value_length_mla"
                : "attention.value_length"));
    MOESCOPE_TRY(const auto rope, keys.size("rope.dimension_count"));
    MOESCOPE_TRY(const auto rank, keys.size("attention.kv_lora_rank"));
    MOESCOPE_TRY(const auto queryRank, keys.optionalSize("attention.q_lora_rank"));
    if (rope >= key)
        return keys.bad(fmt::format("\"deepseek2.rope.dimension_count\" should be below the width "
                                    "{} of a head, but is {}",
            key, rope));
    config["num_key_value_heads"] = config["num_attention_heads"];
    config["qk_rope_head_dim"] = rope;
    config["qk_nope_head_dim"] = key - rope;
    config["v_head_dim"] = value;
    config["kv_lora_rank"] = rank;
    config["q_lora_rank"] = queryRank.value_or(0);
    config.erase("head_dim");
    config.erase("partial_rotary_factor");
    return {};
}

Status describeGptOss(Json& config, const Keys& keys)
{
    MOESCOPE_TRY(const auto window, keys.optionalSize("attention.sliding_window"));
    if (window)
        config["sliding_window"] = *window;
    // A published config that leaves its RoPE out means a scaled one; such a file means none.
    if (config.contains("rope_scaling"))
        config["rope_scaling"]["truncate"] = false;
    else
        config["rope_scaling"] = nullptr;
    return {};
}

Status describeDbrx(Json& config, const Keys& keys)
{
    for (const auto& [published, usual] :
        {std::pair{"d_model", "hidden_size"}, std::pair{"n_layers", "num_hidden_layers"},
            std::pair{"n_heads", "num_attention_heads"},
            std::pair{"max_seq_len", "max_position_embeddings"}})
        config[published] = config[usual];
    Json attention = {{"kv_n_heads", config["num_key_value_heads"]}};
    MOESCOPE_CHECK(copyNumbers(attention, keys, {{"clip_qkv", "attention.clamp_kqv"}}));
    config["attn_config"] = std::move(attention);
    config["ffn_config"] = Json::object();
    if (config.contains("num_experts"))
        config["ffn_config"] = {{"moe_num_experts", config["num_experts"]},
            {"moe_top_k", config["num_experts_per_tok"]},
            {"ffn_hidden_size", config["moe_intermediate_size"]}};
    return {};
}

Status describeGrok(Json& config, const Keys& keys)
{
    return copyNumbers(config, keys,
        {{"embedding_multiplier_scale", "embedding_scale"},
            {"output_multiplier_scale", "logit_scale"},
            {"attn_output_multiplier", "attention.output_scale"},
            {"max_attn_value", "attn_logit_softcapping"}});
}

Status describeGranite(Json& config, const Keys& keys)
{
    if (config.contains("shared_intermediate_size"))
        config["model_type"] = "granitemoeshared";
    return copyNumbers(config, keys,
        {{"embedding_multiplier", "embedding_scale"}, {"residual_multiplier", "residual_scale"},
            {"attention_multiplier", "attention.scale"}, {"logits_scaling", "logit_scale"}});
}

/// A layer is attention where it has key/value heads, else Mamba-2; without routed experts the
/// shared MLP is all there is.
Status describeGraniteHybrid(Json& config, const Keys& keys)
{
    MOESCOPE_CHECK(describeGranite(config, keys));
    config["model_type"] = "granitemoehybrid";
    if (!config.contains("num_experts"))
        config["num_local_experts"] = 0;
    if (!config.contains("shared_intermediate_size"))
        config["shared_intermediate_size"] = config["intermediate_size"];
    MOESCOPE_TRY(const auto heads,
        keys.checkpoint().metadata().uints(keys.architecture() + ".attention.head_count_kv"));
    const auto layers = config["num_hidden_layers"].get<std::size_t>();
    config["layer_types"] = std::vector<std::string>(layers, "attention");
    if (heads && heads->size() > 1) {
        if (heads->size() < layers)
            return keys.bad(
                fmt::format("\"{}.attention.head_count_kv\" should list {} numbers, but lists {}",
                    keys.architecture(), layers, heads->size()));
        for (std::size_t l = 0; l < layers; ++l) {
            if ((*heads)[l] == 0)
                config["layer_types"][l] = "mamba";
        }
    }
    MOESCOPE_TRY(const auto rotates, keys.flag("rope.scaling.finetuned"));
    config["position_embedding_type"] = rotates.value_or(true) ? "rope" : "nope";
    return {};
}

Status describePhimoe(Json& config, const Keys& keys)
{
    MOESCOPE_TRY(const auto window, keys.optionalSize("attention.sliding_window"));
    config["sliding_window"] = window.value_or(0);
    return {};
}

/// The dense layers are wider than the experts; the largest model normalises nothing.
Status describeLlama4(Json& config, const Keys& keys)
{
    constexpr unsigned kExpertsOfMaverick = 128;
    if (!config.contains("num_experts"))
        return keys.unsupported(
            "a dense model of the architecture \"llama4\" is not supported yet");
    config["intermediate_size_mlp"] = config["intermediate_size"];
    config["intermediate_size"] = config["moe_intermediate_size"];
    config["use_qk_norm"] = config["num_experts"] != kExpertsOfMaverick;
    return {};
}

Status describeErnie(Json& config, const Keys&)
{
    config["moe_layer_start_index"] = 0;
    return {};
}

/// Gated delta nets between the layers of attention.
Status describeQwenHybrid(Json& config, const Keys& keys)
{
    MOESCOPE_TRY(const auto taps, keys.size("ssm.conv_kernel"));
    MOESCOPE_TRY(const auto keyDim, keys.size("ssm.state_size"));
    MOESCOPE_TRY(const auto keyHeads, keys.size("ssm.group_count"));
    MOESCOPE_TRY(const auto valueHeads, keys.size("ssm.time_step_rank"));
    MOESCOPE_TRY(const auto inner, keys.size("ssm.inner_size"));
    MOESCOPE_TRY(const auto interval, keys.optionalSize("full_attention_interval"));
    if (inner % valueHeads != 0)
        return keys.bad(fmt::format("an \"{}.ssm.inner_size\" of {} cannot be split into {} heads",
            keys.architecture(), inner, valueHeads));
    config["linear_conv_kernel_dim"] = taps;
    config["linear_key_head_dim"] = keyDim;
    config["linear_num_key_heads"] = keyHeads;
    config["linear_num_value_heads"] = valueHeads;
    config["linear_value_head_dim"] = inner / valueHeads;
    if (interval)
        config["full_attention_interval"] = *interval;
    return {};
}

constexpr Layout kPostAttentionNorm{.mlpNorm = "post_attention_norm"};

// Sorted by name. Those of families that open for the analysis of weights only need no more than
// their type.
constexpr std::array kArchitectures{
    Architecture{.name = "afmoe", .modelType = "afmoe"},
    Architecture{.name = "arctic", .modelType = "arctic"},
    Architecture{.name = "bailingmoe", .modelType = "bailing_moe"},
    Architecture{.name = "bailingmoe2", .modelType = "bailing_moe_v2"},
    Architecture{.name = "dbrx",
        .modelType = "dbrx",
        .layout = {.norm = Norm::Kind::Layer, .mlpNorm = "attn_output_norm"},
        .renormalise = true,
        .describe = describeDbrx},
    Architecture{.name = "deepseek", .modelType = "deepseek", .interleaved = true},
    Architecture{.name = "deepseek2", .modelType = "deepseek_v3", .describe = describeDeepseek2},
    Architecture{.name = "dots1", .modelType = "dots1"},
    Architecture{.name = "ernie4_5-moe",
        .modelType = "ernie4_5_moe",
        .renormalise = true,
        .describe = describeErnie},
    Architecture{.name = "exaone-moe", .modelType = "exaone_moe"},
    Architecture{.name = "gemma4", .modelType = "gemma4"},
    Architecture{.name = "glm4moe", .modelType = "glm4_moe", .layout = kPostAttentionNorm},
    Architecture{.name = "gpt-oss",
        .modelType = "gpt_oss",
        .layout = {.mlpNorm = "post_attention_norm", .sinks = true},
        .describe = describeGptOss},
    Architecture{.name = "granitehybrid",
        .modelType = "granitemoehybrid",
        .interleaved = true,
        .someAttention = true,
        .describe = describeGraniteHybrid},
    Architecture{.name = "granitemoe",
        .modelType = "granitemoe",
        .interleaved = true,
        .describe = describeGranite},
    Architecture{.name = "grok",
        .modelType = "grok-1",
        .layout = {.attentionPostNorm = "attn_output_norm", .mlpPostNorm = "layer_output_norm"},
        .describe = describeGrok},
    Architecture{.name = "grovemoe", .modelType = "grove_moe"},
    Architecture{.name = "hunyuan-moe", .modelType = "hunyuan_v1_moe", .renormalise = true},
    Architecture{.name = "jamba", .modelType = "jamba"},
    Architecture{.name = "kimi-linear", .modelType = "kimi_linear"},
    Architecture{.name = "lfm2moe", .modelType = "lfm2_moe"},
    Architecture{.name = "llama",
        .modelType = "mixtral",
        .interleaved = true,
        .renormalise = true,
        .describe = describeLlama},
    Architecture{.name = "llama4", .modelType = "llama4_text", .describe = describeLlama4},
    Architecture{.name = "mimo2", .modelType = "mimo_v2_flash"},
    Architecture{.name = "minimax-m2", .modelType = "minimax_m2", .renormalise = true},
    Architecture{.name = "nemotron_h_moe", .modelType = "nemotron_h"},
    Architecture{.name = "olmoe", .modelType = "olmoe"},
    Architecture{.name = "phimoe",
        .modelType = "phimoe",
        .layout = {.norm = Norm::Kind::Layer, .normBias = true},
        .describe = describePhimoe},
    Architecture{.name = "qwen2moe", .modelType = "qwen2_moe"},
    Architecture{.name = "qwen35moe",
        .modelType = "qwen3_5_moe",
        .layout = kPostAttentionNorm,
        .tiledValueHeads = true,
        .renormalise = true,
        .describe = describeQwenHybrid},
    Architecture{.name = "qwen3moe", .modelType = "qwen3_moe", .renormalise = true},
    Architecture{.name = "qwen3next",
        .modelType = "qwen3_next",
        .layout = kPostAttentionNorm,
        .renormalise = true,
        .describe = describeQwenHybrid},
    Architecture{.name = "qwen3vlmoe", .modelType = "qwen3_moe", .renormalise = true},
    Architecture{.name = "step35", .modelType = "step3p5"},
};

} // namespace

const Architecture* findArchitecture(std::string_view name)
{
    const auto it = std::ranges::find(kArchitectures, name, &Architecture::name);
    return it != kArchitectures.end() ? &*it : nullptr;
}

} // namespace moescope::gguf
