// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/io/json.h"
#include "core/model/families/family.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "tests/support/files.h"

using namespace moescope;
using Mixer = LayerSpec::Mixer;

namespace {

namespace fs = std::filesystem;

/// Eight layers of four heads in the usual spelling.
Json usual()
{
    return {{"hidden_size", 64}, {"num_hidden_layers", 8}, {"num_attention_heads", 4},
        {"num_key_value_heads", 2}, {"intermediate_size", 32}, {"vocab_size", 100},
        {"num_experts", 8}, {"num_local_experts", 8}, {"num_experts_per_tok", 2},
        {"moe_intermediate_size", 16}};
}

Result<ModelConfig> read(std::string_view type, const Json& json)
{
    return findFamily(type)->readConfig(json, "config.json");
}

Result<ModelConfig> readWith(std::string_view type, const char* key, const Json& value)
{
    Json json = usual();
    json[key] = value;
    return read(type, json);
}

template <typename T>
std::vector<T> ofLayers(const ModelConfig& config, T (*get)(const LayerSpec&))
{
    std::vector<T> values;
    for (const LayerSpec& layer : config.layers)
        values.push_back(get(layer));
    return values;
}
std::vector<int> rotated(const ModelConfig& config)
{
    return ofLayers<int>(config, [](const LayerSpec& layer) { return layer.rope ? 1 : 0; });
}
std::vector<int> mixtures(const ModelConfig& config)
{
    return ofLayers<int>(config, [](const LayerSpec& layer) { return layer.mixture ? 1 : 0; });
}
std::vector<int> linear(const ModelConfig& config)
{
    return ofLayers<int>(
        config, [](const LayerSpec& layer) { return layer.mixer == Mixer::DeltaNet ? 1 : 0; });
}
std::vector<std::uint32_t> chunks(const ModelConfig& config)
{
    return ofLayers<std::uint32_t>(
        config, [](const LayerSpec& layer) { return layer.chunk.value_or(0); });
}

} // namespace

#define VERIFY_REFUSED(result, errorCode, part)                                                    \
    do {                                                                                           \
        const auto& refused_ = (result);                                                           \
        QVERIFY(!refused_);                                                                        \
        QCOMPARE(refused_.error().code, errorCode);                                                \
        QVERIFY2(refused_.error().message.find(part) != std::string::npos,                         \
            refused_.error().message.c_str());                                                     \
    } while (false)

class TestFamilyConfigs : public QObject {
    Q_OBJECT

private slots:
    void llama4LayersFollowTheirLists()
    {
        const auto plain = read("llama4", usual());
        VERIFY_OK(plain);
        QCOMPARE(rotated(*plain), (std::vector{1, 1, 1, 0, 1, 1, 1, 0}));
        QCOMPARE(
            chunks(*plain), (std::vector<std::uint32_t>{8192, 8192, 8192, 0, 8192, 8192, 8192, 0}));
        QCOMPARE(mixtures(*plain), std::vector<int>(8, 1));
        QCOMPARE(plain->attention.rope.base, 500000.0);
        QCOMPARE(plain->attention.headDim, 128U);
        QVERIFY(plain->attention.qkNormAfterRope && plain->router.weighsInput);

        Json json = usual();
        json["interleave_moe_layer_step"] = 2;
        json["no_rope_layers"] = Json::array();
        const auto stepped = read("llama4", Json{{"text_config", json}});
        VERIFY_OK(stepped);
        QCOMPARE(mixtures(*stepped), (std::vector{0, 1, 0, 1, 0, 1, 0, 1}));
        QCOMPARE(stepped->layers[0].intermediate, 16384U);
        QCOMPARE(stepped->layers[1].intermediate, 32U);
        QCOMPARE(rotated(*stepped), (std::vector{1, 1, 1, 0, 1, 1, 1, 0}));
        // An empty list of mixtures is a list; an empty list of layers without RoPE is none.
        json["moe_layers"] = Json::array();
        QCOMPARE(mixtures(*read("llama4", json)), std::vector<int>(8, 0));
        json["moe_layers"] = {0, 7};
        json["no_rope_layers"] = {0, 1, 0, 1, 0, 1, 0, 1};
        json["attention_chunk_size"] = 4;
        const auto listed = read("llama4", json);
        VERIFY_OK(listed);
        QCOMPARE(mixtures(*listed), (std::vector{1, 0, 0, 0, 0, 0, 0, 1}));
        QCOMPARE(rotated(*listed), (std::vector{0, 1, 0, 1, 0, 1, 0, 1}));
        QCOMPARE(chunks(*listed), (std::vector<std::uint32_t>{0, 4, 0, 4, 0, 4, 0, 4}));

        VERIFY_REFUSED(readWith("llama4", "no_rope_layers", {1, 0}), ErrorCode::BadFormat,
            "\"no_rope_layers\" should list 8 numbers, but lists 2");
        VERIFY_REFUSED(
            readWith("llama4", "moe_layers", {8}), ErrorCode::BadFormat, "names layer 8 of 8");
        VERIFY_REFUSED(readWith("llama4", "layer_types", {"full_attention"}), ErrorCode::BadFormat,
            "\"layer_types\"");
        VERIFY_REFUSED(
            readWith("llama4", "attention_chunk_size", 0), ErrorCode::BadFormat, "chunk_size");
    }

