// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/change_report.h"
#include "core/experiments/comparison_words.h"
#include "core/experiments/explore.h"
#include "core/experiments/explore_grids.h"
#include "core/experiments/intervention_words.h"
#include "core/io/json.h"
#include "core/report/model_identity.h"
#include "core/stats/hypergeometric.h"

namespace moescope {

namespace {

std::string_view pieceName(Piece piece)
{
    switch (piece) {
    case Piece::Whole:
        return "whole";
    case Piece::First:
        return "first";
    case Piece::Inner:
        return "inner";
    case Piece::Last:
        break;
    }
    return "last";
}

Json finite(double value)
{
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json sideFields(const ExploreResult::Side& side)
{
    const RoutingTrace& trace = side.trace;
    Json fields;
    fields["prompt"] = toValidUtf8(trace.prompt);
    Json tokens = Json::array();
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        const TaggedToken& tag = side.tags[t];
        tokens.push_back({{"id", trace.tokens[t].id}, {"text", toValidUtf8(trace.tokens[t].text)},
            {"type", tokenTypeName(tag.type)},
            {"trigram_raw", formatTrigram(tag.previousRaw, tag.type, tag.nextRaw)},
            {"trigram_lex", formatTrigram(tag.previous, tag.type, tag.next)},
            {"piece", pieceName(tag.piece)}, {"multi", tag.multi},
            {"special", trace.tokens[t].special}, {"generated", trace.tokens[t].generated}});
    }
    fields["tokens"] = std::move(tokens);
    Json layers = Json::array();
    for (const LayerId layer : trace.layers)
        layers.push_back(layer.value);
    fields["layers"] = std::move(layers);
    fields["experts"] = trace.experts;
    fields["k"] = trace.k;
    Json ids = Json::array();
    Json weights = Json::array();
    Json entropy = Json::array();
    Json margin = Json::array();
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        Json idRow = Json::array();
        Json weightRow = Json::array();
        Json entropyRow = Json::array();
        Json marginRow = Json::array();
        for (std::size_t l = 0; l < trace.layerCount(); ++l) {
            const auto i = trace.idsAt(t, l);
            const auto w = trace.weightsAt(t, l);
            idRow.push_back(std::vector<std::int32_t>(i.begin(), i.end()));
            weightRow.push_back(std::vector<float>(w.begin(), w.end()));
            entropyRow.push_back(trace.entropyAt(t, l));
            marginRow.push_back(finite(static_cast<double>(trace.marginAt(t, l))));
        }
        ids.push_back(std::move(idRow));
        weights.push_back(std::move(weightRow));
        entropy.push_back(std::move(entropyRow));
        margin.push_back(std::move(marginRow));
    }
    fields["ids"] = std::move(ids);
    fields["w"] = std::move(weights);
    fields["entropy"] = std::move(entropy);
    fields["margin"] = std::move(margin);
    fields["margin_unit"] = trace.marginUnit;
    Json notes = Json::array();
    for (const PatternNote& note : side.notes)
        notes.push_back(
            {{"position", note.token}, {"label", note.label}, {"trigram", note.trigram}});
    fields["patterns"] = std::move(notes);
    Json categories = Json::array();
    for (const CategoryHit& hit : side.categories)
        categories.push_back({{"category", hit.category}, {"tokens", hit.tokens}});
    fields["categories"] = std::move(categories);
    return fields;
}

Json divergenceFields(const std::optional<PromptComparison::Divergence>& place)
{
    if (!place)
        return nullptr;
    return {{"layer", place->layer.value}, {"position", place->positionA},
        {"position_b", place->positionB}};
}

Json comparisonFields(const ExploreResult& result)
{
    if (comparesInterventions(result)) {
        Json fields = changeFields(result);
        fields["changed"] = sideFields(*result.b);
        fields["first_divergence"] = divergenceFields(result.comparison->firstDivergence);
        fields["earliest_divergence"] = divergenceFields(result.comparison->earliestDivergence);
        return fields;
    }
    const PromptComparison& comparison = *result.comparison;
    Json fields;
    fields["b"] = sideFields(*result.b);
    fields["aligned_tokens"] = comparison.aligned.size();
    fields["common_prefix"] = comparison.commonPrefix;
    fields["compared_tokens"] = comparison.compared;
    const auto column = [&](const char* name, auto get) {
        Json values = Json::array();
        for (const LayerOverlap& overlap : comparison.layers)
            values.push_back(finite(get(overlap)));
        fields[name] = std::move(values);
    };
    column("set_overlap", [](const LayerOverlap& o) { return o.setOverlap; });
    column("set_overlap_null", [](const LayerOverlap& o) { return o.setOverlapNull; });
    column("set_overlap_lo", [](const LayerOverlap& o) { return o.setOverlapBand.lo; });
    column("set_overlap_hi", [](const LayerOverlap& o) { return o.setOverlapBand.hi; });
    column("hyper_p", [](const LayerOverlap& o) { return o.p; });
    column("usage_overlap", [](const LayerOverlap& o) { return o.usageOverlap; });
    column("usage_overlap_null", [](const LayerOverlap& o) { return o.usageOverlapNull; });
    column("usage_overlap_lo", [](const LayerOverlap& o) { return o.usageOverlapBand.lo; });
    column("usage_overlap_hi", [](const LayerOverlap& o) { return o.usageOverlapBand.hi; });
    column("aligned_overlap", [](const LayerOverlap& o) { return o.alignedOverlap; });
    column("aligned_overlap_lo", [](const LayerOverlap& o) { return o.alignedBand.lo; });
    column("aligned_overlap_hi", [](const LayerOverlap& o) { return o.alignedBand.hi; });
    fields["first_divergence"] = divergenceFields(comparison.firstDivergence);
    fields["earliest_divergence"] = divergenceFields(comparison.earliestDivergence);
    return fields;
}

/// Distinct experts at the layer against as many independent uniform choices.
Finding distinctFinding(const ExploreResult& result, std::size_t ordinal)
{
    const RoutingTrace& trace = result.a.trace;
    std::set<std::int32_t> used;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        if (!trace.tokens[t].special) {
            const auto ids = trace.idsAt(t, ordinal);
            used.insert(ids.begin(), ids.end());
        }
    }
    Finding finding;
    finding.tokens = trace.countedTokens();
    finding.prompts = 1;
    const bool changed = comparesInterventions(result);
    finding.claim = fmt::format("This prompt uses few of the experts of layer {}{}",
        trace.layers[ordinal].value, changed ? " of the untouched model" : "");
    finding.test = "distinct experts";
    finding.effect = static_cast<double>(used.size());
    finding.unit = fmt::format("of {}", trace.experts);
    const RouterSpec& router = result.model->model->config().router;
    const bool limited = router.keptGroups < router.groups;
    const DistinctNull null{
        trace.experts, trace.k, finding.tokens, router.groups, router.keptGroups};
    const std::vector<double> chance = null.distribution();
    const Interval band = bandOf(chance);
    finding.null
        = NullModel{fmt::format("independent uniform choices (N1), E(1-(1-k/E)^T); band {}",
                        limited ? "simulated with groups drawn first" : "exact"),
            null.mean(), band};
    double p = 0;
    for (std::size_t d = 0; d <= used.size(); ++d)
        p += chance[d];
    finding.p = std::min(1.0, p);
    finding.pSide = "one-sided, fewer";
    finding.intervalNote = "intervals resample prompts; one prompt gives none";
    finding.verdict = Verdict::InsufficientData;
    const auto distinct = static_cast<double>(used.size());
    finding.conclusion = fmt::format(
        "{}{} distinct experts; independent uniform choices would use {:.1f} (95 % {} to {}). {} "
        "One prompt of {} {} supports no claim about the model.",
        changed ? "Untouched: " : "", used.size(), null.mean(), band.lo, band.hi,
        distinct < band.lo       ? "That is fewer than chance gives."
            : distinct > band.hi ? "That is more than chance gives."
                                 : "That is what chance gives.",
        finding.tokens, finding.tokens == 1 ? "token" : "tokens");
    finding.tokensNeeded = kFewestTokens;
    return finding;
}

