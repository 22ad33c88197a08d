// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/commands.h"
#include "core/experiments/parameters.h"
#include "core/tensor/bf16_products.h"

namespace moescope::cli {

namespace {

constexpr char kOutputGroup[] = "Output";
constexpr char kWorkGroup[] = "Work";

} // namespace

Command& addCommand(CLI::App& app, Commands& commands, const std::string& name,
    const std::string& description, const std::string& examples)
{
    commands.push_back(std::make_unique<Command>());
    Command& command = *commands.back();
    command.parser = app.add_subcommand(name, description);
    command.parser->footer("Examples:\n" + examples);
    WorkOptions& work = command.work;
    addCount(*command.parser, "--threads", work.threads, "Threads to use; 0 means all cores", 0U,
        WorkerPool::kMostThreads)
        .group(kWorkGroup);
    command.parser
        ->add_option("--memory", work.memory,
            "Most memory to use, such as 4G or 50%; 80 % of what is available unless given")
        ->type_name("AMOUNT")
        ->group(kWorkGroup);
    command.parser
        ->add_option("--resources", work.resources, "Folder of the samples and the lexicon")
        ->type_name("FOLDER")
        ->group(kWorkGroup);
    command.parser->add_flag("-q,--quiet", work.quiet, "Show no progress")->group(kWorkGroup);
    return command;
}

void addModelOption(CLI::App& parser, std::string& model)
{
    parser
        .add_option("-m,--model,MODEL", model,
            "Model folder, .safetensors or .gguf file, sample or hub-cache name")
        ->option_text("(required)")
        ->required();
}

void addOutputOptions(CLI::App& parser, OutputOptions& output, bool figures)
{
    parser.add_option("--json", output.json, "Write the result as JSON; - means standard output")
        ->type_name("FILE")
        ->group(kOutputGroup);
    if (!figures)
        return;
    parser
        .add_option("-o,--output", output.output,
            "Write the report; .json, .md, .html, .csv, .tsv or .txt decides the form, - means "
            "standard output")
        ->type_name("FILE")
        ->group(kOutputGroup);
    parser.add_option("--figure", output.figure, "Only the figure with this id")
        ->type_name("ID")
        ->group(kOutputGroup);
}

template <typename T>
CLI::Option& addCount(
    CLI::App& parser, const std::string& names, T& value, const std::string& help, T least, T most)
{
    const std::string name = "--" + names.substr(names.rfind("--") + 2);
    return *parser
                .add_option_function<std::string>(
                    names,
                    [&value, name, least, most](const std::string& text) {
                        T read{};
                        const bool atLeast = most == std::numeric_limits<T>::max();
                        const char* const end = text.data() + text.size();
                        const auto [stop, error] = std::from_chars(text.data(), end, read);
                        if (error != std::errc() || stop != end || read < least || read > most)
                            throw CLI::ValidationError(name,
                                fmt::format("must be a whole number {}, but is \"{}\".",
                                    atLeast && error != std::errc::result_out_of_range
                                        ? fmt::format("of at least {}", least)
                                        : fmt::format("from {} to {}", least, most),
                                    text));
                        value = read;
                    },
                    fmt::format("{} [{}]", help, value))
                ->type_name("N");
}

template CLI::Option& addCount(CLI::App&, const std::string&, std::uint32_t&, const std::string&,
    std::uint32_t, std::uint32_t);
template CLI::Option& addCount(CLI::App&, const std::string&, std::uint64_t&, const std::string&,
    std::uint64_t, std::uint64_t);

CLI::Option& addChoice(CLI::App& parser, const std::string& names,
    const std::vector<std::string>& choices, const std::function<void(std::size_t)>& choose,
    const std::string& help)
{
    const std::string name = "--" + names.substr(names.rfind("--") + 2);
    return *parser
                .add_option_function<std::string>(
                    names,
                    [choices, choose, name](const std::string& text) {
                        const auto found = std::ranges::find(choices, text);
                        if (found == choices.end())
                            throw CLI::ValidationError(name,
                                fmt::format("must be {}, but is \"{}\".",
                                    fmt::join(choices, " or "), text));
                        choose(static_cast<std::size_t>(found - choices.begin()));
                    },
                    help)
                ->type_name("NAME");
}

void addPrecisionOption(CLI::App& parser, Precision& precision)
{
    addChoice(
        parser, "--precision", {"float32", "bf16"},
        [&precision](std::size_t i) { precision = i == 0 ? Precision::Float32 : Precision::Bf16; },
        "Products of a prompt with weights stored as bfloat16: float32, or bf16, faster and less "
        "exact [float32]");
}

const char* precisionName(Precision precision)
{
    return precision == Precision::Bf16 ? "bf16" : "float32";
}

Status checkPrecision(Precision precision)
{
    if (precision == Precision::Bf16 && !hasBf16Products())
        return fail(ErrorCode::Unsupported,
            "This processor has no products of bfloat16 numbers (AVX512-BF16); leave --precision "
            "away.");
    return {};
}

Precision usablePrecision(Precision wanted, const MoeModel& model)
{
    if (wanted == Precision::Float32 || model.storesWeightsAs(DType::BF16))
        return wanted;
    Console::error("--precision bf16 changes nothing here: none of the model's weights that it is "
                   "for are stored as bfloat16.");
    return Precision::Float32;
}

void addPromptOptions(CLI::App& parser, PromptOptions& prompt)
{
    parser
        .add_option_function<std::string>(
            "-p,--prompt",
            [&prompt](const std::string& text) {
                prompt.text = text;
                prompt.hasText = true;
            },
            "The text to begin with")
        ->type_name("TEXT");
    parser
        .add_option_function<std::string>(
            "--ids",
            [&prompt](const std::string& ids) {
                prompt.ids = ids;
                prompt.hasIds = true;
            },
            "Token ids instead of a text, such as 1,2,3; nothing is added to them")
        ->type_name("IDS");
    parser.add_flag("--no-special", prompt.noSpecial,
        "Do not let the tokenizer add BOS and the like to a text");
}

Result<TraceRequest> readPrompt(const PromptOptions& prompt)
{
    if (prompt.hasText == prompt.hasIds)
        return fail(ErrorCode::InvalidArgument,
            prompt.hasText
                ? "A prompt and token ids were given; only one of --prompt and --ids can be used."
                : "There is no prompt: give one with --prompt TEXT or --ids 1,2,3.");
    TraceRequest request;
    request.text = prompt.text;
    request.addSpecial = !prompt.noSpecial;
    if (prompt.hasIds) {
        MOESCOPE_TRY(request.ids, parseTokenIds(prompt.ids));
    }
    return request;
}

} // namespace moescope::cli
