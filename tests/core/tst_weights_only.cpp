// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/base/random.h"
#include "core/experiments/moe_type.h"
#include "core/io/json.h"
#include "core/model/families/family.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "core/trace/routing_trace.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

using namespace moescope;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kHidden = 12;
constexpr std::uint64_t kInner = 8;
constexpr std::uint64_t kExperts = 4;

/// Tensors of random numbers.
class Weights {
public:
    void add(const std::string& name, std::vector<std::uint64_t> shape)
    {
        std::uint64_t size = 1;
        for (const std::uint64_t side : shape)
            size *= side;
        std::vector<float> values(size);
        for (float& value : values)
            value = static_cast<float>(m_random.normal());
        m_builder.add(name, DType::F32, std::move(shape), values);
    }
    /// Router and experts of one layer.
    void addMixture(const std::string& prefix, const std::string& router, const std::string& expert,
        const std::vector<std::string>& in, const std::string& out,
        std::uint64_t routerRows = kExperts)
    {
        add(prefix + router, {routerRows, kHidden});
        for (std::uint64_t e = 0; e < kExperts; ++e) {
            const std::string name = prefix + expert + std::to_string(e) + ".";
            for (const std::string& matrix : in)
                add(name + matrix + ".weight", {kInner, kHidden});
            add(name + out + ".weight", {kHidden, kInner});
        }
    }
    test::CheckpointBuilder& builder() { return m_builder; }

private:
    test::CheckpointBuilder m_builder;
    Random m_random = Random::stream(7, 1);
};

Json usual(std::string_view type)
{
    return {{"model_type", type}, {"hidden_size", kHidden}, {"vocab_size", 20},
        {"num_hidden_layers", 2}, {"num_experts", kExperts}, {"num_experts_per_tok", 2},
        {"moe_intermediate_size", kInner}, {"intermediate_size", kInner}};
}

struct Case {
    std::string type;
    Json config;
    std::vector<std::uint32_t> mixtures;
    bool gated = true;
    bool biased = false; ///< the choice has a bias
    Weights weights = {};
};

