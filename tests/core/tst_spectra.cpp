// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/spectra/spectrum.h"
#include "tests/core/spectra_support.h"
#include "tests/support/files.h"

using namespace moescope;
using namespace moescope::test;

class TestSpectra : public QObject {
    Q_OBJECT

private slots:
    void singularValuesEqualTheReference_data()
    {
        QTest::addColumn<int>("m");
        QTest::addColumn<int>("n");
        const std::array<std::array<int, 2>, 11> shapes{{{1, 1}, {1, 9}, {7, 1}, {2, 3}, {5, 5},
            {17, 31}, {33, 8}, {64, 64}, {63, 300}, {257, 40}, {96, 128}}};
        for (const auto& [m, n] : shapes)
            QTest::addRow("%d x %d", m, n) << m << n;
    }

    void singularValuesEqualTheReference()
    {
        QFETCH(int, m);
        QFETCH(int, n);
        const auto rows = static_cast<std::size_t>(m);
        const auto cols = static_cast<std::size_t>(n);
        const std::vector<float> matrix = gaussian(rows * cols, rows * 1000 + cols);
        const auto fast = singularValues(matrix, rows, cols);
        VERIFY_OK(fast);
        const std::vector<double> slow = singularValuesReference(matrix, rows, cols);
        QCOMPARE(fast->size(), std::min(rows, cols));
        QCOMPARE(slow.size(), fast->size());
        QVERIFY(std::is_sorted(fast->rbegin(), fast->rend()));
        // An eigenvalue of the Gram matrix is off by a few eps of the largest; its root by
        // eps·sigma_1²/sigma_j.
        const double eps = std::numeric_limits<double>::epsilon();
        for (std::size_t j = 0; j < slow.size(); ++j) {
            const double largest = slow.front();
            const double bound = 8 * eps * static_cast<double>(slow.size()) * largest * largest
                / std::max(slow[j], 1e-8 * largest);
            QVERIFY2(std::abs((*fast)[j] - slow[j]) <= bound,
                qPrintable(QString::number(slow[j], 'g', 17)));
        }
    }

    void knownMatrices()
    {
        const std::vector<float> diagonal{0, -3, 0, 0, 0, 2, 1, 0, 0};
        const auto values = singularValues(diagonal, 3, 3);
        VERIFY_OK(values);
        QCOMPARE((*values)[0], 3.0);
        QCOMPARE((*values)[1], 2.0);
        QCOMPARE((*values)[2], 1.0);
        QCOMPARE(singularValuesReference(diagonal, 3, 3), (std::vector<double>{3, 2, 1}));

        const std::vector<float> zeros(6);
        QCOMPARE(*singularValues(zeros, 2, 3), (std::vector<double>{0, 0}));
        QCOMPARE(*singularValues(std::vector<float>{}, 0, 4), std::vector<double>{});

        // Rank 3 of 40: what is below is noise far under 1e-7 of the largest value.
        const auto low = product(gaussian(40 * 3, 1), gaussian(3 * 60, 2), 40, 60);
        const auto sigma = singularValues(low, 40, 60);
        VERIFY_OK(sigma);
        QVERIFY((*sigma)[2] > 0.1 * (*sigma)[0]);
        QVERIFY((*sigma)[3] < 1e-6 * (*sigma)[0]);
        QVERIFY(std::all_of(sigma->begin(), sigma->end(), [](double x) { return x >= 0; }));

        // The extremes of float neither overflow nor vanish.
        const std::vector<float> large(4, std::numeric_limits<float>::max());
        QVERIFY(std::abs((*singularValues(large, 2, 2))[0]
                        / (2.0 * static_cast<double>(std::numeric_limits<float>::max()))
                    - 1)
            < 1e-12);
        const std::vector<float> tiny(4, std::numeric_limits<float>::denorm_min());
        QVERIFY((*singularValues(tiny, 2, 2))[0] > 0);
    }

    void largeMatricesTakeAnotherSolver()
    {
        // Ones on two diagonals: sigma_k = 2 cos(k pi / (2n + 1)).
        for (const std::size_t n : {std::size_t{300}, std::size_t{2100}}) {
            std::vector<float> matrix(n * n);
            for (std::size_t i = 0; i < n; ++i) {
                matrix[i * n + i] = 1;
                if (i + 1 < n)
                    matrix[i * n + i + 1] = 1;
            }
            const auto sigma = singularValues(matrix, n, n);
            VERIFY_OK(sigma);
            for (std::size_t k = 1; k <= n; ++k) {
                const double expected = 2
                    * std::cos(static_cast<double>(k) * std::numbers::pi
                        / (2.0 * static_cast<double>(n) + 1));
                QVERIFY(std::abs((*sigma)[k - 1] - expected) < 1e-9);
            }
        }
    }

