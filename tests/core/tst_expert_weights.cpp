// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/spectra/expert_weights.h"
#include "core/spectra/spectrum.h"
#include "core/stats/intervals.h"
#include "core/task/worker_pool.h"
#include "tests/core/spectra_support.h"
#include "tests/support/files.h"

using namespace moescope;
using namespace moescope::test;

namespace {

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

class TestExpertWeights : public QObject {
    Q_OBJECT

private slots:
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

    void precisionChangesNoRank()
    {
        // Large enough for single precision; one expert repeats rows, so that its small values
        // need double.
        Experts experts = gaussianExperts(6, 256, 320);
        std::copy_n(experts.values[4].begin(), 128 * 320, experts.values[4].begin() + 128 * 320);
        WorkerPool pool(2);
        TaskContext context(pool);
        ProjectionOptions exact;
        exact.single = false;
        const auto slow = analyseProjection(experts.views(), context, exact);
        VERIFY_OK(slow);
        QCOMPARE(slow->doubleSpectra, std::size_t{12 + 4});
        const auto one = analyse(experts, 1);
        VERIFY_OK(one);
        QVERIFY(one->doubleSpectra >= 1 && one->doubleSpectra <= 6);
        QVERIFY(identical(one->rawSigma[4], slow->rawSigma[4]));
        for (std::size_t e = 0; e < 6; ++e) {
            for (const double share : {0.90, 0.95, 0.99}) {
                QCOMPARE(energyRank(one->rawSigma[e], share), energyRank(slow->rawSigma[e], share));
                QCOMPARE(
                    energyRank(one->deltaSigma[e], share), energyRank(slow->deltaSigma[e], share));
            }
            for (std::size_t j = 0; j < 256; ++j)
                QVERIFY(std::abs(one->deltaSigma[e][j] - slow->deltaSigma[e][j])
                    < 1e-5 * slow->deltaSigma[e][0]);
        }
        for (const unsigned threads : {2U, 3U, 8U}) {
            const auto many = analyse(experts, threads);
            VERIFY_OK(many);
            QCOMPARE(many->doubleSpectra, one->doubleSpectra);
            QVERIFY(many->rawSigma == one->rawSigma);
            QVERIFY(many->deltaSigma == one->deltaSigma);
            QVERIFY(many->surrogateSigma == one->surrogateSigma);
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
        // What waits in the batches is not done before it is solved.
        QCOMPARE(std::ranges::count(seen, 0.75), 1);
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
        QVERIFY(four <= 6 * floats + 6 * gram);
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

QTEST_APPLESS_MAIN(TestExpertWeights)
#include "tst_expert_weights.moc"
