// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QTemporaryDir>

#include "core/bench/bench.h"
#include "core/bench/random_weights.h"
#include "core/bench/synthetic_model.h"
#include "core/io/json.h"
#include "core/task/worker_pool.h"
#include "core/tensor/bf16_products.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

bench::SyntheticModel smallModel()
{
    bench::SyntheticModel model;
    model.layers = 1;
    model.hidden = 64;
    model.heads = 4;
    model.experts = 8;
    model.topK = 2;
    model.intermediate = 32;
    model.vocabulary = 100;
    return model;
}

} // namespace

/// Whether the measurements measure what they say; never how fast anything is.
class TestBench : public QObject {
    Q_OBJECT

private slots:
    void medianAndSpreadAreRight()
    {
        const auto odd = bench::summarise({3, 1, 2});
        QCOMPARE(odd.median, 2.0);
        QCOMPARE(odd.lowest, 1.0);
        QCOMPARE(odd.highest, 3.0);
        QCOMPARE(bench::summarise({4, 1, 2, 3}).median, 2.5);
        QCOMPARE(bench::summarise({}).runs, std::size_t{0});
    }

    void bfloat16StatesItsError()
    {
        if (!hasBf16Products())
            QSKIP("This processor has no products of bfloat16 numbers.");
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        TaskContext context;
        VERIFY_OK(bench::writeSyntheticModel(smallModel(), path, context));
        const auto open = openModel(path, "small");
        VERIFY_OK(open);
        bench::BenchSpec spec;
        spec.promptTokens = 40;
        spec.runs = 2;
        const auto bench = bench::measurePrecision(*(*open)->model, spec, context);
        VERIFY_OK(bench);
        QCOMPARE(bench->prefill.runs, std::size_t{2});
        QCOMPARE(bench->choices, std::size_t{40});
        QVERIFY(bench->stateError > 1e-5 && bench->stateError < 0.05);
        QVERIFY(bench->changedChoices < 0.2);
    }

    void theSyntheticModelRuns()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        const bench::SyntheticModel spec = smallModel();
        TaskContext context;
        VERIFY_OK(bench::writeSyntheticModel(spec, path, context));
        const auto open = openModel(path, "small");
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        const MoeModel& model = *(*open)->model;
        QCOMPARE(model.config().router.experts, 8U);
        QCOMPARE(spec.bytes(), 2 * model.parameters());

        WorkerPool pool(2);
        TaskContext task(pool);
        bench::BenchSpec bench;
        bench.promptTokens = 8;
        bench.longPromptTokens = 20;
        bench.newTokens = 3;
        bench.runs = 2;
        const auto runtime = bench::measureRuntime(model, bench, task);
        VERIFY_OK(runtime);
        // What a token reads: four projections, the router, two experts of eight, the head.
        const std::uint64_t weights = 4 * 64 * 64 + 8 * 64 + 2 * 3 * 64 * 32 + 100 * 64;
        QCOMPARE(runtime->bytesPerToken, 2 * weights);
        QCOMPARE(runtime->operationsPerToken,
            2.0 * (static_cast<double>(weights) - 100 * 64 * (1 - 1.0 / 8)));
        QCOMPARE(runtime->prefill.runs, std::size_t{2});
        QVERIFY(runtime->prefill.lowest > 0 && runtime->generation.lowest > 0);
        QCOMPARE(runtime->longTokens, 20U);
        QVERIFY(*runtime->firstToken > 0);
        QVERIFY(runtime->attention && *runtime->attention > 0);

