// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/model/open_model.h"
#include "core/spectra/certain_spectra.h"
#include "core/spectra/linear_algebra.h"
#include "core/spectra/reduction_kernels.h"
#include "core/spectra/spectrum.h"
#include "core/spectra/spectrum_batch.h"
#include "tests/core/spectra_support.h"
#include "tests/support/files.h"

using namespace moescope;
using namespace moescope::test;

namespace {

constexpr std::array kShares{0.5, 0.8, 0.90, 0.95, 0.99};
const double kEps = std::numeric_limits<double>::epsilon();

/// Squares of the singular values by LAPACK in double, descending.
std::vector<double> lapackSquares(const std::vector<double>& matrix, std::size_t m, std::size_t n)
{
    const std::size_t order = std::min(m, n);
    std::vector<double> gram(order * order);
    if (m <= n)
        addOuterGram(gram, matrix, m, n);
    else
        addInnerGram(gram, matrix, m, n);
    std::vector<double> work;
    std::vector<int> integers;
    const auto values = symmetricEigenvalues(gram, order, work, integers);
    if (!values)
        throw std::runtime_error(values.error().message);
    return {values->rbegin(), values->rend()};
}

std::vector<double> lapackSquares(const std::vector<float>& matrix, std::size_t m, std::size_t n)
{
    return lapackSquares(std::vector<double>(matrix.begin(), matrix.end()), m, n);
}

Spectrum spectrumOf(
    const std::vector<float>& matrix, std::size_t m, std::size_t n, SpectrumPrecision precision)
{
    SpectrumBatch batch(m, n);
    const Status status = batch.add(matrix, {}, precision);
    if (!status)
        throw std::runtime_error(status.error().message);
    auto spectra = batch.solve();
    if (!spectra || spectra->size() != 1)
        throw std::runtime_error("no spectrum");
    return std::move(spectra->front());
}

std::vector<double> roots(std::vector<double> squares)
{
    for (double& square : squares)
        square = std::sqrt(std::max(square, 0.0));
    return squares;
}

/// Largest difference of the squares, in units of the largest square.
double difference(const std::vector<double>& values, const std::vector<double>& squares)
{
    double worst = 0;
    for (std::size_t j = 0; j < values.size(); ++j)
        worst = std::max(worst, std::abs(values[j] * values[j] - squares[j]));
    return squares.front() > 0 ? worst / squares.front() : worst;
}

/// Noise whose rows shrink by `ratio` from one to the next.
std::vector<float> graded(std::size_t m, std::size_t n, double ratio)
{
    std::vector<float> matrix = gaussian(m * n, 900 + m);
    double scale = 1;
    for (std::size_t r = 0; r < m; ++r, scale *= ratio) {
        for (std::size_t c = 0; c < n; ++c)
            matrix[r * n + c] *= static_cast<float>(scale);
    }
    return matrix;
}

std::vector<float> lowRankAndNoise(std::size_t m, std::size_t n, std::size_t rank, double noise)
{
    std::vector<float> matrix = product(gaussian(m * rank, 40), gaussian(rank * n, 41), m, n);
    const std::vector<float> more = gaussian(m * n, 42, noise);
    for (std::size_t i = 0; i < matrix.size(); ++i)
        matrix[i] += more[i];
    return matrix;
}

struct Named {
    const char* name;
    std::vector<float> matrix;
    std::size_t m;
    std::size_t n;
};

std::vector<Named> testMatrices()
{
    return {{"Gaussian, wide", gaussian(260 * 520, 1), 260, 520},
        {"Gaussian, tall", gaussian(540 * 257, 2), 540, 257},
        {"Gaussian, long", gaussian(64 * 3000, 3), 64, 3000},
        {"Gaussian, square", gaussian(150 * 150, 4), 150, 150},
        {"low rank and noise", lowRankAndNoise(200, 390, 12, 0.2), 200, 390},
        {"low rank", lowRankAndNoise(120, 260, 7, 0), 120, 260},
        {"slow decay", graded(256, 512, 0.99), 256, 512},
        {"fast decay", graded(100, 300, 0.8), 100, 300}};
}

} // namespace

