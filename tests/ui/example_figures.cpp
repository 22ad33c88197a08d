// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/example_figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "core/base/text.h"

namespace moescope::test {

namespace {

template <typename Data>
FigurePointer make(const char* id, const char* title, const char* subtitle, Data data)
{
    return std::make_shared<const Figure>(Figure{
        id, title, subtitle, "Example data made for the tests, not measured.", std::move(data)});
}

struct Word {
    const char* text;
    const char* letter;
    int group;
};

const std::vector<Word>& words()
{
    static const std::vector<Word> list{{"K", "N", 0}, {"ing", "N", 0}, {" is", "F", 3},
        {" to", "F", 3}, {" queen", "N", 0}, {" as", "R", 4}, {" man", "N", 0}, {" is", "F", 3},
        {" to", "F", 3}, {" woman", "N", 0}, {".", "P", 7}};
    return list;
}

std::vector<std::string> numbers(std::size_t n)
{
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < n; ++i)
        labels.push_back(std::to_string(i));
    return labels;
}

std::vector<double> ramp(std::size_t n, double step = 1)
{
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i)
        values[i] = static_cast<double>(i) * step;
    return values;
}

RoutingGridFigure routing(
    std::size_t tokens, std::size_t experts, std::size_t k, std::uint64_t seed)
{
    Random random = Random::stream(seed, 0);
    RoutingGridFigure grid;
    grid.rowTitle = "token";
    grid.colTitle = "expert";
    grid.shadeTitle = "weight";
    grid.colLabels = numbers(experts);
    grid.cells.resize(tokens * experts);
    grid.colLoad.assign(experts, 0);
    grid.evenLoad = static_cast<double>(k) / static_cast<double>(experts);
    RoutingGridFigure::RowBar margin{"margin", "logit", {}, 1, 0.08};
    RoutingGridFigure::RowBar entropy{
        "entropy", "nats", {}, std::log(static_cast<double>(experts))};
    for (std::size_t t = 0; t < tokens; ++t) {
        grid.rowLabels.push_back(visibleToken(words()[t % words().size()].text));
        std::vector<double> score(experts);
        for (double& value : score)
            value = random.normal();
        std::vector<std::size_t> order(experts);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
        for (std::size_t rank = 0; rank < experts; ++rank) {
            RoutingGridFigure::Cell& cell = grid.cells[t * experts + order[rank]];
            cell.faint
                = static_cast<float>(std::exp(score[order[rank]]) / static_cast<double>(experts));
            if (rank >= k)
                continue;
            cell.shade
                = static_cast<float>(std::clamp(std::exp(score[order[rank]] - 2.2), 0.02, 1.0));
            cell.label = std::to_string(rank + 1);
            grid.colLoad[order[rank]] += 1.0 / static_cast<double>(tokens);
        }
        margin.values.push_back(score[order[k - 1]] - score[order[k]]);
        entropy.values.push_back(
            entropy.full * (0.6 + 0.35 * std::abs(std::sin(static_cast<double>(t)))));
    }
    grid.rowBars = {margin, entropy};
    return grid;
}

} // namespace

FigurePointer exampleStrip()
{
    TokenStripFigure strip;
    for (const Word& word : words())
        strip.chips.push_back({word.text, word.letter, word.group == 0 ? "noun" : "function word",
            "NOUN→FUNC→FUNC", word.group, "", "example note", false, false});
    return make("tokens", "Tokens", "colour and letter: token type", std::move(strip));
}