        const auto spectra = bench::measureSpectra(32, 64, 3, task);
        VERIFY_OK(spectra);
        QVERIFY(spectra->ours.median > 0 && spectra->direct.median > 0);
        QVERIFY(spectra->floorSingle.median > 0 && spectra->floorDouble.median > 0);
        QVERIFY(spectra->ourDouble.median > 0 && spectra->wall.median > 0);
        // Two rounds of sixteen on each of two threads; so small ones are done in double.
        QCOMPARE(spectra->matrices, std::size_t{64});
        QCOMPARE(spectra->doubles, spectra->matrices);
        QCOMPARE(spectra->direct.runs, std::size_t{4});
        const auto tall = bench::measureSpectra(512, 256, 1, task);
        VERIFY_OK(tall);
        QCOMPARE(tall->matrices, std::size_t{32});
        QVERIFY(tall->doubles < 16);
        bench::Machine machine;
        machine.readBandwidth = machine.matrixRate = bench::summarise({10});
        const Report report = bench::benchReport(**open, machine, *runtime, *spectra, bench);
        QCOMPARE(report.figures.size(), std::size_t{3});
        const Json& fields = *report.fields;
        QCOMPARE(fields["spectra_in_double"].get<std::size_t>(), spectra->doubles);
        QCOMPARE(fields["gesdd_over_spectrum"].get<double>(),
            spectra->direct.median / spectra->ours.median);
        QCOMPARE(fields["spectrum_over_floor_double"].get<double>(),
            spectra->ours.median / spectra->floorDouble.median);
        const double ratio = (*report.fields)["generation_over_bandwidth"];
        const double expected
            = runtime->generation.median * static_cast<double>(2 * weights) / 1e9 / 10;
        QVERIFY(std::abs(ratio - expected) < 1e-12);
    }

    void weightsAreEncodedWell_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<double>("error"); // root of the mean square, in units of the spread
        const auto row = [](DType type, double error) {
            QTest::newRow(dtypeName(type).data()) << static_cast<int>(type) << error;
        };
        row(DType::F32, 1e-7);
        row(DType::BF16, 0.003);
        row(DType::Q8_0, 0.006);
        row(DType::Q4_K, 0.09);
        row(DType::Mxfp4, 0.13);
    }

    void weightsAreEncodedWell()
    {
        QFETCH(int, type);
        QFETCH(double, error);
        const auto dtype = static_cast<DType>(type);
        constexpr std::size_t kCount = 4096;
        constexpr double kSpread = 0.02;
        QVERIFY(bench::canEncode(dtype));
        const auto exact = bench::randomWeights(DType::F32, kCount, kSpread);
        const auto packed = bench::randomWeights(dtype, kCount, kSpread);
        QCOMPARE(packed, bench::randomWeights(dtype, kCount, kSpread));
        const auto expected = decodeAll(MatrixView::rowMajor(DType::F32, 1, kCount, exact.data()));
        const auto got = decodeAll(MatrixView::rowMajor(dtype, 1, kCount, packed.data()));
        double squares = 0;
        double size = 0;
        for (std::size_t i = 0; i < kCount; ++i) {
            squares += std::pow(static_cast<double>(got[i] - expected[i]) / kSpread, 2);
            size += std::pow(static_cast<double>(got[i]) / kSpread, 2);
        }
        const double off = std::sqrt(squares / kCount);
        QVERIFY2(off <= error, qPrintable(QString::number(off)));
        QVERIFY(std::abs(std::sqrt(size / kCount) - 1) < 0.05);
    }

    void bytesOfATokenAreThoseOfItsMatrices_data()
    {
        // Summed from the files' headers: every matrix but the embedding, experts by k / E.
        QTest::addColumn<int>("bytes");
        QTest::newRow("olmoe") << 144384;
        QTest::newRow("qwen2_moe") << 184992; // a gate of the shared expert
        QTest::newRow("deepseek_v2") << 152064; // latent attention
        QTest::newRow("qwen3_next") << 159360; // delta nets
        QTest::newRow("jetmoe") << 138624; // routed heads
    }

    void bytesOfATokenAreThoseOfItsMatrices()
    {
        QFETCH(int, bytes);
        const auto open = openModel(test::fixtures() / "families" / QTest::currentDataTag());
        VERIFY_OK(open);
        bench::BenchSpec bench;
        bench.promptTokens = 4;
        bench.longPromptTokens = 0;
        bench.newTokens = 1;
        bench.runs = 1;
        TaskContext context;
        const auto runtime = bench::measureRuntime(*(*open)->model, bench, context);
        VERIFY_OK(runtime);
        QCOMPARE(runtime->bytesPerToken, static_cast<std::uint64_t>(bytes));
    }

    void packedModelsRun_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<int>("bytes"); // of 256 weights
        QTest::newRow("q8_0") << static_cast<int>(DType::Q8_0) << 272;
        QTest::newRow("q4_k") << static_cast<int>(DType::Q4_K) << 144;
        QTest::newRow("mxfp4") << static_cast<int>(DType::Mxfp4) << 136;
    }

    void packedModelsRun()
    {
        QFETCH(int, type);
        QFETCH(int, bytes);
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        bench::SyntheticModel spec = smallModel();
        spec.hidden = spec.intermediate = 256;
        spec.type = static_cast<DType>(type);
        TaskContext context;
        VERIFY_OK(bench::writeSyntheticModel(spec, path, context));
        const auto open = openModel(path, "small");
        VERIFY_OK(open);
        QVERIFY2((*open)->model, (*open)->modelError.message.c_str());
        bench::BenchSpec bench;
        bench.promptTokens = 8;
        bench.longPromptTokens = 0;
        bench.newTokens = 3;
        bench.runs = 1;
        WorkerPool pool(2);
        TaskContext task(pool);
        const auto runtime = bench::measureRuntime(*(*open)->model, bench, task);
        VERIFY_OK(runtime);
        QCOMPARE(runtime->packing, std::string(dtypeName(spec.type)));
        const std::uint64_t packed
            = 4 * 256 * 256 + std::uint64_t{spec.topK} * 3 * 256 * 256 + 100 * 256;
        QCOMPARE(runtime->bytesPerToken,
            packed / 256 * static_cast<std::uint64_t>(bytes) + 8 * 256 * sizeof(float));
        bench::Machine machine;
        machine.readBandwidth = machine.matrixRate = bench::summarise({10});
        const Report report = bench::benchReport(**open, machine, *runtime, {}, bench);
        const Json& fields = *report.fields;
        QCOMPARE(fields["packing"].get<std::string>(), std::string(dtypeName(spec.type)));
        const double rate
            = runtime->generation.median * static_cast<double>(runtime->bytesPerToken) / 1e9;
        QVERIFY(std::abs(fields["generation_gigabytes"].get<double>() - rate) < 1e-12);
    }

    void whatDoesNotFillBlocksIsRefused()
    {
        const QTemporaryDir folder;
        bench::SyntheticModel spec = smallModel();
        TaskContext context;
        for (const DType type : {DType::Q4_K, DType::Q5_K}) {
            spec.type = type;
            const auto written
                = bench::writeSyntheticModel(spec, folder.path().toStdString(), context);
            QVERIFY(!written);
            QCOMPARE(written.error().code, ErrorCode::InvalidArgument);
        }
    }

    void aStopEndsTheWork()
    {
        std::stop_source stop;
        stop.request_stop();
        WorkerPool pool(1);
        TaskContext context(pool, stop.get_token());
        const QTemporaryDir folder;
        const auto written
            = bench::writeSyntheticModel(smallModel(), folder.path().toStdString(), context);
        QVERIFY(!written);
        QCOMPARE(written.error().code, ErrorCode::Cancelled);
        const auto machine = bench::measureMachine(context);
        QVERIFY(!machine);
        QCOMPARE(machine.error().code, ErrorCode::Cancelled);
    }

    void readingIsMeasuredWithAnyBuffer()
    {
        WorkerPool pool(2);
        TaskContext context(pool);
        for (const std::size_t bytes : {std::size_t{1}, std::size_t{3} << 20}) {
            const auto rate = bench::measureReadBandwidth(context, bytes);
            VERIFY_OK(rate);
            QCOMPARE(rate->runs, std::size_t{5});
            QVERIFY(rate->lowest > 0);
        }
    }
};

QTEST_APPLESS_MAIN(TestBench)
#include "tst_bench.moc"
