// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/gguf.h"
#include "core/io/file_write.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::GgufBuilder;
namespace fs = std::filesystem;

namespace {

std::string packed(auto value)
{
    return GgufBuilder::packed(value);
}

constexpr std::uint64_t kMany = ~std::uint64_t{0};

/// One metadata entry and two tensors of one block each.
GgufBuilder good()
{
    GgufBuilder builder;
    builder.string("general.architecture", "llama");
    builder.tensor("a", 8, {32, 1}, std::string(34, '\0'));
    builder.tensor("b", 0, {2}, std::string(8, '\0'));
    return builder;
}

/// An array with this header and these bytes behind it.
std::string withArray(std::uint32_t element, std::uint64_t count, std::string_view elements)
{
    GgufBuilder builder;
    builder.raw("list", 9, packed(element) + packed(count) + std::string(elements));
    return builder.bytes();
}

GgufBuilder part(std::uint16_t number, std::uint16_t count, std::int32_t tensors)
{
    GgufBuilder builder;
    builder.uint16("split.no", number)
        .uint16("split.count", count)
        .int32("split.tensors.count", tensors);
    builder.tensor("tensor" + std::to_string(number), 0, {1}, "1234");
    return builder;
}

} // namespace

class TestGgufHostile : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path file(std::string_view name) const
    {
        return fs::path(m_folder->path().toStdString()) / name;
    }

    static void checkRefused(const Error& error, ErrorCode code, const std::string& fragment)
    {
        const std::string& message = error.message;
        QVERIFY2(message.find(fragment) != std::string::npos, message.c_str());
        QCOMPARE(error.code, code);
        QVERIFY2(message.ends_with('.') && message.size() < 3000 && isValidUtf8(message),
            message.c_str());
        QVERIFY2(std::count(message.begin(), message.end(), '\n') == 0, message.c_str());
    }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void brokenFilesAreRefused_data()
    {
        QTest::addColumn<std::string>("bytes");
        QTest::addColumn<std::string>("fragment");
        QTest::addColumn<bool>("unsupported");
        const auto row = [](const char* name, const std::string& bytes, const char* fragment,
                             bool unsupported = false) {
            QTest::newRow(name) << bytes << std::string(fragment) << unsupported;
        };
        const std::string file = good().bytes();
        row("empty", "", "ends inside the mark \"GGUF\"");
        row("three bytes", "GGU", "ends inside the mark");
        row("other mark", "GGML" + file.substr(4), "does not begin with \"GGUF\"");
        row("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
        row("PyTorch", "PK\x03\x04 archive", "PyTorch or zip", true);
        for (const std::uint32_t version : {1U, 4U, 0x7FFFFFFFU})
            row(("version " + std::to_string(version)).c_str(),
                "GGUF" + packed(version) + file.substr(8), "only versions 2 and 3", true);
        row("version 0", "GGUF" + packed(0U) + file.substr(8), "its version is 0");
        row("big-endian", "GGUF" + packed(0x03000000U) + file.substr(8), "big-endian", true);
        row("no counts", file.substr(0, 8), "ends inside the number of tensors");

        const auto lie = [](auto change) {
            GgufBuilder builder = good();
            change(builder);
            return builder.bytes();
        };
        row("too many tensors", lie([](auto& b) { b.tensorCount = 3; }),
            "the name \"\" of tensor 3 is empty");
        row("most tensors", lie([](auto& b) { b.tensorCount = kMany; }),
            "the name \"\" of tensor 3 is empty");
        row("too many metadata", lie([](auto& b) { b.metadataCount = 2; }),
            "ends inside the name of tensor 1 of 2");
        row("most metadata", lie([](auto& b) { b.metadataCount = kMany; }), "is broken");
        row("too few metadata", lie([](auto& b) { b.metadataCount = 0; }), "is broken");

        row("huge key",
            "GGUF" + packed(3U) + packed(std::uint64_t{0}) + packed(std::uint64_t{1})
                + packed(kMany),
            "the key of metadata 1 of 1, which needs 18446744073709551615 bytes where 0 are left");
        row("huge text", lie([](auto& b) { b.raw("t", 8, packed(kMany)); }),
            "metadata \"t\", which needs 18446744073709551615");
        row("long text", lie([](auto& b) { b.raw("t", 8, packed(std::uint64_t{1} << 40) + "x"); }),
            "metadata \"t\", which needs 1099511627776 bytes");
        row("text beyond the cap",
            lie([](auto& b) { b.string("t", std::string(100'000'001, 'x')); }),
            "beyond the 100000000 bytes that are accepted");
        row("empty key", lie([](auto& b) { b.uint32("", 1); }), "is empty or not valid UTF-8");
        row("key of other bytes", lie([](auto& b) { b.uint32("\xFF", 1); }),
            "is empty or not valid UTF-8");
        row("key twice", lie([](auto& b) { b.uint32("k", 1).uint32("k", 2); }),
            "metadata \"k\" appear twice");
        row("unknown kind", lie([](auto& b) { b.raw("k", 13, "1234"); }),
            "metadata \"k\" has the unknown type number 13");
        row("unknown kind of list", withArray(99, 1, "x"),
            "metadata \"list\" has the unknown type number 99");
        row("half a flag", lie([](auto& b) { b.raw("k", 7, "\x02"); }),
            "should be true (1) or false (0), but is 2");
        row("half a flag in a list", withArray(7, 2, "\x01\xFF"), "but is 255");
        row("huge list of bytes", withArray(0, kMany, "x"),
            "metadata \"list\", which needs 18446744073709551615");
        row("huge list of numbers", withArray(10, kMany / 4, ""),
            "claims 4611686018427387903 elements");
        row("huge list of texts", withArray(8, kMany, "x"),
            "claims 18446744073709551615 elements, but only");
        row("huge list of lists", withArray(9, kMany, "x"),
            "claims 18446744073709551615 elements, but only");
        row("list of broken texts", withArray(8, 1, packed(kMany)),
            "metadata \"list\", which needs");
        std::string deep;
        for (int i = 0; i < 5000; ++i)
            deep += packed(9U) + packed(std::uint64_t{1});
        row("deep lists", withArray(9, 1, deep), "is nested deeper than 4 lists");

        for (const std::uint32_t alignment : {0U, 3U, 48U, 0x80000000U})
            row(("alignment " + std::to_string(alignment)).c_str(),
                lie([&](auto& b) { b.uint32("general.alignment", alignment); }),
                "general.alignment is");
        row("alignment is text", lie([](auto& b) { b.string("general.alignment", "32"); }),
            "general.alignment is 32 (string)");
        row("alignment is negative", lie([](auto& b) { b.int32("general.alignment", -32); }),
            "general.alignment is -32 (i32)");

        const auto tensor = [](std::string_view name, std::uint32_t type,
                                std::initializer_list<std::uint64_t> dimensions, std::size_t data,
                                std::optional<std::uint64_t> offset = {}) {
            GgufBuilder builder = good();
            builder.tensor(name, type, dimensions, std::string(data, 'x'), offset);
            return builder.bytes();
        };
        row("tensor twice", tensor("a", 0, {1}, 4), "tensor \"a\" appears twice");
        row("tensor without name", tensor("", 0, {1}, 4),
            "of tensor 3 is empty or not valid UTF-8");
        row("tensor of other bytes", tensor("\xC3", 0, {1}, 4), "is empty or not valid UTF-8");
        row("no dimensions", tensor("t", 0, {}, 4), "has 0 dimensions, but 1 to 4 are possible");
        row("five dimensions", tensor("t", 0, {1, 1, 1, 1, 1}, 4), "has 5 dimensions");
        row("unknown type", tensor("t", 99, {1}, 4), "tensor \"t\" has the unknown type number 99");
        row("largest type", tensor("t", ~0U, {1}, 4), "unknown type number 4294967295");
        row("type of memory only", tensor("t", 9, {32}, 36),
            "has the type Q8_1 (number 9), which is not supported", true);
        row("new type", tensor("t", 41, {128}, 18), "has the type Q1_0 (number 41)", true);
        row("removed type", tensor("t", 31, {32}, 18), "has the type Q4_0_4_4 (number 31)", true);
        row("rows end inside a block", tensor("t", 8, {33, 32}, 1122),
            "rows of 33 values, which are no whole blocks of 32 as q8_0 needs");
        row("shape overflows", tensor("t", 0, {1ULL << 40, 1ULL << 40}, 4),
            "too large for any file");
        row("bytes overflow", tensor("t", 0, {1ULL << 62}, 4), "too large for any file");
        row("cut data", file.substr(0, file.size() - 1),
            "tensor \"b\" needs 8 bytes from byte 64 of the data, but the file holds only 71");
        row("no data", file.substr(0, file.size() - 72),
            "holds only 0 bytes of data (an incomplete download?)");
        row("cut padding", file.substr(0, file.size() - 80), "holds only 0 bytes of data");
        row("larger than the file", tensor("t", 0, {1000}, 4), "tensor \"t\" needs 4000 bytes");
        row("offset beyond the file", tensor("t", 0, {1}, 4, 1ULL << 40),
            "from byte 1099511627776");
        row("largest offset", tensor("t", 0, {1}, 4, kMany - 31), "from byte 18446744073709551584");
        row("misaligned", tensor("t", 0, {1}, 4, 97),
            "begins at byte 97 of the data, which is no multiple of the alignment 32");
        row("overlap", tensor("t", 0, {1}, 4, 32), "tensors \"a\" and \"t\" overlap at byte 32");
        row("same place", tensor("t", 0, {1}, 4, 64), "overlap at byte 64");
    }

    void brokenFilesAreRefused()
    {
        QFETCH(std::string, bytes);
        QFETCH(std::string, fragment);
        QFETCH(bool, unsupported);
        const auto header = parseGguf(std::as_bytes(std::span(bytes)), "model.gguf");
        QVERIFY(!header);
        checkRefused(
            header.error(), unsupported ? ErrorCode::Unsupported : ErrorCode::BadFormat, fragment);
        QVERIFY(header.error().message.starts_with("model.gguf "));
    }

    void everyCutIsRefused()
    {
        GgufBuilder builder = good();
        builder.strings("words", std::vector<std::string>{"one", "two"});
        const std::string whole = builder.bytes();
        VERIFY_OK(parseGguf(std::as_bytes(std::span(whole)), "x"));
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto header = parseGguf(std::as_bytes(std::span(whole).first(size)), "x");
            QVERIFY2(!header, std::to_string(size).c_str());
        }
    }

    void splitModelsMustBeComplete()
    {
        const auto write = [&](std::string_view name, const GgufBuilder& builder) {
            return writeFileAtomically(file(name), builder.bytes());
        };
        const auto refuse = [&](std::string_view name, ErrorCode code, const char* fragment) {
            const auto opened = Checkpoint::open(file(name));
            QVERIFY(!opened);
            checkRefused(opened.error(), code, fragment);
        };
        VERIFY_OK(write("m-00001-of-00003.gguf", part(0, 3, 3)));
        VERIFY_OK(write("m-00003-of-00003.gguf", part(2, 3, 3)));
        refuse("m-00001-of-00003.gguf", ErrorCode::NotFound,
            "is part 1 of 3, but m-00002-of-00003.gguf is not there");
        refuse("m-00003-of-00003.gguf", ErrorCode::NotFound,
            "is part 3 of 3, but m-00002-of-00003.gguf is not there");

        VERIFY_OK(write("m-00002-of-00003.gguf", part(1, 3, 3)));
        VERIFY_OK(Checkpoint::open(file("m-00002-of-00003.gguf")));
        VERIFY_OK(Checkpoint::open(file("")));

        VERIFY_OK(write("m-00002-of-00003.gguf", part(0, 3, 3)));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat,
            "is named as part 2 of 3, but its split.no is 0 and its split.count is 3, where 1 and "
            "3 belong");

        VERIFY_OK(write("m-00002-of-00003.gguf", part(1, 4, 3)));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat, "split.count is 4");

        VERIFY_OK(write("m-00002-of-00003.gguf", part(1, 3, 9)));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat, "is no part of the same model");

        GgufBuilder foreign = part(1, 3, 3);
        foreign.tensor("more", 0, {1}, "1234");
        VERIFY_OK(write("m-00002-of-00003.gguf", foreign));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat,
            "should hold 3 tensors together, but hold 4");

        GgufBuilder repeated;
        repeated.uint16("split.no", 1).uint16("split.count", 3);
        repeated.tensor("tensor0", 0, {1}, "1234");
        VERIFY_OK(write("m-00002-of-00003.gguf", repeated));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat,
            "tensor \"tensor0\" is both in m-00001-of-00003.gguf and in m-00002-of-00003.gguf");

        VERIFY_OK(write("m-00002-of-00003.gguf", good()));
        refuse("m-00001-of-00003.gguf", ErrorCode::BadFormat,
            "is named as part 2 of 3, but has no metadata \"split.count\"");

        VERIFY_OK(write("m-00002-of-00003.gguf",
            GgufBuilder().string("split.no", "1").uint16("split.count", 3)));
        refuse(
            "m-00001-of-00003.gguf", ErrorCode::BadFormat, "\"split.no\" should be a whole number");

        VERIFY_OK(writeFileAtomically(file("m-00002-of-00003.gguf"), "GGUF"));
        refuse("m-00003-of-00003.gguf", ErrorCode::BadFormat, "m-00002-of-00003.gguf is broken");

        VERIFY_OK(write("renamed.gguf", part(1, 3, 3)));
        refuse("renamed.gguf", ErrorCode::BadFormat,
            "is one of 3 parts of a model, but its name does not say which");
        VERIFY_OK(write("alone.gguf", part(0, 1, 1)));
        VERIFY_OK(Checkpoint::open(file("alone.gguf")));
        VERIFY_OK(write("alone-00001-of-00001.gguf", part(0, 1, 1)));
        VERIFY_OK(Checkpoint::open(file("alone-00001-of-00001.gguf")));
    }

    void partNamesAreRead()
    {
        const auto name = ggufPartName("a-b-00002-of-00010.gguf");
        QVERIFY(name);
        QCOMPARE(name->stem, std::string("a-b"));
        QCOMPARE(name->number, 2U);
        QCOMPARE(name->fileName(3), std::string("a-b-00003-of-00010.gguf"));
        for (const char* other : {"model.gguf", "m-00000-of-00003.gguf", "m-00004-of-00003.gguf",
                 "m-1-of-3.gguf", "m00001-of-00003.gguf", "m-00001-of-00003",
                 "m-0000x-of-00003.gguf", "-of-.gguf", ".gguf"})
            QVERIFY2(!ggufPartName(other), other);
    }
};

QTEST_APPLESS_MAIN(TestGgufHostile)
#include "tst_gguf_hostile.moc"
