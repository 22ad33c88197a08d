// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/explore.h"

namespace moescope {

namespace {

std::vector<std::string> tokenLabels(const RoutingTrace& trace)
{
    std::vector<std::string> labels;
    for (const TraceToken& token : trace.tokens)
        labels.push_back(visibleToken(token.text));
    return labels;
}

std::vector<std::string> expertLabels(std::uint32_t experts)
{
    std::vector<std::string> labels;
    for (std::uint32_t e = 0; e < experts; ++e)
        labels.push_back(std::to_string(e));
    return labels;
}

std::string routingNote(const RoutingTrace& trace, std::size_t t, std::size_t ordinal)
{
    std::string experts;
    const auto ids = trace.idsAt(t, ordinal);
    const auto weights = trace.weightsAt(t, ordinal);
    for (std::size_t i = 0; i < ids.size(); ++i)
        experts += fmt::format("{}E{} {:.3f}", i ? ", " : "", ids[i], weights[i]);
    return fmt::format("\"{}\" at layer {}: {}\nmargin {:.3f} {}, entropy {:.2f} of {:.2f} nats",
        visibleToken(trace.tokens[t].text), trace.layers[ordinal].value, experts,
        trace.marginAt(t, ordinal), trace.marginUnit, trace.entropyAt(t, ordinal),
        std::log(trace.experts));
}

/// Shares of tokens per expert (they sum to k), special tokens left out.
std::vector<double> loads(const RoutingTrace& trace, std::size_t ordinal)
{
    std::vector<double> load(trace.experts, 0.0);
    double tokens = 0;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        if (trace.tokens[t].special)
            continue;
        ++tokens;
        for (const std::int32_t id : trace.idsAt(t, ordinal))
            ++load[static_cast<std::size_t>(id)];
    }
    for (double& value : load)
        value = tokens > 0 ? value / tokens : 0;
    return load;
}

double finiteOrNan(float value)
{
    return std::isfinite(value) ? static_cast<double>(value)
                                : std::numeric_limits<double>::quiet_NaN();
}

/// A full bar is the 95th percentile of the margins, so that one sure token does not shrink all the
/// others.
double fullMargin(const RoutingTrace& trace)
{
    std::vector<double> values;
    for (const float margin : trace.margins) {
        if (std::isfinite(margin))
            values.push_back(static_cast<double>(margin));
    }
    return values.empty() ? 1.0 : std::max(1e-6, quantile(values, 0.95));
}

float overlapAt(const ExploreResult& result, std::size_t t, std::size_t ordinal)
{
    for (const auto& [i, j] : result.comparison->aligned) {
        if (i != t)
            continue;
        const auto a = result.a.trace.idsAt(i, ordinal);
        const auto b = result.b->trace.idsAt(j, ordinal);
        const auto shared = std::ranges::count_if(
            a, [&](std::int32_t id) { return std::ranges::find(b, id) != b.end(); });
        return static_cast<float>(shared) / static_cast<float>(std::max(a.size(), b.size()));
    }
    return std::numeric_limits<float>::quiet_NaN();
}

std::string markLabel(std::uint8_t mark)
{
    static constexpr const char* names[] = {"", "A", "B", "AB"};
    return names[mark & 3U];
}

} // namespace

Figure tokenStripFigure(const ExploreResult::Side& side, LayerId layer)
{
    TokenStripFigure strip;
    const auto ordinal = side.trace.ordinalOf(layer);
    for (std::size_t t = 0; t < side.trace.tokenCount(); ++t) {
        const TraceToken& token = side.trace.tokens[t];
        const TaggedToken& tag = side.tags[t];
        TokenStripFigure::Chip chip;
        chip.text = token.text;
        chip.letter = tokenTypeLetter(tag.type);
        chip.typeName = tokenTypeMeaning(tag.type);
        chip.trigram = formatTrigram(tag.previous, tag.type, tag.next);
        chip.colourGroup = static_cast<int>(typeGroup(tag.type));
        chip.generated = token.generated;
        chip.special = token.special;
        chip.note = fmt::format("position {}, id {}, {} ({}), trigram {}", t, token.id,
            tokenTypeName(tag.type), chip.typeName, chip.trigram);
        if (ordinal) {
            chip.badge = std::to_string(side.trace.top1At(t, *ordinal));
            chip.note += "\n" + routingNote(side.trace, t, *ordinal);
        }
        strip.chips.push_back(std::move(chip));
    }
    return {"tokens", "Tokens", "colour and letter: token type",
        "Each chip is one token; · is a space, ⏎ a line break.", std::move(strip)};
}