Case makeCase(const std::string& type)
{
    const std::vector<std::string> plain{"gate_proj", "up_proj"};
    const std::vector<std::string> numbered{"w1", "w3"};
    Case c{type, usual(type), {0, 1}};
    const auto layer = [](int l) { return "model.layers." + std::to_string(l) + "."; };
    if (type.starts_with("minimax_m3")) {
        Json text = c.config;
        text["model_type"] = "minimax_m3_vl_text";
        text["moe_layer_freq"] = {0, 1};
        text["dense_intermediate_size"] = 5;
        c.config = {{"model_type", type}, {"text_config", text}};
        c.mixtures = {1};
        const std::string prefix = "language_model.model.";
        const std::string moe = prefix + "layers.1.block_sparse_moe.";
        c.weights.add(prefix + "embed_tokens.weight", {20, kHidden});
        c.weights.add(moe + "e_score_correction_bias", {kExperts});
        c.weights.addMixture(moe, "gate.weight", "experts.", numbered, "w2");
        c.biased = true;
    } else if (type == "step3p5") {
        c.config.erase("num_experts_per_tok");
        c.config["moe_top_k"] = 2;
        c.config["moe_layers_enum"] = "1";
        c.mixtures = {1};
        const std::string moe = layer(1) + "moe.";
        c.weights.add(moe + "gate.weight", {kExperts, kHidden});
        c.weights.add(moe + "router_bias", {kExperts});
        c.weights.add(moe + "gate_proj.weight", {kExperts, kInner, kHidden});
        c.weights.add(moe + "up_proj.weight", {kExperts, kInner, kHidden});
        c.weights.add(moe + "down_proj.weight", {kExperts, kHidden, kInner});
        c.biased = true;
    } else if (type == "laguna" || type == "grove_moe" || type == "bailing_moe") {
        c.config["mlp_only_layers"] = {0};
        c.mixtures = {1};
        if (type == "laguna") {
            c.config["moe_routed_scaling_factor"] = 2.5;
            c.weights.add(layer(1) + "mlp.experts.e_score_correction_bias", {kExperts});
            c.biased = true;
        }
        c.weights.addMixture(layer(1) + "mlp.", "gate.weight", "experts.", plain, "down_proj");
    } else if (type.starts_with("minimax") || type == "kimi_linear" || type == "arctic"
        || type == "git") {
        if (type == "arctic") {
            c.config["moe_layer_frequency"] = 2;
            c.mixtures = {1};
        }
        for (const std::uint32_t l : c.mixtures)
            c.weights.addMixture(layer(static_cast<int>(l)) + "block_sparse_moe.", "gate.weight",
                "experts.", numbered, "w2");
    } else if (type == "switch_transformers") {
        c.config = {{"model_type", type}, {"d_model", kHidden}, {"d_ff", kInner}, {"d_kv", 4},
            {"vocab_size", 20}, {"num_layers", 4}, {"num_decoder_layers", 2},
            {"num_sparse_encoder_layers", 2}, {"num_sparse_decoder_layers", 1},
            {"num_experts", kExperts}};
        c.mixtures = {1, 3, 5};
        c.gated = false;
        for (int l = 0; l < 4; ++l)
            c.weights.add(
                "encoder.block." + std::to_string(l) + ".layer.0.layer_norm.weight", {kHidden});
        for (const int l : {1, 3})
            c.weights.addMixture("encoder.block." + std::to_string(l) + ".layer.1.mlp.",
                "router.classifier.weight", "experts.expert_", {"wi"}, "wo");
        c.weights.addMixture("decoder.block.1.layer.2.mlp.", "router.classifier.weight",
            "experts.expert_", {"wi"}, "wo");
    } else if (type == "nllb-moe") {
        c.config = {{"model_type", type}, {"d_model", kHidden}, {"encoder_ffn_dim", kInner},
            {"vocab_size", 20}, {"encoder_layers", 2}, {"decoder_layers", 2},
            {"encoder_sparse_step", 2}, {"decoder_sparse_step", 2}, {"num_experts", kExperts}};
        c.mixtures = {1, 3};
        c.gated = false;
        for (const char* part : {"encoder", "decoder"}) {
            const std::string prefix = std::string("model.") + part + ".layers.";
            c.weights.add(prefix + "0.fc1.weight", {kInner, kHidden});
            c.weights.addMixture(
                prefix + "1.ffn.", "router.classifier.weight", "experts.expert_", {"fc1"}, "fc2");
        }
    } else if (type == "nemotron_h") {
        c.config["hybrid_override_pattern"] = "ME";
        c.config["n_routed_experts"] = kExperts;
        c.config.erase("num_experts");
        c.mixtures = {1};
        c.gated = false;
        c.weights.addMixture(
            "backbone.layers.1.mixer.", "gate.weight", "experts.", {"up_proj"}, "down_proj");
    } else if (type.starts_with("gemma4")) {
        Json text = c.config;
        text["model_type"] = "gemma4_text";
        const bool whole = type == "gemma4";
        const std::string model = whole ? "model.language_model." : "model.";
        c.config = whole ? Json{{"model_type", type}, {"text_config", text}} : text;
        c.weights.add(model + "embed_tokens.weight", {20, kHidden});
        for (int l = 0; l < 2; ++l) {
            const std::string prefix = model + "layers." + std::to_string(l) + ".";
            c.weights.add(prefix + "router.proj.weight", {kExperts, kHidden});
            c.weights.add(prefix + "experts.gate_up_proj", {kExperts, 2 * kInner, kHidden});
            c.weights.add(prefix + "experts.down_proj", {kExperts, kHidden, kInner});
        }
    } else if (type == "longcat_flash") {
        c.config["num_layers"] = 2;
        c.config["num_hidden_layers"] = 4;
        c.config["expert_ffn_hidden_size"] = kInner;
        for (int l = 0; l < 2; ++l)
            c.weights.addMixture(layer(l) + "mlp.", "router.classifier.weight", "experts.", plain,
                "down_proj", kExperts + 2);
    } else if (type == "deepseek_v4") {
        for (int l = 0; l < 2; ++l)
            c.weights.addMixture(
                "layers." + std::to_string(l) + ".ffn.", "gate.weight", "experts.", numbered, "w2");
    } else if (type == "jamba") {
        c.config["num_hidden_layers"] = 4;
        c.config["expert_layer_period"] = 2;
        c.config["expert_layer_offset"] = 1;
        c.mixtures = {1, 3};
        for (const int l : {1, 3})
            c.weights.addMixture(
                layer(l) + "feed_forward.", "router.weight", "experts.", plain, "down_proj");
    } else if (type == "lfm2_moe") {
        c.config["num_dense_layers"] = 1;
        c.mixtures = {1};
        c.weights.add(layer(1) + "feed_forward.expert_bias", {kExperts});
        c.weights.addMixture(layer(1) + "feed_forward.", "gate.weight", "experts.", numbered, "w2");
    } else { // DeepSeek's names
        const bool nested = type == "hy_v3" || type == "afmoe";
        c.config["mlp_layer_types"] = {"dense", "sparse"};
        c.mixtures = {1};
        c.weights.addMixture(layer(1) + "mlp.", nested ? "router.gate.weight" : "gate.weight",
            "experts.", plain, "down_proj");
    }
    return c;
}

} // namespace