Finding overlapFinding(const ExploreResult& result, std::size_t ordinal)
{
    const LayerOverlap& overlap = result.comparison->layers[ordinal];
    Finding finding;
    finding.claim
        = fmt::format("The prompts share more experts of layer {} than random sets of these sizes",
            result.a.trace.layers[ordinal].value);
    finding.test = "set overlap |A∩B| / |A∪B|, hypergeometric";
    finding.effect = overlap.setOverlap;
    finding.unit = "share";
    finding.tokens = result.a.trace.countedTokens() + result.b->trace.countedTokens();
    finding.prompts = 2;
    finding.null = NullModel{fmt::format("random sets of {} and {} of {} experts", overlap.usedA,
                                 overlap.usedB, result.a.trace.experts),
        overlap.setOverlapNull, overlap.setOverlapBand};
    finding.p = overlap.p;
    finding.pSide = kSharedSide;
    finding.family = result.comparison->layers.size();
    finding.delta = 0.05;
    finding.intervalNote = "intervals resample prompts; one prompt on either side gives none";
    const bool enough = finding.prompts >= kFewestPrompts && finding.tokens >= kFewestTokens;
    finding.verdict = judge(ClaimKind::Greater, {overlap.setOverlap, overlap.setOverlap},
        overlap.setOverlap, overlap.setOverlapNull, finding.delta, enough);
    const bool inside = overlap.setOverlap >= overlap.setOverlapBand.lo
        && overlap.setOverlap <= overlap.setOverlapBand.hi;
    finding.conclusion = fmt::format("{} shared of {} and {} used: {:.1f} %, random sets {:.1f} % "
                                     "(95 % {:.1f} to {:.1f}), p = {:.3f} ({}). "
                                     "{} Two prompts support no claim about the model; set overlap "
                                     "mostly measures prompt length.",
        overlap.shared, overlap.usedA, overlap.usedB, 100 * overlap.setOverlap,
        100 * overlap.setOverlapNull, 100 * overlap.setOverlapBand.lo,
        100 * overlap.setOverlapBand.hi, overlap.p, kSharedSide,
        inside ? "That is what random routing gives." : "That is outside what random sets give.");
    finding.tokensNeeded = kFewestTokens;
    return finding;
}

