// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_html.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/report/display_width.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"
#include "core/report/text_table.h"

namespace moescope {

namespace {

/// A browser stays quick up to about this many cells.
constexpr std::size_t kMostCells = 40'000;

std::size_t rowsShown(std::size_t rows, std::size_t cols)
{
    return std::min(rows, std::max<std::size_t>(1, kMostCells / std::max<std::size_t>(1, cols)));
}

std::string cutNote(std::size_t shown, std::size_t rows)
{
    if (shown == rows)
        return {};
    return fmt::format("<p class=\"soft\">The first {} of {} rows; the JSON and CSV exports have "
                       "all of them.</p>\n",
        formatCount(shown), formatCount(rows));
}

std::string tableHtml(const TableFigure& table)
{
    std::string out = "<div class=\"scroll\"><table>\n<tr>";
    for (const auto& column : table.columns)
        out += fmt::format("<th{}{}>{}</th>", column.numeric ? " class=\"n\"" : "",
            column.help.empty() ? "" : fmt::format(" title=\"{}\"", htmlText(column.help)),
            htmlText(titleWithUnit(column.title, column.unit)));
    out += "</tr>\n";
    const std::size_t shown = rowsShown(table.rows.size(), table.columns.size());
    for (std::size_t r = 0; r < shown; ++r) {
        out += "<tr>";
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const auto& row = table.rows[r];
            out += fmt::format("<td{}>{}</td>", table.columns[c].numeric ? " class=\"n\"" : "",
                c < row.size() ? htmlText(cellText(row[c], table.columns[c])) : "");
        }
        out += "</tr>\n";
    }
    return out + "</table></div>\n" + cutNote(shown, table.rows.size());
}

std::string shadedCell(const std::string& text, double level, const std::string& hover)
{
    if (std::isnan(level))
        return "<td>" + htmlText(text) + "</td>";
    return fmt::format("<td class=\"{}\" style=\"--a:{:.2f}\"{}>{}</td>", level < 0 ? "o" : "s",
        0.6 * std::clamp(std::abs(level), 0.0, 1.0),
        hover.empty() ? "" : fmt::format(" title=\"{}\"", htmlText(oneLine(hover))),
        htmlText(text));
}

std::string bodyHtml(const HeatMapFigure& map)
{
    double lo = std::numeric_limits<double>::infinity();
    double hi = -lo;
    for (const double value : map.values)
        if (std::isfinite(value)) {
            lo = std::min(lo, value);
            hi = std::max(hi, value);
        }
    if (map.range) {
        lo = map.range->lo;
        hi = map.range->hi;
    }
    const auto level = [&](double value) {
        if (!std::isfinite(value))
            return std::numeric_limits<double>::quiet_NaN();
        // Above the centre is red, which the style sheet gives to negative levels.
        if (map.scale == ColourScale::Diverging) {
            const double reach = std::max(std::abs(hi - map.centre), std::abs(lo - map.centre));
            return reach > 0 ? (map.centre - value) / reach : 0.0;
        }
        return hi > lo ? (value - lo) / (hi - lo) : 0.5;
    };
    std::string out = "<div class=\"scroll\"><table>\n<tr><th></th>";
    for (std::size_t c = 0; c < map.cols; ++c)
        out += "<th>" + htmlText(labelAt(map.colLabels, c)) + "</th>";
    out += "</tr>\n";
    const std::size_t shown = rowsShown(map.rows, map.cols);
    for (std::size_t r = 0; r < shown; ++r) {
        out += "<tr><th>" + htmlText(labelAt(map.rowLabels, r)) + "</th>";
        for (std::size_t c = 0; c < map.cols; ++c) {
            const std::size_t index = r * map.cols + c;
            const double value = index < map.values.size()
                ? map.values[index]
                : std::numeric_limits<double>::quiet_NaN();
            const std::string note
                = index < map.cellNotes.size() ? map.cellNotes[index] : std::string();
            out += shadedCell(displayNumber(value), level(value), note);
        }
        out += "</tr>\n";
    }
    out += "</table></div>\n" + cutNote(shown, map.rows);
    return out
        + fmt::format("<p class=\"soft\">{}, {} down, {} across.</p>\n",
            htmlText(titleWithUnit(map.valueTitle, map.valueUnit)),
            htmlText(titleWithUnit(map.rowAxis.title, map.rowAxis.unit)),
            htmlText(titleWithUnit(map.colAxis.title, map.colAxis.unit)));
}

std::string bodyHtml(const RoutingGridFigure& grid)
{
    const std::size_t cols = grid.colLabels.size();
    std::string out = "<div class=\"scroll\"><table>\n<tr><th>" + htmlText(grid.rowTitle) + "</th>";
    for (const auto& label : grid.colLabels)
        out += "<th>" + htmlText(label) + "</th>";
    for (const auto& bar : grid.rowBars)
        out += "<th class=\"n\">" + htmlText(titleWithUnit(bar.title, bar.unit)) + "</th>";
    out += "</tr>\n";
    const std::size_t shown = rowsShown(grid.rowLabels.size(), cols);
    for (std::size_t r = 0; r < shown; ++r) {
        out += "<tr><th>" + htmlText(grid.rowLabels[r]) + "</th>";
        for (std::size_t c = 0; c < cols && r * cols + c < grid.cells.size(); ++c) {
            const auto& cell = grid.cells[r * cols + c];
            out += shadedCell(cellWords(cell), cell.shade, cell.note);
        }
        for (const auto& bar : grid.rowBars)
            out += "<td class=\"n\">"
                + (r < bar.values.size() ? displayNumber(bar.values[r]) : std::string()) + "</td>";
        out += "</tr>\n";
    }
    if (!grid.colLoad.empty()) {
        out += "<tr><th>share of tokens</th>";
        for (const double share : grid.colLoad)
            out += "<td class=\"n\">" + displayNumber(share, 2) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table></div>\n" + cutNote(shown, grid.rowLabels.size());
}

std::string bodyHtml(const TokenStripFigure& strip)
{
    std::string out = "<p>";
    for (const auto& chip : strip.chips) {
        const std::string hover = chip.typeName + (chip.trigram.empty() ? "" : " " + chip.trigram)
            + (chip.note.empty() ? "" : " " + chip.note);
        out += fmt::format(
            "<span class=\"chip\" title=\"{}\"><code>{}</code><span>{} {}</span></span>\n",
            htmlText(oneLine(hover)), htmlText(visibleToken(chip.text)), htmlText(chip.letter),
            htmlText(chip.badge));
    }
    return out + "</p>\n";
}

std::string bodyHtml(const VerdictFigure& verdict)
{
    const std::string note = verdict.note.empty()
        ? std::string()
        : fmt::format("<p class=\"soft\">{}</p>\n", htmlText(verdict.note));
    return fmt::format("<p>{}: <strong>{}</strong></p>\n<p class=\"soft\">{}</p>\n",
               htmlText(verdict.question), htmlText(verdict.answer), htmlText(verdict.basis))
        + (verdict.rows.empty() ? "" : tableHtml(verdictWords(verdict)) + note);
}

} // namespace

std::string htmlText(std::string_view text)
{
    std::string out;
    for (const char c : terminalText(text)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string figureToHtml(const Figure& figure)
{
    if (const auto* map = std::get_if<HeatMapFigure>(&figure.data))
        return bodyHtml(*map);
    if (const auto* grid = std::get_if<RoutingGridFigure>(&figure.data))
        return bodyHtml(*grid);
    if (const auto* strip = std::get_if<TokenStripFigure>(&figure.data))
        return bodyHtml(*strip);
    if (const auto* verdict = std::get_if<VerdictFigure>(&figure.data))
        return bodyHtml(*verdict);
    return tableHtml(figureTable(figure));
}

} // namespace moescope
