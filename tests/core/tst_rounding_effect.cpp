// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/random.h"
#include "core/experiments/rounding_effect.h"
#include "core/io/json.h"
#include "core/task/worker_pool.h"
#include "tests/core/moe_type_support.h"

using namespace moescope;

namespace {

std::vector<float> noise(std::size_t count)
{
    Random random(7);
    std::vector<float> values(count);
    for (float& value : values)
        value = static_cast<float>(0.02 * random.normal());
    return values;
}

Result<MoeTypeResult> analyseFixture(const char* name)
{
    return test::analyse(test::openAt(test::fixtures() / "gguf" / name / "model.gguf"));
}

} // namespace

class TestRoundingEffect : public QObject {
    Q_OBJECT

private slots:
    /// What a quantiser wrote lies on the grid already.
    void keepsWhatIsRounded_data()
    {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<int>("rounding");
        QTest::newRow("q8_0") << QStringLiteral("Q8_0.gauss")
                              << static_cast<int>(PlainRounding::Q8);
        QTest::newRow("q4_0") << QStringLiteral("Q4_0.gauss")
                              << static_cast<int>(PlainRounding::Q4);
        QTest::newRow("mxfp4") << QStringLiteral("MXFP4.gauss")
                               << static_cast<int>(PlainRounding::Fp4);
    }

    void keepsWhatIsRounded()
    {
        QFETCH(QString, tensor);
        QFETCH(int, rounding);
        const auto file = Checkpoint::open(test::fixtures() / "gguf" / "quants.gguf");
        VERIFY_OK(file);
        const TensorInfo* info = (*file)->find(tensor.toStdString());
        QVERIFY(info);
        const auto stored = (*file)->matrix(info->name, info->shape[0], info->shape[1]);
        VERIFY_OK(stored);
        const auto kind = plainRounding(*stored);
        QVERIFY(kind && static_cast<int>(*kind) == rounding);
        const std::vector<float> values = decodeAll(*stored);
        std::vector<float> rounded = values;
        roundPlainly(*kind, rounded);
        VERIFY_CLOSE(rounded, values, 1e-6);
    }

    void takesTheNearestValue()
    {
        const std::vector<float> values = noise(32 * 64);
        for (const auto& [kind, steps] :
            {std::pair{PlainRounding::Q8, 254.0F}, std::pair{PlainRounding::Q4, 16.0F}}) {
            std::vector<float> rounded = values;
            roundPlainly(kind, rounded);
            for (std::size_t at = 0; at < values.size(); at += 32) {
                float largest = 0;
                for (std::size_t i = at; i < at + 32; ++i)
                    largest = std::max(largest, std::abs(values[i]));
                for (std::size_t i = at; i < at + 32; ++i) {
                    // Q4 has no eighth step on the side that is not the largest.
                    const bool clamped = kind == PlainRounding::Q4
                        && std::abs(rounded[i]) > 0.874F * largest
                        && std::abs(rounded[i]) < 0.876F * largest;
                    const float most = largest / steps * (clamped ? 2 : 1);
                    QVERIFY(std::abs(rounded[i] - values[i]) <= most * 1.0001F);
                }
            }
        }
    }

    void zerosStayZero()
    {
        for (const auto kind : {PlainRounding::Q8, PlainRounding::Q4, PlainRounding::Fp4}) {
            std::vector<float> zeros(64, 0.0F);
            roundPlainly(kind, zeros);
            QVERIFY(std::ranges::all_of(zeros, [](float value) { return value == 0; }));
        }
    }

