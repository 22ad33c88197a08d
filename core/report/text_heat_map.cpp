// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/report/display_width.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kWidestLabel = 20;
constexpr std::array<const char*, 4> kDark = {"░", "▒", "▓", "█"};
constexpr std::array<const char*, 4> kBelow = {"·", "-", "=", "≡"};

struct Scale {
    double lo = 0;
    double hi = 1;
    double centre = 0;
    bool diverging = false;

    /// [0, 1], or [-1, 1] around the centre.
    double level(double value) const
    {
        if (diverging) {
            const double reach = std::max(std::abs(hi - centre), std::abs(lo - centre));
            return reach > 0 ? std::clamp((value - centre) / reach, -1.0, 1.0) : 0.0;
        }
        return hi > lo ? std::clamp((value - lo) / (hi - lo), 0.0, 1.0) : 0.5;
    }
};

Scale scaleOf(const HeatMapFigure& map)
{
    Scale scale;
    scale.diverging = map.scale == ColourScale::Diverging;
    scale.centre = map.centre;
    if (map.range) {
        scale.lo = map.range->lo;
        scale.hi = map.range->hi;
        return scale;
    }
    double lo = std::numeric_limits<double>::infinity();
    double hi = -lo;
    for (const double value : map.values) {
        if (!std::isfinite(value))
            continue;
        lo = std::min(lo, value);
        hi = std::max(hi, value);
    }
    if (lo <= hi) {
        scale.lo = lo;
        scale.hi = hi;
    }
    return scale;
}

double valueAt(const HeatMapFigure& map, std::size_t row, std::size_t col)
{
    const std::size_t index = row * map.cols + col;
    return index < map.values.size() ? map.values[index] : kNaN;
}

/// Mean of the finite values of a block of cells; NaN without any.
double blockMean(const HeatMapFigure& map, std::size_t row, std::size_t col, std::size_t rowStep,
    std::size_t colStep)
{
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t r = row; r < std::min(row + rowStep, map.rows); ++r)
        for (std::size_t c = col; c < std::min(col + colStep, map.cols); ++c)
            if (const double value = valueAt(map, r, c); std::isfinite(value)) {
                sum += value;
                ++count;
            }
    return count ? sum / static_cast<double>(count) : kNaN;
}

std::string shadeGlyph(double level)
{
    const auto step = std::min<std::size_t>(3, static_cast<std::size_t>(std::abs(level) * 4));
    if (std::abs(level) < 0.05)
        return " ";
    return level < 0 ? kBelow[step] : kDark[step];
}

std::string legend(const HeatMapFigure& map, const Scale& scale, bool colour)
{
    const std::string title = terminalText(titleWithUnit(map.valueTitle, map.valueUnit));
    if (colour)
        return fmt::format("{}: {} {} {}\n", title,
            onShade(displayNumber(scale.lo), scale.level(scale.lo), scale.diverging),
            scale.diverging ? displayNumber(scale.centre) : "to",
            onShade(displayNumber(scale.hi), scale.level(scale.hi), scale.diverging));
    if (scale.diverging)
        return fmt::format("{}: ≡ {}, blank {}, █ {}\n", title, displayNumber(scale.lo),
            displayNumber(scale.centre), displayNumber(scale.hi));
    return fmt::format(
        "{}: blank {} to █ {}\n", title, displayNumber(scale.lo), displayNumber(scale.hi));
}

std::size_t rowLabelWidth(const HeatMapFigure& map)
{
    std::size_t width = displayWidth(terminalText(map.rowAxis.title));
    for (std::size_t r = 0; r < map.rows; ++r)
        width = std::max(width, displayWidth(terminalText(labelAt(map.rowLabels, r))));
    return std::min(width, kWidestLabel);
}

std::string rowLabel(const HeatMapFigure& map, std::size_t row, std::size_t width)
{
    return padRight(fitText(terminalText(labelAt(map.rowLabels, row)), width), width);
}

int decimalsFor(const HeatMapFigure& map)
{
    double largest = 0;
    bool whole = true;
    for (const double value : map.values) {
        if (!std::isfinite(value))
            continue;
        largest = std::max(largest, std::abs(value));
        whole = whole && value == std::floor(value);
    }
    if (whole || largest >= 1000)
        return 0;
    return largest >= 10 ? 1 : largest >= 0.1 ? 2 : -1;
}