    void llama4TemperatureWasANumberOnce()
    {
        const auto tuned = [](const Json& value) {
            return readWith("llama4", "attn_temperature_tuning", value)
                ->attention.temperature.has_value();
        };
        QVERIFY(tuned(true) && tuned(4) && tuned(nullptr));
        QVERIFY(!tuned(false) && !tuned(0));
    }

    void qwenHybridLayersFollowTheirList()
    {
        for (const char* type : {"qwen3_next", "qwen3_5_moe"}) {
            const auto plain = read(type, usual());
            VERIFY_OK(plain);
            QCOMPARE(linear(*plain), (std::vector{1, 1, 1, 0, 1, 1, 1, 0}));
            QCOMPARE(plain->attention.headDim, 256U);
            QCOMPARE(plain->attention.rope.width, 64U);
            QVERIFY(plain->router.renormalise && plain->router.sharedGate);
            QCOMPARE(linear(*readWith(type, "full_attention_interval", 2)),
                (std::vector{1, 0, 1, 0, 1, 0, 1, 0}));
            std::vector<std::string> kinds(8, "full_attention");
            kinds[2] = "linear_attention";
            QCOMPARE(linear(*readWith(type, "layer_types", kinds)),
                (std::vector{0, 0, 1, 0, 0, 0, 0, 0}));
            kinds[0] = "spiral";
            VERIFY_REFUSED(
                readWith(type, "layer_types", kinds), ErrorCode::Unsupported, "\"spiral\"");
            kinds.pop_back();
            VERIFY_REFUSED(
                readWith(type, "layer_types", kinds), ErrorCode::BadFormat, "\"layer_types\"");
            VERIFY_REFUSED(
                readWith(type, "linear_num_key_heads", 3), ErrorCode::BadFormat, "32 value heads");
            VERIFY_REFUSED(readWith(type, "full_attention_interval", 0), ErrorCode::BadFormat,
                "\"full_attention_interval\"");
        }
        QVERIFY(!readWith("qwen3_next", "norm_topk_prob", false)->router.renormalise);
        QVERIFY(readWith("qwen3_5_moe", "norm_topk_prob", false)->router.renormalise);
    }