class TestSpectrumBatch : public QObject {
    Q_OBJECT

private slots:
    void everyInstructionSetAgreesWithLapack()
    {
        const std::array<std::array<std::size_t, 2>, 20> shapes{{{1, 1}, {1, 9}, {9, 1}, {2, 2},
            {2, 5}, {3, 7}, {7, 3}, {15, 40}, {16, 16}, {17, 33}, {32, 31}, {33, 64}, {48, 20},
            {63, 127}, {64, 64}, {65, 66}, {97, 300}, {128, 129}, {131, 70}, {300, 310}}};
        const auto all = everyReductionKernels();
        QVERIFY(!all.empty());
        QCOMPARE(std::string(all.front().name), std::string(reductionKernels().name));
        for (const ReductionKernels& kernels : all) {
            for (const auto& [m, n] : shapes) {
                const std::size_t order = std::min(m, n);
                const std::vector<float> matrix = gaussian(m * n, m * 1000 + n);
                const std::vector<double> expected = lapackSquares(matrix, m, n);
                AlignedVector<float> floatGram(paddedElements(order));
                AlignedVector<double> doubleGram(paddedElements(order));
                AlignedVector<float> floats;
                AlignedVector<double> doubles;
                AlignedVector<double> bands(batchElements(order));
                AlignedVector<double> diagonal(order * kBatch);
                AlignedVector<double> squares(order * kBatch);
                const GramSource source{matrix.data(), nullptr, m, n};
                kernels.gramDouble(source, doubleGram.data(), doubles);
                kernels.bandDouble(doubleGram.data(), order, bands.data(), 1, nullptr, doubles);
                kernels.gramFloat(source, floatGram.data(), floats);
                kernels.bandFloat(floatGram.data(), order, bands.data(), 6, nullptr, floats);
                kernels.tridiagonal(bands.data(), order, diagonal.data(), squares.data());
                QVERIFY(kernels.eigenvalues(diagonal.data(), squares.data(), order));
                const std::array<std::pair<std::size_t, double>, 3> lanes{
                    {{1, kEps}, {6, std::numeric_limits<float>::epsilon()}, {3, 0}}};
                for (const auto& [lane, eps] : lanes) {
                    std::vector<double> found;
                    for (std::size_t i = 0; i < order; ++i)
                        found.push_back(diagonal[i * kBatch + lane]);
                    std::sort(found.rbegin(), found.rend());
                    for (std::size_t i = 0; i < order; ++i) {
                        const double wanted = eps > 0 ? expected[i] : 0; // lane 3 is empty
                        const double bound
                            = 4 * eps * std::sqrt(static_cast<double>(order)) * expected.front();
                        QVERIFY2(std::abs(found[i] - wanted) <= bound,
                            qPrintable(QString("%1, %2 x %3, lane %4: %5, expected %6")
                                           .arg(kernels.name)
                                           .arg(m)
                                           .arg(n)
                                           .arg(lane)
                                           .arg(found[i], 0, 'g', 17)
                                           .arg(wanted, 0, 'g', 17)));
                    }
                }
            }
        }
    }

