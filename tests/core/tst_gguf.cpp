// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include <unistd.h>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/gguf.h"
#include "core/io/file_write.h"
#include "core/tensor/iq_grids.h"
#include "core/tensor/linear.h"
#include "tests/support/files.h"
#include "tests/support/gguf_builder.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::GgufBuilder;
namespace fs = std::filesystem;

namespace {

fs::path fixture(std::string_view name)
{
    return test::fixtures() / "gguf" / name;
}

/// The whole tensor as a matrix of all its rows.
MatrixView allRows(const TensorInfo& tensor)
{
    const std::uint64_t cols = tensor.shape.back();
    return MatrixView::rowMajor(tensor.dtype, tensor.elements() / cols, cols, tensor.bytes.data());
}

bool haveSameBits(std::span<const float> values, std::span<const std::byte> expected)
{
    return values.size_bytes() == expected.size()
        && std::memcmp(values.data(), expected.data(), expected.size()) == 0;
}

template <std::size_t entries, std::size_t elements>
bool isSameGrid(const IqGrid<entries, elements>& grid, const TensorInfo* expected)
{
    return expected && expected->shape == std::vector<std::uint64_t>{entries, elements}
    && expected->dtype == DType::I8
        && std::memcmp(grid.data(), expected->bytes.data(), entries * elements) == 0;
}

} // namespace

class TestGguf : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    fs::path file(std::string_view name) const
    {
        return fs::path(m_folder.path().toStdString()) / name;
    }

