// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_config.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/model/families/family.h"

namespace moescope::gguf {

namespace {

/// Rows of the embedding, which the tokenizer's list may fall short of.
Result<std::uint32_t> vocabulary(const Keys& keys)
{
    const TensorInfo* embedding = keys.checkpoint().find("token_embd.weight");
    if (!embedding)
        return keys.bad("it has no tensor \"token_embd.weight\"");
    if (embedding->shape.size() != 2 || embedding->shape[0] > 1U << 30)
        return keys.bad(
            fmt::format("the tensor \"token_embd.weight\" should be a matrix with a row "
                        "for each token, but has the shape {}",
                formatShape(embedding->shape)));
    return static_cast<std::uint32_t>(embedding->shape[0]);
}

Result<Json> factorList(const Keys& keys, const char* name, std::uint32_t count)
{
    MOESCOPE_TRY(const auto values, keys.checkpoint().vector(name, count));
    return Json(values);
}

/// `rope_scaling` of a published config; null without any.
Result<Json> ropeScaling(const Keys& keys, std::uint32_t rotated)
{
    MOESCOPE_TRY(const auto kind, keys.word("rope.scaling.type"));
    MOESCOPE_TRY(const auto factor, keys.number("rope.scaling.factor"));
    MOESCOPE_TRY(const auto original, keys.optionalSize("rope.scaling.original_context_length"));
    MOESCOPE_TRY(const auto attention, keys.number("rope.scaling.attn_factor"));
    const bool listed = keys.hasTensor("rope_factors_long.weight");
    Json scaling = Json::object();
    // Without a type, lists of factors mean longrope and a single factor the linear kind.
    const std::string usual = listed ? "longrope" : factor.value_or(0) > 0 ? "linear" : "none";
    scaling["rope_type"] = kind && *kind != "none" ? *kind : usual;
    if (kind == "none" && !listed)
        return Json();
    if (scaling["rope_type"] == "none")
        return Json();
    if (factor.value_or(0) > 0)
        scaling["factor"] = *factor;
    else if (!original)
        scaling["factor"] = 1.0; // what llama.cpp takes
    if (original)
        scaling["original_max_position_embeddings"] = *original;
    if (listed) {
        MOESCOPE_TRY(
            scaling["long_factor"], factorList(keys, "rope_factors_long.weight", rotated / 2));
        MOESCOPE_TRY(
            scaling["short_factor"], factorList(keys, "rope_factors_short.weight", rotated / 2));
        if (attention)
            scaling["attention_factor"] = *attention;
        return scaling;
    }
    if (scaling["rope_type"] != "yarn")
        return scaling;
    for (const auto& [published, key] : {std::pair{"beta_fast", "rope.scaling.yarn_beta_fast"},
             std::pair{"beta_slow", "rope.scaling.yarn_beta_slow"}}) {
        MOESCOPE_TRY(const auto value, keys.number(key));
        if (value)
            scaling[published] = *value;
    }
    MOESCOPE_TRY(const auto multiplier, keys.number("rope.scaling.yarn_log_multiplier"));
    if (multiplier.value_or(0) != 0) {
        // Scores are multiplied instead of cos and sin.
        constexpr double kPerMscale = 0.1;
        scaling["mscale"] = scaling["mscale_all_dim"] = *multiplier / kPerMscale;
    } else if (attention && factor.value_or(0) > 1) {
        scaling["attention_factor"] = *attention * (0.1 * std::log(*factor) + 1);
    }
    return scaling;
}

Status addRope(Json& config, const Keys& keys, std::uint32_t head)
{
    MOESCOPE_TRY(const auto base, keys.number("rope.freq_base"));
    if (base)
        config["rope_theta"] = *base;
    MOESCOPE_TRY(const auto given, keys.optionalSize("rope.dimension_count"));
    const std::uint32_t rotated = given.value_or(head);
    if (rotated > head)
        return keys.bad(fmt::format("\"{}.rope.dimension_count\" is {}, but a head has {} elements",
            keys.architecture(), rotated, head));
    // The share times the head is truncated to the number again.
    config["partial_rotary_factor"]
        = rotated < head ? std::nextafter(static_cast<double>(rotated) / head, 1.0) : 1.0;
    MOESCOPE_TRY(const auto scaling, ropeScaling(keys, rotated));
    if (!scaling.is_null())
        config["rope_scaling"] = scaling;
    return {};
}

bool opensForWeightsOnly(const Architecture& architecture)
{
    return std::ranges::any_of(weightsOnlyFamilies(),
        [&](const Family& family) { return family.modelTypes.front() == architecture.modelType; });
}

/// Sizes of attention and MLP, and how both are scaled.
Status addSizes(Json& config, const Keys& keys, const Architecture& architecture)
{
    MOESCOPE_TRY(const auto hidden, keys.size("embedding_length"));
    MOESCOPE_TRY(const auto blocks, keys.size("block_count"));
    MOESCOPE_TRY(const auto predicting, keys.optionalSize("nextn_predict_layers"));
    MOESCOPE_TRY(const auto positions, keys.optionalSize("context_length"));
    MOESCOPE_TRY(const auto dense,
        opensForWeightsOnly(architecture) ? keys.largestSize("feed_forward_length")
                                          : keys.optionalSize("feed_forward_length"));
    MOESCOPE_TRY(config["vocab_size"], vocabulary(keys));
    if (predicting.value_or(0) >= blocks)
        return keys.bad(
            fmt::format("all of its {} blocks are said to predict further tokens", blocks));
    config["hidden_size"] = hidden;
    config["num_hidden_layers"] = blocks - predicting.value_or(0);
    if (positions)
        config["max_position_embeddings"] = *positions;
    if (dense)
        config["intermediate_size"] = *dense;
    for (const char* key : {"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"}) {
        MOESCOPE_TRY(const auto eps, keys.number(key));
        if (eps)
            config["rms_norm_eps"] = *eps;
    }
    config["tie_word_embeddings"] = !keys.hasTensor("output.weight");
    return {};
}

Status addAttention(Json& config, const Keys& keys, const Architecture& architecture)
{
    MOESCOPE_TRY(const auto heads, keys.size("attention.head_count"));
    MOESCOPE_TRY(const auto kvHeads,
        architecture.someAttention ? keys.largestSize("attention.head_count_kv")
                                   : keys.optionalSize("attention.head_count_kv"));
    MOESCOPE_TRY(const auto keyLength, keys.optionalSize("attention.key_length"));
    MOESCOPE_TRY(const auto valueLength, keys.optionalSize("attention.value_length"));
    const std::uint32_t head
        = keyLength.value_or(config["hidden_size"].get<std::uint32_t>() / heads);
    MOESCOPE_TRY(const auto rank, keys.optionalSize("attention.kv_lora_rank"));
    if (!rank && valueLength.value_or(head) != head)
        return keys.unsupported(fmt::format("heads with keys of {} and values of {} elements are "
                                            "not supported yet",
            head, *valueLength));
    config["num_attention_heads"] = heads;
    config["num_key_value_heads"] = kvHeads.value_or(heads);
    config["head_dim"] = head;
    config["use_qk_norm"] = keys.hasTensor("blk.0.attn_q_norm.weight");
    if (keys.hasTensor("blk.0.attn_q.bias") || keys.hasTensor("blk.0.attn_qkv.bias"))
        config["attention_bias"] = true;
    MOESCOPE_TRY(const auto clamp, keys.number("attention.clamp_kqv"));
    if (clamp)
        config["clip_qkv"] = *clamp;
    return addRope(config, keys, head);
}

/// F, from the first layer with experts, in whichever layout.
Result<std::optional<std::uint32_t>> expertRows(const Keys& keys, std::uint32_t blocks)
{
    struct Place {
        const char* name;
        std::size_t dimensions;
        std::uint64_t parts; ///< matrices of F rows in one
    };
    constexpr Place kPlaces[] = {
        {"ffn_up_exps.weight", 3, 1}, {"ffn_gate_up_exps.weight", 3, 2}, {"ffn_up.0.weight", 2, 1}};
    for (std::uint32_t l = 0; l < blocks; ++l) {
        for (const auto& [name, dimensions, parts] : kPlaces) {
            const TensorInfo* tensor = keys.checkpoint().find(fmt::format("blk.{}.{}", l, name));
            if (!tensor)
                continue;
            const std::uint64_t rows
                = tensor->shape.size() == dimensions ? tensor->shape[dimensions - 2] : 0;
            if (rows == 0 || rows % parts != 0 || rows > 1U << 30)
                return keys.bad(fmt::format("the tensor \"{}\" should hold the rows of every "
                                            "expert, but has the shape {}",
                    tensor->name, formatShape(tensor->shape)));
            return static_cast<std::uint32_t>(rows / parts);
        }
    }
    return std::nullopt;
}

Status addMixture(Json& config, const Keys& keys, const Architecture& architecture)
{
    MOESCOPE_TRY(const auto experts, keys.optionalSize("expert_count"));
    if (!experts)
        return {};
    MOESCOPE_TRY(const auto topK, keys.size("expert_used_count"));
    MOESCOPE_TRY(auto inner, keys.optionalSize("expert_feed_forward_length"));
    if (!inner) {
        // Older files give the width of a dense MLP alone, which is not always the experts'.
        MOESCOPE_TRY(inner, expertRows(keys, config["num_hidden_layers"].get<std::uint32_t>()));
    }
    MOESCOPE_TRY(const auto shared, keys.optionalSize("expert_shared_count"));
    MOESCOPE_TRY(const auto sharedInner, keys.optionalSize("expert_shared_feed_forward_length"));
    MOESCOPE_TRY(const auto scale, keys.number("expert_weights_scale"));
    MOESCOPE_TRY(const auto renormalise, keys.flag("expert_weights_norm"));
    MOESCOPE_TRY(const auto groups, keys.optionalSize("expert_group_count"));
    MOESCOPE_TRY(const auto keptGroups, keys.optionalSize("expert_group_used_count"));
    // The families call these by different names.
    for (const char* key :
        {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"})
        config[key] = *experts;
    for (const char* key : {"num_experts_per_tok", "moe_k", "moe_topk"})
        config[key] = topK;
    for (const char* key : {"n_shared_experts", "moe_num_shared_experts", "num_shared_expert"})
        config[key] = shared.value_or(0);
    if (!inner && !config.contains("intermediate_size"))
        return keys.bad(
            fmt::format("\"{}.expert_feed_forward_length\" is missing", keys.architecture()));
    config["moe_intermediate_size"]
        = inner ? *inner : config["intermediate_size"].get<std::uint32_t>();
    if (!config.contains("intermediate_size"))
        config["intermediate_size"] = *inner;
    if (sharedInner) {
        config["shared_expert_intermediate_size"] = *sharedInner;
        config["shared_intermediate_size"] = *sharedInner;
    }
    config["norm_topk_prob"] = renormalise.value_or(architecture.renormalise);
    // What such a file leaves out is neutral, whatever the family's config takes for it.
    config["routed_scaling_factor"] = scale.value_or(0) != 0 ? *scale : 1.0;
    config["n_group"] = groups.value_or(1);
    config["topk_group"] = keptGroups.value_or(groups.value_or(1));
    return {};
}

Status addEndTokens(Json& config, const Keys& keys)
{
    Json ends = Json::array();
    for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
             "tokenizer.ggml.eom_token_id"}) {
        MOESCOPE_TRY(const auto id, keys.checkpoint().metadata().uint(key));
        if (id && std::find(ends.begin(), ends.end(), *id) == ends.end())
            ends.push_back(*id);
    }
    config["eos_token_id"] = std::move(ends);
    return {};
}

Result<Json> publishedConfig(const Keys& keys, const Architecture& architecture)
{
    Json config = {{"model_type", architecture.modelType}};
    MOESCOPE_CHECK(addSizes(config, keys, architecture));
    if (!opensForWeightsOnly(architecture))
        MOESCOPE_CHECK(addAttention(config, keys, architecture));
    MOESCOPE_CHECK(addMixture(config, keys, architecture));
    MOESCOPE_CHECK(addEndTokens(config, keys));
    if (architecture.describe)
        MOESCOPE_CHECK(architecture.describe(config, keys));
    return config;
}

/// A layer with any of these has experts, so that one without its router is said to lack it.
constexpr const char* kMixtureTensors[] = {"ffn_gate_inp.weight", "ffn_up_exps.weight",
    "ffn_gate_up_exps.weight", "ffn_down_exps.weight", "ffn_up.0.weight"};

/// Each layer is what its tensors make it.
Status correctLayers(ModelConfig& config, const Json& json, const Keys& keys)
{
    const auto name
        = [](std::uint32_t l, std::string_view what) { return fmt::format("blk.{}.{}", l, what); };
    RouterSpec& router = config.router;
    MOESCOPE_TRY(const auto expertWidth, keys.optionalSize("expert_feed_forward_length"));
    bool biased = false;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerSpec& layer = config.layers[l];
        layer.mixture = router.experts > 0
            && std::ranges::any_of(
                kMixtureTensors, [&](const char* what) { return keys.hasTensor(name(l, what)); });
        if (!layer.mixture) {
            layer.intermediate
                = json.value(json.contains("intermediate_size_mlp") ? "intermediate_size_mlp"
                                                                    : "intermediate_size",
                    0U);
            // Where the experts' width is not told, this one may be theirs.
            const TensorInfo* up = keys.checkpoint().find(name(l, "ffn_up.weight"));
            if (router.experts > 0 && !expertWidth && up && up->shape.size() == 2)
                layer.intermediate
                    = static_cast<std::uint32_t>(std::min<std::uint64_t>(up->shape[0], 1U << 30));
            continue;
        }
        layer.intermediate = json["moe_intermediate_size"].get<std::uint32_t>();
        biased = biased || keys.hasTensor(name(l, "exp_probs_b.bias"));
        const TensorInfo* shared = keys.checkpoint().find(name(l, "ffn_up_shexp.weight"));
        if (router.sharedExperts > 0 && shared && shared->shape.size() == 2)
            router.sharedIntermediate
                = static_cast<std::uint32_t>(std::min<std::uint64_t>(shared->shape[0], 1U << 30));
    }
    router.selectionBias = biased;
    if (config.mixtureLayerCount() == 0 && router.experts > 0)
        return keys.bad(fmt::format(
            "it should have {} experts, but no layer has a router (\"ffn_gate_inp.weight\")",
            router.experts));
    return {};
}

Status correctRouter(RouterSpec& router, const Keys& keys)
{
    MOESCOPE_TRY(const auto gating, keys.optionalSize("expert_gating_func"));
    MOESCOPE_TRY(const auto renormalise, keys.flag("expert_weights_norm"));
    if (router.score != ScoreFunction::Softmax && router.score != ScoreFunction::Sigmoid)
        return {};
    if (renormalise)
        router.renormalise = *renormalise;
    if (!gating)
        return {};
    constexpr ScoreFunction kScores[] = {ScoreFunction::Softmax, ScoreFunction::Sigmoid,
        ScoreFunction::SoftmaxOfChosen, ScoreFunction::SqrtSoftplus};
    if (*gating > std::size(kScores))
        return keys.unsupported(fmt::format(
            "the \"{}.expert_gating_func\" {} is not supported yet", keys.architecture(), *gating));
    router.score = kScores[*gating - 1];
    return {};
}

Status correctRope(RopeSpec& rope, const Keys& keys, const Architecture& architecture)
{
    if (architecture.interleaved)
        rope.pairing = RopeSpec::Pairing::Interleaved;
    if (!keys.hasTensor("rope_freqs.weight"))
        return {};
    MOESCOPE_TRY(const auto divisors,
        keys.checkpoint().vector("rope_freqs.weight", rope.frequencies.size()));
    for (std::size_t i = 0; i < divisors.size(); ++i) {
        if (!(divisors[i] > 0) || !std::isfinite(divisors[i]))
            return keys.bad(fmt::format(
                "\"rope_freqs.weight\" should hold positive divisors, but has {}", divisors[i]));
        rope.frequencies[i] /= divisors[i];
    }
    return {};
}

} // namespace

