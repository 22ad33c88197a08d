// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <span>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/commands.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/io/json_lines.h"

namespace moescope::cli {

namespace {

namespace fs = std::filesystem;

struct TokenizeOptions {
    std::string model;
    std::string text;
    bool hasText = false;
    std::string file;
    std::string json;
};

/// At the peak, for a byte of text, of the most that any kind of tokenizer takes: the text with its
/// origins twice, its pieces, and the line that is printed.
constexpr std::uint64_t kBytesPerByte = 120;
constexpr std::uint64_t kShortText = 1U << 20; ///< needs no estimate

void appendIds(std::string& out, std::string_view key, std::span<const std::int32_t> ids)
{
    fmt::format_to(std::back_inserter(out), "\"{}\":[{}]", key, fmt::join(ids, ","));
}

Result<std::string> tokenizeLine(
    const Tokenizer& tokenizer, const std::string& text, TaskContext& task)
{
    if (text.size() > kShortText)
        MOESCOPE_CHECK(task.checkMemory(kBytesPerByte * text.size(), "Tokenizing this text"));
    MOESCOPE_TRY(Encoding encoding, tokenizer.encode(text, task));
    MOESCOPE_CHECK(task.check());
    std::string line = "{";
    appendIds(line, "ids", encoding.ids);
    line += ",\"offsets\":[";
    for (const auto& [begin, end] : encoding.offsets)
        fmt::format_to(
            std::back_inserter(line), "{}[{},{}]", line.back() == '[' ? "" : ",", begin, end);
    line += "],";
    MOESCOPE_CHECK(task.check());
    const std::string decoded = tokenizer.decode(encoding.ids);
    tokenizer.addSpecial(encoding, text.size());
    appendIds(line, "ids_with_special", encoding.ids);
    MOESCOPE_CHECK(task.check());
    return line + ",\"decoded\":" + dumpJson(Json(decoded), -1) + "}\n";
}

/// A weights file stands for the folder it is in.
fs::path tokenizerPath(const fs::path& path)
{
    const std::string name = path.filename().string();
    const bool weights
        = name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json");
    std::error_code error;
    return weights && fs::is_regular_file(path, error) ? fs::absolute(path, error).parent_path()
                                                       : path;
}

using Sink = std::function<Status(const std::string&)>;

/// Of a file on a disk, which tells how far its lines are; 0 for what has no size.
std::uint64_t sizeOf(const fs::path& path)
{
    std::error_code error;
    const auto size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
    return error ? 0 : size;
}

Status tokenizeAll(
    const TokenizeOptions& options, const Tokenizer& tokenizer, TaskContext& task, const Sink& sink)
{
    if (options.hasText) {
        MOESCOPE_TRY(const std::string line, tokenizeLine(tokenizer, options.text, task));
        return sink(line);
    }
    const auto total = static_cast<double>(sizeOf(options.file));
    double done = 0;
    const auto visit = [&](const Json& json, std::string_view where) -> Status {
        MOESCOPE_TRY(const auto text, jsonOptionalString(json, "text", where));
        if (!text)
            return fail(ErrorCode::BadFormat, fmt::format("{} has no \"text\".", where));
        TaskContext step = task.quiet();
        const auto size = static_cast<double>(text->size());
        step.setProgressSink([&](double share, std::string_view) {
            task.progress(total > 0 ? std::min(1.0, (done + share * size) / total) : 0, where);
        });
        MOESCOPE_TRY(const std::string line, tokenizeLine(tokenizer, *text, step));
        done += size;
        return sink(line);
    };
    return forEachJsonLine(options.file, visit, task);
}

Status runTokenize(const TokenizeOptions& options, Environment& environment)
{
    if (options.hasText == !options.file.empty())
        return fail(ErrorCode::InvalidArgument,
            options.hasText
                ? "Only one of --text and --file can be used."
                : "There is nothing to tokenize: give --text TEXT or --file LINES.jsonl.");
    const bool toFile = !options.json.empty() && options.json != "-";
    if (toFile)
        MOESCOPE_CHECK(checkOutputPath(options.json));
    MOESCOPE_TRY(const fs::path path, environment.resolve(options.model));
    MOESCOPE_TRY(const auto tokenizer, loadTokenizer(tokenizerPath(path)));
    if (!tokenizer->warning().empty())
        Console::error(tokenizer->warning());
    // On a terminal, the lines themselves show how far it is.
    if (toFile || !environment.console().outIsTerminal())
        environment.showProgress();
    if (toFile)
        return writeFileAtomically(options.json, [&](std::ostream& stream) {
            return tokenizeAll(
                options, *tokenizer, environment.task(), [&](const std::string& line) -> Status {
                    stream << line;
                    return {};
                });
        });
    return tokenizeAll(options, *tokenizer, environment.task(),
        [&](const std::string& line) { return environment.console().write(line); });
}

} // namespace

void addTokenizeCommand(CLI::App& app, Commands& commands)
{
    Command& command
        = addCommand(app, commands, "tokenize", "Prints texts as token ids, one JSON object a line",
            "  moescope-cli tokenize native --text \"Hello, world!\"\n"
            "  moescope-cli tokenize ./tokenizer.json --file lines.jsonl");
    const auto options = std::make_shared<TokenizeOptions>();
    command.parser
        ->add_option("-m,--model,MODEL", options->model,
            "Model, or a tokenizer.json, sentencepiece .model or GGUF file")
        ->option_text("(required)")
        ->required();
    command.parser
        ->add_option_function<std::string>(
            "--text",
            [options](const std::string& text) {
                options->text = text;
                options->hasText = true;
            },
            "The text")
        ->type_name("TEXT");
    command.parser
        ->add_option("--file", options->file,
            "A file with {\"text\": \"...\"} on each line; - is standard input")
        ->type_name("FILE");
    command.parser
        ->add_option("-o,--output,--json", options->json,
            "Write the lines to a file; - means standard output, as without it")
        ->type_name("FILE")
        ->group("Output");
    command.run
        = [options](Environment& environment) { return runTokenize(*options, environment); };
}

} // namespace moescope::cli
