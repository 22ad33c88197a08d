// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/lazy_grid_source.h"

namespace moescope::ui {

namespace {

QString text(const std::string& utf8)
{
    return QString::fromStdString(utf8);
}

std::size_t index(int i)
{
    return static_cast<std::size_t>(i);
}

} // namespace

LazyGridSource::LazyGridSource(LazyGrid grid)
    : m_grid(std::move(grid))
{
}

int LazyGridSource::rows() const
{
    return static_cast<int>(m_grid.frame().rowLabels.size());
}

int LazyGridSource::cols() const
{
    return static_cast<int>(m_grid.frame().colLabels.size());
}

GridCell LazyGridSource::cell(int row, int col) const
{
    const RoutingGridFigure::Cell cell = m_grid.cell(index(row), index(col));
    return {cell.shade, cell.faint, cell.mark, text(cell.label), cell.value};
}

QString LazyGridSource::cellNote(int row, int col) const
{
    return text(m_grid.note(index(row), index(col)));
}

QString LazyGridSource::cellMeaning(int col) const
{
    return gapLabel(col).isEmpty() ? text(m_grid.meaning) : QString();
}

QString LazyGridSource::rowLabel(int row) const
{
    return text(m_grid.frame().rowLabels[index(row)]);
}

QString LazyGridSource::colLabel(int col) const
{
    return text(m_grid.frame().colLabels[index(col)]);
}

QString LazyGridSource::rowTitle() const
{
    return text(m_grid.frame().rowTitle);
}

QString LazyGridSource::colTitle() const
{
    return text(m_grid.frame().colTitle);
}

QString LazyGridSource::shadeTitle() const
{
    return text(m_grid.frame().shadeTitle);
}

QString LazyGridSource::valueTitle() const
{
    const std::string& title = m_grid.frame().valueTitle;
    return title.empty() ? shadeTitle() : text(title);
}

bool LazyGridSource::hasLoads() const
{
    return !m_grid.frame().colLoad.empty();
}

double LazyGridSource::load(int col) const
{
    return m_grid.frame().colLoad[index(col)];
}

double LazyGridSource::evenLoad() const
{
    return m_grid.frame().evenLoad;
}

int LazyGridSource::rowBars() const
{
    return static_cast<int>(m_grid.frame().rowBars.size());
}

QString LazyGridSource::rowBarTitle(int bar) const
{
    return text(m_grid.frame().rowBars[index(bar)].title);
}

QString LazyGridSource::rowBarUnit(int bar) const
{
    return text(m_grid.frame().rowBars[index(bar)].unit);
}

QString LazyGridSource::rowBarHelp(int bar) const
{
    return text(m_grid.frame().rowBars[index(bar)].help);
}

double LazyGridSource::rowBarValue(int bar, int row) const
{
    return m_grid.frame().rowBars[index(bar)].values[index(row)];
}

double LazyGridSource::rowBarFull(int bar) const
{
    return m_grid.frame().rowBars[index(bar)].full;
}

double LazyGridSource::rowBarWarnBelow(int bar) const
{
    return m_grid.frame().rowBars[index(bar)].warnBelow;
}

QString LazyGridSource::gapLabel(int col) const
{
    return m_grid.gaps.empty() ? QString() : text(m_grid.gaps[index(col)]);
}

int LazyGridSource::columnGroup(int col) const
{
    return m_grid.columnGroups.empty() ? 0 : m_grid.columnGroups[index(col)];
}

bool LazyGridSource::hasRowSides() const
{
    return !m_grid.rowSides.empty();
}

std::uint8_t LazyGridSource::rowSides(int row) const
{
    return m_grid.rowSides.empty() ? 0 : m_grid.rowSides[index(row)];
}

} // namespace moescope::ui
