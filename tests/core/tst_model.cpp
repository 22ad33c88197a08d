// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtCore/QTemporaryDir>

#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

using namespace moescope;
using Family = test::ModelSpec::Family;

class TestModel : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::filesystem::path newFolder()
    {
        return m_folder.filePath(QStringLiteral("m%1").arg(m_count++)).toStdString();
    }

    /// The Granite reference with a shared MLP in every layer, silent or not, as another type.
    Result<std::shared_ptr<const OpenModel>> openGranite(
        float loudness, const std::function<void(Json&)>& edit)
    {
        const auto source = test::fixtures() / "families" / "granitemoe";
        MOESCOPE_TRY(const auto original, openModel(source));
        const ModelConfig& shape = original->model->config();
        constexpr std::uint64_t kInner = 6;
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : original->checkpoint->tensors())
            builder.addBytes(tensor.name, tensor.dtype, tensor.shape,
                {tensor.bytes.begin(), tensor.bytes.end()});
        for (std::uint32_t l = 0; l < shape.layerCount(); ++l) {
            const std::string prefix = "model.layers." + std::to_string(l) + ".shared_mlp.";
            std::vector<float> in(2 * kInner * shape.hidden);
            std::vector<float> out(kInner * shape.hidden, loudness);
            for (std::size_t i = 0; i < in.size(); ++i)
                in[i] = static_cast<float>(i % 7) / 8 - 0.25F;
            builder.add(prefix + "input_linear.weight", DType::F32, {2 * kInner, shape.hidden}, in);
            builder.add(prefix + "output_linear.weight", DType::F32, {shape.hidden, kInner}, out);
        }
        const auto path = newFolder();
        std::filesystem::create_directories(path);
        MOESCOPE_CHECK(builder.writeFile(path / "model.safetensors"));
        MOESCOPE_TRY(Json config, readJsonFile(source / "config.json"));
        config["shared_intermediate_size"] = kInner;
        edit(config);
        MOESCOPE_CHECK(writeFileAtomically(path / "config.json", dumpJson(config)));
        return openModel(path);
    }

    static std::vector<float> lastLogits(const OpenModel& open)
    {
        struct Logits : ForwardObserver {
            std::vector<float> values;
            void onLogits(std::uint32_t, std::span<const float> logits) override
            {
                values = {logits.begin(), logits.end()};
            }
        } logits;
        TaskContext context;
        KvCache cache(open.model->config());
        const std::vector<std::int32_t> ids = {5, 1, 7, 3};
        if (!forward(*open.model, cache, ids, {}, &logits, context))
            return {};
        return logits.values;
    }

    /// Opens a tiny model whose config.json was changed by `edit`.
    Result<std::shared_ptr<const OpenModel>> openEdited(const std::function<void(Json&)>& edit)
    {
        const auto path = newFolder();
        const test::ModelSpec spec = test::tinyModel(Family::Mixtral);
        MOESCOPE_CHECK(test::writeModel(path, spec));
        Json config = test::modelConfigJson(spec);
        edit(config);
        MOESCOPE_CHECK(writeFileAtomically(path / "config.json", dumpJson(config)));
        return openModel(path);
    }