    void dbrxNestsItsSettings()
    {
        const Json plain = {{"d_model", 64}, {"n_layers", 2}, {"n_heads", 4}, {"vocab_size", 100},
            {"attn_config", {{"kv_n_heads", 2}, {"clip_qkv", 8}, {"rope_theta", 500000}}},
            {"ffn_config", {{"moe_num_experts", 16}, {"moe_top_k", 4}, {"ffn_hidden_size", 32}}}};
        const auto config = read("dbrx", plain);
        VERIFY_OK(config);
        QCOMPARE(config->attention.kvHeads, 2U);
        QCOMPARE(config->attention.rope.base, 500000.0);
        QCOMPARE(config->attention.clipQkv, std::optional(8.0F));
        QVERIFY(config->router.renormalise);
        QCOMPARE(config->router.normPower, 1.0);
        QCOMPARE(config->layers[1].intermediate, 32U);

        const auto with = [&](const char* part, const char* key, const Json& value) {
            Json json = plain;
            json[part][key] = value;
            return read("dbrx", json);
        };
        QVERIFY(!with("ffn_config", "moe_normalize_expert_weights", nullptr)->router.renormalise);
        QCOMPARE(with("ffn_config", "moe_normalize_expert_weights", 2)->router.normPower, 2.0);
        QVERIFY(!with("attn_config", "clip_qkv", nullptr)->attention.clipQkv);
        VERIFY_REFUSED(with("attn_config", "clip_qkv", -8), ErrorCode::BadFormat, "\"clip_qkv\"");
        QCOMPARE(with("rope_parameters", "rope_theta", 700)->attention.rope.base, 700.0);
        VERIFY_REFUSED(with("ffn_config", "moe_normalize_expert_weights", 0), ErrorCode::BadFormat,
            "\"moe_normalize_expert_weights\"");
        VERIFY_REFUSED(with("ffn_config", "ffn_act_fn", Json{{"name", "gelu"}}),
            ErrorCode::Unsupported, "\"gelu\"");
        VERIFY_REFUSED(with("ffn_config", "moe_top_k", 17), ErrorCode::BadFormat, "17 experts");
        VERIFY_REFUSED(with("attn_config", "kv_n_heads", 3), ErrorCode::BadFormat, "shared evenly");
        Json shared = plain;
        shared["attn_config"].erase("kv_n_heads");
        QCOMPARE(read("dbrx", shared)->attention.kvHeads, 1U);
        Json empty = plain;
        empty["attn_config"] = "none";
        empty["ffn_config"] = Json::array();
        const auto usualSizes = read("dbrx", empty);
        VERIFY_OK(usualSizes);
        QCOMPARE(usualSizes->router.experts, 4U);
        QCOMPARE(usualSizes->layers[0].intermediate, 3584U);
        empty.erase("d_model");
        VERIFY_REFUSED(read("dbrx", empty), ErrorCode::BadFormat, "\"d_model\" is missing");
    }

    void grokScalesEverything()
    {
        const auto config = read("grok-1", usual());
        VERIFY_OK(config);
        QVERIFY(config->tiedEmbeddings && !config->router.renormalise);
        QCOMPARE(config->activation.kind, Activation::Kind::GeluTanh);
        QCOMPARE(config->embeddingMultiplier, 78.38367176906169F);
        QCOMPARE(config->attention.softCap, std::optional(30.0F));
        VERIFY_REFUSED(
            readWith("grok-1", "max_attn_value", 0), ErrorCode::BadFormat, "\"max_attn_value\"");
        VERIFY_REFUSED(readWith("grok-1", "output_multiplier_scale", 1e300), ErrorCode::BadFormat,
            "\"output_multiplier_scale\"");
    }

    void jetmoeHeadsFollowFromTheChoice()
    {
        Json json = usual();
        json["num_attention_heads"] = 7;
        json["num_experts_per_tok"] = 3;
        json["kv_channels"] = 16;
        const auto config = read("jetmoe", json);
        VERIFY_OK(config);
        QCOMPARE(config->attention.heads, 6U);
        QCOMPARE(config->attention.headDim, 16U);
        QVERIFY(config->tiedEmbeddings);
        QCOMPARE(config->layers[0].mixer, Mixer::RoutedHeads);
        VERIFY_REFUSED(
            readWith("jetmoe", "num_experts_per_tok", 9), ErrorCode::BadFormat, "9 experts");
        VERIFY_REFUSED(
            readWith("jetmoe", "activation_function", "gelu"), ErrorCode::Unsupported, "\"gelu\"");
        VERIFY_REFUSED(readWith("jetmoe", "num_key_value_heads", 65536), ErrorCode::BadFormat,
            "\"num_attention_heads\"");
    }

