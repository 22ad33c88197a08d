// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/experiments/taxonomy.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

/// Mean over the finished layers (and projections, unless one is named) of what a published
/// quantity names.
std::optional<double> measured(const MoeTypeResult& result, const PublishedValue& value)
{
    std::vector<double> numbers;
    for (const auto& layer : result.layers) {
        for (std::size_t p = 0; p < layer->analyses.size(); ++p) {
            if (!value.projection.empty()
                && value.projection != projectionName(layer->projections[p]))
                continue;
            const ProjectionAnalysis& analysis = layer->analyses[p];
            if (value.quantity == "mean_cosine")
                numbers.push_back(analysis.cosines.mean);
            else if (value.quantity == "delta_rank_95")
                numbers.push_back(moetype::ranksOf(analysis.deltaSigma, 0.95).mean);
        }
    }
    if (numbers.empty())
        return std::nullopt;
    double sum = 0;
    for (const double number : numbers)
        sum += number;
    return sum / static_cast<double>(numbers.size());
}

std::string quantityText(const PublishedValue& value)
{
    std::string text = value.quantity == "mean_cosine" ? "mean cosine of pairs of experts"
        : value.quantity == "delta_rank_95"            ? "rank at 95 % of the differences"
        : value.quantity == "cosine_to_dense"          ? "cosine to a dense model"
                                                       : value.quantity;
    return value.projection.empty() ? text : fmt::format("{}, {}", text, value.projection);
}

std::string numberText(const PublishedValue& value)
{
    std::string text;
    if (value.value)
        text = displayNumber(*value.value);
    if (value.lo && value.hi)
        text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", displayNumber(*value.lo, 3),
            displayNumber(*value.hi, 3));
    else if (value.lo)
        text += fmt::format("above {}", displayNumber(*value.lo));
    else if (value.hi)
        text += fmt::format("below {}", displayNumber(*value.hi));
    return value.of ? fmt::format("{} of {:.0f}", text, *value.of) : text;
}

} // namespace

std::optional<Figure> publishedFigure(
    const MoeTypeResult& result, const std::vector<KnownModel>& models)
{
    if (!result.model || !result.model->model)
        return std::nullopt;
    const KnownModel* known = findKnownModel(models, result.model->model->config());
    if (!known)
        return std::nullopt;
    Figure figure;
    figure.id = "published-values";
    figure.title = "What is published about this shape";
    figure.subtitle = known->name;
    figure.caption = fmt::format("{} has the shape of this model. Documented history: {} ({}) "
                                 "Published values decide no verdict here.",
        known->name, known->historyText, known->historySource);
    TableFigure table;
    table.columns = {{"quantity", "", false, -1, ""}, {"published", "", false, -1, ""},
        {"measured here", "", true, 3, "Mean of the layers that were analysed"},
        {"source", "", false, -1, ""}, {"note", "", false, -1, ""}};
    table.rows.push_back({std::string("training history"), known->history, std::monostate(),
        known->historySource, known->historyText});
    for (const PublishedValue& value : known->values) {
        TableFigure::Cell here;
        if (const auto number = measured(result, value))
            here = *number;
        table.rows.push_back(
            {quantityText(value), numberText(value), here, value.source, value.note});
    }
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
