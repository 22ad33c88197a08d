// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <QTemporaryDir>
#include <QTest>

#include "core/base/random.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "core/task/worker_pool.h"
#include "tests/support/memory_use.h"

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

/// GPT-OSS-20B's published shapes; the full model has 24 layers and a vocabulary of 201,088.
struct Shape {
    std::uint64_t layers = 24;
    std::uint64_t vocabulary = 201088;
    static constexpr std::uint64_t hidden = 2880;
    static constexpr std::uint64_t experts = 32;
};

Json configOf(const Shape& shape)
{
    Json layers = Json::array();
    for (std::uint64_t l = 0; l < shape.layers; ++l)
        layers.push_back(l % 2 == 0 ? "sliding_attention" : "full_attention");
    return {{"architectures", {"GptOssForCausalLM"}}, {"model_type", "gpt_oss"},
        {"attention_bias", true}, {"head_dim", 64}, {"hidden_act", "silu"},
        {"hidden_size", Shape::hidden}, {"initial_context_length", 4096},
        {"intermediate_size", Shape::hidden}, {"layer_types", layers},
        {"max_position_embeddings", 131072}, {"num_attention_heads", 64},
        {"num_experts_per_tok", 4}, {"experts_per_token", 4}, {"num_hidden_layers", shape.layers},
        {"num_key_value_heads", 8}, {"num_local_experts", Shape::experts}, {"rms_norm_eps", 1e-5},
        {"rope_theta", 150000},
        {"rope_scaling",
            {{"beta_fast", 32.0}, {"beta_slow", 1.0}, {"factor", 32.0},
                {"original_max_position_embeddings", 4096}, {"rope_type", "yarn"},
                {"truncate", false}}},
        {"sliding_window", 128}, {"swiglu_limit", 7.0}, {"tie_word_embeddings", false},
        {"torch_dtype", "bfloat16"}, {"vocab_size", shape.vocabulary},
        {"quantization_config", {{"quant_method", "mxfp4"}}}};
}

std::vector<SafetensorsEntry> entriesOf(const Shape& shape)
{
    std::vector<SafetensorsEntry> entries;
    constexpr std::uint64_t hidden = Shape::hidden;
    const auto bf16 = [&](const std::string& name, std::vector<std::uint64_t> extents) {
        entries.push_back({name, DType::BF16, std::move(extents)});
    };
    const auto packed = [&](const std::string& name, std::uint64_t rows) {
        entries.push_back({name + "_blocks", DType::U8, {Shape::experts, rows, hidden / 32, 16}});
        entries.push_back({name + "_scales", DType::U8, {Shape::experts, rows, hidden / 32}});
        bf16(name + "_bias", {Shape::experts, rows});
    };
    bf16("model.embed_tokens.weight", {shape.vocabulary, hidden});
    bf16("lm_head.weight", {shape.vocabulary, hidden});
    bf16("model.norm.weight", {hidden});
    for (std::uint64_t l = 0; l < shape.layers; ++l) {
        const std::string layer = "model.layers." + std::to_string(l) + ".";
        bf16(layer + "input_layernorm.weight", {hidden});
        bf16(layer + "post_attention_layernorm.weight", {hidden});
        const std::pair<const char*, std::uint64_t> heads[]
            = {{"q_proj", 4096}, {"k_proj", 512}, {"v_proj", 512}};
        for (const auto& [name, rows] : heads) {
            bf16(layer + "self_attn." + name + ".weight", {rows, hidden});
            bf16(layer + "self_attn." + name + ".bias", {rows});
        }
        bf16(layer + "self_attn.o_proj.weight", {hidden, 4096});
        bf16(layer + "self_attn.o_proj.bias", {hidden});
        bf16(layer + "self_attn.sinks", {64});
        bf16(layer + "mlp.router.weight", {Shape::experts, hidden});
        bf16(layer + "mlp.router.bias", {Shape::experts});
        packed(layer + "mlp.experts.gate_up_proj", 2 * hidden);
        packed(layer + "mlp.experts.down_proj", hidden);
    }
    return entries;
}

