// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/experiments/explore.h"
#include "core/experiments/registry.h"
#include "core/io/json.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;

class TestExplore : public QObject {
    Q_OBJECT
    std::shared_ptr<const OpenModel> m_native;
    std::shared_ptr<const Lexicon> m_lexicon;

    Result<ExploreResult> run(const std::string& prompt, std::optional<TraceRequest> compare = {},
        std::optional<LayerId> layer = {}, std::shared_ptr<const OpenModel> model = nullptr)
    {
        ExploreSpec spec;
        spec.prompt.text = prompt;
        spec.compare = std::move(compare);
        spec.layer = layer;
        TaskContext context;
        return explore(model ? std::move(model) : m_native, *m_lexicon, spec, context);
    }

    static TraceRequest text(const std::string& prompt)
    {
        TraceRequest request;
        request.text = prompt;
        return request;
    }

private slots:
    void initTestCase()
    {
        const auto open = openModel(test::resources() / "samples" / "native");
        VERIFY_OK(open);
        m_native = *open;
        const auto lexicon = Lexicon::load(test::resources());
        VERIFY_OK(lexicon);
        m_lexicon = *lexicon;
    }

    void marginsAboveRoundingStand_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("unit");
        QTest::newRow("logits") << "olmoe"
                                << "logit";
        QTest::newRow("probabilities with a bias") << "ernie4_5_moe"
                                                   << "probability";
        QTest::newRow("sigmoids with a bias") << "minimax_m2"
                                              << "score";
    }

    /// Two logits moved against each other by what bfloat16 may do to them change a margin by no
    /// more than the bound, in whatever unit the margin is.
    void marginsAboveRoundingStand()
    {
        QFETCH(QString, folder);
        QFETCH(QString, unit);
        const auto open = openModel(test::fixtures() / "families" / folder.toStdString());
        VERIFY_OK(open);
        ExploreSpec spec;
        spec.prompt.ids = {5, 9, 17, 3, 22, 8, 40, 61};
        TaskContext context;
        const auto result = explore(*open, *m_lexicon, spec, context);
        VERIFY_OK(result);
        const RoutingTrace& trace = result->a.trace;
        QCOMPARE(trace.marginUnit, unit.toStdString());
        const auto scores = [&](std::vector<double> z) {
            double sum = 0;
            for (double& value : z) {
                if (unit == "score")
                    value = 1 / (1 + std::exp(-value));
                else if (unit == "probability")
                    sum += value = std::exp(value);
            }
            if (unit == "probability")
                for (double& value : z)
                    value /= sum;
            return z;
        };
        for (std::size_t l = 0; l < trace.layerCount(); ++l) {
            const double bound = roundingMargin(trace, l);
            double worst = 0;
            double largest = 0;
            for (std::size_t t = 0; t < trace.tokenCount(); ++t)
                for (const float z : trace.logitsAt(t, l))
                    largest = std::max(largest, std::abs(static_cast<double>(z)));
            const double step = 0x1p-8 * largest;
            for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
                const auto logits = trace.logitsAt(t, l);
                const std::vector<double> z(logits.begin(), logits.end());
                const std::vector<double> before = scores(z);
                for (std::size_t a = 0; a < z.size(); ++a) {
                    for (std::size_t b = 0; b < a; ++b) {
                        std::vector<double> moved = z;
                        moved[a] -= step;
                        moved[b] += step;
                        const std::vector<double> after = scores(moved);
                        worst = std::max(
                            worst, std::abs((after[a] - after[b]) - (before[a] - before[b])));
                    }
                }
            }
            QVERIFY(worst <= bound * (1 + 1e-9));
            QVERIFY(worst > bound / 4); // and it is no idle bound
        }
    }

    void traceHoldsTogether()
    {
        const auto result = run(std::string(kDefaultPrompt));
        VERIFY_OK(result);
        const RoutingTrace& trace = result->a.trace;
        QCOMPARE(trace.layerCount(), std::size_t{8});
        QCOMPARE(trace.experts, 16U);
        QCOMPARE(result->layer, LayerId(4));
        std::string spelled;
        for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
            spelled += trace.tokens[t].text;
            QCOMPARE(trace.next[t].size(), std::size_t{5});
            for (std::size_t l = 0; l < trace.layerCount(); ++l) {
                const auto p = trace.probabilitiesAt(t, l);
                const auto ids = trace.idsAt(t, l);
                const auto w = trace.weightsAt(t, l);
                float lowest = std::numeric_limits<float>::infinity();
                for (std::size_t i = 0; i < ids.size(); ++i) {
                    // OLMoE uses the probabilities as they are.
                    QVERIFY(
                        std::abs(p[static_cast<std::size_t>(ids[i])] - static_cast<double>(w[i]))
                        < 1e-6);
                    lowest
                        = std::min(lowest, trace.logitsAt(t, l)[static_cast<std::size_t>(ids[i])]);
                }
                float rejected = -std::numeric_limits<float>::infinity();
                for (std::int32_t e = 0; e < 16; ++e) {
                    if (std::ranges::find(ids, e) == ids.end())
                        rejected
                            = std::max(rejected, trace.logitsAt(t, l)[static_cast<std::size_t>(e)]);
                }
                QCOMPARE(trace.marginAt(t, l), lowest - rejected);
                QVERIFY(trace.marginAt(t, l) >= 0);
                QVERIFY(trace.entropyAt(t, l) > 0 && trace.entropyAt(t, l) < std::log(16.0) + 1e-9);
            }
        }
        QCOMPARE(spelled, std::string(kDefaultPrompt));
        // The sample's README says what it knows.
        QCOMPARE(result->a.tags.front().type, TokenType::Noun);
    }

    void aPromptAgainstItselfIsTheSame()
    {
        const std::string prompt(kDefaultPrompt);
        const auto result = run(prompt, text(prompt));
        VERIFY_OK(result);
        QVERIFY(!result->comparison->firstDivergence);
        QCOMPARE(result->comparison->aligned.size(), result->a.trace.tokenCount());
        for (const LayerOverlap& overlap : result->comparison->layers) {
            QCOMPARE(overlap.setOverlap, 1.0);
            QVERIFY(std::abs(overlap.usageOverlap - 1) < 1e-12);
            QCOMPARE(overlap.alignedOverlap, 1.0);
        }
    }

    void aSharedStartIsRoutedAlikeAndNotCounted()
    {
        const auto result = run("King is to queen as man is to woman",
            text("King is near the queen and the man is old"));
        VERIFY_OK(result);
        const PromptComparison& comparison = *result->comparison;
        QVERIFY(comparison.commonPrefix > 0);
        QVERIFY(comparison.prefixLeftOut);
        QVERIFY(comparison.firstDivergence);
        QVERIFY(comparison.firstDivergence->positionA >= comparison.commonPrefix);
        QCOMPARE(comparison.compared, comparison.aligned.size() - comparison.commonPrefix);
        for (std::size_t t = 0; t < comparison.commonPrefix; ++t) {
            for (std::size_t l = 0; l < 8; ++l)
                QVERIFY(
                    std::ranges::equal(result->a.trace.idsAt(t, l), result->b->trace.idsAt(t, l)));
        }
        for (std::size_t i = 1; i < comparison.aligned.size(); ++i) {
            QVERIFY(comparison.aligned[i].first > comparison.aligned[i - 1].first);
            QVERIFY(comparison.aligned[i].second > comparison.aligned[i - 1].second);
        }
        for (const LayerOverlap& overlap : comparison.layers) {
            QVERIFY(overlap.setOverlapBand.lo <= overlap.setOverlapNull);
            QVERIFY(overlap.setOverlapBand.hi >= overlap.setOverlapNull);
            QVERIFY(overlap.usageOverlapBand.lo <= overlap.usageOverlapNull);
            QVERIFY(overlap.p > 0 && overlap.p <= 1);
            QVERIFY(overlap.alignedBand.lo <= 0.25 && overlap.alignedBand.hi >= 0.25);
        }
    }

    void interventionsCountTheWholePrompt()
    {
        const std::string prompt(kDefaultPrompt);
        TraceRequest changed = text(prompt);
        changed.interventions.topK = 2;
        const auto result = run(prompt, changed);
        VERIFY_OK(result);
        QVERIFY(!result->comparison->prefixLeftOut);
        QCOMPARE(result->comparison->compared, result->a.trace.tokenCount());
        QVERIFY(result->comparison->firstDivergence);
        QCOMPARE(result->comparison->firstDivergence->layer, LayerId(0));
        QCOMPARE(result->b->trace.k, 2U);
    }

    void promptsAreNeverEvidenceAboutTheModel()
    {
        const auto result = run("2 + 3 = 5", text("def hello():"));
        VERIFY_OK(result);
        const Report report = exploreReport(*result);
        QVERIFY(report.findings.size() >= 2);
        for (const Finding& finding : report.findings) {
            // A p without its side says little.
            QCOMPARE(finding.p.has_value(), !finding.pSide.empty());
            QCOMPARE(finding.verdict, Verdict::InsufficientData);
            QVERIFY(finding.null.has_value());
            QVERIFY(finding.null->band.has_value());
            QVERIFY(finding.null->band->lo <= finding.null->mean);
            QVERIFY(finding.null->band->hi >= finding.null->mean);
            QVERIFY(finding.p && *finding.p > 0 && *finding.p <= 1);
            QVERIFY(finding.interval || !finding.intervalNote.empty());
            QVERIFY(finding.tokens > 0);
        }
        for (const char* id : {"tokens", "tokens-b", "token-table", "token-table-b"})
            QVERIFY2(
                std::ranges::find(report.figures, id, &Figure::id) != report.figures.end(), id);
        const Json json = reportToJson(report);
        QCOMPARE(json["fields"]["ids"].size(), result->a.trace.tokenCount());
        QCOMPARE(json["fields"]["set_overlap"].size(), std::size_t{8});
        QVERIFY(parseJson(dumpJson(json), "report").has_value());
    }

    void layersAreCheckedAndDenseModelsSaySo()
    {
        const auto far = run("a", {}, LayerId(8));
        QVERIFY(!far);
        QCOMPARE(far.error().code, ErrorCode::InvalidArgument);
        QVERIFY(!run(""));

        const auto dense = openModel(test::resources() / "samples" / "dense_parent");
        VERIFY_OK(dense);
        const auto result = run("The cat sat.", {}, {}, *dense);
        VERIFY_OK(result);
        QVERIFY(result->a.trace.layers.empty());
        const Report report = exploreReport(*result);
        QCOMPARE(report.findings.front().verdict, Verdict::NotApplicable);
        QVERIFY(!reportToText(report, 80, false).empty());
    }

    void aReportOfIdsCanBeRunAgain()
    {
        ExploreSpec spec;
        spec.prompt.ids = {5, 9, 17, 300, 22};
        spec.layer = LayerId(2);
        spec.reg = Register::Code;
        TaskContext context;
        const auto result = explore(m_native, *m_lexicon, spec, context);
        VERIFY_OK(result);
        const Report report = exploreReport(*result);
        const Json& asked = *report.spec;
        QVERIFY(!asked.contains("prompt"));
        std::string ids;
        for (const Json& id : asked["ids"])
            ids += (ids.empty() ? "" : ",") + id.dump();
        ExperimentInput input{m_native, m_lexicon, {}};
        input.values = {{"ids", ids}, {"layer", asked["layer"].dump()},
            {"register", asked["register"].get<std::string>()}};
        const auto again = findExperiment("explore")->run(input, context);
        VERIFY_OK(again);
        QCOMPARE(dumpJson(reportToJson(*again)), dumpJson(reportToJson(report)));
    }

    void aReportSaysWhatTheTokenizerAdds()
    {
        ExperimentInput input{m_native, m_lexicon, {{"prompt", "2 + 3"}}};
        TaskContext context;
        const auto plain = findExperiment("explore")->run(input, context);
        VERIFY_OK(plain);
        QVERIFY(!plain->spec->contains("no_special"));
        input.values["no-special"] = "true";
        const auto bare = findExperiment("explore")->run(input, context);
        VERIFY_OK(bare);
        QVERIFY((*bare->spec)["no_special"].get<bool>());
        QVERIFY((*bare->fields)["tokens"].size() <= (*plain->fields)["tokens"].size());
    }

    void aSecondRouterIsReported()
    {
        const auto open = openModel(test::fixtures() / "families" / "jetmoe");
        VERIFY_OK(open);
        ExploreSpec spec;
        spec.prompt.ids = {5, 9, 17, 3};
        TaskContext context;
        const auto result = explore(*open, *m_lexicon, spec, context);
        VERIFY_OK(result);
        const Report report = exploreReport(*result);
        const auto heads = attentionTrace(result->a.trace);
        QVERIFY(heads && heads->ordinalOf(result->layer));
        const auto at = std::ranges::find(report.figures, "layer-attention", &Figure::id);
        QVERIFY(at != report.figures.end());
        QVERIFY(at->title.ends_with(", attention"));
        const auto& grid = std::get<RoutingGridFigure>(at->data);
        for (std::size_t t = 0; t < heads->tokenCount(); ++t)
            for (const std::int32_t id : heads->idsAt(t, *heads->ordinalOf(result->layer)))
                QVERIFY(
                    !grid.cells[t * heads->experts + static_cast<std::size_t>(id)].label.empty());
        QVERIFY(std::ranges::find(report.figures, "all-layers-attention", &Figure::id)
            != report.figures.end());
    }

    void figuresShowTheTrace()
    {
        const auto result = run(std::string(kDefaultPrompt));
        VERIFY_OK(result);
        const RoutingTrace& trace = result->a.trace;
        const Figure figure = layerGridFigure(result->a, LayerId(5), GridView::Chosen);
        const auto& grid = std::get<RoutingGridFigure>(figure.data);
        QCOMPARE(grid.cells.size(), trace.tokenCount() * 16);
        double load = 0;
        for (const double value : grid.colLoad)
            load += value;
        QVERIFY(std::abs(load - 4) < 1e-9); // token shares sum to k
        for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
            const auto ids = trace.idsAt(t, 5);
            for (std::size_t e = 0; e < 16; ++e) {
                const bool chosen
                    = std::ranges::find(ids, static_cast<std::int32_t>(e)) != ids.end();
                QCOMPARE(!std::isnan(grid.cells[t * 16 + e].shade), chosen);
            }
        }
        const Figure all = allLayersFigure(*result, LayersView::Entropy);
        const auto& layers = std::get<RoutingGridFigure>(all.data);
        QCOMPARE(layers.cells.size(), trace.tokenCount() * 8);
        QCOMPARE(layers.cells[0].label, std::to_string(trace.top1At(0, 0)));
    }
};

QTEST_APPLESS_MAIN(TestExplore)
#include "tst_explore.moc"
