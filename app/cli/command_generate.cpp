// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/commands.h"
#include "core/base/text.h"
#include "core/io/json.h"
#include "core/report/display_width.h"
#include "core/report/model_identity.h"
#include "core/runtime/generate.h"
#include "core/runtime/runnable.h"

namespace moescope::cli {

namespace {

struct GenerateOptions {
    std::string model;
    PromptOptions prompt;
    GenerateSpec spec;
    OutputOptions output;
};

/// Prints tokens as they come; the bytes of a character that is not complete yet wait for the rest.
class TextStream {
public:
    TextStream(const OpenModel& open, Console& console)
        : m_open(open)
        , m_console(console)
    {
    }

    Status add(std::int32_t id)
    {
        if (!m_open.tokenizer)
            return m_console.write(
                std::exchange(m_anyId, true) ? fmt::format(" {}", id) : fmt::format("{}", id));
        if (m_open.tokenizer->isSpecial(id))
            return {};
        m_pending += m_open.tokenizer->tokenBytes(id);
        std::size_t complete = 0;
        while (complete < m_pending.size()) {
            const CodePoint point = decodeUtf8(m_pending, complete);
            if (!point.valid && m_pending.size() - complete < 4)
                break;
            complete += point.bytes;
        }
        return put(complete);
    }
    Status finish()
    {
        MOESCOPE_CHECK(put(m_pending.size()));
        return m_console.write("\n");
    }

private:
    /// On a terminal, line breaks and tabs stay and other control characters are shown as such.
    Status put(std::size_t count)
    {
        std::string text = toValidUtf8(m_pending.substr(0, count));
        m_pending.erase(0, count);
        if (!m_console.outIsTerminal())
            return m_console.write(text);
        std::string safe;
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find_first_of("\n\t", begin), text.size());
            safe += terminalText(std::string_view(text).substr(begin, end - begin));
            if (end < text.size())
                safe += text[end];
            begin = end + 1;
        }
        return m_console.write(safe);
    }

    const OpenModel& m_open;
    Console& m_console;
    std::string m_pending;
    bool m_anyId = false;
};

std::string textOf(const OpenModel& open, const std::vector<std::int32_t>& ids)
{
    std::string bytes;
    for (const std::int32_t id : ids)
        if (open.tokenizer && !open.tokenizer->isSpecial(id))
            bytes += open.tokenizer->tokenBytes(id);
    return toValidUtf8(bytes);
}

Json resultJson(const GenerateOptions& options, const OpenModel& open,
    const std::vector<std::int32_t>& prompt, const std::vector<std::int32_t>& ids, double seconds)
{
    const auto& ends = open.model->config().endTokens;
    const bool ended = !options.spec.ignoreEnd && !ids.empty()
        && std::find(ends.begin(), ends.end(), ids.back()) != ends.end();
    Json json;
    json["schema"] = "moescope/generate/1";
    json["program"] = programToJson();
    json["model"] = identityToJson(identifyModel(open));
    json["spec"]
        = {{"prompt", options.prompt.hasText ? Json(toValidUtf8(options.prompt.text)) : Json()},
            {"max_tokens", options.spec.maxTokens}, {"temperature", options.spec.temperature},
            {"ignore_eos", options.spec.ignoreEnd},
            {"precision", precisionName(options.spec.forward.precision)}};
    json["seed"] = options.spec.seed;
    json["prompt_ids"] = prompt;
    json["ids"] = ids;
    json["text"] = open.tokenizer ? Json(textOf(open, ids)) : Json();
    json["stopped_by"] = ended ? "end token" : "max tokens";
    json["seconds"] = seconds;
    return json;
}

/// The text alone where a text is asked for, else a report with the tokens one by one.
Document documentOf(const OpenModel& open, const std::vector<std::int32_t>& ids)
{
    Document document;
    document.text
        = open.tokenizer ? textOf(open, ids) + "\n" : fmt::format("{}\n", fmt::join(ids, " "));
    Report& report = document.report;
    report.experiment = "generate";
    report.title = fmt::format("Continuation by {}", open.name);
    report.model = identifyModel(open);
    TableFigure table;
    table.columns
        = {{"step", "", true, 0, ""}, {"id", "", true, 0, ""}, {"text", "", false, -1, ""}};
    for (std::size_t i = 0; i < ids.size(); ++i)
        table.rows.push_back({static_cast<double>(i + 1), static_cast<double>(ids[i]),
            visibleToken(traceToken(open, ids[i]).text)});
    report.figures.push_back({"tokens", "New tokens", "", "", std::move(table)});
    return document;
}

