// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <limits>

#include "core/base/text.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/file_write.h"
#include "core/io/mapped_file.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::safetensorsBytes;

namespace {

Result<SafetensorsHeader> parse(std::string_view bytes)
{
    return parseSafetensors(std::as_bytes(std::span(bytes)), "model.safetensors");
}

/// A file of one tensor "a" whose entry is given.
std::string oneEntry(std::string_view entry, std::size_t dataBytes = 4)
{
    return safetensorsBytes("{\"a\":" + std::string(entry) + "}", std::string(dataBytes, 'x'));
}

std::string entry(std::string_view shape, std::string_view offsets)
{
    return R"({"dtype":"F32","shape":)" + std::string(shape) + R"(,"data_offsets":)"
        + std::string(offsets) + "}";
}

std::string oneTensor(std::string_view shape, std::string_view offsets, std::size_t dataBytes = 4)
{
    return oneEntry(entry(shape, offsets), dataBytes);
}

/// A file of the tensors "a" and "b" with these offsets, 4 or 8 bytes each.
std::string twoTensors(std::string_view a, std::string_view b, std::size_t dataBytes)
{
    return safetensorsBytes("{\"a\":" + entry("[1]", a) + ",\"b\":" + entry("[1]", b) + "}",
        std::string(dataBytes, 'x'));
}

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    std::filesystem::path file(const char* name) const
    {
        return m_folder.filePath(name).toStdString();
    }

private slots:
    void brokenFilesAreRefused_data()
    {
        QTest::addColumn<std::string>("bytes");
        QTest::addColumn<std::string>("fragment");
        QTest::addColumn<bool>("unsupported");
        const auto row = [](const char* name, const std::string& bytes, const char* fragment) {
            QTest::newRow(name) << bytes << std::string(fragment) << false;
        };
        const std::string good = oneTensor("[1]", "[0,4]");

        row("empty", "", "has 0 bytes");
        row("seven bytes", "1234567", "has 7 bytes");
        row("no header", std::string(8, '\0'), "does not begin with");
        row("cut in the header", good.substr(0, 20), "only 12 follow");
        row("cut in the data", good.substr(0, good.size() - 1), "holds only 3 bytes");
        row("all data cut", good.substr(0, good.size() - 4), "incomplete download");
        row("header beyond the file", safetensorsBytes(1000, "{}", ""),
            "claims 1000 bytes, but only 2 follow");
        row("header beyond the cap", safetensorsBytes(100'000'001, "{}", ""),
            "more than the 100000000");
        row("largest header length", safetensorsBytes(~std::uint64_t{0}, "{}", ""),
            "18446744073709551615");
        row("header too short", safetensorsBytes(10, R"({"a":{"dtype":"F32"}})", ""),
            "not valid JSON");
        row("text", "Hello, this is no model at all.", "so it is no safetensors file");
        row("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "Git LFS pointer");

        row("not JSON", safetensorsBytes("{hello}", ""), "not valid JSON at byte");
        row("a list", safetensorsBytes("[]", ""), "does not begin with");
        row("a number", safetensorsBytes("12", ""), "does not begin with");
        row("leading space", safetensorsBytes(" {}", ""), "does not begin with");
        row("two values", safetensorsBytes("{} {}", ""), "not valid JSON");
        row("zero byte", safetensorsBytes(std::string_view("{}\0\0", 4), ""), "zero byte");
        row("invalid UTF-8", safetensorsBytes("{\"a\xFF\":" + entry("[1]", "[0,4]") + "}", "1234"),
            "not valid JSON");
        row("lone surrogate",
            safetensorsBytes("{\"\\ud800\":" + entry("[1]", "[0,4]") + "}", "1234"),
            "not valid JSON");
        row("comment", safetensorsBytes("{/**/}", ""), "not valid JSON");
        row("deep list", oneEntry(std::string(100000, '[')), "is a list, not an object");
        row("deep shape", oneTensor(std::string(100000, '[') + std::string(100000, ']'), "[0,4]"),
            "but hold a list");
        row("deep extra field",
            oneEntry(R"({"extra":)" + std::string(100000, '[') + std::string(100000, ']') + "}"),
            "nested too deeply");
        row(
            "deep extra objects",
            [] {
                std::string deep;
                for (int i = 0; i < 1000; ++i)
                    deep += R"({"x":)";
                return oneEntry(deep + "1" + std::string(1000, '}'));
            }(),
            "nested too deeply");

        row("entry is null", oneEntry("null"), "is null, not an object");
        row("entry is a number", oneEntry("5"), "is a number, not an object");
        row("entry is text", oneEntry("\"F32\""), "is text, not an object");
        row("entry is a list", oneEntry("[1]"), "is a list, not an object");
        row("entry is empty", oneEntry("{}"), "has no dtype");
        row("no shape", oneEntry(R"({"dtype":"F32","data_offsets":[0,4]})"), "has no shape");
        row("no offsets", oneEntry(R"({"dtype":"F32","shape":[1]})"), "has no data_offsets");
        row("dtype twice",
            oneEntry(R"({"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]})"),
            "the dtype of tensor \"a\" appears twice");
        row("unknown dtype", oneEntry(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"),
            "unknown dtype \"F31\"");
        row("lower-case dtype", oneEntry(R"({"dtype":"f32","shape":[1],"data_offsets":[0,4]})"),
            "unknown dtype \"f32\"");
        row("dtype is a number", oneEntry(R"({"dtype":32,"shape":[1],"data_offsets":[0,4]})"),
            "is a number, not text");
        row("dtype is a list", oneEntry(R"({"dtype":["F32"],"shape":[1],"data_offsets":[0,4]})"),
            "is a list, not text");
        row("wrong dtype for the size",
            oneEntry(R"({"dtype":"F16","shape":[1],"data_offsets":[0,4]})"),
            "needs 2 bytes, but its data_offsets give it 4");

        row("shape is text", oneTensor("\"1\"", "[0,4]"), "is text, not a list");
        row("shape is a number", oneTensor("1", "[0,4]"), "is a number, not a list");
        row("negative size", oneTensor("[-1]", "[0,4]"), "hold a negative number");
        row("negative zero", oneTensor("[-0]", "[0,4]"), "hold a negative number");
        row("fraction in the shape", oneTensor("[1.0]", "[0,4]"), "hold a fraction");
        row("size beyond 64 bits", oneTensor("[18446744073709551616]", "[0,4]"),
            "too large a number");
        row("shape overflows", oneTensor("[4294967296,4294967296]", "[0,0]"),
            "too large for any file");
        row("shape overflows to 4", oneTensor("[4611686018427387905]", "[0,4]"),
            "too large for any file");
        row("overflow before a zero", oneTensor("[18446744073709551615,2,0]", "[0,0]", 0),
            "too large for any file");
        row("too many dimensions",
            oneTensor(
                "[1" +
                    [] {
                        std::string ones;
                        for (int i = 0; i < 32; ++i)
                            ones += ",1";
                        return ones;
                    }()
                    + "]",
                "[0,4]"),
            "more than 32 dimensions");
        row("smaller than its shape", oneTensor("[2]", "[0,4]"),
            "needs 8 bytes, but its data_offsets give it 4");
        row("larger than its shape", oneTensor("[]", "[0,8]", 8),
            "needs 4 bytes, but its data_offsets give it 8");

        row("one offset", oneTensor("[1]", "[0]"), "are not two numbers");
        row("three offsets", oneTensor("[1]", "[0,4,8]"), "are not two numbers");
        row("offsets are an object", oneTensor("[1]", "{}"), "is an object, not a list");
        row("negative offset", oneTensor("[1]", "[-4,0]"), "hold a negative number");
        row("fraction offset", oneTensor("[1]", "[0,4.0]"), "hold a fraction");
        row("text offset", oneTensor("[1]", "[\"0\",4]"), "hold text");
        row("huge offset", oneTensor("[1]", "[1e30,4]"), "too large a number");
        row("offsets backwards", oneTensor("[1]", "[4,0]"), "ends before it begins");
        row("offsets beyond the file", oneTensor("[1]", "[4,8]"), "holds only 4 bytes of data");
        row("offsets near the end of 64 bits",
            oneTensor("[1]", "[18446744073709551611,18446744073709551615]"), "holds only 4 bytes");

        row("same name twice",
            safetensorsBytes(
                "{\"a\":" + entry("[1]", "[0,4]") + ",\"a\":" + entry("[1]", "[4,8]") + "}",
                "12345678"),
            "tensor \"a\" appears twice");
        row("same name, escaped",
            safetensorsBytes(
                "{\"a\":" + entry("[1]", "[0,4]") + ",\"\\u0061\":" + entry("[1]", "[4,8]") + "}",
                "12345678"),
            "tensor \"a\" appears twice");
        row("same place", twoTensors("[0,4]", "[0,4]", 4), "overlap at byte 0");
        row("overlap", twoTensors("[0,4]", "[2,6]", 6), "\"a\" and \"b\" overlap at byte 2");
        row("overlap in the other order", twoTensors("[2,6]", "[0,4]", 6),
            "\"b\" and \"a\" overlap");
        row("gap", twoTensors("[0,4]", "[8,12]", 12), "4 bytes before tensor \"b\"");
        row("gap at the start", oneTensor("[1]", "[4,8]", 8), "4 bytes before tensor \"a\"");
        row("bytes after the end", oneTensor("[1]", "[0,4]", 5), "1 bytes after the last tensor");
        row("data without tensors", safetensorsBytes("{}", "1234"),
            "4 bytes after the last tensor");
        row("empty tensor inside another",
            safetensorsBytes(
                "{\"a\":" + entry("[1]", "[0,4]") + ",\"b\":" + entry("[0]", "[2,2]") + "}",
                "1234"),
            "overlap at byte 2");

        row("metadata is a list", safetensorsBytes(R"({"__metadata__":[]})", ""),
            "is a list, not an object");
        row("metadata is not text", safetensorsBytes(R"({"__metadata__":{"n":1}})", ""),
            "are a number, not text");
        row("metadata twice", safetensorsBytes(R"({"__metadata__":{"n":"1","n":"2"}})", ""),
            "appear twice");

        row("half a byte", oneEntry(R"({"dtype":"F4","shape":[3,3],"data_offsets":[0,4]})"),
            "the 9 elements of tensor \"a\" do not fill whole groups of 2, which F4 needs");
        row("six bits", oneEntry(R"({"dtype":"F6_E2M3","shape":[6],"data_offsets":[0,4]})"),
            "whole groups of 4");
        row("too few bytes of four bits",
            oneEntry(R"({"dtype":"F4","shape":[10],"data_offsets":[0,4]})"), "needs 5 bytes");
        QTest::newRow("GGUF") << std::string("GGUF\x03\0\0\0\0\0\0\0", 12)
                              << std::string("is a GGUF file") << true;
        QTest::newRow("PyTorch") << std::string("PK\x03\x04 archive")
                                 << std::string("PyTorch or zip") << true;
    }