class TestWeightsOnly : public QObject {
    Q_OBJECT

private slots:
    void opensForItsWeights_data()
    {
        QTest::addColumn<QString>("type");
        for (const Family& family : weightsOnlyFamilies()) {
            QCOMPARE(family.modelTypes.size(), std::size_t{1});
            const std::string type(family.modelTypes.front());
            QTest::newRow(type.c_str()) << QString::fromStdString(type);
        }
    }

    void opensForItsWeights()
    {
        QFETCH(QString, type);
        Case c = makeCase(type.toStdString());
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        std::ofstream(folder / "config.json") << c.config.dump();
        VERIFY_OK(c.weights.builder().writeFile(folder / "model.safetensors"));
        const auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        const ModelConfig& config = model.config();
        QCOMPARE(config.router.experts, std::uint32_t{kExperts});
        std::vector<std::uint32_t> mixtures;
        for (const LayerId id : model.mixtureLayers())
            mixtures.push_back(id.value);
        QCOMPARE(mixtures, c.mixtures);
        std::uint64_t elements = 0;
        for (const TensorInfo& tensor : (*open)->checkpoint->tensors())
            elements += tensor.elements();
        QCOMPARE(model.parameters(), elements);
        QVERIFY(model.activeParameters() < elements);
        QCOMPARE(model.typicalWeights().dtype, DType::F32);
        for (const LayerId id : model.mixtureLayers()) {
            const LayerTensors& layer = model.layer(id);
            QVERIFY(layer.router.rows >= kExperts);
            if (c.biased) {
                QVERIFY(config.router.selectionBias);
                QCOMPARE(layer.selectionBias.size(), std::size_t{kExperts});
            }
            QCOMPARE(layer.experts.size(), std::size_t{kExperts});
            for (const MlpTensors& expert : layer.experts) {
                QCOMPARE(expert.gate.empty(), !c.gated);
                QCOMPARE(expert.up.rows, std::size_t{kInner});
                QCOMPARE(expert.down.cols, std::size_t{kInner});
            }
        }

        // It cannot be run, and says what is missing.
        KvCache cache(config);
        TaskContext context;
        const std::vector<std::int32_t> ids{1};
        const Status ran = forward(model, cache, ids, {}, nullptr, context);
        QVERIFY(!ran);
        QCOMPARE(ran.error().code, ErrorCode::Unsupported);
        QVERIFY(!config.missingPart.empty());
        QVERIFY(ran.error().message.find(config.missingPart) != std::string::npos);

        TraceRequest request;
        request.text = "a text that there is no tokenizer for";
        const auto traced = traceRouting(**open, request, context);
        QVERIFY(!traced);
        QCOMPARE(traced.error().message, ran.error().message);

        // Its experts can be compared.
        const auto result = analyseMoeType(*open, {}, context);
        VERIFY_OK(result);
        QCOMPARE(result->layers.size(), c.mixtures.size());
        QCOMPARE(result->layers.front()->projections.size(), std::size_t(c.gated ? 3 : 2));
        for (const auto& analysis : result->layers.front()->analyses)
            QVERIFY(std::abs(analysis.cosines.mean) < 0.3);
        MoeTypeSpec gates;
        gates.projections = {Projection::Gate};
        const auto gate = analyseMoeType(*open, gates, context);
        QCOMPARE(gate.has_value(), c.gated);
        if (!gate)
            QVERIFY(gate.error().message.find("no gate matrix") != std::string::npos);
    }

    void strangeConfigsAreRefusedOrOpen_data() { opensForItsWeights_data(); }

    void strangeConfigsAreRefusedOrOpen()
    {
        QFETCH(QString, type);
        Case c = makeCase(type.toStdString());
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(c.weights.builder().writeFile(folder / "model.safetensors"));
        const bool nested = c.config.contains("text_config");
        std::vector<std::string> keys;
        for (const auto& [key, value] : (nested ? c.config["text_config"] : c.config).items())
            keys.push_back(key);
        std::size_t refused = 0;
        for (const std::string& key : keys) {
            for (const Json& value : std::initializer_list<Json>{nullptr, 0, 1, 3, -1, 65536,
                     4294967296, 1e308, "x", Json::array(), Json::array({"sparse"})}) {
                Json changed = c.config;
                (nested ? changed["text_config"] : changed)[key] = value;
                std::ofstream(folder / "config.json") << changed.dump();
                const auto open = openModel(folder);
                if (open && (*open)->model)
                    continue;
                const Error& error = open ? (*open)->modelError : open.error();
                QVERIFY2(error.message.size() > 10, key.c_str());
                QVERIFY2(error.code == ErrorCode::BadFormat || error.code == ErrorCode::NotFound
                        || error.code == ErrorCode::Unsupported,
                    error.message.c_str());
                ++refused;
            }
        }
        QVERIFY(refused > keys.size());
    }

