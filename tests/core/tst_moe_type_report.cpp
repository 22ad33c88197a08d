// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "core/io/json.h"

#include <QtCore/QTemporaryDir>

#include "tests/core/moe_type_support.h"

using namespace moescope;
using namespace moescope::test;

class TestMoeTypeReport : public QObject {
    Q_OBJECT

    /// The result of one layer whose gate projections are these; flat spectra where it has none.
    static MoeTypeResult oneLayer(ProjectionAnalysis gate)
    {
        if (gate.deltaSigma.empty())
            gate.deltaSigma.assign(gate.experts(), std::vector<double>(gate.minimum(), 1.0));
        gate.rawSigma = gate.deltaSigma;
        if (gate.surrogateSigma.empty())
            gate.surrogateSigma.assign(1, std::vector<double>(gate.minimum(), 1.0));
        LayerWeights layer;
        layer.projections = {Projection::Gate};
        layer.analyses.push_back(std::move(gate));
        MoeTypeResult result;
        result.spec.layers = {layer.layer};
        result.spec.projections = layer.projections;
        addLayer(result, std::make_shared<const LayerWeights>(std::move(layer)));
        return result;
    }

private slots:
    void figuresHoldTheNumbers()
    {
        const auto result = analyse(sample("upcycled"), layersOf({3}));
        VERIFY_OK(result);
        const LayerWeights& layer = *result->layers.front();
        const ProjectionAnalysis& gate = *layer.find(Projection::Gate);

        const Figure decay = decayFigure(layer, Projection::Gate, true, ExpertId(2), 0.95);
        const auto& line = std::get<LineFigure>(decay.data);
        QCOMPARE(line.series.size(), std::size_t{10}); // 8 experts, two nulls
        for (std::size_t s = 0; s < 10; ++s) {
            const LineFigure::Series& series = line.series[s];
            QCOMPARE(series.x.size(), std::size_t{128});
            QCOMPARE(series.isNull, s >= 8);
            QCOMPARE(series.emphasised, s == 2);
            double squares = 0;
            for (const double y : series.y)
                squares += y * y;
            QVERIFY(std::abs(squares / 128 - 1) < 0.01); // in units of the root mean square
            QVERIFY(std::is_sorted(series.y.rbegin(), series.y.rend()));
        }
        QCOMPARE(line.verticals.size(), std::size_t{3});
        QCOMPARE(line.verticals[0].x, static_cast<double>(energyRank(gate.deltaSigma[2], 0.95)));
        QCOMPARE(line.verticals[1].x, marchenkoPasturRank(192, 128, 0.95));
        QVERIFY(line.verticals[1].isNull && !line.verticals[0].isNull);
        QCOMPARE(line.verticals[2].x, breakEvenRank(192, 128));
        const auto raw = decayFigure(layer, Projection::Gate, false, ExpertId(2), 0.95);
        QCOMPARE(std::get<LineFigure>(raw.data).series.size(), std::size_t{9});
        QVERIFY(raw.id != decay.id);
        const auto nobody = decayFigure(layer, Projection::Gate, true, std::nullopt, 0.95);
        QVERIFY(std::get<LineFigure>(nobody.data).series[8].emphasised);

        const Figure similarity = similarityFigure(layer, Projection::Gate);
        const auto& map = std::get<HeatMapFigure>(similarity.data);
        QCOMPARE(map.rows, std::size_t{8});
        QCOMPARE(map.values, gate.cosine);
        QCOMPARE(map.diagonal, std::string("the same expert"));
        QVERIFY(map.range && map.range->lo == 0 && map.range->hi == 1);
        QVERIFY(map.null && map.null->band);
        QVERIFY(std::abs(map.null->band->hi - kZ95 / std::sqrt(192.0 * 128)) < 1e-12);
        std::vector<std::size_t> order = map.clusteredOrder;
        std::sort(order.begin(), order.end());
        std::vector<std::size_t> identity(8);
        std::iota(identity.begin(), identity.end(), std::size_t{0});
        QCOMPARE(order, identity);

        const auto rank = std::get<LineFigure>(rankByLayerFigure(*result, 0.95, true).data);
        QCOMPARE(rank.series[0].x, std::vector<double>{3});
        QCOMPARE(rank.series[0].y[0],
            meanRank(gate.deltaSigma, 0.95) / marchenkoPasturRank(192, 128, 0.95));
        QVERIFY(rank.series[0].lo[0] <= rank.series[0].y[0]);
        QVERIFY(rank.series[0].hi[0] >= rank.series[0].y[0]);
        QVERIFY(!rank.pendingFrom);
        const auto cosine = std::get<LineFigure>(cosineByLayerFigure(*result).data);
        QCOMPARE(cosine.series[0].y[0], gate.cosines.mean);
        QVERIFY(std::abs(cosine.bands[0].hi[0] - kZ95 / std::sqrt(192.0 * 128 * 28)) < 1e-12);

        const auto origin = std::get<VerdictFigure>(originFigure(*result).data);
        QCOMPARE(origin.answer, std::string("evidence"));
        QCOMPARE(origin.rows.size(), std::size_t{4});
        QVERIFY(std::all_of(
            origin.rows.begin(), origin.rows.end(), [](const auto& row) { return row.vote == 1; }));
        const auto compressible = std::get<VerdictFigure>(compressibleFigure(*result).data);
        QCOMPARE(compressible.answer, std::string("not measured"));
        QVERIFY(std::all_of(compressible.rows.begin(), compressible.rows.end(),
            [](const auto& row) { return row.vote == 0; }));

        const auto table = std::get<TableFigure>(moeTypeTableFigure(*result).data);
        QCOMPARE(table.rows.size(), std::size_t{3});
        for (const auto& row : table.rows)
            QCOMPARE(row.size(), table.columns.size());
    }

