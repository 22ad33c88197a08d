// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/change_report.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/intervention_effect.h"
#include "core/experiments/intervention_words.h"
#include "core/io/json.h"

namespace moescope {

namespace {

constexpr std::size_t kNamedChanges = 3;

std::string counted(std::size_t n, std::string_view what)
{
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string quoted(const RoutingTrace& trace, std::size_t token)
{
    return fmt::format("“{}”", visibleToken(trace.tokens[token].text));
}

std::string tokenText(const ExploreResult& result, std::int32_t id)
{
    return visibleToken(traceToken(*result.model, id).text);
}

/// A change is measured exactly, but one prompt says nothing of others.
Finding oneRun(std::string claim, std::string test, std::size_t tokens)
{
    Finding finding;
    finding.claim = std::move(claim);
    finding.test = std::move(test);
    finding.tokens = tokens;
    finding.prompts = 1;
    finding.intervalNote = "intervals resample prompts; one prompt gives none";
    finding.null = NullModel{"the untouched model against itself", 0, std::nullopt};
    finding.verdict = Verdict::InsufficientData;
    finding.tokensNeeded = kFewestTokens;
    return finding;
}

Finding choicesFinding(const ExploreResult& result, const InterventionEffect& effect)
{
    const RoutingTrace& untouched = result.a.trace;
    const RoutingTrace& changed = result.b->trace;
    Finding finding = oneRun("The change sends tokens to other experts",
        "choices (token × layer) whose set of experts differs, changed against untouched",
        effect.tokens);
    finding.effect = static_cast<double>(effect.changedCells) / static_cast<double>(effect.cells);
    finding.unit = "share of the choices";
    std::string where;
    if (effect.first)
        where = fmt::format(", first at {} (position {}), layer {}",
            quoted(untouched, effect.first->token), effect.first->token, effect.first->layer.value);
    if (untouched.k != changed.k)
        where
            += fmt::format("; sets of {} and of {} experts always differ", untouched.k, changed.k);
    finding.conclusion = fmt::format(
        "With the change ({}) {} of {} choices (tokens × layers) differ from the untouched run{}. "
        "One prompt of {} supports no claim about others.",
        interventionsText(changed.interventions), effect.changedCells, effect.cells, where,
        counted(effect.tokens, "token"));
    return finding;
}

Finding lossFinding(const InterventionEffect& effect)
{
    Finding finding = oneRun("The change makes the text harder to predict",
        "mean −log p of the tokens that follow, changed minus untouched", effect.lossTokens);
    finding.effect = effect.lossAfter - effect.lossBefore;
    finding.unit = "nats per token";
    finding.conclusion = fmt::format(
        "Loss {:.3f} untouched, {:.3f} changed, in nats per token over {} (lower means better "
        "predicted). One prompt gives no interval.",
        effect.lossBefore, effect.lossAfter, counted(effect.lossTokens, "token"));
    return finding;
}

Finding nextFinding(const ExploreResult& result, const InterventionEffect& effect)
{
    Finding finding = oneRun("The change makes the model go on with other tokens",
        "tokens after which the most likely next token differs, changed against untouched",
        effect.predictions);
    finding.effect
        = static_cast<double>(effect.changes.size()) / static_cast<double>(effect.predictions);
    finding.unit = "share of the tokens";
    std::string which;
    for (std::size_t i = 0; i < std::min(kNamedChanges, effect.changes.size()); ++i) {
        const auto& change = effect.changes[i];
        which += fmt::format("{} after {} (position {}) “{}” untouched, “{}” changed",
            i == 0 ? ":" : ";", quoted(result.a.trace, change.token), change.token,
            tokenText(result, change.before.id), tokenText(result, change.after.id));
    }
    if (effect.changes.size() > kNamedChanges)
        which += fmt::format("; and {} more", effect.changes.size() - kNamedChanges);
    finding.conclusion = fmt::format(
        "The most likely next token differs after {} of {}{}. One prompt gives no interval.",
        effect.changes.size(), counted(effect.predictions, "token"), which);
    return finding;
}

Figure nextTable(const ExploreResult& result, const InterventionEffect& effect)
{
    TableFigure table;
    table.columns = {{"position", "", true, 0, "counted from 0"},
        {"after", "", false, -1, "the token that was read"},
        {"untouched", "", false, -1, "the most likely next token"},
        {"p untouched", "", true, 3, "of that next token"},
        {"changed", "", false, -1, "the most likely next token"},
        {"p changed", "", true, 3, "of that next token"}};
    for (const auto& change : effect.changes)
        table.rows.push_back({static_cast<double>(change.token),
            visibleToken(result.a.trace.tokens[change.token].text),
            tokenText(result, change.before.id), static_cast<double>(change.before.probability),
            tokenText(result, change.after.id), static_cast<double>(change.after.probability)});
    return {"next-changes", "Next token, untouched and changed",
        fmt::format("another one is most likely after {} of {}", effect.changes.size(),
            counted(effect.predictions, "token")),
        "", std::move(table)};
}

/// Random sets are no null of the same prompt: it is no change at all.
Figure keptFigure(const ExploreResult& result, const InterventionEffect& effect)
{
    LineFigure chart;
    chart.xAxis.title = "layer";
    chart.yAxis.title = "experts kept, share of k";
    chart.yAxis.lo = 0;
    chart.yAxis.hi = 1;
    LineFigure::Series series;
    series.name = "changed";
    series.emphasised = true;
    series.markers = true;
    for (const LayerId layer : result.a.trace.layers)
        series.x.push_back(layer.value);
    series.y = effect.keptAt;
    chart.series = {std::move(series)};
    chart.levels = {{"untouched: 1", 1, true}};
    return {"kept-by-layer", "Experts kept by layer, untouched and changed",
        counted(effect.tokens, "token") + " of the same prompt",
        fmt::format("Mean share of the {} experts that a token has in the untouched model which "
                    "the changed one chose as well.",
            result.a.trace.k),
        std::move(chart)};
}

Figure layerTable(const ExploreResult& result, const InterventionEffect& effect)
{
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "absolute block number"},
        {"choices changed", "", true, 0, "tokens whose set of experts differs"},
        {"of", "tokens", true, 0, "that both runs begin with"},
        {"used untouched", "", true, 0, "distinct experts"},
        {"used changed", "", true, 0, "distinct experts"},
        {"used by both", "", true, 0, "distinct experts"},
        {"experts kept", "", true, 3, "mean share of a token's untouched experts"}};
    for (std::size_t l = 0; l < result.comparison->layers.size(); ++l) {
        const LayerOverlap& overlap = result.comparison->layers[l];
        table.rows.push_back({static_cast<double>(result.a.trace.layers[l].value),
            static_cast<double>(effect.changedAt[l]), static_cast<double>(effect.tokens),
            static_cast<double>(overlap.usedA), static_cast<double>(overlap.usedB),
            static_cast<double>(overlap.shared), effect.keptAt[l]});
    }
    return {"change-by-layer", "Change by layer", "untouched and changed model, same prompt",
        fmt::format("Changed: {}.", interventionsText(result.b->trace.interventions)),
        std::move(table)};
}

} // namespace

