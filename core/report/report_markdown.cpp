// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/report/display_width.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"
#include "core/report/report.h"
#include "core/report/report_words.h"
#include "core/report/text_table.h"

namespace moescope {

namespace {

constexpr std::size_t kMostRows = 1000;

/// Text that Markdown prints as it stands, on one line and inside a table cell too.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : terminalText(text)) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (std::string_view("\\`*_[]|~$").find(c) != std::string_view::npos)
            out += std::string("\\") + c;
        else
            out += c;
    }
    return out;
}

std::string tableMarkdown(const TableFigure& table)
{
    std::string out = "|";
    for (const auto& column : table.columns)
        out += " " + escaped(titleWithUnit(column.title, column.unit)) + " |";
    out += "\n|";
    for (const auto& column : table.columns)
        out += column.numeric ? " ---: |" : " --- |";
    out += "\n";
    const std::size_t count = std::min(kMostRows, table.rows.size());
    for (std::size_t r = 0; r < count; ++r) {
        out += "|";
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const auto& row = table.rows[r];
            out += " "
                + (c < row.size() ? escaped(cellText(row[c], table.columns[c])) : std::string())
                + " |";
        }
        out += "\n";
    }
    if (count < table.rows.size())
        out += fmt::format(
            "\nThe first {} of {} rows; the JSON and CSV exports have all of them.\n",
            formatCount(count), formatCount(table.rows.size()));
    return out;
}

} // namespace

std::string reportToMarkdown(const Report& report)
{
    std::string out = "# " + escaped(report.title) + "\n\n";
    if (const std::string model = modelLine(report.model); !model.empty())
        out += "Model: " + escaped(model) + "\n\n";
    if (!report.scope.empty())
        out += escaped(report.scope) + "\n\n";
    out += fmt::format("Made by {}, experiment {}, seed {}.\n", escaped(programLine()),
        escaped(report.experiment), report.seed);
    if (!report.complete)
        out += "\n**Incomplete: the work was cancelled before its end.**\n";
    if (report.spec && !report.spec->empty()) {
        out += "\n## Parameters\n\n";
        for (const auto& [key, value] : report.spec->items())
            out += fmt::format("- {}: {}\n", escaped(key),
                escaped(value.is_string() ? value.get<std::string>() : dumpJson(value, -1)));
    }
    if (!report.findings.empty()) {
        out += "\n## Findings\n\n";
        for (const Finding& finding : report.findings)
            out += fmt::format("- **{}** {}: {}.\n",
                escaped(finding.conclusion.empty() ? finding.claim : finding.conclusion),
                escaped(finding.test), escaped(findingFacts(finding)));
    }
    for (const Figure& figure : report.figures) {
        out += "\n## " + escaped(figure.title) + "\n\n";
        if (!figure.subtitle.empty())
            out += escaped(figure.subtitle) + "\n\n";
        const auto* verdict = std::get_if<VerdictFigure>(&figure.data);
        if (verdict)
            out += fmt::format("**{}** {}\n\n", escaped(verdict->answer), escaped(verdict->basis));
        if (!verdict || !verdict->rows.empty())
            out += tableMarkdown(readableTable(figure));
        if (verdict && !verdict->note.empty())
            out += "\n" + escaped(verdict->note) + "\n";
        if (!figure.caption.empty())
            out += "\n" + escaped(figure.caption) + "\n";
    }
    return out;
}

} // namespace moescope
