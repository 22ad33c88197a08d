// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/base/random.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"
#include "tests/support/recorder.h"
#include "tests/support/reference_forward.h"

using namespace moescope;
namespace fs = std::filesystem;

namespace {

fs::path fixture(std::string_view name)
{
    return test::fixtures() / "families" / name;
}

Json fixtureConfig(std::string_view name)
{
    auto json = readJsonFile(fixture(name) / "config.json");
    return json ? std::move(*json) : Json();
}

std::vector<std::byte> bytesOf(const TensorInfo& tensor)
{
    return {tensor.bytes.begin(), tensor.bytes.end()};
}

void replaceAll(std::string& text, std::string_view from, std::string_view to)
{
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// Matrices of two-byte elements one after the other, each turned round when `byInput`.
class Stack {
public:
    explicit Stack(bool byInput)
        : m_byInput(byInput)
    {
    }
    /// `parts` stand below each other in one matrix.
    void add(std::initializer_list<const TensorInfo*> parts)
    {
        std::size_t rows = 0;
        std::vector<std::byte> all;
        for (const TensorInfo* part : parts) {
            rows += part->shape[0];
            all.insert(all.end(), part->bytes.begin(), part->bytes.end());
        }
        const std::size_t cols = (*parts.begin())->shape[1];
        const std::size_t start = m_bytes.size();
        m_bytes.insert(m_bytes.end(), all.begin(), all.end());
        m_shape = {rows, cols};
        ++m_count;
        if (!m_byInput)
            return;
        std::swap(m_shape[0], m_shape[1]);
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < cols; ++c)
                std::memcpy(m_bytes.data() + start + 2 * (c * rows + r),
                    all.data() + 2 * (r * cols + c), 2);
        }
    }
    void moveTo(test::CheckpointBuilder& builder, const std::string& name)
    {
        builder.addBytes(name, DType::BF16, {m_count, m_shape[0], m_shape[1]}, std::move(m_bytes));
    }

private:
    bool m_byInput;
    std::uint64_t m_count = 0;
    std::array<std::uint64_t, 2> m_shape = {};
    std::vector<std::byte> m_bytes;
};

/// The model in `folder` has to give the numbers that `reference` records.
void compareWith(const fs::path& folder, std::string_view reference)
{
    const auto open = openModel(folder);
    VERIFY_OK(open);
    QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
    const auto expected = test::Expectations::load(fixture(reference));
    VERIFY_OK(expected);
    for (std::size_t p = 0; p < expected->prompts(); ++p) {
        const auto whole = test::run(*(*open)->model, expected->prompt(p), test::Mode::Prefill, 1);
        VERIFY_OK(whole);
        const auto outcome = expected->compare(p, *whole);
        QVERIFY2(outcome.problem.empty(), outcome.problem.c_str());
        QVERIFY(outcome.compared > 4);
        const auto steps
            = test::run(*(*open)->model, expected->prompt(p), test::Mode::TokenByToken, 2);
        VERIFY_OK(steps);
        QVERIFY(steps->values == whole->values);
    }
}

/// DeepSeekMoE's published layout: a dense layer, then mixtures with shared experts.
struct DeepSeek {
    Json config = {{"model_type", "deepseek"}, {"vocab_size", 40}, {"hidden_size", 24},
        {"intermediate_size", 40}, {"moe_intermediate_size", 10}, {"num_hidden_layers", 3},
        {"num_attention_heads", 3}, {"num_key_value_heads", 3}, {"n_shared_experts", 2},
        {"n_routed_experts", 6}, {"num_experts_per_tok", 3}, {"moe_layer_freq", 1},
        {"first_k_dense_replace", 1}, {"norm_topk_prob", false}, {"scoring_func", "softmax"},
        {"aux_loss_alpha", 0.001}, {"hidden_act", "silu"}, {"max_position_embeddings", 4096},
        {"rms_norm_eps", 1e-6}, {"rope_theta", 10000.0}, {"rope_scaling", nullptr},
        {"attention_bias", false}, {"tie_word_embeddings", false}};