    /// DeepSeek-V4's original files: MXFP4 and E4M3 with their scales in "<name>.scale".
    void expertsWithScalesOfTheirOwnName()
    {
        constexpr std::uint64_t kWide = 64;
        constexpr std::uint64_t kNarrow = 32;
        Json config = usual("deepseek_v4");
        config["num_hidden_layers"] = 2;
        config["hidden_size"] = kWide;
        config["moe_intermediate_size"] = kNarrow;
        config["quantization_config"] = {{"quant_method", "fp8"}};
        test::CheckpointBuilder builder;
        const auto fill = [](std::size_t count, unsigned value) {
            return std::vector<std::byte>(count, static_cast<std::byte>(value));
        };
        for (int l = 0; l < 2; ++l) {
            const std::string moe = "layers." + std::to_string(l) + ".ffn.";
            std::vector<float> router(kExperts * kWide, 0.5F);
            builder.add(moe + "gate.weight", DType::F32, {kExperts, kWide}, router);
            for (std::uint64_t e = 0; e < kExperts; ++e) {
                for (const auto& [name, rows, cols] : {std::tuple{"w1", kNarrow, kWide},
                         std::tuple{"w3", kNarrow, kWide}, std::tuple{"w2", kWide, kNarrow}}) {
                    const std::string expert = moe + "experts." + std::to_string(e) + "." + name;
                    if (l == 0) { // 0x7A: -1 in the low half, 6 in the high one; 2^(128 - 127)
                        builder.addBytes(expert + ".weight", DType::I8, {rows, cols / 2},
                            fill(rows * cols / 2, 0x7A));
                        builder.addBytes(expert + ".scale", DType::F8E8M0, {rows, cols / 32},
                            fill(rows * cols / 32, 128));
                    } else { // 0.75 * 2^(126 - 127)
                        builder.addBytes(expert + ".weight", DType::F8E4M3, {rows, cols},
                            fill(rows * cols, 0x34));
                        builder.addBytes(expert + ".scale", DType::F8E8M0, {1, 1}, fill(1, 126));
                    }
                }
            }
        }
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        std::ofstream(folder / "config.json") << config.dump();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        const auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        for (const MlpTensors& expert : (*open)->model->layer(LayerId(0)).experts) {
            for (const Projection projection : kProjections) {
                const std::vector<float> values = decodeAll(expert[projection]);
                QCOMPARE(values.size(), std::size_t{kWide * kNarrow});
                for (std::size_t i = 0; i < values.size(); ++i)
                    QCOMPARE(values[i], i % 2 == 0 ? -2.0F : 12.0F);
            }
        }
        for (const MlpTensors& expert : (*open)->model->layer(LayerId(1)).experts) {
            for (const float value : decodeAll(expert.down))
                QCOMPARE(value, 0.375F);
        }
        config["moe_intermediate_size"] = kNarrow * 2;
        std::ofstream(folder / "config.json") << config.dump();
        const auto other = openModel(folder);
        VERIFY_OK(other);
        QCOMPARE((*other)->modelError.code, ErrorCode::Unsupported);
        QVERIFY((*other)->modelError.message.find("neither MXFP4 nor") != std::string::npos);
    }

    void expertsWithoutTheirScalesAreRefused()
    {
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        test::CheckpointBuilder builder;
        std::vector<float> router(kExperts * kHidden, 0.5F);
        builder.add("layers.0.ffn.gate.weight", DType::F32, {kExperts, kHidden}, router);
        for (std::uint64_t e = 0; e < kExperts; ++e) {
            const std::string name = "layers.0.ffn.experts." + std::to_string(e) + ".";
            const std::vector<std::byte> bytes(kHidden * kInner);
            builder.addBytes(name + "w1.weight", DType::F8E4M3, {kInner, kHidden}, bytes);
            builder.addBytes(name + "w3.weight", DType::F8E4M3, {kInner, kHidden}, bytes);
            builder.addBytes(name + "w2.weight", DType::F8E4M3, {kHidden, kInner}, bytes);
        }
        Json config = usual("deepseek_v4");
        config["num_hidden_layers"] = 1;
        std::ofstream(folder / "config.json") << config.dump();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        const auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
        QVERIFY((*open)->modelError.message.find("scales") != std::string::npos);
    }

    void unknownTypesCanBeInspected()
    {
        Case c = makeCase("exaone_moe");
        c.config["model_type"] = "moe_of_tomorrow";
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        std::ofstream(folder / "config.json") << c.config.dump();
        VERIFY_OK(c.weights.builder().writeFile(folder / "model.safetensors"));
        const auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
        QVERIFY((*open)->modelError.message.find("moe_of_tomorrow") != std::string::npos);
        QVERIFY(!(*open)->checkpoint->tensors().empty());
    }
};

QTEST_APPLESS_MAIN(TestWeightsOnly)
#include "tst_weights_only.moc"