/// Dense: every byte is written. Random bytes of one megabyte are repeated from ever new places.
void writeModel(const Shape& shape, const fs::path& folder)
{
    std::ofstream(folder / "config.json") << dumpJson(configOf(shape));
    const auto entries = entriesOf(shape);
    const auto prefix = safetensorsPrefix(entries, {}, folder / "model.safetensors");
    if (!prefix)
        throw std::runtime_error(prefix.error().message);
    std::ofstream file(folder / "model.safetensors", std::ios::binary);
    file.write(prefix->data(), static_cast<std::streamsize>(prefix->size()));
    constexpr std::size_t kBlock = 1U << 20;
    Random random(5);
    std::vector<char> nibbles(kBlock);
    std::vector<char> scales(kBlock);
    std::vector<char> numbers(kBlock);
    std::vector<char> ones(kBlock);
    for (std::size_t i = 0; i < kBlock; ++i) {
        nibbles[i] = static_cast<char>(random.below(256));
        scales[i] = static_cast<char>(118 + random.below(2)); // 2^-9 and 2^-8
    }
    for (std::size_t i = 0; i < kBlock; i += 2) {
        const std::uint16_t bits = floatToBf16(static_cast<float>(random.normal() / 54));
        const std::uint16_t one = floatToBf16(1.0F);
        std::copy_n(reinterpret_cast<const char*>(&bits), 2, &numbers[i]);
        std::copy_n(reinterpret_cast<const char*>(&one), 2, &ones[i]);
    }
    for (const SafetensorsEntry& entry : entries) {
        std::uint64_t left = entry.dtype == DType::BF16 ? 2 : 1;
        for (const std::uint64_t extent : entry.shape)
            left *= extent;
        const std::vector<char>& source = entry.name.ends_with("_blocks") ? nibbles
            : entry.name.ends_with("_scales")                             ? scales
            : entry.name.ends_with("norm.weight")                         ? ones
                                                                          : numbers;
        for (std::size_t at = random.below(kBlock / 2) * 2; left > 0; at = 0) {
            const std::uint64_t count = std::min<std::uint64_t>(left, kBlock - at);
            file.write(source.data() + at, static_cast<std::streamsize>(count));
            left -= count;
        }
    }
    if (!file)
        throw std::runtime_error("the model could not be written");
}

/// Looks at the memory whenever a layer has chosen its experts.
struct Watcher : ForwardObserver {
    std::uint64_t most = 0;
    std::size_t seen = 0;
    void onRouting(LayerId, std::uint32_t, const Routing&) override
    {
        if (seen++ % 64 == 0)
            most = std::max(most, anonymousBytes());
    }
};

} // namespace

class TestModelMemory : public QObject {
    Q_OBJECT

private slots:
    void runningNeedsLittleBesideTheFile_data()
    {
        QTest::addColumn<bool>("full");
        QTest::newRow("two layers, 256 tokens") << false;
        QTest::newRow("GPT-OSS-20B, 1,000 tokens") << true;
    }

    void runningNeedsLittleBesideTheFile()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("Sanitizers hold memory of their own.");
#endif
        if (anonymousBytes() == 0)
            QSKIP("This system does not say how much memory has no file behind it.");
        QFETCH(bool, full);
        if (full && !qEnvironmentVariableIsSet("MOESCOPE_FULL_SIZE"))
            QSKIP("It writes 14 GB and takes minutes; set MOESCOPE_FULL_SIZE=1 to run it.");
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        if (full && fs::space(path).available < 20 * kGigabyte)
            QSKIP("There is less than 20 GB of free disk.");
        const Shape shape = full ? Shape{} : Shape{2, 4096};
        writeModel(shape, path);

        const auto open = openModel(path);
        QVERIFY2(open, open ? "" : open.error().message.c_str());
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        std::vector<std::int32_t> ids(full ? 968 : 248);
        Random random(9);
        for (std::int32_t& id : ids)
            id = static_cast<std::int32_t>(random.below(shape.vocabulary));

        WorkerPool pool(2);
        TaskContext context(pool);
        const ForwardSpec spec;
        const std::uint32_t more = full ? 32 : 8;
        const std::uint64_t before = anonymousBytes();
        const std::uint64_t announced = forwardMemory(model, ids.size() + more, spec);
        KvCache cache(model.config());
        Watcher watcher;
        const auto start = std::chrono::steady_clock::now();
        const auto ran = forward(model, cache, ids, spec, &watcher, context);
        QVERIFY2(ran, ran ? "" : ran.error().message.c_str());
        const std::chrono::duration<double> prompt = std::chrono::steady_clock::now() - start;
        for (std::uint32_t i = 0; i < more; ++i) {
            const std::int32_t id = ids[i];
            QVERIFY(forward(model, cache, {&id, 1}, spec, &watcher, context).has_value());
        }
        const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
        const std::uint64_t used = watcher.most - std::min(before, watcher.most);
        qInfo("%.1f GB of weights: at most %.0f MB without a file behind them (announced %.0f MB), "
              "%zu tokens read in %.1f s, %u more in %.1f s",
            static_cast<double>((*open)->checkpoint->totalBytes()) / 1e9,
            static_cast<double>(used) / 1e6, static_cast<double>(announced) / 1e6, ids.size(),
            prompt.count(), more, (all - prompt).count());
        QVERIFY(watcher.seen == model.mixtureLayers().size() * (ids.size() + more));
        QVERIFY(used > 1'000'000);
        // Stacks and the heap's own room are not in the announcement.
        QVERIFY(used < announced + 64'000'000);
        QVERIFY(watcher.most < 3 * kGigabyte / 2);
    }
};

QTEST_APPLESS_MAIN(TestModelMemory)
#include "tst_model_memory.moc"
