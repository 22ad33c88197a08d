// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::CheckpointBuilder;
namespace fs = std::filesystem;

namespace {

/// A file of `names`, each a vector of two floats.
Status writeTensors(const fs::path& path, std::initializer_list<const char*> names)
{
    CheckpointBuilder builder;
    for (const char* name : names)
        builder.add(name, DType::F32, {2}, {1.0F, 2.0F});
    return builder.writeFile(path);
}

/// An index that says which file each tensor is in.
Status writeIndex(
    const fs::path& path, std::initializer_list<std::pair<const char*, const char*>> map)
{
    std::string text;
    for (const auto& [tensor, file] : map)
        text += fmt::format("{}\"{}\":\"{}\"", text.empty() ? "" : ",", tensor, file);
    return writeFileAtomically(path, "{\"weight_map\":{" + text + "}}");
}

std::string names(const Checkpoint& checkpoint)
{
    std::string all;
    for (const TensorInfo& tensor : checkpoint.tensors())
        all += tensor.name + " ";
    return all;
}

/// Bytes of memory that this process holds, files included.
std::uint64_t residentBytes()
{
    std::ifstream stream("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    stream >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// A file of one f16 tensor that fills it up to `bytes`, all of it a hole. False where the disk has
/// no such files.
bool writeSparse(const fs::path& path, const std::string& tensor, std::uint64_t bytes)
{
    const std::uint64_t rows = (bytes - 1024) / 8192;
    std::string header
        = fmt::format(R"({{"{}":{{"dtype":"F16","shape":[{},4096],"data_offsets":[0,{}]}}}})",
            tensor, rows, rows * 8192);
    header.resize(1016, ' ');
    return writeFileAtomically(path, test::safetensorsBytes(header, "")).has_value()
        && ::truncate(path.c_str(), static_cast<off_t>(1024 + rows * 8192)) == 0;
}

} // namespace

#define VERIFY_REFUSED(result, expectedCode, fragment)                                             \
    do {                                                                                           \
        const auto& refused_ = (result);                                                           \
        QVERIFY(!refused_);                                                                        \
        const std::string& message_ = refused_.error().message;                                    \
        QVERIFY2(message_.find(fragment) != std::string::npos, message_.c_str());                  \
        QCOMPARE(refused_.error().code, expectedCode);                                             \
        QVERIFY(message_.ends_with('.') && message_.size() < 3000 && isValidUtf8(message_));       \
    } while (false)

class TestCheckpoint : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path folder() const { return m_folder->path().toStdString(); }
    fs::path file(std::string_view name) const { return folder() / name; }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void aShardedFolderIsOneModel()
    {
        const fs::path sharded = test::fixtures() / "families/mixtral_sharded";
        const auto index = readJsonFile(sharded / "model.safetensors.index.json");
        VERIFY_OK(index);
        for (const fs::path& path : {sharded, sharded / "model.safetensors.index.json",
                 sharded / "model-00001-of-00003.safetensors",
                 sharded / "model-00003-of-00003.safetensors"}) {
            const auto checkpoint = Checkpoint::open(path);
            VERIFY_OK(checkpoint);
            QCOMPARE((*checkpoint)->path(), path);
            QCOMPARE((*checkpoint)->folder(), sharded);
            QCOMPARE((*checkpoint)->files().size(), std::size_t{3});
            QCOMPARE((*checkpoint)->tensors().size(), (*index)["weight_map"].size());
            QCOMPARE((*checkpoint)->totalBytes(),
                (*index)["metadata"]["total_size"].get<std::uint64_t>());
            for (const auto& [name, shard] : (*index)["weight_map"].items()) {
                const TensorInfo* tensor = (*checkpoint)->find(name);
                QVERIFY(tensor);
                QCOMPARE((*checkpoint)->files()[tensor->file]->path().filename().string(),
                    shard.get<std::string>());
            }
            VERIFY_OK((*checkpoint)->status());
        }
        // The index does not name this one: it is no part of the model.
        const auto alone = Checkpoint::open(sharded / "expected.safetensors");
        VERIFY_OK(alone);
        QCOMPARE((*alone)->files().size(), std::size_t{1});
        QVERIFY(!(*alone)->find("lm_head.weight"));
    }

    void shardsHoldTheSameTensorsAsOneFile()
    {
        auto spec = test::manyExpertsModel(test::ModelSpec::Family::Mixtral);
        VERIFY_OK(test::writeModel(file("one"), spec));
        spec.shards = 7;
        VERIFY_OK(test::writeModel(file("seven"), spec));
        const auto one = Checkpoint::open(file("one"));
        const auto seven = Checkpoint::open(file("seven"));
        VERIFY_OK(one);
        VERIFY_OK(seven);
        QCOMPARE((*seven)->files().size(), std::size_t{7});
        QCOMPARE(names(**seven), names(**one));
        for (const TensorInfo& tensor : (*one)->tensors()) {
            const auto other = (*seven)->find(tensor.name)->bytes;
            QVERIFY(
                std::equal(tensor.bytes.begin(), tensor.bytes.end(), other.begin(), other.end()));
        }
    }

    void theRightFilesOfAFolderAreChosen()
    {
        VERIFY_REFUSED(
            Checkpoint::open(folder()), ErrorCode::NotFound, "neither model.safetensors, nor");
        VERIFY_OK(writeFileAtomically(file("config.json"), "{}"));
        VERIFY_OK(writeFileAtomically(file("pytorch_model-00001-of-00002.bin"), "PK"));
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::Unsupported,
            "holds pytorch_model-00001-of-00002.bin, but weights are read from .safetensors");
        VERIFY_OK(
            writeFileAtomically(file("._weights.safetensors"), "left behind by another system"));
        VERIFY_OK(writeTensors(file("weights.safetensors"), {"only"}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("only "));
        VERIFY_OK(writeTensors(file("other.safetensors"), {"other"}));
        VERIFY_REFUSED(
            Checkpoint::open(folder()), ErrorCode::NotFound, "2 other .safetensors files");
        VERIFY_OK(writeIndex(
            file("consolidated.safetensors.index.json"), {{"other", "other.safetensors"}}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("other "));
        QCOMPARE(names(**Checkpoint::open(file("weights.safetensors"))), std::string("only "));
        VERIFY_OK(
            writeIndex(file("model.safetensors.index.json"), {{"only", "weights.safetensors"}}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("only "));
        VERIFY_OK(writeTensors(file("model.safetensors"), {"single"}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("single "));
        QCOMPARE(names(**Checkpoint::open(file("model.safetensors"))), std::string("single "));
    }

    void aFileInTheCurrentFolderHasAFolder()
    {
        VERIFY_OK(writeTensors(file("model.safetensors"), {"a"}));
        const fs::path before = fs::current_path();
        fs::current_path(folder());
        const auto checkpoint = Checkpoint::open("model.safetensors");
        fs::current_path(before);
        VERIFY_OK(checkpoint);
        QCOMPARE((*checkpoint)->folder(), fs::path("."));
    }

    void hostileIndexesAreRefused_data()
    {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("fragment");
        const auto row = [](const char* name, const std::string& text, const char* fragment) {
            QTest::newRow(name) << text << std::string(fragment);
        };
        const auto shard
            = [](const std::string& file) { return "{\"weight_map\":{\"a\":\"" + file + "\"}}"; };
        row("empty", "", "is empty");
        row("not JSON", "weights", "not valid JSON at byte");
        row("cut", "{\"weight_map\":{\"a\":\"s.safet", "not valid JSON");
        row("zero byte", shard("s.safetensors") + std::string(1, '\0') + "x", "zero byte");
        row("a list", "[]", "is a list, not an object");
        row("text", "\"weight_map\"", "is text, not an object");
        row("no map", R"({"metadata":{"weight_map":{"a":"s.safetensors"}}})",
            "has no \"weight_map\"");
        row("map is a list", R"({"weight_map":[]})", "\"weight_map\" is a list");
        row("map is null", R"({"weight_map":null})", "\"weight_map\" is null");
        row("map is empty", R"({"weight_map":{}})", "is empty");
        row("two maps",
            R"({"weight_map":{"a":"s.safetensors"},"weight_map":{"b":"s.safetensors"}})",
            "appears twice");
        row("a tensor twice", R"({"weight_map":{"a":"s.safetensors","a":"t.safetensors"}})",
            "tensor \"a\" appears twice");
        row("file is a number", R"({"weight_map":{"a":1}})",
            "the file of tensor \"a\" is a number");
        row("file is an object", R"({"weight_map":{"a":{"file":"s.safetensors"}}})",
            "is an object, not a file name");
        row("file is a list", R"({"weight_map":{"a":["s.safetensors"]}})",
            "is a list, not a file name");
        row("deep", R"({"x":)" + std::string(100000, '['), "nested deeper");
        row(
            "deep objects",
            [] {
                std::string text;
                for (int i = 0; i < 1000; ++i)
                    text += R"({"x":)";
                return text;
            }(),
            "nested deeper");
        row("absolute", shard("/etc/passwd"), "is absolute");
        row("parent", shard("../s.safetensors"), "contains \"..\"");
        row("parent inside", shard("sub/../../s.safetensors"), "contains \"..\"");
        row("parent alone", shard(".."), "contains \"..\"");
        row("parent, escaped", shard("\\u002e\\u002e/s.safetensors"), "contains \"..\"");
        row("no name", shard(""), "no file name");
        row("zero in the name", shard("s\\u0000.safetensors"), "no file name");
        row("long name", shard(std::string(100000, 'x')), "is too long");
        row("long path", shard([] {
            std::string path;
            for (int i = 0; i < 1000; ++i)
                path += "xx/";
            return path + "s";
        }()),
            "is too long");
        row("invalid UTF-8", shard("s\xFF.safetensors"), "not valid JSON");
        row("the folder itself", shard("."), "is a folder, not a file");
        row("missing shard", shard("t.safetensors"), "names t.safetensors, which is not there");
        row("missing tensor", R"({"weight_map":{"a":"s.safetensors","zz":"s.safetensors"}})",
            "tensor \"zz\" is in s.safetensors, but it is not there");
    }

    void hostileIndexesAreRefused()
    {
        QFETCH(std::string, text);
        QFETCH(std::string, fragment);
        VERIFY_OK(writeTensors(file("s.safetensors"), {"a"}));
        const fs::path index = file("model.safetensors.index.json");
        VERIFY_OK(writeFileAtomically(index, text));
        for (const fs::path& path : {folder(), index}) {
            const auto checkpoint = Checkpoint::open(path);
            QVERIFY(!checkpoint);
            const std::string& message = checkpoint.error().message;
            QVERIFY2(message.find(fragment) != std::string::npos, message.c_str());
            QVERIFY(isValidUtf8(message) && message.size() < 1500);
            QVERIFY(checkpoint.error().code != ErrorCode::Internal);
        }
    }

    void shardsMustAgreeWithTheIndex()
    {
        const fs::path index = file("model.safetensors.index.json");
        VERIFY_OK(writeTensors(file("one.safetensors"), {"a", "b"}));
        VERIFY_OK(writeTensors(file("two.safetensors"), {"c"}));
        VERIFY_OK(writeIndex(
            index, {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"c", "two.safetensors"}}));
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::BadFormat,
            "tensor \"b\" is in two.safetensors, but it is in one.safetensors");

        VERIFY_OK(writeIndex(index, {{"a", "one.safetensors"}, {"c", "two.safetensors"}}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("a b c "));

        VERIFY_OK(writeTensors(file("two.safetensors"), {"b", "c"}));
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::BadFormat,
            "tensor \"b\" is both in one.safetensors and in two.safetensors");
        VERIFY_OK(writeIndex(index, {{"a", "one.safetensors"}, {"b", "./one.safetensors"}}));
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::BadFormat,
            "names the same file as \"./one.safetensors\" and as \"one.safetensors\"");

        VERIFY_OK(writeIndex(index, {{"a", "one.safetensors"}, {"c", "two.safetensors"}}));
        VERIFY_OK(writeFileAtomically(file("two.safetensors"), "short"));
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::BadFormat,
            "two.safetensors is broken: it has 5 bytes");
    }