    void phimoeReadsItsOwnRotaryScales()
    {
        const Json scaling = {{"type", "longrope"}, {"short_factor", std::vector<double>(8, 1.5)},
            {"long_factor", std::vector<double>(8, 4.0)}, {"short_mscale", 1.25},
            {"long_mscale", 1.5}, {"original_max_position_embeddings", 4096}};
        Json json = usual();
        json["rope_scaling"] = scaling;
        json["max_position_embeddings"] = 131072;
        const auto config = read("phimoe", json);
        VERIFY_OK(config);
        const RopeSpec& rope = config->attention.rope;
        QCOMPARE(rope.attentionFactor, 1.25F);
        QVERIFY(rope.beyond);
        QCOMPARE(rope.beyond->after, 4096U);
        QCOMPARE(rope.beyond->attentionFactor, 1.5F);
        QCOMPARE(rope.frequencies[0], static_cast<float>(1 / 1.5));
        QCOMPARE(rope.beyond->frequencies[0], 0.25F);
        json["rope_scaling"]["short_factor"].erase(0);
        VERIFY_REFUSED(read("phimoe", json), ErrorCode::BadFormat, "\"short_factor\"");

        const auto plain = read("phimoe", usual());
        VERIFY_OK(plain);
        QCOMPARE(plain->attention.rope.base, 1e6);
        QCOMPARE(plain->router.score, ScoreFunction::SparseMixer);
        QCOMPARE(plain->router.jitter, 0.01F);
        QCOMPARE(readWith("phimoe", "router_jitter_noise", 0)->router.jitter, 0.0F);
        VERIFY_REFUSED(readWith("phimoe", "router_jitter_noise", -1), ErrorCode::BadFormat,
            "\"router_jitter_noise\"");
        VERIFY_REFUSED(
            readWith("phimoe", "num_experts_per_tok", 3), ErrorCode::Unsupported, "chooses 2");
    }