Result<Description> describe(const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(const auto name, checkpoint.metadata().string("general.architecture"));
    const std::string file = displayPath(checkpoint.path());
    if (!name)
        return fail(ErrorCode::Unsupported,
            fmt::format("{} does not say its \"general.architecture\", so the weights can only be "
                        "inspected.",
                file));
    const Architecture* architecture = findArchitecture(*name);
    if (!architecture)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: models of the architecture \"{}\" cannot be run yet; their tensors "
                        "can be inspected.",
                file, displayName(*name)));
    const Keys keys(checkpoint, std::string(*name));
    MOESCOPE_TRY(const Json json, publishedConfig(keys, *architecture));
    const std::string modelType = json["model_type"].get<std::string>();
    const Family* family = findFamily(modelType);
    if (!family)
        return fail(ErrorCode::Internal,
            fmt::format("The family \"{}\" of the architecture \"{}\" is missing.", modelType,
                architecture->name));
    Description description{{}, architecture->layout};
    ModelConfig& config = description.config;
    MOESCOPE_TRY(config, family->readConfig(json, keys.source()));
    // A family without dense models takes its usual number where the file gives none.
    if (config.router.experts > 0 && !json.contains("num_experts"))
        return keys.bad(fmt::format("\"{}.expert_count\" is missing or 0", *name));
    config.modelType = modelType;
    config.familyName = family->name;
    MOESCOPE_CHECK(correctLayers(config, json, keys));
    MOESCOPE_CHECK(correctRouter(config.router, keys));
    if (!config.missingPart.empty())
        return description;
    MOESCOPE_CHECK(correctRope(config.attention.rope, keys, *architecture));
    if (config.attention.delta)
        config.attention.delta->tiled = architecture->tiledValueHeads;
    config.attention.outputBias = keys.hasTensor("blk.0.attn_output.bias");
    return description;
}

} // namespace moescope::gguf