private slots:
    void everyTypeDecodesToTheSameBits()
    {
        const auto quants = Checkpoint::open(fixture("quants.gguf"));
        VERIFY_OK(quants);
        const auto expected = Checkpoint::open(fixture("quants_expected.safetensors"));
        VERIFY_OK(expected);
        QCOMPARE((*quants)->tensors().size(), (*expected)->tensors().size());
        for (const TensorInfo& tensor : (*quants)->tensors()) {
            const TensorInfo* wanted = (*expected)->find(tensor.name);
            QVERIFY2(wanted && wanted->shape == tensor.shape, tensor.name.c_str());
            const MatrixView matrix = allRows(tensor);
            QCOMPARE(matrix.bytes(), tensor.bytes.size());
            QVERIFY2(haveSameBits(decodeAll(matrix), wanted->bytes), tensor.name.c_str());

            // One row of them, at an odd address.
            const std::size_t last = matrix.rows - 1;
            std::vector<std::byte> moved(matrix.rowStride + 1);
            std::memcpy(moved.data() + 1, matrix.data + last * matrix.rowStride, matrix.rowStride);
            std::vector<float> row(matrix.cols);
            decodeRows(
                MatrixView::rowMajor(tensor.dtype, 1, matrix.cols, moved.data() + 1), 0, 1, row);
            QVERIFY2(haveSameBits(row, wanted->bytes.last(matrix.cols * 4)), tensor.name.c_str());
        }
    }

    void codebooksAreThoseOfTheFormat()
    {
        const auto expected = Checkpoint::open(fixture("iq_grids.safetensors"));
        VERIFY_OK(expected);
        const Checkpoint& tables = **expected;
        const IqGrids& grids = iqGrids();
        QVERIFY(isSameGrid(grids.iq2xxs, tables.find("iq2_xxs")));
        QVERIFY(isSameGrid(grids.iq2xs, tables.find("iq2_xs")));
        QVERIFY(isSameGrid(grids.iq2s, tables.find("iq2_s")));
        QVERIFY(isSameGrid(grids.iq3xxs, tables.find("iq3_xxs")));
        QVERIFY(isSameGrid(grids.iq3s, tables.find("iq3_s")));
        QVERIFY(isSameGrid(grids.iq1s, tables.find("iq1_s")));
        QCOMPARE(std::memcmp(kIq4Values.data(), tables.find("iq4_nl")->bytes.data(), 16), 0);
    }

    void blocksOfBytesDecode()
    {
        // The one type that quants.gguf lacks: a float scale, 256 bytes, 16 sums.
        std::vector<std::byte> block(292);
        const float scale = 0.5F;
        std::memcpy(block.data(), &scale, 4);
        for (int j = 0; j < 256; ++j)
            block[static_cast<std::size_t>(4 + j)] = static_cast<std::byte>(j - 128);
        const auto values = decodeAll(MatrixView::rowMajor(DType::Q8_K, 1, 256, block.data()));
        for (int j = 0; j < 256; ++j)
            QCOMPARE(values[static_cast<std::size_t>(j)], 0.5F * static_cast<float>(j - 128));
    }

    void productsOfPackedRowsAreThoseOfTheirValues()
    {
        const auto quants = Checkpoint::open(fixture("quants.gguf"));
        VERIFY_OK(quants);
        for (const char* name : {"Q4_K.experts", "MXFP4.experts", "Q8_0.experts"}) {
            const TensorInfo& tensor = *(*quants)->find(name);
            const auto stack
                = (*quants)->stack(name, {tensor.shape[0], tensor.shape[1], tensor.shape[2]});
            VERIFY_OK(stack);
            const auto all = decodeAll(allRows(tensor));
            for (std::size_t e = 0; e < stack->size(); ++e) {
                const MatrixView& matrix = (*stack)[e];
                const std::size_t size = matrix.elements();
                QCOMPARE(decodeAll(matrix),
                    std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(e * size),
                        all.begin() + static_cast<std::ptrdiff_t>((e + 1) * size)));
                const std::vector<float> input(matrix.cols, 0.25F);
                std::vector<float> fast(matrix.rows);
                std::vector<float> slow(matrix.rows);
                multiply(matrix, input, 1, fast, nullptr);
                multiplyReference(matrix, input, 1, slow);
                VERIFY_CLOSE(fast, slow, 1e-3);
            }
        }
        const auto refused = (*quants)->matrix("Q8_0.experts", 12, 64);
        QVERIFY(!refused && refused.error().code == ErrorCode::BadFormat);
    }

    void everyKindOfMetadataIsRead()
    {
        const auto packed = [](auto value) { return GgufBuilder::packed(value); };
        GgufBuilder builder;
        builder.raw("u8", 0, packed(std::uint8_t{200})).raw("i8", 1, packed(std::int8_t{-5}));
        builder.uint16("u16", 65535).raw("i16", 3, packed(std::int16_t{-300}));
        builder.uint32("u32", 4'000'000'000).int32("i32", -7).float32("f32", 0.5F);
        builder.boolean("yes", true).boolean("no", false).string("text", "na\xC3\xAFve\n");
        builder.raw("u64", 10, packed(~std::uint64_t{0}))
            .raw("i64", 11, packed(std::int64_t{-1} << 40));
        builder.raw("f64", 12, packed(1e300));
        builder.strings("words", std::vector<std::string>{"a", "", "\xFFz"});
        builder.raw(
            "ints", 9, packed(5U) + packed(std::uint64_t{3}) + packed(1) + packed(0) + packed(9));
        builder.raw(
            "floats", 9, packed(6U) + packed(std::uint64_t{2}) + packed(1.5F) + packed(-2.0F));
        builder.raw("flags", 9, packed(7U) + packed(std::uint64_t{2}) + std::string("\1\0", 2));
        builder.raw("none", 9, packed(4U) + packed(std::uint64_t{0}));
        builder.raw("lists", 9,
            packed(9U) + packed(std::uint64_t{2}) + packed(0U) + packed(std::uint64_t{1}) + "x"
                + packed(8U) + packed(std::uint64_t{1}) + GgufBuilder::packedText("y"));
        VERIFY_OK(writeFileAtomically(file("metadata.gguf"), builder.bytes()));
        const auto checkpoint = Checkpoint::open(file("metadata.gguf"));
        VERIFY_OK(checkpoint);
        QCOMPARE((*checkpoint)->format(), std::string_view("GGUF"));
        QVERIFY((*checkpoint)->tensors().empty());
        const Metadata& metadata = (*checkpoint)->metadata();
        QCOMPARE(metadata.entries().size(), std::size_t{19});

        QCOMPARE(**metadata.uint("u8"), std::uint64_t{200});
        QCOMPARE(**metadata.uint("u16"), std::uint64_t{65535});
        QCOMPARE(**metadata.uint("u32"), std::uint64_t{4'000'000'000});
        QCOMPARE(**metadata.uint("u64"), ~std::uint64_t{0});
        QCOMPARE(**metadata.number("i8"), -5.0);
        QCOMPARE(**metadata.number("i16"), -300.0);
        QCOMPARE(**metadata.number("i32"), -7.0);
        QCOMPARE(**metadata.number("i64"), -1099511627776.0);
        QCOMPARE(**metadata.number("f32"), 0.5);
        QCOMPARE(**metadata.number("f64"), 1e300);
        QVERIFY(**metadata.boolean("yes") && !**metadata.boolean("no"));
        QCOMPARE(**metadata.string("text"), std::string_view("na\xC3\xAFve\n"));
        QCOMPARE(**metadata.strings("words"), (std::vector<std::string_view>{"a", "", "\xFFz"}));
        QCOMPARE(**metadata.strings("text"), (std::vector<std::string_view>{"na\xC3\xAFve\n"}));
        QCOMPARE(**metadata.uints("ints"), (std::vector<std::uint64_t>{1, 0, 9}));
        QCOMPARE(**metadata.uints("u8"), (std::vector<std::uint64_t>{200}));
        QCOMPARE(**metadata.numbers("floats"), (std::vector<double>{1.5, -2}));
        QCOMPARE(**metadata.booleans("flags"), (std::vector<bool>{true, false}));
        QVERIFY((**metadata.uints("none")).empty());
        QCOMPARE(metadata.find("lists")->count, std::uint64_t{2});

        QVERIFY(!*metadata.uint("absent") && !*metadata.strings("absent"));
        QVERIFY(!metadata.find("") && !metadata.find("zzz"));
        for (const auto& [problem, words] :
            {std::pair(metadata.uint("i8").error(),
                 "\"i8\" should be a whole number of at least 0, but is -5 (i8)"),
                std::pair(metadata.uint("f32").error(), "but is 0.5 (f32)"),
                std::pair(metadata.uint("ints").error(), "but is [1, 0, 9] (array of i32)"),
                std::pair(metadata.string("u8").error(), "\"u8\" should be text, but is 200 (u8)"),
                std::pair(metadata.boolean("u8").error(), "should be true or false"),
                std::pair(metadata.strings("floats").error(), "should be texts"),
                std::pair(metadata.uints("words").error(), "whole numbers"),
                std::pair(metadata.numbers("lists").error(), "but is 2 lists (array of array)")}) {
            QCOMPARE(problem.code, ErrorCode::BadFormat);
            QVERIFY2(problem.message.find(words) != std::string::npos, problem.message.c_str());
            QVERIFY(problem.message.find("metadata.gguf") != std::string::npos);
        }
        for (const auto& entry : metadata.entries())
            QVERIFY(isValidUtf8(entry.value.text()) && !entry.value.text().empty());
    }

    void shapesAndAlignment()
    {
        for (const std::uint32_t version : {2U, 3U})
            for (const std::uint32_t alignment : {8U, 32U, 4096U}) {
                GgufBuilder builder;
                builder.version = version;
                builder.alignment = alignment;
                builder.uint32("general.alignment", alignment);
                std::string data;
                for (int i = 0; i < 6; ++i)
                    data += GgufBuilder::packed(static_cast<float>(i));
                builder.tensor("second", 0, {3, 2, 1}, data).tensor("first", 1, {1}, "\x01\x3C");
                builder.tensor("nothing", 0, {0, 7}, "");
                const std::string bytes = builder.bytes();
                const auto header = parseGguf(std::as_bytes(std::span(bytes)), "x.gguf");
                VERIFY_OK(header);
                QCOMPARE(header->version, version);
                QCOMPARE(header->tensors[0].shape, (std::vector<std::uint64_t>{1, 2, 3}));
                QCOMPARE(
                    decodeAll(allRows(header->tensors[0])), (std::vector<float>{0, 1, 2, 3, 4, 5}));
                QCOMPARE(header->tensors[1].bytes.data() - header->tensors[0].bytes.data(),
                    static_cast<std::ptrdiff_t>(alignment < 24 ? 24 : alignment));
                QVERIFY(header->tensors[2].bytes.empty());
            }
    }

    void splitModelsOpenFromAnyPart()
    {
        const fs::path folder = fixture("qwen2moe-split-f16");
        for (const char* part : {"model-00001-of-00003.gguf", "model-00002-of-00003.gguf",
                 "model-00003-of-00003.gguf", ""}) {
            const auto checkpoint = Checkpoint::open(folder / part);
            VERIFY_OK(checkpoint);
            QCOMPARE((*checkpoint)->files().size(), std::size_t{3});
            QCOMPARE((*checkpoint)->tensors().size(), std::size_t{37});
            QVERIFY(fs::equivalent((*checkpoint)->folder(), folder));
            QCOMPARE(**(*checkpoint)->metadata().string("general.architecture"),
                std::string_view("qwen2moe"));
            QVERIFY((*checkpoint)->find("output.weight"));
            VERIFY_OK((*checkpoint)->matrix("blk.1.ffn_gate_inp.weight", 6, 64));
        }
    }

    void foldersWithOneModelOpen()
    {
        GgufBuilder builder;
        builder.string("general.architecture", "llama");
        builder.tensor("a", 0, {1}, "1234");
        const fs::path folder = file("models");
        fs::create_directories(folder);
        VERIFY_OK(writeFileAtomically(folder / "tiny.gguf", builder.bytes()));
        VERIFY_OK(writeFileAtomically(folder / "mmproj-tiny.gguf", builder.bytes()));
        const auto one = Checkpoint::open(folder);
        VERIFY_OK(one);
        QCOMPARE((*one)->files().front()->path().filename().string(), std::string("tiny.gguf"));

        VERIFY_OK(writeFileAtomically(folder / "tiny-q4.gguf", builder.bytes()));
        const auto two = Checkpoint::open(folder);
        QVERIFY(!two);
        QCOMPARE(two.error().code, ErrorCode::NotFound);
        QVERIFY2(two.error().message.find("holds 2 GGUF models; name the one to open, such as tiny")
                != std::string::npos,
            two.error().message.c_str());

        VERIFY_OK(writeFileAtomically(file("blob-without-suffix"), builder.bytes()));
        const auto blob = Checkpoint::open(file("blob-without-suffix"));
        VERIFY_OK(blob);
        QCOMPARE((*blob)->format(), std::string_view("GGUF"));
    }

    void hugeSparseFilesOpenAtOnce()
    {
        constexpr std::uint64_t kRows = 6'000'000;
        GgufBuilder builder;
        builder.string("general.architecture", "llama");
        builder.tensor("a", 12, {32768, kRows}, "");
        const std::string header = builder.bytes();
        const fs::path path = file("huge.gguf");
        VERIFY_OK(writeFileAtomically(path, header));
        const auto size = static_cast<off_t>(header.size() + kRows * 128 * 144);
        if (::truncate(path.c_str(), size) != 0)
            QSKIP("this disk cannot hold a sparse file of 110 GB");
        const auto checkpoint = Checkpoint::open(path);
        VERIFY_OK(checkpoint);
        QCOMPARE((*checkpoint)->totalBytes(), kRows * 128 * 144);
        const auto matrix = (*checkpoint)->matrix("a", kRows, 32768);
        VERIFY_OK(matrix);
        std::vector<float> row(32768, 1.0F);
        decodeRows(*matrix, kRows - 1, 1, row);
        QCOMPARE(row, std::vector<float>(32768, 0.0F));
    }

    void decodingSpeed_data()
    {
        QTest::addColumn<int>("dtype");
        for (const DType dtype :
            {DType::Q8_0, DType::Q4_0, DType::Q4_K, DType::Q6_K, DType::IQ2_XS, DType::Mxfp4})
            QTest::addRow("%s", dtypeName(dtype).data()) << static_cast<int>(dtype);
    }

    void decodingSpeed()
    {
        QFETCH(int, dtype);
        const auto type = static_cast<DType>(dtype);
        const std::vector<std::byte> bytes(*storedBytes(type, 1024 * 1024));
        const MatrixView view = MatrixView::rowMajor(type, 1024, 1024, bytes.data());
        std::vector<float> out(1024 * 1024, 1.0F);
        QBENCHMARK
        {
            decodeRows(view, 0, 1024, out);
        }
        QCOMPARE(std::count(out.begin(), out.end(), 0.0F), std::ptrdiff_t{1024 * 1024});
    }
};

QTEST_APPLESS_MAIN(TestGguf)
#include "tst_gguf.moc"
