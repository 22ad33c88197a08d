// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/report/display_width.h"
#include "core/report/number_text.h"
#include "core/report/text_table.h"

namespace moescope {

namespace {

constexpr std::size_t kMostTableRows = 24;
constexpr std::size_t kMostTableSeries = 12;
constexpr std::size_t kWidestLabel = 28;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A series or one edge of a band, as drawn here.
struct Curve {
    std::string name;
    const std::vector<double>* x = nullptr;
    const std::vector<double>* y = nullptr;
};

std::vector<Curve> curvesOf(const LineFigure& figure)
{
    std::vector<Curve> curves;
    for (const auto& series : figure.series) {
        curves.push_back({series.name, &series.x, &series.y});
        if (!series.lo.empty() && !series.hi.empty()) {
            curves.push_back({series.name + ", low", &series.x, &series.lo});
            curves.push_back({series.name + ", high", &series.x, &series.hi});
        }
    }
    for (const auto& band : figure.bands) {
        curves.push_back({band.name + ", low", &band.x, &band.lo});
        curves.push_back({band.name + ", high", &band.x, &band.hi});
    }
    return curves;
}

double valueAt(const std::vector<double>& xs, const std::vector<double>& ys, double x)
{
    const auto index = static_cast<std::size_t>(std::find(xs.begin(), xs.end(), x) - xs.begin());
    return index < xs.size() && index < ys.size() ? ys[index] : kNaN;
}

std::string intervalText(const std::vector<double>& xs, const std::vector<double>& lo,
    const std::vector<double>& hi, double x)
{
    const double from = valueAt(xs, lo, x);
    const double to = valueAt(xs, hi, x);
    return std::isnan(from) && std::isnan(to)
        ? std::string()
        : fmt::format("[{}, {}]", displayNumber(from), displayNumber(to));
}

/// A row per x; intervals stand behind their value.
std::string asTable(const LineFigure& figure, const std::set<double>& places, std::size_t width)
{
    TableFigure table;
    table.columns.push_back(
        {figure.xAxis.title.empty() ? "x" : figure.xAxis.title, figure.xAxis.unit, true, -1, {}});
    for (const auto& series : figure.series)
        table.columns.push_back({series.name, {}, true, -1, {}});
    for (const auto& band : figure.bands)
        table.columns.push_back({band.name, {}, true, -1, {}});
    for (const double x : places) {
        std::vector<TableFigure::Cell> row{x};
        for (const auto& series : figure.series) {
            std::string text = displayNumber(valueAt(series.x, series.y, x));
            if (const std::string interval = intervalText(series.x, series.lo, series.hi, x);
                !interval.empty())
                text += " " + interval;
            row.emplace_back(std::move(text));
        }
        for (const auto& band : figure.bands)
            row.emplace_back(intervalText(band.x, band.lo, band.hi, x));
        table.rows.push_back(std::move(row));
    }
    return textTable(table, width);
}

std::string sparkline(const std::vector<double>& values, double lo, double hi, std::size_t width)
{
    static constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::size_t count = std::min(values.size(), width);
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        const double value = values[count < 2 ? 0 : i * (values.size() - 1) / (count - 1)];
        if (!std::isfinite(value)) {
            out += " ";
            continue;
        }
        const double level = hi > lo ? (value - lo) / (hi - lo) : 0.5;
        out += kBlocks[static_cast<std::size_t>(std::clamp(level * 7.999, 0.0, 7.0))];
    }
    return out;
}

std::string asSparklines(
    const LineFigure& figure, const std::vector<Curve>& curves, std::size_t width)
{
    double lo = std::numeric_limits<double>::infinity();
    double hi = -lo;
    for (const Curve& curve : curves)
        for (const double y : *curve.y)
            if (std::isfinite(y)) {
                lo = std::min(lo, y);
                hi = std::max(hi, y);
            }
    const std::size_t spark = std::clamp<std::size_t>(width, 88, 112) - 70;
    TableFigure table;
    table.columns = {{"series", {}, false, -1, {}}, {"from left to right", {}, true, -1, {}},
        {"first", {}, true, -1, {}}, {"last", {}, true, -1, {}}, {"least", {}, true, -1, {}},
        {"most", {}, true, -1, {}}, {"points", {}, true, 0, {}}};
    for (const Curve& curve : curves) {
        double least = kNaN;
        double most = kNaN;
        for (const double y : *curve.y) {
            least = std::fmin(least, y);
            most = std::fmax(most, y);
        }
        const bool some = !curve.y->empty();
        table.rows.push_back({curve.name, padRight(sparkline(*curve.y, lo, hi, spark), spark),
            some ? curve.y->front() : kNaN, some ? curve.y->back() : kNaN, least, most,
            static_cast<double>(curve.y->size())});
    }
    const std::string axes
        = fmt::format("{} against {}", titleWithUnit(figure.yAxis.title, figure.yAxis.unit),
            titleWithUnit(figure.xAxis.title, figure.xAxis.unit));
    return textTable(table, width) + terminalText(axes) + "\n";
}

} // namespace

