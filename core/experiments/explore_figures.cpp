// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/experiments/explore_grids.h"
#include "core/experiments/explore_words.h"

namespace moescope {

namespace {

/// For a grid that is filled before the value it looks at goes away.
template <typename T>
std::shared_ptr<const T> borrowed(const T& value)
{
    return {std::shared_ptr<const void>(), &value};
}

} // namespace

Figure tokenStripFigure(const ExploreResult::Side& side, LayerId layer)
{
    TokenStripFigure strip;
    const auto ordinal = side.trace.ordinalOf(layer);
    if (ordinal)
        strip.badgeTitle
            = fmt::format("{} in layer {}", topExpertName(side.trace, *ordinal), layer.value);
    for (std::size_t t = 0; t < side.trace.tokenCount(); ++t) {
        const TraceToken& token = side.trace.tokens[t];
        const TaggedToken& tag = side.tags[t];
        TokenStripFigure::Chip chip;
        chip.text = token.text;
        const bool typed = !isBareId(token);
        if (typed) {
            chip.letter = tokenTypeLetter(tag.type);
            chip.typeName = tokenTypeMeaning(tag.type);
            chip.trigram = formatTrigram(tag.previous, tag.type, tag.next);
        }
        chip.colourGroup = static_cast<int>(typed ? typeGroup(tag.type) : TypeGroup::Other);
        chip.generated = token.generated;
        chip.special = token.special;
        chip.note = fmt::format("position {}, id {}", t, token.id);
        if (const std::string whole = partialCharacters(side.trace, t); !whole.empty())
            chip.note += fmt::format("\nsome of the bytes of \"{}\"", whole);
        if (typed)
            chip.note += fmt::format(
                "\n{} ({}), trigram {}", chip.typeName, tokenTypeName(tag.type), chip.trigram);
        if (ordinal) {
            chip.badge = std::to_string(side.trace.top1At(t, *ordinal));
            chip.note += "\n" + routingNote(side.trace, t, *ordinal);
        }
        strip.chips.push_back(std::move(chip));
    }
    return {"tokens", "Tokens", "colour and letter: token type",
        "Each chip is one token; · is a space, ⏎ a line break.", std::move(strip)};
}

Figure allLayersFigure(const ExploreResult& result, LayersView view, bool ofB)
{
    const auto& layers = result.a.trace.layers;
    const std::size_t blocks = result.model && result.model->model
        ? result.model->model->config().layerCount()
        : layers.empty() ? 0
                         : layers.back().value + 1;
    const auto shared = borrowed(result);
    Figure figure = filledFigure(
        allLayersGrid(ofB ? sideB(shared) : sideA(shared), blocks, view, counterpart(shared, ofB)));
    if (comparesInterventions(result))
        figure.caption += " Framed: other experts than in the other run.";
    return figure;
}

Figure layerGridFigure(const ExploreResult::Side& side, LayerId layer, GridView view)
{
    return filledFigure(layerGrid(borrowed(side), layer, view));
}

Figure layerGridFigure(const ExploreResult& result, LayerId layer, GridView view, bool ofB)
{
    const auto shared = borrowed(result);
    Figure figure = filledFigure(
        layerGrid(ofB ? sideB(shared) : sideA(shared), layer, view, counterpart(shared, ofB)));
    if (comparesInterventions(result))
        figure.caption += " Framed: chosen in one run and not in the other.";
    return figure;
}

Figure comparisonGridFigure(const ExploreResult& result, LayerId layer)
{
    static constexpr const char* kLetters[] = {"", " A", " B", " AB"};
    const ComparisonGrid grid = comparisonGrid(borrowed(result), layer);
    Figure figure = filledFigure(grid);
    auto& labels = std::get<RoutingGridFigure>(figure.data).rowLabels;
    for (std::size_t row = 0; row < labels.size(); ++row)
        labels[row] += kLetters[grid.rowSides[row]];
    return figure;
}

Figure overlapByLayerFigure(const ExploreResult& result)
{
    LineFigure chart;
    chart.xAxis.title = "layer";
    chart.yAxis.title = "experts in common, share of k";
    chart.yAxis.lo = 0;
    chart.yAxis.hi = 1;
    Figure figure{"overlap-by-layer", "Overlap by layer", "", "", {}};
    if (!result.comparison || result.a.trace.layers.empty()) {
        figure.data = std::move(chart);
        return figure;
    }
    const RoutingTrace& trace = result.a.trace;
    if (result.comparison->compared == 0) { // a band of nothing would look like a measurement
        chart.xAxis.lo = trace.layers.front().value;
        chart.xAxis.hi = trace.layers.back().value;
        figure.subtitle = "no token stands in both prompts";
        figure.caption = result.comparison->prefixLeftOut
            ? "A causal model routes a common start alike, so it is not counted; after it there is "
              "no overlap to measure."
            : "There is no overlap to measure.";
        figure.data = std::move(chart);
        return figure;
    }
    LineFigure::Series series;
    series.name = "measured";
    series.emphasised = true;
    series.markers = true;
    LineFigure::Band band;
    band.name = "random sets, 95 %";
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
    figure.subtitle = fmt::format("{} aligned token{}", result.comparison->compared,
        result.comparison->compared == 1 ? "" : "s");
    if (result.comparison->prefixLeftOut)
        figure.caption = "A causal model routes a common start alike, so it is not counted. ";
    figure.caption += "The band is where the mean of independent random choices falls.";
    figure.data = std::move(chart);
    return figure;
}

} // namespace moescope
