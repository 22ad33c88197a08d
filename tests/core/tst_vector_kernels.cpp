// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <cmath>

#include "core/base/aligned_vector.h"
#include "core/base/random.h"
#include "core/tensor/linear.h"
#include "core/tensor/vector_kernels.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

const std::byte* bytes(const void* data, std::size_t offset)
{
    return static_cast<const std::byte*>(data) + offset;
}

/// Numbers and the same numbers as stored, at an odd address.
struct Stored {
    std::vector<float> exact;
    std::vector<std::byte> packed;

    const std::byte* data() const { return packed.data() + 1; }
};

Stored stored(DType dtype, std::size_t count, Random& random)
{
    Stored result;
    result.packed.resize(1 + count * dtypeBytes(dtype));
    for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<float>(random.normal());
        std::byte* to = result.packed.data() + 1 + i * dtypeBytes(dtype);
        if (dtype == DType::F32) {
            std::memcpy(to, &value, sizeof value);
            result.exact.push_back(value);
            continue;
        }
        const bool half = dtype == DType::F16;
        const std::uint16_t bits = half ? floatToF16(value) : floatToBf16(value);
        std::memcpy(to, &bits, sizeof bits);
        result.exact.push_back(half ? f16ToFloat(bits) : bf16ToFloat(bits));
    }
    return result;
}

Products productsOf(const VectorKernels& kernels, DType dtype)
{
    return kernels.rows(dtype).products;
}

/// Whether two floats have the same bits, or both are no number.
bool isSame(float a, float b)
{
    return std::isnan(a) ? std::isnan(b)
                         : std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// Random bytes as rows of a packed type with scales of every size, infinities and NaN among them;
/// at odd addresses, every second row of a larger whole.
class PackedMatrix {
public:
    PackedMatrix(DType dtype, std::size_t rows, std::size_t cols, Random& random, bool tame = false)
    {
        const MatrixView whole = MatrixView::rowMajor(dtype, 2 * rows + 1, cols, nullptr);
        m_bytes.resize(1 + whole.bytes());
        fill(m_bytes, random);
        if (tame)
            tameHalves(dtype, random);
        view = MatrixView::rowMajor(dtype, 2 * rows + 1, cols, m_bytes.data() + 1);
        if (dtype == DType::F4)
            addScales(DType::F8E8M0, 1, 32, random);
        else if (dtype == DType::F8E4M3)
            addScales(DType::F32, 5, 48, random);
        view = view.rowRange(1, rows, 2);
    }
    MatrixView view;

private:
    static void fill(std::vector<std::byte>& bytes, Random& random)
    {
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random.below(256));
    }
    /// Small finite numbers where the scales of the blocks are.
    void tameHalves(DType dtype, Random& random)
    {
        m_tame = true;
        if (dtype == DType::F4)
            return;
        if (dtype == DType::F8E4M3) {
            for (std::byte& byte : m_bytes)
                byte &= std::byte{0xBF};
            return;
        }
        const std::size_t size = dtypeBytes(dtype);
        const std::size_t place = dtype == DType::Q6_K ? 208 : 0;
        const std::size_t halves = dtype == DType::Q4_K || dtype == DType::Q5_K ? 2 : 1;
        for (std::size_t at = 1; at + size <= m_bytes.size(); at += size) {
            if (dtype == DType::Mxfp4) {
                m_bytes[at] = static_cast<std::byte>(120 + random.below(10));
                continue;
            }
            for (std::size_t half = 0; half < halves; ++half) {
                const std::uint16_t bits = floatToF16(static_cast<float>(random.normal() / 16));
                std::memcpy(m_bytes.data() + at + place + 2 * half, &bits, sizeof bits);
            }
        }
    }
    void addScales(DType dtype, std::size_t blockRows, std::size_t blockCols, Random& random)
    {
        const std::size_t across = (view.cols + blockCols - 1) / blockCols;
        const std::size_t stride = across * dtypeBytes(dtype);
        m_scales.resize(1 + ((view.rows + blockRows - 1) / blockRows) * stride);
        fill(m_scales, random);
        if (m_tame && dtype == DType::F8E8M0) {
            for (std::byte& byte : m_scales)
                byte = static_cast<std::byte>(120 + random.below(10));
        } else if (m_tame) {
            for (std::size_t at = 1; at < m_scales.size(); at += sizeof(float)) {
                const auto scale = static_cast<float>(random.normal());
                std::memcpy(m_scales.data() + at, &scale, sizeof scale);
            }
        }
        view.scales = {dtype, m_scales.data() + 1, stride, dtypeBytes(dtype), blockRows, blockCols};
    }

    std::vector<std::byte> m_bytes;
    std::vector<std::byte> m_scales;
    bool m_tame = false;
};