    void theReportShowsTheView()
    {
        const auto result = analyse(sample("upcycled"), layersOf({2, 5}));
        VERIFY_OK(result);
        const auto idsOf = [](const Report& report) {
            std::string ids;
            for (const Figure& figure : report.figures)
                if (figure.id.starts_with("decay") || figure.id.starts_with("similarity")
                    || figure.id.starts_with("rank-by"))
                    ids += figure.id + " ";
            return ids;
        };
        QCOMPARE(idsOf(moeTypeReport(*result)),
            std::string("rank-by-layer decay-layer2-gate decay-layer2-up decay-layer2-down "
                        "similarity-layer2-gate similarity-layer2-up similarity-layer2-down "));
        MoeTypeView view;
        view.layer = LayerId(5);
        view.projection = Projection::Up;
        view.expert = ExpertId(3);
        view.differences = false;
        view.share = 0.9;
        const Report report = moeTypeReport(*result, view);
        QCOMPARE(idsOf(report),
            std::string("rank-by-layer-raw decay-layer5-up-raw decay-layer5-gate-raw "
                        "decay-layer5-down-raw similarity-layer5-up similarity-layer5-gate "
                        "similarity-layer5-down "));
        QCOMPARE((*report.spec)["shown"].dump(),
            std::string(R"({"layer":5,"expert":3,"matrices":"whole","share":0.9})"));
        const auto same = [&](const Figure& expected) {
            const auto at = std::ranges::find(report.figures, expected.id, &Figure::id);
            return at != report.figures.end() && figureToJson(*at) == figureToJson(expected);
        };
        const LayerWeights& layer = *result->layers.back();
        const Figure decay = decayFigure(layer, Projection::Up, false, ExpertId(3), 0.9);
        QVERIFY(same(decay));
        QVERIFY(same(similarityFigure(layer, Projection::Up)));
        QVERIFY(same(rankByLayerFigure(*result, 0.9, false)));
        QCOMPARE(decay.subtitle, std::string("layer 5, up, whole matrices"));
        QVERIFY(decay.caption.find("90 % of the energy of E3") != std::string::npos);
        view.layer = LayerId(7); // not analysed
        QVERIFY(idsOf(moeTypeReport(*result, view)).find("layer2") != std::string::npos);
    }