std::string figureBodyText(const LineFigure& figure, const TextStyle& style)
{
    const std::vector<Curve> curves = curvesOf(figure);
    std::set<double> places;
    for (const Curve& curve : curves)
        for (const double x : *curve.x)
            if (!std::isnan(x))
                places.insert(x);
    std::string out;
    if (places.empty())
        out = "(no data)\n";
    else if (places.size() <= kMostTableRows && figure.series.size() <= kMostTableSeries)
        out = asTable(figure, places, style.width);
    else
        out = asSparklines(figure, curves, style.width);
    for (const auto& level : figure.levels)
        out += fmt::format("{}: {}\n", terminalText(level.name), displayNumber(level.y));
    for (const auto& marker : figure.verticals)
        out += fmt::format("{}: at {}\n", terminalText(marker.name), displayNumber(marker.x));
    for (const auto& gap : figure.gaps)
        out += fmt::format("{} {}: {}\n", terminalText(figure.xAxis.title), displayNumber(gap.x),
            terminalText(gap.name));
    return out;
}

std::string figureBodyText(const BarFigure& figure, const TextStyle& style)
{
    if (figure.bars.empty())
        return "(no data)\n";
    double lo = figure.valueAxis.lo.value_or(0);
    double hi = figure.valueAxis.hi.value_or(figure.nullLevel.value_or(0));
    std::size_t labelWidth = 0;
    std::size_t valueWidth = 0;
    const auto valueText = [](const BarFigure::Bar& bar) {
        std::string text = displayNumber(bar.value);
        if (bar.interval)
            text += fmt::format(
                " [{}, {}]", displayNumber(bar.interval->lo), displayNumber(bar.interval->hi));
        return text;
    };
    for (const auto& bar : figure.bars) {
        if (std::isfinite(bar.value)) {
            lo = std::min(lo, bar.value);
            hi = std::max(hi, bar.value);
        }
        labelWidth = std::max(labelWidth, displayWidth(terminalText(bar.label)));
        valueWidth = std::max(valueWidth, displayWidth(valueText(bar)));
    }
    labelWidth = std::min(labelWidth, kWidestLabel);
    const std::size_t fixed = labelWidth + valueWidth + 4;
    const std::size_t room
        = std::clamp<std::size_t>(style.width > fixed ? style.width - fixed : 0, 8, 40);
    const auto place = [&](double value) {
        const double share = hi > lo ? (value - lo) / (hi - lo) : 0;
        return static_cast<std::size_t>(
            std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(room)));
    };
    std::string out;
    for (const auto& bar : figure.bars) {
        const std::size_t from = place(0);
        const std::size_t to = std::isfinite(bar.value) ? place(bar.value) : from;
        const std::size_t null = figure.nullLevel ? place(*figure.nullLevel) : room + 1;
        std::string drawn;
        for (std::size_t i = 0; i <= room; ++i)
            drawn += i == null                                      ? "│"
                : i >= std::min(from, to) && i < std::max(from, to) ? "█"
                                                                    : " ";
        drawn.erase(drawn.find_last_not_of(' ') + 1);
        out += padRight(fitText(terminalText(bar.label), labelWidth), labelWidth) + "  "
            + padLeft(valueText(bar), valueWidth) + "  " + drawn + "\n";
    }
    if (figure.nullLevel)
        out += fmt::format(
            "│ {}: {}\n", terminalText(figure.nullName), displayNumber(*figure.nullLevel));
    return out;
}

} // namespace moescope
