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
        VERIFY_OK(Checkpoint::open(model.toStdString()));
    }

    void brokenGgufFilesAreOneSentence()
    {
        const auto write = [&](const char* name, const std::string& bytes) {
            return writeFileAtomically(file(name).toStdString(), bytes);
        };
        GgufBuilder builder;
        builder.tensor("t", 99, {1}, "1234");
        VERIFY_OK(write("unknown.gguf", builder.bytes()));
        VERIFY_FAILS(
            runCli({QStringLiteral("inspect"), file("unknown.gguf")}), 3, "unknown type number 99");
        VERIFY_OK(write("cut.gguf", builder.bytes().substr(0, 30)));
        VERIFY_FAILS(
            runCli({QStringLiteral("inspect"), file("cut.gguf")}), 3, "incomplete download");
        VERIFY_OK(write("m-00001-of-00002.gguf",
            GgufBuilder().uint16("split.no", 0).uint16("split.count", 2).bytes()));
        VERIFY_FAILS(runCli({QStringLiteral("inspect"), file("m-00001-of-00002.gguf")}), 3,
            "m-00002-of-00002.gguf is not there");
    }
};

QTEST_GUILESS_MAIN(TestCliInspect)
#include "tst_cli_inspect.moc"
