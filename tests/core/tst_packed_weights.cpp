// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>
#include <limits>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/tensor/small_floats.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::CheckpointBuilder;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The value of eight bits by the definition of a binary float in which every pattern is finite.
double slowFinite(std::uint32_t bits, int exponentBits, int mantissaBits, int bias)
{
    const int exponent = static_cast<int>(bits >> mantissaBits) & ((1 << exponentBits) - 1);
    const double fraction
        = static_cast<double>(bits & ((1U << mantissaBits) - 1)) / std::pow(2.0, mantissaBits);
    const double magnitude = exponent == 0 ? fraction * std::pow(2.0, 1 - bias)
                                           : (1 + fraction) * std::pow(2.0, exponent - bias);
    return (bits & 0x80U) != 0 ? -magnitude : magnitude;
}

double slowE4M3(std::uint32_t bits)
{
    return (bits & 0x7FU) == 0x7F ? kNan : slowFinite(bits, 4, 3, 7);
}

double slowE5M2(std::uint32_t bits)
{
    if ((bits & 0x7CU) != 0x7C)
        return slowFinite(bits, 5, 2, 15);
    return (bits & 3U) != 0 ? kNan : (bits & 0x80U) != 0 ? -kInfinity : kInfinity;
}

double slowE8M0(std::uint32_t bits)
{
    return bits == 255 ? kNan : std::pow(2.0, static_cast<int>(bits) - 127);
}

double slowE2M1(std::uint32_t code)
{
    constexpr double kValues[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    return code < 8 ? kValues[code] : -kValues[code - 8];
}

bool isSame(float actual, double expected)
{
    if (std::isnan(expected))
        return std::isnan(actual);
    return static_cast<double>(actual) == expected
        && std::signbit(actual) == std::signbit(expected);
}

std::vector<std::byte> randomBytes(std::size_t count, std::uint64_t seed)
{
    Random random(seed);
    std::vector<std::byte> bytes(count);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random.below(256));
    return bytes;
}

/// Codes that are numbers.
std::vector<std::byte> randomE4M3(std::size_t count, std::uint64_t seed)
{
    auto bytes = randomBytes(count, seed);
    for (std::byte& byte : bytes)
        if ((byte & std::byte{0x7F}) == std::byte{0x7F})
            byte = std::byte{0x3C};
    return bytes;
}

std::vector<float> randomScales(std::size_t count, std::uint64_t seed)
{
    Random random(seed);
    std::vector<float> values(count);
    for (float& value : values)
        value = bf16ToFloat(floatToBf16(static_cast<float>(0.001 + 0.01 * random.uniform())));
    return values;
}

/// weight[r][c] = fp8 * scale of the tile, one by one.
std::vector<float> slowScaled(std::span<const std::byte> codes, std::size_t rows, std::size_t cols,
    std::span<const float> scales, std::size_t blockRows, std::size_t blockCols)
{
    const std::size_t tiles = (cols + blockCols - 1) / blockCols;
    std::vector<float> values;
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < cols; ++c)
            values.push_back(
                static_cast<float>(slowE4M3(std::to_integer<std::uint32_t>(codes[r * cols + c])))
                * scales[r / blockRows * tiles + c / blockCols]);
    return values;
}

std::size_t ceilDivide(std::size_t a, std::size_t b)
{
    return (a + b - 1) / b;
}

} // namespace

#define VERIFY_REFUSED(result, expectedCode, fragment)                                             \
    do {                                                                                           \
        const auto& refused_ = (result);                                                           \
        QVERIFY(!refused_);                                                                        \
        const std::string& message_ = refused_.error().message;                                    \
        QVERIFY2(message_.find(fragment) != std::string::npos, message_.c_str());                  \
        QCOMPARE(refused_.error().code, expectedCode);                                             \
        QVERIFY(message_.ends_with('.') && isValidUtf8(message_));                                 \
    } while (false)

class TestPackedWeights : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_files = 0;

    Result<std::shared_ptr<const Checkpoint>> open(const CheckpointBuilder& builder)
    {
        const auto path = std::filesystem::path(m_folder.path().toStdString())
            / (std::to_string(m_files++) + ".safetensors");
        MOESCOPE_CHECK(builder.writeFile(path));
        return Checkpoint::open(path);
    }