    void onlyWhatLiesAtItsNullIsAsRandom()
    {
        using Standing = VerdictFigure::Standing;
        const auto result = analyse(sample("native"), {});
        VERIFY_OK(result);
        const auto origin = std::get<VerdictFigure>(originFigure(*result).data);
        QCOMPARE(origin.rows.size(), std::size_t{4});
        // The gates are far from independent experts, and far from what counts.
        const Standing expected[]
            = {Standing::Slight, Standing::AtNull, Standing::AtNull, Standing::Slight};
        const char* words[]
            = {"differs by less than 0.05", "as random", "as random", "differs by less than 0.05"};
        for (std::size_t i = 0; i < 4; ++i) {
            QCOMPARE(origin.rows[i].vote, 0);
            QVERIFY(origin.rows[i].standing == expected[i]);
            QCOMPARE(origin.rows[i].direction, std::string(words[i]));
        }
        QVERIFY(origin.note.find("95 % interval (jackknife over experts)") != std::string::npos);
        const auto compressible = std::get<VerdictFigure>(compressibleFigure(*result).data);
        for (const auto& row : compressible.rows)
            QVERIFY(row.standing == Standing::Differs);
    }

    /// Card, finding and tables say the same of one number.
    void cardsAndFindingsAgree()
    {
        const auto result = analyse(sample("native"), {});
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        const auto origin = std::get<VerdictFigure>(figureNamed(report, "origin").data);
        QCOMPARE(report.findings[1].conclusion,
            std::string("The gate projections differ from random ones (z 55), but by less than the "
                        "0.05 that counts."));
        QCOMPARE(report.findings[2].conclusion,
            std::string("The up projections are as unlike as random ones."));
        QCOMPARE(origin.rows[0].value, std::string("0.016 [0.014, 0.018]"));
        QCOMPARE(origin.rows[0].null, std::string("independent experts 0 ± 0.00057"));
        QCOMPARE(origin.rows[1].value, std::string("0.000 [−0.001, 0.001]"));
        QVERIFY(origin.rows[0].help.find("0.011 and 0.022") != std::string::npos);
        for (std::size_t p = 0; p < 3; ++p) {
            const Finding& finding = report.findings[1 + p];
            const auto& numbers = origin.rows[p].numbers;
            QCOMPARE(static_cast<int>(finding.verdict), static_cast<int>(Verdict::AtNull));
            QCOMPARE(numbers.value, *finding.effect);
            QCOMPARE(numbers.interval->lo, finding.interval->lo);
            QCOMPARE(numbers.interval->hi, finding.interval->hi);
            QCOMPARE(numbers.null->band->hi, finding.null->band->hi);
            QCOMPARE(*numbers.z, *finding.z);
            QCOMPARE(numbers.count, finding.tokens);
        }
        const auto ranks = std::get<VerdictFigure>(figureNamed(report, "compressible").data);
        for (std::size_t p = 0; p < 3; ++p) {
            const Finding& finding = report.findings[4 + p];
            const auto& numbers = ranks.rows[p].numbers;
            QCOMPARE(static_cast<int>(finding.verdict), static_cast<int>(Verdict::Supported));
            QVERIFY(finding.conclusion.find('(' + ranks.rows[p].null + ')') != std::string::npos);
            QVERIFY(std::abs(numbers.value / numbers.null->mean - *finding.effect) < 1e-12);
            QVERIFY(numbers.otherNull.has_value());
        }
        // One layer has its interval too.
        const auto one = analyse(sample("native"), layersOf({0}));
        VERIFY_OK(one);
        const auto single = std::get<VerdictFigure>(originFigure(*one).data);
        QCOMPARE(single.rows[0].value, std::string("0.018 [0.015, 0.021]"));
        QCOMPARE(moeTypeReport(*one).scope,
            std::string("Looked at layer 0 alone, one of 8 with experts."));
        QCOMPARE(report.scope, std::string("Looked at every layer with experts: 0-7."));
        MoeTypeSpec few = layersOf({0, 1, 2, 5});
        few.experts = 1;
        const auto lone = analyse(sample("native"), few);
        VERIFY_OK(lone);
        const Report alone = moeTypeReport(*lone);
        QCOMPARE(alone.scope, std::string("Looked at the layers 0-2, 5 (4 of 8 with experts)."));
        const auto& card = std::get<VerdictFigure>(figureNamed(alone, "origin").data);
        QCOMPARE(card.rows[0].direction, std::string("not enough data"));
        QVERIFY(card.note.empty());
        QCOMPARE(alone.findings[1].conclusion,
            std::string("There is not enough data on the gate projections."));
    }

