// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

using Cell = TableFigure::Cell;
using Row = std::vector<Cell>;

TableFigure::Column textColumn(std::string title)
{
    return {std::move(title), {}, false, -1, {}};
}

TableFigure::Column numberColumn(std::string title, std::string unit = {})
{
    return {std::move(title), std::move(unit), true, -1, {}};
}

std::string orElse(const std::string& text, const char* fallback)
{
    return text.empty() ? fallback : text;
}

Cell number(double value)
{
    return std::isnan(value) ? Cell() : Cell(value);
}

Cell at(const std::vector<double>& values, std::size_t index)
{
    return index < values.size() ? number(values[index]) : Cell();
}

void appendInterval(Row& row, const std::optional<Interval>& interval)
{
    row.push_back(interval ? number(interval->lo) : Cell());
    row.push_back(interval ? number(interval->hi) : Cell());
}

/// Mean, band and name.
void appendNull(Row& row, const std::optional<NullModel>& null)
{
    row.push_back(null ? number(null->mean) : Cell());
    appendInterval(row, null ? null->band : std::nullopt);
    row.push_back(null ? Cell(null->model) : Cell());
}

TableFigure tableOf(const TableFigure& table)
{
    return table;
}

TableFigure tableOf(const HeatMapFigure& map)
{
    TableFigure table;
    const std::string corner
        = orElse(map.rowAxis.title, "row") + " \\ " + orElse(map.colAxis.title, "column");
    table.columns.push_back(textColumn(corner));
    for (std::size_t c = 0; c < map.cols; ++c)
        table.columns.push_back(numberColumn(labelAt(map.colLabels, c)));
    for (std::size_t r = 0; r < map.rows; ++r) {
        Row row{labelAt(map.rowLabels, r)};
        for (std::size_t c = 0; c < map.cols; ++c)
            row.push_back(at(map.values, r * map.cols + c));
        table.rows.push_back(std::move(row));
    }
    return table;
}

TableFigure tableOf(const LineFigure& figure)
{
    TableFigure table;
    table.columns = {textColumn("kind"), textColumn("name"),
        numberColumn(orElse(figure.xAxis.title, "x"), figure.xAxis.unit),
        numberColumn(orElse(figure.yAxis.title, "y"), figure.yAxis.unit), numberColumn("low"),
        numberColumn("high")};
    for (const auto& series : figure.series)
        for (std::size_t i = 0; i < series.x.size(); ++i)
            table.rows.push_back({series.isNull ? "null" : "series", series.name,
                number(series.x[i]), at(series.y, i), at(series.lo, i), at(series.hi, i)});
    for (const auto& band : figure.bands)
        for (std::size_t i = 0; i < band.x.size(); ++i)
            table.rows.push_back({"null band", band.name, number(band.x[i]), Cell(), at(band.lo, i),
                at(band.hi, i)});
    for (const auto& marker : figure.verticals)
        table.rows.push_back({marker.isNull ? "null marker" : "marker", marker.name,
            number(marker.x), Cell(), Cell(), Cell()});
    for (const auto& level : figure.levels)
        table.rows.push_back({level.isNull ? "null level" : "level", level.name, Cell(),
            number(level.y), Cell(), Cell()});
    for (const auto& gap : figure.gaps)
        table.rows.push_back({"gap", gap.name, number(gap.x), Cell(), Cell(), Cell()});
    return table;
}

TableFigure tableOf(const BarFigure& figure)
{
    TableFigure table;
    table.columns = {textColumn(orElse(figure.categoryAxis.title, "category")),
        numberColumn(orElse(figure.valueAxis.title, "value"), figure.valueAxis.unit),
        numberColumn("low"), numberColumn("high")};
    if (figure.nullLevel)
        table.columns.push_back(numberColumn(orElse(figure.nullName, "null")));
    for (const auto& bar : figure.bars) {
        Row row{bar.label, number(bar.value), Cell(), Cell()};
        if (bar.interval) {
            row[2] = number(bar.interval->lo);
            row[3] = number(bar.interval->hi);
        }
        if (figure.nullLevel)
            row.push_back(number(*figure.nullLevel));
        table.rows.push_back(std::move(row));
    }
    return table;
}

TableFigure tableOf(const TokenStripFigure& figure)
{
    TableFigure table;
    table.columns = {numberColumn("position"), textColumn("token"), textColumn("type"),
        textColumn("trigram"), textColumn("badge"), textColumn("origin"), textColumn("note")};
    for (std::size_t i = 0; i < figure.chips.size(); ++i) {
        const auto& chip = figure.chips[i];
        const char* origin = chip.special ? "special" : chip.generated ? "generated" : "prompt";
        table.rows.push_back({static_cast<double>(i), visibleToken(chip.text),
            chip.typeName.empty() ? chip.letter : chip.typeName, chip.trigram, chip.badge,
            std::string(origin), oneLine(chip.note)});
    }
    return table;
}

