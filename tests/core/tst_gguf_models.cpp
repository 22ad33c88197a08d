// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>
#include <map>

#include <QtCore/QTemporaryDir>

#include "core/checkpoint/hub_cache.h"
#include "core/model/families/family.h"
#include "core/model/gguf/gguf_architectures.h"
#include "core/model/open_model.h"
#include "core/runtime/generate.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"
#include "tests/support/recorder.h"

using namespace moescope;
using test::Mode;

namespace {

/// A small Mixtral: every setting and tensor may be changed before it is written.
struct SmallModel {
    std::string architecture = "llama";
    std::map<std::string, std::uint32_t> sizes
        = {{"block_count", 1}, {"embedding_length", 8}, {"feed_forward_length", 4},
            {"attention.head_count", 2}, {"expert_count", 2}, {"expert_used_count", 1}};
    std::map<std::string, std::vector<std::uint64_t>> tensors
        = {{"token_embd.weight", {8, 5}}, {"output_norm.weight", {8}},
            {"blk.0.attn_norm.weight", {8}}, {"blk.0.ffn_norm.weight", {8}},
            {"blk.0.attn_q.weight", {8, 8}}, {"blk.0.attn_k.weight", {8, 8}},
            {"blk.0.attn_v.weight", {8, 8}}, {"blk.0.attn_output.weight", {8, 8}},
            {"blk.0.ffn_gate_inp.weight", {8, 2}}, {"blk.0.ffn_gate_exps.weight", {8, 4, 2}},
            {"blk.0.ffn_up_exps.weight", {8, 4, 2}}, {"blk.0.ffn_down_exps.weight", {4, 8, 2}}};

    std::map<std::string, std::vector<std::int32_t>> lists; ///< settings layer by layer

    Result<std::shared_ptr<const MoeModel>> open(const std::filesystem::path& folder) const
    {
        test::GgufBuilder builder;
        builder.string("general.architecture", architecture);
        for (const auto& [key, value] : sizes)
            builder.uint32(architecture + "." + key, value);
        for (const auto& [key, values] : lists) {
            constexpr std::uint32_t kInt32 = 5;
            constexpr std::uint32_t kArray = 9;
            std::string bytes = test::GgufBuilder::packed(kInt32)
                + test::GgufBuilder::packed(std::uint64_t{values.size()});
            for (const std::int32_t value : values)
                bytes += test::GgufBuilder::packed(value);
            builder.raw(architecture + "." + key, kArray, bytes);
        }
        for (const auto& [name, dimensions] : tensors) {
            std::size_t count = 1;
            for (const std::uint64_t size : dimensions)
                count *= size;
            std::string data;
            for (std::size_t i = 0; i < count; ++i)
                data += test::GgufBuilder::packed(0.5F + static_cast<float>(i % 7));
            builder.tensor(name, 0, dimensions, data);
        }
        const auto path = folder / "model.gguf";
        const std::string bytes = builder.bytes();
        std::ofstream(path, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        MOESCOPE_TRY(const auto checkpoint, Checkpoint::open(path));
        return MoeModel::open(checkpoint);
    }
};

} // namespace

class TestGgufModels : public QObject {
    Q_OBJECT

private slots:
    void matchesTheReference_data()
    {
        QTest::addColumn<QString>("folder");
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(test::fixtures() / "gguf")) {
            if (std::filesystem::exists(entry.path() / "expected.json"))
                folders.push_back(entry.path());
        }
        QVERIFY(folders.size() >= 18);
        std::ranges::sort(folders);
        for (const auto& folder : folders)
            QTest::newRow(folder.filename().c_str()) << QString::fromStdString(folder.string());
    }