    /// The rows of packed weights differ in norm: that alone lowers the rank of noise.
    void theLowerCeilingDecides()
    {
        using Standing = VerdictFigure::Standing;
        const auto result = analyse(openAt(fixtures() / "gguf" / "gpt-oss-mxfp4" / "model.gguf"));
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        const auto card = std::get<VerdictFigure>(figureNamed(report, "compressible").data);
        for (std::size_t p = 0; p < 3; ++p) {
            const Finding& finding = report.findings[4 + p];
            QCOMPARE(static_cast<int>(finding.verdict), static_cast<int>(Verdict::AtNull));
            QVERIFY(finding.conclusion.find("rank of noise with the same row norms")
                != std::string::npos);
            QVERIFY(finding.null->model.find("same row norms") != std::string::npos);
            QVERIFY(card.rows[p].standing == Standing::AtNull);
            QVERIFY(card.rows[p].null.starts_with("noise 39.0, same row norms 36."));
            QVERIFY(card.rows[p].numbers.null->mean < 37);
            QVERIFY(std::abs(card.rows[p].numbers.otherNull->mean - 39) < 0.1);
        }
    }

    void denseLayersBreakTheLines()
    {
        const auto result = analyse(openAt(fixtures() / "families" / "qwen2_moe"), {});
        VERIFY_OK(result);
        for (const Figure& figure :
            {rankByLayerFigure(*result, 0.95, true), cosineByLayerFigure(*result)}) {
            const auto& line = std::get<LineFigure>(figure.data);
            QCOMPARE(line.gaps.size(), std::size_t{1});
            QCOMPARE(line.gaps[0].x, 1.0);
            QCOMPARE(line.gaps[0].name, std::string("dense"));
            QVERIFY(figureToText(figure, 80, false).find("layer 1: dense") != std::string::npos);
            QVERIFY(figureToCsv(figure).find("gap,dense,1") != std::string::npos);
        }
        const auto native = analyse(sample("native"), layersOf({0, 5}));
        VERIFY_OK(native);
        // Layers that were not asked for are not dense.
        QVERIFY(std::get<LineFigure>(rankByLayerFigure(*native, 0.95, true).data).gaps.empty());
    }

    void figuresOfLargeMatricesAreThinned()
    {
        LayerWeights layer;
        layer.projections = {Projection::Gate};
        layer.analyses = {analysisWith(2, 3000, 2000, 0.5)};
        std::vector<double> sigma(2000);
        for (std::size_t i = 0; i < sigma.size(); ++i)
            sigma[i] = static_cast<double>(sigma.size() - i);
        layer.analyses[0].deltaSigma.assign(2, sigma);
        layer.analyses[0].surrogateSigma.assign(1, sigma);
        const Figure figure = decayFigure(layer, Projection::Gate, true, std::nullopt, 0.95);
        const LineFigure::Series& series = std::get<LineFigure>(figure.data).series.front();
        QVERIFY(series.x.size() <= 600);
        QCOMPARE(series.x.front(), 1.0);
        QCOMPARE(series.x.back(), 2000.0);
        QVERIFY(std::adjacent_find(series.x.begin(), series.x.end(), std::greater_equal<>())
            == series.x.end());
        const double rms = std::sqrt(2001.0 * 4001 / 6);
        for (std::size_t i = 0; i < series.x.size(); ++i)
            QVERIFY(std::abs(series.y[i] - (2001 - series.x[i]) / rms) < 1e-9);

        // A projection that was not analysed has an empty figure.
        QVERIFY(
            std::get<LineFigure>(decayFigure(layer, Projection::Up, true, std::nullopt, 0.95).data)
                .series.empty());
        QCOMPARE(std::get<HeatMapFigure>(similarityFigure(layer, Projection::Up).data).rows,
            std::size_t{0});
        const MoeTypeResult empty;
        QVERIFY(std::get<VerdictFigure>(originFigure(empty).data).rows.empty());
        QVERIFY(!moeTypeReport(empty).complete);
    }