    void brokenFilesAreRefused()
    {
        QFETCH(std::string, bytes);
        QFETCH(std::string, fragment);
        QFETCH(bool, unsupported);
        const auto header = parse(bytes);
        QVERIFY(!header);
        const std::string& message = header.error().message;
        QVERIFY2(message.find(fragment) != std::string::npos, message.c_str());
        QCOMPARE(header.error().code, unsupported ? ErrorCode::Unsupported : ErrorCode::BadFormat);
        QVERIFY(message.starts_with("model.safetensors "));
        QVERIFY(message.ends_with('.') && message.find('\n') == std::string::npos);
    }

    void everyCutAndEveryByteIsSurvived()
    {
        const std::string good = safetensorsBytes(R"({"__metadata__":{"format":"pt"},"a":)"
                + entry("[1]", "[0,4]") + ",\"b\":" + entry("[]", "[4,8]") + "}",
            "12345678");
        QVERIFY(parse(good));
        for (std::size_t length = 0; length < good.size(); ++length)
            QVERIFY(!parse(std::string_view(good).substr(0, length)));
        // A changed byte may leave a legal file; what counts is that every tensor stays inside it.
        for (std::size_t i = 0; i < good.size() - 8; ++i) {
            for (int value = 0; value < 256; ++value) {
                std::string changed = good;
                changed[i] = static_cast<char>(value);
                const auto header = parse(changed);
                if (!header) {
                    QVERIFY(isValidUtf8(header.error().message));
                    continue;
                }
                for (const TensorInfo& tensor : header->tensors)
                    QCOMPARE(tensor.bytes.size(), tensor.elements() * dtypeBytes(tensor.dtype));
            }
        }
    }