TableFigure tableOf(const RoutingGridFigure& figure)
{
    TableFigure table;
    table.columns = {numberColumn("row"), textColumn(orElse(figure.rowTitle, "token")),
        textColumn(orElse(figure.colTitle, "column")), textColumn("label"),
        numberColumn(
            orElse(figure.valueTitle.empty() ? figure.shadeTitle : figure.valueTitle, "value")),
        numberColumn("probability"), textColumn("mark")};
    const std::size_t cols = figure.colLabels.size();
    for (std::size_t r = 0; r < figure.rowLabels.size(); ++r)
        for (std::size_t c = 0; c < cols && r * cols + c < figure.cells.size(); ++c) {
            const auto& cell = figure.cells[r * cols + c];
            if (std::isnan(cell.shade) && !(cell.faint > 0) && cell.mark == 0 && cell.label.empty())
                continue;
            table.rows.push_back({static_cast<double>(r), figure.rowLabels[r], figure.colLabels[c],
                cell.label, number(plainDouble(cell.number())),
                cell.faint > 0 ? Cell(plainDouble(cell.faint)) : Cell(), markText(cell.mark)});
        }
    return table;
}

TableFigure tableOf(const VerdictFigure& figure)
{
    TableFigure table;
    table.columns = {textColumn("test"), numberColumn("value"), numberColumn("low"),
        numberColumn("high"), textColumn("unit"), numberColumn("null"), numberColumn("null_low"),
        numberColumn("null_high"), textColumn("null_model"), numberColumn("other_null"),
        textColumn("other_null_model"), numberColumn("z"), numberColumn("n"), textColumn("n_unit"),
        textColumn("points to"), numberColumn("vote"), textColumn("standing"), textColumn("note")};
    Row answer(table.columns.size());
    answer.front() = figure.question;
    answer[14] = figure.answer;
    answer.back() = figure.basis;
    table.rows.push_back(std::move(answer));
    for (const auto& row : figure.rows) {
        const VerdictFigure::Numbers& numbers = row.numbers;
        Row cells{row.test};
        // A test without numbers keeps its words.
        const bool words = std::isnan(numbers.value) && numbers.countUnit.empty();
        cells.push_back(words ? Cell(row.value) : number(numbers.value));
        appendInterval(cells, numbers.interval);
        cells.emplace_back(numbers.unit);
        if (numbers.null || !words)
            appendNull(cells, numbers.null);
        else
            cells.insert(cells.end(), {row.null, Cell(), Cell(), Cell()});
        cells.push_back(numbers.otherNull ? number(numbers.otherNull->mean) : Cell());
        cells.push_back(numbers.otherNull ? Cell(numbers.otherNull->model) : Cell());
        cells.push_back(numbers.z ? number(*numbers.z) : Cell());
        cells.push_back(words ? Cell() : Cell(static_cast<double>(numbers.count)));
        cells.insert(cells.end(),
            {numbers.countUnit, directionText(row), static_cast<double>(row.vote),
                standingText(row), Cell()});
        table.rows.push_back(std::move(cells));
    }
    return table;
}

bool isShown(const RoutingGridFigure::Cell& cell)
{
    return !std::isnan(cell.shade) || cell.mark != 0;
}

/// What the row chose, the largest number first.
std::string chosenList(const RoutingGridFigure& grid, std::size_t row)
{
    const std::size_t cols = grid.colLabels.size();
    std::vector<std::size_t> chosen;
    for (std::size_t c = 0; c < cols && row * cols + c < grid.cells.size(); ++c)
        if (isShown(grid.cells[row * cols + c]))
            chosen.push_back(c);
    const auto number = [&](std::size_t c) {
        const float value = grid.cells[row * cols + c].number();
        return std::isnan(value) ? -std::numeric_limits<float>::infinity() : value;
    };
    std::stable_sort(chosen.begin(), chosen.end(),
        [&](std::size_t a, std::size_t b) { return number(a) > number(b); });
    std::string text;
    for (const std::size_t c : chosen) {
        const auto& cell = grid.cells[row * cols + c];
        text += (text.empty() ? "" : ", ") + grid.colLabels[c];
        if (!std::isnan(cell.shade))
            text += fmt::format(" ({})", displayNumber(static_cast<double>(cell.number())));
    }
    return text;
}

TableFigure shapedTable(const RoutingGridFigure& grid, std::size_t widest)
{
    TableFigure table;
    const std::size_t cols = grid.colLabels.size();
    table.columns.push_back(textColumn(orElse(grid.rowTitle, "token")));
    if (cols > widest)
        table.columns.push_back(textColumn(orElse(grid.colTitle, "chosen")));
    else
        for (const std::string& label : grid.colLabels)
            table.columns.push_back(textColumn(label));
    for (const auto& bar : grid.rowBars)
        table.columns.push_back(numberColumn(bar.title, bar.unit));
    for (std::size_t r = 0; r < grid.rowLabels.size(); ++r) {
        Row row{grid.rowLabels[r]};
        if (cols > widest)
            row.emplace_back(chosenList(grid, r));
        for (std::size_t c = 0; cols <= widest && c < cols; ++c) {
            const bool there
                = r * cols + c < grid.cells.size() && isShown(grid.cells[r * cols + c]);
            row.push_back(there ? Cell(cellWords(grid.cells[r * cols + c])) : Cell());
        }
        for (const auto& bar : grid.rowBars)
            row.push_back(at(bar.values, r));
        table.rows.push_back(std::move(row));
    }
    return table;
}

} // namespace

