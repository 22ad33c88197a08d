// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/random.h"
#include "core/tensor/dtype.h"
#include "core/tensor/matrix_view.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

/// The value of a small float by its definition: sign, exponent and mantissa of the given widths.
/// NaN for NaN.
double slowValue(std::uint32_t bits, int exponentBits, int mantissaBits)
{
    const int bias = (1 << (exponentBits - 1)) - 1;
    const int exponent = static_cast<int>(bits >> mantissaBits) & ((1 << exponentBits) - 1);
    const double mantissa = static_cast<double>(bits & ((1U << mantissaBits) - 1));
    const double sign = (bits >> (exponentBits + mantissaBits)) & 1U ? -1.0 : 1.0;
    const double unit = std::pow(2.0, -mantissaBits);
    if (exponent == (1 << exponentBits) - 1)
        return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                             : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0)
        return sign * mantissa * unit * std::pow(2.0, 1 - bias);
    return sign * (1 + mantissa * unit) * std::pow(2.0, exponent - bias);
}

/// Nearest pattern of the format by trying the finite ones around it; ties go to the even pattern.
std::uint16_t slowRound(double value, int exponentBits, int mantissaBits)
{
    const std::uint32_t infinity = ((1U << exponentBits) - 1) << mantissaBits;
    const double magnitude = std::abs(value);
    std::uint32_t low = 0;
    std::uint32_t high = infinity; // one step beyond the largest number stands for infinity
    const auto at = [&](std::uint32_t bits) {
        return bits == infinity ? std::pow(2.0, 1 << (exponentBits - 1))
                                : slowValue(bits, exponentBits, mantissaBits);
    };
    while (high - low > 1) {
        const std::uint32_t middle = (low + high) / 2;
        (at(middle) <= magnitude ? low : high) = middle;
    }
    const double below = magnitude - at(low);
    const double above = at(high) - magnitude;
    const std::uint32_t nearest = below < above || (below == above && low % 2 == 0) ? low : high;
    const std::uint32_t sign = std::signbit(value) ? 1U << (exponentBits + mantissaBits) : 0;
    return static_cast<std::uint16_t>(sign | nearest);
}

bool isSameValue(float actual, double expected)
{
    if (std::isnan(expected))
        return std::isnan(actual);
    return static_cast<double>(actual) == expected
        && std::signbit(actual) == std::signbit(expected);
}

/// Random floats of every size, with those half way between two numbers of the narrow format among
/// them.
std::vector<float> floatsToRound(int keptBits)
{
    Random random(7);
    std::vector<float> values = {0.0F, -0.0F, 65504.0F, 65519.996F, 65520.0F, -65520.0F, 1e30F,
        0x1p-14F, 0x1p-24F, 0x1p-25F, std::nextafter(0x1p-25F, 1.0F), 0x1.8p-24F, 0x1.ffcp-15F,
        0x1.ffep-15F, std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min(),
        std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
    for (int i = 0; i < 100000; ++i) {
        auto bits = static_cast<std::uint32_t>(random.next());
        if (i % 3 == 0)
            bits = (bits & ~((1U << (23 - keptBits)) - 1)) | (1U << (22 - keptBits));
        if (i % 2 == 0) // near the range of a half
            bits
                = (bits & 0x807FFFFFU) | (static_cast<std::uint32_t>(100 + random.below(45)) << 23);
        if (const float value = std::bit_cast<float>(bits); !std::isnan(value))
            values.push_back(value);
    }
    return values;
}

/// Bytes of a matrix of this dtype with values that it holds exactly, after `offset` other bytes.
struct Encoded {
    std::vector<std::byte> bytes;
    std::vector<float> values;
};

Encoded encode(DType dtype, std::size_t count, std::size_t offset)
{
    Encoded encoded;
    encoded.bytes.resize(offset);
    const auto append = [&](auto value) {
        const auto* const begin = reinterpret_cast<const std::byte*>(&value);
        encoded.bytes.insert(encoded.bytes.end(), begin, begin + sizeof value);
    };
    Random random(count + offset);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t narrow = floatToBf16(static_cast<float>(random.normal()));
        const float value = dtype == DType::F16 ? f16ToFloat(floatToF16(bf16ToFloat(narrow)))
                                                : bf16ToFloat(narrow);
        encoded.values.push_back(value);
        if (dtype == DType::F64)
            append(static_cast<double>(value));
        else if (dtype == DType::F32)
            append(value);
        else
            append(dtype == DType::F16 ? floatToF16(value) : narrow);
    }
    return encoded;
}

} // namespace

