// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/explore_words.h"
#include "core/experiments/parameters.h"
#include "core/experiments/registry.h"
#include "core/io/json.h"

namespace moescope {

ExperimentInfo exploreExperiment();

namespace {

using Kind = ParameterInfo::Kind;

std::vector<ParameterInfo> parameters()
{
    return {
        {"prompt", "p", Kind::Text, "The text whose routing is shown.", "", {}, false},
        {"ids", "", Kind::Text,
            "Token ids instead of a text, such as 1,2,3; nothing is added to them.", "", {}, false},
        {"no-special", "", Kind::Flag, "Do not let the tokenizer add BOS and the like to a text.",
            "", {}, false},
        {"compare", "c", Kind::Text, "A second text, compared with the first one.", "", {}, false},
        {"layer", "l", Kind::Integer,
            "Block number, counted from 0; the middle mixture layer unless given.", "", {}, false},
        {"register", "", Kind::Choice,
            "How words are typed: as prose, as code, or decided line by line.", "auto",
            {"auto", "prose", "code"}, false},
    };
}

Register registerOf(const std::optional<std::string>& name)
{
    if (name == "prose")
        return Register::Prose;
    return name == "code" ? Register::Code : Register::Auto;
}

Result<Report> run(const ExperimentInput& input, TaskContext& context)
{
    MOESCOPE_CHECK(checkParameters(input, parameters()));
    ExploreSpec spec;
    const auto prompt = givenText(input, "prompt");
    const auto ids = givenText(input, "ids");
    if (prompt.has_value() == ids.has_value())
        return fail(ErrorCode::InvalidArgument,
            prompt
                ? "A prompt and token ids were given; only one of --prompt and --ids can be used."
                : "There is no prompt: give one with --prompt TEXT (or token ids with --ids).");
    if (prompt)
        spec.prompt.text = *prompt;
    if (ids) {
        MOESCOPE_TRY(spec.prompt.ids, parseTokenIds(*ids));
    }
    if (const auto compare = givenText(input, "compare")) {
        spec.compare.emplace();
        spec.compare->text = *compare;
    }
    const bool addSpecial = givenText(input, "no-special") != "true";
    spec.prompt.addSpecial = addSpecial;
    if (spec.compare)
        spec.compare->addSpecial = addSpecial;
    spec.layer = givenLayer(input, "layer");
    spec.reg = registerOf(givenText(input, "register"));
    if (!input.lexicon)
        return fail(ErrorCode::NotFound,
            "The word lexicon could not be read from the program's resources, so words cannot be "
            "typed.");
    MOESCOPE_TRY(const ExploreResult result,
        explore(input.model, *input.lexicon, spec, context, ExploreFor::Report));
    Report report = exploreReport(result);
    addWarnings(report, exploreWarnings(result));
    return report;
}

} // namespace

ExperimentInfo exploreExperiment()
{
    return {"explore", "Where every token goes",
        "Which experts does each token of a prompt go to, and do two prompts share them?",
        parameters(), run};
}

} // namespace moescope