private slots:
    void smallFloatsAreExact()
    {
        for (std::uint32_t bits = 0; bits < 256; ++bits) {
            const auto byte = static_cast<std::uint8_t>(bits);
            const std::string message = std::to_string(bits);
            QVERIFY2(isSame(f8e4m3ToFloat(byte), slowE4M3(bits)), message.c_str());
            QVERIFY2(isSame(f8e5m2ToFloat(byte), slowE5M2(bits)), message.c_str());
            QVERIFY2(isSame(f8e8m0ToFloat(byte), slowE8M0(bits)), message.c_str());
            QVERIFY2(
                isSame(f8e4m3FnuzToFloat(byte), bits == 128 ? kNan : slowFinite(bits, 4, 3, 8)),
                message.c_str());
            QVERIFY2(
                isSame(f8e5m2FnuzToFloat(byte), bits == 128 ? kNan : slowFinite(bits, 5, 2, 16)),
                message.c_str());
        }
        for (std::uint32_t code = 0; code < 16; ++code)
            QVERIFY(isSame(f4ToFloat(static_cast<std::uint8_t>(code)), slowE2M1(code)));
        QCOMPARE(f8e4m3ToFloat(0x7E), 448.0F);
        QCOMPARE(f8e5m2ToFloat(0x7B), 57344.0F);
        QCOMPARE(f8e4m3FnuzToFloat(0x7F), 240.0F);
    }

    void unscaledRowsDecode()
    {
        const auto bytes = randomBytes(3 * 10, 1);
        const auto eight = decodeAll(MatrixView::rowMajor(DType::F8E5M2, 3, 10, bytes.data()));
        for (std::size_t i = 0; i < eight.size(); ++i)
            QVERIFY(isSame(eight[i], slowE5M2(std::to_integer<std::uint32_t>(bytes[i]))));
        const MatrixView four = MatrixView::rowMajor(DType::F4, 3, 10, bytes.data());
        QCOMPARE(four.bytes(), std::size_t{15});
        const auto values = decodeAll(four);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto byte = std::to_integer<std::uint32_t>(bytes[i / 2]);
            QVERIFY(isSame(values[i], slowE2M1(i % 2 == 0 ? byte & 15U : byte >> 4U)));
        }
        const auto powers = decodeAll(MatrixView::rowMajor(DType::F8E8M0, 1, 30, bytes.data()));
        for (std::size_t i = 0; i < powers.size(); ++i)
            QVERIFY(isSame(powers[i], slowE8M0(std::to_integer<std::uint32_t>(bytes[i]))));
    }

    void blockScalesApply_data()
    {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("scaleType");
        for (const auto& [rows, cols] :
            {std::pair(1, 1), {127, 129}, {128, 128}, {129, 257}, {260, 40}, {3, 300}})
            for (const DType type : {DType::F32, DType::BF16, DType::F8E8M0})
                QTest::addRow("%dx%d %s", rows, cols, dtypeName(type).data())
                    << rows << cols << static_cast<int>(type);
    }

    void blockScalesApply()
    {
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, scaleType);
        const auto type = static_cast<DType>(scaleType);
        const auto r = static_cast<std::size_t>(rows);
        const auto c = static_cast<std::size_t>(cols);
        const std::size_t scaleRows = ceilDivide(r, 128);
        const std::size_t scaleCols = ceilDivide(c, 128);
        const auto codes = randomE4M3(r * c, 3);
        auto scales = randomScales(scaleRows * scaleCols, 4);
        CheckpointBuilder builder;
        builder.addBytes("a.weight", DType::F8E4M3, {r, c}, codes);
        if (type == DType::F8E8M0) {
            auto bytes = randomBytes(scales.size(), 5);
            for (std::size_t i = 0; i < scales.size(); ++i) {
                bytes[i] = (bytes[i] & std::byte{0x0F}) | std::byte{0x70};
                scales[i] = static_cast<float>(slowE8M0(std::to_integer<std::uint32_t>(bytes[i])));
            }
            builder.addBytes("a.weight_scale_inv", type, {scaleRows, scaleCols}, bytes);
        } else {
            builder.add("a.weight_scale_inv", type, {scaleRows, scaleCols}, scales);
        }
        const auto checkpoint = open(builder);
        VERIFY_OK(checkpoint);
        const auto matrix = (*checkpoint)->matrix("a.weight", r, c, {128, 128});
        VERIFY_OK(matrix);
        const auto expected = slowScaled(codes, r, c, scales, 128, 128);
        QCOMPARE(decodeAll(*matrix), expected);

        const auto inferred = (*checkpoint)->matrix("a.weight", r, c);
        VERIFY_OK(inferred);
        QCOMPARE(decodeAll(*inferred), expected);

        std::vector<float> last(c);
        decodeRows(*matrix, r - 1, 1, last);
        QCOMPARE(last, std::vector<float>(expected.end() - cols, expected.end()));

        // Every second row from the second on, then every second of these.
        const MatrixView odd = matrix->rowRange(1 % r, r / 2, 2);
        for (std::size_t i = 0; i < odd.rows; ++i) {
            decodeRows(odd, i, 1, last);
            const auto from = expected.begin() + static_cast<std::ptrdiff_t>((1 + 2 * i) * c);
            QCOMPARE(last, std::vector<float>(from, from + cols));
        }
        if (r >= 8) {
            decodeRows(odd.rowRange(1, odd.rows / 2 - 1, 2), 1, 1, last);
            const auto from = expected.begin() + static_cast<std::ptrdiff_t>(7 * c);
            QCOMPARE(last, std::vector<float>(from, from + cols));
        }
    }

    void scaleBlocksAreInferred()
    {
        const auto codes = randomE4M3(100 * 96, 6);
        struct Case {
            std::vector<std::uint64_t> shape;
            std::size_t blockRows;
            std::size_t blockCols;
            const char* name;
        };
        for (const Case& test : {Case{{100, 1}, 1, 96, "weight_scale"},
                 Case{{100}, 1, 96, "weight_scale"}, Case{{}, 100, 96, "weight_scale"},
                 Case{{1}, 100, 96, "weight_scale_inv"}, Case{{4, 3}, 32, 32, "weight_scale_inv"},
                 Case{{2, 2}, 64, 64, "weight_scale_inv"}}) {
            std::size_t count = 1;
            for (const std::uint64_t size : test.shape)
                count *= size;
            const auto scales = randomScales(count, 7);
            CheckpointBuilder builder;
            builder.addBytes("weight", DType::F8E4M3, {100, 96}, codes);
            builder.add(test.name, DType::F32, test.shape, scales);
            const auto checkpoint = open(builder);
            VERIFY_OK(checkpoint);
            const auto matrix = (*checkpoint)->matrix("weight", 100, 96);
            VERIFY_OK(matrix);
            QCOMPARE(decodeAll(*matrix),
                slowScaled(codes, 100, 96, scales, test.blockRows, test.blockCols));
        }
    }

    void stacksOfScaledMatrices()
    {
        constexpr std::size_t kCount = 3;
        constexpr std::size_t kRows = 130;
        constexpr std::size_t kCols = 10;
        const auto codes = randomE4M3(kCount * kRows * kCols, 8);
        const auto scales = randomScales(kCount * 2, 9);
        CheckpointBuilder builder;
        builder.addBytes("x", DType::F8E4M3, {kCount, kRows, kCols}, codes);
        builder.add("x_scale_inv", DType::F32, {kCount, 2, 1}, scales);
        builder.add("plain", DType::BF16, {2, 1, 3}, {1, 2, 3, 4, 5, 6});
        const auto checkpoint = open(builder);
        VERIFY_OK(checkpoint);
        const auto stack = (*checkpoint)->stack("x", {kCount, kRows, kCols});
        VERIFY_OK(stack);
        QCOMPARE(stack->size(), kCount);
        for (std::size_t i = 0; i < kCount; ++i) {
            const MatrixView& matrix = (*stack)[i];
            QCOMPARE(packingName(matrix), std::string("f8e4m3 with 128x128 scales"));
            QCOMPARE(decodeAll(matrix),
                slowScaled(std::span(codes).subspan(i * kRows * kCols), kRows, kCols,
                    std::span(scales).subspan(2 * i), 128, 128));
        }
        const auto plain = (*checkpoint)->stack("plain", {2, 1, 3});
        VERIFY_OK(plain);
        QCOMPARE(decodeAll((*plain)[1]), (std::vector<float>{4, 5, 6}));
        QCOMPARE(decodeAll((*plain)[0].transposed()), (std::vector<float>{1, 2, 3}));
        QCOMPARE((*plain)[0].transposed().rows, std::size_t{3});
    }

    /// Two columns of scales fit tiles of 96 as well as of 128.
    void tilesAreAsWideAsDeclared()
    {
        CheckpointBuilder builder;
        const std::vector<std::byte> ones(std::size_t{100} * 190, std::byte{0x38});
        builder.addBytes("w", DType::F8E4M3, {100, 190}, ones);
        builder.add("w_scale_inv", DType::F32, {2, 2}, {1, 2, 3, 4});
        QTemporaryDir temporary;
        const std::filesystem::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        const auto read = [&](const std::string& config) -> Result<std::vector<float>> {
            std::ofstream(folder / "config.json") << config;
            MOESCOPE_TRY(const auto checkpoint, Checkpoint::open(folder));
            MOESCOPE_TRY(const MatrixView view, checkpoint->matrix("w", 100, 190));
            return decodeAll(view);
        };
        for (const char* config : {R"({"quantization_config": {"weight_block_size": [96, 96]}})",
                 R"({"text_config": {"quantization_config": {"weight_block_size": [96, 96]}}})"}) {
            const auto values = read(config);
            VERIFY_OK(values);
            QCOMPARE((*values)[95], 1.0F);
            QCOMPARE((*values)[96], 2.0F);
            QCOMPARE((*values)[95 * 190 + 100], 2.0F);
            QCOMPARE((*values)[96 * 190 + 95], 3.0F);
            QCOMPARE((*values)[99 * 190 + 189], 4.0F);
        }
        // Undeclared tiles are guessed.
        QCOMPARE((*read("{}"))[96], 1.0F);
        VERIFY_REFUSED(read(R"({"quantization_config": {"weight_block_size": [32, 32]}})"),
            ErrorCode::BadFormat, "in blocks of 32x32");
        for (const char* wrong : {"[96]", "96", "[0, 96]", "[96, -1]", "[96, \"x\"]"}) {
            VERIFY_REFUSED(read(fmt::format(
                               R"({{"quantization_config": {{"weight_block_size": {}}}}})", wrong)),
                ErrorCode::BadFormat, "\"weight_block_size\" should list two numbers");
        }
    }

    void wrongScalesAreRefused()
    {
        const auto make = [](DType type, std::vector<std::uint64_t> shape) {
            CheckpointBuilder builder;
            builder.addBytes("w", DType::F8E4M3, {200, 100}, randomBytes(20000, 1));
            std::size_t bytes = dtypeBytes(type);
            for (const std::uint64_t size : shape)
                bytes *= size;
            builder.addBytes("w_scale_inv", type, std::move(shape), randomBytes(bytes, 2));
            return builder;
        };
        const auto refuse
            = [&](const CheckpointBuilder& builder, ScaleBlock block = {}) -> Result<MatrixView> {
            MOESCOPE_TRY(const auto checkpoint, open(builder));
            return checkpoint->matrix("w", 200, 100, block);
        };
        VERIFY_REFUSED(refuse(make(DType::F32, {0, 1})), ErrorCode::BadFormat,
            "tensor \"w_scale_inv\" has the shape [0, 1], which does not fit the shape [200, 100]");
        VERIFY_REFUSED(refuse(make(DType::F32, {201, 1})), ErrorCode::BadFormat, "does not fit");
        VERIFY_REFUSED(refuse(make(DType::F32, {150, 1})), ErrorCode::BadFormat, "does not fit");
        VERIFY_REFUSED(refuse(make(DType::F32, {3, 2, 1})), ErrorCode::BadFormat, "does not fit");
        VERIFY_REFUSED(
            refuse(make(DType::F32, {1, 1, 2, 1})), ErrorCode::BadFormat, "does not fit");
        VERIFY_REFUSED(refuse(make(DType::F32, {2, 1}), {64, 128}), ErrorCode::BadFormat,
            "of the weights in blocks of 64x128");
        VERIFY_REFUSED(refuse(make(DType::I32, {2, 1})), ErrorCode::BadFormat,
            "has the dtype i32, but scales should be floating-point numbers");
        VERIFY_REFUSED(refuse(make(DType::C64, {2, 1})), ErrorCode::BadFormat, "the dtype c64");
    }

    void mxfp4StacksDecode()
    {
        constexpr std::size_t kCount = 2;
        constexpr std::size_t kRows = 5;
        constexpr std::size_t kGroups = 3;
        const auto blocks = randomBytes(kCount * kRows * kGroups * 16, 10);
        auto scales = randomBytes(kCount * kRows * kGroups, 11);
        scales[0] = std::byte{0}; // denormal products
        scales[1] = std::byte{253}; // 4 and 6 times 2^126 are still finite
        CheckpointBuilder builder;
        builder.addBytes("up_blocks", DType::U8, {kCount, kRows, kGroups, 16}, blocks);
        builder.addBytes("up_scales", DType::U8, {kCount, kRows, kGroups}, scales);
        const auto checkpoint = open(builder);
        VERIFY_OK(checkpoint);
        const auto stack = (*checkpoint)->mxfp4Stack("up", {kCount, kRows, kGroups * 32});
        VERIFY_OK(stack);
        QCOMPARE(stack->size(), kCount);
        QCOMPARE(packingName(stack->front()), std::string("mxfp4"));
        QCOMPARE(stack->front().bytes(), kRows * kGroups * 16);

        const auto expected = [&](std::size_t e, std::size_t r, std::size_t c) {
            const std::size_t group = (e * kRows + r) * kGroups + c / 32;
            const auto byte = std::to_integer<std::uint32_t>(blocks[group * 16 + c % 32 / 2]);
            return slowE2M1(c % 2 == 0 ? byte & 15U : byte >> 4U)
                * slowE8M0(std::to_integer<std::uint32_t>(scales[group]));
        };
        for (std::size_t e = 0; e < kCount; ++e) {
            const MatrixView& matrix = (*stack)[e];
            const auto values = decodeAll(matrix);
            const auto up = decodeAll(matrix.rowRange(1, 2, 2));
            for (std::size_t r = 0; r < kRows; ++r)
                for (std::size_t c = 0; c < matrix.cols; ++c) {
                    const double wanted = static_cast<float>(expected(e, r, c));
                    QVERIFY(isSame(values[r * matrix.cols + c], wanted));
                    if (r % 2 == 1)
                        QVERIFY(isSame(up[r / 2 * matrix.cols + c], wanted));
                }
        }
    }

    void invalidMxScalesAreNaN()
    {
        CheckpointBuilder builder;
        builder.addBytes("w_blocks", DType::U8, {1, 1, 1, 16}, randomBytes(16, 1));
        builder.addBytes("w_scales", DType::F8E8M0, {1, 1, 1}, {std::byte{255}});
        const auto checkpoint = open(builder);
        VERIFY_OK(checkpoint);
        const auto stack = (*checkpoint)->mxfp4Stack("w", {1, 1, 32});
        VERIFY_OK(stack);
        for (const float value : decodeAll(stack->front()))
            QVERIFY(std::isnan(value));
    }

    void wrongStacksAreRefused()
    {
        CheckpointBuilder builder;
        builder.addBytes("w_blocks", DType::U8, {2, 3, 1, 16}, randomBytes(96, 1));
        builder.addBytes("w_scales", DType::U8, {2, 3, 1}, randomBytes(6, 1));
        builder.addBytes("alone_blocks", DType::U8, {2, 3, 1, 16}, randomBytes(96, 1));
        builder.addBytes("wide_blocks", DType::I8, {2, 3, 1, 16}, randomBytes(96, 1));
        builder.addBytes("wide_scales", DType::U8, {2, 3, 1}, randomBytes(6, 1));
        builder.addBytes("deep_blocks", DType::U8, {2, 3, 1, 16}, randomBytes(96, 1));
        builder.addBytes("deep_scales", DType::I8, {2, 3, 1}, randomBytes(6, 1));
        builder.addBytes("ids", DType::I32, {2, 3, 1}, randomBytes(24, 1));
        builder.addBytes("none", DType::F32, {1U << 20, 0, 5}, {});
        const auto opened = open(builder);
        VERIFY_OK(opened);
        const Checkpoint& checkpoint = **opened;
        VERIFY_REFUSED(checkpoint.mxfp4Stack("w", {2, 3, 33}), ErrorCode::BadFormat,
            "rows of 33 values, which are no whole groups of 32");
        VERIFY_REFUSED(checkpoint.mxfp4Stack("w", {3, 2, 32}), ErrorCode::BadFormat,
            "tensor \"w_blocks\" has the shape [2, 3, 1, 16], but the model needs [3, 2, 1, 16]");
        VERIFY_REFUSED(checkpoint.mxfp4Stack("alone", {2, 3, 32}), ErrorCode::NotFound,
            "has no tensor \"alone_scales\"");
        VERIFY_REFUSED(checkpoint.mxfp4Stack("wide", {2, 3, 32}), ErrorCode::BadFormat,
            "tensor \"wide_blocks\" has the dtype i8, but MXFP4 is kept in u8");
        VERIFY_REFUSED(checkpoint.mxfp4Stack("deep", {2, 3, 32}), ErrorCode::BadFormat,
            "tensor \"deep_scales\" has the dtype i8");
        VERIFY_REFUSED(checkpoint.mxfp4Stack("w", {1ULL << 40, 3, 32}), ErrorCode::BadFormat,
            "more than the 65536 that are accepted");
        VERIFY_REFUSED(checkpoint.stack("ids", {2, 3, 1}), ErrorCode::BadFormat, "dtype i32");
        VERIFY_REFUSED(checkpoint.stack("none", {1U << 20, 0, 5}), ErrorCode::BadFormat,
            "more than the 65536");
        VERIFY_REFUSED(checkpoint.stack("none", {0, 1U << 20, 5}), ErrorCode::BadFormat,
            "has the shape [1048576, 0, 5]");
    }
};

QTEST_APPLESS_MAIN(TestPackedWeights)
#include "tst_packed_weights.moc"
