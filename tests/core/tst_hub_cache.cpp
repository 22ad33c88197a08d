// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>

#include <sys/stat.h>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/hub_cache.h"
#include "core/io/file_write.h"
#include "core/model/open_model.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
namespace fs = std::filesystem;

namespace {

/// Moves the files of a folder into a hub cache: contents as blobs, a snapshot of links to them.
void addSnapshot(const fs::path& repository, const std::string& revision, const fs::path& source)
{
    const fs::path snapshot = repository / "snapshots" / revision;
    fs::create_directories(snapshot);
    fs::create_directories(repository / "blobs");
    int number = 0;
    for (const auto& file : fs::directory_iterator(source)) {
        const std::string blob = revision + "-" + std::to_string(number++);
        fs::copy_file(file.path(), repository / "blobs" / blob);
        fs::create_symlink(fs::path("../../blobs") / blob, snapshot / file.path().filename());
    }
}

} // namespace

class TestHubCache : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path cache() const { return fs::path(m_folder->path().toStdString()) / "hub"; }
    fs::path repository(const char* name) const { return cache() / name; }
    /// A small model outside the cache.
    fs::path model(const char* name, std::size_t shards)
    {
        auto spec = test::tinyModel(test::ModelSpec::Family::Olmoe);
        spec.shards = shards;
        const fs::path folder = fs::path(m_folder->path().toStdString()) / name;
        const auto status = test::writeModel(folder, spec);
        return status ? folder : fs::path();
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        for (const char* name :
            {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
            qunsetenv(name);
    }

    void theCacheIsWhereTheHubPutsIt()
    {
        qputenv("HOME", "/home/someone");
        QCOMPARE(defaultHubCache(), fs::path("/home/someone/.cache/huggingface/hub"));
        qputenv("XDG_CACHE_HOME", "/xdg");
        QCOMPARE(defaultHubCache(), fs::path("/xdg/huggingface/hub"));
        qputenv("HF_HOME", "~/hf");
        QCOMPARE(defaultHubCache(), fs::path("/home/someone/hf/hub"));
        qputenv("HF_HUB_CACHE", "");
        QCOMPARE(defaultHubCache(), fs::path("/home/someone/hf/hub"));
        qputenv("HF_HUB_CACHE", "/cache");
        QCOMPARE(defaultHubCache(), fs::path("/cache"));
    }

    void anAbsentCacheIsEmpty()
    {
        QVERIFY(listHubModels(cache()).empty());
        QCOMPARE(findHubModel(cache(), "a").error().code, ErrorCode::NotFound);
    }

    void modelsAreListedAndOpened()
    {
        const fs::path single = model("single", 1);
        const fs::path sharded = model("sharded", 3);
        addSnapshot(repository("models--allenai--OLMoE-tiny"), "abc123", single);
        addSnapshot(repository("models--a--sharded"), "def456", sharded);
        addSnapshot(repository("models--old-name"), "1", single);
        addSnapshot(repository("datasets--a--b"), "1", single);
        fs::create_directories(repository("models--empty--one") / "snapshots");
        VERIFY_OK(writeFileAtomically(repository("models--a--file"), "not a folder"));
        fs::create_directories(repository(".locks"));

        const auto models = listHubModels(cache());
        QCOMPARE(models.size(), std::size_t{3});
        QCOMPARE(models[0].name, std::string("a/sharded"));
        QCOMPARE(models[1].name, std::string("allenai/OLMoE-tiny"));
        QCOMPARE(models[2].name, std::string("old-name"));
        QCOMPARE(models[1].revision, std::string("abc123"));
        QCOMPARE(models[1].modelType, std::string("olmoe"));
        QCOMPARE(models[1].bytes, std::uint64_t{fs::file_size(single / "model.safetensors")});
        for (const HubModel& found : models) {
            QVERIFY(found.complete);
            const auto checkpoint = Checkpoint::open(found.folder);
            VERIFY_OK(checkpoint);
            QCOMPARE((*checkpoint)->folder(), found.folder);
        }
        // A link to one shard stands for the whole model, and config.json is looked for beside the
        // link.
        const auto byShard
            = Checkpoint::open(models[0].folder / "model-00002-of-00003.safetensors");
        VERIFY_OK(byShard);
        QCOMPARE((*byShard)->files().size(), std::size_t{3});
        QCOMPARE((*byShard)->folder(), models[0].folder);
    }

    void unfinishedDownloadsAreMarked()
    {
        const fs::path sharded = model("sharded", 3);
        const fs::path incomplete = repository("models--a--incomplete");
        addSnapshot(incomplete, "1", sharded);
        QVERIFY(listHubModels(cache()).front().complete);
        const fs::path snapshot = incomplete / "snapshots" / "1";
        // A link whose blob is not there yet, then no link at all, then a shard without an index.
        fs::remove(fs::canonical(snapshot / "model-00002-of-00003.safetensors"));
        QVERIFY(!listHubModels(cache()).front().complete);
        const auto broken = Checkpoint::open(snapshot);
        QCOMPARE(broken.error().code, ErrorCode::NotFound);
        QVERIFY(broken.error().message.find("model-00002-of-00003.safetensors, which is not there")
            != std::string::npos);
        fs::remove(snapshot / "model-00002-of-00003.safetensors");
        QVERIFY(!listHubModels(cache()).front().complete);
        fs::remove(snapshot / "model-00003-of-00003.safetensors");
        fs::remove(snapshot / "model.safetensors.index.json");
        QVERIFY(!listHubModels(cache()).front().complete);
        fs::remove(snapshot / "model-00001-of-00003.safetensors");
        QVERIFY(!listHubModels(cache()).front().complete);
        QCOMPARE(listHubModels(cache()).front().bytes, std::uint64_t{0});
        QCOMPARE(listHubModels(cache()).front().modelType, std::string("olmoe"));
    }

    void theMainBranchComesFirst()
    {
        const fs::path single = model("single", 1);
        const fs::path repo = repository("models--a--b");
        addSnapshot(repo, "old", single);
        addSnapshot(repo, "new", single);
        const auto now = fs::file_time_type::clock::now();
        fs::last_write_time(repo / "snapshots/old", now - std::chrono::hours(2));
        fs::last_write_time(repo / "snapshots/new", now - std::chrono::hours(1));
        const auto revision = [&] { return listHubModels(cache()).front().revision; };
        QCOMPARE(revision(), std::string("new"));
        fs::create_directories(repo / "refs");
        VERIFY_OK(writeFileAtomically(repo / "refs/main", "old\n"));
        QCOMPARE(revision(), std::string("old"));
        for (const char* hostile : {"gone", "", "..", "../snapshots/old", "/etc"}) {
            VERIFY_OK(writeFileAtomically(repo / "refs/main", hostile));
            QCOMPARE(revision(), std::string("new"));
        }
        fs::remove(repo / "refs/main");
        QCOMPARE(::mkfifo((repo / "refs/main").c_str(), 0600), 0);
        QCOMPARE(revision(), std::string("new"));
    }

    void strangeConfigsAreNotRead()
    {
        const fs::path single = model("single", 1);
        const fs::path repo = repository("models--a--b");
        addSnapshot(repo, "1", single);
        const fs::path config = repo / "snapshots/1/config.json";
        for (const char* text : {"", "[]", "{\"model_type\": 5}", "{broken"}) {
            fs::remove(config);
            VERIFY_OK(writeFileAtomically(config, text));
            QCOMPARE(listHubModels(cache()).front().modelType, std::string());
        }
        fs::remove(config);
        QCOMPARE(::mkfifo(config.c_str(), 0600), 0);
        QCOMPARE(listHubModels(cache()).front().modelType, std::string());
    }

    void everyGgufFileIsAModel()
    {
        const fs::path folder = fs::path(m_folder->path().toStdString()) / "many";
        fs::create_directories(folder);
        const fs::path gguf = test::fixtures() / "gguf";
        fs::copy_file(gguf / "qwen3moe-q4_k_m" / "model.gguf", folder / "m-Q4_K_M.gguf");
        fs::copy_file(gguf / "olmoe-bf16" / "model.gguf", folder / "m-BF16.gguf");
        fs::copy_file(gguf / "olmoe-bf16" / "model.gguf", folder / "mmproj-BF16.gguf");
        const fs::path repo = repository("models--org--many");
        addSnapshot(repo, "1", folder);
        const fs::path snapshot = repo / "snapshots" / "1";
        fs::create_directories(snapshot / "F16");
        for (const char* part : {"model-00001-of-00003.gguf", "model-00003-of-00003.gguf"})
            fs::copy_file(gguf / "qwen2moe-split-f16" / part, snapshot / "F16" / part);

        auto models = listHubModels(cache());
        QCOMPARE(models.size(), std::size_t{3});
        const std::string split = "org/many/F16/model-00001-of-00003.gguf";
        QCOMPARE(models[0].name, split);
        QVERIFY(!models[0].complete);
        QCOMPARE(models[1].name, std::string("org/many/m-BF16.gguf"));
        QCOMPARE(models[1].modelType, std::string("olmoe"));
        QCOMPARE(models[1].bytes, std::uint64_t{fs::file_size(folder / "m-BF16.gguf")});
        QCOMPARE(models[2].modelType, std::string("qwen3moe"));
        QVERIFY(models[2].complete);

        fs::copy_file(gguf / "qwen2moe-split-f16" / "model-00002-of-00003.gguf",
            snapshot / "F16" / "model-00002-of-00003.gguf");
        models = listHubModels(cache());
        QVERIFY(models[0].complete);
        for (const HubModel& model : models) {
            const auto found = findHubModel(cache(), model.name);
            VERIFY_OK(found);
            QCOMPARE(*found, model.folder);
            const auto open = openModel(*found);
            VERIFY_OK(open);
            QVERIFY((*open)->model);
            QCOMPARE(modelTitle(*found), model.name);
        }
        for (const char* name :
            {"org/many/m-Q8_0.gguf", "org/many/../many/m-BF16.gguf", "org/many/", "org/many/F8",
                "org/many/mmproj-BF16.gguf", "org/many/F16/model-00004-of-00003.gguf"}) {
            const auto none = findHubModel(cache(), name);
            QVERIFY2(!none && none.error().code == ErrorCode::NotFound, name);
        }
        QCOMPARE(*findHubModel(cache(), "org/many"), snapshot); // which of them is asked for then
        QCOMPARE(*findHubModel(cache(), "org/many/F16"), models[0].folder);
        QCOMPARE(*findHubModel(cache(), "org/many/F16/model-00002-of-00003.gguf"),
            snapshot / "F16" / "model-00002-of-00003.gguf");
    }

    /// Large models are often uploaded in a folder for each quantisation, with nothing beside.
    void ggufFilesInFoldersAreModels()
    {
        const fs::path snapshot = repository("models--org--folders") / "snapshots" / "1";
        const auto put = [&](const char* quantisation) {
            fs::create_directories(snapshot / quantisation);
            for (const char* part : {"model-00001-of-00003.gguf", "model-00002-of-00003.gguf",
                     "model-00003-of-00003.gguf"})
                fs::copy_file(test::fixtures() / "gguf" / "qwen2moe-split-f16" / part,
                    snapshot / quantisation / part);
        };
        put("Q8");
        auto models = listHubModels(cache());
        QCOMPARE(models.size(), std::size_t{1});
        QCOMPARE(models[0].name, std::string("org/folders/Q8/model-00001-of-00003.gguf"));
        for (const char* name : {"org/folders", "folders", "org/folders/Q8",
                 "org/folders/Q8/model-00001-of-00003.gguf"}) {
            const auto found = findHubModel(cache(), name);
            VERIFY_OK(found);
            QCOMPARE(*found, models[0].folder);
            QCOMPARE(modelTitle(*found), models[0].name);
            const auto open = openModel(*found);
            VERIFY_OK(open);
            QVERIFY((*open)->model);
        }
        QCOMPARE(modelTitle("models--a.gguf"), std::string("a.gguf"));
        QCOMPARE(modelTitle("models--a--b/x/y.gguf"), std::string("a/b/y.gguf"));
        put("Q4");
        QCOMPARE(listHubModels(cache()).size(), std::size_t{2});
        const auto several = findHubModel(cache(), "folders");
        QVERIFY(!several && several.error().code == ErrorCode::NotFound);
        QVERIFY2(several.error().message.find("org/folders/Q4/model-00001-of-00003.gguf")
                != std::string::npos,
            several.error().message.c_str());
    }

    void modelsAreFoundByName()
    {
        const fs::path single = model("single", 1);
        addSnapshot(repository("models--a--same"), "1", single);
        addSnapshot(repository("models--b--same"), "2", single);
        addSnapshot(repository("models--b--only"), "3", single);
        fs::create_directories(repository("models--c--empty") / "blobs");
        QCOMPARE(*findHubModel(cache(), "b/same"), repository("models--b--same") / "snapshots/2");
        QCOMPARE(*findHubModel(cache(), "only"), repository("models--b--only") / "snapshots/3");
        const auto refusal
            = [&](std::string_view name) { return findHubModel(cache(), name).error(); };
        QVERIFY(refusal("same").message.find("several models named \"same\"") != std::string::npos);
        QVERIFY(refusal("onl").message.find("no model named \"onl\"") != std::string::npos);
        QVERIFY(refusal("empty").message.find("no finished download") != std::string::npos);
        for (const char* name : {"same", "onl", "empty", "", "/", "..", "b/", "c--empty"})
            QCOMPARE(refusal(name).code, ErrorCode::NotFound);
    }
};

QTEST_APPLESS_MAIN(TestHubCache)
#include "tst_hub_cache.moc"
