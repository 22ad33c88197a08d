// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "core/checkpoint/safetensors.h"
#include "core/io/json.h"
#include "core/model/open_model.h"
#include "core/report/model_identity.h"
#include "tests/support/memory_use.h"

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

/// Qwen3-30B-A3B's shapes with wider experts: 109 GB in 18,867 tensors of 24 shards, of
/// which only the headers are written.
struct SparseFolder {
    static constexpr std::uint64_t layers = 48;
    static constexpr std::uint64_t experts = 128;
    static constexpr std::uint64_t hidden = 2048;
    static constexpr std::uint64_t width = 1408;
    static constexpr std::uint64_t vocabulary = 151936;
    static constexpr std::size_t shards = 24;
    std::uint64_t headerBytes = 0;
    std::uint64_t tensorBytes = 0;
    std::size_t tensors = 0;

    explicit SparseFolder(const fs::path& folder)
    {
        std::vector<SafetensorsEntry> entries;
        const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
            entries.push_back({name, DType::BF16, std::move(shape)});
        };
        add("model.embed_tokens.weight", {vocabulary, hidden});
        add("model.norm.weight", {hidden});
        add("lm_head.weight", {vocabulary, hidden});
        for (std::uint64_t l = 0; l < layers; ++l) {
            const std::string layer = "model.layers." + std::to_string(l) + ".";
            add(layer + "input_layernorm.weight", {hidden});
            add(layer + "post_attention_layernorm.weight", {hidden});
            add(layer + "self_attn.q_proj.weight", {4096, hidden});
            add(layer + "self_attn.k_proj.weight", {512, hidden});
            add(layer + "self_attn.v_proj.weight", {512, hidden});
            add(layer + "self_attn.o_proj.weight", {hidden, 4096});
            add(layer + "self_attn.q_norm.weight", {128});
            add(layer + "self_attn.k_norm.weight", {128});
            add(layer + "mlp.gate.weight", {experts, hidden});
            for (std::uint64_t e = 0; e < experts; ++e) {
                const std::string expert = layer + "mlp.experts." + std::to_string(e) + ".";
                add(expert + "gate_proj.weight", {width, hidden});
                add(expert + "up_proj.weight", {width, hidden});
                add(expert + "down_proj.weight", {hidden, width});
            }
        }
        tensors = entries.size();
        Json map = Json::object();
        for (std::size_t s = 0; s < shards; ++s) {
            const std::size_t from = tensors * s / shards;
            const std::size_t to = tensors * (s + 1) / shards;
            const std::vector<SafetensorsEntry> part(
                entries.begin() + static_cast<long>(from), entries.begin() + static_cast<long>(to));
            const std::string name = "model-" + std::to_string(s) + ".safetensors";
            const auto prefix = safetensorsPrefix(part, {}, folder / name);
            if (!prefix)
                throw std::runtime_error(prefix.error().message);
            std::ofstream(folder / name, std::ios::binary) << *prefix;
            std::uint64_t bytes = 0;
            for (const SafetensorsEntry& entry : part) {
                std::uint64_t size = 2;
                for (const std::uint64_t extent : entry.shape)
                    size *= extent;
                bytes += size;
                map[entry.name] = name;
            }
            fs::resize_file(folder / name, prefix->size() + bytes);
            headerBytes += prefix->size();
            tensorBytes += bytes;
        }
        std::ofstream(folder / "model.safetensors.index.json")
            << dumpJson(Json{{"metadata", Json::object()}, {"weight_map", map}});
        std::ofstream(folder / "config.json") << dumpJson(Json{{"model_type", "qwen3_moe"},
            {"hidden_size", hidden}, {"num_hidden_layers", layers}, {"num_attention_heads", 32},
            {"num_key_value_heads", 4}, {"head_dim", 128}, {"num_experts", experts},
            {"num_experts_per_tok", 8}, {"moe_intermediate_size", width},
            {"intermediate_size", 6144}, {"decoder_sparse_step", 1},
            {"mlp_only_layers", Json::array()}, {"norm_topk_prob", true},
            {"vocab_size", vocabulary}, {"rms_norm_eps", 1e-6}, {"rope_theta", 1e6},
            {"hidden_act", "silu"}, {"max_position_embeddings", 40960},
            {"tie_word_embeddings", false}});
    }
};

/// Bytes of the files in a folder that the system holds in memory, their first megabytes aside: the
/// headers, and what the system may have read around them.
std::uint64_t cachedBehindHeaders(const fs::path& folder)
{
    constexpr std::size_t kAside = std::size_t{64} << 20;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::uint64_t cached = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::size_t size = entry.file_size();
        if (size <= kAside)
            continue;
        const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
        void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
        std::vector<unsigned char> pages((size + page - 1) / page);
        if (memory != MAP_FAILED && ::mincore(memory, size, pages.data()) == 0) {
            for (std::size_t i = kAside / page; i < pages.size(); ++i)
                cached += (pages[i] & 1) != 0 ? page : 0;
            ::munmap(memory, size);
        }
        ::close(file);
    }
    return cached;
}

} // namespace

class TestOpening : public QObject {
    Q_OBJECT

private slots:
    void aHundredGigabytesOpenByTheirHeaders()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        std::unique_ptr<SparseFolder> sparse;
        try {
            sparse = std::make_unique<SparseFolder>(path);
        } catch (const fs::filesystem_error& error) {
            QSKIP(error.what()); // a file system without sparse files this large
        }
        QVERIFY(sparse->tensorBytes > 100'000'000'000);
        const std::uint64_t before = residentBytes();
        double best = 1e9;
        std::shared_ptr<const OpenModel> model;
        for (int run = 0; run < 3; ++run) {
            model.reset();
            const auto start = std::chrono::steady_clock::now();
            const auto open = openModel(path);
            best = std::min(best,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            QVERIFY2(open, open ? "" : open.error().message.c_str());
            model = *open;
        }
        QVERIFY2(model->model, model->modelError.message.c_str());
        QCOMPARE(model->checkpoint->tensors().size(), sparse->tensors);
        const std::uint64_t used = residentBytes() - before;
        // Single pages of norms and of the samples of a hash, however much the disk likes to read
        // ahead.
        QVERIFY(!checkpointHash(*model->checkpoint).empty());
        const std::uint64_t read = cachedBehindHeaders(path);
        QVERIFY2(read < 4'000'000, qPrintable(QString::number(read)));
        qInfo(
            "%.0f GB in %zu tensors, %.1f MB of headers: opened in %.3f s (the best of 3), %.1f MB "
            "resident",
            static_cast<double>(sparse->tensorBytes) / 1e9, sparse->tensors,
            static_cast<double>(sparse->headerBytes) / 1e6, best, static_cast<double>(used) / 1e6);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("Sanitizers hold memory of their own.");
#endif
        // Names, shapes and matrices of the tensors, and the headers' pages: never the weights'.
        QVERIFY(used < 30 * sparse->headerBytes);
    }
};

QTEST_APPLESS_MAIN(TestOpening)
#include "tst_opening.moc"
