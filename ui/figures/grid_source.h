// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include <QString>

#include "core/report/figure.h"

namespace moescope::ui {

/// Bits of GridCell::mark and GridSource::rowSides().
inline constexpr std::uint8_t kMarkA = 1;
inline constexpr std::uint8_t kMarkB = 2;
inline constexpr std::uint8_t kMarkBoth = kMarkA | kMarkB;
inline constexpr std::uint8_t kMarkChanged = 4;

struct GridCell {
    float shade = std::numeric_limits<float>::quiet_NaN(); ///< 0..1 when chosen; NaN = not chosen
    float faint = 0; ///< 0..1, shown faintly where nothing is chosen
    std::uint8_t mark = 0; ///< bit 0 = in A, bit 1 = in B, bit 2 = changed by an intervention
    QString label; ///< rank or expert id
    float value
        = std::numeric_limits<float>::quiet_NaN(); ///< what the shade stands for; NaN = the shade
};

/// What a routing grid shows, asked for cell by cell, so that a page can put it over a trace
/// without copying. Rows and columns are those of the data, whatever their order on the screen.
/// Must not change once it is shown.
class GridSource {
public:
    virtual ~GridSource() = default;

    virtual int rows() const = 0;
    virtual int cols() const = 0;
    virtual GridCell cell(int row, int col) const = 0;
    virtual QString cellNote(int row, int col) const; ///< hover sentence
    /// What the numbers of a cell mean and what chance would give; for every hover card.
    virtual QString cellMeaning(int /*col*/) const { return {}; }
    virtual QString rowLabel(int row) const = 0; ///< as shown
    virtual QString colLabel(int col) const = 0;
    virtual QString rowTitle() const = 0; ///< "token"
    virtual QString colTitle() const = 0; ///< "expert"
    virtual QString shadeTitle() const = 0; ///< "weight, darkest 0.28"
    virtual QString
    valueTitle() const; ///< of GridCell::value with its unit; shadeTitle() unless overridden

    virtual bool hasLoads() const { return false; }
    virtual double load(int col) const; ///< share of tokens
    virtual double evenLoad() const { return 0; }

    virtual int rowBars() const { return 0; }
    virtual QString rowBarTitle(int bar) const;
    virtual QString rowBarUnit(int bar) const;
    virtual QString rowBarHelp(int bar) const; ///< what it means, one sentence
    virtual double rowBarValue(int bar, int row) const;
    virtual double rowBarFull(int bar) const;
    virtual double rowBarWarnBelow(int bar) const;

    /// Not empty for a column that has no cells at all, such as a dense layer: drawn as a gap with
    /// this label.
    virtual QString gapLabel(int col) const;
    /// Columns of one group stand together; a line is drawn between groups (group-limited routing,
    /// shared experts).
    virtual int columnGroup(int col) const;
    /// Comparison letters behind the row labels: bit 0 = A, bit 1 = B.
    virtual bool hasRowSides() const { return false; }
    virtual std::uint8_t rowSides(int row) const;
};

/// A grid source over a figure's own cells.
std::shared_ptr<const GridSource> makeFigureGridSource(std::shared_ptr<const Figure> figure);

/// CSV of any source in the shape core gives to a routing grid figure: one line per cell that says
/// something.
QString gridToText(const GridSource& source, char separator);

} // namespace moescope::ui