    void absentKeysTakeTheDefaultsOfTheFamily_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<double>("eps");
        QTest::addColumn<double>("base");
        QTest::addColumn<int>("headDim"); // of what is rotated
        QTest::addColumn<int>("kvHeads");
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("topK");
        QTest::addColumn<int>("inner");
        QTest::addColumn<bool>("renormalise");
        const auto row = [](const char* type, double eps, double base, int headDim, int kvHeads,
                             int experts, int topK, int inner, bool renormalise) {
            QTest::newRow(type) << type << eps << base << headDim << kvHeads << experts << topK
                                << inner << renormalise;
        };
        row("deepseek_v3", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("deepseek_v32", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("kimi_k2", 1e-6, 1e4, 64, 64, 256, 8, 2048, true);
        row("glm4_moe_lite", 1e-5, 1e4, 64, 64, 64, 4, 1536, true);
        row("glm_moe_dsa", 1e-5, 1e4, 64, 64, 256, 8, 2048, true);
        row("glm4_moe", 1e-5, 1e4, 8, 8, 128, 8, 1408, true);
        row("solar_open", 1e-5, 1e6, 128, 8, 128, 8, 1280, true);
        row("ernie4_5_moe", 1e-5, 5e5, 16, 4, 64, 6, 1536, true);
        row("flex_olmo", 1e-6, 5e5, 16, 64, 7, 5, 11008, false);
        row("gpt_oss", 1e-5, 150000, 64, 8, 128, 4, 2880, false);
        row("granitemoe", 1e-6, 1e4, 16, 64, 8, 2, 11008, false);
        row("granitemoeshared", 1e-6, 1e4, 16, 64, 8, 2, 11008, false);
        row("hunyuan_v1_moe", 1e-5, 1e4, 16, 64, 1, 1, 11008, true);
        row("llama4", 1e-5, 5e5, 128, 8, 16, 1, 8192, false);
        row("minimax_m2", 1e-6, 5e6, 128, 8, 256, 8, 1536, true);
        row("mixtral", 1e-5, 1e6, 16, 8, 8, 2, 14336, true);
        row("olmoe", 1e-5, 1e4, 16, 64, 64, 8, 2048, false);
        row("phimoe", 1e-5, 1e6, 16, 8, 16, 2, 6400, false);
        row("qwen2_moe", 1e-6, 1e4, 16, 16, 60, 4, 1408, false);
        row("qwen3_moe", 1e-6, 1e4, 16, 4, 128, 8, 768, false);
        row("qwen3_vl_moe", 1e-6, 5e5, 16, 16, 60, 4, 1408, true);
        row("qwen3_next", 1e-6, 1e4, 64, 2, 512, 10, 512, true);
        row("qwen3_5_moe", 1e-6, 1e4, 64, 2, 256, 8, 512, true);
    }

    void absentKeysTakeTheDefaultsOfTheFamily()
    {
        QFETCH(QString, type);
        QFETCH(double, eps);
        QFETCH(double, base);
        QFETCH(int, headDim);
        QFETCH(int, kvHeads);
        QFETCH(int, experts);
        QFETCH(int, topK);
        QFETCH(int, inner);
        QFETCH(bool, renormalise);
        const Json bare = {{"hidden_size", 1024}, {"num_hidden_layers", 4},
            {"num_attention_heads", 64}, {"vocab_size", 100}};
        const auto config = read(type.toStdString(), bare);
        VERIFY_OK(config);
        QCOMPARE(config->normEps, eps);
        QCOMPARE(config->attention.rope.base, base);
        QCOMPARE(config->attention.rope.width, static_cast<std::uint32_t>(headDim));
        QCOMPARE(config->attention.kvHeads, static_cast<std::uint32_t>(kvHeads));
        QCOMPARE(config->router.experts, static_cast<std::uint32_t>(experts));
        QCOMPARE(config->router.topK, static_cast<std::uint32_t>(topK));
        QCOMPARE(config->router.renormalise, renormalise);
        QCOMPARE(config->layers.back().intermediate, static_cast<std::uint32_t>(inner));
        // A number of heads that the default does not divide has as many key/value heads.
        Json few = bare;
        few["num_attention_heads"] = 1;
        few["num_experts_per_tok"] = 1;
        if (type != "phimoe")
            QCOMPARE(read(type.toStdString(), few)->attention.kvHeads, 1U);
    }

    void absentKeysOfDeepseekTakeItsDefaults()
    {
        const Json bare = {{"hidden_size", 1024}, {"num_hidden_layers", 4},
            {"num_attention_heads", 64}, {"vocab_size", 100}, {"num_experts_per_tok", 6}};
        const auto v3 = read("deepseek_v3", bare);
        VERIFY_OK(v3);
        QCOMPARE(v3->router.scale, 2.5F);
        QCOMPARE(v3->router.groups, 8U);
        QCOMPARE(v3->router.keptGroups, 4U);
        QCOMPARE(v3->router.sharedExperts, 1U);
        QCOMPARE(v3->router.sharedIntermediate, 2048U);
        QCOMPARE(mixtures(*v3), (std::vector{0, 0, 0, 1}));
        const LatentSpec& latent = *v3->attention.latent;
        QCOMPARE(
            (std::vector{latent.queryRank, latent.rank, latent.nope, latent.rope, latent.value}),
            (std::vector{1536U, 512U, 128U, 64U, 128U}));
        const auto v2 = read("deepseek_v2", bare);
        VERIFY_OK(v2);
        QCOMPARE(v2->router.experts, 64U);
        QCOMPARE(v2->router.sharedExperts, 2U);
        QCOMPARE(v2->router.scale, 1.0F);
        QCOMPARE(v2->router.groups, 1U);
        QCOMPARE(v2->attention.latent->queryRank, 1536U);
        QCOMPARE(mixtures(*v2), (std::vector{1, 1, 1, 1}));
        const auto glm = read("glm4_moe", bare);
        VERIFY_OK(glm);
        QCOMPARE(glm->router.sharedExperts, 1U);
        QCOMPARE(glm->router.groups, 1U);
        QCOMPARE(mixtures(*glm), (std::vector{0, 1, 1, 1}));
        QCOMPARE(read("glm4_moe_lite", bare)->router.scale, 1.8F);
        QCOMPARE(read("glm4_moe_lite", bare)->attention.latent->queryRank, 768U);
        QCOMPARE(mixtures(*read("solar_open", bare)), (std::vector{1, 1, 1, 1}));
        // dots.llm1 has no numbers of experts of its own.
        VERIFY_REFUSED(read("dots1", bare), ErrorCode::BadFormat, "\"n_routed_experts\"");
        Json dots = bare;
        dots["n_routed_experts"] = 8;
        dots["sliding_window"] = 5;
        QVERIFY(!read("dots1", dots)->router.renormalise);
        QCOMPARE(read("dots1", dots)->normEps, 1e-6);
        QVERIFY(!read("dots1", dots)->layers[3].window);
        QCOMPARE(read("dots1", dots)->router.sharedExperts, 0U);

        // Null and 0 are words of their own.
        Json none = bare;
        none["n_shared_experts"] = nullptr;
        none["q_lora_rank"] = nullptr;
        none["n_group"] = nullptr;
        none["topk_group"] = nullptr;
        none["first_k_dense_replace"] = 0;
        const auto bareOnes = read("deepseek_v3", none);
        VERIFY_OK(bareOnes);
        QCOMPARE(bareOnes->router.sharedExperts, 0U);
        QCOMPARE(bareOnes->router.groups, 1U);
        QCOMPARE(bareOnes->attention.latent->queryRank, 0U);
        QCOMPARE(mixtures(*bareOnes), (std::vector{1, 1, 1, 1}));
        Json ernie = usual();
        QCOMPARE(read("ernie4_5_moe", ernie)->router.sharedExperts, 2U);
        QCOMPARE(read("ernie4_5_moe", ernie)->router.normFloor, 1e-12);
        ernie["moe_num_shared_experts"] = 0;
        ernie["moe_norm_min"] = 0.5;
        QCOMPARE(read("ernie4_5_moe", ernie)->router.sharedExperts, 0U);
        QCOMPARE(read("ernie4_5_moe", ernie)->router.normFloor, 0.5);
        QCOMPARE(read("llama", usual())->normEps, 1e-6);
        Json head = usual();
        head["head_dim"] = nullptr;
        for (const char* type : {"gpt_oss", "minimax_m2", "llama4", "qwen3_next"})
            QCOMPARE(read(type, head)->attention.headDim, 16U);
    }

    void windowsOfAbsentKeys()
    {
        Json json = usual();
        json["use_sliding_window"] = true;
        json["sliding_window"] = 5;
        const auto config = read("qwen2_moe", json);
        VERIFY_OK(config);
        QCOMPARE(config->layers[0].window, std::optional(5U));
        QVERIFY(!config->layers[1].window);
        json["sliding_window"] = nullptr;
        QVERIFY(!read("qwen2_moe", json)->layers[0].window);
        QVERIFY(!read("qwen3_moe", json)->layers[0].window);
        QVERIFY(!read("gpt_oss", json)->layers[0].window);
        json.erase("sliding_window");
        QCOMPARE(read("qwen3_moe", json)->layers[0].window, std::optional(4096U));
        QCOMPARE(read("gpt_oss", json)->layers[0].window, std::optional(128U));
    }

    void gptOssScalesItsRopeUnlessToldNotTo()
    {
        const auto rope = [](const char* key, const Json& value) {
            return readWith("gpt_oss", key, value)->attention.rope;
        };
        const RopeSpec plain = read("gpt_oss", usual())->attention.rope;
        QCOMPARE(plain.kind, std::string("yarn"));
        QVERIFY(std::abs(plain.attentionFactor - 1.34657359F) < 1e-6F);
        QVERIFY(std::abs(plain.frequencies[9] / 0.0317056962F - 1) < 1e-6F);
        QCOMPARE(rope("rope_scaling", nullptr).kind, std::string("default"));
        const RopeSpec other = rope("rope_parameters", {{"rope_theta", 9000}});
        QCOMPARE(other.kind, std::string("default"));
        QCOMPARE(other.base, 9000.0);
    }

    void expertsAreCountedUnderEveryName()
    {
        for (const char* key : {"num_experts", "num_local_experts", "n_routed_experts"}) {
            Json json = usual();
            json.erase("num_experts");
            json.erase("num_local_experts");
            json[key] = 5;
            for (const char* type : {"mixtral", "olmoe", "qwen3_moe", "glm4_moe", "gpt_oss"})
                QCOMPARE(read(type, json)->router.experts, 5U);
        }
    }

    void otherWaysOfRoutingAreRefusedByName()
    {
        const auto refuses = [](const char* type, const char* key, const Json& value) {
            Json json = usual();
            json["n_group"] = 1;
            json["topk_group"] = 1;
            if (!read(type, json))
                return false;
            json[key] = value;
            const auto config = read(type, json);
            return !config && config.error().code == ErrorCode::Unsupported
                && config.error().message.find(key) != std::string::npos;
        };
        for (const char* type : {"deepseek_v3", "kimi_k2", "glm4_moe", "dots1", "glm4_moe_lite"}) {
            QVERIFY(refuses(type, "scoring_func", "softmax"));
            QVERIFY(refuses(type, "topk_method", "greedy"));
            VERIFY_OK(readWith("dots1", "scoring_func", "noaux_tc"));
        }
        QVERIFY(refuses("deepseek_v2", "scoring_func", "sigmoid"));
        QVERIFY(refuses("deepseek", "scoring_func", "sigmoid"));
        QVERIFY(refuses("minimax_m2", "scoring_func", "softmax"));
        QVERIFY(refuses("minimax_m2", "qk_norm_type", "per_head"));
        QVERIFY(refuses("minimax_m2", "attn_type_list", {1, 0, 1, 1, 1, 1, 1, 1}));
        QVERIFY(refuses("minimax_m2", "shared_intermediate_size", 32));
        VERIFY_OK(readWith("minimax_m2", "attn_type_list", std::vector<int>(8, 1)));
        QVERIFY(refuses("hunyuan_v1_moe", "use_cla", true));
        std::vector<std::string> kinds(8, "full_attention");
        VERIFY_OK(readWith("qwen3_moe", "layer_types", kinds));
        kinds[3] = "linear_attention";
        VERIFY_REFUSED(
            readWith("qwen3_moe", "layer_types", kinds), ErrorCode::Unsupported, kinds[3]);
    }

    void groupsOfAGreedyChoiceDoNotMatter()
    {
        Json json = usual();
        json["n_group"] = 3;
        json["topk_group"] = 2;
        json["topk_method"] = "greedy";
        const auto config = read("deepseek_v2", json);
        VERIFY_OK(config);
        QCOMPARE(config->router.groups, 1U);
        json["topk_method"] = "group_limited_greedy";
        VERIFY_REFUSED(read("deepseek_v2", json), ErrorCode::BadFormat, "3 groups");
    }

    void denseLayersMayBeListed()
    {
        Json json = usual();
        std::vector<std::string> kinds(8, "sparse");
        kinds[2] = kinds[7] = "dense";
        json["mlp_layer_types"] = kinds;
        const auto config = read("glm4_moe", json);
        VERIFY_OK(config);
        QCOMPARE(mixtures(*config), (std::vector{1, 1, 0, 1, 1, 1, 1, 0}));
        QCOMPARE(config->layers[2].intermediate, 32U);
        QCOMPARE(config->layers[3].intermediate, 16U);
        json["mlp_layer_types"][0] = "spiral";
        VERIFY_REFUSED(read("glm4_moe", json), ErrorCode::Unsupported, "\"spiral\"");
    }

    void ropeIsReadInEverySpelling()
    {
        const Json yarn = {{"rope_type", "yarn"}, {"factor", 4.0}, {"rope_theta", 500.0},
            {"original_max_position_embeddings", 64}};
        const auto readRope = [](const Json& keys) {
            Json json = usual();
            json.update(keys);
            return read("qwen3_moe", json);
        };
        const auto plain = readRope({{"rope_parameters", yarn}});
        VERIFY_OK(plain);
        QCOMPARE(plain->attention.rope.kind, std::string("yarn"));
        const auto same = [&](const Json& keys) {
            const auto config = readRope(keys);
            return config && config->attention.rope.base == 500
                && config->attention.rope.frequencies == plain->attention.rope.frequencies;
        };
        QVERIFY(same({{"rope_scaling", Json::object()}, {"rope_parameters", yarn}}));
        QVERIFY(same({{"rope_scaling", nullptr}, {"rope_parameters", yarn}}));
        QVERIFY(
            same({{"rope_parameters", {{"full_attention", yarn}, {"sliding_attention", yarn}}}}));
        Json other = yarn;
        other["factor"] = 8.0;
        const Json nested
            = {{"rope_parameters", {{"full_attention", yarn}, {"sliding_attention", other}}}};
        VERIFY_REFUSED(readRope(nested), ErrorCode::Unsupported, "between layer types");
        VERIFY_REFUSED(readRope({{"rope_scaling", "yarn"}}), ErrorCode::BadFormat,
            "\"rope_scaling\" should be an object");
    }

    void latentScaleTakesTheFactorThatFollows()
    {
        Json json = usual();
        json["n_group"] = 1;
        json["topk_group"] = 1;
        json["max_position_embeddings"] = 2560;
        json["rope_scaling"] = {{"type", "yarn"}, {"factor", nullptr}, {"mscale_all_dim", 1.0},
            {"original_max_position_embeddings", 64}};
        const auto derived = read("deepseek_v3", json);
        VERIFY_OK(derived);
        json["rope_scaling"]["factor"] = 40.0;
        QCOMPARE(derived->attention.scale, read("deepseek_v3", json)->attention.scale);
    }

    void graniteHybridsSayWhatTheyLack()
    {
        const auto plain = read("granitemoehybrid", usual());
        VERIFY_OK(plain);
        QCOMPARE(plain->missingPart, std::string("Mamba-2 layers"));
        QCOMPARE(plain->layers[3].mixer, Mixer::Missing);
        QCOMPARE(plain->router.sharedIntermediate, 1024U);
        Json json = usual();
        json["layer_types"] = std::vector<std::string>(8, "attention");
        const auto attention = read("granitemoehybrid", json);
        VERIFY_OK(attention);
        QVERIFY(attention->missingPart.empty());
        QCOMPARE(rotated(*attention), std::vector<int>(8, 0));
        json["position_embedding_type"] = "rope";
        json["num_local_experts"] = 0;
        json["shared_intermediate_size"] = 48;
        const auto dense = read("granitemoehybrid", json);
        VERIFY_OK(dense);
        QCOMPARE(rotated(*dense), std::vector<int>(8, 1));
        QCOMPARE(mixtures(*dense), std::vector<int>(8, 0));
        QCOMPARE(dense->layers[0].intermediate, 48U);
        QCOMPARE(dense->router.experts, 0U);
        json["layer_types"][5] = "spiral";
        VERIFY_REFUSED(read("granitemoehybrid", json), ErrorCode::BadFormat, "\"spiral\"");
        QCOMPARE(read("granitemoeshared", usual())->router.sharedExperts, 0U);
        QCOMPARE(readWith("granitemoe", "logits_scaling", 4)->logitMultiplier, 0.25F);
        VERIFY_REFUSED(readWith("granitemoe", "logits_scaling", 0), ErrorCode::BadFormat,
            "\"logits_scaling\"");
    }

    void strangeValuesNeverCrash_data()
    {
        QTest::addColumn<QString>("folder");
        for (const auto& entry : fs::directory_iterator(test::fixtures() / "families"))
            QTest::newRow(entry.path().filename().c_str())
                << QString::fromStdString(entry.path().string());
    }

    /// Every setting of a working model in turn takes values that it should not have: the model is
    /// refused in one sentence, or it runs.
    void strangeValuesNeverCrash()
    {
        QFETCH(QString, folder);
        const fs::path source = folder.toStdString();
        QTemporaryDir work;
        const fs::path path = work.path().toStdString();
        for (const auto& entry : fs::directory_iterator(source)) {
            if (entry.path().filename().string().starts_with("model"))
                fs::create_symlink(entry.path(), path / entry.path().filename());
        }
        const auto original = readJsonFile(source / "config.json");
        VERIFY_OK(original);
        const std::vector<Json> strange = {0, 1, 3, -1, 4000000000, 1e30, 0.3, true, "x", nullptr,
            Json::array(), Json::array({-1}), Json::object()};
        const Json settings = original->flatten();
        for (const auto& [pointer, value] : settings.items()) {
            for (const Json& replacement : strange) {
                Json edited = *original;
                edited[Json::json_pointer(pointer)] = replacement;
                fs::remove(path / "config.json"); // overwriting would wait for the disk
                std::ofstream(path / "config.json") << dumpJson(edited);
                const auto open = openModel(path);
                const std::string what = pointer + " = " + replacement.dump();
                const Error* error = !open ? &open.error() : nullptr;
                if (open && !(*open)->model)
                    error = &(*open)->modelError;
                if (error) {
                    QVERIFY2(error->code == ErrorCode::BadFormat
                            || error->code == ErrorCode::Unsupported
                            || error->code == ErrorCode::NotFound,
                        (what + ": " + error->message).c_str());
                    continue;
                }
                const MoeModel& model = *(*open)->model;
                TaskContext context;
                context.setMemoryLimit(1U << 28);
                KvCache cache(model.config());
                const std::vector<std::int32_t> ids = {1, 2, 3};
                const auto status = forward(model, cache, ids, {}, nullptr, context);
                QVERIFY2(status || status.error().code == ErrorCode::OutOfMemory
                        || status.error().code == ErrorCode::Unsupported,
                    (what + ": " + (status ? "" : status.error().message)).c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestFamilyConfigs)
#include "tst_family_configs.moc"
