// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/command_line.h"

#include <csignal>
#include <new>
#include <span>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"
#include "app/cli/interrupt.h"
#include "app/cli/wrong_use.h"
#include "core/base/version.h"

namespace moescope::cli {

namespace {

constexpr char kFooter[]
    = R"(MODEL is a model folder, a .safetensors or .gguf file, a sample's id (native, upcycled, dense_parent) or
the name of a model in the Hugging Face hub cache. "moescope-cli COMMAND --help" explains one command.

Exit codes: 0 done, 1 our own fault, 2 wrong use, 3 input missing or broken, 4 recognised but not
supported, 5 not enough memory, 6 output cannot be written, 130 cancelled.

Examples:
  moescope-cli explore native --prompt "King is to queen as man is to woman"
  moescope-cli moe-type-analyze upcycled --layers all -o report.html
  moescope-cli inspect native --tensors '*.mlp.gate.weight')";

std::string versionText()
{
    return *kCommit ? fmt::format("moescope-cli {} ({})", kVersion, kCommit)
                    : fmt::format("moescope-cli {}", kVersion);
}

/// Prints the error, if there is one, and turns it into the exit code.
int finish(const Status& status)
{
    if (status)
        return 0;
    Console::error(status.error().message);
    return exitCode(status.error().code);
}

Status runCommand(Command& command, Console& console)
{
    const Interrupt interrupt;
    MOESCOPE_TRY(
        const auto environment, Environment::create(command.work, console, interrupt.token()));
    return command.run(*environment);
}

Status parseAndRun(int argc, char** argv, Console& console)
{
    CLI::App app("Shows what the router and the experts of a Mixture-of-Experts language model do.",
        "moescope-cli");
    app.footer(kFooter);
    app.set_version_flag("--version", versionText());
    app.require_subcommand(1);
    Commands commands;
    addExperimentCommands(app, commands);
    addInspectCommand(app, commands);
    addModelsCommand(app, commands);
    addTraceCommand(app, commands);
    addTokenizeCommand(app, commands);
    addGenerateCommand(app, commands);
    addBenchCommand(app, commands);
    const auto arguments
        = std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0);
    try {
        moveCommandToFront(app, arguments);
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return console.write(app.help());
    } catch (const CLI::CallForVersion& version) {
        return console.write(std::string(version.what()) + "\n");
    } catch (const CLI::ParseError& error) {
        return fail(ErrorCode::InvalidArgument,
            wrongUseSentence(app, error, arguments.empty() ? "" : arguments.front()));
    }
    for (const auto& command : commands)
        if (command->parser->parsed())
            return runCommand(*command, console);
    return fail(ErrorCode::Internal, "No command ran.");
}

} // namespace

int runCommandLine(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // a closed pipe is seen where it is written to
    try {
        Console console;
        return finish(parseAndRun(argc, argv, console));
    } catch (const std::bad_alloc&) {
        return finish(fail(ErrorCode::OutOfMemory, "There is not enough memory for this."));
    } catch (const std::exception& exception) {
        return finish(fail(ErrorCode::Internal,
            fmt::format("An unexpected fault stopped the program: {}.", exception.what())));
    }
}

} // namespace moescope::cli
