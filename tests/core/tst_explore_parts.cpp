// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/experiments/comparison_words.h"
#include "core/experiments/continuation.h"
#include "core/experiments/expert_loads.h"
#include "core/experiments/explore_grids.h"
#include "core/experiments/intervention_effect.h"
#include "core/experiments/intervention_words.h"
#include "core/experiments/logit_lens.h"
#include "core/io/json.h"
#include "core/runtime/generate.h"
#include "core/semantics/lexicon.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using test::ModelSpec;

class TestExploreParts : public QObject {
    Q_OBJECT

private:
    std::shared_ptr<const OpenModel> openTiny(const ModelSpec& spec, const char* name)
    {
        const std::filesystem::path folder
            = m_folder.filePath(QString::fromLatin1(name)).toStdString();
        const Status written = test::writeModel(folder, spec);
        if (!written)
            qFatal("%s", written.error().message.c_str());
        auto open = openModel(folder);
        if (!open || !(*open)->model)
            qFatal("the tiny model does not open");
        return *open;
    }

    TraceRequest request(Interventions interventions = {}) const
    {
        TraceRequest prompt;
        prompt.ids = {3, 17, 4, 9, 3, 17, 25, 1};
        prompt.interventions = std::move(interventions);
        return prompt;
    }

    std::shared_ptr<const ExploreResult> run(const ExploreSpec& spec)
    {
        TaskContext context;
        auto result = explore(m_model, *m_lexicon, spec, context);
        if (!result)
            qFatal("%s", result.error().message.c_str());
        return std::make_shared<const ExploreResult>(std::move(*result));
    }

private slots:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        auto lexicon = Lexicon::load(test::resources());
        VERIFY_OK(lexicon);
        m_lexicon = *lexicon;
        m_model = openTiny(test::tinyModel(ModelSpec::Family::Olmoe), "tiny");
    }

    void lensEndsInTheModelsOwnAnswer()
    {
        TaskContext context;
        auto trace = traceRouting(*m_model, request(), context);
        VERIFY_OK(trace);
        for (std::size_t token : {std::size_t{0}, std::size_t{5}, std::size_t{7}}) {
            LogitLensSpec spec;
            spec.ids = request().ids;
            spec.token = token;
            auto lens = logitLens(*m_model->model, spec, context);
            VERIFY_OK(lens);
            QCOMPARE(lens->rows.size(), std::size_t{3});
            QCOMPARE(lens->token, token);
            const auto& last = lens->rows.back().top;
            QCOMPARE(last.size(), trace->next[token].size());
            for (std::size_t i = 0; i < last.size(); ++i) {
                QCOMPARE(last[i].id, trace->next[token][i].id);
                QCOMPARE(last[i].probability, trace->next[token][i].probability);
            }
        }
    }

    void lensOfTheEmbeddingIsNormAndHeadByHand()
    {
        TaskContext context;
        LogitLensSpec spec;
        spec.ids = {6};
        spec.top = 32;
        auto lens = logitLens(*m_model->model, spec, context);
        VERIFY_OK(lens);
        const auto& tensors = m_model->model->tensors();
        std::vector<float> x(16);
        decodeRows(tensors.embedding, 6, 1, x);
        double square = 0;
        for (const float value : x)
            square += double{value} * double{value};
        const double scale = 1 / std::sqrt(square / 16 + m_model->model->config().normEps);
        for (std::size_t d = 0; d < 16; ++d)
            x[d] = static_cast<float>(x[d] * scale * tensors.finalNorm.weight[d]);
        std::vector<float> logits(32);
        multiplyReference(tensors.head, x, 1, logits);
        double sum = 0;
        for (const float z : logits)
            sum += std::exp(double{z});
        double total = 0;
        for (const Prediction& p : lens->rows.front().top) {
            const double expected = std::exp(double{logits[static_cast<std::size_t>(p.id)]}) / sum;
            QVERIFY(std::abs(p.probability - expected) < 1e-6);
            total += p.probability;
        }
        QVERIFY(std::abs(total - 1) < 1e-5);
    }

    void lensRefusesATokenOutsideThePrompt()
    {
        TaskContext context;
        LogitLensSpec spec;
        spec.ids = {1, 2};
        spec.token = 2;
        auto lens = logitLens(*m_model->model, spec, context);
        QVERIFY(!lens);
        QCOMPARE(lens.error().code, ErrorCode::InvalidArgument);
    }

    void lensStopsWhenAsked()
    {
        std::stop_source stop;
        stop.request_stop();
        TaskContext context = stoppedContext(stop);
        LogitLensSpec spec;
        spec.ids = {1, 2};
        auto lens = logitLens(*m_model->model, spec, context);
        QVERIFY(!lens);
        QCOMPARE(lens.error().code, ErrorCode::Cancelled);
    }

    void continuationChoosesWhatGenerateChooses_data()
    {
        QTest::addColumn<double>("temperature");
        QTest::newRow("greedy") << 0.0;
        QTest::newRow("sampled") << 1.3;
    }
    void continuationChoosesWhatGenerateChooses()
    {
        QFETCH(double, temperature);
        TaskContext context;
        GenerateSpec generateSpec;
        generateSpec.maxTokens = 12;
        generateSpec.temperature = temperature;
        generateSpec.seed = 7;
        KvCache cache(m_model->model->config());
        auto expected = generate(
            *m_model->model, cache, request().ids, generateSpec, nullptr, nullptr, context);
        VERIFY_OK(expected);

        ContinuationSpec spec;
        spec.explore.prompt = request();
        spec.temperature = temperature;
        spec.seed = 7;
        std::vector<std::shared_ptr<const ExploreResult>> partial;
        context.setPartialSink([&](const std::any& unit) {
            partial.push_back(std::any_cast<std::shared_ptr<const ExploreResult>>(unit));
        });
        Continuation continuation(m_model, m_lexicon, spec);
        VERIFY_OK(continueBy(continuation, 12, context));
        const auto snapshot = continuation.snapshot();
        const RoutingTrace& trace = snapshot->a.trace;
        QCOMPARE(trace.tokenCount(), request().ids.size() + expected->size());
        for (std::size_t i = 0; i < expected->size(); ++i) {
            QCOMPARE(trace.tokens[8 + i].id, (*expected)[i]);
            QVERIFY(trace.tokens[8 + i].generated);
            QCOMPARE(partial[i]->a.trace.tokenCount(), 9 + i);
        }
        QCOMPARE(partial.size(), expected->size());
    }

    void continuationRecordsWhatOnePassOverAllTokensRecords()
    {
        TaskContext context;
        ContinuationSpec spec;
        spec.explore.prompt = request();
        Continuation continuation(m_model, m_lexicon, spec);
        VERIFY_OK(continueBy(continuation, 6, context));
        const auto grown = continuation.snapshot();
        TraceRequest whole;
        for (const TraceToken& token : grown->a.trace.tokens)
            whole.ids.push_back(token.id);
        auto trace = traceRouting(*m_model, whole, context);
        VERIFY_OK(trace);
        QCOMPARE(grown->a.trace.ids, trace->ids);
        QCOMPARE(grown->a.trace.weights, trace->weights);
        QCOMPARE(grown->a.trace.logits, trace->logits);
        QCOMPARE(grown->a.trace.margins, trace->margins);
        QCOMPARE(grown->a.trace.prompt, trace->prompt);
        QCOMPARE(grown->a.tags.size(), trace->tokenCount());
        for (std::size_t t = 0; t + 1 < trace->tokenCount(); ++t)
            QVERIFY(std::abs(grown->a.trace.nextLogProbability[t] - trace->nextLogProbability[t])
                < 1e-5F);
        QVERIFY(std::isnan(grown->a.trace.nextLogProbability.back()));
    }

    void continuationGoesOnAfterACancel()
    {
        ContinuationSpec spec;
        spec.explore.prompt = request();
        TaskContext free;
        Continuation straight(m_model, m_lexicon, spec);
        VERIFY_OK(continueBy(straight, 5, free));

        Continuation interrupted(m_model, m_lexicon, spec);
        std::stop_source stop;
        TaskContext context = stoppedContext(stop);
        context.setPartialSink([&](const std::any&) { stop.request_stop(); });
        const Result<bool> cancelled = continueBy(interrupted, 5, context);
        QVERIFY(!cancelled);
        QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
        QCOMPARE(interrupted.snapshot()->a.trace.tokenCount(), std::size_t{9});
        VERIFY_OK(continueBy(interrupted, 4, free));
        QCOMPARE(interrupted.snapshot()->a.trace.ids, straight.snapshot()->a.trace.ids);
    }

    void reportsNeedMoreThanTheirRunsAndTwoPromptsMoreThanOne()
    {
        const auto fits = [&](const ExploreSpec& spec, bool reported, std::uint64_t bytes) {
            TaskContext context;
            context.setMemoryLimit(bytes);
            const auto result = explore(m_model, *m_lexicon, spec, context,
                reported ? ExploreFor::Report : ExploreFor::View);
            return result || result.error().code != ErrorCode::OutOfMemory;
        };
        const auto least = [&](const ExploreSpec& spec, bool reported) {
            std::uint64_t bytes = 1;
            while (!fits(spec, reported, bytes))
                bytes += bytes / 50 + 1;
            return bytes;
        };
        ExploreSpec one;
        one.prompt = request();
        ExploreSpec two = one;
        two.compare = request();
        QVERIFY(least(two, false) > least(one, false));
        QVERIFY(least(one, true) > least(one, false));
        QVERIFY(least(two, true) > least(one, true));
    }

    void continuationThatWouldNotFitIsRefusedBeforeItBegins()
    {
        ContinuationSpec spec;
        spec.explore.prompt = request();
        TaskContext context;
        context.setMemoryLimit(16U << 20);
        int steps = 0;
        context.setPartialSink([&](const std::any&) { ++steps; });
        Continuation continuation(m_model, m_lexicon, spec);
        const Result<bool> refused = continueBy(continuation, 1'000'000, context);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::OutOfMemory);
        QVERIFY2(refused.error().message.starts_with("Continuing this prompt by 1,000,000 tokens"),
            refused.error().message.c_str());
        QCOMPARE(steps, 0);
        VERIFY_OK(continueBy(continuation, 2, context));
        QCOMPARE(steps, 2);
    }

    void continuationKeepsTheUntouchedRunBeside()
    {
        Interventions masked;
        masked.masked = {{LayerId(0), ExpertId(1)}};
        ContinuationSpec spec;
        spec.explore.prompt = request();
        spec.explore.compare = request(masked);
        TaskContext context;
        Continuation continuation(m_model, m_lexicon, spec);
        VERIFY_OK(continueBy(continuation, 3, context));
        const auto result = continuation.snapshot();
        QVERIFY(result->b && result->comparison);
        QCOMPARE(result->b->trace.tokenCount(), std::size_t{11});
        for (std::size_t t = 0; t < 11; ++t) {
            const auto ids = result->b->trace.idsAt(t, 0);
            QVERIFY(std::find(ids.begin(), ids.end(), 1) == ids.end());
        }
    }

    void gridsHoldTheCellsOfTheFigures()
    {
        const auto result = run({request(), request(), {}, Register::Auto});
        for (const GridView view : {GridView::Chosen, GridView::Probabilities, GridView::Logits}) {
            const LazyGrid grid = layerGrid(sideA(result), LayerId(1), view);
            const Figure figure = layerGridFigure(result->a, LayerId(1), view);
            const auto& data = std::get<RoutingGridFigure>(figure.data);
            QCOMPARE(data.cells.size(), std::size_t{8 * 4});
            QCOMPARE(grid.frame().rowLabels, data.rowLabels);
            for (std::size_t t = 0; t < 8; ++t) {
                int chosen = 0;
                for (std::size_t e = 0; e < 4; ++e) {
                    const auto& cell = data.cells[t * 4 + e];
                    QCOMPARE(cell.label, grid.cell(t, e).label);
                    QCOMPARE(cell.note, grid.note(t, e));
                    chosen += !cell.label.empty();
                    if (view == GridView::Chosen)
                        QCOMPARE(std::isnan(cell.shade), cell.label.empty());
                    else
                        QVERIFY(cell.shade >= 0 && cell.shade <= 1);
                }
                QCOMPARE(chosen, 2);
            }
        }
    }

    void denseBlocksAreGaps()
    {
        const auto result = run({request(), {}, {}, Register::Auto});
        const LazyGrid grid = allLayersGrid(sideA(result), 4, LayersView::Margin);
        QCOMPARE(grid.frame().colLabels.size(), std::size_t{4});
        QVERIFY(grid.gaps[0].empty() && grid.gaps[1].empty());
        QCOMPARE(grid.gaps[2], std::string("dense"));
        QVERIFY(std::isnan(grid.cell(0, 3).shade));
        QVERIFY(grid.note(0, 3).find("dense") != std::string::npos);
        QCOMPARE(grid.cell(2, 1).label, std::to_string(result->a.trace.top1At(2, 1)));
    }

    void changedCellsAreMarkedOnBothSides()
    {
        Interventions masked;
        masked.masked = {{LayerId(0), ExpertId(2)}};
        const auto result = run({request(), request(masked), {}, Register::Auto});
        QVERIFY(comparesInterventions(*result));
        const LazyGrid before
            = layerGrid(sideA(result), LayerId(0), GridView::Chosen, counterpart(result, false));
        const LazyGrid after
            = layerGrid(sideB(result), LayerId(0), GridView::Chosen, counterpart(result, true));
        std::size_t changed = 0;
        for (std::size_t t = 0; t < 8; ++t) {
            const auto a = result->a.trace.idsAt(t, 0);
            const auto b = result->b->trace.idsAt(t, 0);
            for (std::size_t e = 0; e < 4; ++e) {
                const bool differs = (std::find(a.begin(), a.end(), static_cast<int>(e)) == a.end())
                    != (std::find(b.begin(), b.end(), static_cast<int>(e)) == b.end());
                QCOMPARE(before.cell(t, e).mark == 4, differs);
                QCOMPARE(after.cell(t, e).mark == 4, differs);
                changed += differs;
            }
            QVERIFY(std::find(b.begin(), b.end(), 2) == b.end());
        }
        QVERIFY(changed > 0);
    }

    void comparisonRowsCoverBothPrompts()
    {
        TraceRequest other;
        other.ids = {3, 17, 30, 9, 1, 2};
        const auto result = run({request(), other, {}, Register::Auto});
        const ComparisonGrid grid = comparisonGrid(result, LayerId(0));
        std::size_t inA = 0;
        std::size_t inB = 0;
        for (std::size_t row = 0; row < grid.tokensA.size(); ++row) {
            inA += grid.tokensA[row] != Counterpart::kNone;
            inB += grid.tokensB[row] != Counterpart::kNone;
            QCOMPARE(int(grid.rowSides[row]),
                int(grid.tokensA[row] != Counterpart::kNone)
                    + 2 * int(grid.tokensB[row] != Counterpart::kNone));
        }
        QCOMPARE(inA, std::size_t{8});
        QCOMPARE(inB, std::size_t{6});
        for (std::size_t e = 0; e < 4; ++e) // a common start is routed alike
            QVERIFY(grid.cell(0, e).mark == 0 || grid.cell(0, e).mark == 3);
    }

    void effectOfAnInterventionIsCounted()
    {
        const auto same = run({request(), {}, {}, Register::Auto});
        const InterventionEffect none = interventionEffect(same->a.trace, same->a.trace);
        QCOMPARE(none.changedCells, std::size_t{0});
        QCOMPARE(none.cells, std::size_t{16});
        QVERIFY(!none.first && none.changes.empty());
        QCOMPARE(none.lossBefore, none.lossAfter);

        Interventions one;
        one.topK = 1;
        const auto result = run({request(), request(one), {}, Register::Auto});
        const InterventionEffect effect = interventionEffect(result->a.trace, result->b->trace);
        QCOMPARE(effect.changedCells, std::size_t{16}); // two experts became one everywhere
        QCOMPARE(effect.first->token, std::size_t{0});
        QCOMPARE(effect.first->layer, LayerId(0));
        QCOMPARE(effect.changedAt, (std::vector<std::size_t>{8, 8}));
        QCOMPARE(effect.keptAt[0], 0.5); // the first of two stays at the first layer
        QCOMPARE(none.keptAt, (std::vector<double>{1, 1}));
        QCOMPARE(effect.lossTokens, std::size_t{7});
        for (const auto& change : effect.changes)
            QVERIFY(change.before.id != change.after.id);
    }

    void changesAreNamedInTheFieldsWords()
    {
        QCOMPARE(interventionsText({}), std::string());
        Interventions all;
        all.masked = {{LayerId(6), ExpertId(9)}, {LayerId(6), ExpertId(3)}};
        all.forced = {{LayerId(2), ExpertId(1)}};
        all.zeroedValues = {{LayerId(2), 4}};
        all.removed = {{LayerId(0), Interventions::Component::Mlp}};
        all.topK = 2;
        all.embeddingNoise = 0.5;
        all.noiseSeed = 7;
        QCOMPARE(interventionsText(all),
            std::string("layer 0: MLP removed; layer 2: expert 1 forced, values zeroed at position "
                        "4; layer 6: experts 3, 9 masked; 2 experts per token; noise of standard "
                        "deviation 0.5 on every embedding (seed 7)"));
        const Json fields = interventionsFields(all);
        QCOMPARE(fields["masked"][0].dump(), std::string(R"({"layer":6,"expert":9})"));
        QCOMPARE(fields["removed"].dump(), std::string(R"([{"layer":0,"component":"mlp"}])"));
        QCOMPARE(fields["noise_seed"].get<int>(), 7);
        QVERIFY(interventionsFields({}).empty());
    }

    void aReportTellsOfTheChange()
    {
        Interventions change;
        change.topK = 1;
        change.masked = {{LayerId(1), ExpertId(2)}};
        const auto result = run({request(), request(change), LayerId(1), Register::Auto});
        const InterventionEffect effect = interventionEffect(result->a.trace, result->b->trace);
        const Report report = exploreReport(*result);
        const std::string words = "layer 1: expert 2 masked; 1 expert per token";
        QCOMPARE((*report.spec)["changes"].get<std::string>(), words);
        QCOMPARE((*report.spec)["interventions"].dump(),
            std::string(R"({"experts_per_token":1,"masked":[{"layer":1,"expert":2}]})"));
        QVERIFY(!report.spec->contains("compare"));
        const Json& fields = *report.fields;
        QVERIFY(fields["interventions"] == (*report.spec)["interventions"]);
        QCOMPARE(fields["changed"]["k"].get<int>(), 1);
        QCOMPARE(fields["effect"]["choices_changed"].get<std::size_t>(), effect.changedCells);
        QCOMPARE(fields["effect"]["next_changed"].size(), effect.changes.size());
        QVERIFY(!fields.contains("hyper_p") && !fields.contains("b"));

        QCOMPARE(report.findings.size(), std::size_t{4});
        QVERIFY(report.findings[0].conclusion.find(words) != std::string::npos);
        QVERIFY(report.findings[0].conclusion.find("16 of 16 choices") != std::string::npos);
        QCOMPARE(*report.findings[1].effect, effect.lossAfter - effect.lossBefore);
        QCOMPARE(report.findings[1].tokens, std::uint64_t{7});
        QCOMPARE(*report.findings[2].effect, static_cast<double>(effect.changes.size()) / 8);
        for (const Finding& finding : report.findings) {
            QCOMPARE(finding.verdict, Verdict::InsufficientData);
            QCOMPARE(finding.prompts, std::uint64_t{1});
            QVERIFY(!finding.intervalNote.empty() && !finding.interval && finding.null);
        }

        // Nothing takes the two runs for two prompts.
        for (const std::string& text : {reportToMarkdown(report), reportToHtml(report, {}),
                 reportToText(report, 100, false), dumpJson(reportToJson(report))}) {
            QVERIFY(text.find(words) != std::string::npos);
            for (const char* wrong : {"wo prompts", "he prompts", "prompts aligned", "other prompt",
                     "random sets", "used by A"})
                QVERIFY2(text.find(wrong) == std::string::npos, wrong);
        }
        for (const char* id : {"tokens", "token-table", "all-layers", "layer", "routing-table"}) {
            const auto untouched = std::ranges::find(report.figures, id, &Figure::id);
            const auto changed
                = std::ranges::find(report.figures, std::string(id) + "-changed", &Figure::id);
            QVERIFY2(untouched != report.figures.end() && changed != report.figures.end(), id);
            QVERIFY(untouched->title.ends_with(", untouched"));
            QVERIFY(changed->title.ends_with(", changed"));
        }
        const auto grid = std::ranges::find(report.figures, "layer-changed", &Figure::id);
        const auto& cells = std::get<RoutingGridFigure>(grid->data).cells;
        for (std::size_t t = 0; t < 8; ++t) {
            QVERIFY(cells[t * 4 + 2].label.empty());
            const auto ids = result->b->trace.idsAt(t, 1);
            QCOMPARE(cells[t * 4 + static_cast<std::size_t>(ids[0])].label, std::string("1"));
        }
    }

    void aContinuedReportSaysHowItWasContinued()
    {
        TaskContext context;
        ContinuationSpec spec;
        spec.explore.prompt = request();
        spec.temperature = 0.5;
        spec.seed = 3;
        Continuation continuation(m_model, m_lexicon, spec);
        VERIFY_OK(continueBy(continuation, 2, context));
        const Report report = exploreReport(*continuation.snapshot());
        QCOMPARE((*report.spec)["ids"].size(), request().ids.size());
        QCOMPARE((*report.spec)["generate"].dump(),
            std::string(R"({"tokens":2,"temperature":0.5,"seed":3})"));
        QVERIFY((*report.fields)["tokens"].back()["generated"].get<bool>());
    }

    void loadsOfASpanAddUpToK()
    {
        const auto result = run({request(), {}, {}, Register::Auto});
        const RoutingTrace& trace = result->a.trace;
        const LoadTable table = expertLoads(trace, 1, 2, 5);
        QCOMPARE(table.tokens, std::size_t{4});
        QCOMPARE(table.evenShare, 0.5);
        double sum = 0;
        for (std::size_t e = 0; e < 4; ++e)
            sum += table.share(e);
        QCOMPARE(sum, 2.0);
        QVERIFY(table.band.lo <= 0.5 && table.band.hi >= 0.5);
        // Binomial(4, 1/2): P(0) = 1/16 > 2.5 %, so every count is inside the band.
        QCOMPARE(table.band.lo, 0.0);
        QCOMPARE(table.band.hi, 1.0);
        const auto readers = tokensReadBy(trace, 1, ExpertId(0), 3);
        for (std::size_t i = 1; i < readers.size(); ++i)
            QVERIFY(readers[i - 1].weight >= readers[i].weight);
    }

    void clusteredOrderPutsTwinsSideBySide()
    {
        RoutingTrace trace;
        trace.layers = {LayerId(0)};
        trace.experts = 6;
        trace.k = 2;
        for (const auto& pair :
            {std::pair(0, 3), std::pair(1, 4), std::pair(3, 0), std::pair(4, 1)}) {
            trace.tokens.emplace_back();
            trace.ids.push_back(pair.first);
            trace.ids.push_back(pair.second);
        }
        const auto order = clusteredExperts(trace, 0);
        QCOMPARE(order.size(), std::size_t{6});
        const auto at = [&](std::size_t e) {
            return std::find(order.begin(), order.end(), e) - order.begin();
        };
        QCOMPARE(std::abs(at(0) - at(3)), std::ptrdiff_t{1});
        QCOMPARE(std::abs(at(1) - at(4)), std::ptrdiff_t{1});
        QVERIFY(at(2) >= 4 && at(5) >= 4); // never chosen
    }

    void wordsFollowTheNumbers()
    {
        const auto same = run({request(), request(), {}, Register::Auto});
        const auto alike = describeComparison(*same, LayerId(0));
        QCOMPARE(alike.size(), std::size_t{1});
        QVERIFY(alike.front().text.find("routed alike") != std::string::npos);

        TraceRequest other;
        other.ids = {3, 17, 30, 9, 1, 2};
        ExploreResult result = *run({request(), other, {}, Register::Auto});
        auto& overlap = result.comparison->layers[0];
        overlap.setOverlap = 0.5;
        overlap.setOverlapBand = {0.3, 0.6};
        QVERIFY(describeComparison(result, LayerId(0)).back().asRandom);
        overlap.setOverlapBand = {0.1, 0.4};
        const Statement above = describeComparison(result, LayerId(0)).back();
        QVERIFY(!above.asRandom);
        QVERIFY(above.text.find("more of the same experts") != std::string::npos);
        QVERIFY(above.text.find(", one-sided, more)") != std::string::npos);
        for (LayerOverlap& layer : result.comparison->layers) {
            layer.alignedOverlap = 0.9;
            layer.alignedBand = {0.2, 0.8};
        }
        QVERIFY(describeComparison(result, LayerId(0))[2].text.find("every layer")
            != std::string::npos);
    }

    /// The first layer in which any position differs, though an earlier position differs deeper.
    void divergenceGoesByLayer()
    {
        ExploreResult result;
        result.b.emplace();
        for (ExploreResult::Side* side : {&result.a, &*result.b}) {
            RoutingTrace& trace = side->trace;
            for (std::int32_t id = 0; id < 4; ++id)
                trace.tokens.push_back({id, 0, 0, std::string(1, static_cast<char>('a' + id))});
            trace.layers = {LayerId(1), LayerId(2), LayerId(3)};
            trace.experts = 4;
            trace.k = 1;
            trace.ids.assign(12, 0);
            trace.weights.assign(12, 1);
        }
        RoutingTrace& b = result.b->trace;
        b.tokens[0].id = 9; // else the start could not be routed differently
        b.ids[1 * 3 + 2] = 1; // "b" at the last layer
        b.ids[2 * 3 + 1] = 1; // "c" at the one before
        b.ids[3 * 3 + 1] = 1; // and "d"
        result.comparison = comparePrompts(result.a.trace, b);
        const auto& first = result.comparison->firstDivergence;
        QVERIFY(first);
        QCOMPARE(first->layer, LayerId(2));
        QCOMPARE(first->positionA, std::size_t{2});
        const auto& earliest = result.comparison->earliestDivergence;
        QVERIFY(earliest);
        QCOMPARE(earliest->layer, LayerId(3));
        QCOMPARE(earliest->positionA, std::size_t{1});
        QCOMPARE(describeDivergence(result).back().text,
            std::string("First layer where a shared token is routed differently: 2, at “c” "
                        "(position 2); the earliest such token is “b” (position 1), at layer 3."));

        b.ids[1 * 3 + 0] = 1; // now "b" is first in both senses
        result.comparison = comparePrompts(result.a.trace, b);
        QCOMPARE(result.comparison->firstDivergence->layer, LayerId(1));
        QCOMPARE(describeDivergence(result).back().text,
            std::string("First layer where a shared token is routed differently: 1, at “b” "
                        "(position 1)."));
    }

private:
    static TaskContext stoppedContext(const std::stop_source& stop);

    QTemporaryDir m_folder;
    std::shared_ptr<const Lexicon> m_lexicon;
    std::shared_ptr<const OpenModel> m_model;
};

TaskContext TestExploreParts::stoppedContext(const std::stop_source& stop)
{
    static WorkerPool pool(1);
    return TaskContext(pool, stop.get_token());
}

QTEST_APPLESS_MAIN(TestExploreParts)
#include "tst_explore_parts.moc"
