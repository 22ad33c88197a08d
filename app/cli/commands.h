// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/environment.h"
#include "app/cli/output.h"
#include "core/base/result.h"
#include "core/tensor/linear.h"
#include "core/trace/routing_trace.h"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace moescope::cli {

/// A subcommand: its parser and what to do once it was chosen.
struct Command {
    CLI::App* parser = nullptr;
    WorkOptions work;
    std::function<Status(Environment&)> run;
};

/// Each adds its subcommands to `app`; the commands live as long as the parser does.
using Commands = std::vector<std::unique_ptr<Command>>;
void addExperimentCommands(
    CLI::App& app, Commands& commands); ///< one for each registered experiment
void addInspectCommand(CLI::App& app, Commands& commands);
void addModelsCommand(CLI::App& app, Commands& commands);
void addTraceCommand(CLI::App& app, Commands& commands);
void addTokenizeCommand(CLI::App& app, Commands& commands);
void addGenerateCommand(CLI::App& app, Commands& commands);
void addBenchCommand(CLI::App& app, Commands& commands);

/// A new subcommand with the options that all of them share.
Command& addCommand(CLI::App& app, Commands& commands, const std::string& name,
    const std::string& description, const std::string& examples);
void addModelOption(CLI::App& parser, std::string& model);
void addOutputOptions(CLI::App& parser, OutputOptions& output, bool figures);

/// An option that takes a whole number from `least` to `most`; its help ends in "[value now]".
template <typename T>
CLI::Option& addCount(CLI::App& parser, const std::string& names, T& value, const std::string& help,
    T least = 0, T most = std::numeric_limits<T>::max());
/// An option that takes one of `choices`, which `choose` is told.
CLI::Option& addChoice(CLI::App& parser, const std::string& names,
    const std::vector<std::string>& choices, const std::function<void(std::size_t)>& choose,
    const std::string& help);

/// A prompt as text or as ids, of which exactly one must be given.
struct PromptOptions {
    std::string text;
    std::string ids;
    bool hasText = false;
    bool hasIds = false;
    bool noSpecial = false;
};
/// --precision float32|bf16. Unsupported where the processor has no such products.
void addPrecisionOption(CLI::App& parser, Precision& precision);
Status checkPrecision(Precision precision);
const char* precisionName(Precision precision); ///< as the option spells it
/// Float32, with a warning, where bf16 would change nothing in this model.
Precision usablePrecision(Precision wanted, const MoeModel& model);
void addPromptOptions(CLI::App& parser, PromptOptions& prompt);
Result<TraceRequest> readPrompt(const PromptOptions& prompt);

} // namespace moescope::cli
