// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cmath>
#include <fstream>
#include <limits>

#include "core/io/json.h"
#include "tests/core/moe_type_support.h"
#include "tests/support/checkpoint_builder.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

/// A small model with random weights in `folder`.
std::shared_ptr<const OpenModel> randomModel(const fs::path& folder, std::uint32_t experts)
{
    ModelSpec spec = tinyModel(ModelSpec::Family::Mixtral);
    spec.experts = experts;
    spec.topK = std::min(spec.topK, experts);
    if (const Status written = writeModel(folder, spec); !written)
        throw std::runtime_error(written.error().message);
    return openAt(folder);
}

/// Overwrites a weight's bytes in the (only) file of a model.
void patch(const OpenModel& model, const MatrixView& view, std::span<const std::byte> bytes)
{
    const auto& file = *model.checkpoint->files().front();
    std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(view.data - file.bytes().data());
    stream.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void copyExpert(const OpenModel& model, LayerId layer, std::size_t from, std::size_t to)
{
    for (const Projection projection : kProjections) {
        const auto& experts = model.model->layer(layer).experts;
        const MatrixView& source = experts[from][projection];
        const std::vector<std::byte> bytes(source.data, source.data + source.bytes());
        patch(model, experts[to][projection], bytes);
    }
}

OriginVerdict verdictOf(const ProjectionAnalysis& analysis)
{
    return testOrigin(LayerId(0), Projection::Gate, analysis).verdict;
}

std::vector<OriginTest> testsWith(std::initializer_list<OriginVerdict> verdicts)
{
    std::vector<OriginTest> tests;
    for (const OriginVerdict verdict : verdicts)
        tests.emplace_back().verdict = verdict;
    return tests;
}

} // namespace