FigurePointer exampleLongStrip()
{
    TokenStripFigure strip;
    strip.chips.push_back({"<s>", "S", "special", "^→CAP→VERB", 7, "", "", false, true});
    const std::array<Word, 16> list{{{"Le", "D", 2}, {" na\xC3\xAF", "A", 2}, {"ve", "V", 1},
        {" \xE6\xBC\xA2\xE5\xAD\x97", "C", 0}, {"\xE3", "b", 7},
        {" \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "N", 0}, {"\n", "w", 7}, {"\t", "w", 7},
        {" 1234", "#", 5}, {" return", "K", 6}, {" synonym", "R", 4}, {" running", "V", 1},
        {" the", "F", 3}, {" of", "F", 3}, {" internationalisation", "N", 0},
        {" \xF0\x9F\x99\x82", "P", 7}}};
    for (int repeat = 0; repeat < 6; ++repeat)
        for (const Word& word : list)
            strip.chips.push_back({word.text, word.letter, "example type", "CAP→VERB→NOUN",
                word.group, std::to_string(repeat * 3 % 16), "", repeat >= 4, false});
    return make("tokens-long", "Tokens", "top expert under each token", std::move(strip));
}

FigurePointer exampleGrid()
{
    return make("layer", "Layer 5", "which expert reads which token, and with what weight",
        routing(11, 16, 4, 7));
}

FigurePointer exampleWideGrid()
{
    return make("layer-wide", "Layer 12", "128 experts, 8 chosen", routing(40, 128, 8, 8));
}

FigurePointer exampleLayers()
{
    Random random = Random::stream(3, 0);
    RoutingGridFigure grid;
    grid.rowTitle = "token";
    grid.colTitle = "layer";
    grid.shadeTitle = "margin";
    grid.colLabels = numbers(8);
    for (const Word& word : words()) {
        grid.rowLabels.push_back(visibleToken(word.text));
        for (int layer = 0; layer < 8; ++layer)
            grid.cells.push_back({static_cast<float>(random.uniform() * random.uniform()), 0,
                std::to_string(random.below(16)), 0, ""});
    }
    return make("all-layers", "All layers", "top expert, shade = margin", std::move(grid));
}

FigurePointer exampleComparison()
{
    RoutingGridFigure a = routing(15, 16, 4, 11);
    const RoutingGridFigure b = routing(15, 16, 4, 12);
    for (std::size_t i = 0; i < a.cells.size(); ++i) {
        const bool inA = !std::isnan(a.cells[i].shade);
        const bool inB = i % 64 < 32 ? inA : !std::isnan(b.cells[i].shade);
        a.cells[i].mark
            = static_cast<std::uint8_t>((inA ? 1 : 0) + (inB ? 2 : 0) + (i % 31 == 0 ? 4 : 0));
    }
    a.colLoad.clear();
    a.rowBars = {{"shared", "of 4", std::vector<double>(15, 3.0), 4}};
    return make("layer-compared", "Layer 5, prompts aligned",
        "which experts they share, token by token", std::move(a));
}

FigurePointer exampleSimilarity()
{
    HeatMapFigure map;
    map.valueTitle = "cosine";
    map.rows = map.cols = 8;
    map.rowAxis.title = map.colAxis.title = "expert";
    map.range = Interval{0, 1};
    map.null = NullModel{"random directions of this size", 0.0, Interval{-0.0122, 0.0122}};
    for (std::size_t i = 0; i < 64; ++i) {
        const auto row = static_cast<double>(i / 8);
        const auto col = static_cast<double>(i % 8);
        map.values.push_back(row == col ? 1
                : row + col == 13       ? 0.004
                                        : 0.9 + 0.03 * std::sin(row * col));
    }
    map.values[3] = map.values[24] = std::numeric_limits<double>::quiet_NaN();
    map.clusteredOrder = {7, 6, 5, 4, 3, 2, 1, 0};
    return make("similarity", "Similarity of experts", "cosine, layer 3, gate", std::move(map));
}

FigurePointer exampleDomains()
{
    Random random = Random::stream(5, 0);
    HeatMapFigure map;
    map.valueTitle = "share of tokens against the average";
    map.rowLabels = {"analogy", "antonym", "arithmetic", "causation", "code", "comparison",
        "conditional", "context switch"};
    map.rows = map.rowLabels.size();
    map.cols = 16;
    map.colAxis.title = "expert";
    map.scale = ColourScale::Diverging;
    map.centre = 1;
    for (std::size_t i = 0; i < map.rows * map.cols; ++i)
        map.values.push_back(std::max(0.0, 1 + 0.45 * random.normal()));
    return make("domains", "Experts by domain, layer 5",
        "share of tokens against the average, white = 1", std::move(map));
}

FigurePointer exampleSpectrum()
{
    LineFigure chart;
    chart.xAxis.title = "rank";
    chart.yAxis.title = "σ / rms";
    const auto curve = [](double height, double bend) {
        std::vector<double> y;
        for (int i = 0; i <= 128; ++i)
            y.push_back(
                0.1 + height * std::exp(-i / 45.0) * (1 - i / 160.0) + bend * std::exp(-i / 6.0));
        return y;
    };
    for (int e = 0; e < 8; ++e) {
        LineFigure::Series s{
            "E" + std::to_string(e), ramp(129), curve(2 + 0.03 * e, 0.1 * e), {}, {}};
        s.muted = e != 2;
        s.emphasised = e == 2;
        chart.series.push_back(std::move(s));
    }
    LineFigure::Series noise{
        "random matrix of this shape (Marchenko–Pastur)", ramp(129), {}, {}, {}};
    for (int i = 0; i <= 128; ++i)
        noise.y.push_back(1.82 * std::sqrt(1 - i / 131.0));
    noise.isNull = true;
    chart.series.push_back(std::move(noise));
    chart.verticals = {{"95 % of energy: 72", 72, false}, {"noise: 92", 92, true}};
    return make("spectrum", "Singular values", "layer 3, gate, differences from the mean",
        std::move(chart));
}

FigurePointer exampleRanks()
{
    LineFigure chart;
    chart.xAxis = {"layer", "", 0, 7, false};
    chart.yAxis = {"rank / ceiling", "", 0, 1, false};
    const std::array<std::pair<const char*, double>, 3> names{
        {{"gate", 0.80}, {"up", 0.79}, {"down", 0.9}}};
    for (const auto& [name, height] : names) {
        LineFigure::Series s{name, ramp(6), {}, {}, {}};
        for (int i = 0; i < 6; ++i)
            s.y.push_back(i == 0 ? 0.94 : height + 0.015 * i);
        s.markers = true;
        chart.series.push_back(std::move(s));
    }
    chart.levels = {{"ceiling: noise of this shape", 1.0, true}};
    chart.pendingFrom = 5.5;
    return make(
        "rank-by-layer", "Rank by layer", "95 % of energy, share of the ceiling", std::move(chart));
}

FigurePointer exampleOverlap()
{
    LineFigure chart;
    chart.xAxis.title = "layer";
    chart.yAxis = {"shared experts at aligned tokens", "%", 0, 100, false};
    LineFigure::Series s{"shared", ramp(8), {95, 96, 88, 71, 70, 79, 75, 84}, {}, {}};
    for (const double y : s.y) {
        s.lo.push_back(y - 6);
        s.hi.push_back(std::min(100.0, y + 5));
    }
    s.markers = true;
    chart.series.push_back(std::move(s));
    chart.bands = {{"random sets, 95 % band", ramp(8), std::vector<double>(8, 12),
        std::vector<double>(8, 40)}};
    chart.levels = {{"random sets: k/E", 25, true}};
    return make("overlap", "Overlap by layer", "", std::move(chart));
}

FigurePointer exampleLogarithmic()
{
    LineFigure chart;
    chart.xAxis = {"tokens", "", std::nullopt, std::nullopt, true};
    chart.yAxis = {"unseen experts", "", std::nullopt, std::nullopt, true};
    LineFigure::Series s{"measured", {}, {}, {}, {}};
    LineFigure::Series null{"random routing", {}, {}, {}, {}};
    for (double x = 10; x < 2e6; x *= 1.6) {
        s.x.push_back(x);
        s.y.push_back(x > 3e5 ? 0 : 40 / std::sqrt(x));
        null.x.push_back(x);
        null.y.push_back(60 / x);
    }
    null.isNull = true;
    chart.series = {std::move(s), std::move(null)};
    return make("unseen", "Unseen experts", "both axes logarithmic", std::move(chart));
}

FigurePointer exampleLoads()
{
    BarFigure chart;
    chart.categoryAxis.title = "expert";
    chart.valueAxis.title = "share of tokens";
    for (int e = 0; e < 16; ++e) {
        const double value = 0.25 + 0.2 * std::sin(e * 1.7);
        chart.bars.push_back({std::to_string(e), value, Interval{value - 0.05, value + 0.06}});
    }
    chart.nullLevel = 0.25;
    chart.nullName = "even share k/E";
    return make("loads", "Load of experts", "layer 5", std::move(chart));
}

FigurePointer exampleBudgets()
{
    BarFigure chart;
    chart.valueAxis = {"loss added", "%", std::nullopt, std::nullopt, false};
    chart.bars = {{"random experts removed", 12.4, Interval{10.1, 14.8}},
        {"least used removed", 4.1, Interval{3.2, 5.0}},
        {"lowest router norm removed", 9.8, Interval{6.9, 12.9}},
        {"smallest output change removed", 2.2, Interval{1.6, 2.8}},
        {"not measured yet", std::numeric_limits<double>::quiet_NaN(), std::nullopt}};
    chart.nullLevel = 12.4;
    chart.nullName = "random choice";
    return make(
        "budgets", "What removal costs", "quarter of the experts, layer 5", std::move(chart));
}

FigurePointer exampleTable()
{
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "counted from the embedding"},
        {"projection", "", false, -1, ""}, {"cosine", "", true, 3, "mean of all pairs"},
        {"rank", "%", true, 1, "95 % of energy"}, {"note", "", false, -1, ""}};
    for (int i = 0; i < 24; ++i)
        table.rows.push_back({static_cast<double>(i / 3),
            std::string(i % 3 == 0 ? "gate"
                    : i % 3 == 1   ? "up"
                                   : "down"),
            i == 7 ? TableFigure::Cell(std::numeric_limits<double>::quiet_NaN())
                   : TableFigure::Cell(0.9 - 0.37 * ((i * 5) % 8)),
            60 + 1.5 * i, std::string(i % 5 == 0 ? "as random" : "")});
    return make("layers", "Layers", "every projection", std::move(table));
}

