// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/explore_grids.h"
#include "ui/figures/grid_source.h"

namespace moescope::ui {

/// Shows a grid whose cells core makes when they are asked for.
class LazyGridSource : public GridSource {
public:
    explicit LazyGridSource(LazyGrid grid);

    int rows() const override;
    int cols() const override;
    GridCell cell(int row, int col) const override;
    QString cellNote(int row, int col) const override;
    QString cellMeaning(int col) const override;
    QString rowLabel(int row) const override;
    QString colLabel(int col) const override;
    QString rowTitle() const override;
    QString colTitle() const override;
    QString shadeTitle() const override;
    QString valueTitle() const override;
    bool hasLoads() const override;
    double load(int col) const override;
    double evenLoad() const override;
    int rowBars() const override;
    QString rowBarTitle(int bar) const override;
    QString rowBarUnit(int bar) const override;
    QString rowBarHelp(int bar) const override;
    double rowBarValue(int bar, int row) const override;
    double rowBarFull(int bar) const override;
    double rowBarWarnBelow(int bar) const override;
    QString gapLabel(int col) const override;
    int columnGroup(int col) const override;
    bool hasRowSides() const override;
    std::uint8_t rowSides(int row) const override;

private:
    LazyGrid m_grid;
};

} // namespace moescope::ui
