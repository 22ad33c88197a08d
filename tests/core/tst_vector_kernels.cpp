// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/base/random.h"
#include "core/tensor/dtype.h"
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

VectorKernels::Products productsOf(const VectorKernels& kernels, DType dtype)
{
    return dtype == DType::F32 ? kernels.f32 : dtype == DType::BF16 ? kernels.bf16 : kernels.f16;
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
                (dtype == DType::BF16 ? kernels.expandBf16 : kernels.expandF16)(
                    values.data(), count, out.data());
                QVERIFY(std::equal(values.exact.begin(), values.exact.end(), out.begin()));
                QCOMPARE(out.back(), 77.0F);
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
