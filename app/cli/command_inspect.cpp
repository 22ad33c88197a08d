// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/inspect_export.h"
#include "app/cli/inspect_report.h"
#include "core/io/json.h"

namespace moescope::cli {

namespace {

struct InspectOptions {
    std::string model;
    std::string pattern;
    std::string exportTo;
    OutputOptions output;
};

Status runInspect(const InspectOptions& options, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputs(options.output));
    if (!options.exportTo.empty()) {
        MOESCOPE_TRY(Document document,
            exportDecoded(options.model, options.pattern, options.exportTo, environment));
        return emit(std::move(document), options.output, environment.console());
    }
    MOESCOPE_TRY(const auto open, environment.open(options.model, OpenFor::Inspection));
    Report report = inspectReport(*open, options.pattern);
    MOESCOPE_CHECK(open->checkpoint->status());
    return emit({std::move(report), {}, {}}, options.output, environment.console());
}

} // namespace

void addInspectCommand(CLI::App& app, Commands& commands)
{
    Command& command = addCommand(app, commands, "inspect",
        "Shows a model's facts, router rule and tensors",
        "  moescope-cli inspect native\n"
        "  moescope-cli inspect native --tensors 'model.layers.0.mlp.experts.*'\n"
        "  moescope-cli inspect model.gguf --json -\n"
        "  moescope-cli inspect model.gguf --export out.safetensors --tensor 'blk.0.*'\n"
        "  moescope-cli inspect model.gguf --export router.npy --tensor blk.0.ffn_gate_inp.weight");
    const auto options = std::make_shared<InspectOptions>();
    addModelOption(*command.parser, options->model);
    command.parser
        ->add_option("--tensors,--tensor", options->pattern,
            "Only the tensors whose name matches, one by one; * and ? are wildcards")
        ->type_name("PATTERN");
    command.parser
        ->add_option("--export", options->exportTo,
            "Write the tensors decoded to float32: one to a .npy or .csv file, any number to a "
            ".safetensors file")
        ->type_name("FILE");
    addOutputOptions(*command.parser, options->output, true);
    command.run = [options](Environment& environment) { return runInspect(*options, environment); };
}

} // namespace moescope::cli