    void fieldsAreNamedAsTheSheetSays()
    {
        const auto result = analyse(sample("native"), layersOf({2, 5}));
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        const Json& fields = *report.fields;
        QCOMPARE(fields["layer"].dump(), std::string("[2,5]"));
        QCOMPARE(fields["ordinal"].dump(), std::string("[2,5]"));
        QCOMPARE(fields["projection"].dump(), std::string(R"(["gate","up","down"])"));
        const auto shape = [&](const char* name) {
            std::vector<std::size_t> sizes;
            for (const Json* at = &fields[name]; at->is_array(); at = &(*at)[0])
                sizes.push_back(at->size());
            return sizes;
        };
        using Sizes = std::vector<std::size_t>;
        for (const char* name :
            {"rho_mean", "rho_mean_lo", "rho_mean_hi", "rho_mean_null", "rho_sd", "z",
                "base_energy", "base_energy_null", "base_energy_excess", "norm_cv", "breakeven"})
            QCOMPARE(shape(name), (Sizes{2, 3}));
        for (const char* name : {"spectra", "spectra_in_double"}) {
            QCOMPARE(shape(name), (Sizes{2, 3}));
            QCOMPARE(fields[name][1][2].get<int>(), 16 + 16 + 4); // small ones are all in double
        }
        QVERIFY(
            fields["spectra_note"].get<std::string>().find("within 0.001") != std::string::npos);
        QCOMPARE(shape("cos"), (Sizes{2, 3, 16, 16}));
        QCOMPARE(shape("order"), (Sizes{2, 3, 16}));
        QCOMPARE(shape("histogram"), (Sizes{2, 3, 5}));
        for (const char* name : {"rank_delta", "rank_raw"})
            QCOMPARE(shape(name), (Sizes{2, 3, 16, 3}));
        for (const char* name : {"ceiling", "rank_over_ceiling", "rank_over_min",
                 "rank_raw_over_ceiling", "rank_raw_over_min"})
            QCOMPARE(shape(name), (Sizes{2, 3, 3}));
        // Every array says what its indices are, and no axis is of an array that is not there.
        QVERIFY(!fields.contains("artefact"));
        for (const auto& [name, axes] : fields["axes"].items())
            QCOMPARE(shape(name.c_str()).size(),
                static_cast<std::size_t>(std::ranges::count(axes.get<std::string>(), '[')));
        for (const auto& [name, values] : fields.items())
            QVERIFY(!values.is_array() || fields["axes"].contains(name));
        double ranks = 0;
        for (const Json& expert : fields["rank_delta"][1][0])
            ranks += expert[1].get<double>();
        QVERIFY(std::abs(fields["rank_over_min"][1][0][1].get<double>() - ranks / 16 / 96) < 1e-12);
        const double base = fields["base_energy"][0][2].get<double>();
        QVERIFY(std::abs(fields["base_energy_excess"][0][2].get<double>()
                    - (base - 1.0 / 16) / (1 - 1.0 / 16))
            < 1e-12);
        for (const char* name : {"sigma_rel", "energy_cum", "sigma_rel_raw", "energy_cum_raw"})
            QCOMPARE(shape(name), (Sizes{2, 3, 16, 96}));
        QCOMPARE(fields["sigma_rel"][0][0][0][0].get<double>(), 1.0);
        QCOMPARE(fields["energy_cum"][1][2][15][95].get<double>(), 1.0);
        QCOMPARE(fields["verdict"]["origin"].get<std::string>(), std::string("no evidence found"));
        QCOMPARE(fields["verdict"]["votes"].size(), std::size_t{6});
        QCOMPARE(fields["verdict"]["compressible"].get<std::string>(), std::string("not measured"));
        QCOMPARE(fields["legacy"]["layer"].get<int>(), 2);
        QVERIFY(fields["legacy"]["score"].is_number());
        int pairs = 0;
        for (const Json& bin : fields["histogram"][0][0])
            pairs += bin.get<int>();
        QCOMPARE(pairs, 120);
        QCOMPARE((*report.spec)["experts"].get<int>(), 16);
        QCOMPARE(report.seed, std::uint64_t{1});
        std::vector<std::string> ids;
        for (const Figure& figure : report.figures)
            ids.push_back(figure.id);
        std::sort(ids.begin(), ids.end());
        QVERIFY(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
    }

    /// (β - 1/N) / (1 - 1/N) is the mean cosine when the norms are equal.
    void excessOfTheBaseIsTheCosineOfEqualNorms()
    {
        const auto result = oneLayer(analysisWith(4, 96, 64, 0.3));
        const Report report = moeTypeReport(result);
        const double excess = (*report.fields)["base_energy_excess"][0][0].get<double>();
        QVERIFY(std::abs(excess - 0.3) < 1e-12);
    }

    void biasesFakeTheSameFields()
    {
        const auto result = analyse(openAt(fixtures() / "families" / "gpt_oss_bf16"));
        VERIFY_OK(result);
        const Report report = moeTypeReport(*result);
        const Json& fields = *report.fields;
        const Json& artefact = fields["artefact"];
        QCOMPARE(artefact["layer"].size(), std::size_t{1});
        QVERIFY(artefact["projection"] == fields["projection"]);
        for (const char* name : {"cos", "rho_mean", "rho_mean_lo", "rho_mean_hi", "rho_sd", "z",
                 "rank_delta", "rank_raw", "ceiling", "base_energy", "base_energy_excess",
                 "norm_cv", "sigma_rel", "rank_over_ceiling"}) {
            QCOMPARE(artefact[name].size(), std::size_t{1});
            QCOMPARE(artefact[name][0].size(), artefact["projection"].size());
            QCOMPARE(artefact[name][0][0].size(), fields[name][0][0].size());
        }
        QVERIFY(artefact["ceiling"][0] == fields["ceiling"][0]);
        QVERIFY(artefact["rho_mean"][0][0] != fields["rho_mean"][0][0]);
        QVERIFY(artefact["note"].get<std::string>().starts_with("wrong on purpose"));
    }

    void manySpectraGoBesideTheJson()
    {
        MoeTypeResult result;
        result.spec.projections = {Projection::Gate};
        for (std::uint32_t l = 0; l < 4; ++l) {
            LayerWeights layer;
            layer.layer = LayerId(l);
            layer.projections = result.spec.projections;
            layer.analyses = {analysisWith(64, 4200, 4100, 0.1)};
            std::vector<double> sigma(4100, 1.0);
            sigma[0] = 2 + l;
            layer.analyses[0].deltaSigma.assign(64, sigma);
            layer.analyses[0].rawSigma = layer.analyses[0].deltaSigma;
            result.spec.layers.push_back(layer.layer);
            addLayer(result, std::make_shared<const LayerWeights>(std::move(layer)));
        }
        const Report report = moeTypeReport(result);
        const Json inlined = reportToJson(report);
        QVERIFY(inlined["fields"]["sigma_rel"]["omitted"].is_string());
        QCOMPARE(inlined["fields"]["sigma_rel"]["shape"].dump(), std::string("[4,1,64,4100]"));

        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("report.json").toStdString();
        VERIFY_OK(writeReportJson(report, path));
        const auto json = readJsonFile(path);
        VERIFY_OK(json);
        const Json& reference = (*json)["fields"]["sigma_rel"];
        QCOMPARE(reference["file"].get<std::string>(), std::string("report.json.safetensors"));
        QCOMPARE(reference["shape"].dump(), std::string("[4,1,64,4100]"));
        const auto sidecar = Checkpoint::open(path.string() + ".safetensors");
        VERIFY_OK(sidecar);
        for (const char* name : {"sigma_rel", "sigma_rel_raw", "energy_cum", "energy_cum_raw"})
            QVERIFY((*sidecar)->find(std::string("fields.") + name));
        const TensorInfo* tensor = (*sidecar)->find("fields.sigma_rel");
        QCOMPARE(tensor->dtype, DType::F32);
        std::vector<float> values(tensor->elements());
        std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
        for (std::size_t l = 0; l < 4; ++l) {
            QCOMPARE(values[l * 64 * 4100], 1.0F);
            QCOMPARE(values[l * 64 * 4100 + 1], 1.0F / static_cast<float>(2 + l));
        }
    }

    void sentencesFollowTheVerdicts_data()
    {
        QTest::addColumn<double>("cosine");
        QTest::addColumn<double>("error");
        QTest::addColumn<int>("verdict");
        QTest::addColumn<QString>("headline");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* name, double cosine, double error, Verdict verdict,
                             const char* headline, const char* sentence) {
            QTest::newRow(name) << cosine << error << static_cast<int>(verdict) << headline
                                << sentence;
        };
        row("alike", 0.4, 0.001, Verdict::Supported, "evidence of a shared origin in every",
            "The gate projections resemble one another: evidence.");
        row("copies", 1, 0, Verdict::Supported, "exact copies",
            "The gate projections are exact copies.");
        row("unlike", 0.01, 0.001, Verdict::AtNull, "not proof of training from random weights",
            "The gate projections are as unlike as random ones.");
        row("slightly alike", 0.03, 0.001, Verdict::AtNull, "no evidence of a shared origin",
            "The gate projections differ from random ones (z 5.8), but by less than the 0.05 that "
            "counts.");
        row("near what counts", 0.045, 0.003, Verdict::InsufficientData, "too uncertain",
            "The gate projections differ from random ones (z 8.6); whether by the 0.05 that counts "
            "is left open.");
        row("uncertain", 0.03, 0.1, Verdict::InsufficientData, "too uncertain",
            "The gate projections leave the question open.");
        row("opposed", -0.3, 0.001, Verdict::Contradicted, "speaks against",
            "The gate projections are less alike than random ones.");
    }