    void matchesTheReference()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        expected->choicesAreSets();
        const auto open = openModel(path / expected->json()["file"].get<std::string>());
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        QCOMPARE(model.config().modelType, expected->json()["model_type"].get<std::string>());
        QCOMPARE(
            model.config().router.experts, expected->json()["num_experts"].get<std::uint32_t>());
        double largest = 0;
        for (std::size_t p = 0; p < expected->prompts(); ++p) {
            const auto ids = expected->prompt(p);
            const auto whole = test::run(model, ids, Mode::Prefill, 1);
            VERIFY_OK(whole);
            const auto outcome = expected->compare(p, *whole);
            QVERIFY2(outcome.problem.empty(), outcome.problem.c_str());
            largest = std::max(largest, outcome.largest);
            // logits, hidden states around every layer, three tensors for each router
            QCOMPARE(outcome.compared,
                2 + model.config().layerCount() + 3 * model.mixtureLayers().size());

            // Any way of cutting the prompt and any number of threads give the same bits.
            for (const Mode mode : {Mode::TokenByToken, Mode::SmallChunks}) {
                const auto other = test::run(model, ids, mode, 3);
                VERIFY_OK(other);
                QVERIFY(other->values == whole->values);
                QVERIFY(other->ids == whole->ids);
            }
        }
        qInfo("largest deviation: %.2f of the tolerance", largest);
    }

    void continuesGreedily_data() { matchesTheReference_data(); }

    void continuesGreedily()
    {
        QFETCH(QString, folder);
        const std::filesystem::path path = folder.toStdString();
        const auto expected = test::Expectations::load(path);
        VERIFY_OK(expected);
        const auto open = openModel(path / expected->json()["file"].get<std::string>());
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const Json& greedy = expected->json()["greedy"];
        const auto wanted = greedy["ids"].get<std::vector<std::int32_t>>();
        TaskContext context;
        KvCache cache((*open)->model->config());
        GenerateSpec spec;
        spec.maxTokens = static_cast<std::uint32_t>(wanted.size());
        spec.ignoreEnd = true;
        const auto produced = generate(*(*open)->model, cache,
            expected->promptNamed(greedy["prompt"]), spec, nullptr, {}, context);
        VERIFY_OK(produced);
        QCOMPARE(*produced, wanted);
    }

    void everyPartOpensTheWhole()
    {
        const auto folder = test::fixtures() / "gguf" / "qwen2moe-split-f16";
        std::vector<test::Recorder> answers;
        for (const char* name : {"model-00001-of-00003.gguf", "model-00002-of-00003.gguf",
                 "model-00003-of-00003.gguf"}) {
            const auto open = openModel(folder / name);
            VERIFY_OK(open);
            QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
            QCOMPARE((*open)->name, std::string("qwen2moe-split-f16"));
            QVERIFY((*open)->tokenizer);
            const auto answer = test::run(*(*open)->model, {3, 1, 4}, Mode::Prefill, 1);
            VERIFY_OK(answer);
            answers.push_back(*answer);
        }
        QVERIFY(answers[0].values == answers[1].values);
        QVERIFY(answers[0].values == answers[2].values);
    }

    void theHubCacheListsThem()
    {
        const QTemporaryDir cache;
        const auto snapshot = std::filesystem::path(cache.path().toStdString())
            / "models--org--split" / "snapshots" / "1";
        std::filesystem::create_directories(snapshot);
        const auto folder = test::fixtures() / "gguf" / "qwen2moe-split-f16";
        std::uint64_t bytes = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ".gguf")
                continue;
            std::filesystem::copy(entry.path(), snapshot);
            bytes += entry.file_size();
        }
        auto models = listHubModels(cache.path().toStdString());
        QCOMPARE(models.size(), std::size_t{1});
        QVERIFY(models[0].complete);
        QCOMPARE(models[0].modelType, std::string("qwen2moe"));
        QCOMPARE(models[0].bytes, bytes);
        const auto open = openModel(models[0].folder);
        VERIFY_OK(open);
        QVERIFY((*open)->model);

        std::filesystem::remove(snapshot / "model-00002-of-00003.gguf");
        models = listHubModels(cache.path().toStdString());
        QCOMPARE(models.size(), std::size_t{1});
        QVERIFY(!models[0].complete);
    }

    void weightsStayInTheMapping()
    {
        const auto path = test::fixtures() / "gguf" / "qwen3moe-q4_k_m" / "model.gguf";
        const auto open = openModel(path);
        VERIFY_OK(open);
        const auto bytes = (*open)->checkpoint->files().front()->bytes();
        for (const MlpTensors& expert : (*open)->model->layer(LayerId(0)).experts) {
            QCOMPARE(expert.down.dtype, DType::Q4_K);
            QVERIFY(
                expert.down.data > bytes.data() && expert.down.data < bytes.data() + bytes.size());
        }
    }

    void aFileWithoutModelOpensForInspection()
    {
        const auto open = openModel(test::fixtures() / "gguf" / "quants.gguf");
        VERIFY_OK(open);
        QVERIFY(!(*open)->model);
        QCOMPARE((*open)->modelError.code, ErrorCode::Unsupported);
    }

    void theSmallModelRuns()
    {
        const QTemporaryDir folder;
        const SmallModel small;
        const auto model = small.open(folder.path().toStdString());
        VERIFY_OK(model);
        QCOMPARE((*model)->config().familyName, std::string("Mixtral"));
        QCOMPARE((*model)->config().attention.rope.pairing, RopeSpec::Pairing::Interleaved);
        VERIFY_OK(test::run(**model, {1, 2, 3}, Mode::Prefill, 1));
    }

    void divisorsScaleTheRotation()
    {
        const QTemporaryDir folder;
        SmallModel small;
        const auto plain = small.open(folder.path().toStdString());
        VERIFY_OK(plain);
        small.tensors["rope_freqs.weight"] = {2}; // 0.5 and 1.5
        const auto divided = small.open(folder.path().toStdString());
        VERIFY_OK(divided);
        const auto& before = (*plain)->config().attention.rope.frequencies;
        const auto& after = (*divided)->config().attention.rope.frequencies;
        QCOMPARE(after.size(), std::size_t{2});
        QCOMPARE(after[0], before[0] / 0.5F);
        QCOMPARE(after[1], before[1] / 1.5F);
    }

    void projectionsAreClamped()
    {
        const QTemporaryDir folder;
        SmallModel small;
        small.architecture = "olmoe";
        small.tensors["blk.0.attn_q_norm.weight"] = small.tensors["blk.0.attn_k_norm.weight"] = {8};
        small.sizes["attention.clamp_kqv"] = 3;
        const auto model = small.open(folder.path().toStdString());
        VERIFY_OK(model);
        QCOMPARE((*model)->config().attention.clipQkv, std::optional(3.0F));
        VERIFY_OK(test::run(**model, {1, 2, 3}, Mode::Prefill, 1));
    }

    void withoutExpertsItIsLlama()
    {
        const QTemporaryDir folder;
        SmallModel small;
        small.sizes.erase("expert_count");
        std::erase_if(small.tensors, [](const auto& tensor) {
            return tensor.first.starts_with("blk.0.ffn_gate_inp")
                || tensor.first.find("_exps") != std::string::npos;
        });
        small.tensors["blk.0.ffn_gate.weight"] = small.tensors["blk.0.ffn_up.weight"] = {8, 4};
        small.tensors["blk.0.ffn_down.weight"] = {4, 8};
        const auto model = small.open(folder.path().toStdString());
        VERIFY_OK(model);
        QCOMPARE((*model)->config().familyName, std::string("Llama"));
        VERIFY_OK(test::run(**model, {1, 2, 3}, Mode::Prefill, 1));
    }

    void whatCannotRunOpensForItsWeights_data()
    {
        QTest::addColumn<QString>("missing");
        const auto row = [](const char* architecture, const char* missing) {
            QTest::newRow(architecture) << QString::fromLatin1(missing);
        };
        row("afmoe", "gated attention");
        row("arctic", "dense MLP");
        row("bailingmoe", "attention");
        row("bailingmoe2", "attention");
        row("exaone-moe", "attention");
        row("gemma4", "pair of MLPs");
        row("granitehybrid", "Mamba-2");
        row("grovemoe", "experts shared by groups");
        row("jamba", "Mamba");
        row("kimi-linear", "Kimi delta attention");
        row("lfm2moe", "short convolution");
        row("mimo2", "heads of two kinds");
        row("nemotron_h_moe", "Mamba");
        row("step35", "heads of two kinds");
    }

    void whatCannotRunOpensForItsWeights()
    {
        QFETCH(QString, missing);
        const std::string architecture = QTest::currentDataTag();
        const QTemporaryDir folder;
        SmallModel small;
        small.architecture = architecture;
        std::uint64_t width = 8;
        if (architecture == "granitehybrid") {
            small.sizes["block_count"] = 2;
            small.lists["attention.head_count_kv"] = {0, 2};
        }
        if (architecture == "nemotron_h_moe") {
            // Other layers have other widths, experts have no gate and read a narrower vector.
            small.sizes["block_count"] = 3;
            small.sizes.erase("feed_forward_length");
            small.lists["feed_forward_length"] = {4, 0, 16};
            small.lists["attention.head_count_kv"] = {0, 2, 0};
            small.sizes["expert_feed_forward_length"] = 4;
            small.tensors.erase("blk.0.ffn_gate_exps.weight");
            width = 6;
            small.tensors["blk.0.ffn_up_exps.weight"] = {width, 4, 2};
            small.tensors["blk.0.ffn_down_exps.weight"] = {4, width, 2};
        }
        const auto model = small.open(folder.path().toStdString());
        VERIFY_OK(model);
        const ModelConfig& config = (*model)->config();
        QVERIFY2(config.missingPart.find(missing.toStdString()) != std::string::npos,
            config.missingPart.c_str());
        QCOMPARE((*model)->mixtureLayers(), std::vector<LayerId>{LayerId(0)});
        const auto& experts = (*model)->layer(LayerId(0)).experts;
        QCOMPARE(experts.size(), std::size_t{2});
        QCOMPARE(experts[1].up.rows, std::size_t{4});
        QCOMPARE(static_cast<std::uint64_t>(experts[1].up.cols), width);
        QCOMPARE(static_cast<std::uint64_t>(experts[1].down.rows), width);
        QCOMPARE(decodeAll(experts[1].up)[0], 0.5F + static_cast<float>(4 * width % 7));
        QCOMPARE((*model)->layer(LayerId(0)).router.rows, std::size_t{2});
        const auto answer = test::run(**model, {1, 2, 3}, Mode::Prefill, 1);
        QVERIFY(!answer.has_value());
        QCOMPARE(answer.error().code, ErrorCode::Unsupported);
        QVERIFY2(answer.error().message.find(missing.toStdString()) != std::string::npos,
            answer.error().message.c_str());
    }

    /// Every name of the list of architectures means something here.
    void noArchitectureIsUnknown()
    {
        for (const char* name : {"llama", "olmoe", "gpt-oss", "deepseek", "deepseek2", "qwen2moe",
                 "qwen3moe", "qwen3next", "qwen35moe", "qwen3vlmoe", "dbrx", "grok", "phimoe",
                 "granitemoe", "granitehybrid", "llama4", "glm4moe", "minimax-m2", "ernie4_5-moe",
                 "hunyuan-moe", "dots1", "bailingmoe", "bailingmoe2", "mimo2", "gemma4",
                 "kimi-linear", "exaone-moe", "afmoe", "lfm2moe", "jamba", "arctic", "grovemoe",
                 "nemotron_h_moe", "step35"}) {
            const gguf::Architecture* architecture = gguf::findArchitecture(name);
            QVERIFY2(architecture && findFamily(architecture->modelType), name);
        }
    }

    /// Older files tell the width of a dense MLP, which is that of the chosen experts together.
    void tensorsTellTheWidthOfExperts_data()
    {
        QTest::addColumn<QString>("layout");
        for (const char* layout : {"stacked", "fused", "one by one"})
            QTest::newRow(layout) << QString::fromLatin1(layout);
    }

    void tensorsTellTheWidthOfExperts()
    {
        QFETCH(QString, layout);
        SmallModel small;
        small.architecture = "qwen3moe";
        small.sizes["feed_forward_length"] = 12;
        small.sizes["block_count"] = 2;
        for (const char* name :
            {"attn_norm", "ffn_norm", "attn_q", "attn_k", "attn_v", "attn_output"})
            small.tensors[std::string("blk.1.") + name + ".weight"]
                = small.tensors[std::string("blk.0.") + name + ".weight"];
        small.tensors["blk.1.attn_q_norm.weight"] = small.tensors["blk.1.attn_k_norm.weight"] = {4};
        small.tensors["blk.1.ffn_gate.weight"] = small.tensors["blk.1.ffn_up.weight"] = {8, 5};
        small.tensors["blk.1.ffn_down.weight"] = {5, 8};
        small.tensors["blk.0.attn_q_norm.weight"] = small.tensors["blk.0.attn_k_norm.weight"] = {4};
        const std::string ffn = "blk.0.ffn_";
        if (layout != QStringLiteral("stacked")) {
            small.tensors.erase(ffn + "gate_exps.weight");
            small.tensors.erase(ffn + "up_exps.weight");
        }
        if (layout == QStringLiteral("fused"))
            small.tensors[ffn + "gate_up_exps.weight"] = {8, 8, 2};
        if (layout == QStringLiteral("one by one")) {
            small.tensors.erase(ffn + "down_exps.weight");
            for (const char* expert : {".0.weight", ".1.weight"}) {
                small.tensors[ffn + "gate" + expert] = small.tensors[ffn + "up" + expert] = {8, 4};
                small.tensors[ffn + "down" + expert] = {4, 8};
            }
        }
        const QTemporaryDir folder;
        const auto model = small.open(folder.path().toStdString());
        VERIFY_OK(model);
        QCOMPARE((*model)->config().layers[0].intermediate, 4U);
        QCOMPARE((*model)->config().layers[1].intermediate, 5U);
        QCOMPARE((*model)->layer(LayerId(0)).experts[1].down.cols, std::size_t{4});
        // Where the file says another width, the tensors are wrong.
        small.sizes["expert_feed_forward_length"] = 3;
        QVERIFY(!small.open(folder.path().toStdString()));
    }

    void refusesWhatItWouldGetWrong_data()
    {
        QTest::addColumn<QString>("change");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("word");
        const auto row = [](const char* change, ErrorCode code, const char* word) {
            QTest::newRow(change) << QString::fromLatin1(change) << static_cast<int>(code)
                                  << QString::fromLatin1(word);
        };
        row("architecture", ErrorCode::Unsupported, "\"frob\"");
        row("unused tensor", ErrorCode::Unsupported, "blk.0.post_ffw_norm.weight");
        row("missing size", ErrorCode::BadFormat, "\"llama.embedding_length\" is missing");
        row("zero heads", ErrorCode::BadFormat, "\"llama.attention.head_count\" is 0");
        row("no number of experts", ErrorCode::BadFormat, "\"granitemoe.expert_count\" is missing");
        row("missing experts", ErrorCode::NotFound, "blk.0.ffn_down_exps.weight");
        row("wrong experts", ErrorCode::BadFormat, "[2, 8, 3]");
        row("no router", ErrorCode::NotFound, "blk.0.ffn_gate_inp.weight");
        row("no router and no experts", ErrorCode::BadFormat, "no layer has a router");
        row("too many chosen", ErrorCode::BadFormat, "3 experts per token");
        row("missing embedding", ErrorCode::BadFormat, "token_embd.weight");
        row("all predicting", ErrorCode::BadFormat, "predict");
        row("wide values", ErrorCode::Unsupported, "values of 6");
        row("wide rotation", ErrorCode::BadFormat, "\"llama.rope.dimension_count\" is 6");
        row("flat experts", ErrorCode::BadFormat, "the rows of every expert");
        row("more heads than numbers", ErrorCode::BadFormat, "head");
    }

    void refusesWhatItWouldGetWrong()
    {
        QFETCH(QString, change);
        QFETCH(int, code);
        QFETCH(QString, word);
        SmallModel small;
        if (change == QStringLiteral("architecture"))
            small.architecture = "frob";
        else if (change == QStringLiteral("unused tensor"))
            small.tensors["blk.0.post_ffw_norm.weight"] = {8};
        else if (change == QStringLiteral("missing size"))
            small.sizes.erase("embedding_length");
        else if (change == QStringLiteral("zero heads"))
            small.sizes["attention.head_count"] = 0;
        else if (change == QStringLiteral("no number of experts")) {
            small.architecture = "granitemoe";
            small.sizes.erase("expert_count");
        } else if (change == QStringLiteral("missing experts"))
            small.tensors.erase("blk.0.ffn_down_exps.weight");
        else if (change == QStringLiteral("wrong experts"))
            small.tensors["blk.0.ffn_down_exps.weight"] = {3, 8, 2};
        else if (change == QStringLiteral("no router"))
            small.tensors.erase("blk.0.ffn_gate_inp.weight");
        else if (change == QStringLiteral("no router and no experts"))
            for (const char* name : {"gate_inp", "gate_exps", "up_exps", "down_exps"})
                small.tensors.erase(std::string("blk.0.ffn_") + name + ".weight");
        else if (change == QStringLiteral("wide rotation"))
            small.sizes["rope.dimension_count"] = 6;
        else if (change == QStringLiteral("flat experts"))
            small.tensors["blk.0.ffn_up_exps.weight"] = {8, 8};
        else if (change == QStringLiteral("too many chosen"))
            small.sizes["expert_used_count"] = 3;
        else if (change == QStringLiteral("missing embedding"))
            small.tensors.erase("token_embd.weight");
        else if (change == QStringLiteral("all predicting"))
            small.sizes["nextn_predict_layers"] = 1;
        else if (change == QStringLiteral("wide values"))
            small.sizes["attention.value_length"] = 6;
        else
            small.sizes["attention.head_count"] = 16;
        const QTemporaryDir folder;
        const auto model = small.open(folder.path().toStdString());
        QVERIFY(!model.has_value());
        const QString message = QString::fromStdString(model.error().message);
        QVERIFY2(static_cast<int>(model.error().code) == code && message.contains(word)
                && message.contains(QStringLiteral("model.gguf")) && message.endsWith(u'.'),
            qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(TestGgufModels)
#include "tst_gguf_models.moc"