    void reportNamesTypeAndEffect_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("type");
        QTest::addColumn<double>("likeness");
        QTest::newRow("q8_0") << QStringLiteral("qwen2moe-q8_0") << QStringLiteral("q8_0")
                              << 0.9999;
        QTest::newRow("q4_0") << QStringLiteral("mixtral-legacy-q4_0") << QStringLiteral("q4_0")
                              << 0.99;
        QTest::newRow("mxfp4") << QStringLiteral("gpt-oss-mxfp4") << QStringLiteral("mxfp4")
                               << 0.98;
    }

    void reportNamesTypeAndEffect()
    {
        QFETCH(QString, folder);
        QFETCH(QString, type);
        QFETCH(double, likeness);
        const auto result = analyseFixture(folder.toLatin1().constData());
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        const Json& rounding = (*report.fields)["rounding"];
        QCOMPARE(rounding.size(), std::size_t{3});
        for (const Json& effect : rounding) {
            QCOMPARE(effect["type"].get<std::string>(), type.toStdString());
            const Json& itself = effect["cosine_with_itself"]["mean"];
            QVERIFY2(itself > likeness && itself < 1, dumpJson(effect).c_str());
            QCOMPARE(effect["draws"].get<int>(), 8);
            // The sampling noise of matrices this small is large; that of the changes is not.
            for (const char* name : {"rank_over_ceiling_change", "cosine_change"}) {
                const Json& change = effect[name];
                const auto value = [&](const char* part) { return change[part].get<double>(); };
                QVERIFY2(std::abs(value("mean")) < 0.03, dumpJson(effect).c_str());
                QVERIFY(value("lo") <= value("mean") && value("mean") <= value("hi"));
                QVERIFY(value("hi") - value("lo") < 0.08);
                QCOMPARE(effect["null"][name].get<double>(), 0.0);
            }
        }
        QVERIFY(std::ranges::count(report.figures, "rounding", &Figure::id) == 1);
    }

    /// Eight bits change next to nothing, whatever the noise they are put on.
    void changesAreThoseOfTheSameNoise()
    {
        ProjectionAnalysis analysis;
        analysis.m = 96;
        analysis.n = 64;
        analysis.norms = {1.5, 1.5};
        const std::vector<std::byte> bytes(96 * 64 / 32 * 34);
        const MatrixView expert = MatrixView::rowMajor(DType::Q8_0, 96, 64, bytes.data());
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            ProjectionOptions options;
            options.seed = seed;
            std::optional<RoundingEffect> serial;
            for (const unsigned threads : {1U, 3U}) {
                WorkerPool pool(threads);
                TaskContext context(pool);
                const auto effect
                    = measureRounding(expert, Projection::Up, analysis, 0.95, context, options);
                VERIFY_OK(effect);
                const RoundingEffect::Estimate& estimate = effect->estimate.value();
                QVERIFY(std::abs(estimate.rank.mean) <= 0.005);
                QVERIFY(std::abs(estimate.cosine.mean) < 2e-4);
                QVERIFY(estimate.cosine.spread > 0 && estimate.cosine.spread < 5e-4);
                const Interval interval = estimate.cosine.interval;
                QVERIFY(std::abs((interval.lo + interval.hi) / 2 - estimate.cosine.mean) < 1e-12);
                QVERIFY(std::abs((interval.hi - interval.lo) / 2
                            - 2.3646 / std::sqrt(8.0) * estimate.cosine.spread)
                    < 1e-12);
                QVERIFY(estimate.likeness.mean > 0.9999 && estimate.likeness.mean < 1);
                QVERIFY(std::abs(estimate.plainRank - 1) < 0.05);
                if (serial)
                    QCOMPARE(estimate.cosine.mean, serial->estimate->cosine.mean);
                serial = *effect;
            }
        }
    }

    void largeMatricesAreDrawnLessOften()
    {
        const auto drawsOf = [](std::size_t rows, std::size_t cols) {
            return roundingDraws(MatrixView::rowMajor(DType::Q8_0, rows, cols, nullptr));
        };
        QCOMPARE(drawsOf(32, 32), std::size_t{8});
        QCOMPARE(drawsOf(1024, 1024), std::size_t{8});
        QCOMPARE(drawsOf(2048, 7168), std::size_t{3});
    }

    void stopsBetweenDraws()
    {
        ProjectionAnalysis analysis;
        analysis.m = analysis.n = 32;
        analysis.norms = {1};
        const std::vector<std::byte> bytes(32 * 34);
        std::stop_source stop;
        WorkerPool pool(1);
        TaskContext context(pool, stop.get_token());
        int calls = 0;
        context.setProgressSink([&](double, std::string_view) {
            ++calls;
            stop.request_stop();
        });
        const auto effect = measureRounding(MatrixView::rowMajor(DType::Q8_0, 32, 32, bytes.data()),
            Projection::Up, analysis, 0.95, context, {});
        QVERIFY(!effect && effect.error().code == ErrorCode::Cancelled);
        QCOMPARE(calls, 1);
    }

    void otherTypesAreNotEstimated()
    {
        const auto result = analyseFixture("qwen3moe-q4_k_m");
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        for (const Json& effect : (*report.fields)["rounding"]) {
            QVERIFY(effect["type"] == "q4_k" || effect["type"] == "q6_k");
            QVERIFY(effect["estimate"] == "not estimated");
        }
        const auto figure = std::ranges::find(report.figures, "rounding", &Figure::id);
        QVERIFY(figure != report.figures.end());
        const auto& table = std::get<TableFigure>(figure->data);
        QVERIFY(table.columns[4].help.find("Not estimated for q4_k") != std::string::npos);
        for (const std::size_t column : {4U, 6U, 8U})
            QCOMPARE(std::get<std::string>(table.rows[0][column]), std::string("not estimated"));
    }

    void plainWeightsHaveNoTable()
    {
        const auto result = analyseFixture("olmoe-bf16");
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        QVERIFY(!report.fields->contains("rounding"));
        QVERIFY(std::ranges::count(report.figures, "rounding", &Figure::id) == 0);
    }
};

QTEST_APPLESS_MAIN(TestRoundingEffect)
#include "tst_rounding_effect.moc"
