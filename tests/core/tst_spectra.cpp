// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/base/random.h"
#include "core/spectra/expert_weights.h"
#include "core/spectra/spectrum.h"
#include "core/stats/intervals.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

std::vector<float> gaussian(std::size_t count, std::uint64_t stream, double sd = 1)
{
    Random random = Random::stream(7, stream);
    std::vector<float> values(count);
    for (float& value : values)
        value = static_cast<float>(sd * random.normal());
    return values;
}

/// left [m][r] times right [r][n].
std::vector<float> product(
    const std::vector<float>& left, const std::vector<float>& right, std::size_t m, std::size_t n)
{
    const std::size_t rank = left.size() / m;
    std::vector<float> out(m * n);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t k = 0; k < rank; ++k)
            for (std::size_t j = 0; j < n; ++j)
                out[i * n + j] += left[i * rank + k] * right[k * n + j];
    return out;
}

/// Experts over buffers of the test's own.
struct Experts {
    std::size_t m = 0;
    std::size_t n = 0;
    std::vector<std::vector<float>> values;

    std::vector<MatrixView> views() const
    {
        std::vector<MatrixView> out;
        for (const auto& expert : values)
            out.push_back(MatrixView::rowMajor(
                DType::F32, m, n, reinterpret_cast<const std::byte*>(expert.data())));
        return out;
    }
};

Experts gaussianExperts(std::size_t count, std::size_t m, std::size_t n)
{
    Experts experts{m, n, {}};
    for (std::size_t i = 0; i < count; ++i)
        experts.values.push_back(gaussian(m * n, 100 + i));
    return experts;
}

Result<ProjectionAnalysis> analyse(const Experts& experts, unsigned threads = 1)
{
    WorkerPool pool(threads);
    TaskContext context(pool);
    return analyseProjection(experts.views(), context);
}