Figure allLayersFigure(const ExploreResult& result, LayersView view)
{
    const RoutingTrace& trace = result.a.trace;
    const std::size_t layers = trace.layerCount();
    RoutingGridFigure grid;
    grid.rowLabels = tokenLabels(trace);
    grid.rowTitle = "token";
    grid.colTitle = "layer";
    for (const LayerId layer : trace.layers)
        grid.colLabels.push_back(std::to_string(layer.value));
    const double full = fullMargin(trace);
    const double evenEntropy = std::log(std::max(2U, trace.experts));
    grid.shadeTitle = view == LayersView::Margin ? "margin"
        : view == LayersView::Entropy            ? "entropy"
                                                 : "experts shared with prompt B";
    grid.cells.resize(trace.tokenCount() * layers);
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        for (std::size_t l = 0; l < layers; ++l) {
            auto& cell = grid.cells[t * layers + l];
            cell.label = std::to_string(trace.top1At(t, l));
            cell.note = routingNote(trace, t, l);
            switch (view) {
            case LayersView::Margin: {
                const double margin = static_cast<double>(trace.marginAt(t, l));
                cell.shade = static_cast<float>(std::clamp(margin / full, 0.0, 1.0));
                break;
            }
            case LayersView::Entropy:
                cell.shade
                    = static_cast<float>(std::clamp(trace.entropyAt(t, l) / evenEntropy, 0.0, 1.0));
                break;
            case LayersView::Overlap:
                cell.shade = result.comparison ? overlapAt(result, t, l) : cell.shade;
                break;
            }
        }
    }
    return {"all-layers", "All layers", "top expert, shade = " + grid.shadeTitle,
        "The number is the expert with the largest weight. Ids of different layers are unrelated.",
        std::move(grid)};
}

Figure layerGridFigure(const ExploreResult::Side& side, LayerId layer, GridView view)
{
    const RoutingTrace& trace = side.trace;
    RoutingGridFigure grid;
    grid.rowLabels = tokenLabels(trace);
    grid.rowTitle = "token";
    grid.colTitle = "expert";
    const auto ordinal = trace.ordinalOf(layer);
    if (!ordinal)
        return {
            "layer", fmt::format("Layer {}", layer.value), "dense: no router", "", std::move(grid)};
    const std::size_t experts = trace.experts;
    grid.colLabels = expertLabels(trace.experts);
    grid.cells.resize(trace.tokenCount() * experts);
    grid.colLoad = loads(trace, *ordinal);
    grid.evenLoad = static_cast<double>(trace.k) / trace.experts;

    float largestWeight = 1e-9F;
    float lowLogit = std::numeric_limits<float>::infinity();
    float highLogit = -lowLogit;
    double largestProbability = 1e-9;
    std::vector<std::vector<double>> probabilities;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        probabilities.push_back(trace.probabilitiesAt(t, *ordinal));
        largestProbability = std::max(largestProbability, std::ranges::max(probabilities.back()));
        largestWeight = std::max(largestWeight, std::ranges::max(trace.weightsAt(t, *ordinal)));
        lowLogit = std::min(lowLogit, std::ranges::min(trace.logitsAt(t, *ordinal)));
        highLogit = std::max(highLogit, std::ranges::max(trace.logitsAt(t, *ordinal)));
    }
    RoutingGridFigure::RowBar margin{
        "margin", trace.marginUnit, {}, fullMargin(trace), roundingMargin(trace, *ordinal)};
    RoutingGridFigure::RowBar entropy{"entropy", "nats", {}, std::log(std::max(2U, trace.experts)),
        -std::numeric_limits<double>::infinity()};
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        const auto ids = trace.idsAt(t, *ordinal);
        const auto weights = trace.weightsAt(t, *ordinal);
        const auto logits = trace.logitsAt(t, *ordinal);
        for (std::size_t e = 0; e < experts; ++e) {
            auto& cell = grid.cells[t * experts + e];
            const auto slot = static_cast<std::size_t>(
                std::ranges::find(ids, static_cast<std::int32_t>(e)) - ids.begin());
            const bool chosen = slot < ids.size();
            const double p = probabilities[t][e];
            switch (view) {
            case GridView::Chosen:
                if (chosen)
                    cell.shade = weights[slot] / largestWeight;
                cell.faint = static_cast<float>(p);
                break;
            case GridView::Probabilities:
                cell.shade = static_cast<float>(p / largestProbability);
                break;
            case GridView::Logits:
                cell.shade = (logits[e] - lowLogit) / std::max(1e-9F, highLogit - lowLogit);
                break;
            }
            if (chosen)
                cell.label = std::to_string(slot + 1);
            cell.note = fmt::format("\"{}\" and expert {}: {}\nprobability {:.3f}, logit {:.3f}",
                grid.rowLabels[t], e,
                chosen ? fmt::format(
                    "choice {} of {}, weight {:.3f}", slot + 1, ids.size(), weights[slot])
                       : std::string("not chosen"),
                p, logits[e]);
        }
        margin.values.push_back(finiteOrNan(trace.marginAt(t, *ordinal)));
        entropy.values.push_back(trace.entropyAt(t, *ordinal));
    }
    grid.rowBars = {std::move(margin), std::move(entropy)};
    grid.shadeTitle = view == GridView::Chosen
        ? fmt::format("weight, darkest {:.2f}", largestWeight)
        : view == GridView::Probabilities
        ? fmt::format("softmax probability, darkest {:.2f}", largestProbability)
        : fmt::format("router logit, {:.1f} to {:.1f}", lowLogit, highLogit);
    return {"layer", fmt::format("Layer {}", layer.value),
        "which expert reads which token · shade = " + grid.shadeTitle,
        fmt::format("Numbers are ranks among the {} chosen. Bars on top: share of tokens per "
                    "expert; even share k/E = "
                    "{:.3f}.",
            trace.k, grid.evenLoad),
        std::move(grid)};
}

