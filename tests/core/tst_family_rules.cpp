// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>
#include <tuple>

#include <QtCore/QTemporaryDir>

#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "tests/core/family_config_support.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/recorder.h"

using namespace moescope;
using test::mixtures;
namespace fs = std::filesystem;

namespace {

Json fixtureConfig(std::string_view name)
{
    auto json = readJsonFile(test::fixtures() / "families" / name / "config.json");
    return json ? std::move(*json) : Json();
}

Result<ModelConfig> read(const Json& json)
{
    return findFamily(json["model_type"].get<std::string>())->readConfig(json, "config.json");
}

Result<ModelConfig> readWith(std::string_view fixture, const char* key, const Json& value)
{
    Json json = fixtureConfig(fixture);
    json[key] = value;
    return read(json);
}

std::vector<std::uint32_t> windows(const ModelConfig& config)
{
    std::vector<std::uint32_t> list;
    for (const LayerSpec& layer : config.layers)
        list.push_back(layer.window.value_or(0));
    return list;
}

struct LastLogits : ForwardObserver {
    std::vector<float> values;
    void onLogits(std::uint32_t, std::span<const float> logits) override
    {
        values.assign(logits.begin(), logits.end());
    }
};

Result<std::vector<float>> logitsAt(const fs::path& folder, std::size_t tokens)
{
    MOESCOPE_TRY(const auto open, openModel(folder));
    if (!open->model)
        return tl::unexpected(open->modelError);
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < tokens; ++i)
        ids.push_back(static_cast<std::int32_t>(3 + 7 * i));
    KvCache cache(open->model->config());
    TaskContext context;
    LastLogits last;
    MOESCOPE_CHECK(forward(*open->model, cache, ids, {}, &last, context));
    return last.values;
}

} // namespace

class TestFamilyRules : public QObject {
    Q_OBJECT

private slots:
    void gptOssHasThePublishedRope()
    {
        const auto config = readWith("gpt_oss_mxfp4", "head_dim", 64);
        VERIFY_OK(config);
        const RopeSpec& rope = config->attention.rope;
        QCOMPARE(rope.frequencies.size(), std::size_t{32});
        const auto near = [&](std::size_t i, double value) {
            return std::abs(static_cast<double>(rope.frequencies[i]) / value - 1) < 1e-6;
        };
        QVERIFY(near(0, 1) && near(9, 0.0317056962) && near(12, 0.00679495949)
            && near(31, 3.02351143e-7));
        QVERIFY(std::abs(static_cast<double>(rope.attentionFactor) - 1.34657359) < 1e-6);
        QCOMPARE(config->attention.scale, 0.125);
        QVERIFY(config->attention.qkvBias && config->attention.outputBias);
        QCOMPARE(config->activation.limit, 7.0F);
    }

    void gptOssWindowsFollowTheirList()
    {
        QCOMPARE(windows(*readWith("gpt_oss_mxfp4", "layer_types", nullptr)),
            (std::vector<std::uint32_t>{8, 0, 8, 0}));
        QCOMPARE(windows(*readWith("gpt_oss_mxfp4", "layer_types",
                     {"full_attention", "full_attention", "sliding_attention", "full_attention"})),
            (std::vector<std::uint32_t>{0, 0, 8, 0}));
        VERIFY_REFUSED(readWith("gpt_oss_mxfp4", "layer_types", {"full_attention"}),
            ErrorCode::BadFormat, "\"layer_types\" should list 4 words");
        VERIFY_REFUSED(
            readWith("gpt_oss_mxfp4", "layer_types", std::vector<std::string>(4, "spiral")),
            ErrorCode::Unsupported, "\"spiral\"");
        Json older = fixtureConfig("gpt_oss_mxfp4");
        older.erase("num_experts_per_tok");
        older["experts_per_token"] = 3;
        QCOMPARE(read(older)->router.topK, 3U);
    }