std::string numbers(const HeatMapFigure& map, const Scale& scale, const TextStyle& style,
    std::size_t labelWidth, std::size_t cellWidth, int decimals)
{
    std::string out = padRight(fitText(terminalText(map.rowAxis.title), labelWidth), labelWidth);
    for (std::size_t c = 0; c < map.cols; ++c)
        out += " "
            + padLeft(fitText(terminalText(labelAt(map.colLabels, c)), cellWidth), cellWidth);
    out += "\n";
    for (std::size_t r = 0; r < map.rows; ++r) {
        out += rowLabel(map, r, labelWidth);
        for (std::size_t c = 0; c < map.cols; ++c) {
            const double value = valueAt(map, r, c);
            const std::string text = padLeft(displayNumber(value, decimals), cellWidth);
            const bool shaded = style.colour && std::isfinite(value);
            out += " " + (shaded ? onShade(text, scale.level(value), scale.diverging) : text);
        }
        out += "\n";
    }
    return out;
}

/// Column numbers or labels above the cells they belong to, as many as there is room for.
std::string columnRuler(
    const HeatMapFigure& map, std::size_t labelWidth, std::size_t cellWidth, std::size_t colStep)
{
    std::string out(labelWidth + 1, ' ');
    std::size_t used = 0;
    for (std::size_t c = 0; c < map.cols; c += colStep) {
        const std::size_t place = c / colStep * cellWidth;
        if (place < used)
            continue;
        const std::string text = fitText(terminalText(labelAt(map.colLabels, c)), 8);
        out.append(place - used, ' ');
        out += text + " ";
        used = place + displayWidth(text) + 1;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
}

std::string shades(
    const HeatMapFigure& map, const Scale& scale, const TextStyle& style, std::size_t labelWidth)
{
    const std::size_t room = style.width > labelWidth + 11 ? style.width - labelWidth - 1 : 10;
    const std::size_t cellWidth = map.cols * 2 <= room ? 2 : 1;
    const std::size_t colStep = (map.cols * cellWidth + room - 1) / room;
    const std::size_t rowStep = map.rows > 60 ? colStep : 1;
    std::string out = columnRuler(map, labelWidth, cellWidth, colStep);
    for (std::size_t r = 0; r < map.rows; r += rowStep) {
        std::string line = rowLabel(map, r, labelWidth) + " ";
        for (std::size_t c = 0; c < map.cols; c += colStep) {
            const double value = blockMean(map, r, c, rowStep, colStep);
            const double level = std::isfinite(value) ? scale.level(value) : 0;
            for (std::size_t i = 0; i < (style.colour ? 1 : cellWidth); ++i) {
                if (!std::isfinite(value))
                    line += style.colour ? std::string(cellWidth, '?') : "?";
                else
                    line += style.colour
                        ? onShade(std::string(cellWidth, ' '), level, scale.diverging)
                        : shadeGlyph(level);
            }
        }
        if (!style.colour)
            line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    if (colStep > 1)
        out += fmt::format("Every sign is the mean of {} x {} cells.\n", rowStep, colStep);
    return out;
}

} // namespace

std::string onShade(const std::string& text, double level, bool diverging)
{
    static constexpr std::array<int, 5> kBlues = {255, 153, 75, 27, 18};
    static constexpr std::array<int, 5> kReds = {255, 224, 210, 203, 124};
    const auto step
        = static_cast<std::size_t>(std::lround(std::clamp(std::abs(level), 0.0, 1.0) * 4));
    const int background = diverging && level > 0 ? kReds[step] : kBlues[step];
    return fmt::format("\x1b[48;5;{};38;5;{}m{}\x1b[0m", background, step >= 3 ? 255 : 16, text);
}

std::string figureBodyText(const HeatMapFigure& map, const TextStyle& style)
{
    if (map.rows == 0 || map.cols == 0)
        return "(no data)\n";
    const Scale scale = scaleOf(map);
    const std::size_t labelWidth = rowLabelWidth(map);
    const int decimals = decimalsFor(map);
    std::size_t cellWidth = 3;
    for (const double value : map.values)
        cellWidth = std::max(cellWidth, displayWidth(displayNumber(value, decimals)));
    const bool room = labelWidth + map.cols * (cellWidth + 1) <= style.width;
    std::string out = room ? numbers(map, scale, style, labelWidth, cellWidth, decimals)
                           : shades(map, scale, style, labelWidth);
    if (!room || style.colour)
        out += legend(map, scale, style.colour);
    if (map.null)
        out += fmt::format(
            "null: {}, mean {}\n", terminalText(map.null->model), displayNumber(map.null->mean));
    return out;
}

} // namespace moescope