Figure comparisonGridFigure(const ExploreResult& result, LayerId layer)
{
    RoutingGridFigure grid;
    grid.rowTitle = "token";
    grid.colTitle = "expert";
    grid.shadeTitle = "chosen by A, by B, by both";
    const RoutingTrace& a = result.a.trace;
    const auto ordinal = a.ordinalOf(layer);
    Figure figure{"layer-compared", fmt::format("Layer {}, prompts aligned", layer.value),
        "which experts they share, token by token", "", {}};
    if (!ordinal || !result.b) {
        figure.data = std::move(grid);
        return figure;
    }
    const RoutingTrace& b = result.b->trace;
    const std::size_t experts = a.experts;
    grid.colLabels = expertLabels(a.experts);
    RoutingGridFigure::RowBar shared{
        "shared", fmt::format("of {}", a.k), {}, static_cast<double>(a.k), -1};
    constexpr auto kNone = std::numeric_limits<std::size_t>::max();
    const auto addRow = [&](std::size_t i, std::size_t j) {
        const std::size_t row = grid.rowLabels.size();
        const bool hasA = i != kNone;
        const bool hasB = j != kNone;
        grid.rowLabels.push_back(
            fmt::format("{} {}", visibleToken(hasA ? a.tokens[i].text : b.tokens[j].text),
                hasA && hasB ? "AB"
                    : hasA   ? "A"
                             : "B"));
        grid.cells.resize((row + 1) * experts);
        const auto mark = [&](std::span<const std::int32_t> ids, std::uint8_t bit) {
            for (const std::int32_t id : ids)
                grid.cells[row * experts + static_cast<std::size_t>(id)].mark |= bit;
        };
        if (hasA)
            mark(a.idsAt(i, *ordinal), 1);
        if (hasB)
            mark(b.idsAt(j, *ordinal), 2);
        double both = 0;
        for (std::size_t e = 0; e < experts; ++e) {
            auto& cell = grid.cells[row * experts + e];
            if (cell.mark == 0)
                continue;
            cell.shade = 1;
            cell.label = markLabel(cell.mark);
            cell.note
                = fmt::format("expert {}: chosen by {}", e, cell.mark == 3 ? "both" : cell.label);
            both += cell.mark == 3;
        }
        shared.values.push_back(hasA && hasB ? both : std::numeric_limits<double>::quiet_NaN());
    };
    std::size_t nextA = 0;
    std::size_t nextB = 0;
    const auto catchUp = [&](std::size_t i, std::size_t j) {
        while (nextA < i)
            addRow(nextA++, kNone);
        while (nextB < j)
            addRow(kNone, nextB++);
    };
    for (const auto& [i, j] : result.comparison->aligned) {
        catchUp(i, j);
        addRow(nextA++, nextB++);
    }
    catchUp(a.tokenCount(), b.tokenCount());
    grid.rowBars = {std::move(shared)};
    figure.caption
        = "Letters after a token say which prompt has it; aligned tokens stand on one row.";
    figure.data = std::move(grid);
    return figure;
}

Figure overlapByLayerFigure(const ExploreResult& result)
{
    LineFigure chart;
    chart.xAxis.title = "layer";
    chart.yAxis.title = "shared experts at aligned tokens, share of k";
    chart.yAxis.lo = 0;
    chart.yAxis.hi = 1;
    Figure figure{"overlap-by-layer", "Overlap by layer", "", "", {}};
    if (!result.comparison || result.a.trace.layers.empty()) {
        figure.data = std::move(chart);
        return figure;
    }
    const RoutingTrace& trace = result.a.trace;
    LineFigure::Series series;
    series.name = "shared share";
    series.emphasised = true;
    series.markers = true;
    LineFigure::Band band;
    band.name = "random sets, 95 % band";
    for (std::size_t l = 0; l < trace.layerCount(); ++l) {
        const LayerOverlap& overlap = result.comparison->layers[l];
        const auto x = static_cast<double>(trace.layers[l].value);
        series.x.push_back(x);
        series.y.push_back(overlap.alignedOverlap);
        band.x.push_back(x);
        band.lo.push_back(overlap.alignedBand.lo);
        band.hi.push_back(overlap.alignedBand.hi);
    }
    chart.series = {std::move(series)};
    chart.bands = {std::move(band)};
    chart.levels = {{"random sets: k/E", static_cast<double>(trace.k) / trace.experts, true}};
    figure.subtitle = fmt::format("{} aligned tokens{}", result.comparison->compared,
        result.comparison->prefixLeftOut ? ", common start left out" : "");
    figure.caption = "A causal model routes a common start alike, so it is not counted. The band "
                     "is where the mean of "
                     "independent random choices falls.";
    figure.data = std::move(chart);
    return figure;
}

} // namespace moescope