    void sentencesFollowTheVerdicts()
    {
        QFETCH(double, cosine);
        QFETCH(double, error);
        QFETCH(int, verdict);
        QFETCH(QString, headline);
        QFETCH(QString, sentence);
        ProjectionAnalysis gate = analysisWith(4, 96, 64, cosine);
        gate.cosines.error = error;
        const Report report = moeTypeReport(oneLayer(std::move(gate)));
        QCOMPARE(static_cast<int>(report.findings[0].verdict), verdict);
        QCOMPARE(static_cast<int>(report.findings[1].verdict), verdict);
        QVERIFY(QString::fromStdString(report.findings[0].conclusion).contains(headline));
        QCOMPARE(QString::fromStdString(report.findings[1].conclusion), sentence);
        const auto card = std::get<VerdictFigure>(figureNamed(report, "origin").data);
        using Standing = VerdictFigure::Standing;
        const auto& row = card.rows[0];
        QCOMPARE(row.vote,
            report.findings[1].verdict == Verdict::Supported          ? 1
                : report.findings[1].verdict == Verdict::Contradicted ? -1
                                                                      : 0);
        QCOMPARE(row.standing == Standing::Differs,
            row.vote != 0 || sentence.contains(QStringLiteral("left open")));
        QCOMPARE(row.standing == Standing::AtNull, sentence.contains(QStringLiteral("as unlike")));
        QCOMPARE(row.standing == Standing::Slight, sentence.contains(QStringLiteral("by less")));
    }