Figure tokenTable(const OpenModel& model, const ExploreResult::Side& side)
{
    TableFigure table;
    table.columns
        = {{"position", "", true, 0, "counted from 0"}, {"token", "", false, -1, "· is a space"},
            {"id", "", true, 0, "in the tokenizer's vocabulary"},
            {"type", "", false, -1, "token type of its word"},
            {"trigram (raw)", "", false, -1, "white-space tokens count"},
            {"trigram (lexical)", "", false, -1, "white space skipped"},
            {"piece", "", false, -1, "which part of its word the token is"},
            {"next token", "", false, -1, "the most likely next token"},
            {"probability", "", true, 3, "of that next token"}};
    const RoutingTrace& trace = side.trace;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        const TaggedToken& tag = side.tags[t];
        const auto& next = trace.next[t];
        TableFigure::Cell nextId;
        TableFigure::Cell nextP;
        if (!next.empty()) {
            nextId = visibleToken(traceToken(model, next.front().id).text);
            nextP = static_cast<double>(next.front().probability);
        }
        table.rows.push_back({static_cast<double>(t), visibleToken(trace.tokens[t].text),
            static_cast<double>(trace.tokens[t].id), std::string(tokenTypeName(tag.type)),
            formatTrigram(tag.previousRaw, tag.type, tag.nextRaw),
            formatTrigram(tag.previous, tag.type, tag.next), std::string(pieceName(tag.piece)),
            nextId, nextP});
    }
    return {"token-table", "Tokens", "ids, types and trigrams", "", std::move(table)};
}

Figure routingTable(const RoutingTrace& trace, std::size_t ordinal)
{
    TableFigure table;
    table.columns = {{"position", "", true, 0, ""}, {"token", "", false, -1, ""}};
    for (std::uint32_t i = 0; i < trace.k; ++i) {
        table.columns.push_back(
            {fmt::format("expert {}", i + 1), "", true, 0, "by falling selection score"});
        table.columns.push_back(
            {fmt::format("w {}", i + 1), "", true, 3, "what multiplies the expert's output"});
        table.columns.push_back(
            {fmt::format("p {}", i + 1), "", true, 3, "softmax of the logits over all experts"});
    }
    table.columns.push_back({"entropy", "nats", true, 3, "of p over all experts"});
    table.columns.push_back({"margin", trace.marginUnit, true, 3,
        "distance of the last chosen from the first rejected expert"});
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        std::vector<TableFigure::Cell> row
            = {static_cast<double>(t), TableFigure::Cell(visibleToken(trace.tokens[t].text))};
        const auto ids = trace.idsAt(t, ordinal);
        const auto weights = trace.weightsAt(t, ordinal);
        const auto p = trace.probabilitiesAt(t, ordinal);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            row.emplace_back(static_cast<double>(ids[i]));
            row.emplace_back(static_cast<double>(weights[i]));
            row.emplace_back(p[static_cast<std::size_t>(ids[i])]);
        }
        row.emplace_back(trace.entropyAt(t, ordinal));
        row.emplace_back(static_cast<double>(trace.marginAt(t, ordinal)));
        table.rows.push_back(std::move(row));
    }
    return {"routing-table", fmt::format("Routing at layer {}", trace.layers[ordinal].value),
        fmt::format("{} of {} experts a token", trace.k, trace.experts), "", std::move(table)};
}