bool isScalar(const VectorKernels& kernels)
{
    return std::string_view(kernels.name) == "SCALAR";
}

constexpr DType kPacked[] = {DType::Q8_0, DType::Q4_0, DType::Q4_K, DType::Q5_K, DType::Q6_K,
    DType::Mxfp4, DType::F4, DType::F8E4M3};

/// Columns that fill some blocks; of types without blocks also odd numbers.
std::vector<std::size_t> columnsFor(DType dtype)
{
    if (dtype == DType::F8E4M3)
        return {1, 15, 48, 49, 100, 255, 256, 777};
    const std::size_t block = std::max<std::size_t>(32, blockLayout(dtype).elements);
    return {block, 2 * block, 3 * block, 9 * block};
}

/// The view as the kernels take it; `floats` holds the scales of eight-bit floats.
StoredRows storedRows(const MatrixView& view, std::vector<float>& floats)
{
    StoredRows rows{view.data, view.rowStride, view.rows, view.cols};
    const ScaleView& scales = view.scales;
    if (view.dtype == DType::F4) {
        rows.scales = scales.data + scales.firstRow * scales.rowStride;
        rows.scaleStride = scales.rowStep * scales.rowStride;
    } else if (scales.data) {
        const std::size_t across = scales.rowStride / sizeof(float);
        floats.resize(view.rows * across);
        for (std::size_t r = 0; r < view.rows; ++r)
            std::memcpy(floats.data() + r * across,
                scales.data
                    + (scales.firstRow + r * scales.rowStep) / scales.blockRows * scales.rowStride,
                scales.rowStride);
        rows.scales = bytes(floats.data(), 0);
        rows.scaleStride = scales.rowStride;
        rows.scaleCols = scales.blockCols;
    }
    return rows;
}

} // namespace

