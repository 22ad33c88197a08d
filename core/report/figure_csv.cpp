// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>

#include "core/base/text.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"
#include "core/report/report.h"

namespace moescope {

namespace {

bool isNumber(std::string_view text)
{
    if (text.front() == '+')
        text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

/// A sign alone is harmless and a common token; anything longer could be run as a formula.
bool looksLikeFormula(std::string_view text)
{
    return text.size() > 1
        && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos
        && !isNumber(text);
}

void appendText(std::string& out, std::string_view text, char separator)
{
    std::string field = toValidUtf8(text);
    if (looksLikeFormula(field))
        field.insert(field.begin(), '\'');
    const char special[] = {separator, '"', '\r', '\n', '\0'};
    const bool edges = !field.empty() && (field.front() == ' ' || field.back() == ' ');
    if (!edges && field.find_first_of(special) == std::string::npos) {
        out += field;
        return;
    }
    out += '"';
    for (const char c : field) {
        if (c == '"')
            out += '"';
        out += c;
    }
    out += '"';
}

void appendCell(std::string& out, const TableFigure::Cell& cell, char separator)
{
    if (const auto* text = std::get_if<std::string>(&cell))
        appendText(out, *text, separator);
    else if (const auto* number = std::get_if<double>(&cell))
        out += exactNumber(*number);
}

} // namespace

std::string figureToCsv(const Figure& figure, char separator)
{
    const TableFigure table = figureTable(figure);
    const std::string_view lineEnd = separator == ',' ? "\r\n" : "\n";
    std::string out;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (c > 0)
            out += separator;
        appendText(out, titleWithUnit(table.columns[c].title, table.columns[c].unit), separator);
    }
    out += lineEnd;
    for (const auto& row : table.rows) {
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            if (c > 0)
                out += separator;
            if (c < row.size())
                appendCell(out, row[c], separator);
        }
        out += lineEnd;
    }
    return out;
}

} // namespace moescope