FigurePointer exampleVerdict()
{
    VerdictFigure verdict{"Shared origin", "evidence", "8 of 8 layers, 3 projections, 8 experts",
        VerdictFigure::Tone::Evidence,
        {{"pairwise cosine, gate", "0.92", "null 0.000 ± 0.002", "shared", 1,
             "mean cosine of all pairs of experts"},
            {"base energy", "0.93", "null 0.125", "shared", 1,
                "share of energy in the common mean"},
            {"closest neuron match", "0.31", "null 99.9 %: 0.31", "as random", 0,
                "best match of single neurons", VerdictFigure::Standing::AtNull},
            {"dense parent", "recognised", "p = 0.001", "shared", 1, ""}}};
    return make("shared-origin", "Shared origin", "", std::move(verdict));
}

FigurePointer exampleVerdictAgainst()
{
    VerdictFigure verdict{"Compressible", "no", "although similar: similar is not compressible",
        VerdictFigure::Tone::Warning,
        {{"rank at 95 % of the differences", "72 of 128", "ceiling of noise 92", "nearly full", -1,
             ""},
            {"break-even rank", "77", "saves 6 % at 95 %", "no gain", -1, ""},
            {"output error at break-even", "21 %", "bound 1 %", "too large", -1, ""},
            {"bytes saved at 1 % error", "0 %", "", "no gain", -1, ""}}};
    return make("compressible", "Compressible", "", std::move(verdict));
}

std::vector<FigurePointer> allExampleFigures()
{
    return {exampleStrip(), exampleLongStrip(), exampleGrid(), exampleWideGrid(), exampleLayers(),
        exampleComparison(), exampleSimilarity(), exampleDomains(), exampleSpectrum(),
        exampleRanks(), exampleOverlap(), exampleLogarithmic(), exampleLoads(), exampleBudgets(),
        exampleTable(), exampleVerdict(), exampleVerdictAgainst()};
}

} // namespace moescope::test
