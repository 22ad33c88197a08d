// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <cstring>
#include <vector>

#include <QTest>

#include "core/base/random.h"
#include "core/model/open_model.h"
#include "core/runtime/forward.h"
#include "core/task/worker_pool.h"
#include "core/tensor/bf16_products.h"
#include "core/tensor/linear.h"
#include "tests/support/files.h"

using namespace moescope;
using namespace moescope::test;

namespace {

float rounded(float value)
{
    const std::uint32_t bits = std::uint32_t{floatToBf16(value)} << 16;
    float out = 0;
    std::memcpy(&out, &bits, sizeof out);
    return out;
}

/// A matrix of bfloat16 numbers and float inputs.
struct Problem {
    std::size_t rows;
    std::size_t cols;
    std::size_t n;
    std::vector<std::uint16_t> weights;
    std::vector<float> inputs;

    Problem(std::size_t r, std::size_t c, std::size_t count)
        : rows(r)
        , cols(c)
        , n(count)
        , weights(r * c)
        , inputs(count * c)
    {
        Random random(r * 1000 + c);
        for (std::uint16_t& weight : weights)
            weight = floatToBf16(static_cast<float>(random.normal()));
        for (float& input : inputs)
            input = static_cast<float>(random.normal());
    }
    StoredRows stored(std::size_t first, std::size_t count) const
    {
        return {reinterpret_cast<const std::byte*>(weights.data() + first * cols), 2 * cols, count,
            cols};
    }
    std::vector<float> products(std::size_t rowsAtOnce, std::size_t inputsAtOnce) const
    {
        std::vector<float> out(n * rows, NAN);
        for (std::size_t r = 0; r < rows; r += rowsAtOnce)
            for (std::size_t i = 0; i < n; i += inputsAtOnce) {
                std::vector<const float*> pointers;
                for (std::size_t j = i; j < std::min(n, i + inputsAtOnce); ++j)
                    pointers.push_back(inputs.data() + j * cols);
                bf16Products(stored(r, std::min(rowsAtOnce, rows - r)), pointers.data(),
                    pointers.size(), out.data() + i * rows + r, rows);
            }
        return out;
    }
};

struct Collected : ForwardObserver {
    std::vector<float> hidden;
    std::vector<std::int32_t> ids;
    void onHidden(std::uint32_t layer, std::uint32_t, std::span<const float> values) override
    {
        if (layer == last)
            hidden.insert(hidden.end(), values.begin(), values.end());
    }
    void onRouting(LayerId, std::uint32_t, const Routing& routing) override
    {
        ids.insert(ids.end(), routing.ids.begin(), routing.ids.end());
    }
    std::uint32_t last = 0;
};

Collected run(const MoeModel& model, std::span<const std::int32_t> ids, Precision precision,
    std::size_t pass, unsigned threads, std::uint32_t chunk = 256)
{
    WorkerPool pool(threads);
    TaskContext context(pool);
    KvCache cache(model.config());
    Collected collected;
    collected.last = static_cast<std::uint32_t>(model.config().layerCount());
    ForwardSpec spec;
    spec.precision = precision;
    spec.chunk = chunk;
    for (std::size_t i = 0; i < ids.size(); i += pass)
        if (!forward(model, cache, ids.subspan(i, std::min(pass, ids.size() - i)), spec, &collected,
                context))
            return {};
    return collected;
}

} // namespace

