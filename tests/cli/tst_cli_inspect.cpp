// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "tests/cli/cli_runner.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

const Json* figureOf(const Json& report, std::string_view id)
{
    for (const Json& figure : report["figures"])
        if (figure["id"] == id)
            return &figure;
    return nullptr;
}

bool haveSameBytes(const TensorInfo& a, const TensorInfo& b)
{
    return a.shape == b.shape && a.dtype == b.dtype && a.bytes.size() == b.bytes.size()
        && std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

} // namespace

class TestCliInspect : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    QString file(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
    static Result<std::shared_ptr<const Checkpoint>> open(const QString& path)
    {
        return Checkpoint::open(path.toStdString());
    }

private slots:
    void ggufMetadataAndTypesAreShown()
    {
        const QString model = fixture("gguf/qwen2moe-split-f16/model-00002-of-00003.gguf");
        const CliRun text = runCli({QStringLiteral("inspect"), model});
        VERIFY_EXIT(text, 0);
        for (const char* part : {"GGUF, 3 files", "general.architecture", "qwen2moe.expert_count",
                 "Types of the tensors", "blk.*.ffn_gate_exps.weight"})
            QVERIFY2(text.out.find(part) != std::string::npos, part);

        const CliRun run = runCli(
            {QStringLiteral("inspect"), model, QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        const Json report = run.json();
        const Json& fields = report["fields"];
        QCOMPARE(fields["format"].get<std::string>(), std::string("GGUF"));
        const Json& metadata = fields["metadata"];
        QCOMPARE(metadata["qwen2moe.expert_count"]["value"].get<int>(), 6);
        QCOMPARE(
            metadata["general.architecture"]["type"].get<std::string>(), std::string("string"));
        QCOMPARE(
            metadata["qwen2moe.attention.layer_norm_rms_epsilon"]["value"].get<double>(), 1e-5);
        QCOMPARE(metadata["tokenizer.ggml.tokens"]["count"].get<int>(), 640);
        QCOMPARE(
            metadata["tokenizer.ggml.tokens"]["first"][2].get<std::string>(), std::string("!"));
        QCOMPARE(fields["tensors"].size(), std::size_t{37});
        std::size_t tensors = 0;
        std::uint64_t bytes = 0;
        for (const Json& type : fields["types"]) {
            tensors += type["tensors"].get<std::size_t>();
            bytes += type["bytes"].get<std::uint64_t>();
        }
        QCOMPARE(tensors, std::size_t{37});
        QCOMPARE(bytes, fields["bytes"].get<std::uint64_t>());
        QVERIFY(figureOf(report, "metadata") && figureOf(report, "types"));
    }

    void factsTellWhatMixesTheTokens_data()
    {
        QTest::addColumn<QString>("fact");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* family, const char* fact, const char* expected) {
            QTest::addRow("%s", family)
                << QString::fromLatin1(fact) << QString::fromLatin1(expected);
        };
        row("llama4", "tokens mixed by",
            "attention within chunks of 8 positions in 2 layers; full attention in 2 layers");
        row("qwen3_next", "tokens mixed by",
            "linear attention (gated delta net) in 3 layers; full attention in 1 layer");
        row("gpt_oss_bf16", "tokens mixed by",
            "attention in a sliding window of 8 positions in 2 layers; full attention in 1 layer");
        row("deepseek_v3", "tokens mixed by", "full latent attention (MLA)");
        row("jetmoe", "second router", "top 2 of 6 sets of 2 query heads, by the same rule");
        row("qwen2_moe", "tokens mixed by", "full attention");
    }

    void factsTellWhatMixesTheTokens()
    {
        QFETCH(QString, fact);
        QFETCH(QString, expected);
        const CliRun run = runCli({QStringLiteral("inspect"),
            fixture(("families/" + std::string(QTest::currentDataTag())).c_str()),
            QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        const Json report = run.json();
        std::string value;
        for (const Json& row : (*figureOf(report, "facts"))["rows"])
            if (row[0] == fact.toStdString())
                value = row[1].get<std::string>();
        QCOMPARE(QString::fromStdString(value), expected);
    }

    /// Also where a line is shorter than what it says.
    void factsAreToldInFull()
    {
        const QString model = fixture("families/deepseek_v3");
        const CliRun json = runCli(
            {QStringLiteral("inspect"), model, QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(json, 0);
        const std::string rule = json.json()["fields"]["config"]["router"]["rule"];
        QVERIFY(rule.size() > 100);
        const auto words = [](std::string text) {
            return QString::fromStdString(text).simplified().toStdString();
        };
        const CliRun text = runCli({QStringLiteral("inspect"), model});
        VERIFY_EXIT(text, 0);
        QVERIFY2(words(text.out).find(words(rule)) != std::string::npos, text.out.c_str());
        VERIFY_EXIT(
            runCli({QStringLiteral("inspect"), model, QStringLiteral("-o"), file("facts.txt")}), 0);
        const auto written = readTextFile(file("facts.txt").toStdString());
        VERIFY_OK(written);
        for (const std::string& all : {text.out, *written}) {
            QVERIFY(words(all).find(words(rule)) != std::string::npos);
            QCOMPARE(all.find("…"), std::string::npos);
        }
    }

    void unknownSplitRulesAreWarnedOf()
    {
        GgufBuilder builder;
        builder.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", "made-up");
        builder.strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
        builder.strings("tokenizer.ggml.merges", {});
        VERIFY_OK(writeFileAtomically(file("rule.gguf").toStdString(), builder.bytes()));
        const CliRun run = runCli({QStringLiteral("tokenize"), file("rule.gguf"),
            QStringLiteral("--text"), QStringLiteral("ab")});
        VERIFY_EXIT(run, 0);
        QVERIFY2(
            run.err.find("\"made-up\", which is not known") != std::string::npos, run.err.c_str());
        QVERIFY(run.json()["ids"] == Json::array({0, 1}));
        const CliRun facts = runCli({QStringLiteral("inspect"), file("rule.gguf")});
        VERIFY_EXIT(facts, 0);
        QVERIFY(facts.out.find("tokenizer warning") != std::string::npos);
    }

    /// What contradicts itself cannot be run, but looked at.
    void modelsThatCannotRunAreShown()
    {
        const auto check = [&](const QString& model, const char* reason, const char* shown) {
            const CliRun facts = runCli({QStringLiteral("inspect"), model});
            VERIFY_EXIT(facts, 0);
            for (const char* part : {"cannot be run", "Tensors", shown})
                QVERIFY2(facts.out.find(part) != std::string::npos, facts.out.c_str());
            const Json json = runCli(
                {QStringLiteral("inspect"), model, QStringLiteral("--json"), QStringLiteral("-")})
                                  .json();
            QVERIFY2(dumpJson(json["figures"]).find(reason) != std::string::npos, reason);
            VERIFY_FAILS(runCli({QStringLiteral("generate"), model, QStringLiteral("--ids"),
                             QStringLiteral("1")}),
                3, reason);
        };
        GgufBuilder adapter;
        adapter.string("general.architecture", "llama").string("adapter.type", "lora");
        adapter.tensor("blk.0.attn_q.weight.lora_a", 0, {2}, "12345678");
        VERIFY_OK(writeFileAtomically(file("lora.gguf").toStdString(), adapter.bytes()));
        check(file("lora.gguf"), "llama.embedding_length", "blk.0.attn_q.weight.lora_a");
        GgufBuilder vocabulary;
        vocabulary.string("general.architecture", "llama").uint32("llama.embedding_length", 8);
        vocabulary.uint32("llama.block_count", 1);
        VERIFY_OK(writeFileAtomically(file("vocab.gguf").toStdString(), vocabulary.bytes()));
        check(file("vocab.gguf"), "token_embd.weight", "llama.embedding_length");
        const fs::path lacking = fs::path(file("lacking").toStdString());
        fs::create_directories(lacking);
        CheckpointBuilder builder;
        builder.add("model.norm.weight", DType::F32, {2}, {1, 2});
        VERIFY_OK(builder.writeFile(lacking / "model.safetensors"));
        fs::copy_file(fixture("families/olmoe/config.json").toStdString(), lacking / "config.json");
        check(QString::fromStdString(lacking.string()), "embed_tokens", "model.norm.weight");
    }

    void tokenizersOfOthersAreNotTaken()
    {
        const fs::path folder = fs::path(file("apart").toStdString());
        fs::create_directories(folder);
        GgufBuilder builder;
        builder.string("general.architecture", "frob");
        builder.tensor("token_embd.weight", 0, {2, 3}, std::string(24, '\0'));
        VERIFY_OK(writeFileAtomically(folder / "bare.gguf", builder.bytes()));
        const auto tokenizerFact = [&] {
            const CliRun run
                = runCli({QStringLiteral("inspect"), QString::fromStdString(folder / "bare.gguf"),
                    QStringLiteral("--json"), QStringLiteral("-")});
            const Json report = run.json();
            for (const Json& row : (*figureOf(report, "facts"))["rows"])
                if (row[0].get<std::string>().find("tokenizer") != std::string::npos)
                    return row[0].get<std::string>() + ": " + row[1].get<std::string>();
            return run.err;
        };
        std::string fact = tokenizerFact();
        QVERIFY2(fact.find("bare.gguf holds no tokenizer, and neither") != std::string::npos,
            fact.c_str());
        const auto write = [&](const char* vocabulary) {
            return writeFileAtomically(folder / "tokenizer.json",
                fmt::format(R"({{"model": {{"type": "BPE", "vocab": {{{}}}, "merges": []}}}})",
                    vocabulary));
        };
        VERIFY_OK(write(R"("a": 0, "b": 1, "c": 2)"));
        fact = tokenizerFact();
        QVERIFY2(fact.starts_with("tokenizer: ") && fact.ends_with("3 tokens"), fact.c_str());
        VERIFY_OK(write(R"("a": 0, "b": 1, "c": 2, "d": 3)"));
        fact = tokenizerFact();
        QVERIFY2(fact.starts_with("no tokenizer: ")
                && fact.find("has 4 tokens") != std::string::npos
                && fact.find("bare.gguf knows 3") != std::string::npos,
            fact.c_str());
    }

    void exportedQuantsAreExact()
    {
        const QString out = file("quants.safetensors");
        const CliRun run = runCli({QStringLiteral("inspect"), fixture("gguf/quants.gguf"),
            QStringLiteral("--export"), out, QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["fields"]["tensors"].size(), std::size_t{39});
        const auto exported = open(out);
        VERIFY_OK(exported);
        const auto expected = open(fixture("gguf/quants_expected.safetensors"));
        VERIFY_OK(expected);
        QCOMPARE((*exported)->tensors().size(), (*expected)->tensors().size());
        for (const TensorInfo& tensor : (*expected)->tensors()) {
            const TensorInfo* written = (*exported)->find(tensor.name);
            QVERIFY2(written && haveSameBytes(*written, tensor), tensor.name.c_str());
        }
    }

    void patternsChooseTensors()
    {
        const QString out = file("some.safetensors");
        const CliRun run = runCli(
            {QStringLiteral("inspect"), fixture("gguf/quants.gguf"), QStringLiteral("--export"),
                out, QStringLiteral("--tensor"), QStringLiteral("MXFP4.*")});
        VERIFY_EXIT(run, 0);
        QVERIFY(run.out.find("4 tensors written to") != std::string::npos);
        const auto exported = open(out);
        VERIFY_OK(exported);
        QCOMPARE((*exported)->tensors().size(), std::size_t{4});
        VERIFY_FAILS(runCli({QStringLiteral("inspect"), fixture("gguf/quants.gguf"),
                         QStringLiteral("--export"), out, QStringLiteral("--tensor"),
                         QStringLiteral("nothing.*")}),
            2, "No tensor of");
        QVERIFY(fs::exists(out.toStdString()));
    }

    void scaledWeightsAreExportedAsMeant()
    {
        CheckpointBuilder builder;
        builder.addBytes("w.weight", DType::F8E4M3, {2, 2},
            {std::byte{0x38}, std::byte{0x40}, std::byte{0xB8}, std::byte{0x30}});
        builder.add("w.weight_scale_inv", DType::F32, {1, 1}, {0.5F});
        std::vector<std::byte> blocks(2 * 16, std::byte{0x21});
        builder.addBytes("e_blocks", DType::U8, {1, 2, 1, 16}, blocks);
        builder.addBytes("e_scales", DType::U8, {1, 2, 1}, {std::byte{127}, std::byte{128}});
        builder.addBytes("ids", DType::I32, {2},
            {std::byte{7}, {}, {}, {}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
                std::byte{0xFF}});
        builder.addBytes("complex", DType::C64, {1}, std::vector<std::byte>(8));
        builder.add("scalar", DType::F64, {}, {0.25F});
        builder.add("empty", DType::BF16, {0, 3}, {});
        const fs::path model = file("packed.safetensors").toStdString();
        VERIFY_OK(builder.writeFile(model));
        const QString out = file("float.safetensors");
        const CliRun run = runCli({QStringLiteral("inspect"), file("packed.safetensors"),
            QStringLiteral("--export"), out, QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["fields"]["skipped"].dump(), std::string("[\"complex\"]"));
        const auto exported = open(out);
        VERIFY_OK(exported);
        const Checkpoint& floats = **exported;
        QCOMPARE(floats.tensors().size(), std::size_t{6});
        QCOMPARE(decodeAll(*floats.matrix("w.weight", 2, 2)),
            (std::vector<float>{0.5F, 1, -0.5F, 0.25F}));
        QCOMPARE(*floats.vector("ids", 2), (std::vector<float>{7, -1}));
        QCOMPARE(floats.find("scalar")->shape.size(), std::size_t{0});
        QCOMPARE(floats.find("empty")->shape, (std::vector<std::uint64_t>{0, 3}));
        const auto experts = floats.stack("e", {1, 2, 32});
        VERIFY_OK(experts);
        const auto values = decodeAll(experts->front());
        QCOMPARE((std::vector<float>(values.begin(), values.begin() + 3)),
            (std::vector<float>{0.5F, 1, 0.5F}));
        QCOMPARE((std::vector<float>(values.begin() + 32, values.begin() + 35)),
            (std::vector<float>{1, 2, 1}));

        const CliRun half = runCli(
            {QStringLiteral("inspect"), file("packed.safetensors"), QStringLiteral("--export"), out,
                QStringLiteral("--tensors"), QStringLiteral("e_scales")});
        VERIFY_EXIT(half, 0);
        const auto alone = open(out);
        VERIFY_OK(alone);
        QCOMPARE((*alone)->tensors().size(), std::size_t{1});
        QCOMPARE((*alone)->tensors().front().name, std::string("e"));
        VERIFY_FAILS(runCli({QStringLiteral("inspect"), file("packed.safetensors"),
                         QStringLiteral("--export"), out, QStringLiteral("--tensors"),
                         QStringLiteral("complex")}),
            4, "c64");
    }

    void oneTensorIsExportedAsArrayOrText()
    {
        const QString model = fixture("gguf/mixtral-f16/model.gguf");
        const auto run = [&](const char* out, const char* tensor) {
            return runCli({QStringLiteral("inspect"), model, QStringLiteral("--export"), file(out),
                QStringLiteral("--tensor"), QLatin1String(tensor)});
        };
        const auto checkpoint = open(model);
        VERIFY_OK(checkpoint);
        const TensorInfo* norm = (*checkpoint)->find("blk.0.attn_norm.weight");
        QVERIFY(norm);
        VERIFY_EXIT(run("norm.npy", "blk.0.attn_norm.weight"), 0);
        const auto array = readTextFile(file("norm.npy").toStdString());
        VERIFY_OK(array);
        QVERIFY(array->starts_with("\x93NUMPY"));
        QVERIFY(array->find(fmt::format("'shape': ({},)", norm->shape[0])) != std::string::npos);
        QCOMPARE(array->size(), 128 + norm->shape[0] * sizeof(float));
        VERIFY_EXIT(run("norm.csv", "blk.0.attn_norm*"), 0);
        const auto text = readTextFile(file("norm.csv").toStdString());
        VERIFY_OK(text);
        QCOMPARE(static_cast<std::uint64_t>(std::ranges::count(*text, '\n')), norm->shape[0]);
        VERIFY_FAILS(run("two.npy", "blk.*.attn_norm.weight"), 2, "two.npy holds one tensor, but");
        VERIFY_FAILS(run("none.csv", "blk.9.*"), 2, "No tensor of");
        QVERIFY(!fs::exists(file("two.npy").toStdString()));
    }

    void exportsThatCannotBeAreRefused()
    {
        const QString model = file("model.safetensors");
        CheckpointBuilder builder;
        builder.add("w", DType::F32, {2}, {1, 2});
        VERIFY_OK(builder.writeFile(model.toStdString()));
        const auto exportTo = [&](const QString& out) {
            return runCli({QStringLiteral("inspect"), model, QStringLiteral("--export"), out});
        };
        VERIFY_FAILS(exportTo(model), 6, "is a file of the model itself");
        VERIFY_FAILS(exportTo(file("none/out.safetensors")), 6, "does not exist");
        VERIFY_FAILS(exportTo(m_folder.path()), 6, "it is a folder");
        VERIFY_FAILS(exportTo(QStringLiteral("/dev/full")), 6, "cannot be written");
        for (const char* name : {"out.txt", "out"}) {
            VERIFY_FAILS(exportTo(file(name)), 2, ".safetensors, .npy and .csv files");
            QVERIFY(!QFile::exists(file(name)));
        }
        VERIFY_OK(Checkpoint::open(model.toStdString()));
    }

    /// Every kind of broken file, as a person meets it: one sentence and exit code 3.
    void brokenGgufFilesAreOneSentence_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("fragment");
        const auto row = [](const char* name, const GgufBuilder& builder, const char* fragment,
                             qsizetype cut = 0) {
            QTest::newRow(name) << QByteArray::fromStdString(builder.bytes()).chopped(cut)
                                << QString::fromLatin1(fragment);
        };
        const auto tensor = [](std::uint32_t type) {
            GgufBuilder builder;
            builder.tensor("t", type, {8}, std::string(32, 'x'));
            return builder;
        };
        row("unknown type", tensor(99), "unknown type number 99");
        row("cut header", tensor(0), "incomplete download", 64);
        row("cut data", tensor(0), "incomplete download", 1);
        GgufBuilder lying = tensor(0);
        lying.tensorCount = 1ULL << 60;
        row("lying count", lying, "is broken");
        GgufBuilder many = tensor(0);
        many.metadataCount = ~0ULL;
        row("lying count of metadata", many, "is broken");
        row("huge string", tensor(0).raw("k", 8, GgufBuilder::packed(std::uint64_t{1} << 50) + "x"),
            "is broken");
        row("bad alignment", tensor(0).uint32("general.alignment", 24), "power of two");
        row("misaligned", tensor(0).tensor("u", 0, {1}, "1234", 33),
            "no multiple of the alignment");
        row("overlap", tensor(0).tensor("u", 0, {1}, "1234", 0), "overlap at byte 0");
        row("beyond the end", tensor(0).tensor("u", 0, {1ULL << 40}, "1234"),
            "incomplete download");
        row("overflow", tensor(0).tensor("u", 0, {1ULL << 40, 1ULL << 40}, "1234"),
            "too large for any file");
        row("twice", tensor(0).tensor("t", 0, {1}, "1234"), "appears twice");
    }

    void brokenGgufFilesAreOneSentence()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, fragment);
        const QString path = file("broken.gguf");
        VERIFY_OK(writeFileAtomically(path.toStdString(), bytes.toStdString()));
        VERIFY_FAILS(runCli({QStringLiteral("inspect"), path}), 3, fragment.toStdString().c_str());
        VERIFY_FAILS(runCli({QStringLiteral("inspect"), path, QStringLiteral("--export"),
                         file("broken.npy")}),
            3, fragment.toStdString().c_str());
    }

    void brokenPartsAreOneSentence()
    {
        const auto part = [](std::uint16_t number, const char* tensor, std::uint32_t size) {
            GgufBuilder builder;
            builder.uint16("split.no", number).uint16("split.count", 2);
            builder.uint32("llama.block_count", size);
            builder.tensor(tensor, 0, {1}, "1234");
            return builder.bytes();
        };
        const QString first = file("m-00001-of-00002.gguf");
        const std::string second = file("m-00002-of-00002.gguf").toStdString();
        VERIFY_OK(writeFileAtomically(first.toStdString(), part(0, "a", 1)));
        const auto inspect = [&] { return runCli({QStringLiteral("inspect"), first}); };
        VERIFY_FAILS(inspect(), 3, "m-00002-of-00002.gguf is not there");
        VERIFY_OK(writeFileAtomically(second, part(0, "b", 1)));
        VERIFY_FAILS(inspect(), 3, "is named as part 2 of 2, but its split.no is 0");
        VERIFY_OK(writeFileAtomically(second, part(1, "a", 1)));
        VERIFY_FAILS(inspect(), 3, "tensor \"a\" is both in");
        VERIFY_OK(writeFileAtomically(second, part(1, "b", 2)));
        VERIFY_FAILS(inspect(), 3, "is no part of the same model");
        VERIFY_OK(writeFileAtomically(second, part(1, "b", 1)));
        VERIFY_EXIT(inspect(), 0);
    }
};

QTEST_GUILESS_MAIN(TestCliInspect)
#include "tst_cli_inspect.moc"