Status runGenerate(GenerateOptions options, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputs(options.output));
    MOESCOPE_CHECK(checkPrecision(options.spec.forward.precision));
    MOESCOPE_TRY(const TraceRequest request, readPrompt(options.prompt));
    MOESCOPE_TRY(const auto open, environment.open(options.model));
    if (!open->model)
        return tl::unexpected(open->modelError);
    Precision& precision = options.spec.forward.precision;
    precision = usablePrecision(precision, *open->model);
    MOESCOPE_TRY(const auto tokens, tokenizePrompt(*open, request));
    std::vector<std::int32_t> prompt;
    for (const TraceToken& token : tokens)
        prompt.push_back(token.id);

    const MoeModel& model = *open->model;
    Console& console = environment.console();
    TaskContext& task = environment.task();
    MOESCOPE_CHECK(task.checkMemory(
        forwardMemory(model, std::uint64_t{prompt.size()} + options.spec.maxTokens, {}),
        "Generating this many tokens"));
    const std::string warning
        = positionsWarning(model.config(), std::uint64_t{prompt.size()} + options.spec.maxTokens);
    if (!warning.empty())
        Console::error(warning);
    const bool stream = options.output.json.empty()
        && (options.output.output.empty() || options.output.output == "-");
    if (!stream)
        environment.showProgress();
    TextStream text(*open, console);
    Status printed;
    KvCache cache(model.config());
    const auto start = std::chrono::steady_clock::now();
    const auto ids = generate(
        model, cache, prompt, options.spec, nullptr,
        [&](std::int32_t id) {
            if (stream)
                printed = text.add(id);
            return printed.has_value() && !console.closed();
        },
        task);
    const double seconds
        = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    environment.hideProgress();
    if (stream && console.outIsTerminal() && !ids)
        MOESCOPE_CHECK(text.finish());
    if (!ids)
        return tl::unexpected(ids.error());
    MOESCOPE_CHECK(printed);
    MOESCOPE_CHECK(open->checkpoint->status());
    if (stream)
        return text.finish();
    Document document = documentOf(*open, *ids);
    document.json = resultJson(options, *open, prompt, *ids, seconds);
    if (!warning.empty())
        (*document.json)["warnings"] = Json::array({warning});
    return emit(std::move(document), options.output, console);
}

} // namespace

void addGenerateCommand(CLI::App& app, Commands& commands)
{
    Command& command = addCommand(app, commands, "generate", "Continues a prompt token by token",
        "  moescope-cli generate native --prompt \"King is to queen as\" --max-tokens 8\n"
        "  moescope-cli generate native --prompt \"def \" --max-tokens 64 --temperature 0.8 --seed "
        "7\n"
        "  moescope-cli generate ./folder --ids 1,2,3 --max-tokens 16 --ignore-eos --json -");
    const auto options = std::make_shared<GenerateOptions>();
    GenerateSpec& spec = options->spec;
    addModelOption(*command.parser, options->model);
    addPromptOptions(*command.parser, options->prompt);
    addCount(*command.parser, "-n,--max-tokens", spec.maxTokens, "Most tokens to add");
    command.parser
        ->add_option_function<std::string>(
            "--temperature",
            [&spec](const std::string& text) {
                const char* const end = text.data() + text.size();
                const auto [stop, error] = std::from_chars(text.data(), end, spec.temperature);
                if (error != std::errc() || stop != end || !std::isfinite(spec.temperature)
                    || spec.temperature < 0)
                    throw CLI::ValidationError("--temperature",
                        fmt::format("must be a number of at least 0, but is \"{}\".", text));
            },
            "0 takes the most likely token [0]")
        ->type_name("X");
    addCount(*command.parser, "--seed", spec.seed, "Of the random draws");
    command.parser->add_flag("--ignore-eos", spec.ignoreEnd, "Go on after an end token");
    addPrecisionOption(*command.parser, spec.forward.precision);
    addOutputOptions(*command.parser, options->output, true);
    command.run
        = [options](Environment& environment) { return runGenerate(*options, environment); };
}

} // namespace moescope::cli