Json changeFields(const ExploreResult& result)
{
    const Interventions& interventions = result.b->trace.interventions;
    const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
    const auto finite
        = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
    Json next = Json::array();
    for (const auto& change : effect.changes)
        next.push_back({{"position", change.token}, {"untouched", change.before.id},
            {"p_untouched", change.before.probability}, {"changed", change.after.id},
            {"p_changed", change.after.probability}});
    Json first;
    if (effect.first)
        first = {{"layer", effect.first->layer.value}, {"position", effect.first->token}};
    return {{"changes", interventionsText(interventions)},
        {"interventions", interventionsFields(interventions)},
        {"effect",
            {{"tokens", effect.tokens}, {"choices", effect.cells},
                {"choices_changed", effect.changedCells},
                {"choices_changed_by_layer", effect.changedAt}, {"experts_kept", effect.keptAt},
                {"first", std::move(first)}, {"predictions", effect.predictions},
                {"next_changed", std::move(next)}, {"loss_untouched", finite(effect.lossBefore)},
                {"loss_changed", finite(effect.lossAfter)}, {"loss_tokens", effect.lossTokens}}}};
}

std::vector<Finding> changeFindings(const ExploreResult& result)
{
    const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
    std::vector<Finding> findings;
    if (effect.cells > 0)
        findings.push_back(choicesFinding(result, effect));
    if (effect.lossTokens > 0)
        findings.push_back(lossFinding(effect));
    if (effect.predictions > 0)
        findings.push_back(nextFinding(result, effect));
    return findings;
}

std::vector<Figure> changeFigures(const ExploreResult& result)
{
    const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
    std::vector<Figure> figures;
    if (!effect.changes.empty())
        figures.push_back(nextTable(result, effect));
    if (effect.cells > 0) {
        figures.push_back(keptFigure(result, effect));
        figures.push_back(layerTable(result, effect));
    }
    return figures;
}

} // namespace moescope