Figure patternTable(const ExploreResult::Side& side, std::optional<std::size_t> ordinal)
{
    TableFigure table;
    table.columns = {{"position", "", true, 0, ""}, {"token", "", false, -1, ""},
        {"pattern", "", false, -1, "keyed on the token's type"}, {"trigram", "", false, -1, ""},
        {"top expert", "", true, 0, "largest weight at this layer"}, {"weight", "", true, 3, ""},
        {"margin", side.trace.marginUnit, true, 3, ""}};
    for (const PatternNote& note : side.notes) {
        std::vector<TableFigure::Cell> row = {static_cast<double>(note.token),
            TableFigure::Cell(visibleToken(side.trace.tokens[note.token].text)),
            note.label.empty() ? TableFigure::Cell() : TableFigure::Cell(note.label), note.trigram};
        if (ordinal) {
            row.emplace_back(static_cast<double>(side.trace.top1At(note.token, *ordinal)));
            row.emplace_back(
                static_cast<double>(std::ranges::max(side.trace.weightsAt(note.token, *ordinal))));
            row.emplace_back(static_cast<double>(side.trace.marginAt(note.token, *ordinal)));
        }
        row.resize(table.columns.size());
        table.rows.push_back(std::move(row));
    }
    return {"patterns", "Patterns", "every word and sign of the prompt",
        "Lift of an expert for a pattern needs a taxonomy run: no reference run.",
        std::move(table)};
}

Figure comparisonTable(const ExploreResult& result)
{
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "absolute block number"},
        {"used by A", "", true, 0, "distinct experts"},
        {"used by B", "", true, 0, "distinct experts"}, {"shared", "", true, 0, "distinct experts"},
        {"set overlap", "", true, 3, "|A∩B| / |A∪B|"},
        {"random sets", "", true, 3, "mean for sets of these sizes"},
        {"p", kSharedSide, true, 3, "chance of at least as many shared"},
        {"usage overlap", "", true, 3, "sum of the smaller assignment shares"},
        {"random routing", "", true, 3, "mean for independent choices with the pooled loads"},
        {"aligned overlap", "", true, 3, "mean share of k in common at aligned tokens"}};
    for (std::size_t l = 0; l < result.comparison->layers.size(); ++l) {
        const LayerOverlap& o = result.comparison->layers[l];
        table.rows.push_back(
            {static_cast<double>(result.a.trace.layers[l].value), static_cast<double>(o.usedA),
                static_cast<double>(o.usedB), static_cast<double>(o.shared), o.setOverlap,
                o.setOverlapNull, o.p, o.usageOverlap, o.usageOverlapNull, o.alignedOverlap});
    }
    std::string caption;
    for (const Statement& statement : describeDivergence(result))
        caption += (caption.empty() ? "" : " ") + statement.text;
    return {"overlap-table", "Overlap of the prompts", "by layer, beside what random routing gives",
        std::move(caption), std::move(table)};
}

std::string_view registerName(Register reg)
{
    switch (reg) {
    case Register::Prose:
        return "prose";
    case Register::Code:
        return "code";
    case Register::Auto:
        break;
    }
    return "auto";
}

std::size_t generatedTokens(const RoutingTrace& trace)
{
    return static_cast<std::size_t>(std::ranges::count(trace.tokens, true, &TraceToken::generated));
}

/// What the run was asked for, so that it can be made again: a prompt as text or as the ids that
/// were given, never the text that ids spell.
Json specFields(const ExploreResult& result)
{
    const ExploreSpec& asked = result.spec;
    Json spec = Json::object();
    const auto prompt = [&spec](const TraceRequest& request, const char* text, const char* ids) {
        if (!request.ids.empty())
            spec[ids] = request.ids;
        else
            spec[text] = toValidUtf8(request.text);
    };
    prompt(asked.prompt, "prompt", "ids");
    if (asked.prompt.ids.empty() && !asked.prompt.addSpecial)
        spec["no_special"] = true;
    if (comparesInterventions(result)) {
        spec["changes"] = interventionsText(result.b->trace.interventions);
        spec["interventions"] = interventionsFields(result.b->trace.interventions);
    } else if (asked.compare) {
        prompt(*asked.compare, "compare", "compare_ids");
    } else {
        spec["compare"] = nullptr;
    }
    spec["layer"] = result.layer.value;
    spec["register"] = registerName(asked.reg);
    if (const std::size_t added = generatedTokens(result.a.trace); added > 0 && result.sampling)
        spec["generate"] = {{"tokens", added}, {"temperature", result.sampling->temperature},
            {"seed", result.sampling->seed}};
    return spec;
}