    Status write(const fs::path& folder) const
    {
        test::CheckpointBuilder builder;
        Random random = Random::stream(11, 2);
        const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
            std::uint64_t size = 1;
            for (const std::uint64_t side : shape)
                size *= side;
            // Norms around one, matrices that keep activations near one.
            const double spread
                = shape.size() == 1 ? 0.2 : 1.5 / std::sqrt(static_cast<double>(shape[1]));
            std::vector<float> values(size);
            for (float& value : values)
                value = static_cast<float>(
                    (shape.size() == 1 ? 1.0 : 0.0) + spread * random.normal());
            builder.add(name, DType::F32, std::move(shape), values);
        };
        const auto mlp = [&](const std::string& prefix, std::uint64_t inner) {
            add(prefix + "gate_proj.weight", {inner, 24});
            add(prefix + "up_proj.weight", {inner, 24});
            add(prefix + "down_proj.weight", {24, inner});
        };
        add("model.embed_tokens.weight", {40, 24});
        for (int l = 0; l < 3; ++l) {
            const std::string layer = "model.layers." + std::to_string(l) + ".";
            add(layer + "input_layernorm.weight", {24});
            add(layer + "post_attention_layernorm.weight", {24});
            for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"})
                add(layer + "self_attn." + name + ".weight", {24, 24});
            if (l == 0) {
                mlp(layer + "mlp.", 40);
                continue;
            }
            add(layer + "mlp.gate.weight", {6, 24});
            for (int e = 0; e < 6; ++e)
                mlp(layer + "mlp.experts." + std::to_string(e) + ".", 10);
            mlp(layer + "mlp.shared_experts.", 20);
        }
        add("model.norm.weight", {24});
        add("lm_head.weight", {40, 24});
        std::ofstream(folder / "config.json") << config.dump();
        return builder.writeFile(folder / "model.safetensors");
    }
};

} // namespace

/// Families without numbers of their own: what they reduce to has some.
class TestFamilyKin : public QObject {
    Q_OBJECT

private slots:
    void qwen3VlIsQwen3BesideAVisionTower_data()
    {
        QTest::addColumn<bool>("byInput");
        QTest::addColumn<QString>("type");
        QTest::newRow("as published") << true << "qwen3_vl_moe";
        QTest::newRow("saved again") << false << "qwen3_vl_moe";
        QTest::newRow("text part alone") << true << "qwen3_vl_moe_text";
    }

