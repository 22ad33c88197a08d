// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>

#include "core/base/random.h"
#include "core/experiments/moe_type.h"
#include "core/io/json.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"
#include "tests/support/memory_use.h"

using namespace moescope;
using namespace moescope::test;

namespace {

using Clock = std::chrono::steady_clock;

/// A sparse safetensors file of true shape: zeros but for what is filled in.
class SparseModel {
public:
    void add(const std::string& name, const char* dtype, std::vector<std::uint64_t> shape,
        std::uint64_t size)
    {
        std::uint64_t bytes = size;
        for (const std::uint64_t side : shape)
            bytes *= side;
        m_header[name]
            = {{"dtype", dtype}, {"shape", shape}, {"data_offsets", {m_end, m_end + bytes}}};
        m_places[name] = {m_end, m_end + bytes};
        m_end += bytes;
    }
    void addBf16(const std::string& name, std::vector<std::uint64_t> shape)
    {
        add(name, "BF16", std::move(shape), 2);
    }
    /// With one scale for each block of 128 x 128.
    void addFp8(const std::string& name, std::uint64_t rows, std::uint64_t cols)
    {
        add(name, "F8_E4M3", {rows, cols}, 1);
        add(name + "_scale_inv", "F32", {(rows + 127) / 128, (cols + 127) / 128}, 4);
    }
    void write(const std::filesystem::path& folder, const Json& config)
    {
        std::ofstream(folder / "config.json") << config.dump();
        m_file = folder / "model.safetensors";
        const std::string header = m_header.dump();
        const std::uint64_t length = header.size();
        std::ofstream out(m_file, std::ios::binary);
        out.write(reinterpret_cast<const char*>(&length), sizeof length);
        out.write(header.data(), static_cast<std::streamsize>(header.size()));
        out.close();
        m_data = sizeof length + length;
        std::filesystem::resize_file(m_file, m_data + m_end);
    }
    /// The first `count` bytes of a tensor, all when 0; each is make(random bits).
    template <typename Make>
    void fill(const std::string& name, std::uint64_t count, const Make& make)
    {
        const auto [from, to] = m_places.at(name);
        std::vector<char> bytes(count > 0 ? count : to - from);
        Random random = Random::stream(3, from);
        for (std::size_t i = 0; i < bytes.size(); i += 8) {
            std::uint64_t bits = random.next();
            for (std::size_t j = i; j < std::min(i + 8, bytes.size()); ++j, bits >>= 8)
                bytes[j] = static_cast<char>(make(bits & 0xff));
        }
        std::fstream out(m_file, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(static_cast<std::streamoff>(m_data + from));
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

private:
    Json m_header = Json::object();
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> m_places;
    std::filesystem::path m_file;
    std::uint64_t m_data = 0;
    std::uint64_t m_end = 0;
};

/// Layer 0 of a model of DeepSeek-V3's shape, its first experts' gates filled.
void writeDeepSeek(const std::filesystem::path& folder, std::size_t filled)
{
    constexpr std::uint64_t hidden = 7168;
    constexpr std::uint64_t width = 2048;
    SparseModel model;
    model.addBf16("model.embed_tokens.weight", {129280, hidden});
    model.addBf16("lm_head.weight", {129280, hidden});
    model.addBf16("model.norm.weight", {hidden});
    const std::string layer = "model.layers.0.";
    model.addBf16(layer + "input_layernorm.weight", {hidden});
    model.addBf16(layer + "post_attention_layernorm.weight", {hidden});
    model.addBf16(layer + "self_attn.q_a_layernorm.weight", {1536});
    model.addBf16(layer + "self_attn.kv_a_layernorm.weight", {512});
    model.addFp8(layer + "self_attn.q_a_proj.weight", 1536, hidden);
    model.addFp8(layer + "self_attn.q_b_proj.weight", 128 * 192, 1536);
    model.addFp8(layer + "self_attn.kv_a_proj_with_mqa.weight", 576, hidden);
    model.addFp8(layer + "self_attn.kv_b_proj.weight", 128 * 256, 512);
    model.addFp8(layer + "self_attn.o_proj.weight", hidden, 128 * 128);
    model.addBf16(layer + "mlp.gate.weight", {256, hidden});
    model.add(layer + "mlp.gate.e_score_correction_bias", "F32", {256}, 4);
    const auto addMlp = [&](const std::string& name) {
        model.addFp8(name + "gate_proj.weight", width, hidden);
        model.addFp8(name + "up_proj.weight", width, hidden);
        model.addFp8(name + "down_proj.weight", hidden, width);
    };
    addMlp(layer + "mlp.shared_experts.");
    for (int e = 0; e < 256; ++e)
        addMlp(layer + "mlp.experts." + std::to_string(e) + ".");
    model.write(folder,
        {{"architectures", {"DeepseekV3ForCausalLM"}}, {"model_type", "deepseek_v3"},
            {"first_k_dense_replace", 0}, {"hidden_act", "silu"}, {"hidden_size", hidden},
            {"intermediate_size", 18432}, {"kv_lora_rank", 512}, {"q_lora_rank", 1536},
            {"max_position_embeddings", 163840}, {"moe_intermediate_size", width},
            {"moe_layer_freq", 1}, {"n_group", 8}, {"n_routed_experts", 256},
            {"n_shared_experts", 1}, {"norm_topk_prob", true}, {"num_attention_heads", 128},
            {"num_experts_per_tok", 8}, {"num_hidden_layers", 1}, {"num_key_value_heads", 128},
            {"num_nextn_predict_layers", 0}, {"qk_nope_head_dim", 128}, {"qk_rope_head_dim", 64},
            {"rms_norm_eps", 1e-6}, {"rope_theta", 10000}, {"routed_scaling_factor", 2.5},
            {"scoring_func", "sigmoid"}, {"tie_word_embeddings", false}, {"topk_group", 4},
            {"topk_method", "noaux_tc"}, {"torch_dtype", "bfloat16"}, {"v_head_dim", 128},
            {"vocab_size", 129280},
            {"quantization_config",
                {{"activation_scheme", "dynamic"}, {"fmt", "e4m3"}, {"quant_method", "fp8"},
                    {"weight_block_size", {128, 128}}}}});
    for (std::size_t e = 0; e < filled; ++e) {
        const std::string gate = layer + "mlp.experts." + std::to_string(e) + ".gate_proj.weight";
        // Signs, and exponents of a few octaves: no NaN.
        model.fill(
            gate, 0, [](std::uint64_t bits) { return (bits & 0x80) | (0x28 + (bits & 0x1f)); });
        // Floats of 0.0078125, byte by byte: 00 00 00 3c.
        std::size_t place = 0;
        model.fill(
            gate + "_scale_inv", 0, [&](std::uint64_t) { return place++ % 4 == 3 ? 0x3c : 0; });
    }
}

/// Layer 0 of a model of GPT-OSS-120B's shape, its first experts' gates and ups filled.
void writeGptOss(const std::filesystem::path& folder, std::size_t filled)
{
    constexpr std::uint64_t hidden = 2880;
    SparseModel model;
    model.addBf16("model.embed_tokens.weight", {201088, hidden});
    model.addBf16("lm_head.weight", {201088, hidden});
    model.addBf16("model.norm.weight", {hidden});
    const std::string layer = "model.layers.0.";
    model.addBf16(layer + "input_layernorm.weight", {hidden});
    model.addBf16(layer + "post_attention_layernorm.weight", {hidden});
    const std::string attention = layer + "self_attn.";
    for (const auto& [name, rows] :
        {std::pair{"q_proj", 4096U}, {"k_proj", 512U}, {"v_proj", 512U}}) {
        model.addBf16(attention + name + ".weight", {rows, hidden});
        model.addBf16(attention + name + ".bias", {rows});
    }
    model.addBf16(attention + "o_proj.weight", {hidden, 4096});
    model.addBf16(attention + "o_proj.bias", {hidden});
    model.addBf16(attention + "sinks", {64});
    model.addBf16(layer + "mlp.router.weight", {128, hidden});
    model.addBf16(layer + "mlp.router.bias", {128});
    const std::string experts = layer + "mlp.experts.";
    model.add(experts + "gate_up_proj_blocks", "U8", {128, 2 * hidden, 90, 16}, 1);
    model.add(experts + "gate_up_proj_scales", "U8", {128, 2 * hidden, 90}, 1);
    model.addBf16(experts + "gate_up_proj_bias", {128, 2 * hidden});
    model.add(experts + "down_proj_blocks", "U8", {128, hidden, 90, 16}, 1);
    model.add(experts + "down_proj_scales", "U8", {128, hidden, 90}, 1);
    model.addBf16(experts + "down_proj_bias", {128, hidden});
    model.write(folder,
        {{"architectures", {"GptOssForCausalLM"}}, {"model_type", "gpt_oss"},
            {"attention_bias", true}, {"head_dim", 64}, {"hidden_act", "silu"},
            {"hidden_size", hidden}, {"intermediate_size", hidden},
            {"layer_types", {"sliding_attention"}}, {"max_position_embeddings", 131072},
            {"num_attention_heads", 64}, {"num_experts_per_tok", 4}, {"experts_per_token", 4},
            {"num_hidden_layers", 1}, {"num_key_value_heads", 8}, {"num_local_experts", 128},
            {"rms_norm_eps", 1e-5}, {"rope_theta", 150000}, {"sliding_window", 128},
            {"swiglu_limit", 7.0}, {"tie_word_embeddings", false}, {"torch_dtype", "bfloat16"},
            {"vocab_size", 201088}, {"quantization_config", {{"quant_method", "mxfp4"}}}});
    model.fill(experts + "gate_up_proj_blocks", filled * 2 * hidden * 90 * 16,
        [](std::uint64_t bits) { return bits; });
    model.fill(experts + "gate_up_proj_scales", filled * 2 * hidden * 90,
        [](std::uint64_t bits) { return 118 + (bits & 1); });
}

struct Run {
    std::uint64_t anonymous = 0; ///< of the whole process, at most
    double seconds = 0;
    std::size_t experts = 0;
};

Run analyseFirst(const std::filesystem::path& folder, std::uint32_t experts)
{
    const auto open = openModel(folder);
    if (!open)
        throw std::runtime_error(open.error().message);
    if (!(*open)->model)
        throw std::runtime_error((*open)->modelError.message);
    MoeTypeSpec spec;
    spec.layers = {LayerId(0)};
    spec.experts = experts;
    spec.projections = {Projection::Gate};
    WorkerPool pool(2);
    TaskContext context(pool);
    Run run;
    const auto look = [&] { run.anonymous = std::max(run.anonymous, anonymousBytes()); };
    // Between two matrices all buffers of the threads are alive.
    context.setProgressSink([&](double, std::string_view) { look(); });
    const auto start = Clock::now();
    const auto result = analyseMoeType(*open, spec, context);
    if (!result)
        throw std::runtime_error(result.error().message);
    run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    look();
    run.experts = result->layers.at(0)->analyses.at(0).experts();
    return run;
}

} // namespace

class TestLayerMemory : public QObject {
    Q_OBJECT

private slots:
    void oneLayerNeedsFewMatrices_data()
    {
        QTest::addColumn<bool>("deepSeek");
        QTest::newRow("DeepSeek-V3, FP8") << true;
        QTest::newRow("GPT-OSS-120B, MXFP4") << false;
    }