std::string labelAt(const std::vector<std::string>& labels, std::size_t index)
{
    return index < labels.size() ? labels[index] : std::to_string(index);
}

std::string markText(std::uint8_t mark)
{
    static constexpr const char* kSides[] = {"", "A", "B", "both"};
    std::string text = kSides[mark & 3U];
    if (mark & 4U)
        text += text.empty() ? "changed" : ", changed";
    return text;
}

std::string cellWords(const RoutingGridFigure::Cell& cell)
{
    std::string text = cell.label;
    if (text.empty() && (cell.mark & 3U))
        text = markText(cell.mark & 3U);
    else if (text.empty() && !std::isnan(cell.shade))
        text = displayNumber(static_cast<double>(cell.number()));
    if (cell.mark & 4U)
        text += text.empty() ? "changed" : " changed";
    return text;
}

std::string standingText(const VerdictFigure::Row& row)
{
    if (row.vote != 0)
        return row.vote > 0 ? "points to it" : "points against it";
    switch (row.standing) {
    case VerdictFigure::Standing::AtNull:
        return "as random";
    case VerdictFigure::Standing::Slight:
        return "too small to count";
    case VerdictFigure::Standing::Differs:
        return "unlike random, but does not decide";
    case VerdictFigure::Standing::Unknown:
        break;
    }
    return "does not decide";
}

std::string directionText(const VerdictFigure::Row& row)
{
    if (row.vote != 0 || row.standing == VerdictFigure::Standing::Unknown)
        return row.direction;
    std::string standing = "unlike random";
    if (row.standing == VerdictFigure::Standing::AtNull)
        standing = "as random";
    else if (row.standing == VerdictFigure::Standing::Slight)
        standing = row.slight.empty() ? standingText(row) : row.slight;
    return row.direction == standing ? standing : row.direction + ", " + standing;
}

TableFigure verdictWords(const VerdictFigure& figure)
{
    TableFigure table;
    table.columns
        = {textColumn("test"), textColumn("value"), textColumn("null"), textColumn("points to")};
    for (const auto& row : figure.rows)
        table.rows.push_back({row.test, row.value, row.null, directionText(row)});
    return table;
}

TableFigure findingsTable(const std::vector<Finding>& findings)
{
    TableFigure table;
    table.columns = {textColumn("claim"), textColumn("conclusion"), textColumn("verdict"),
        textColumn("test"), numberColumn("value"), numberColumn("low"), numberColumn("high"),
        textColumn("unit"), numberColumn("null"), numberColumn("null_low"),
        numberColumn("null_high"), textColumn("null_model"), numberColumn("z"), numberColumn("p"),
        textColumn("p_side"), numberColumn("q"), numberColumn("n"), textColumn("n_unit"),
        numberColumn("prompts"), numberColumn("cells tested"), numberColumn("smallest that counts"),
        numberColumn("tokens needed"), textColumn("note")};
    const auto value = [](const std::optional<double>& x) { return x ? number(*x) : Cell(); };
    for (const Finding& finding : findings) {
        Row row{finding.claim, finding.conclusion, std::string(verdictText(finding.verdict)),
            finding.test, value(finding.effect)};
        appendInterval(row, finding.interval);
        row.emplace_back(finding.unit);
        appendNull(row, finding.null);
        row.insert(row.end(),
            {value(finding.z), value(finding.p), finding.pSide, value(finding.q),
                static_cast<double>(finding.tokens), finding.countUnit});
        row.push_back(finding.prompts > 0 ? Cell(static_cast<double>(finding.prompts)) : Cell());
        row.emplace_back(static_cast<double>(finding.family));
        row.push_back(finding.delta > 0 ? Cell(finding.delta) : Cell());
        row.push_back(
            finding.tokensNeeded ? Cell(static_cast<double>(*finding.tokensNeeded)) : Cell());
        row.emplace_back(finding.intervalNote);
        table.rows.push_back(std::move(row));
    }
    return table;
}

std::string oneLine(const std::string& note)
{
    std::string text;
    for (const char c : note)
        text += c == '\n' ? "; " : std::string(1, c);
    return text;
}

TableFigure readableTable(const Figure& figure, std::size_t widest)
{
    if (const auto* grid = std::get_if<RoutingGridFigure>(&figure.data))
        return shapedTable(*grid, widest);
    if (const auto* verdict = std::get_if<VerdictFigure>(&figure.data))
        return verdictWords(*verdict);
    return figureTable(figure);
}

TableFigure figureTable(const Figure& figure)
{
    return std::visit([](const auto& data) { return tableOf(data); }, figure.data);
}

} // namespace moescope