    void ranksFollowTheVerdicts()
    {
        ProjectionAnalysis gate = analysisWith(4, 96, 64, 0.1);
        const auto ceiling = static_cast<std::size_t>(marchenkoPasturRank(96, 64, 0.95));
        const auto flat = [](std::size_t rank) { // 95 % of the energy in this many directions
            std::vector<double> sigma(64, 1e-6);
            std::fill_n(sigma.begin(), rank, 1.0);
            return sigma;
        };
        const auto judged = [&](std::vector<std::size_t> ranks) {
            gate.deltaSigma.clear();
            for (const std::size_t rank : ranks)
                gate.deltaSigma.push_back(flat(rank));
            return moeTypeReport(oneLayer(gate)).findings[2];
        };
        const auto says = [](const Finding& finding, Verdict verdict, const char* words) {
            return finding.verdict == verdict
                && finding.conclusion.find(words) != std::string::npos;
        };
        const std::size_t same = ceiling * 100 / 95 + 1;
        QVERIFY(says(judged({9, 10, 9, 10}), Verdict::Supported, "% of the rank that noise"));
        QVERIFY(says(judged({same, same, same, same}), Verdict::AtNull, "have the rank of noise"));
        QVERIFY(says(judged({64, 64, 64, 64}), Verdict::Contradicted, "need more rank than noise"));
        QVERIFY(says(judged({10, 64, 20, 64}), Verdict::InsufficientData, "not settled"));
        // Of both ceilings the lower one counts, and no difference within its band.
        const std::size_t low = same * 7 / 10;
        gate.surrogateSigma.assign(4, flat(low));
        QVERIFY(says(judged({low, low, low, low}), Verdict::AtNull,
            "have the rank of noise with the same row norms"));
        QVERIFY(says(judged({9, 10, 9, 10}), Verdict::Supported,
            "% of the rank that noise with the same row norms"));
        gate.surrogateSigma.assign(4, flat(same * 11 / 10));
        QVERIFY(says(judged({same, same, same, same}), Verdict::AtNull, "have the rank of noise:"));
    }