    void oneLayerNeedsFewMatrices()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("Sanitizers hold memory of their own.");
#endif
        if (anonymousBytes() == 0)
            QSKIP("This system does not say how much memory has no file behind it.");
        QFETCH(bool, deepSeek);
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        // MOESCOPE_LAYER_EXPERTS=256 analyses whole layers, which takes minutes: more than Qt
        // allows unless QTEST_FUNCTION_TIMEOUT is set too.
        const int asked = qEnvironmentVariableIntValue("MOESCOPE_LAYER_EXPERTS");
        const auto many = static_cast<std::uint32_t>(
            std::clamp(asked > 0 ? asked : 4, 4, deepSeek ? 256 : 128));
        if (deepSeek)
            writeDeepSeek(path, many);
        else
            writeGptOss(path, many);
        const Run all = analyseFirst(path, many);
        QCOMPARE(all.experts, std::size_t{many});
        qInfo("%u experts: %.0f MB without a file behind them, %.1f s", many,
            static_cast<double>(all.anonymous) / 1e6, all.seconds);
        QVERIFY(all.anonymous > 100'000'000); // the two matrices at work at least
        QVERIFY(all.anonymous < 2'000'000'000);
        if (!deepSeek)
            return; // square matrices take three times as long
        // More experts cost their spectra and cosines, not their weights.
        const Run few = analyseFirst(path, 2);
        QVERIFY(all.anonymous < few.anonymous + 150'000'000);
    }
};

QTEST_APPLESS_MAIN(TestLayerMemory)
#include "tst_layer_memory.moc"
