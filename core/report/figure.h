// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/stats/verdict.h"

namespace moescope {

/// Figures are data, never pixels. Numbers that do not exist are NaN. Words are plain English; the window may translate.
struct Axis {
    std::string title; ///< "layer", "share of tokens"
    std::string unit; ///< "" when there is none
    std::optional<double> lo; ///< fixed range; automatic when absent
    std::optional<double> hi;
    bool logarithmic = false;
};

struct TableFigure {
    struct Column {
        std::string title;
        std::string unit;
        bool numeric = false;
        int decimals = -1; ///< fixed number of decimals; -1 = shortest
        std::string help; ///< what it means, for the tooltip
    };
    using Cell = std::variant<std::monostate, double, std::string>;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
};

enum class ColourScale : std::uint8_t { Sequential, Diverging };

struct HeatMapFigure {
    std::string valueTitle; ///< "cosine"
    std::string valueUnit;
    std::size_t rows = 0;
    std::size_t cols = 0;
    std::vector<double> values; ///< [rows][cols]
    std::vector<std::string> rowLabels; ///< rows of them, or empty for 0, 1, 2, ...
    std::vector<std::string> colLabels;
    Axis rowAxis;
    Axis colAxis;
    std::vector<std::size_t> clusteredOrder; ///< of rows and columns of a square map; empty without
    ColourScale scale = ColourScale::Sequential;
    std::optional<Interval> range; ///< fixed colour range
    double centre = 0; ///< of a diverging scale
    std::optional<NullModel> null; ///< of one cell
    std::vector<std::string> cellNotes; ///< extra hover text [rows][cols]; empty without
    /// What a cell of the diagonal is, "the same expert": such a cell has no null. Empty: like others.
    std::string diagonal;
};

struct LineFigure {
    struct Series {
        std::string name;
        std::vector<double> x;
        std::vector<double> y;
        std::vector<double> lo; ///< interval of y; empty without
        std::vector<double> hi;
        bool isNull = false; ///< drawn in the colour of nulls, dashed
        bool emphasised = false;
        bool muted = false; ///< background series, thin
        bool markers = false;
    };
    struct Band {
        std::string name; ///< "random sets: k/E, 95 % band"
        std::vector<double> x;
        std::vector<double> lo;
        std::vector<double> hi;
    };
    struct Marker {
        std::string name;
        double x = 0;
        bool isNull = false;
    };
    struct Level {
        std::string name;
        double y = 0;
        bool isNull = true;
    };
    Axis xAxis;
    Axis yAxis;
    std::vector<Series> series;
    std::vector<Band> bands; ///< null bands
    std::vector<Marker> verticals;
    std::vector<Level> levels;
    struct Gap {
        std::string name; ///< "dense"
        double x = 0;
    };
    std::vector<Gap> gaps; ///< places where there is no value to have: lines stop there
    std::optional<double> pendingFrom; ///< x from which results are still being computed
};

struct BarFigure {
    struct Bar {
        std::string label;
        double value = 0;
        std::optional<Interval> interval;
    };
    Axis categoryAxis;
    Axis valueAxis;
    std::vector<Bar> bars;
    std::optional<double> nullLevel;
    std::string nullName;
};

struct TokenStripFigure {
    struct Chip {
        std::string text; ///< token bytes
        std::string letter; ///< type letter
        std::string typeName;
        std::string trigram;
        int colourGroup = 0; ///< TypeGroup
        std::string badge; ///< e.g. the top expert; empty without
        std::string note; ///< hover text
        bool generated = false;
        bool special = false;
    };
    std::vector<Chip> chips;
    std::string badgeTitle; ///< what the badges are, "first expert of layer 4"
};

/// Tokens (rows) by experts or layers (columns).
struct RoutingGridFigure {
    struct Cell {
        float shade = std::numeric_limits<float>::quiet_NaN(); ///< 0..1 when chosen; NaN = not chosen
        float faint = 0; ///< 0..1, what an unchosen cell shows faintly (its probability)
        std::string label; ///< rank or expert id
        std::uint8_t mark = 0; ///< comparison: bit 0 = in A, bit 1 = in B; changed by an intervention: bit 2
        std::string note;
        float value = std::numeric_limits<float>::quiet_NaN(); ///< what the shade stands for; NaN: the shade itself
        float number() const { return value == value ? value : shade; }
    };
    std::vector<std::string> rowLabels;
    std::vector<std::string> colLabels;
    std::string rowTitle; ///< "token"
    std::string colTitle; ///< "expert", "layer"
    std::string shadeTitle; ///< "weight, darkest 0.28"
    std::string valueTitle; ///< of Cell::value with its unit, "margin (logit)"; shadeTitle when empty
    std::vector<Cell> cells; ///< [rows][cols]
    std::vector<double> colLoad; ///< share of tokens per column; empty without
    double evenLoad = 0;
    struct RowBar {
        std::string title; ///< "margin"
        std::string unit;
        std::vector<double> values; ///< one per row
        double full = 1; ///< value of a full bar
        double warnBelow = -std::numeric_limits<double>::infinity();
        std::string help = {}; ///< what it means, one sentence
    };
    std::vector<RowBar> rowBars;
};

struct VerdictFigure {
    /// How a test without a vote stands to its null.
    enum class Standing : std::uint8_t {
        Unknown,
        AtNull,
        Slight, ///< differs, but by less than counts
        Differs
    };
    /// What the row's words say, for tables that programs read.
    struct Numbers {
        double value = std::numeric_limits<double>::quiet_NaN();
        std::optional<Interval> interval; ///< 95 %
        std::string unit;
        std::optional<NullModel> null; ///< the one that decides
        std::optional<NullModel> otherNull;
        std::optional<double> z;
        std::uint64_t count = 0; ///< n, of `countUnit`
        std::string countUnit;
    };
    struct Row {
        std::string test;
        std::string value;
        std::string null;
        std::string direction; ///< "shared", "as random"
        int vote = 0; ///< +1 for the headline's claim, -1 against, 0 = does not decide
        std::string help;
        Standing standing = Standing::Unknown; ///< when vote is 0
        std::string slight = {}; ///< of a Slight standing: "differs by less than 0.05"
        Numbers numbers = {};
    };
    std::string question; ///< "Shared origin"
    std::string answer; ///< "evidence", "no evidence found", "not measured"
    std::string basis; ///< "8 of 8 layers, 3 projections, 8 experts"
    enum class Tone : std::uint8_t { Neutral, Evidence, Warning };
    Tone tone = Tone::Neutral;
    std::vector<Row> rows;
    std::string note = {}; ///< how to read the values, one line below the rows
};

struct Figure {
    std::string id; ///< stable, "similarity"; names exported files
    std::string title;
    std::string subtitle;
    std::string caption; ///< how to read it, with n and null
    std::variant<TableFigure, HeatMapFigure, LineFigure, BarFigure, TokenStripFigure, RoutingGridFigure,
        VerdictFigure>
        data;
};

} // namespace moescope