/// The same bits, so that NaN equals NaN.
bool identical(const std::vector<double>& a, const std::vector<double>& b)
{
    return a.size() == b.size()
        && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

double meanRank(const std::vector<std::vector<double>>& spectra, double share)
{
    double sum = 0;
    for (const auto& sigma : spectra)
        sum += static_cast<double>(energyRank(sigma, share));
    return sum / static_cast<double>(spectra.size());
}

} // namespace

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

    void independentExperts()
    {
        const std::size_t count = 12;
        const Experts experts = gaussianExperts(count, 120, 200);
        const auto result = analyse(experts);
        VERIFY_OK(result);
        QCOMPARE(result->m, std::size_t{120});
        QCOMPARE(result->n, std::size_t{200});
        QCOMPARE(result->experts(), count);
        QCOMPARE(result->weights(), std::uint64_t{12 * 120 * 200});
        for (const double share : {0.90, 0.95, 0.99}) {
            const double ceiling = marchenkoPasturRank(120, 200, share);
            QVERIFY(std::abs(meanRank(result->rawSigma, share) - ceiling) <= 2);
            QVERIFY(std::abs(meanRank(result->deltaSigma, share) - ceiling) <= 2);
            QVERIFY(std::abs(meanRank(result->surrogateSigma, share) - ceiling) <= 2);
        }
        const double nullSd = 1 / std::sqrt(120.0 * 200 * 66);
        QCOMPARE(result->cosines.pairs, std::size_t{66});
        QVERIFY(std::abs(result->cosines.mean) < 4 * nullSd);
        QVERIFY(std::abs(result->cosines.sd * std::sqrt(120.0 * 200) - 1) < 0.3);
        QVERIFY(result->cosines.error > 0.3 * nullSd && result->cosines.error < 3 * nullSd);
        QVERIFY(std::abs(result->baseEnergy - 1.0 / 12) < 0.01);
        QVERIFY(std::abs(result->deltaShare + result->baseEnergy - 1) < 1e-12);
        QVERIFY(result->normCv < 0.02);

        // The differences from their own mean point away from one another: cosine -1/(N-1).
        Experts differences = experts;
        for (std::size_t i = 0; i < 120 * 200; ++i) {
            double mean = 0;
            for (const auto& expert : experts.values)
                mean += static_cast<double>(expert[i]) / static_cast<double>(count);
            for (auto& expert : differences.values)
                expert[i] = static_cast<float>(static_cast<double>(expert[i]) - mean);
        }
        const auto deltas = analyse(differences);
        VERIFY_OK(deltas);
        QVERIFY(std::abs(deltas->cosines.mean + 1.0 / (count - 1)) < 1e-3);
        // And their singular values are those of the differences.
        for (std::size_t e = 0; e < count; ++e)
            for (std::size_t j = 0; j < 120; ++j)
                QVERIFY(std::abs(deltas->rawSigma[e][j] - result->deltaSigma[e][j])
                    < 1e-5 * result->deltaSigma[e][0]);
    }

    void matchesAPlainComputation()
    {
        const Experts experts = gaussianExperts(5, 13, 9);
        const auto result = analyse(experts);
        VERIFY_OK(result);
        for (std::size_t i = 0; i < 5; ++i) {
            QCOMPARE(result->cosine[i * 5 + i], 1.0);
            for (std::size_t j = 0; j < 5; ++j) {
                double dot = 0;
                double ii = 0;
                double jj = 0;
                for (std::size_t x = 0; x < 13 * 9; ++x) {
                    const auto a = static_cast<double>(experts.values[i][x]);
                    const auto b = static_cast<double>(experts.values[j][x]);
                    dot += a * b;
                    ii += a * a;
                    jj += b * b;
                }
                QVERIFY(std::abs(result->cosine[i * 5 + j] - dot / std::sqrt(ii * jj)) < 1e-13);
                QVERIFY(std::abs(result->norms[i] - std::sqrt(ii)) < 1e-12);
            }
            const std::vector<double> raw = singularValuesReference(experts.values[i], 13, 9);
            for (std::size_t j = 0; j < 9; ++j)
                QVERIFY(std::abs(raw[j] - result->rawSigma[i][j]) < 1e-11);
        }
    }

    void identicalExperts()
    {
        Experts experts = gaussianExperts(1, 30, 20);
        experts.values.resize(6, experts.values.front());
        const auto result = analyse(experts);
        VERIFY_OK(result);
        for (const double cosine : result->cosine)
            QVERIFY(std::abs(cosine - 1) < 1e-14);
        QVERIFY(std::abs(result->cosines.mean - 1) < 1e-14);
        QVERIFY(result->deltaShare <= 1e-30);
        QVERIFY(std::abs(result->baseEnergy - 1) < 1e-12);
        for (const auto& sigma : result->deltaSigma)
            QCOMPARE(energyRank(sigma, 0.95), std::size_t{0});
        for (const auto& sigma : result->surrogateSigma)
            QCOMPARE(energyRank(sigma, 0.95), std::size_t{0});
        QCOMPARE(result->normCv, 0.0);
    }

    void expertsOfZeros()
    {
        Experts experts = gaussianExperts(4, 8, 8);
        experts.values[2].assign(64, 0.0F);
        const auto result = analyse(experts);
        VERIFY_OK(result);
        QVERIFY(std::isnan(result->cosine[2 * 4 + 2]));
        QVERIFY(std::isnan(result->cosine[2 * 4 + 0]));
        QCOMPARE(result->cosine[0], 1.0);
        QCOMPARE(result->cosines.pairs, std::size_t{3});
        QVERIFY(std::isfinite(result->cosines.mean));
        QCOMPARE(energyRank(result->rawSigma[2], 0.95), std::size_t{0});

        for (auto& expert : experts.values)
            expert.assign(64, 0.0F);
        const auto nothing = analyse(experts);
        VERIFY_OK(nothing);
        QCOMPARE(nothing->cosines.pairs, std::size_t{0});
        QVERIFY(std::isnan(nothing->cosines.mean));
        QVERIFY(std::isnan(nothing->baseEnergy));
        QCOMPARE(nothing->deltaShare, 0.0);
        QCOMPARE(nothing->normCv, 0.0);
    }

    void commonBasePlusLowRank()
    {
        // The deltas add up to zero, so that the mean is the true base.
        const std::size_t m = 60;
        const std::size_t n = 90;
        const std::size_t rank = 5;
        const std::vector<float> base = gaussian(m * n, 1);
        Experts experts{m, n, std::vector<std::vector<float>>(6, base)};
        for (std::size_t pair = 0; pair < 3; ++pair) {
            const auto delta = product(
                gaussian(m * rank, 10 + pair, 0.3), gaussian(rank * n, 20 + pair, 0.3), m, n);
            for (std::size_t i = 0; i < m * n; ++i) {
                experts.values[2 * pair][i] += delta[i];
                experts.values[2 * pair + 1][i] -= delta[i];
            }
        }
        const auto result = analyse(experts);
        VERIFY_OK(result);
        for (const auto& sigma : result->deltaSigma) {
            const std::size_t found = energyRank(sigma, 0.9999);
            QVERIFY(found > 0 && found <= rank);
            QVERIFY(sigma[rank] < 1e-5 * sigma[0]);
        }
        for (const auto& sigma : result->rawSigma)
            QVERIFY(energyRank(sigma, 0.95) > rank);
    }

    void plantedCosine()
    {
        const double rho = 0.3;
        const std::size_t m = 150;
        const std::size_t n = 160;
        const std::vector<float> common = gaussian(m * n, 1);
        Experts experts = gaussianExperts(10, m, n);
        for (auto& expert : experts.values)
            for (std::size_t i = 0; i < m * n; ++i)
                expert[i] = static_cast<float>(std::sqrt(rho) * static_cast<double>(common[i])
                    + std::sqrt(1 - rho) * static_cast<double>(expert[i]));
        const auto result = analyse(experts);
        VERIFY_OK(result);
        QVERIFY(std::abs(result->cosines.mean - rho) < 0.01);
        // With equal norms the excess base energy is the mean cosine.
        const double excess = (result->baseEnergy - 0.1) / 0.9;
        QVERIFY(std::abs(excess - result->cosines.mean) < 1e-3);
    }

    void rowNormsLowerTheCeiling()
    {
        const std::size_t m = 100;
        const std::size_t n = 150;
        Experts experts = gaussianExperts(4, m, n);
        for (auto& expert : experts.values)
            for (std::size_t r = 0; r < m; ++r)
                for (std::size_t c = 0; c < n; ++c)
                    expert[r * n + c] *= r < 20 ? 5.0F : 0.5F;
        const auto result = analyse(experts);
        VERIFY_OK(result);
        const double surrogate = meanRank(result->surrogateSigma, 0.95);
        QVERIFY(surrogate < 0.5 * marchenkoPasturRank(m, n, 0.95));
        QVERIFY(std::abs(meanRank(result->deltaSigma, 0.95) - surrogate) <= 2);
    }

    void threadsChangeNothing()
    {
        // Enough columns for several row blocks.
        const Experts experts = gaussianExperts(7, 48, 9000);
        const auto one = analyse(experts, 1);
        VERIFY_OK(one);
        for (const unsigned threads : {2U, 3U, 8U}) {
            const auto many = analyse(experts, threads);
            VERIFY_OK(many);
            QVERIFY(identical(one->norms, many->norms));
            QVERIFY(identical(one->cosine, many->cosine));
            QVERIFY(identical({one->baseEnergy, one->deltaShare, one->normCv},
                {many->baseEnergy, many->deltaShare, many->normCv}));
            for (std::size_t e = 0; e < 7; ++e) {
                QVERIFY(identical(one->rawSigma[e], many->rawSigma[e]));
                QVERIFY(identical(one->deltaSigma[e], many->deltaSigma[e]));
            }
            QVERIFY(one->surrogateExperts == many->surrogateExperts);
            for (std::size_t s = 0; s < one->surrogateSigma.size(); ++s)
                QVERIFY(identical(one->surrogateSigma[s], many->surrogateSigma[s]));
        }
    }

    void storageChangesNothing()
    {
        const std::size_t m = 20;
        const std::size_t n = 14;
        Experts experts = gaussianExperts(3, m, n);
        for (auto& expert : experts.values)
            for (float& value : expert)
                value = bf16ToFloat(floatToBf16(value));
        const auto plain = analyse(experts);
        VERIFY_OK(plain);

        // bf16, transposed, experts interleaved in one packed tensor.
        std::vector<std::uint16_t> packed(3 * m * n);
        std::vector<MatrixView> views;
        for (std::size_t e = 0; e < 3; ++e) {
            for (std::size_t r = 0; r < m; ++r)
                for (std::size_t c = 0; c < n; ++c)
                    packed[(c * m + r) * 3 + e] = floatToBf16(experts.values[e][r * n + c]);
            views.push_back(
                {DType::BF16, m, n, reinterpret_cast<const std::byte*>(packed.data() + e),
                    3 * sizeof(std::uint16_t), 3 * m * sizeof(std::uint16_t)});
        }
        TaskContext context;
        const auto strided = analyseProjection(views, context);
        VERIFY_OK(strided);
        QVERIFY(identical(plain->cosine, strided->cosine));
        for (std::size_t e = 0; e < 3; ++e) {
            QVERIFY(identical(plain->rawSigma[e], strided->rawSigma[e]));
            QVERIFY(identical(plain->deltaSigma[e], strided->deltaSigma[e]));
        }
    }

    void badExpertsAreNamed()
    {
        TaskContext context;
        QCOMPARE(analyseProjection({}, context).error().code, ErrorCode::InvalidArgument);

        Experts experts = gaussianExperts(3, 6, 5);
        experts.values[1][4 * 5 + 2] = std::numeric_limits<float>::infinity();
        experts.values[2][0] = std::numeric_limits<float>::quiet_NaN();
        for (const unsigned threads : {1U, 4U}) {
            const auto result = analyse(experts, threads);
            QVERIFY(!result);
            QCOMPARE(result.error().code, ErrorCode::BadFormat);
            QCOMPARE(result.error().message,
                std::string(
                    "The weight of expert 1 in row 4, column 2 is inf, not a finite number."));
        }

        experts = gaussianExperts(2, 6, 5);
        std::vector<MatrixView> views = experts.views();
        views[1].rows = 5;
        QCOMPARE(analyseProjection(views, context).error().code, ErrorCode::BadFormat);
        views = experts.views();
        views[1].dtype = DType::I8;
        QCOMPARE(analyseProjection(views, context).error().code, ErrorCode::Unsupported);
        views[1] = {};
        QCOMPARE(analyseProjection(views, context).error().code, ErrorCode::InvalidArgument);
    }

    void cancelStopsBetweenMatrices()
    {
        const Experts experts = gaussianExperts(16, 24, 32);
        for (const unsigned threads : {1U, 4U}) {
            for (const int stopAt : {1, 2, 3}) {
                WorkerPool pool(threads);
                std::stop_source stop;
                TaskContext context(pool, stop.get_token());
                int calls = 0;
                context.setProgressSink([&](double, std::string_view) {
                    if (++calls == stopAt)
                        stop.request_stop();
                });
                const auto result = analyseProjection(experts.views(), context);
                QVERIFY(!result);
                QCOMPARE(result.error().code, ErrorCode::Cancelled);
                QVERIFY(calls <= stopAt + 1);
            }
        }
    }

    void progressIsTheGivenPart()
    {
        const Experts experts = gaussianExperts(5, 10, 12);
        TaskContext context;
        std::vector<double> seen;
        context.setProgressSink([&](double fraction, std::string_view stage) {
            QCOMPARE(stage, std::string_view("gate"));
            seen.push_back(fraction);
        });
        ProjectionOptions options;
        options.progressFrom = 0.5;
        options.progressTo = 0.75;
        options.stage = "gate";
        VERIFY_OK(analyseProjection(experts.views(), context, options));
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QVERIFY(seen.front() > 0.5);
        QCOMPARE(seen.back(), 0.75);
    }

    void memoryIsAFewMatrices()
    {
        const Experts tiny = gaussianExperts(1, 1, 1);
        MatrixView view = tiny.views().front();
        view.rows = 4096;
        view.cols = 14336;
        const std::uint64_t floats = std::uint64_t{4096} * 14336 * 4;
        const std::uint64_t gram = std::uint64_t{4096} * 4096 * 8;
        const std::vector<MatrixView> eight(8, view);
        const std::uint64_t one = analyseProjectionMemory(eight, 1);
        const std::uint64_t four = analyseProjectionMemory(eight, 4);
        QVERIFY(one >= 3 * floats + gram);
        QVERIFY(one <= 3 * floats + 2 * gram);
        QVERIFY(four >= 6 * floats + 4 * gram);
        QVERIFY(four <= 6 * floats + 5 * gram);
        // More experts cost their results, not their weights.
        const std::vector<MatrixView> many(64, view);
        QVERIFY(analyseProjectionMemory(many, 1) - one < floats / 4);
        QCOMPARE(analyseProjectionMemory({}, 1), std::uint64_t{0});
    }

    void jackknifeOfTheMeanCosine()
    {
        // Three experts: leaving one out leaves one pair, so the error has a closed form.
        const std::vector<double> cosine{1, .1, .2, .1, 1, .6, .2, .6, 1};
        const CosineSummary summary = summariseCosines(cosine, 3);
        QCOMPARE(summary.pairs, std::size_t{3});
        QVERIFY(std::abs(summary.mean - 0.3) < 1e-15);
        const double sd = standardDeviation(std::vector<double>{.1, .2, .6});
        QVERIFY(std::abs(summary.sd - sd) < 1e-15);
        QVERIFY(std::abs(summary.error - sd * 2 / std::sqrt(3.0)) < 1e-15);
        QVERIFY(std::isnan(summariseCosines(std::vector<double>{1, .5, .5, 1}, 2).error));
        QCOMPARE(summariseCosines({}, 0).pairs, std::size_t{0});
    }

    void clustersStandTogether()
    {
        // Even and odd experts form two groups.
        const std::size_t count = 8;
        std::vector<double> cosine(count * count);
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j)
                cosine[i * count + j] = i == j ? 1.0 : (i % 2 == j % 2 ? 0.8 : 0.1);
        QCOMPARE(clusteredOrder(cosine, count), (std::vector<std::size_t>{0, 2, 4, 6, 1, 3, 5, 7}));
        // Average linkage by hand: 0 joins 2 (.1), 1 joins 3 (.2), then 4 stands at
        // (.5 + .7)/2 = .6 of {1, 3} and at .9 of {0, 2}, which are .8 apart.
        const std::vector<double> d{0, .8, .1, .8, .9, .8, 0, .8, .2, .5, .1, .8, 0, .8, .9, .8, .2,
            .8, 0, .7, .9, .5, .9, .7, 0};
        std::vector<double> similar;
        for (const double x : d)
            similar.push_back(1 - x);
        QCOMPARE(clusteredOrder(similar, 5), (std::vector<std::size_t>{0, 2, 1, 3, 4}));
        QCOMPARE(clusteredOrder({}, 0), std::vector<std::size_t>{});
        std::vector<double> withNan(9, 0.5);
        withNan[1] = withNan[3] = std::numeric_limits<double>::quiet_NaN();
        std::vector<std::size_t> order = clusteredOrder(withNan, 3);
        std::sort(order.begin(), order.end());
        QCOMPARE(order, (std::vector<std::size_t>{0, 1, 2}));
    }
};

QTEST_APPLESS_MAIN(TestSpectra)
#include "tst_spectra.moc"