    void qwen3VlIsQwen3BesideAVisionTower()
    {
        QFETCH(bool, byInput);
        QFETCH(QString, type);
        const bool whole = type == "qwen3_vl_moe";
        const auto original = Checkpoint::open(fixture("qwen3_moe"));
        VERIFY_OK(original);
        Json text = fixtureConfig("qwen3_moe");
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors()) {
            if (tensor.name.find(".experts.") != std::string::npos)
                continue;
            std::string name = tensor.name;
            if (whole)
                replaceAll(name, "model.", "model.language_model.");
            builder.addBytes(name, tensor.dtype, tensor.shape, bytesOf(tensor));
        }
        for (int l = 0; l < text["num_hidden_layers"].get<int>(); ++l) {
            const std::string layer = "layers." + std::to_string(l) + ".mlp.experts.";
            Stack gateUp(byInput);
            Stack down(byInput);
            for (int e = 0; e < text["num_experts"].get<int>(); ++e) {
                const std::string name = "model." + layer + std::to_string(e) + ".";
                gateUp.add({(*original)->find(name + "gate_proj.weight"),
                    (*original)->find(name + "up_proj.weight")});
                down.add({(*original)->find(name + "down_proj.weight")});
            }
            const std::string prefix = whole ? "model.language_model." : "model.";
            gateUp.moveTo(builder, prefix + layer + "gate_up_proj");
            down.moveTo(builder, prefix + layer + "down_proj");
        }
        builder.add("model.visual.patch_embed.proj.bias", DType::F32, {2}, {1, 2});
        text["model_type"] = "qwen3_vl_moe_text";
        text.erase("norm_topk_prob");
        text["rope_scaling"]
            = {{"mrope_interleaved", true}, {"mrope_section", {4, 2, 2}}, {"rope_type", "default"}};
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        std::ofstream(folder / "config.json")
            << (whole ? Json{{"model_type", "qwen3_vl_moe"}, {"text_config", text},
                    {"vision_config", {{"model_type", "qwen3_vl_moe"}}}}
                      : text)
                   .dump();
        compareWith(folder, "qwen3_moe");
        const auto open = openModel(folder);
        VERIFY_OK(open);
        const ModelConfig& config = (*open)->model->config();
        QCOMPARE(config.familyName, std::string("Qwen3-VL-MoE"));
        const MlpTensors& expert = (*open)->model->layer(LayerId(0)).experts.front();
        QCOMPARE(expert.gate.rows, std::size_t{config.layers.front().intermediate});
        QCOMPARE(expert.down.rows, std::size_t{config.hidden});
    }

    /// With renormalised weights and without shared experts DeepSeekMoE is Mixtral.
    void deepseekWithoutSharedExpertsIsMixtral()
    {
        const auto original = Checkpoint::open(fixture("mixtral"));
        VERIFY_OK(original);
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors()) {
            std::string name = tensor.name;
            replaceAll(name, "block_sparse_moe.", "mlp.");
            replaceAll(name, ".w1.", ".gate_proj.");
            replaceAll(name, ".w3.", ".up_proj.");
            replaceAll(name, ".w2.", ".down_proj.");
            builder.addBytes(name, tensor.dtype, tensor.shape, bytesOf(tensor));
        }
        Json config = fixtureConfig("mixtral");
        config["model_type"] = "deepseek";
        config["n_routed_experts"] = config["num_local_experts"];
        config["moe_intermediate_size"] = config["intermediate_size"];
        config["norm_topk_prob"] = true;
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        std::ofstream(folder / "config.json") << config.dump();
        compareWith(folder, "mixtral");
    }

    /// MiniMax-M2 as newer programs save it.
    void minimaxM2UnderTheNamesOfLaterFiles()
    {
        const auto original = Checkpoint::open(fixture("minimax_m2"));
        VERIFY_OK(original);
        const Json config = fixtureConfig("minimax_m2");
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*original)->tensors()) {
            std::string name = tensor.name;
            replaceAll(name, "block_sparse_moe.", "mlp.");
            if (name.find(".experts.") == std::string::npos)
                builder.addBytes(name, tensor.dtype, tensor.shape, bytesOf(tensor));
        }
        for (int l = 0; l < config["num_hidden_layers"].get<int>(); ++l) {
            const std::string layer = "model.layers." + std::to_string(l) + ".";
            Stack gateUp(false);
            Stack down(false);
            for (int e = 0; e < config["num_local_experts"].get<int>(); ++e) {
                const std::string name
                    = layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
                gateUp.add(
                    {(*original)->find(name + "w1.weight"), (*original)->find(name + "w3.weight")});
                down.add({(*original)->find(name + "w2.weight")});
            }
            gateUp.moveTo(builder, layer + "mlp.experts.gate_up_proj");
            down.moveTo(builder, layer + "mlp.experts.down_proj");
        }
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        std::ofstream(folder / "config.json") << config.dump();
        compareWith(folder, "minimax_m2");
    }

    void deepseekFollowsItsRules()
    {
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        VERIFY_OK(DeepSeek().write(folder));
        const auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        const RouterSpec& router = model.config().router;
        QCOMPARE(router.score, ScoreFunction::Softmax);
        QVERIFY(!router.renormalise && !router.selectionBias && router.groups == 1);
        QCOMPARE(router.sharedExperts, 2U);
        QCOMPARE(model.mixtureLayers().size(), std::size_t{2});
        QVERIFY(model.layer(LayerId(1)).shared.has_value());
        QCOMPARE(model.layer(LayerId(1)).shared->gate.rows, std::size_t{20});
        std::uint64_t elements = 0;
        for (const TensorInfo& tensor : (*open)->checkpoint->tensors())
            elements += tensor.elements();
        QCOMPARE(model.parameters(), elements);

        const std::vector<std::int32_t> ids{3, 14, 15, 9, 26, 5, 35, 8, 9, 7};
        const test::ReferenceRun reference = test::referenceForward(model, ids);
        const auto actual = test::run(model, ids, test::Mode::SmallChunks, 2);
        VERIFY_OK(actual);
        const auto flat = [](const std::vector<std::vector<double>>& rows) {
            std::vector<float> values;
            for (const auto& row : rows)
                values.insert(values.end(), row.begin(), row.end());
            return values;
        };
        VERIFY_CLOSE(actual->values.at("logits"), flat(reference.logits), 1e-4);
        for (const std::string l : {"1", "2"}) {
            const auto layer = static_cast<std::size_t>(std::stoi(l));
            VERIFY_CLOSE(
                actual->values.at("router_logits." + l), flat(reference.routerLogits[layer]), 1e-4);
            VERIFY_CLOSE(
                actual->values.at("topk_weights." + l), flat(reference.weights[layer]), 1e-5);
            std::vector<std::int32_t> chosen;
            for (const auto& row : reference.ids[layer])
                chosen.insert(chosen.end(), row.begin(), row.end());
            QCOMPARE(actual->ids.at("topk_ids." + l), chosen);
            for (const auto& weights : reference.weights[layer])
                QVERIFY(weights[0] + weights[1] + weights[2] < 0.999);
        }
    }

    void deepseekSaysWhatItCannotDo()
    {
        QTemporaryDir temporary;
        const fs::path folder = temporary.path().toStdString();
        DeepSeek model;
        model.config["scoring_func"] = "tanh";
        VERIFY_OK(model.write(folder));
        auto open = openModel(folder);
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
        QVERIFY((*open)->modelError.message.find("\"tanh\"") != std::string::npos);
        // Every second layer is a mixture: the others would have to be dense.
        model.config["scoring_func"] = "softmax";
        model.config["moe_layer_freq"] = 2;
        VERIFY_OK(model.write(folder));
        const auto uneven = openModel(folder);
        QVERIFY(!uneven);
        QVERIFY(uneven.error().message.find("layers.1.mlp.gate_proj") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestFamilyKin)
#include "tst_family_kin.moc"