class TestTensor : public QObject {
    Q_OBJECT

private slots:
    void everyHalfIsExact()
    {
        for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const float value = f16ToFloat(half);
            QVERIFY2(isSameValue(value, slowValue(bits, 5, 10)), std::to_string(bits).c_str());
            QCOMPARE(floatToF16(value), half);
        }
    }

    void everyBfloatIsExact()
    {
        for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
            const auto narrow = static_cast<std::uint16_t>(bits);
            const float value = bf16ToFloat(narrow);
            QVERIFY2(isSameValue(value, slowValue(bits, 8, 7)), std::to_string(bits).c_str());
            QCOMPARE(floatToBf16(value), narrow);
        }
    }

    void roundingGoesToTheNearestEven()
    {
        for (const float value : floatsToRound(10)) {
            const std::string message = std::to_string(std::bit_cast<std::uint32_t>(value));
            QVERIFY2(floatToF16(value) == slowRound(value, 5, 10), message.c_str());
        }
        for (const float value : floatsToRound(7)) {
            const std::string message = std::to_string(std::bit_cast<std::uint32_t>(value));
            QVERIFY2(floatToBf16(value) == slowRound(value, 8, 7), message.c_str());
        }
    }

    void notANumberStaysNotANumber()
    {
        // The payload of this one lies in the bits that are cut off.
        const float nan = std::bit_cast<float>(0xFF800001U);
        QVERIFY(std::isnan(f16ToFloat(floatToF16(nan))));
        QVERIFY(std::isnan(bf16ToFloat(floatToBf16(nan))));
        QVERIFY(std::signbit(f16ToFloat(floatToF16(nan))));
    }

    void dtypesKnowTheirNames()
    {
        for (int i = 0; i <= static_cast<int>(DType::Bool); ++i) {
            const auto dtype = static_cast<DType>(i);
            QCOMPARE(dtypeFromSafetensors(safetensorsName(dtype)), std::optional(dtype));
        }
        QVERIFY(!dtypeFromSafetensors("bf16"));
        QVERIFY(!dtypeFromSafetensors(""));
        QCOMPARE(dtypeName(DType::BF16), std::string_view("bf16"));
        QCOMPARE(dtypeBytes(DType::F64), std::size_t{8});
        QCOMPARE(dtypeBytes(DType::F8E5M2), std::size_t{1});
        QVERIFY(isDecodable(DType::F16) && isDecodable(DType::F64) && isDecodable(DType::F8E4M3));
        QVERIFY(
            !isDecodable(DType::C64) && !isDecodable(DType::F6E2M3) && !isDecodable(DType::I32));
        QVERIFY(dtypeIsFloat(DType::C64) && !dtypeIsFloat(DType::Bool));
    }

    void sizesAreWholeBlocks()
    {
        QCOMPARE(storedBytes(DType::BF16, 5), std::optional<std::uint64_t>(10));
        QCOMPARE(storedBytes(DType::F4, 6), std::optional<std::uint64_t>(3));
        QCOMPARE(storedBytes(DType::F4, 5), std::optional<std::uint64_t>());
        QCOMPARE(storedBytes(DType::F6E3M2, 8), std::optional<std::uint64_t>(6));
        QCOMPARE(storedBytes(DType::F6E3M2, 6), std::optional<std::uint64_t>());
        QCOMPARE(storedBytes(DType::C64, 1ULL << 61), std::optional<std::uint64_t>());
        QCOMPARE(storedBytes(DType::F64, 0), std::optional<std::uint64_t>(0));
    }

    void matricesDecode_data()
    {
        QTest::addColumn<int>("dtype");
        QTest::addColumn<int>("offset");
        for (const DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16})
            for (const int offset : {0, 1, 2, 3, 7})
                QTest::addRow("%s +%d", dtypeName(dtype).data(), offset)
                    << static_cast<int>(dtype) << offset;
    }

    void matricesDecode()
    {
        QFETCH(int, dtype);
        QFETCH(int, offset);
        const auto type = static_cast<DType>(dtype);
        const auto skip = static_cast<std::size_t>(offset);
        for (const std::size_t cols : {1, 2, 3, 7, 8, 15, 16, 17, 33, 64, 131}) {
            constexpr std::size_t kRows = 5;
            const Encoded encoded = encode(type, kRows * cols, skip);
            const MatrixView view
                = MatrixView::rowMajor(type, kRows, cols, encoded.bytes.data() + skip);
            VERIFY_CLOSE(decodeAll(view), encoded.values, 0.0);

            std::vector<float> rows(2 * cols + 1, -99.0F);
            decodeRows(view, 3, 2, std::span(rows).first(2 * cols));
            VERIFY_CLOSE(
                std::span(rows).first(2 * cols), std::span(encoded.values).subspan(3 * cols), 0.0);
            QCOMPARE(rows.back(), -99.0F);
        }
    }

    void stridedMatricesDecode_data() { matricesDecode_data(); }

    void stridedMatricesDecode()
    {
        QFETCH(int, dtype);
        QFETCH(int, offset);
        const auto type = static_cast<DType>(dtype);
        const auto skip = static_cast<std::size_t>(offset);
        constexpr std::size_t kRows = 6;
        constexpr std::size_t kCols = 11;
        const Encoded encoded = encode(type, kRows * kCols, skip);
        const std::size_t element = dtypeBytes(type);
        const std::byte* const data = encoded.bytes.data() + skip;

        const MatrixView transposed{type, kCols, kRows, data, element, kCols * element};
        std::vector<float> expected;
        for (std::size_t c = 0; c < kCols; ++c)
            for (std::size_t r = 0; r < kRows; ++r)
                expected.push_back(encoded.values[r * kCols + c]);
        VERIFY_CLOSE(decodeAll(transposed), expected, 0.0);

        // Every second row and third column, as in interleaved gate and up projections.
        const MatrixView sparse{
            type, kRows / 2, 4, data + element, 2 * kCols * element, 3 * element};
        expected.clear();
        for (std::size_t r = 0; r < kRows; r += 2)
            for (std::size_t c = 1; c < kCols; c += 3)
                expected.push_back(encoded.values[r * kCols + c]);
        VERIFY_CLOSE(decodeAll(sparse), expected, 0.0);
    }

    void emptyMatricesDecode()
    {
        const std::byte nothing{};
        QVERIFY(decodeAll(MatrixView::rowMajor(DType::F32, 0, 8, &nothing)).empty());
        QVERIFY(decodeAll(MatrixView::rowMajor(DType::BF16, 8, 0, &nothing)).empty());
        QVERIFY(MatrixView().empty());
    }

    void decodingSpeed_data()
    {
        QTest::addColumn<int>("dtype");
        for (const DType dtype : {DType::F32, DType::F16, DType::BF16})
            QTest::addRow("%s", dtypeName(dtype).data()) << static_cast<int>(dtype);
    }

    void decodingSpeed()
    {
        QFETCH(int, dtype);
        const auto type = static_cast<DType>(dtype);
        const std::vector<std::byte> bytes(1024 * 1024 * dtypeBytes(type));
        const MatrixView view = MatrixView::rowMajor(type, 1024, 1024, bytes.data());
        std::vector<float> out(1024 * 1024, 1.0F);
        QBENCHMARK
        {
            decodeRows(view, 0, 1024, out);
        }
        QCOMPARE(out, std::vector<float>(1024 * 1024, 0.0F));
    }
};

QTEST_APPLESS_MAIN(TestTensor)
#include "tst_tensor.moc"