    void shardsMayLieInAFolderBelow()
    {
        fs::create_directory(file("parts"));
        VERIFY_OK(writeTensors(file("parts/one.safetensors"), {"a"}));
        VERIFY_OK(
            writeIndex(file("model.safetensors.index.json"), {{"a", "parts/one.safetensors"}}));
        QCOMPARE(names(**Checkpoint::open(folder())), std::string("a "));
    }

    void whatIsNoFileIsRefused()
    {
        const fs::path model = file("model.safetensors");
        VERIFY_REFUSED(
            Checkpoint::open(model), ErrorCode::NotFound, "model.safetensors does not exist");
        VERIFY_REFUSED(Checkpoint::open(""), ErrorCode::NotFound, "does not exist");
        VERIFY_REFUSED(
            Checkpoint::open(file(std::string(5000, 'x'))), ErrorCode::Io, "cannot be read");
        VERIFY_REFUSED(Checkpoint::open(file("\xFF\xFE")), ErrorCode::NotFound, "does not exist");
        VERIFY_REFUSED(Checkpoint::open("/dev/null"), ErrorCode::Io, "not a regular file");
        VERIFY_REFUSED(Checkpoint::open("/dev/zero"), ErrorCode::Io, "not a regular file");

        VERIFY_OK(writeFileAtomically(model, ""));
        VERIFY_REFUSED(
            Checkpoint::open(folder()), ErrorCode::BadFormat, "model.safetensors is empty");
        fs::remove(model);
        fs::create_directory(model);
        VERIFY_REFUSED(
            Checkpoint::open(folder()), ErrorCode::Io, "model.safetensors is a folder, not a file");
        fs::remove(model);
        QCOMPARE(::mkfifo(model.c_str(), 0600), 0);
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::Io, "device, pipe or socket");
        VERIFY_REFUSED(Checkpoint::open(model), ErrorCode::Io, "device, pipe or socket");
        fs::remove(model);
        const fs::path index = file("model.safetensors.index.json");
        QCOMPARE(::mkfifo(index.c_str(), 0600), 0);
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::Io, "device, pipe or socket");
        VERIFY_REFUSED(Checkpoint::open(index), ErrorCode::Io, "device, pipe or socket");
        fs::remove(index);

        fs::create_symlink("gone", model);
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::NotFound,
            "is a link to gone, which does not exist");
        fs::remove(model);
        fs::create_symlink("model.safetensors", model);
        VERIFY_REFUSED(Checkpoint::open(folder()), ErrorCode::Io, "cannot be read");
    }

    void unreadableFilesAreRefused()
    {
        VERIFY_OK(writeTensors(file("model.safetensors"), {"a"}));
        fs::permissions(file("model.safetensors"), fs::perms::none);
        fs::permissions(folder(), fs::perms(0755));
        // Root reads every file, so that it must be somebody else for a moment.
        const uid_t user = ::geteuid();
        if (user == 0 && ::seteuid(65534) != 0)
            QSKIP("cannot give up root's rights");
        const auto inFolder = Checkpoint::open(folder());
        const auto alone = Checkpoint::open(file("model.safetensors"));
        if (user == 0)
            QCOMPARE(::seteuid(0), 0);
        VERIFY_REFUSED(inFolder, ErrorCode::Io, "cannot be read: Permission denied");
        VERIFY_REFUSED(alone, ErrorCode::Io, "cannot be read: Permission denied");
    }

    void matricesMustHaveTheirShapeAndDtype()
    {
        CheckpointBuilder builder;
        builder.add("w", DType::BF16, {2, 3}, {1, 2, 3, 4, 5, 6});
        builder.add("v", DType::F16, {3}, {0.5F, -1, 0});
        builder.add("scalar", DType::F32, {}, {1});
        builder.addBytes("ids", DType::I32, {2, 3}, std::vector<std::byte>(24));
        builder.addBytes("complex", DType::C64, {2, 3}, std::vector<std::byte>(48));
        builder.addBytes("four", DType::F4, {2, 3}, std::vector<std::byte>(3));
        VERIFY_OK(builder.writeFile(file("model.safetensors")));
        const auto opened = Checkpoint::open(folder());
        VERIFY_OK(opened);
        const Checkpoint& checkpoint = **opened;

        const auto matrix = checkpoint.matrix("w", 2, 3);
        VERIFY_OK(matrix);
        VERIFY_CLOSE(decodeAll(*matrix), (std::vector<float>{1, 2, 3, 4, 5, 6}), 0.0);
        VERIFY_CLOSE(*checkpoint.vector("v", 3), (std::vector<float>{0.5F, -1, 0}), 0.0);
        VERIFY_CLOSE(
            decodeAll(*checkpoint.matrix("v", 1, 3)), (std::vector<float>{0.5F, -1, 0}), 0.0);

        VERIFY_REFUSED(checkpoint.matrix("x", 2, 3), ErrorCode::NotFound, "has no tensor \"x\"");
        VERIFY_REFUSED(checkpoint.matrix("w", 3, 2), ErrorCode::BadFormat,
            "model.safetensors: tensor \"w\" has the shape [2, 3], but the model needs [3, 2]");
        VERIFY_REFUSED(checkpoint.vector("w", 6), ErrorCode::BadFormat, "needs [6]");
        VERIFY_REFUSED(
            checkpoint.vector("scalar", 1), ErrorCode::BadFormat, "has the shape [], but");
        VERIFY_REFUSED(checkpoint.matrix("v", 3, 1), ErrorCode::BadFormat, "needs [3, 1]");
        VERIFY_REFUSED(checkpoint.matrix("ids", 2, 3), ErrorCode::BadFormat, "has the dtype i32");
        VERIFY_REFUSED(
            checkpoint.matrix("complex", 2, 3), ErrorCode::Unsupported, "has the dtype c64");
        VERIFY_REFUSED(checkpoint.matrix("four", 2, 3), ErrorCode::BadFormat,
            "has rows of 3 values, which are no whole blocks of 2 as f4 needs");
        QVERIFY(!checkpoint.find(""));
        QVERIFY(!checkpoint.find("zzz"));
    }

    void hugeSparseFoldersOpenAtOnce()
    {
        constexpr std::uint64_t kFileBytes = 100'000'000'000;
        if (!writeSparse(file("one.safetensors"), "a", kFileBytes)
            || !writeSparse(file("two.safetensors"), "b", kFileBytes))
            QSKIP("this disk cannot hold a sparse file of 100 GB");
        VERIFY_OK(writeIndex(file("model.safetensors.index.json"),
            {{"a", "one.safetensors"}, {"b", "two.safetensors"}}));
        const std::uint64_t before = residentBytes();
        const auto opened = Checkpoint::open(folder());
        VERIFY_OK(opened);
        QVERIFY((*opened)->totalBytes() > 2 * kFileBytes - 100'000);
        // Only the pages of the headers were touched.
        const std::uint64_t after = residentBytes();
        QVERIFY2(after < before + (8U << 20), std::to_string(after - before).c_str());

        const TensorInfo& tensor = *(*opened)->find("b");
        const auto matrix = (*opened)->matrix("b", tensor.shape[0], 4096);
        VERIFY_OK(matrix);
        std::vector<float> row(4096, 1.0F);
        decodeRows(*matrix, matrix->rows - 1, 1, row);
        QCOMPARE(row, std::vector<float>(4096, 0.0F));
        VERIFY_OK((*opened)->status());
    }

    void manyTensorsOpenAtOnce()
    {
        constexpr int kTensors = 100'000;
        std::string header = "{";
        std::string map;
        for (int i = 0; i < kTensors; ++i) {
            const std::string name
                = fmt::format("model.layers.{}.mlp.experts.{}.up_proj.weight", i / 256, i % 256);
            header += fmt::format(R"({}"{}":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})",
                i == 0 ? "" : ",", name, i, i + 1);
            map += fmt::format(R"({}"{}":"all.safetensors")", i == 0 ? "" : ",", name);
        }
        VERIFY_OK(writeFileAtomically(file("all.safetensors"),
            test::safetensorsBytes(header + "}", std::string(kTensors, 'x'))));
        VERIFY_OK(writeFileAtomically(
            file("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}"));
        const auto checkpoint = Checkpoint::open(folder());
        VERIFY_OK(checkpoint);
        QCOMPARE((*checkpoint)->tensors().size(), std::size_t{kTensors});
        QVERIFY((*checkpoint)->find("model.layers.7.mlp.experts.9.up_proj.weight"));
    }
};

QTEST_APPLESS_MAIN(TestCheckpoint)
#include "tst_checkpoint.moc"
