// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/io/json.h"
#include "core/report/figure_table.h"
#include "core/report/report.h"
#include "core/report/report_words.h"

namespace moescope {

namespace {

/// What the numbers belong to.
TableFigure identityTable(const Report& report)
{
    TableFigure table;
    table.columns = {{"key", {}, false, -1, {}}, {"value", {}, false, -1, {}}};
    const auto add = [&](const std::string& key, std::string value) {
        if (!value.empty())
            table.rows.push_back({key, std::move(value)});
    };
    add("title", report.title);
    add("experiment", report.experiment);
    add("model", report.model.id);
    if (!report.model.hash.empty()) {
        add("hash", report.model.hash);
        add("hash of", report.model.hashOf);
    }
    add("dtype", report.model.dtype);
    add("files", fmt::format("{}", fmt::join(report.model.files, "; ")));
    add("seed", std::to_string(report.seed));
    add("scope", report.scope);
    add("complete", report.complete ? "true" : "false");
    add("made by", programLine());
    if (report.spec)
        for (const auto& [key, value] : report.spec->items())
            add("parameter " + key,
                value.is_string() ? value.get<std::string>() : dumpJson(value, -1));
    return table;
}

} // namespace

std::string reportToCsv(const Report& report, char separator)
{
    const std::string lineEnd = separator == ',' ? "\r\n" : "\n";
    std::string out;
    const auto add = [&](const std::string& name, const Figure& figure) {
        out += (out.empty() ? "" : lineEnd) + name + lineEnd + figureToCsv(figure, separator);
    };
    add("report", {"report", "", "", "", identityTable(report)});
    if (!report.findings.empty())
        add("findings", {"findings", "", "", "", findingsTable(report.findings)});
    for (const Figure& figure : report.figures)
        add(figure.id, figure);
    return out;
}

} // namespace moescope