private slots:
    void samplesSayWhatTheyAre()
    {
        const auto samples = listSamples(test::resources());
        QCOMPARE(samples.size(), std::size_t{3});
        QCOMPARE(samples.front().id, std::string("native"));
        QCOMPARE(samples.front().title, std::string("Native sample"));
        QVERIFY(samples.front().history.find("trained as a mixture") != std::string::npos);
        const auto open = openModel(samples.front().folder, samples.front().title);
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;
        QCOMPARE(model.config().familyName, std::string("OLMoE"));
        QCOMPARE(model.mixtureLayers().size(), std::size_t{8});
        QCOMPARE(model.config().router.experts, 16U);
        QVERIFY(model.config().router.describe().find("softmax over 16 experts, top 4")
            != std::string::npos);
        QCOMPARE(model.typicalWeights().dtype, DType::BF16);
        std::uint64_t elements = 0;
        for (const TensorInfo& tensor : (*open)->checkpoint->tensors())
            elements += tensor.elements();
        QCOMPARE(model.parameters(), elements);
        // 12 of 16 experts of 3·96·128 weights rest in each of 8 layers.
        QCOMPARE(model.activeParameters(), elements - 8ULL * 12 * 3 * 96 * 128);
    }

    void denseModelsHaveNoRouter()
    {
        const auto open = openModel(test::resources() / "samples" / "dense_parent");
        VERIFY_OK(open);
        QVERIFY((*open)->model->mixtureLayers().empty());
        QCOMPARE((*open)->model->activeParameters(), (*open)->model->parameters());
    }

    void unknownFamiliesOpenForInspection()
    {
        const auto open = openEdited([](Json& config) { config["model_type"] = "spiral_moe"; });
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
        QVERIFY((*open)->modelError.message.find("spiral_moe") != std::string::npos);
        QVERIFY(!(*open)->checkpoint->tensors().empty());
    }

    void brokenConfigsAreNamed_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* key, const char* value, const char* message) {
            QTest::addRow("%s=%s", key, value)
                << QString::fromLatin1(key) << QString::fromLatin1(value)
                << QString::fromLatin1(message);
        };
        row("hidden_size", "0", "\"hidden_size\"");
        row("hidden_size", "-4", "\"hidden_size\"");
        row("hidden_size", "\"16\"", "\"hidden_size\"");
        row("hidden_size", "null", "\"hidden_size\" is missing");
        row("hidden_size", "1e30", "\"hidden_size\"");
        row("num_hidden_layers", "4000000000", "\"num_hidden_layers\"");
        row("num_hidden_layers", "3", "model.layers.2");
        row("num_local_experts", "5", "[5, 16]");
        row("num_local_experts", "70000", "\"num_local_experts\"");
        row("num_experts_per_tok", "5", "5 experts per token");
        row("num_key_value_heads", "3", "cannot be shared evenly");
        row("head_dim", "7", "rotated width");
        row("rms_norm_eps", "-1", "\"rms_norm_eps\"");
        row("rms_norm_eps", "1e300", "\"rms_norm_eps\" should be below 1");
        for (const char* kind : {"yarn", "linear", "llama3", "dynamic"})
            row("rope_scaling", (std::string("{\"rope_type\": \"") + kind + "\"}").c_str(),
                "needs a \"factor\"");
        row("rope_theta", "0", "\"rope_theta\"");
        row("vocab_size", "33", "[33, 16]");
        row("eos_token_id", "\"x\"", "\"eos_token_id\"");
        row("sliding_window", "0", "\"sliding_window\"");
    }

    void brokenConfigsAreNamed()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, message);
        const auto open = openEdited(
            [&](Json& config) { config[key.toStdString()] = Json::parse(value.toStdString()); });
        QVERIFY(!open);
        QVERIFY(
            open.error().code == ErrorCode::BadFormat || open.error().code == ErrorCode::NotFound);
        QVERIFY2(open.error().message.find(message.toStdString()) != std::string::npos,
            open.error().message.c_str());
    }

    void knownButUnsupportedFeaturesAreNamed_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::newRow("activation") << QStringLiteral("hidden_act") << QStringLiteral("\"gelu\"");
        QTest::newRow("rope kind") << QStringLiteral("rope_scaling")
                                   << QStringLiteral("{\"rope_type\": \"spiral\", \"factor\": 4}");
        QTest::newRow("bias") << QStringLiteral("mlp_bias") << QStringLiteral("true");
    }

    void knownButUnsupportedFeaturesAreNamed()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        const auto open = openEdited(
            [&](Json& config) { config[key.toStdString()] = Json::parse(value.toStdString()); });
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
    }

    /// They can never be generated.
    void endTokensOutsideTheVocabularyAreIgnored()
    {
        const auto open = openEdited([](Json& config) { config["eos_token_id"] = {4000, 3}; });
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        QCOMPARE((*open)->model->config().endTokens, (std::vector<std::int32_t>{3}));
    }

    void weightsQuantisedByOtherToolsOpenForInspection_data()
    {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("ending");
        QTest::addColumn<int>("dtype");
        QTest::addColumn<QString>("named");
        const auto row
            = [](const char* method, const char* ending, DType dtype, const char* named) {
                  QTest::addRow("%s %s", method, ending)
                      << QString::fromLatin1(method) << QString::fromLatin1(ending)
                      << static_cast<int>(dtype) << QString::fromLatin1(named);
              };
        row("gptq", ".qweight", DType::I32, "\"gptq\"");
        row("awq", ".qweight", DType::I32, "\"awq\"");
        row("bitsandbytes", ".weight", DType::U8, "\"bitsandbytes\"");
        row("compressed-tensors", ".weight_packed", DType::I32, "\"compressed-tensors\"");
        row("compressed-tensors", ".weight", DType::I8, "\"compressed-tensors\"");
        row("hqq", ".W_q", DType::U8, "\"hqq\"");
        row("", ".weight", DType::I8, "is i8");
    }

    void weightsQuantisedByOtherToolsOpenForInspection()
    {
        QFETCH(QString, method);
        QFETCH(QString, ending);
        QFETCH(int, dtype);
        QFETCH(QString, named);
        const auto plain = openEdited([](Json&) {});
        VERIFY_OK(plain);
        const auto path = newFolder();
        std::filesystem::create_directories(path);
        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*plain)->checkpoint->tensors()) {
            const auto at = tensor.name.find("_proj.weight");
            if (at == std::string::npos)
                builder.addBytes(tensor.name, tensor.dtype, tensor.shape,
                    {tensor.bytes.begin(), tensor.bytes.end()});
            else
                builder.addBytes(tensor.name.substr(0, at) + "_proj" + ending.toStdString(),
                    static_cast<DType>(dtype), {4, 8},
                    std::vector<std::byte>(32 * dtypeBytes(static_cast<DType>(dtype))));
        }
        VERIFY_OK(builder.writeFile(path / "model.safetensors"));
        Json config = test::modelConfigJson(test::tinyModel(Family::Mixtral));
        if (!method.isEmpty())
            config["quantization_config"] = {{"quant_method", method.toStdString()}};
        VERIFY_OK(writeFileAtomically(path / "config.json", dumpJson(config)));
        const auto open = openModel(path);
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
        QVERIFY2((*open)->modelError.message.find(named.toStdString()) != std::string::npos,
            (*open)->modelError.message.c_str());
        QCOMPARE((*open)->modelType, std::string("mixtral"));
    }

    void ropeIsReadInEverySpelling()
    {
        const auto base = [&](const std::function<void(Json&)>& edit) {
            const auto open = openEdited(edit);
            return open && (*open)->model ? (*open)->model->config().attention.rope.base : -1.0;
        };
        QCOMPARE(base([](Json& c) { c.erase("rope_theta"); }), 1e6);
        QCOMPARE(base([](Json& c) { c["rope_theta"] = 500; }), 500.0);
        QCOMPARE(base([](Json& c) {
            c.erase("rope_theta");
            c["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 700.0}};
        }),
            700.0);
        QCOMPARE(base([](Json& c) {
            c["rope_theta"] = 500;
            c["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}, {"rope_theta", 900}};
        }),
            900.0);
    }

    void fusedExpertsEqualSeparateOnes()
    {
        const test::ModelSpec spec = test::tinyModel(Family::Mixtral);
        const auto separate = newFolder();
        VERIFY_OK(test::writeModel(separate, spec));
        const auto open = openModel(separate);
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;

        test::CheckpointBuilder builder;
        for (const TensorInfo& tensor : (*open)->checkpoint->tensors()) {
            const auto at = tensor.name.find("block_sparse_moe.");
            if (at == std::string::npos)
                builder.addBytes(tensor.name, tensor.dtype, tensor.shape,
                    {tensor.bytes.begin(), tensor.bytes.end()});
            else if (tensor.name.ends_with("gate.weight"))
                builder.addBytes(tensor.name.substr(0, at) + "mlp.gate.weight", tensor.dtype,
                    tensor.shape, {tensor.bytes.begin(), tensor.bytes.end()});
        }
        for (std::uint32_t l = 0; l < spec.layers; ++l) {
            std::vector<float> gateUp;
            std::vector<float> down;
            for (const MlpTensors& expert : model.layer(LayerId(l)).experts) {
                for (const MatrixView& part : {expert.gate, expert.up}) {
                    const auto values = decodeAll(part);
                    gateUp.insert(gateUp.end(), values.begin(), values.end());
                }
                const auto values = decodeAll(expert.down);
                down.insert(down.end(), values.begin(), values.end());
            }
            const std::string prefix = "model.layers." + std::to_string(l) + ".mlp.experts.";
            builder.add(prefix + "gate_up_proj", spec.dtype,
                {spec.experts, std::uint64_t{2} * spec.intermediate, spec.hidden}, gateUp);
            builder.add(prefix + "down_proj", spec.dtype,
                {spec.experts, spec.hidden, spec.intermediate}, down);
        }
        const auto fused = newFolder();
        std::filesystem::create_directories(fused);
        VERIFY_OK(builder.writeFile(fused / "model.safetensors"));
        VERIFY_OK(
            writeFileAtomically(fused / "config.json", dumpJson(test::modelConfigJson(spec))));
        const auto other = openModel(fused);
        VERIFY_OK(other);
        QVERIFY2((*other)->model, (*other)->modelError.message.c_str());
        for (std::uint32_t l = 0; l < spec.layers; ++l) {
            for (std::uint32_t e = 0; e < spec.experts; ++e) {
                for (const Projection projection : kProjections)
                    QVERIFY(decodeAll(model.layer(LayerId(l)).experts[e][projection])
                        == decodeAll((*other)->model->layer(LayerId(l)).experts[e][projection]));
            }
        }
    }

    void graniteKindsDifferByTheirSharedMlp()
    {
        const auto typed = [](const char* type) {
            return [type](Json& config) {
                config["model_type"] = type;
                config["position_embedding_type"] = "rope";
                config["layer_types"] = std::vector<std::string>(3, "attention");
            };
        };
        const auto plain = openModel(test::fixtures() / "families" / "granitemoe");
        VERIFY_OK(plain);
        const auto silent = openGranite(0, typed("granitemoeshared"));
        const auto loud = openGranite(0.5F, typed("granitemoeshared"));
        const auto hybrid = openGranite(0.5F, typed("granitemoehybrid"));
        for (const auto* open : {&silent, &loud, &hybrid}) {
            VERIFY_OK(*open);
            QVERIFY2((**open)->model, (**open)->modelError.message.c_str());
            QCOMPARE((**open)->model->parameters(),
                (*plain)->model->parameters() + 3ULL * 3 * 6 * (*plain)->model->config().hidden);
        }
        const auto expected = lastLogits(**plain);
        QVERIFY(!expected.empty());
        QVERIFY(lastLogits(**silent) == expected);
        QVERIFY(lastLogits(**loud) != expected);
        QVERIFY(lastLogits(**hybrid) == lastLogits(**loud));
    }

    void mambaLayersOpenForTheirWeights()
    {
        const auto open = openGranite(0.5F, [](Json& config) {
            config["model_type"] = "granitemoehybrid";
            config["layer_types"] = {"mamba", "attention", "mamba"};
        });
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        QCOMPARE(model.mixtureLayers().size(), std::size_t{3});
        QCOMPARE(model.layer(LayerId(0)).experts.size(), std::size_t{8});
        QVERIFY(model.layer(LayerId(0)).q.empty() && !model.layer(LayerId(1)).q.empty());
        TaskContext context;
        KvCache cache(model.config());
        const std::vector<std::int32_t> ids = {1};
        const auto status = forward(model, cache, ids, {}, nullptr, context);
        QVERIFY(!status);
        QCOMPARE(status.error().code, ErrorCode::Unsupported);
        QVERIFY2(status.error().message.find("Mamba-2 layers") != std::string::npos,
            status.error().message.c_str());
    }

    void namesAreResolved()
    {
        const std::filesystem::path none = "/nonexistent";
        const auto sample = resolveModel("upcycled", test::resources(), none);
        VERIFY_OK(sample);
        QCOMPARE(sample->filename().string(), std::string("upcycled"));
        const auto missing = resolveModel("no-such-model", test::resources(), none);
        QVERIFY(!missing);
        QCOMPARE(missing.error().code, ErrorCode::NotFound);
        QVERIFY(missing.error().message.find("no-such-model") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestModel)
#include "tst_model.moc"
