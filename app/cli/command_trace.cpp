// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/trace_tensors.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/io/json.h"
#include "core/io/json_lines.h"
#include "core/report/model_identity.h"
#include "core/runtime/runnable.h"

namespace moescope::cli {

namespace {

struct TraceOptions {
    std::string model;
    PromptOptions prompt;
    std::string prompts;
    std::string out;
    Precision precision = Precision::Float32;
    OutputOptions output;
};

using Tokens = std::vector<std::int32_t>;

Result<Tokens> tokensOf(const OpenModel& open, const TraceRequest& request)
{
    MOESCOPE_TRY(const auto tokens, tokenizePrompt(open, request));
    Tokens ids;
    for (const TraceToken& token : tokens)
        ids.push_back(token.id);
    return ids;
}

Result<TraceRequest> requestOf(const Json& line, std::string_view where, bool addSpecial)
{
    TraceRequest request;
    request.addSpecial = addSpecial;
    const auto ids = line.find("ids");
    if (ids == line.end()) {
        MOESCOPE_TRY(const auto text, jsonOptionalString(line, "text", where));
        if (!text)
            return fail(
                ErrorCode::BadFormat, fmt::format("{} has neither \"ids\" nor \"text\".", where));
        request.text = *text;
        return request;
    }
    const bool good = ids->is_array() && !ids->empty()
        && std::all_of(ids->begin(), ids->end(), [](const Json& id) {
               return id.is_number_unsigned() && id.get<std::uint64_t>() <= 0x7FFFFFFF;
           });
    if (!good)
        return fail(
            ErrorCode::BadFormat, fmt::format("{}: \"ids\" should be a list of token ids.", where));
    request.ids = ids->get<std::vector<std::int32_t>>();
    return request;
}

Result<std::vector<Tokens>> readPrompts(
    const TraceOptions& options, const OpenModel& open, const TaskContext& task)
{
    std::vector<Tokens> prompts;
    if (options.prompts.empty()) {
        MOESCOPE_TRY(const TraceRequest request, readPrompt(options.prompt));
        MOESCOPE_TRY(Tokens tokens, tokensOf(open, request));
        prompts.push_back(std::move(tokens));
        return prompts;
    }
    if (options.prompt.hasText || options.prompt.hasIds)
        return fail(
            ErrorCode::InvalidArgument, "Only one of --prompt, --ids and --prompts can be used.");
    MOESCOPE_CHECK(forEachJsonLine(
        options.prompts,
        [&](const Json& line, std::string_view where) -> Status {
            MOESCOPE_TRY(
                const TraceRequest request, requestOf(line, where, !options.prompt.noSpecial));
            auto tokens = tokensOf(open, request);
            if (tokens)
                if (const Status known = checkTokenIds(open.model->config(), *tokens); !known)
                    tokens = tl::unexpected(known.error());
            // What would be wrong use on the command line is a fault of the file here.
            if (!tokens)
                return fail(tokens.error().code == ErrorCode::InvalidArgument ? ErrorCode::BadFormat
                                                                              : tokens.error().code,
                    fmt::format("{}: {}", where, tokens.error().message));
            prompts.push_back(std::move(*tokens));
            return {};
        },
        task));
    if (prompts.empty())
        return fail(
            ErrorCode::BadFormat, fmt::format("{} holds no prompt.", inputName(options.prompts)));
    return prompts;
}

ForwardSpec forwardSpec(Precision precision = Precision::Float32)
{
    ForwardSpec spec;
    spec.precision = precision;
    spec.logits = LogitsWanted::All;
    return spec;
}

std::uint64_t longestOf(const std::vector<Tokens>& prompts)
{
    std::uint64_t longest = 0;
    for (const Tokens& prompt : prompts)
        longest = std::max<std::uint64_t>(longest, prompt.size());
    return longest;
}

Status checkMemory(
    const MoeModel& model, const std::vector<Tokens>& prompts, const TaskContext& task)
{
    std::uint64_t all = 0;
    for (const Tokens& prompt : prompts)
        all += prompt.size();
    const std::uint64_t longest = longestOf(prompts);
    return task.checkMemory(TraceTensors::bytes(model, all) + TraceTensors::bytes(model, longest)
            + forwardMemory(model, longest, forwardSpec()),
        "Recording these prompts");
}

Document summary(const TraceOptions& options, const OpenModel& open,
    const std::vector<Tokens>& prompts, std::size_t tensors)
{
    Document document;
    Report& report = document.report;
    report.experiment = "trace";
    report.title = fmt::format("{} tensors written to {}", formatCount(tensors), options.out);
    report.model = identifyModel(open);
    TableFigure table;
    table.columns = {{"prompt", "", false, -1, ""}, {"tokens", "", true, 0, ""},
        {"begins with", "", false, -1, ""}};
    Json list = Json::array();
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        std::string begin;
        for (std::size_t t = 0; t < std::min<std::size_t>(8, prompts[i].size()); ++t)
            begin += open.tokenizer ? visibleToken(traceToken(open, prompts[i][t]).text)
                                    : fmt::format("{} ", prompts[i][t]);
        table.rows.push_back(
            {fmt::format("p{}", i), static_cast<double>(prompts[i].size()), begin});
        list.push_back({{"name", fmt::format("p{}", i)}, {"ids", prompts[i]}});
    }
    report.figures.push_back({"prompts", "Prompts", "", "", std::move(table)});
    const auto given
        = [](bool is, const std::string& text) { return is ? Json(toValidUtf8(text)) : Json(); };
    (*report.spec) = {{"prompt", given(options.prompt.hasText, options.prompt.text)},
        {"ids", given(options.prompt.hasIds, options.prompt.ids)},
        {"prompts", given(!options.prompts.empty(), options.prompts)},
        {"no_special", options.prompt.noSpecial}, {"precision", precisionName(options.precision)}};
    (*report.fields) = {{"out", options.out}, {"tensors", tensors}, {"prompts", std::move(list)}};
    return document;
}

Status runTrace(TraceOptions options, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputs(options.output));
    MOESCOPE_CHECK(checkOutputPath(options.out));
    MOESCOPE_CHECK(checkPrecision(options.precision));
    MOESCOPE_TRY(const auto open, environment.open(options.model));
    if (!open->model)
        return tl::unexpected(open->modelError);
    options.precision = usablePrecision(options.precision, *open->model);
    TaskContext& task = environment.task();
    MOESCOPE_TRY(const auto prompts, readPrompts(options, *open, task));
    MOESCOPE_CHECK(checkMemory(*open->model, prompts, task));
    const std::string warning = positionsWarning(open->model->config(), longestOf(prompts));
    if (!warning.empty())
        Console::error(warning);
    SafetensorsWriter writer;
    writer.setMetadata("program", fmt::format("moescope-cli {}", kVersion));
    writer.setMetadata("model", checkpointHash(*open->checkpoint));
    if (options.precision == Precision::Bf16)
        writer.setMetadata("precision", precisionName(options.precision));
    environment.showProgress();
    std::size_t tensors = 0;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        task.progress(static_cast<double>(i) / static_cast<double>(prompts.size()),
            fmt::format("Prompt {} of {}", i + 1, prompts.size()));
        TraceTensors recorded(*open->model, prompts[i].size());
        KvCache cache(open->model->config());
        TaskContext step = prompts.size() > 1 ? task.quiet() : task;
        MOESCOPE_CHECK(forward(
            *open->model, cache, prompts[i], forwardSpec(options.precision), &recorded, step));
        tensors += recorded.addTo(writer, i);
    }
    MOESCOPE_CHECK(open->checkpoint->status());
    MOESCOPE_CHECK(task.check());
    MOESCOPE_CHECK(writer.write(options.out));
    environment.hideProgress();
    Document document = summary(options, *open, prompts, tensors);
    if (!warning.empty())
        (*document.report.fields)["warnings"] = Json::array({warning});
    return emit(std::move(document), options.output, environment.console());
}

} // namespace

void addTraceCommand(CLI::App& app, Commands& commands)
{
    Command& command = addCommand(app, commands, "trace",
        "Writes every logit, hidden state and routing decision of prompts to a file",
        "  moescope-cli trace native --prompt \"2 + 3 =\" --out trace.safetensors\n"
        "  moescope-cli trace ./folder --ids 1,2,3 --out trace.safetensors\n"
        "  moescope-cli trace native --prompts prompts.jsonl --out trace.safetensors");
    const auto options = std::make_shared<TraceOptions>();
    addModelOption(*command.parser, options->model);
    addPromptOptions(*command.parser, options->prompt);
    command.parser
        ->add_option("--prompts", options->prompts,
            "A file with {\"ids\": [...]} or {\"text\": \"...\"} on each line; - is standard input")
        ->type_name("FILE");
    command.parser->add_option("-o,--out,--output", options->out, "The .safetensors file to write")
        ->type_name("FILE")
        ->required();
    addPrecisionOption(*command.parser, options->precision);
    addOutputOptions(*command.parser, options->output, false);
    command.run = [options](Environment& environment) { return runTrace(*options, environment); };
}

} // namespace moescope::cli