    void notFiniteIsRefused()
    {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                 std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
            std::vector<float> matrix = gaussian(6 * 4, 3);
            matrix[2 * 4 + 1] = bad;
            const auto values = singularValues(matrix, 6, 4);
            QVERIFY(!values);
            QCOMPARE(values.error().code, ErrorCode::BadFormat);
            QVERIFY(values.error().message.find("row 2, column 1") != std::string::npos);
        }
        QCOMPARE(
            singularValues(std::vector<float>(5), 2, 3).error().code, ErrorCode::InvalidArgument);
    }

    void energyCounts()
    {
        const std::vector<double> sigma{3, 2, 1}; // squares 9, 4, 1 of 14
        // Of equal values, whose sums are rounded, a share may be an exact number.
        const std::vector<double> equal(200, 0.1);
        QCOMPARE(energyRank(equal, 0.99), std::size_t{198});
        QCOMPARE(energyRank(equal, 0.95), std::size_t{190});
        QCOMPARE(energyRank(equal, 1), std::size_t{200});
        QCOMPARE(energyRank(sigma, 0.5), std::size_t{1});
        QCOMPARE(energyRank(sigma, 9.0 / 14), std::size_t{1});
        QCOMPARE(energyRank(sigma, 0.65), std::size_t{2});
        QCOMPARE(energyRank(sigma, 0.95), std::size_t{3});
        QCOMPARE(energyRank(sigma, 1.0), std::size_t{3});
        QCOMPARE(energyRank(std::vector<double>{0, 0}, 0.95), std::size_t{0});
        QCOMPARE(energyRank({}, 0.95), std::size_t{0});
        QCOMPARE(cumulativeEnergy(sigma), (std::vector<double>{9.0 / 14, 13.0 / 14, 1}));
        QVERIFY(cumulativeEnergy(std::vector<double>{0, 0}).empty());
        QCOMPARE(breakEvenRank(1024, 2048), 1024.0 * 2048 / 3072);
        QCOMPARE(breakEvenRank(0, 4), 0.0);
    }

    void marchenkoPasturTable_data()
    {
        QTest::addColumn<int>("m");
        QTest::addColumn<int>("n");
        QTest::addColumn<QList<int>>("ranks"); // 90, 95, 99 %
        QTest::addColumn<int>("breakEven");
        const auto row = [](int m, int n, QList<int> ranks, int breakEven) {
            QTest::addRow("%d x %d", m, n) << m << n << ranks << breakEven;
        };
        row(2880, 2880, {1468, 1755, 2219}, 1440);
        row(1024, 2048, {680, 796, 949}, 683);
        row(4096, 14336, {3058, 3478, 3937}, 3186);
        row(6144, 16384, {4368, 5036, 5831}, 4468);
        row(1536, 5120, {1138, 1297, 1474}, 1182);
        row(2048, 7168, {1529, 1739, 1968}, 1593);
        row(1408, 2048, {844, 1002, 1239}, 834);
        row(2560, 3584, {1513, 1798, 2233}, 1493);
        row(768, 2048, {546, 630, 729}, 559);
        row(6144, 10752, {3923, 4621, 5598}, 3910);
        row(6144, 32768, {4840, 5408, 5971}, 5174);
        row(2048, 5632, {1465, 1686, 1947}, 1502);
    }

    void marchenkoPasturTable()
    {
        QFETCH(int, m);
        QFETCH(int, n);
        QFETCH(QList<int>, ranks);
        QFETCH(int, breakEven);
        const auto rows = static_cast<std::size_t>(m);
        const auto cols = static_cast<std::size_t>(n);
        const std::array<double, 3> shares{0.90, 0.95, 0.99};
        for (std::size_t i = 0; i < shares.size(); ++i) {
            const double rank = marchenkoPasturRank(rows, cols, shares[i]);
            // The table is rounded to whole ranks; 768 x 2048 at 95 % is 629.4998.
            QVERIFY(std::abs(rank - ranks[static_cast<int>(i)]) < 0.501);
            QCOMPARE(marchenkoPasturRank(cols, rows, shares[i]), rank);
        }
        QCOMPARE(static_cast<int>(std::lround(breakEvenRank(rows, cols))), breakEven);
    }

    void marchenkoPasturLimits()
    {
        QCOMPARE(marchenkoPasturRank(10, 20, 0), 0.0);
        QCOMPARE(marchenkoPasturRank(10, 20, 1), 10.0);
        QCOMPARE(marchenkoPasturRank(0, 20, 0.5), 0.0);
        // A very long matrix of noise has equal singular values: the rank is the share.
        QVERIFY(std::abs(marchenkoPasturRank(100, 100'000'000, 0.95) / 95 - 1) < 1e-2);
        double last = 0;
        for (int i = 1; i <= 100; ++i) {
            const double rank = marchenkoPasturRank(96, 128, i / 100.0);
            QVERIFY(rank > last);
            last = rank;
        }
        for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{1, 1}, {1, 50}, {96, 128},
                 {128, 96}, {300, 300}}) {
            const std::vector<double> sigma = marchenkoPasturSpectrum(m, n);
            QCOMPARE(sigma.size(), std::min(m, n));
            QVERIFY(std::is_sorted(sigma.rbegin(), sigma.rend()));
            const double energy
                = std::inner_product(sigma.begin(), sigma.end(), sigma.begin(), 0.0);
            QVERIFY(std::abs(energy / static_cast<double>(m * n) - 1) < 1e-12);
            const double rank = marchenkoPasturRank(m, n, 0.95);
            QCOMPARE(static_cast<double>(energyRank(sigma, 0.95)), std::ceil(rank));
        }
    }

    void noiseFollowsMarchenkoPastur()
    {
        for (const auto& [m, n] :
            {std::pair<std::size_t, std::size_t>{200, 300}, {256, 256}, {400, 150}}) {
            std::vector<double> average(std::min(m, n));
            constexpr int kDraws = 8;
            for (int draw = 0; draw < kDraws; ++draw) {
                const auto sigma = singularValues(
                    gaussian(m * n, 5000 + static_cast<std::uint64_t>(draw) + m), m, n);
                VERIFY_OK(sigma);
                for (std::size_t j = 0; j < average.size(); ++j)
                    average[j] += (*sigma)[j] / kDraws;
                for (const double share : {0.90, 0.95, 0.99})
                    QVERIFY(std::abs(static_cast<double>(energyRank(*sigma, share))
                                - marchenkoPasturRank(m, n, share))
                        <= 2);
            }
            const std::vector<double> expected = marchenkoPasturSpectrum(m, n);
            for (std::size_t j = 0; j < average.size(); ++j)
                QVERIFY2(std::abs(average[j] - expected[j]) <= 0.01 * expected.front(),
                    qPrintable(QString("%1: %2, %3").arg(j).arg(average[j]).arg(expected[j])));
        }
    }

    void biasMistakenForWeights()
    {
        // The sheet's simulation: 8 experts of 512 x 512, a bias added to every column; a strong
        // one makes independent experts look low-rank.
        const std::size_t size = 512;
        const std::size_t count = 8;
        const auto check = [&](double biasSd, double expected) {
            std::vector<std::vector<float>> biases;
            for (std::size_t e = 0; e < count; ++e)
                biases.push_back(gaussian(size, 300 + e, biasSd));
            std::vector<float> delta = gaussian(size * size, 400);
            for (float& value : delta) // independent noise less the mean of eight of its kind
                value *= static_cast<float>(std::sqrt(1 - 1.0 / count));
            for (std::size_t r = 0; r < size; ++r) {
                float mean = 0;
                for (const auto& bias : biases)
                    mean += bias[r] / static_cast<float>(count);
                for (std::size_t c = 0; c < size; ++c)
                    delta[r * size + c] += biases[0][r] - mean;
            }
            const auto sigma = singularValues(delta, size, size);
            if (!sigma)
                return false;
            const auto rank = static_cast<double>(energyRank(*sigma, 0.95));
            return std::abs(rank - expected) <= 0.05 * expected + 2;
        };
        QVERIFY(check(0, 312));
        QVERIFY(check(1, 263));
        QVERIFY(check(2, 171));
        QVERIFY(check(4, 26));
        QVERIFY(check(4.5, 1));
    }
};

QTEST_APPLESS_MAIN(TestSpectra)
#include "tst_spectra.moc"
