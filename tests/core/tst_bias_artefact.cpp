// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/base/random.h"
#include "core/experiments/bias_artefact.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

/// Gaussian experts with Gaussian biases, `correlation` between the biases of any two experts.
struct NoiseExperts {
    std::vector<std::vector<float>> weights;
    std::vector<std::vector<float>> biases;
    std::vector<MlpTensors> tensors;

    NoiseExperts(std::size_t count, std::size_t rows, std::size_t cols, double biasSd,
        double correlation, std::uint64_t seed)
    {
        Random random = Random::stream(seed, 1);
        std::vector<double> common(rows);
        for (double& value : common)
            value = random.normal();
        weights.resize(count);
        biases.resize(count);
        tensors.resize(count);
        for (std::size_t e = 0; e < count; ++e) {
            for (std::size_t i = 0; i < rows * cols; ++i)
                weights[e].push_back(static_cast<float>(random.normal()));
            for (std::size_t r = 0; r < rows; ++r)
                biases[e].push_back(static_cast<float>(biasSd
                    * (std::sqrt(correlation) * common[r]
                        + std::sqrt(1 - correlation) * random.normal())));
            const auto view = [](std::vector<float>& values, std::size_t r, std::size_t c) {
                return MatrixView::rowMajor(
                    DType::F32, r, c, reinterpret_cast<const std::byte*>(values.data()));
            };
            tensors[e].down = view(weights[e], rows, cols);
            tensors[e].downBias = view(biases[e], rows, 1);
        }
    }
};

Result<BiasArtefact> measure(const NoiseExperts& experts)
{
    WorkerPool pool(2);
    TaskContext context(pool);
    std::vector<MatrixView> views;
    for (const MlpTensors& expert : experts.tensors)
        views.push_back(expert.down);
    MOESCOPE_TRY(const ProjectionAnalysis right, analyseProjection(views, context));
    return measureBiasArtefact(experts.tensors, Projection::Down, right, 0.95, context, {});
}

} // namespace

class TestBiasArtefact : public QObject {
    Q_OBJECT

private slots:
    void rankFallsWithTheBias_data()
    {
        QTest::addColumn<double>("biasSd");
        QTest::addColumn<double>("rank");
        QTest::newRow("0") << 0.0 << 312.0;
        QTest::newRow("1") << 1.0 << 263.0;
        QTest::newRow("2") << 2.0 << 171.0;
        QTest::newRow("4") << 4.0 << 26.0;
        QTest::newRow("4.5") << 4.5 << 1.0;
    }

    void rankFallsWithTheBias()
    {
        QFETCH(double, biasSd);
        QFETCH(double, rank);
        const NoiseExperts experts(8, 512, 512, biasSd, 0, 7);
        const auto artefact = measure(experts);
        VERIFY_OK(artefact);
        // The published ranks are of one draw; eight draws of 512 biases differ by a few.
        const double slack = biasSd > 0 ? 8 : 2;
        QVERIFY2(std::abs(artefact->wrongRank - rank) <= slack,
            qPrintable(QString::number(artefact->wrongRank)));
        QVERIFY(std::abs(artefact->rightRank - 312) <= 2);
        QVERIFY(std::abs(artefact->ceiling - 312) <= 1);
        QVERIFY(std::abs(artefact->biasOverWeight - biasSd) < 0.05 * (1 + biasSd));
    }

    void theWrongClaimComesOut()
    {
        const NoiseExperts experts(8, 512, 512, 6, 0.43, 3);
        const auto artefact = measure(experts);
        VERIFY_OK(artefact);
        QVERIFY2(std::abs(artefact->wrongCosine - 0.42) < 0.03,
            qPrintable(QString::number(artefact->wrongCosine)));
        QVERIFY2(std::abs(artefact->wrongFirst - 0.953) < 0.01,
            qPrintable(QString::number(artefact->wrongFirst)));
        QVERIFY(artefact->wrongRank < 2);
        QVERIFY(std::abs(artefact->rightCosine) < 0.005);
        QVERIFY(artefact->rightFirst < 0.02);
        QVERIFY(hasBias(experts.tensors, Projection::Down));
        QVERIFY(!hasBias(experts.tensors, Projection::Gate));
    }

    void foreignBiasesAreRefused()
    {
        NoiseExperts experts(3, 16, 16, 1, 0, 1);
        experts.tensors[1].downBias.rows = 8;
        const auto artefact = measure(experts);
        QVERIFY(!artefact);
        QCOMPARE(artefact.error().code, ErrorCode::InvalidArgument);
    }
};

QTEST_APPLESS_MAIN(TestBiasArtefact)
#include "tst_bias_artefact.moc"