    void legacyScoresAreTheSources()
    {
        // GPT-OSS-20B as printed: rank 1408 of 2880, cosine .017, "native" 73 %.
        LayerWeights layer;
        layer.projections = {Projection::Gate, Projection::Down};
        layer.analyses = {analysisWith(4, 2880, 2880, 0.017), analysisWith(4, 2880, 2880, 0.017)};
        std::vector<double> sigma(2880);
        std::fill_n(sigma.begin(), 1482, 1.0); // 95 % of 1482 equal values: 1408
        layer.analyses[0].deltaSigma.assign(4, sigma);
        const auto native = legacyType(layer);
        QVERIFY(native);
        QCOMPARE(native->label, std::string("native"));
        QVERIFY(std::abs(native->native - 0.73) < 0.005);

        layer.analyses = {analysisWith(4, 2880, 2880, 0.42), analysisWith(4, 2880, 2880, 0.42)};
        sigma.assign(2880, 0.0);
        sigma[0] = 1;
        layer.analyses[0].deltaSigma.assign(4, sigma);
        const auto upcycled = legacyType(layer);
        QVERIFY(upcycled);
        QCOMPARE(upcycled->label, std::string("upcycled"));
        QVERIFY(std::abs(upcycled->upcycled - (.4 * .8 + .3 * (1 - 1.0 / 2880 / .2) + .2 + .1))
            < 1e-12);

        layer.projections = {Projection::Gate, Projection::Up};
        QVERIFY(!legacyType(layer));
    }
};

QTEST_APPLESS_MAIN(TestMoeTypeReport)
#include "tst_moe_type_report.moc"
