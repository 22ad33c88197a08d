// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"
#include "core/report/report.h"

namespace moescope {

namespace {

Json toJson(const std::optional<double>& value)
{
    return value ? Json(*value) : Json();
}

Json toJson(const Interval& interval)
{
    return Json::array({interval.lo, interval.hi});
}

Json toJson(const std::optional<Interval>& interval)
{
    return interval ? toJson(*interval) : Json();
}

Json toJson(const std::optional<NullModel>& null)
{
    if (!null)
        return {};
    return {{"model", null->model}, {"mean", null->mean}, {"band", toJson(null->band)}};
}

Json toJson(const Axis& axis)
{
    Json json = {{"title", axis.title}, {"unit", axis.unit}};
    if (axis.lo || axis.hi)
        json["range"] = {toJson(axis.lo), toJson(axis.hi)};
    if (axis.logarithmic)
        json["logarithmic"] = true;
    return json;
}

template <typename T>
Json rowsOf(const std::vector<T>& values, std::size_t rows, std::size_t cols)
{
    Json json = Json::array();
    for (std::size_t r = 0; r < rows; ++r) {
        Json row = Json::array();
        for (std::size_t c = 0; c < cols && r * cols + c < values.size(); ++c)
            row.push_back(values[r * cols + c]);
        json.push_back(std::move(row));
    }
    return json;
}

void fill(Json& json, const TableFigure& table)
{
    json["kind"] = "table";
    Json columns = Json::array();
    for (const auto& column : table.columns) {
        Json entry = {{"title", column.title}, {"unit", column.unit}, {"numeric", column.numeric}};
        if (!column.help.empty())
            entry["help"] = column.help;
        columns.push_back(std::move(entry));
    }
    Json rows = Json::array();
    for (const auto& row : table.rows) {
        Json cells = Json::array();
        for (const auto& cell : row) {
            if (const auto* number = std::get_if<double>(&cell))
                cells.push_back(*number);
            else if (const auto* text = std::get_if<std::string>(&cell))
                cells.push_back(*text);
            else
                cells.push_back(nullptr);
        }
        rows.push_back(std::move(cells));
    }
    json["columns"] = std::move(columns);
    json["rows"] = std::move(rows);
}

void fill(Json& json, const HeatMapFigure& map)
{
    json["kind"] = "heat map";
    json["value"] = {{"title", map.valueTitle}, {"unit", map.valueUnit}};
    json["row_axis"] = toJson(map.rowAxis);
    json["column_axis"] = toJson(map.colAxis);
    json["row_labels"] = map.rowLabels;
    json["column_labels"] = map.colLabels;
    json["values"] = rowsOf(map.values, map.rows, map.cols);
    json["clustered_order"] = map.clusteredOrder;
    json["scale"] = map.scale == ColourScale::Diverging ? "diverging" : "sequential";
    json["range"] = toJson(map.range);
    if (map.scale == ColourScale::Diverging)
        json["centre"] = map.centre;
    json["null"] = toJson(map.null);
    if (!map.diagonal.empty())
        json["diagonal"] = map.diagonal;
    if (!map.cellNotes.empty())
        json["notes"] = rowsOf(map.cellNotes, map.rows, map.cols);
}

void fill(Json& json, const LineFigure& figure)
{
    json["kind"] = "lines";
    json["x_axis"] = toJson(figure.xAxis);
    json["y_axis"] = toJson(figure.yAxis);
    json["series"] = Json::array();
    for (const auto& series : figure.series) {
        Json entry
            = {{"name", series.name}, {"null", series.isNull}, {"x", series.x}, {"y", series.y}};
        if (!series.lo.empty() || !series.hi.empty()) {
            entry["lo"] = series.lo;
            entry["hi"] = series.hi;
        }
        json["series"].push_back(std::move(entry));
    }
    json["bands"] = Json::array();
    for (const auto& band : figure.bands)
        json["bands"].push_back(
            {{"name", band.name}, {"x", band.x}, {"lo", band.lo}, {"hi", band.hi}});
    json["markers"] = Json::array();
    for (const auto& marker : figure.verticals)
        json["markers"].push_back(
            {{"name", marker.name}, {"x", marker.x}, {"null", marker.isNull}});
    json["levels"] = Json::array();
    for (const auto& level : figure.levels)
        json["levels"].push_back({{"name", level.name}, {"y", level.y}, {"null", level.isNull}});
    if (!figure.gaps.empty()) {
        json["gaps"] = Json::array();
        for (const auto& gap : figure.gaps)
            json["gaps"].push_back({{"name", gap.name}, {"x", gap.x}});
    }
    if (figure.pendingFrom)
        json["pending_from"] = *figure.pendingFrom;
}

void fill(Json& json, const BarFigure& figure)
{
    json["kind"] = "bars";
    json["category_axis"] = toJson(figure.categoryAxis);
    json["value_axis"] = toJson(figure.valueAxis);
    json["bars"] = Json::array();
    for (const auto& bar : figure.bars)
        json["bars"].push_back(
            {{"label", bar.label}, {"value", bar.value}, {"interval", toJson(bar.interval)}});
    json["null"]
        = figure.nullLevel ? Json{{"name", figure.nullName}, {"value", *figure.nullLevel}} : Json();
}

void fill(Json& json, const TokenStripFigure& figure)
{
    json["kind"] = "token strip";
    json["tokens"] = Json::array();
    for (const auto& chip : figure.chips)
        json["tokens"].push_back({{"text", chip.text}, {"type", chip.typeName},
            {"letter", chip.letter}, {"trigram", chip.trigram}, {"badge", chip.badge},
            {"note", chip.note}, {"generated", chip.generated}, {"special", chip.special}});
}

void fill(Json& json, const RoutingGridFigure& figure)
{
    json["kind"] = "routing grid";
    json["row_title"] = figure.rowTitle;
    json["column_title"] = figure.colTitle;
    json["value_title"] = figure.valueTitle.empty() ? figure.shadeTitle : figure.valueTitle;
    json["shade_title"] = figure.shadeTitle;
    json["row_labels"] = figure.rowLabels;
    json["column_labels"] = figure.colLabels;
    const std::size_t rows = figure.rowLabels.size();
    const std::size_t cols = figure.colLabels.size();
    std::vector<double> values;
    std::vector<double> faint;
    std::vector<std::string> labels;
    std::vector<std::string> marks;
    bool marked = false;
    for (const auto& cell : figure.cells) {
        values.push_back(plainDouble(cell.number()));
        faint.push_back(plainDouble(cell.faint));
        labels.push_back(cell.label);
        marks.push_back(markText(cell.mark));
        marked = marked || cell.mark != 0;
    }
    json["values"] = rowsOf(values, rows, cols);
    json["unchosen"] = rowsOf(faint, rows, cols);
    json["labels"] = rowsOf(labels, rows, cols);
    if (marked)
        json["marks"] = rowsOf(marks, rows, cols);
    if (!figure.colLoad.empty())
        json["column_load"] = {{"share_of_tokens", figure.colLoad}, {"null", figure.evenLoad}};
    json["row_bars"] = Json::array();
    for (const auto& bar : figure.rowBars)
        json["row_bars"].push_back(
            {{"title", bar.title}, {"unit", bar.unit}, {"values", bar.values}});
}

void fill(Json& json, const VerdictFigure& figure)
{
    json["kind"] = "verdict";
    json["question"] = figure.question;
    json["answer"] = figure.answer;
    json["basis"] = figure.basis;
    json["rows"] = Json::array();
    for (const auto& row : figure.rows) {
        Json entry = {{"test", row.test}, {"value", row.value}, {"null", row.null},
            {"direction", row.direction}, {"vote", row.vote}, {"standing", standingText(row)}};
        // The words above, as numbers under the names that findings have.
        entry["effect"] = row.numbers.value;
        entry["interval"] = toJson(row.numbers.interval);
        entry["unit"] = row.numbers.unit;
        entry["null_model"] = toJson(row.numbers.null);
        if (row.numbers.otherNull)
            entry["other_null_model"] = toJson(row.numbers.otherNull);
        entry["z"] = toJson(row.numbers.z);
        entry["T"] = row.numbers.count;
        entry["T_unit"] = row.numbers.countUnit;
        json["rows"].push_back(std::move(entry));
    }
    if (!figure.note.empty())
        json["note"] = figure.note;
}

} // namespace

Json figureToJson(const Figure& figure)
{
    Json json = {{"id", figure.id}, {"kind", nullptr}, {"title", figure.title},
        {"subtitle", figure.subtitle}, {"caption", figure.caption}};
    std::visit([&](const auto& data) { fill(json, data); }, figure.data);
    return json;
}

Json findingToJson(const Finding& finding)
{
    Json json;
    json["claim"] = finding.claim;
    json["test"] = finding.test;
    json["effect"] = toJson(finding.effect);
    json["unit"] = finding.unit;
    json["T"] = finding.tokens;
    json["T_unit"] = finding.countUnit;
    json["P"] = finding.prompts;
    json["interval"] = toJson(finding.interval);
    if (!finding.intervalNote.empty())
        json["interval_note"] = finding.intervalNote;
    json["null"] = toJson(finding.null);
    json["z"] = toJson(finding.z);
    json["p"] = toJson(finding.p);
    if (!finding.pSide.empty())
        json["p_side"] = finding.pSide;
    json["q"] = toJson(finding.q);
    json["family"] = finding.family;
    json["delta"] = finding.delta;
    json["verdict"] = verdictText(finding.verdict);
    json["conclusion"] = finding.conclusion;
    json["tokens_needed"] = finding.tokensNeeded ? Json(*finding.tokensNeeded) : Json();
    return json;
}

} // namespace moescope