    void deepseekScalesItsSoftmax()
    {
        Json json = fixtureConfig("deepseek_v3");
        json["qk_nope_head_dim"] = 128;
        json["qk_rope_head_dim"] = 64;
        const auto config = read(json);
        VERIFY_OK(config);
        QVERIFY(std::abs(config->attention.scale - 0.135233779) < 1e-8);
        QCOMPARE(config->attention.headDim, 192U);
        QCOMPARE(config->attention.rope.width, 64U);
        QCOMPARE(config->attention.rope.pairing, RopeSpec::Pairing::Interleaved);
        QVERIFY(config->router.selectionBias && config->router.renormalise);
        QCOMPARE(config->router.groupScore, GroupScore::SumOfTwoLargest);
        VERIFY_REFUSED(readWith("deepseek_v3", "attention_bias", true), ErrorCode::Unsupported,
            "\"attention_bias\"");
        VERIFY_REFUSED(readWith("deepseek_v3", "n_group", 3), ErrorCode::BadFormat, "3 groups");
        VERIFY_REFUSED(
            readWith("deepseek_v3", "qk_rope_head_dim", 7), ErrorCode::BadFormat, "even");
    }

    void deepseekV2KnowsTwoWaysOfChoosing()
    {
        const auto grouped = read(fixtureConfig("deepseek_v2_group"));
        VERIFY_OK(grouped);
        QVERIFY(grouped->router.groups > 1);
        QCOMPARE(grouped->router.groupScore, GroupScore::Largest);
        const auto greedy = readWith("deepseek_v2_group", "topk_method", "greedy");
        VERIFY_OK(greedy);
        QCOMPARE(greedy->router.groups, 1U);
        QVERIFY(!greedy->router.selectionBias && !greedy->router.renormalise);
        VERIFY_REFUSED(readWith("deepseek_v2", "topk_method", "noaux_tc"), ErrorCode::Unsupported,
            "\"noaux_tc\"");
        VERIFY_REFUSED(
            readWith("deepseek_v2", "moe_layer_freq", 2), ErrorCode::Unsupported, "moe_layer_freq");
    }

    void sparseAttentionRunsAsLongAsItSeesEverything()
    {
        const fs::path source = test::fixtures() / "families" / "deepseek_v3";
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        fs::create_symlink(source / "model.safetensors", folder / "model.safetensors");
        Json json = fixtureConfig("deepseek_v3");
        json["model_type"] = "deepseek_v32";
        json["index_topk"] = 5;
        std::ofstream(folder / "config.json") << json.dump();
        const auto sparse = logitsAt(folder, 5);
        VERIFY_OK(sparse);
        QCOMPARE(*sparse, *logitsAt(source, 5));
        VERIFY_REFUSED(logitsAt(folder, 6), ErrorCode::Unsupported, "6 tokens");
        json.erase("index_topk");
        QCOMPARE(read(json)->attention.sparseBeyond, 2048U);
        QCOMPARE(read(fixtureConfig("deepseek_v3"))->attention.sparseBeyond, 0U);
    }

