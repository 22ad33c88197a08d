// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "core/io/json_lines.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

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

Result<std::string> tokenizeLine(const Tokenizer& tokenizer, const std::string& text)
{
    MOESCOPE_TRY(const Encoding plain, tokenizer.encode(text));
    MOESCOPE_TRY(const Encoding special, tokenizer.encodeWithSpecial(text));
    Json json;
    json["ids"] = plain.ids;
    json["offsets"] = Json::array();
    for (const auto& [begin, end] : plain.offsets)
        json["offsets"].push_back(Json::array({begin, end}));
    json["ids_with_special"] = special.ids;
    json["decoded"] = tokenizer.decode(plain.ids);
    return dumpJson(json, -1) + "\n";
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

Status tokenizeAll(const TokenizeOptions& options, const Tokenizer& tokenizer,
    const TaskContext& task, const Sink& sink)
{
    if (options.hasText) {
        MOESCOPE_TRY(const std::string line, tokenizeLine(tokenizer, options.text));
        return sink(line);
    }
    return forEachJsonLine(options.file, [&](const Json& json, std::string_view where) -> Status {
        MOESCOPE_CHECK(task.check());
        MOESCOPE_TRY(const auto text, jsonOptionalString(json, "text", where));
        if (!text)
            return fail(ErrorCode::BadFormat, fmt::format("{} has no \"text\".", where));
        MOESCOPE_TRY(const std::string line, tokenizeLine(tokenizer, *text));
        return sink(line);
    });
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
        ->add_option("-o,--json", options->json,
            "Write the lines to a file; - means standard output, as without it")
        ->type_name("FILE")
        ->group("Output");
    command.run
        = [options](Environment& environment) { return runTokenize(*options, environment); };
}

} // namespace moescope::cli