class TestBf16Products : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        if (!hasBf16Products())
            QSKIP("This processor has no dot products of bfloat16 numbers.");
    }

    void theyEqualTheDefinition_data()
    {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("cols");
        QTest::addColumn<int>("inputs");
        for (const auto& [rows, cols, inputs] :
            std::vector<std::tuple<int, int, int>>{{1, 1, 1}, {1, 31, 2}, {3, 32, 5}, {4, 33, 6},
                {5, 15, 7}, {5, 16, 7}, {7, 17, 9}, {9, 100, 13}, {64, 128, 24}, {13, 2048, 11}})
            QTest::addRow("%dx%d, %d inputs", rows, cols, inputs) << rows << cols << inputs;
    }
    void theyEqualTheDefinition()
    {
        QFETCH(int, rows);
        QFETCH(int, cols);
        QFETCH(int, inputs);
        const Problem problem(static_cast<std::size_t>(rows), static_cast<std::size_t>(cols),
            static_cast<std::size_t>(inputs));
        const std::vector<float> out = problem.products(problem.rows, problem.n);
        for (std::size_t i = 0; i < problem.n; ++i)
            for (std::size_t r = 0; r < problem.rows; ++r) {
                double sum = 0;
                double exact = 0;
                double size = 0;
                for (std::size_t c = 0; c < problem.cols; ++c) {
                    const std::uint32_t bits = std::uint32_t{problem.weights[r * problem.cols + c]}
                        << 16;
                    float weight = 0;
                    std::memcpy(&weight, &bits, sizeof weight);
                    const double product = static_cast<double>(weight)
                        * static_cast<double>(rounded(problem.inputs[i * problem.cols + c]));
                    sum += product;
                    exact += static_cast<double>(weight)
                        * static_cast<double>(problem.inputs[i * problem.cols + c]);
                    size += std::abs(product);
                }
                const double error = std::abs(out[i * problem.rows + r] - sum);
                QVERIFY2(error <= 1e-6 * size + 1e-12, qPrintable(QString::number(error)));
                QVERIFY(std::abs(out[i * problem.rows + r] - exact) <= 1.01 / 256 * size);
            }
        // However they are grouped.
        for (const auto& [r, i] :
            {std::pair<std::size_t, std::size_t>{1, 1}, {2, 3}, {4, 6}, {7, 4}}) {
            const std::vector<float> again = problem.products(r, i);
            QVERIFY(std::memcmp(again.data(), out.data(), out.size() * sizeof(float)) == 0);
        }
    }

    void theErrorGetsAsLargeAsStated()
    {
        const std::uint16_t one = floatToBf16(1);
        const float input = 1.00390625F; // half way, to the even neighbour below
        const float* const inputs = &input;
        float out = 0;
        bf16Products({reinterpret_cast<const std::byte*>(&one), 2, 1, 1}, &inputs, 1, &out, 1);
        QCOMPARE(out, 1.0F);
    }

    void productsAreRoundedOnlyWhenAsked()
    {
        const Problem problem(8, 64, 8);
        MatrixView matrix;
        matrix.data = reinterpret_cast<const std::byte*>(problem.weights.data());
        matrix.dtype = DType::BF16;
        matrix.rows = problem.rows;
        matrix.cols = problem.cols;
        matrix.rowStride = 2 * problem.cols;
        matrix.colStride = 2;
        for (const std::size_t n : {1U, 3U, 8U}) {
            std::vector<float> exact(n * problem.rows);
            std::vector<float> fast(n * problem.rows);
            multiply(matrix, std::span(problem.inputs).first(n * problem.cols), n, exact, nullptr);
            multiply(matrix, std::span(problem.inputs).first(n * problem.cols), n, fast, nullptr,
                Precision::Bf16);
            QVERIFY(exact != fast);
            for (std::size_t i = 0; i < n; ++i) {
                const float* const alone = problem.inputs.data() + i * problem.cols;
                std::vector<float> expected(problem.rows);
                bf16Products(problem.stored(0, problem.rows), &alone, 1, expected.data(), 0);
                QVERIFY(std::equal(expected.begin(), expected.end(),
                    fast.begin() + static_cast<std::ptrdiff_t>(i * problem.rows)));
            }
        }
    }

    void aPromptIsReadNearlyAlike()
    {
        const auto open = openModel(resources() / "samples" / "native");
        QVERIFY(open && (*open)->model);
        const MoeModel& model = *(*open)->model;
        const auto encoded = (*open)->tokenizer->encode(
            "The cat sat on the mat, and 2 + 3 = 5. King is to queen as man is to woman.");
        QVERIFY(encoded.has_value());
        const auto exact = run(model, encoded->ids, Precision::Float32, 1000, 1);
        const auto fast = run(model, encoded->ids, Precision::Bf16, 1000, 1);
        QVERIFY(!exact.hidden.empty() && exact.hidden.size() == fast.hidden.size());
        double difference = 0;
        double size = 0;
        for (std::size_t i = 0; i < exact.hidden.size(); ++i) {
            difference += std::pow(exact.hidden[i] - fast.hidden[i], 2);
            size += std::pow(exact.hidden[i], 2);
        }
        QVERIFY(difference > 0);
        QVERIFY2(std::sqrt(difference / size) < 0.05, qPrintable(QString::number(difference)));
        std::size_t same = 0;
        for (std::size_t i = 0; i < exact.ids.size(); ++i)
            same += exact.ids[i] == fast.ids[i];
        QVERIFY(same * 10 > exact.ids.size() * 9);
        // Neither threads nor what follows changes anything, and few tokens are read exactly.
        QVERIFY(run(model, encoded->ids, Precision::Bf16, 1000, 2).hidden == fast.hidden);
        QVERIFY(run(model, encoded->ids, Precision::Bf16, 1, 1).hidden == exact.hidden);
        QVERIFY(run(model, encoded->ids, Precision::Bf16, 3, 1).hidden == exact.hidden);
        const auto begin = run(model, std::span(encoded->ids).first(7), Precision::Bf16, 1000, 1);
        QVERIFY(std::equal(begin.hidden.begin(), begin.hidden.end(), fast.hidden.begin()));
        QVERIFY(run(model, encoded->ids, Precision::Bf16, 1000, 1, 5).hidden == fast.hidden);
    }
};

QTEST_APPLESS_MAIN(TestBf16Products)
#include "tst_bf16_products.moc"