    /// Kimi-K2.5 is the same model behind another prefix, beside a vision tower.
    void languageModelsAreFoundBesideAVisionTower()
    {
        const fs::path source = test::fixtures() / "families" / "deepseek_v3";
        const auto original = Checkpoint::open(source);
        VERIFY_OK(original);
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors())
            builder.addBytes("language_model." + tensor.name, tensor.dtype, tensor.shape,
                {tensor.bytes.begin(), tensor.bytes.end()});
        builder.add("vision_tower.patch.weight", DType::F32, {1, 2}, {1, 2});
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        const Json json
            = {{"model_type", "kimi_k25"}, {"text_config", fixtureConfig("deepseek_v3")}};
        std::ofstream(folder / "config.json") << json.dump();
        const auto wrapped = logitsAt(folder, 9);
        VERIFY_OK(wrapped);
        QCOMPARE(*wrapped, *logitsAt(source, 9));
    }

    void packedIntegersAreNamed()
    {
        const fs::path source = test::fixtures() / "families" / "qwen3_moe";
        const auto original = Checkpoint::open(source);
        VERIFY_OK(original);
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors()) {
            const bool expert = tensor.name.find(".experts.") != std::string::npos;
            builder.addBytes(tensor.name + (expert ? "_packed" : ""), tensor.dtype, tensor.shape,
                {tensor.bytes.begin(), tensor.bytes.end()});
        }
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        fs::copy_file(source / "config.json", folder / "config.json");
        VERIFY_REFUSED(logitsAt(folder, 1), ErrorCode::Unsupported, "gate_proj.weight_packed");
    }

    void qwenMixturesFollowTheirLists()
    {
        QCOMPARE(mixtures(*read(fixtureConfig("qwen2_moe"))), (std::vector{1, 0, 1, 1}));
        Json json = fixtureConfig("qwen2_moe");
        json["mlp_only_layers"] = nullptr;
        json["decoder_sparse_step"] = 2;
        QCOMPARE(mixtures(*read(json)), (std::vector{0, 1, 0, 1}));
        json["use_sliding_window"] = true;
        json["sliding_window"] = 6;
        json["max_window_layers"] = 2;
        QCOMPARE(windows(*read(json)), (std::vector<std::uint32_t>{6, 0, 0, 0}));
        QCOMPARE(windows(*readWith("qwen2_moe", "sliding_window", 6)),
            (std::vector<std::uint32_t>{0, 0, 0, 0}));
        QVERIFY(read(json)->attention.qkvBias && !read(json)->attention.outputBias);
        Json three = fixtureConfig("qwen3_moe");
        three.erase("norm_topk_prob");
        QVERIFY(!read(three)->router.renormalise);
        three["use_sliding_window"] = true;
        three["sliding_window"] = 6;
        QCOMPARE(windows(*read(three)), (std::vector<std::uint32_t>{6, 6, 6}));
    }

    void glmRotatesHalfAHead()
    {
        Json json = fixtureConfig("glm4_moe");
        json.erase("partial_rotary_factor");
        const auto config = read(json);
        VERIFY_OK(config);
        QCOMPARE(config->attention.rope.width, 8U);
        QVERIFY(config->attention.qkvBias && !config->attention.outputBias);
        QCOMPARE(config->attention.qkNorm, QkNorm::PerHead);
        json.erase("use_qk_norm");
        QCOMPARE(read(json)->attention.qkNorm, QkNorm::None);
        json["model_type"] = "solar_open";
        VERIFY_OK(read(json));
    }

    void dotsSlidesBehindItsFullLayers()
    {
        Json json = fixtureConfig("dots1");
        json["sliding_window"] = 4;
        json["max_window_layers"] = 1;
        QCOMPARE(windows(*read(json)), (std::vector<std::uint32_t>{0, 4, 4}));
    }

    void ernieKnowsWhereItsMixturesEnd()
    {
        QCOMPARE(
            mixtures(*readWith("ernie4_5_moe", "moe_layer_end_index", -1)), (std::vector{0, 1, 1}));
        QCOMPARE(
            mixtures(*readWith("ernie4_5_moe", "moe_layer_end_index", 1)), (std::vector{0, 1, 0}));
        QCOMPARE(mixtures(*readWith("ernie4_5_moe", "moe_layer_start_index", 0)),
            (std::vector{1, 1, 1}));
        VERIFY_REFUSED(
            readWith("ernie4_5_moe", "use_bias", true), ErrorCode::Unsupported, "\"use_bias\"");
        VERIFY_REFUSED(readWith("ernie4_5_moe", "moe_k", 9), ErrorCode::BadFormat, "9 experts");
    }

    void hunyuanListsMustAgree()
    {
        const auto config = read(fixtureConfig("hunyuan_v1_moe"));
        VERIFY_OK(config);
        QCOMPARE(config->router.topK, 3U);
        QVERIFY(config->attention.qkNormAfterRope);
        QCOMPARE(readWith("hunyuan_v1_moe", "moe_topk", 2)->router.topK, 2U);
        VERIFY_REFUSED(readWith("hunyuan_v1_moe", "moe_topk", {3, 2, 3}), ErrorCode::Unsupported,
            "\"moe_topk\" that differs between layers");
        VERIFY_REFUSED(readWith("hunyuan_v1_moe", "moe_topk", {3, 3}), ErrorCode::BadFormat,
            "2 numbers for 3 layers");
        VERIFY_REFUSED(
            readWith("hunyuan_v1_moe", "moe_topk", {9, 9, 9}), ErrorCode::BadFormat, "9 experts");
    }

    void quantisedWeightsNeedTheirScales()
    {
        const fs::path source = test::fixtures() / "families" / "deepseek_v3_fp8";
        const auto original = Checkpoint::open(source);
        VERIFY_OK(original);
        const std::string lost = "model.layers.1.self_attn.o_proj.weight";
        QVERIFY((*original)->find(lost + "_scale_inv"));
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors()) {
            if (tensor.name != lost + "_scale_inv")
                builder.addBytes(tensor.name, tensor.dtype, tensor.shape,
                    {tensor.bytes.begin(), tensor.bytes.end()});
        }
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        Json json = fixtureConfig("deepseek_v3_fp8");
        QVERIFY(json.contains("quantization_config"));
        std::ofstream(folder / "config.json") << json.dump();
        VERIFY_REFUSED(logitsAt(folder, 1), ErrorCode::Unsupported, lost + "_scale_inv");
        // Eight-bit floats that no quantisation is declared for are numbers like others.
        json.erase("quantization_config");
        std::ofstream(folder / "config.json") << json.dump();
        VERIFY_OK(logitsAt(folder, 1));
    }

    /// Tensors that the config denies would silently be left out of the numbers.
    void deniedTensorsAreRefused_data()
    {
        QTest::addColumn<QString>("fixture");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("tensor");
        QTest::newRow("dots") << "dots1"
                              << "n_shared_experts"
                              << "null"
                              << "shared_experts";
        QTest::newRow("glm") << "glm4_moe"
                             << "n_shared_experts"
                             << "0"
                             << "shared_experts";
        QTest::newRow("ernie") << "ernie4_5_moe"
                               << "moe_num_shared_experts"
                               << "0"
                               << "shared_experts";
        QTest::newRow("hunyuan") << "hunyuan_v1_moe"
                                 << "use_mixed_mlp_moe"
                                 << "false"
                                 << "shared_mlp";
        QTest::newRow("phi") << "phimoe"
                             << "lm_head_bias"
                             << "false"
                             << "lm_head.bias";
    }

    void deniedTensorsAreRefused()
    {
        QFETCH(QString, fixture);
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, tensor);
        const fs::path source = test::fixtures() / "families" / fixture.toStdString();
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        fs::create_symlink(source / "model.safetensors", folder / "model.safetensors");
        Json json = fixtureConfig(fixture.toStdString());
        json[key.toStdString()] = Json::parse(value.toStdString());
        std::ofstream(folder / "config.json") << json.dump();
        VERIFY_REFUSED(logitsAt(folder, 1), ErrorCode::BadFormat, tensor.toStdString());
    }

    void promisedTensorsAreRequired()
    {
        for (const auto& [fixture, lost, code] :
            {std::tuple{"phimoe", "lm_head.bias", ErrorCode::NotFound},
                std::tuple{"deepseek_v3", "model.layers.2.mlp.gate.weight", ErrorCode::NotFound}}) {
            const auto original = Checkpoint::open(test::fixtures() / "families" / fixture);
            VERIFY_OK(original);
            test::CheckpointBuilder builder;
            for (const TensorInfo& tensor : (*original)->tensors()) {
                if (tensor.name != lost)
                    builder.addBytes(tensor.name, tensor.dtype, tensor.shape,
                        {tensor.bytes.begin(), tensor.bytes.end()});
            }
            QTemporaryDir temporary;
            const fs::path folder = temporary.path().toStdString();
            VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
            std::ofstream(folder / "config.json") << fixtureConfig(fixture).dump();
            VERIFY_REFUSED(logitsAt(folder, 1), code, lost);
        }
        // The first layer is dense, which another rule than first_k_dense_replace might say.
        const fs::path source = test::fixtures() / "families" / "deepseek_v3";
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        fs::create_symlink(source / "model.safetensors", folder / "model.safetensors");
        Json json = fixtureConfig("deepseek_v3");
        json["first_k_dense_replace"] = 0;
        std::ofstream(folder / "config.json") << json.dump();
        VERIFY_REFUSED(logitsAt(folder, 1), ErrorCode::Unsupported, "\"moe_layer_freq\"");
    }

    void minimaxRotatesAPart()
    {
        QCOMPARE(read(fixtureConfig("minimax_m2"))->attention.rope.width, 8U);
        QCOMPARE(readWith("minimax_m2", "rotary_dim", nullptr)->attention.rope.width, 16U);
        VERIFY_REFUSED(
            readWith("minimax_m2", "rotary_dim", 17), ErrorCode::BadFormat, "\"rotary_dim\"");
    }
};

QTEST_APPLESS_MAIN(TestFamilyRules)
#include "tst_family_rules.moc"