class TestMoeType : public QObject {
    Q_OBJECT

private slots:
    void samplesAgreeWithTheirTable_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QList<double>>("cosines"); // gate, layers 0, 3, 7
        QTest::addColumn<QList<double>>("rankShares"); // 95 % of energy, over full rank
        QTest::addColumn<double>("ceilingShare");
        QTest::addColumn<QString>("origin");
        QTest::newRow("native") << "native" << QList<double>{.018, .016, .018}
                                << QList<double>{.632, .604, .595} << .698 << "no evidence found";
        QTest::newRow("upcycled") << "upcycled" << QList<double>{.905, .785, .840}
                                  << QList<double>{.684, .596, .663} << .719 << "evidence";
    }

    void samplesAgreeWithTheirTable()
    {
        QFETCH(QString, name);
        QFETCH(QList<double>, cosines);
        QFETCH(QList<double>, rankShares);
        QFETCH(double, ceilingShare);
        QFETCH(QString, origin);
        const auto result = analyse(sample(qPrintable(name)));
        VERIFY_OK(result);
        QCOMPARE(result->layers.size(), std::size_t{8});
        QVERIFY(result->complete());
        QCOMPARE(result->tests.size(), std::size_t{24});
        // The table has three decimals.
        constexpr double kPrinted = 0.00051;
        const std::array<std::size_t, 3> layers{0, 3, 7};
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const LayerWeights& layer = *result->layers[layers[i]];
            QCOMPARE(layer.layer.value, static_cast<std::uint32_t>(layers[i]));
            const ProjectionAnalysis* gate = layer.find(Projection::Gate);
            QVERIFY(gate);
            const auto row = static_cast<int>(i);
            QVERIFY2(std::abs(gate->cosines.mean - cosines[row]) < kPrinted,
                qPrintable(QString::number(gate->cosines.mean)));
            const auto full = static_cast<double>(gate->minimum());
            const double share = meanRank(gate->deltaSigma, 0.95) / full;
            QVERIFY2(
                std::abs(share - rankShares[row]) < kPrinted, qPrintable(QString::number(share)));
            // The table's ceiling was simulated with one matrix: whole ranks.
            const double ceiling = marchenkoPasturRank(gate->m, gate->n, 0.95);
            QVERIFY2(std::abs(ceiling - ceilingShare * full) <= 1,
                qPrintable(QString::number(ceiling / full)));
            QVERIFY(std::abs(meanRank(gate->surrogateSigma, 0.95) - ceiling) <= 2);
        }
        QCOMPARE(QString::fromUtf8(originText(result->origin).data()), origin);
        for (const OriginTest& test : result->tests)
            QCOMPARE(test.verdict, result->origin);

        const Report report = moeTypeReport(*result);
        QVERIFY(report.complete);
        QCOMPARE(report.experiment, std::string("moe-type-analyze"));
        const Finding& headline = report.findings.front();
        QCOMPARE(headline.verdict,
            result->origin == OriginVerdict::Evidence ? Verdict::Supported : Verdict::AtNull);
        QCOMPARE(headline.countUnit, std::string("weights"));
        QCOMPARE(headline.tokens, std::uint64_t{4'718'592});
        QCOMPARE(headline.family, std::uint64_t{24});
        QVERIFY(headline.interval && headline.null && headline.z);
        QVERIFY(
            headline.interval->lo < *headline.effect && *headline.effect < headline.interval->hi);
        // Whatever the cosines say, compressible needs another test.
        const Finding& compressible = report.findings.back();
        QCOMPARE(compressible.verdict, Verdict::NotApplicable);
        QVERIFY(compressible.conclusion.find("not measured") != std::string::npos);
    }

    void votesFollowTheSheet()
    {
        QCOMPARE(verdictOf(analysisWith(8, 100, 200, 0.4)), OriginVerdict::Evidence);
        QCOMPARE(verdictOf(analysisWith(8, 100, 200, 0.0501)), OriginVerdict::Evidence);
        QCOMPARE(verdictOf(analysisWith(8, 100, 200, 0.0499)), OriginVerdict::NoEvidence);
        QCOMPARE(verdictOf(analysisWith(8, 100, 200, -0.1)), OriginVerdict::NoEvidence);
        // SD .0141 for one pair: .12 is 8.5 of them, .15 is 10.6.
        QCOMPARE(verdictOf(analysisWith(2, 50, 100, 0.12)), OriginVerdict::NoEvidence);
        QCOMPARE(verdictOf(analysisWith(2, 50, 100, 0.15)), OriginVerdict::Evidence);
        QCOMPARE(verdictOf(analysisWith(1, 100, 200, 1)), OriginVerdict::NotEnoughData);
        // 60 weights and one pair: even a cosine of 1 is below ten standard deviations.
        QCOMPARE(verdictOf(analysisWith(2, 6, 10, 0.99)), OriginVerdict::NotEnoughData);

        ProjectionAnalysis copies = analysisWith(4, 100, 200, 1);
        copies.deltaShare = 1e-12;
        QCOMPARE(verdictOf(copies), OriginVerdict::ExactCopies);
        copies.deltaShare = 1.01e-12;
        QCOMPARE(verdictOf(copies), OriginVerdict::Evidence);

        const OriginTest test
            = testOrigin(LayerId(3), Projection::Down, analysisWith(8, 100, 200, 0.4));
        QVERIFY(std::abs(test.nullSd - 1 / std::sqrt(100.0 * 200 * 28)) < 1e-15);
        QVERIFY(std::abs(test.z - 0.4 / test.nullSd) < 1e-9);
        QCOMPARE(test.baseEnergyNull, 0.125);
        QCOMPARE(test.weights, std::uint64_t{160'000});
        // Equal cosines have no spread, so the interval is that of the number of weights.
        QVERIFY(std::abs(test.interval().hi - 0.4 - kZ95 * test.nullSd) < 1e-12);
    }

    void votesAreCombined()
    {
        using enum OriginVerdict;
        QCOMPARE(combineOrigin({}), NotEnoughData);
        QCOMPARE(combineOrigin(testsWith({NotEnoughData})), NotEnoughData);
        QCOMPARE(combineOrigin(testsWith({NoEvidence, NoEvidence, NotEnoughData})), NoEvidence);
        QCOMPARE(combineOrigin(testsWith({Evidence, Evidence})), Evidence);
        QCOMPARE(combineOrigin(testsWith({Evidence, NoEvidence})), Mixed);
        QCOMPARE(combineOrigin(testsWith({ExactCopies, NoEvidence})), Mixed);
        QCOMPARE(combineOrigin(testsWith({ExactCopies, ExactCopies})), ExactCopies);
        QCOMPARE(combineOrigin(testsWith({ExactCopies, Evidence})), Evidence);
    }

    void copiedExpertsAreFound()
    {
        QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        auto model = randomModel(path, 4);
        const auto before = analyse(model);
        VERIFY_OK(before);
        QCOMPARE(before->origin, OriginVerdict::NoEvidence);
        for (std::size_t e = 1; e < 4; ++e)
            copyExpert(*model, LayerId(0), 0, e);
        const auto mixed = analyse(openAt(path));
        VERIFY_OK(mixed);
        QCOMPARE(mixed->tests[0].verdict, OriginVerdict::ExactCopies);
        QCOMPARE(mixed->tests[3].verdict, OriginVerdict::NoEvidence);
        QCOMPARE(mixed->origin, OriginVerdict::Mixed);
        for (std::size_t e = 1; e < 4; ++e)
            copyExpert(*model, LayerId(1), 0, e);
        const auto copies = analyse(openAt(path));
        VERIFY_OK(copies);
        QCOMPARE(copies->origin, OriginVerdict::ExactCopies);
        const Report report = moeTypeReport(*copies);
        QCOMPARE(report.findings.front().verdict, Verdict::Supported);
        QCOMPARE(report.findings[4].verdict, Verdict::NotApplicable); // no rank without differences
        QCOMPARE((*report.fields)["rank_delta"][0][0][0][0].get<int>(), 0);
        const auto line = std::get<LineFigure>(
            decayFigure(*copies->layers[0], Projection::Gate, true, ExpertId(1), 0.95).data);
        QVERIFY(std::isnan(line.series[0].y[0]));
        QCOMPARE(line.verticals[0].x, 0.0);
    }

    void dataThatDoNotSufficeAreNamed()
    {
        const auto dense = analyse(sample("dense_parent"));
        QVERIFY(!dense);
        QCOMPARE(dense.error().code, ErrorCode::Unsupported);
        QVERIFY(dense.error().message.find("is a dense model") != std::string::npos);

        MoeTypeSpec one = layersOf({0});
        one.experts = 1;
        const auto alone = analyse(sample("native"), one);
        VERIFY_OK(alone);
        QCOMPARE(alone->origin, OriginVerdict::NotEnoughData);
        const Report report = moeTypeReport(*alone);
        QCOMPARE(report.findings.front().verdict, Verdict::InsufficientData);
        QVERIFY(report.findings.front().conclusion.find("at least two") != std::string::npos);
        QCOMPARE(report.findings[4].verdict, Verdict::NotApplicable);
        for (const Figure& figure : report.figures)
            QVERIFY2(figureToText(figure, 100, false).find("nan") == std::string::npos,
                figure.id.c_str());

        OpenModel unknown;
        unknown.modelError = {ErrorCode::Unsupported, "No family claims it."};
        const auto failed = analyse(std::make_shared<const OpenModel>(unknown));
        QVERIFY(!failed);
        QCOMPARE(failed.error().message, std::string("No family claims it."));
        QCOMPARE(analyse(nullptr).error().code, ErrorCode::InvalidArgument);
    }

    void specsAreChecked()
    {
        const auto model = sample("native");
        const auto all = resolveMoeTypeSpec(*model, {});
        VERIFY_OK(all);
        QCOMPARE(all->layers.size(), std::size_t{8});
        QCOMPARE(all->experts, std::uint32_t{16});
        MoeTypeSpec messy = layersOf({5, 1, 5});
        messy.shares = {0.99, 0.9, 0.99};
        messy.projections = {Projection::Down, Projection::Gate, Projection::Down};
        const auto tidy = resolveMoeTypeSpec(*model, messy);
        VERIFY_OK(tidy);
        QVERIFY(tidy->layers == (std::vector{LayerId(1), LayerId(5)}));
        QCOMPARE(tidy->shares, (std::vector{0.9, 0.99}));
        QVERIFY(tidy->projections == (std::vector{Projection::Gate, Projection::Down}));

        const auto refused = [&](auto change, const char* words) {
            MoeTypeSpec spec;
            change(spec);
            const auto result = resolveMoeTypeSpec(*model, spec);
            return !result && result.error().code == ErrorCode::InvalidArgument
                && result.error().message.find(words) != std::string::npos;
        };
        QVERIFY(refused([](auto& s) { s.layers = {LayerId(8)}; }, "has the layers 0 to 7"));
        QVERIFY(refused([](auto& s) { s.shares = {1.0}; }, "between 0 and 1"));
        QVERIFY(refused([](auto& s) { s.shares = {std::nan("")}; }, "between 0 and 1"));
        QVERIFY(refused([](auto& s) { s.shares.clear(); }, "share"));
        QVERIFY(refused([](auto& s) { s.shares = {0.9999999999999999}; }, "0.9999999999999999"));
        MoeTypeSpec most;
        most.shares = {1 - 1.1e-9};
        VERIFY_OK(resolveMoeTypeSpec(*model, most));
        QVERIFY(refused([](auto& s) { s.projections.clear(); }, "projection"));
        QVERIFY(refused([](auto& s) { s.experts = 17; }, "16 experts"));
    }

    void layersArriveOneByOne()
    {
        const auto model = sample("upcycled");
        WorkerPool pool(2);
        TaskContext context(pool);
        std::vector<std::shared_ptr<const LayerWeights>> units;
        std::vector<double> fractions;
        std::vector<std::string> stages;
        context.setPartialSink([&](const std::any& unit) {
            units.push_back(std::any_cast<std::shared_ptr<const LayerWeights>>(unit));
        });
        context.setProgressSink([&](double fraction, std::string_view stage) {
            fractions.push_back(fraction);
            stages.emplace_back(stage);
        });
        const auto result = analyseMoeType(model, layersOf({2, 4, 6}), context);
        VERIFY_OK(result);
        QCOMPARE(units.size(), std::size_t{3});
        for (std::size_t i = 0; i < 3; ++i)
            QVERIFY(units[i] == result->layers[i]);
        QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
        QCOMPARE(fractions.back(), 1.0);
        QCOMPARE(stages.front(), std::string("layer 1 of 3 · gate"));
        QCOMPARE(stages.back(), std::string("layer 3 of 3 · down"));

        // Collecting the units, in any order, gives the same result.
        MoeTypeResult collected;
        collected.model = model;
        collected.spec = result->spec;
        addLayer(collected, units[2]);
        QVERIFY(!collected.complete());
        addLayer(collected, units[0]);
        addLayer(collected, units[1]);
        QVERIFY(collected.complete());
        QVERIFY(reportToJson(moeTypeReport(collected)) == reportToJson(moeTypeReport(*result)));
        // And a layer analysed alone has the numbers that it has among others.
        const auto alone = analyse(model, layersOf({4}));
        VERIFY_OK(alone);
        QVERIFY(alone->layers[0]->analyses[1].deltaSigma == units[1]->analyses[1].deltaSigma);
        QVERIFY(
            alone->layers[0]->analyses[1].surrogateSigma == units[1]->analyses[1].surrogateSigma);
    }

    void cancelKeepsWhatIsFinished()
    {
        const auto model = sample("native");
        WorkerPool pool(2);
        std::stop_source stop;
        TaskContext context(pool, stop.get_token());
        MoeTypeResult kept;
        kept.model = model;
        kept.spec = *resolveMoeTypeSpec(*model, {});
        context.setPartialSink([&](const std::any& unit) {
            addLayer(kept, std::any_cast<std::shared_ptr<const LayerWeights>>(unit));
        });
        int callsAfterStop = 0;
        context.setProgressSink([&](double fraction, std::string_view) {
            if (stop.stop_requested())
                ++callsAfterStop;
            else if (fraction > 0.3)
                stop.request_stop();
        });
        const auto result = analyseMoeType(model, {}, context);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::Cancelled);
        QVERIFY(callsAfterStop <= 1);
        QCOMPARE(kept.layers.size(), std::size_t{2});
        QVERIFY(!kept.complete());
        QCOMPARE(kept.origin, OriginVerdict::NoEvidence);
        const Report report = moeTypeReport(kept);
        QVERIFY(!report.complete);
        const auto& line = std::get<LineFigure>(figureNamed(report, "rank-by-layer").data);
        QCOMPARE(line.pendingFrom.value_or(-1), 1.5);
        QCOMPARE(line.series[0].x.size(), std::size_t{2});
        const auto& verdict = std::get<VerdictFigure>(figureNamed(report, "origin").data);
        QCOMPARE(verdict.basis, std::string("2 of 8 layers, 3 projections, 16 experts"));
    }

    void threadsChangeNothing()
    {
        const auto model = sample("upcycled");
        const auto one = analyse(model, layersOf({1}), 1);
        const auto many = analyse(model, layersOf({1}), 5);
        VERIFY_OK(one);
        VERIFY_OK(many);
        QVERIFY(dumpJson(reportToJson(moeTypeReport(*one)))
            == dumpJson(reportToJson(moeTypeReport(*many))));
    }

    void memoryIsAskedForFirst()
    {
        const auto model = sample("native");
        const auto needed = moeTypeMemory(*model, {}, 1);
        VERIFY_OK(needed);
        QVERIFY(*needed > 500'000 && *needed < 20'000'000);
        TaskContext context;
        int calls = 0;
        context.setProgressSink([&](double, std::string_view) { ++calls; });
        context.setMemoryLimit(*needed - 1);
        const auto result = analyseMoeType(model, {}, context);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::OutOfMemory);
        QCOMPARE(calls, 0);
        context.setMemoryLimit(*needed);
        VERIFY_OK(analyseMoeType(model, layersOf({0}), context));
    }

    void brokenWeightsAreNamed()
    {
        QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        const auto model = randomModel(path, 3);
        const float bad = std::numeric_limits<float>::quiet_NaN();
        MatrixView view = model->model->layer(LayerId(1)).experts[2].up;
        view.data += 2 * view.rowStride + 3 * view.colStride;
        patch(*model, view, std::as_bytes(std::span(&bad, 1)));
        const auto result = analyse(openAt(path));
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::BadFormat);
        QCOMPARE(result.error().message,
            path.string()
                + ": layer 1, up projection: The weight of expert 2 in row 2, column 3 is nan, not "
                  "a "
                  "finite number.");
    }

    void filesThatShrinkPublishNothing()
    {
        QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        const auto model = randomModel(path, 3);
        TaskContext context;
        int units = 0;
        context.setPartialSink([&](const std::any&) { ++units; });
        context.setProgressSink(
            [&](double, std::string_view) { fs::resize_file(path / "model.safetensors", 100); });
        const auto result = analyseMoeType(model, {}, context);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::Io);
        QVERIFY(result.error().message.find("model.safetensors") != std::string::npos);
        QCOMPARE(units, 0);
    }
};

QTEST_APPLESS_MAIN(TestMoeType)
#include "tst_moe_type.moc"