/// The grids of a second router, whose experts are sets of attention heads; none without one.
std::vector<Figure> headFigures(const ExploreResult& result, const ExploreView& view, bool ofB)
{
    const ExploreResult::Side& whole = ofB ? *result.b : result.a;
    auto trace = attentionTrace(whole.trace);
    if (!trace)
        return {};
    const auto side = std::make_shared<ExploreResult::Side>();
    side->trace = std::move(*trace);
    side->tags = whole.tags;
    const LayersView shade = view.layers == LayersView::Overlap ? LayersView::Margin : view.layers;
    std::vector<Figure> figures
        = {filledFigure(allLayersGrid(side, result.model->model->config().layerCount(), shade)),
            layerGridFigure(*side, result.layer, view.cells)};
    figures.back().caption = "Every attention expert is a set of query heads; the numbers rank "
                             "those that read the token.";
    for (Figure& figure : figures) {
        figure.id += "-attention";
        figure.title += ", attention";
    }
    return figures;
}

} // namespace

Report exploreReport(const ExploreResult& result, const ExploreView& view)
{
    const bool changed = comparesInterventions(result);
    Report report;
    report.experiment = "explore";
    report.title = changed ? "Where every token goes, untouched and changed model"
                           : "Where every token goes";
    report.model = identifyModel(*result.model);
    *report.spec = specFields(result);
    *report.fields = sideFields(result.a);
    if (result.comparison)
        report.fields->update(comparisonFields(result));

    if (changed)
        report.findings = changeFindings(result);
    const auto ordinal = result.a.trace.ordinalOf(result.layer);
    if (ordinal) {
        (*report.fields)["layer_ordinal"] = *ordinal;
        report.findings.push_back(distinctFinding(result, *ordinal));
        if (result.comparison && !changed) // random sets are no null of the same prompt
            report.findings.push_back(overlapFinding(result, *ordinal));
    } else {
        Finding finding;
        finding.claim = "Tokens are routed to experts";
        finding.test = "routers in the model";
        finding.effect = 0;
        finding.unit = "layers with a router";
        finding.tokens = result.a.trace.countedTokens();
        finding.prompts = 1;
        finding.verdict = Verdict::NotApplicable;
        finding.conclusion
            = "This is a dense model: it has no router, so there is no routing to show.";
        report.findings.push_back(std::move(finding));
    }

    const auto both = [&](const auto& make, bool ofPrompts = false) {
        report.figures.push_back(make(false));
        if (!changed && !(ofPrompts && result.b))
            return;
        report.figures.back().title += changed ? ", untouched" : ", prompt A";
        report.figures.push_back(make(true));
        report.figures.back().title += changed ? ", changed" : ", prompt B";
        report.figures.back().id += changed ? "-changed" : "-b";
    };
    const auto side
        = [&result](bool ofB) -> const ExploreResult::Side& { return ofB ? *result.b : result.a; };
    both([&](bool ofB) { return tokenStripFigure(side(ofB), result.layer); }, true);
    both([&](bool ofB) { return tokenTable(*result.model, side(ofB)); }, true);
    both([&](bool ofB) { return patternTable(side(ofB), ordinal); });
    if (ordinal) {
        both([&](bool ofB) { return allLayersFigure(result, view.layers, ofB); });
        both([&](bool ofB) { return layerGridFigure(result, result.layer, view.cells, ofB); });
        both([&](bool ofB) { return routingTable(side(ofB).trace, *ordinal); });
    }
    std::vector<Figure> heads[] = {headFigures(result, view, false),
        changed ? headFigures(result, view, true) : std::vector<Figure>()};
    for (std::size_t i = 0; i < heads[0].size(); ++i)
        both([&](bool ofB) { return std::move(heads[ofB][i]); });
    if (changed) {
        std::ranges::move(changeFigures(result), std::back_inserter(report.figures));
    } else if (ordinal && result.comparison) {
        report.figures.push_back(comparisonGridFigure(result, result.layer));
        report.figures.push_back(overlapByLayerFigure(result));
        report.figures.push_back(comparisonTable(result));
    }
    return report;
}

} // namespace moescope
