// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "tests/core/family_config_support.h"

using namespace moescope;
using namespace moescope::test;
using Mixer = LayerSpec::Mixer;

namespace {

namespace fs = std::filesystem;

std::vector<int> rotated(const ModelConfig& config)
{
    return ofLayers<int>(config, [](const LayerSpec& layer) { return layer.rope ? 1 : 0; });
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

    void anEndTokenOfMinusOneIsNone()
    {
        QVERIFY(readWith("olmoe", "eos_token_id", -1)->endTokens.empty());
        QCOMPARE(readWith("olmoe", "eos_token_id", {7, -1})->endTokens, std::vector{7});
        VERIFY_REFUSED(
            readWith("olmoe", "eos_token_id", 1U << 31), ErrorCode::BadFormat, "eos_token_id");
        VERIFY_REFUSED(
            readWith("olmoe", "eos_token_id", "</s>"), ErrorCode::BadFormat, "eos_token_id");
    }

    void olmoeClipsNothingToLessThanNothing()
    {
        QCOMPARE(*readWith("olmoe", "clip_qkv", 8)->attention.clipQkv, 8.0F);
        VERIFY_REFUSED(readWith("olmoe", "clip_qkv", -0.5), ErrorCode::BadFormat, "clip_qkv");
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
