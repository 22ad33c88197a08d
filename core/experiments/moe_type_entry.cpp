// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/experiments/moe_type.h"
#include "core/experiments/parameters.h"
#include "core/experiments/registry.h"

namespace moescope {

ExperimentInfo moeTypeExperiment();

namespace {

using Kind = ParameterInfo::Kind;

std::vector<ParameterInfo> parameters()
{
    return {
        {"layer", "l", Kind::Integer,
            "Block number, counted from 0; the first mixture layer unless given.", "", {}, false},
        {"layers", "", Kind::Text,
            "Several layers, such as 0,3,7 or 0-3, or \"all\" mixture layers.", "", {}, false},
        {"experts", "", Kind::Text, "Look at the first N experts only, or \"all\".", "all", {},
            false},
        {"projections", "", Kind::Text, "Any of gate, up and down.", "gate,up,down", {}, false},
        {"shares", "", Kind::Text, "Energy shares whose rank is counted, each between 0 and 1.",
            "0.9,0.95,0.99", {}, false},
    };
}

Result<std::vector<Projection>> parseProjections(std::string_view text)
{
    std::vector<Projection> projections;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view name = text.substr(0, end);
        bool known = false;
        for (const Projection projection : kProjections)
            if (projectionName(projection) == name) {
                projections.push_back(projection);
                known = true;
            }
        if (!known)
            return fail(ErrorCode::InvalidArgument,
                fmt::format(
                    "--projections must be any of gate, up and down, but has \"{}\".", name));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (projections.empty())
        return fail(ErrorCode::InvalidArgument,
            "--projections must name at least one of gate, up and down.");
    return projections;
}

Status readLayers(const ExperimentInput& input, MoeTypeSpec& spec)
{
    const auto one = givenLayer(input, "layer");
    const auto several = givenText(input, "layers");
    if (one && several)
        return fail(ErrorCode::InvalidArgument, "Only one of --layer and --layers can be used.");
    if (one) {
        spec.layers = {*one};
    } else if (several && *several != "all") {
        MOESCOPE_TRY(const auto numbers, parseCountList(*several, "--layers"));
        for (const std::uint32_t number : numbers)
            spec.layers.emplace_back(number);
    } else if (!several && input.model->model && !input.model->model->mixtureLayers().empty()) {
        spec.layers = {input.model->model->mixtureLayers().front()};
    }
    return {};
}

Result<Report> run(const ExperimentInput& input, TaskContext& context)
{
    MOESCOPE_CHECK(checkParameters(input, parameters()));
    MoeTypeSpec spec;
    MOESCOPE_CHECK(readLayers(input, spec));
    if (const auto experts = givenText(input, "experts"); experts && *experts != "all") {
        MOESCOPE_TRY(const auto count, parseCountList(*experts, "--experts"));
        if (count.size() != 1 || count.front() == 0)
            return fail(ErrorCode::InvalidArgument,
                fmt::format(
                    "--experts must be \"all\" or a whole number of at least 1, but is \"{}\".",
                    *experts));
        spec.experts = count.front();
    }
    if (const auto projections = givenText(input, "projections")) {
        MOESCOPE_TRY(spec.projections, parseProjections(*projections));
    }
    if (const auto shares = givenText(input, "shares")) {
        MOESCOPE_TRY(spec.shares, parseNumberList(*shares, "--shares"));
    }
    MOESCOPE_TRY(const MoeTypeResult result, analyseMoeType(input.model, spec, context));
    Report report = moeTypeReport(result);
    if (result.layers.size() < input.model->model->mixtureLayers().size())
        report.scope += " --layers all looks at every one.";
    return report;
}

} // namespace

ExperimentInfo moeTypeExperiment()
{
    return {"moe-type-analyze", "What the experts are made of",
        "Do the experts of a layer share an origin, and how much of their weights is structure?",
        parameters(), run};
}

} // namespace moescope