class TestVectorKernels : public QObject {
    Q_OBJECT

private slots:
    void everySetAgreesWithTheSlowSum_data()
    {
        QTest::addColumn<int>("set");
        const auto all = everyVectorKernels();
        QVERIFY(!all.empty());
        QCOMPARE(std::string(all.front().name), std::string(vectorKernels().name));
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name) << static_cast<int>(i);
    }

    void everySetAgreesWithTheSlowSum()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        Random random = Random::stream(5, static_cast<std::uint64_t>(set));
        for (const DType dtype : {DType::F32, DType::BF16, DType::F16}) {
            for (const std::size_t cols : {1U, 7U, 16U, 17U, 31U, 64U, 100U, 515U}) {
                const std::size_t rows = 11;
                const Stored weights = stored(dtype, rows * cols, random);
                std::vector<float> x(9 * cols);
                for (float& value : x)
                    value = static_cast<float>(random.normal());
                std::vector<const float*> inputs;
                for (std::size_t i = 0; i < 9; ++i)
                    inputs.push_back(x.data() + i * cols);
                const StoredRows all{weights.data(), cols * dtypeBytes(dtype), rows, cols};
                std::vector<float> out(9 * rows);
                productsOf(kernels, dtype)(all, inputs.data(), 9, out.data(), rows);
                for (std::size_t i = 0; i < 9; ++i) {
                    for (std::size_t r = 0; r < rows; ++r) {
                        double sum = 0;
                        double size = 0;
                        for (std::size_t c = 0; c < cols; ++c) {
                            const double term = static_cast<double>(weights.exact[r * cols + c])
                                * static_cast<double>(x[i * cols + c]);
                            sum += term;
                            size += std::abs(term);
                        }
                        const float got = out[i * rows + r];
                        QVERIFY(std::abs(static_cast<double>(got) - sum) <= 1e-6 * size);
                        // Alone or with others, stored or expanded: the same bits.
                        float alone = 0;
                        productsOf(kernels, dtype)(
                            {bytes(weights.data(), r * all.stride), all.stride, 1, cols},
                            &inputs[i], 1, &alone, 1);
                        QCOMPARE(alone, got);
                        kernels.f32({bytes(weights.exact.data(), r * cols * sizeof(float)),
                                        cols * sizeof(float), 1, cols},
                            &inputs[i], 1, &alone, 1);
                        QCOMPARE(alone, got);
                    }
                }
            }
        }
    }

    void interleavedProductsGiveTheSameBits_data() { everySetAgreesWithTheSlowSum_data(); }

    void interleavedProductsGiveTheSameBits()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        Random random(11);
        for (const DType dtype : {DType::F32, DType::BF16, DType::F16}) {
            for (const std::size_t cols : {1U, 7U, 16U, 31U, 100U, 1024U, 1025U, 2100U}) {
                const Stored weights = stored(dtype, kInterleavedRows * cols, random);
                std::vector<float> x(14 * cols + 1);
                for (float& value : x)
                    value = static_cast<float>(random.normal());
                std::vector<const float*> inputs;
                for (std::size_t i = 0; i < 14; ++i)
                    inputs.push_back(x.data() + 1 + i * cols);
                for (std::size_t n = 1; n <= 14; ++n) {
                    const std::size_t count = 1 + n % kInterleavedRows;
                    AlignedVector<float> room(kernels.interleavedFloats(n, cols));
                    kernels.interleave(inputs.data(), n, cols, room.data());
                    const StoredRows rows{weights.data(), cols * dtypeBytes(dtype), count, cols};
                    std::vector<float> expected(n * count);
                    productsOf(kernels, dtype)(rows, inputs.data(), n, expected.data(), count);
                    for (const std::size_t width : {std::size_t{kInterleavedCols}, cols}) {
                        std::vector<float> got(n * (count + 1), 77.0F);
                        for (std::size_t c = 0; c < cols; c += width) {
                            StoredRows part = rows;
                            part.data += c * dtypeBytes(dtype);
                            part.cols = std::min(width, cols - c);
                            kernels.rows(dtype).interleaved(part, {c, cols}, {room.data(), n},
                                got.data(), count + 1, {rows.data, rows.stride});
                        }
                        for (std::size_t i = 0; i < n; ++i) {
                            QCOMPARE(got[i * (count + 1) + count], 77.0F);
                            for (std::size_t r = 0; r < count; ++r)
                                QVERIFY(isSame(got[i * (count + 1) + r], expected[i * count + r]));
                        }
                    }
                }
            }
        }
    }

    void expansionIsExact_data() { everySetAgreesWithTheSlowSum_data(); }

    void expansionIsExact()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        Random random(3);
        for (const std::size_t count : {0U, 1U, 15U, 16U, 33U, 1000U}) {
            for (const DType dtype : {DType::BF16, DType::F16}) {
                const Stored values = stored(dtype, count, random);
                std::vector<float> out(count + 1, 77.0F);
                kernels.rows(dtype).expand({values.data(), 0, 1, count}, out.data());
                QVERIFY(std::equal(values.exact.begin(), values.exact.end(), out.begin()));
                QCOMPARE(out.back(), 77.0F);
            }
        }
    }

    void halvesKeepInfinityAndNaN_data() { everySetAgreesWithTheSlowSum_data(); }

    void halvesKeepInfinityAndNaN()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        std::vector<std::uint16_t> all(65536);
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = static_cast<std::uint16_t>(i);
        std::vector<float> out(all.size());
        kernels.rows(DType::F16).expand({bytes(all.data(), 0), 0, 1, all.size()}, out.data());
        for (std::size_t i = 0; i < all.size(); ++i)
            QVERIFY2(isSame(out[i], f16ToFloat(all[i])), qPrintable(QString::number(i, 16)));
    }

    void packedRowsExpandAsDecoded_data() { everySetAgreesWithTheSlowSum_data(); }

    void packedRowsExpandAsDecoded()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        Random random(4);
        for (const DType dtype : kPacked) {
            const RowKernels packed = kernels.rows(dtype);
            if (isScalar(kernels)) {
                QVERIFY(!packed.expand && !packed.products);
                continue;
            }
            QVERIFY(packed.expand && packed.products);
            for (const std::size_t cols : columnsFor(dtype)) {
                const PackedMatrix matrix(dtype, 60, cols, random);
                const std::vector<float> expected = decodeAll(matrix.view);
                std::vector<float> got(expected.size() + 1, 77.0F);
                std::vector<float> scales;
                packed.expand(storedRows(matrix.view, scales), got.data());
                QCOMPARE(got.back(), 77.0F);
                for (std::size_t i = 0; i < expected.size(); ++i)
                    QVERIFY2(isSame(got[i], expected[i]),
                        qPrintable(QStringLiteral("%1 %2: %3 is not %4")
                                       .arg(QString::fromStdString(packingName(matrix.view)))
                                       .arg(i)
                                       .arg(static_cast<double>(got[i]))
                                       .arg(static_cast<double>(expected[i]))));
            }
        }
        QVERIFY(!kernels.rows(DType::IQ1_S).products);
    }

    void packedProductsAreThoseOfTheDecodedRows_data() { everySetAgreesWithTheSlowSum_data(); }

    void packedProductsAreThoseOfTheDecodedRows()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        if (isScalar(kernels))
            QSKIP("One number at a time decodes rows first.");
        Random random(6);
        for (const DType dtype : kPacked) {
            for (const std::size_t cols : columnsFor(dtype)) {
                for (const std::size_t count : {1U, 8U, 19U}) {
                    const PackedMatrix matrix(dtype, count, cols, random, count > 1);
                    const std::vector<float> decoded = decodeAll(matrix.view);
                    std::vector<float> x(5 * cols + 1);
                    std::vector<const float*> inputs;
                    for (float& value : x)
                        value = static_cast<float>(random.normal());
                    for (std::size_t i = 0; i < 5; ++i)
                        inputs.push_back(x.data() + 1 + i * cols);
                    std::vector<float> scales;
                    const StoredRows rows = storedRows(matrix.view, scales);
                    for (const std::size_t n : {1U, 2U, 3U, 5U}) {
                        std::vector<float> expected(n * count);
                        std::vector<float> got(n * (count + 1), 77.0F);
                        kernels.f32({bytes(decoded.data(), 0), cols * sizeof(float), count, cols},
                            inputs.data(), n, expected.data(), count);
                        kernels.rows(dtype).products(rows, inputs.data(), n, got.data(), count + 1);
                        for (std::size_t i = 0; i < n; ++i) {
                            QCOMPARE(got[i * (count + 1) + count], 77.0F);
                            for (std::size_t r = 0; r < count; ++r) {
                                QVERIFY(isSame(got[i * (count + 1) + r], expected[i * count + r]));
                                QVERIFY(count == 1 || std::isfinite(expected[i * count + r]));
                            }
                        }
                    }
                }
            }
        }
    }

    void rowsOfNothingGiveZeros()
    {
        const std::byte nothing{};
        for (const DType dtype :
            {DType::F32, DType::BF16, DType::Q8_0, DType::Q4_K, DType::IQ1_S}) {
            for (const std::size_t n : {1U, 9U}) {
                std::vector<float> out(n * 3, 77.0F);
                multiply(MatrixView::rowMajor(dtype, 3, 0, &nothing), {}, n, out, nullptr);
                QCOMPARE(out, std::vector<float>(n * 3));
            }
        }
    }

    void manyInputsAndOneGiveTheSameBits()
    {
        Random random(7);
        for (const DType dtype : kPacked) {
            const std::size_t cols = dtype == DType::F8E4M3 ? 300 : 768;
            const PackedMatrix matrix(dtype, 150, cols, random, true);
            std::vector<float> x(7 * cols);
            for (float& value : x)
                value = static_cast<float>(random.normal());
            std::vector<float> reference(7 * 150);
            multiplyReference(matrix.view, x, 7, reference);
            std::vector<float> together(7 * 150);
            multiply(matrix.view, x, 7, together, nullptr);
            for (std::size_t i = 0; i < 7; ++i) {
                std::vector<float> alone(150);
                const float* input = x.data() + i * cols;
                multiplyRows(matrix.view, 0, 77, {&input, 1}, alone.data(), 150);
                multiplyRows(matrix.view, 77, 73, {&input, 1}, alone.data() + 77, 150);
                double size = 0;
                for (std::size_t r = 0; r < 150; ++r)
                    size = std::max(size, static_cast<double>(std::abs(reference[i * 150 + r])));
                for (std::size_t r = 0; r < 150; ++r) {
                    QVERIFY(isSame(alone[r], together[i * 150 + r]));
                    QVERIFY(std::abs(static_cast<double>(alone[r] - reference[i * 150 + r]))
                        <= 1e-5 * size);
                }
            }
        }
    }

    void weightedSumsAddInOrder_data() { everySetAgreesWithTheSlowSum_data(); }

    void weightedSumsAddInOrder()
    {
        QFETCH(int, set);
        const VectorKernels kernels = everyVectorKernels()[static_cast<std::size_t>(set)];
        Random random(8);
        for (const std::size_t width : {1U, 16U, 40U, 128U, 300U}) {
            const std::size_t stride = width + 3;
            std::vector<float> rows(50 * stride);
            std::vector<float> weights(7 * 50);
            for (auto* values : {&rows, &weights}) {
                for (float& value : *values)
                    value = static_cast<float>(random.normal());
            }
            std::vector<float> out(7 * width);
            std::vector<const float*> from;
            std::vector<float*> to;
            for (std::size_t q = 0; q < 7; ++q) {
                from.push_back(weights.data() + q * 50);
                to.push_back(out.data() + q * width);
            }
            kernels.weightedSums(rows.data(), stride, 50, width, from.data(), 7, to.data());
            for (std::size_t q = 0; q < 7; ++q) {
                std::vector<float> alone(width);
                float* const result = alone.data();
                kernels.weightedSums(rows.data(), stride, 50, width, &from[q], 1, &result);
                for (std::size_t c = 0; c < width; ++c) {
                    double sum = 0;
                    for (std::size_t j = 0; j < 50; ++j)
                        sum += static_cast<double>(from[q][j])
                            * static_cast<double>(rows[j * stride + c]);
                    QVERIFY(std::abs(static_cast<double>(alone[c]) - sum) < 1e-4);
                    QCOMPARE(out[q * width + c], alone[c]);
                }
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestVectorKernels)
#include "tst_vector_kernels.moc"