    void longAndStrangeNamesAreShownSafely()
    {
        const std::string name = "x\\n\\u0000" + std::string(1'000'000, 'y');
        const auto header = parse(safetensorsBytes("{\"" + name + "\":5}", ""));
        QVERIFY(!header);
        QVERIFY(header.error().message.size() < 400);
        QVERIFY(isValidUtf8(header.error().message));
        QCOMPARE(
            header.error().message.find_first_of(std::string_view("\n\0", 2)), std::string::npos);
        const auto named = parseSafetensors({}, "bad \xFF name");
        QVERIFY(isValidUtf8(named.error().message));
    }

    void legalFilesAreRead()
    {
        QVERIFY(parse(safetensorsBytes("{}", ""))->tensors.empty());
        QVERIFY(parse(safetensorsBytes("{}   \n\t ", ""))->tensors.empty());
        QCOMPARE(parse(safetensorsBytes(R"({"__metadata__":{"format":"pt"}})", ""))
                     ->metadata.at("format"),
            std::string("pt"));

        // Tensors in any order, scalars, empty tensors anywhere between others, fields that are not
        // known.
        const std::string bytes = safetensorsBytes("{\"late\":" + entry("[1,1]", "[4,8]")
                + ",\"empty\":" + entry("[3,0,5]", "[4,4]") + ",\"end\":" + entry("[0]", "[8,8]")
                + R"(,"first":{"extra":{"a":[1,{}]},"data_offsets":[0,4],"shape":[],"dtype":"I32"}})",
            "12345678");
        const auto header = parse(bytes);
        VERIFY_OK(header);
        std::string order;
        for (const TensorInfo& tensor : header->tensors)
            order += tensor.name + " " + formatShape(tensor.shape) + ";";
        QCOMPARE(order, std::string("first [];empty [3, 0, 5];late [1, 1];end [0];"));
        QCOMPARE(header->tensors[0].dtype, DType::I32);
        QCOMPARE(header->tensors[0].elements(), std::uint64_t{1});
        QCOMPARE(std::memcmp(header->tensors[2].bytes.data(), "5678", 4), 0);
        QVERIFY(header->tensors[1].bytes.empty());
    }