    void fewDirectionsAmongManyAreFound()
    {
        // Beside a few exact directions rounding leaves tails that fall to the smallest doubles.
        struct Case {
            const char* name;
            std::size_t rank;
            float (*value)(std::size_t row, std::size_t col);
        };
        const std::array<Case, 5> cases{{{"all one", 1,
                                             [](std::size_t, std::size_t) { return 1.0F; }},
            {"all 1/64", 1, [](std::size_t, std::size_t) { return 0.015625F; }},
            {"all 1e-12", 1, [](std::size_t, std::size_t) { return 1e-12F; }},
            {"signs", 1, [](std::size_t r, std::size_t c) { return (r + c) % 2 ? -1.0F : 1.0F; }},
            {"identities side by side", 8,
                [](std::size_t r, std::size_t c) { return r % 8 == c % 8 ? 1.0F : 0.0F; }}}};
        for (const ReductionKernels& kernels : everyReductionKernels()) {
            for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{257, 300}, {300, 257},
                     {320, 500}, {400, 500}, {512, 512}, {768, 800}}) {
                const std::size_t order = std::min(m, n);
                for (const Case& test : cases) {
                    std::vector<float> matrix;
                    double energy = 0;
                    for (std::size_t r = 0; r < m; ++r) {
                        double ofRow = 0;
                        for (std::size_t c = 0; c < n; ++c) {
                            matrix.push_back(test.value(r, c));
                            ofRow += std::pow(static_cast<double>(matrix.back()), 2);
                        }
                        energy += ofRow;
                    }
                    AlignedVector<double> gram(paddedElements(order));
                    AlignedVector<double> scratch;
                    AlignedVector<double> bands(batchElements(order));
                    AlignedVector<double> diagonal(order * kBatch);
                    AlignedVector<double> squares(order * kBatch);
                    kernels.gramDouble({matrix.data(), nullptr, m, n}, gram.data(), scratch);
                    kernels.bandDouble(gram.data(), order, bands.data(), 5, nullptr, scratch);
                    kernels.tridiagonal(bands.data(), order, diagonal.data(), squares.data());
                    QVERIFY2(kernels.eigenvalues(diagonal.data(), squares.data(), order),
                        qPrintable(
                            QString("%1, %2, %3 x %4").arg(kernels.name, test.name).arg(m).arg(n)));
                    std::vector<double> found;
                    for (std::size_t i = 0; i < order; ++i)
                        found.push_back(diagonal[i * kBatch + 5] / energy);
                    std::sort(found.rbegin(), found.rend());
                    double sum = 0;
                    for (std::size_t i = 0; i < test.rank; ++i)
                        sum += found[i];
                    QVERIFY(std::abs(sum - 1) < 1e-12);
                    QVERIFY(std::abs(found[test.rank]) < 1e-12);
                    QVERIFY(std::abs(found.back()) < 1e-12);
                }
            }
        }
    }

    void probesSeeWhatTheReductionDoes()
    {
        // Of an exact product and reduction, the band times the rotated probes is the rotated
        // product.
        for (const ReductionKernels& kernels : everyReductionKernels()) {
            for (const auto& [m, n] :
                {std::pair<std::size_t, std::size_t>{37, 90}, {90, 51}, {3, 5}, {70, 70}}) {
                const std::size_t order = std::min(m, n);
                const std::vector<float> matrix = gaussian(m * n, 77);
                const std::vector<double> base(m * n, 0.25);
                const GramSource source{matrix.data(), base.data(), m, n};
                AlignedVector<double> gram(paddedElements(order));
                AlignedVector<double> scratch;
                AlignedVector<double> bands(batchElements(order));
                AlignedVector<double> probes(order * 2 * kProbes);
                Random random(5);
                for (std::size_t i = 0; i < order; ++i) {
                    for (std::size_t p = 0; p < kProbes; ++p)
                        probes[i * 2 * kProbes + p] = random.normal();
                }
                const auto before = probes;
                kernels.gramDouble(source, gram.data(), scratch);
                const std::size_t step = paddedOrder(order);
                kernels.gramTimesProbes(source, probes.data(), scratch);
                double scale = 0;
                for (std::size_t i = 0; i < order; ++i) {
                    scale += gram[i * step + i];
                    for (std::size_t p = 0; p < kProbes; ++p) {
                        double sum = 0;
                        for (std::size_t j = 0; j < order; ++j)
                            sum += gram[std::min(i, j) * step + std::max(i, j)]
                                * before[j * 2 * kProbes + p];
                        QVERIFY(std::abs(sum - probes[i * 2 * kProbes + kProbes + p])
                            <= 1e-12 * static_cast<double>(m * n));
                    }
                }
                kernels.bandDouble(gram.data(), order, bands.data(), 2, probes.data(), scratch);
                const auto band = [&](std::size_t i, std::size_t j) {
                    const std::size_t q = std::max(i, j) - std::min(i, j);
                    return q > kBandwidth
                        ? 0.0
                        : bands[(std::min(i, j) * 2 * kBandwidth + q) * kBatch + 2];
                };
                for (std::size_t i = 0; i < order; ++i) {
                    for (std::size_t p = 0; p < kProbes; ++p) {
                        double sum = 0;
                        for (std::size_t j = 0; j < order; ++j)
                            sum += band(i, j) * probes[j * 2 * kProbes + p];
                        QVERIFY(
                            std::abs(sum - probes[i * 2 * kProbes + kProbes + p]) <= 1e-12 * scale);
                    }
                }
            }
        }
    }

    void doubleEqualsLapack()
    {
        for (const auto& [name, matrix, m, n] : testMatrices()) {
            const Spectrum spectrum = spectrumOf(matrix, m, n, SpectrumPrecision::Double);
            QCOMPARE(spectrum.error, 0.0);
            const auto expected = lapackSquares(matrix, m, n);
            QVERIFY2(difference(spectrum.values, expected)
                    <= 2 * kEps * std::sqrt(static_cast<double>(expected.size())),
                name);
            for (const double share : kShares)
                QCOMPARE(energyRank(spectrum.values, share), energyRank(roots(expected), share));
        }
    }

    void singleKeepsItsBound()
    {
        std::size_t certain = 0;
        std::size_t accurate = 0;
        for (const auto& [name, matrix, m, n] : testMatrices()) {
            const Spectrum spectrum = spectrumOf(matrix, m, n, SpectrumPrecision::Single);
            QCOMPARE(spectrum.precision, SpectrumPrecision::Single);
            const auto expected = lapackSquares(matrix, m, n);
            double sum = 0;
            for (std::size_t j = 0; j < expected.size(); ++j)
                sum += std::pow(spectrum.values[j] * spectrum.values[j] - expected[j], 2);
            QVERIFY2(std::sqrt(sum) <= spectrum.error, name);
            // The bound is of the size of rounding, not a wild guess.
            const double square = expected.front();
            QVERIFY2(spectrum.error <= 4e-5 * square, name);
            for (const double share : kShares) {
                if (!isCertain(spectrum, {&share, 1}))
                    continue;
                ++certain;
                QCOMPARE(energyRank(spectrum.values, share), energyRank(roots(expected), share));
            }
            if (!isAccurate(spectrum))
                continue;
            ++accurate;
            const auto values = roots(expected);
            for (std::size_t j = 0; j < values.size(); ++j)
                QVERIFY(
                    std::abs(spectrum.values[j] - values[j]) <= kSingleTolerance * values.front());
        }
        QVERIFY(certain >= 15);
        QVERIFY(accurate >= 3 && accurate < testMatrices().size());
    }

    void uncertainRanksAreSeen()
    {
        // Two equal values share the energy: half of it is at the very edge.
        Spectrum spectrum{{1, 1}, SpectrumPrecision::Single, 1e-6};
        const double half = 0.5;
        QVERIFY(isAccurate(spectrum));
        QVERIFY(!isCertain(spectrum, {&half, 1}));
        const double less = 0.49;
        QVERIFY(isCertain(spectrum, {&less, 1}));
        const double all = 1;
        QVERIFY(!isCertain(spectrum, {&all, 1}));
        spectrum.precision = SpectrumPrecision::Double;
        QVERIFY(isCertain(spectrum, {&half, 1}));
        // A small value that the error could have made.
        const Spectrum small{{1, 1e-4}, SpectrumPrecision::Single, 1e-6};
        QVERIFY(!isAccurate(small));
        QVERIFY(!isCertain(small, {&less, 1}));
        const Spectrum zero{{0, 0}, SpectrumPrecision::Single, 0};
        QVERIFY(!isCertain(zero, {&less, 1}));
    }

    void lanesAndNeighboursChangeNothing()
    {
        const std::size_t m = 70;
        const std::size_t n = 150;
        for (const SpectrumPrecision precision :
            {SpectrumPrecision::Single, SpectrumPrecision::Double}) {
            const std::vector<float> matrix = gaussian(m * n, 8);
            const Spectrum alone = spectrumOf(matrix, m, n, precision);
            SpectrumBatch batch(m, n);
            for (int round = 0; round < 2; ++round) {
                for (std::size_t i = 0; i < SpectrumBatch::kCapacity; ++i) {
                    const bool own = i == 2 || i == 7;
                    VERIFY_OK(batch.add(own ? matrix : graded(m, n, 0.5 + 0.05 * double(i)), {},
                        i % 2 ? SpectrumPrecision::Double : precision));
                }
                QVERIFY(batch.full());
                QVERIFY(!batch.add(matrix, {}, precision));
                const auto spectra = batch.solve();
                VERIFY_OK(spectra);
                QCOMPARE(spectra->size(), SpectrumBatch::kCapacity);
                QVERIFY((*spectra)[2].values == alone.values);
                QCOMPARE((*spectra)[2].error, alone.error);
                if (precision == SpectrumPrecision::Double)
                    QVERIFY((*spectra)[7].values == alone.values);
                QCOMPARE(batch.size(), std::size_t{0});
            }
        }
        SpectrumBatch none(4, 5);
        const auto nothing = none.solve();
        VERIFY_OK(nothing);
        QVERIFY(nothing->empty());
    }

    void differencesAreTakenInDouble()
    {
        const std::size_t m = 40;
        const std::size_t n = 90;
        const std::vector<float> matrix = gaussian(m * n, 11);
        std::vector<double> base(m * n);
        std::vector<double> rest(m * n);
        for (std::size_t i = 0; i < base.size(); ++i) {
            base[i] = static_cast<double>(matrix[i]) * (1 - 1e-9);
            rest[i] = static_cast<double>(matrix[i]) - base[i];
        }
        const auto expected = lapackSquares(rest, m, n);
        for (const SpectrumPrecision precision :
            {SpectrumPrecision::Single, SpectrumPrecision::Double}) {
            SpectrumBatch batch(m, n);
            VERIFY_OK(batch.add(matrix, base, precision));
            const auto spectra = batch.solve();
            VERIFY_OK(spectra);
            // Floats do not hold the squares of so small a difference.
            QCOMPARE(spectra->front().precision, SpectrumPrecision::Double);
            QVERIFY(difference(spectra->front().values, expected) <= 1e-14);
        }
        QVERIFY(
            !SpectrumBatch(m, n).add(matrix, std::span(base).first(3), SpectrumPrecision::Double));
    }

    void extremesGiveWayToDouble()
    {
        for (const SpectrumPrecision precision :
            {SpectrumPrecision::Single, SpectrumPrecision::Double}) {
            for (const double scale : {1e-38, 1e-30, 1e-12, 1.0, 1e12, 1e30}) {
                std::vector<float> matrix = gaussian(20 * 30, 12);
                for (float& value : matrix)
                    value = static_cast<float>(static_cast<double>(value) * scale);
                const Spectrum spectrum = spectrumOf(matrix, 20, 30, precision);
                if (scale == 1.0)
                    QCOMPARE(spectrum.precision, precision);
                else
                    QCOMPARE(spectrum.precision, SpectrumPrecision::Double);
                const double bound = spectrum.precision == SpectrumPrecision::Double ? 1e-14 : 1e-5;
                QVERIFY(difference(spectrum.values, lapackSquares(matrix, 20, 30)) <= bound);
            }
            const Spectrum zero = spectrumOf(std::vector<float>(6 * 9), 6, 9, precision);
            QCOMPARE(zero.values, std::vector<double>(6));

            // Equal values: a matrix of Hadamard's, and the identity.
            std::vector<float> signs(64 * 64);
            std::vector<float> one(64 * 64);
            for (unsigned i = 0; i < 64; ++i) {
                one[i * 64 + i] = 3;
                for (unsigned j = 0; j < 64; ++j)
                    signs[i * 64 + j] = __builtin_popcount(i & j) % 2 ? -1.0F : 1.0F;
            }
            for (const double value : spectrumOf(signs, 64, 64, precision).values)
                QVERIFY(std::abs(value - 8) < 1e-6);
            QCOMPARE(spectrumOf(one, 64, 64, precision).values, std::vector<double>(64, 3.0));
            for (const float bad :
                {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
                std::vector<float> matrix = gaussian(5 * 8, 13);
                matrix[3 * 8 + 6] = bad;
                SpectrumBatch batch(5, 8);
                const Status refused = batch.add(matrix, {}, precision);
                QVERIFY(!refused);
                QCOMPARE(refused.error().code, ErrorCode::BadFormat);
                QVERIFY(refused.error().message.find("row 3, column 6") != std::string::npos);
                QCOMPARE(batch.size(), std::size_t{0});
            }
        }
    }

    void uncertainOnesAreDoneAgainInDouble()
    {
        const std::size_t m = 90;
        const std::size_t n = 200;
        std::vector<std::vector<float>> matrices;
        for (std::size_t i = 0; i < 21; ++i)
            matrices.push_back(i % 3 == 1 ? lowRankAndNoise(m, n, i, 0) : gaussian(m * n, 60 + i));
        std::vector<Spectrum> found(matrices.size());
        std::vector<std::size_t> loads(matrices.size());
        CertainSpectra spectra(
            m, n, {0.90, 0.95, 0.99},
            [&](std::size_t i) {
                ++loads[i];
                return CertainSpectra::Input{matrices[i], {}};
            },
            [&](std::size_t i, Spectrum&& spectrum, bool certain) {
                if (certain)
                    found[i] = std::move(spectrum);
            });
        for (std::size_t i = 0; i < matrices.size(); ++i)
            VERIFY_OK(spectra.add(i, SpectrumPrecision::Single));
        VERIFY_OK(spectra.finish());
        std::size_t singles = 0;
        for (std::size_t i = 0; i < matrices.size(); ++i) {
            const Spectrum exact = spectrumOf(matrices[i], m, n, SpectrumPrecision::Double);
            for (const double share : {0.90, 0.95, 0.99})
                QCOMPARE(energyRank(found[i].values, share), energyRank(exact.values, share));
            if (found[i].precision == SpectrumPrecision::Double) {
                QVERIFY(found[i].values == exact.values);
                QCOMPARE(loads[i], std::size_t{2});
            } else {
                ++singles;
                QVERIFY(i % 3 != 1);
                QCOMPARE(loads[i], std::size_t{1});
            }
        }
        QVERIFY(singles >= 10);
        const auto refused = CertainSpectra(
            m, n, {}, [](std::size_t) { return fail(ErrorCode::Cancelled, "Stopped."); }, {})
                                 .add(0, SpectrumPrecision::Single);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::Cancelled);
    }

    void realExpertsKeepTheirRanks_data()
    {
        QTest::addColumn<QString>("name");
        QTest::newRow("native") << "native";
        QTest::newRow("upcycled") << "upcycled";
    }

    void realExpertsKeepTheirRanks()
    {
        QFETCH(QString, name);
        const auto open = openModel(resources() / "samples" / name.toStdString());
        VERIFY_OK(open);
        const MoeModel& model = *(*open)->model;
        std::size_t certain = 0;
        std::size_t matrices = 0;
        for (const LayerId layer : model.mixtureLayers()) {
            for (const MlpTensors& expert : model.layer(layer).experts) {
                for (const Projection projection : kProjections) {
                    const MatrixView& view = expert[projection];
                    std::vector<float> matrix(view.elements());
                    decodeRows(view, 0, view.rows, matrix);
                    const auto single
                        = spectrumOf(matrix, view.rows, view.cols, SpectrumPrecision::Single);
                    const auto exact
                        = spectrumOf(matrix, view.rows, view.cols, SpectrumPrecision::Double);
                    const auto lapack = roots(lapackSquares(matrix, view.rows, view.cols));
                    ++matrices;
                    for (const double share : {0.90, 0.95, 0.99}) {
                        QCOMPARE(energyRank(exact.values, share), energyRank(lapack, share));
                        if (!isCertain(single, {&share, 1}))
                            continue;
                        ++certain;
                        QCOMPARE(energyRank(single.values, share), energyRank(exact.values, share));
                    }
                }
            }
        }
        QVERIFY(matrices > 0);
        QVERIFY2(3 * certain > 2 * matrices,
            qPrintable(QString("%1 of %2 ranks").arg(certain).arg(3 * matrices)));
    }

    void shapesThatSuitSingle()
    {
        QVERIFY(suitsSingle(1024, 2048));
        QVERIFY(suitsSingle(2048, 1024));
        QVERIFY(!suitsSingle(2880, 2880));
        QVERIFY(!suitsSingle(128, 192));
        QVERIFY(!suitsSingle(0, 4));
    }
};

QTEST_APPLESS_MAIN(TestSpectrumBatch)
#include "tst_spectrum_batch.moc"
