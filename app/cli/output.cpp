// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/output.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "core/io/file_write.h"
#include "core/report/pretty_json.h"

namespace moescope::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFileWidth = 120;

enum class Form { Json, Markdown, Html, Csv, Tsv, Text };

std::optional<Form> formOf(const fs::path& path)
{
    std::string suffix = path.extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (suffix == ".json")
        return Form::Json;
    if (suffix == ".md")
        return Form::Markdown;
    if (suffix == ".html" || suffix == ".htm")
        return Form::Html;
    if (suffix == ".csv")
        return Form::Csv;
    if (suffix == ".tsv")
        return Form::Tsv;
    if (suffix == ".txt")
        return Form::Text;
    return std::nullopt;
}

/// Devices, pipes and names without a suffix take the text.
bool takesText(const fs::path& path)
{
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    return path.extension().empty() || (fs::exists(status) && !fs::is_regular_file(status));
}

Status keepFigure(Report& report, const std::string& id)
{
    if (id.empty())
        return {};
    std::vector<std::string> ids;
    for (const Figure& figure : report.figures)
        ids.push_back(figure.id);
    std::erase_if(report.figures, [&](const Figure& figure) { return figure.id != id; });
    if (!report.figures.empty())
        return {};
    return fail(ErrorCode::InvalidArgument,
        fmt::format(
            "There is no figure \"{}\" in this report; it has {}.", id, fmt::join(ids, ", ")));
}

/// One figure is plain CSV when it was asked for, or is all that there is; else everything, in
/// tables below one another.
std::string csvOf(const Report& report, bool chosen, char separator)
{
    if (report.figures.size() == 1 && (chosen || report.findings.empty()))
        return figureToCsv(report.figures.front(), separator);
    return reportToCsv(report, separator);
}

Status writeJson(const Document& document, const fs::path& path)
{
    if (document.json)
        return writeFileAtomically(path, prettyJson(*document.json));
    return writeReportJson(document.report, path);
}

Status writeOutput(const Document& document, const OutputOptions& options)
{
    const fs::path path = options.output;
    const bool chosen = !options.figure.empty();
    const Report& report = document.report;
    switch (formOf(path).value_or(Form::Text)) {
    case Form::Json:
        return writeJson(document, path);
    case Form::Markdown:
        return writeFileAtomically(path, reportToMarkdown(report));
    case Form::Html:
        return writeFileAtomically(path, reportToHtml(report, {}));
    case Form::Csv:
        return writeFileAtomically(path, csvOf(report, chosen, ','));
    case Form::Tsv:
        return writeFileAtomically(path, csvOf(report, chosen, '\t'));
    case Form::Text:
        break;
    }
    return writeFileAtomically(
        path, document.text ? *document.text : reportToText(report, kFileWidth, false));
}

} // namespace

Status checkOutputPath(const std::string& path)
{
    std::error_code error;
    if (fs::is_directory(path, error))
        return fail(
            ErrorCode::CannotWrite, fmt::format("{} cannot be written: it is a folder.", path));
    const fs::path folder = fs::absolute(path, error).parent_path();
    if (!fs::is_directory(folder, error))
        return fail(ErrorCode::CannotWrite,
            fmt::format(
                "{} cannot be written: the folder {} does not exist.", path, folder.string()));
    if (::access(fs::exists(path, error) ? path.c_str() : folder.c_str(), W_OK) != 0)
        return fail(ErrorCode::CannotWrite,
            fmt::format("{} cannot be written: {}.", path, std::generic_category().message(errno)));
    return {};
}

Status checkOutputs(const OutputOptions& options)
{
    if (!options.json.empty() && options.json != "-")
        MOESCOPE_CHECK(checkOutputPath(options.json));
    if (options.json == "-" && options.output == "-")
        return fail(ErrorCode::InvalidArgument,
            "Only one of --json and --output can go to standard output.");
    if (!options.output.empty() && options.output != "-") {
        if (!formOf(options.output) && !takesText(options.output))
            return fail(ErrorCode::InvalidArgument,
                fmt::format("The output file {} must end in .json, .md, .html, .csv, .tsv or .txt, "
                            "or have no suffix.",
                    options.output));
        MOESCOPE_CHECK(checkOutputPath(options.output));
    }
    return {};
}

Status emit(Document document, const OutputOptions& options, Console& console)
{
    MOESCOPE_CHECK(keepFigure(document.report, options.figure));
    const bool toFile = !options.output.empty() && options.output != "-";
    if (toFile)
        MOESCOPE_CHECK(writeOutput(document, options));
    if (options.json == "-")
        return console.write(
            prettyJson(document.json ? *document.json : reportToJson(document.report)));
    if (!options.json.empty())
        MOESCOPE_CHECK(writeJson(document, options.json));
    if (options.output != "-" && !options.toStandardOutput())
        return {};
    return console.write(document.text
            ? *document.text
            : reportToText(document.report, console.width(), console.colour()));
}

} // namespace moescope::cli