    void writtenFilesReadBack()
    {
        SafetensorsWriter writer;
        writer.setMetadata("note", "quotes \" and é");
        writer.addF32(
            "b", {2, 2}, std::vector<float>{1, -2, 3.5F, std::numeric_limits<float>::infinity()});
        writer.addI32("a\n\"ü\"", {3}, std::vector<std::int32_t>{1, -2, 3});
        writer.addBytes("one byte", DType::U8, {1}, std::vector<std::byte>{std::byte{7}});
        writer.addF32("scalar", {}, std::vector<float>{9});
        writer.addF32("empty", {0, 4}, {});
        const auto path = file("written.safetensors");
        VERIFY_OK(writer.write(path));

        const auto mapped = MappedFile::open(path);
        VERIFY_OK(mapped);
        std::uint64_t length = 0;
        std::memcpy(&length, (*mapped)->bytes().data(), sizeof length);
        QCOMPARE(length % 8, std::uint64_t{0});
        const auto header = parseSafetensors((*mapped)->bytes(), "written");
        VERIFY_OK(header);
        QCOMPARE(header->metadata.at("note"), std::string("quotes \" and é"));
        QCOMPARE(header->tensors.size(), std::size_t{5});
        QCOMPARE(header->tensors[0].name, std::string("b"));
        QCOMPARE(header->tensors[1].name, std::string("a\n\"ü\""));
        const std::int32_t second = -2;
        QCOMPARE(std::memcmp(header->tensors[1].bytes.data() + 4, &second, 4), 0);
        float scalar = 0;
        std::memcpy(&scalar, header->tensors[3].bytes.data(), 4);
        QCOMPARE(scalar, 9.0F);
        QCOMPARE(header->tensors[4].shape, (std::vector<std::uint64_t>{0, 4}));
    }

    void emptyFilesAreWritten()
    {
        const auto path = file("nothing.safetensors");
        VERIFY_OK(SafetensorsWriter().write(path));
        QCOMPARE(*readTextFile(path), safetensorsBytes("{}      ", ""));
    }

    void wrongInputIsNotWritten()
    {
        const auto path = file("never.safetensors");
        const std::vector<float> values = {1, 2};
        const auto expectRefusal = [&](const SafetensorsWriter& writer, const char* fragment) {
            const Status status = writer.write(path);
            QVERIFY(!status);
            QCOMPARE(status.error().code, ErrorCode::InvalidArgument);
            QVERIFY2(status.error().message.find(fragment) != std::string::npos,
                status.error().message.c_str());
            QVERIFY(!std::filesystem::exists(path));
        };
        SafetensorsWriter twice;
        twice.addF32("a", {2}, values);
        twice.addF32("a", {2}, values);
        expectRefusal(twice, "\"a\" was added twice");
        SafetensorsWriter wrongSize;
        wrongSize.addF32("a", {3}, values);
        expectRefusal(wrongSize, "has 8 bytes, which do not fill the shape [3] of f32");
        SafetensorsWriter overflow;
        overflow.addF32("a", {1ULL << 62, 2}, {});
        expectRefusal(overflow, "do not fill the shape");
        SafetensorsWriter reserved;
        reserved.addF32("__metadata__", {2}, values);
        expectRefusal(reserved, "does not allow");
        SafetensorsWriter invalid;
        invalid.addF32("\xC3", {2}, values);
        expectRefusal(invalid, "does not allow");
        SafetensorsWriter fine;
        fine.addF32("a", {2}, values);
        QCOMPARE(
            fine.write(file("no/such/folder.safetensors")).error().code, ErrorCode::CannotWrite);
    }
};

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
