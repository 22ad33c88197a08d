// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <fstream>

#include <QtCore/QTemporaryDir>

#include "core/base/random.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/recorder.h"

using namespace moescope;

namespace {

using Values = std::vector<float>;

/// `blocks` of `size` values each in the order that converters give the value heads of Qwen3.5:
/// head r of key head g comes to r * keyHeads + g.
Values tile(const Values& values, std::size_t size, const DeltaSpec& shape)
{
    const std::size_t each = shape.valueHeads / shape.keyHeads;
    Values tiled(values.size());
    for (std::size_t g = 0; g < shape.keyHeads; ++g) {
        for (std::size_t r = 0; r < each; ++r)
            std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((g * each + r) * size), size,
                tiled.begin() + static_cast<std::ptrdiff_t>((r * shape.keyHeads + g) * size));
    }
    return tiled;
}

Values joined(const std::vector<MatrixView>& parts)
{
    Values all;
    for (const MatrixView& part : parts) {
        const Values rows = decodeAll(part);
        all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
}

/// Rows of heads in the order that makes half-split pairs neighbours.
Values interleaved(const MatrixView& matrix, std::size_t head)
{
    const Values plain = decodeAll(matrix);
    Values result;
    for (std::size_t row = 0; row < matrix.rows; ++row) {
        const std::size_t in = row % head;
        const std::size_t from = row - in + in / 2 + (in % 2 == 1 ? head / 2 : 0);
        const auto at = plain.begin() + static_cast<std::ptrdiff_t>(from * matrix.cols);
        result.insert(result.end(), at, at + static_cast<std::ptrdiff_t>(matrix.cols));
    }
    return result;
}

/// Writes a model that was read from a published checkpoint the way GGUF converters do, in F32.
class Converter {
public:
    Converter(const MoeModel& model, std::string architecture)
        : m_model(model)
        , m_config(model.config())
        , m_architecture(std::move(architecture))
    {
    }

    void write(const std::filesystem::path& path)
    {
        m_builder.string("general.architecture", m_architecture);
        writeKeys();
        const ModelTensors& tensors = m_model.tensors();
        matrix("token_embd.weight", tensors.embedding);
        vector("output_norm.weight", tensors.finalNorm.weight);
        if (tensors.head.data != tensors.embedding.data)
            matrix("output.weight", tensors.head);
        for (std::uint32_t l = 0; l < m_config.layerCount(); ++l) {
            m_prefix = "blk." + std::to_string(l) + ".";
            writeLayer(m_model.layer(LayerId(l)));
        }
        const std::string bytes = m_builder.bytes();
        std::ofstream(path, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

private:
    void key(const std::string& name, std::uint32_t value)
    {
        m_builder.uint32(m_architecture + "." + name, value);
    }
    void tensor(
        const std::string& name, const std::vector<std::uint64_t>& dimensions, const Values& values)
    {
        m_builder.tensor(name, 0, dimensions,
            std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * 4));
    }
    void matrix(const std::string& name, const MatrixView& view)
    {
        if (!view.empty())
            tensor(name, {view.cols, view.rows}, decodeAll(view));
    }
    void vector(const std::string& name, const Values& values)
    {
        if (!values.empty())
            tensor(name, {values.size()}, values);
    }
    bool isAnyOf(std::initializer_list<std::string_view> names) const
    {
        return std::ranges::find(names, m_architecture) != names.end();
    }
    /// Projection to the queries or keys of all heads.
    void headRows(const std::string& name, const MatrixView& view)
    {
        if (!view.empty() && isAnyOf({"deepseek", "granitehybrid", "granitemoe"}))
            tensor(name, {view.cols, view.rows}, interleaved(view, m_config.attention.headDim));
        else
            matrix(name, view);
    }
    void stack(const std::string& name, const std::vector<MlpTensors>& experts, Projection which)
    {
        std::vector<MatrixView> parts;
        for (const MlpTensors& expert : experts)
            parts.push_back(expert[which]);
        tensor(
            m_prefix + name, {parts.front().cols, parts.front().rows, parts.size()}, joined(parts));
    }

    void writeKeys()
    {
        const AttentionSpec& attention = m_config.attention;
        const RouterSpec& router = m_config.router;
        key("block_count", m_config.layerCount());
        key("embedding_length", m_config.hidden);
        key("context_length", m_config.maxPositions);
        key("attention.head_count", attention.heads);
        key("attention.head_count_kv", attention.kvHeads);
        key("attention.key_length", attention.headDim);
        key("attention.value_length", attention.headDim);
        key("rope.dimension_count", attention.rope.width);
        m_builder.float32(
            m_architecture + ".rope.freq_base", static_cast<float>(attention.rope.base));
        m_builder.float32(m_architecture + ".attention.layer_norm_rms_epsilon",
            static_cast<float>(m_config.normEps));
        key("expert_count", router.experts);
        key("expert_used_count", router.topK);
        if (isAnyOf({"granitehybrid"}))
            writeGraniteKeys();
        else
            key("expert_shared_count", router.sharedExperts);
        key("expert_feed_forward_length",
            m_config.layers[m_model.mixtureLayers().front().value].intermediate);
        key("feed_forward_length", m_config.layers.front().intermediate);
        if (router.score == ScoreFunction::Sigmoid && !router.weighsInput) {
            key("expert_gating_func", 2);
            m_builder.boolean(m_architecture + ".expert_weights_norm", router.renormalise);
        }
        if (router.scale != 1)
            m_builder.float32(m_architecture + ".expert_weights_scale", router.scale);
        if (attention.delta) {
            key("ssm.conv_kernel", attention.delta->taps);
            key("ssm.state_size", attention.delta->keyDim);
            key("ssm.group_count", attention.delta->keyHeads);
            key("ssm.time_step_rank", attention.delta->valueHeads);
            key("ssm.inner_size", attention.delta->valueHeads * attention.delta->valueDim);
        }
    }

    void writeGraniteKeys()
    {
        key("expert_shared_feed_forward_length", m_config.router.sharedIntermediate);
        const auto scale = [&](const char* name, double value) {
            m_builder.float32(m_architecture + "." + name, static_cast<float>(value));
        };
        scale("embedding_scale", m_config.embeddingMultiplier);
        scale("residual_scale", m_config.residualMultiplier);
        scale("attention.scale", m_config.attention.scale);
        scale("logit_scale", 1 / m_config.logitMultiplier);
        m_builder.boolean(m_architecture + ".rope.scaling.finetuned", m_config.layers.front().rope);
    }

    void writeLayer(const LayerTensors& layer)
    {
        const bool hybrid = m_config.attention.delta.has_value();
        vector(m_prefix + "attn_norm.weight", layer.attentionNorm.weight);
        vector(m_prefix + (hybrid ? "post_attention_norm.weight" : "ffn_norm.weight"),
            layer.mlpNorm.weight);
        headRows(m_prefix + "attn_q.weight", layer.q);
        headRows(m_prefix + "attn_k.weight", layer.k);
        matrix(m_prefix + "attn_v.weight", layer.v);
        matrix(m_prefix + "attn_output.weight", layer.o);
        vector(m_prefix + "attn_q_norm.weight", layer.qNorm.weight);
        vector(m_prefix + "attn_k_norm.weight", layer.kNorm.weight);
        if (layer.delta)
            writeDelta(*layer.delta);
        matrix(m_prefix + "ffn_gate.weight", layer.dense.gate);
        matrix(m_prefix + "ffn_up.weight", layer.dense.up);
        matrix(m_prefix + "ffn_down.weight", layer.dense.down);
        if (layer.experts.empty())
            return;
        matrix(m_prefix + "ffn_gate_inp.weight", layer.router);
        vector(m_prefix + "exp_probs_b.bias", layer.selectionBias);
        stack("ffn_gate_exps.weight", layer.experts, Projection::Gate);
        stack("ffn_up_exps.weight", layer.experts, Projection::Up);
        stack("ffn_down_exps.weight", layer.experts, Projection::Down);
        if (layer.shared) {
            matrix(m_prefix + "ffn_gate_shexp.weight", layer.shared->gate);
            matrix(m_prefix + "ffn_up_shexp.weight", layer.shared->up);
            matrix(m_prefix + "ffn_down_shexp.weight", layer.shared->down);
        }
        matrix(m_prefix + "ffn_gate_inp_shexp.weight", layer.sharedGate);
    }

    void writeDelta(const DeltaTensors& delta)
    {
        const DeltaSpec& shape = *m_config.attention.delta;
        const std::uint64_t hidden = m_config.hidden;
        const std::size_t keys = std::size_t{2} * shape.keyHeads * shape.keyDim;
        const std::size_t values = std::size_t{shape.valueHeads} * shape.valueDim;
        const bool tiled = m_architecture == "qwen35moe";
        const auto order = [&](const Values& list, std::size_t size) {
            return tiled ? tile(list, size, shape) : list;
        };
        Values qkv = joined(delta.q);
        for (const Values& part :
            {joined(delta.k), order(joined(delta.v), shape.valueDim * hidden)})
            qkv.insert(qkv.end(), part.begin(), part.end());
        tensor(m_prefix + "attn_qkv.weight", {hidden, keys + values}, qkv);
        tensor(m_prefix + "attn_gate.weight", {hidden, values},
            order(joined(delta.z), shape.valueDim * hidden));
        if (tiled) {
            tensor(m_prefix + "ssm_beta.weight", {hidden, shape.valueHeads},
                order(joined(delta.beta), hidden));
            tensor(m_prefix + "ssm_alpha.weight", {hidden, shape.valueHeads},
                order(joined(delta.decay), hidden));
        } else {
            std::vector<MatrixView> rates;
            for (std::size_t g = 0; g < delta.beta.size(); ++g) {
                rates.push_back(delta.beta[g]);
                rates.push_back(delta.decay[g]);
            }
            tensor(m_prefix + "ssm_ba.weight", {hidden, 2 * shape.valueHeads}, joined(rates));
        }
        const auto split
            = delta.convolution.begin() + static_cast<std::ptrdiff_t>(keys * shape.taps);
        Values taps(delta.convolution.begin(), split);
        const Values ordered
            = order(Values(split, delta.convolution.end()), shape.valueDim * shape.taps);
        taps.insert(taps.end(), ordered.begin(), ordered.end());
        tensor(m_prefix + "ssm_conv1d.weight", {shape.taps, keys + values}, taps);
        vector(m_prefix + "ssm_dt.bias", order(delta.decayBias, 1));
        Values rates = order(delta.logDecay, 1);
        for (float& rate : rates)
            rate = -std::exp(rate);
        vector(m_prefix + "ssm_a", rates);
        vector(m_prefix + "ssm_norm.weight", delta.norm.weight);
        Values out;
        const Values plain = decodeAll(delta.out);
        for (std::size_t row = 0; row < hidden; ++row) {
            const auto at = plain.begin() + static_cast<std::ptrdiff_t>(row * values);
            const Values columns
                = order(Values(at, at + static_cast<std::ptrdiff_t>(values)), shape.valueDim);
            out.insert(out.end(), columns.begin(), columns.end());
        }
        tensor(m_prefix + "ssm_out.weight", {values, hidden}, out);
    }

    const MoeModel& m_model;
    const ModelConfig& m_config;
    std::string m_architecture;
    std::string m_prefix;
    test::GgufBuilder m_builder;
};

/// A published folder like that of a fixture, with some settings changed.
Status writeVariant(
    const std::filesystem::path& folder, const std::string& fixture, const std::string& changes)
{
    const auto original = test::fixtures() / "families" / fixture;
    MOESCOPE_TRY(Json config, readJsonFile(original / "config.json"));
    MOESCOPE_TRY(const Json patch, parseJson(changes, "the changes"));
    config.merge_patch(patch);
    MOESCOPE_TRY(const auto checkpoint, Checkpoint::open(original));
    test::CheckpointBuilder builder;
    for (const TensorInfo& tensor : checkpoint->tensors())
        builder.addBytes(
            tensor.name, tensor.dtype, tensor.shape, {tensor.bytes.begin(), tensor.bytes.end()});
    if (config["model_type"] == "granitemoehybrid") {
        Random random(3);
        const auto hidden = config["hidden_size"].get<std::uint64_t>();
        const auto inner = config["shared_intermediate_size"].get<std::uint64_t>();
        const auto add = [&](const std::string& name, std::uint64_t rows, std::uint64_t cols) {
            Values values(rows * cols);
            for (float& value : values)
                value = 0.1F * static_cast<float>(random.normal());
            builder.add(name, DType::F32, {rows, cols}, values);
        };
        for (int l = 0; l < config["num_hidden_layers"].get<int>(); ++l) {
            const std::string mlp = "model.layers." + std::to_string(l) + ".shared_mlp.";
            add(mlp + "input_linear.weight", 2 * inner, hidden);
            add(mlp + "output_linear.weight", hidden, inner);
        }
    }
    std::filesystem::create_directories(folder);
    MOESCOPE_CHECK(writeFileAtomically(folder / "config.json", dumpJson(config)));
    return builder.writeFile(folder / "model.safetensors");
}

} // namespace

class TestGgufConversions : public QObject {
    Q_OBJECT

private slots:
    void meansTheSame_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("architecture");
        for (const auto& [folder, architecture] : {std::pair{"dots1", "dots1"},
                 std::pair{"hunyuan_v1_moe", "hunyuan-moe"}, std::pair{"minimax_m2", "minimax-m2"},
                 std::pair{"qwen3_5_moe", "qwen35moe"}, std::pair{"qwen3_next", "qwen3next"}})
            QTest::newRow(architecture)
                << QString::fromLatin1(folder) << QString::fromLatin1(architecture);
    }

    /// Architectures without a reference file: the published checkpoint, converted by the rules.
    void meansTheSame()
    {
        QFETCH(QString, folder);
        QFETCH(QString, architecture);
        const auto path = test::fixtures() / "families" / folder.toStdString();
        const auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        const auto published = openModel(path);
        VERIFY_OK(published);
        QVERIFY2((*published)->model, (*published)->modelError.message.c_str());
        const QTemporaryDir target;
        const std::filesystem::path file = target.filePath(QStringLiteral("m.gguf")).toStdString();
        Converter(*(*published)->model, architecture.toStdString()).write(file);
        const auto converted = openModel(file);
        VERIFY_OK(converted);
        QVERIFY2((*converted)->model, (*converted)->modelError.message.c_str());
        const MoeModel& model = *(*converted)->model;
        QCOMPARE(model.config().familyName, (*published)->model->config().familyName);
        QCOMPARE(model.config().router.describe(), (*published)->model->config().router.describe());
        QCOMPARE(model.parameters(), (*published)->model->parameters());
        for (std::size_t p = 0; p < expected->prompts(); ++p) {
            const auto answer = test::run(model, expected->prompt(p), test::Mode::Prefill, 2);
            VERIFY_OK(answer);
            const auto outcome = expected->compare(p, *answer);
            QVERIFY2(outcome.problem.empty(), outcome.problem.c_str());
            QVERIFY(outcome.compared > 2);
        }
    }

    void variantsMeanTheSame_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("architecture");
        const auto row = [](const char* name, const char* folder, const char* changes,
                             const char* architecture) {
            QTest::newRow(name) << QString::fromLatin1(folder) << QString::fromLatin1(changes)
                                << QString::fromLatin1(architecture);
        };
        // What is peculiar to these is nowhere in the file, so it has to be as published.
        row("llama4", "llama4",
            R"({"text_config": {"attention_chunk_size": 8192, "floor_scale": 8192,
                "no_rope_layers": null}})",
            "llama4");
        row("deepseek", "dots1",
            R"({"model_type": "deepseek", "scoring_func": "softmax", "norm_topk_prob": false})",
            "deepseek");
        row("granitehybrid", "granitemoe",
            R"({"model_type": "granitemoehybrid", "shared_intermediate_size": 24,
                "layer_types": ["attention", "attention", "attention"],
                "position_embedding_type": "rope"})",
            "granitehybrid");
        row("granitehybrid without positions", "granitemoe",
            R"({"model_type": "granitemoehybrid", "shared_intermediate_size": 24,
                "layer_types": ["attention", "attention", "attention"],
                "position_embedding_type": "nope"})",
            "granitehybrid");
    }

    void variantsMeanTheSame()
    {
        QFETCH(QString, folder);
        QFETCH(QString, changes);
        QFETCH(QString, architecture);
        const QTemporaryDir target;
        const std::filesystem::path path = target.path().toStdString();
        VERIFY_OK(writeVariant(path / "published", folder.toStdString(), changes.toStdString()));
        const auto published = openModel(path / "published");
        VERIFY_OK(published);
        QVERIFY2((*published)->model, (*published)->modelError.message.c_str());
        Converter(*(*published)->model, architecture.toStdString()).write(path / "m.gguf");
        const auto converted = openModel(path / "m.gguf");
        VERIFY_OK(converted);
        QVERIFY2((*converted)->model, (*converted)->modelError.message.c_str());
        const MoeModel& model = *(*converted)->model;
        QCOMPARE(model.config().familyName, (*published)->model->config().familyName);
        QCOMPARE(model.config().router.describe(), (*published)->model->config().router.describe());
        QCOMPARE(model.parameters(), (*published)->model->parameters());
        const std::vector<std::int32_t> ids = {3, 17, 90, 4, 4, 61, 120, 33, 8, 2, 150, 77};
        const auto before = test::run(*(*published)->model, ids, test::Mode::Prefill, 2);
        VERIFY_OK(before);
        const auto after = test::run(model, ids, test::Mode::Prefill, 2);
        VERIFY_OK(after);
        QCOMPARE(before->values.size(), after->values.size());
        for (const auto& [name, values] : before->values) {
            const auto comparison = test::compareFloats(after->values.at(name), values, 2e-5);
            QVERIFY2(comparison.ok, (name + ": " + comparison.message).c_str());
        }
        QVERIFY(before->ids == after->ids);
    }
};

QTEST_APPLESS_MAIN(TestGgufConversions)
#include "tst_gguf_conversions.moc"
