// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "core/experiments/registry.h"
#include "core/io/json.h"

namespace moescope::cli {

namespace {

struct ExperimentOptions {
    std::string model;
    std::map<std::string, std::string> values;
    OutputOptions output;
};

std::string_view typeName(ParameterInfo::Kind kind)
{
    switch (kind) {
    case ParameterInfo::Kind::Integer:
        return "N";
    case ParameterInfo::Kind::Number:
        return "X";
    case ParameterInfo::Kind::Text:
    case ParameterInfo::Kind::Flag:
    case ParameterInfo::Kind::Choice:
        break;
    }
    return "TEXT";
}

void addParameter(
    CLI::App& parser, const ParameterInfo& parameter, std::map<std::string, std::string>& values)
{
    std::string names = "--" + parameter.name;
    if (!parameter.shortName.empty())
        names = "-" + parameter.shortName + "," + names;
    if (parameter.kind == ParameterInfo::Kind::Flag) {
        parser.add_flag_callback(
            names, [&values, name = parameter.name] { values[name] = "true"; }, parameter.help);
        return;
    }
    std::string help = parameter.help;
    if (!parameter.fallback.empty())
        help += fmt::format(" [{}]", parameter.fallback);
    CLI::Option* option = parser.add_option_function<std::string>(
        names, [&values, name = parameter.name](const std::string& text) { values[name] = text; },
        help);
    option->type_name(parameter.choices.empty()
            ? std::string(typeName(parameter.kind))
            : fmt::format("{}", fmt::join(parameter.choices, "|")));
    option->required(parameter.required);
}

Status runExperiment(
    const ExperimentInfo& info, const ExperimentOptions& options, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputs(options.output));
    ExperimentInput input;
    input.values = options.values;
    MOESCOPE_TRY(input.model, environment.open(options.model));
    // Only some experiments type words; those refuse to run without the lexicon.
    if (auto lexicon = Lexicon::load(environment.resources()))
        input.lexicon = *lexicon;
    environment.showProgress();
    auto report = info.run(input, environment.task());
    environment.hideProgress();
    if (!report)
        return tl::unexpected(report.error());
    MOESCOPE_CHECK(input.model->checkpoint->status());
    if (const auto warnings = report->fields->find("warnings"); warnings != report->fields->end())
        for (const Json& warning : *warnings)
            Console::error(warning.get<std::string>());
    return emit({std::move(*report), {}, {}}, options.output, environment.console());
}

std::string examplesOf(const ExperimentInfo& info)
{
    if (info.id == "explore")
        return "  moescope-cli explore native --prompt \"King is to queen as man is to woman\"\n"
               "  moescope-cli explore native --prompt \"2 + 3 =\" -c \"two and three is\" --layer "
               "5 --json -";
    return fmt::format("  moescope-cli {} native\n  moescope-cli {} upcycled --json report.json",
        info.id, info.id);
}

} // namespace

void addExperimentCommands(CLI::App& app, Commands& commands)
{
    for (const ExperimentInfo& info : experiments()) {
        Command& command = addCommand(app, commands, info.id, info.question, examplesOf(info));
        const auto options = std::make_shared<ExperimentOptions>();
        addModelOption(*command.parser, options->model);
        for (const ParameterInfo& parameter : info.parameters)
            addParameter(*command.parser, parameter, options->values);
        addOutputOptions(*command.parser, options->output, true);
        command.run = [options, &info](Environment& environment) {
            return runExperiment(info, *options, environment);
        };
    }
}

} // namespace moescope::cli
