// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/grid_source.h"

#include <cmath>

#include "core/report/figure_table.h"
#include "core/report/number_text.h"
#include "core/report/report.h"
#include "ui/figures/figure_words.h"

namespace moescope::ui {

QString GridSource::cellNote(int, int) const
{
    return {};
}

QString GridSource::valueTitle() const
{
    return shadeTitle();
}

double GridSource::load(int) const
{
    return 0;
}

QString GridSource::rowBarTitle(int) const
{
    return {};
}

QString GridSource::rowBarUnit(int) const
{
    return {};
}

QString GridSource::rowBarHelp(int) const
{
    return {};
}

double GridSource::rowBarValue(int, int) const
{
    return std::numeric_limits<double>::quiet_NaN();
}

double GridSource::rowBarFull(int) const
{
    return 1;
}

double GridSource::rowBarWarnBelow(int) const
{
    return -std::numeric_limits<double>::infinity();
}

QString GridSource::gapLabel(int) const
{
    return {};
}

int GridSource::columnGroup(int) const
{
    return 0;
}

std::uint8_t GridSource::rowSides(int) const
{
    return 0;
}

namespace {

class FigureGridSource : public GridSource {
public:
    explicit FigureGridSource(std::shared_ptr<const Figure> figure)
        : m_figure(std::move(figure))
        , m_grid(std::get<RoutingGridFigure>(m_figure->data))
        // A figure that contradicts itself shows the part for which there are cells.
        , m_rows(m_grid.colLabels.empty() ? 0
                                          : std::min(m_grid.rowLabels.size(),
                                              m_grid.cells.size() / m_grid.colLabels.size()))
    {
    }

    int rows() const override { return static_cast<int>(m_rows); }
    int cols() const override { return static_cast<int>(m_grid.colLabels.size()); }
    GridCell cell(int row, int col) const override
    {
        const RoutingGridFigure::Cell& cell = at(row, col);
        return {cell.shade, cell.faint, cell.mark, text(cell.label), cell.value};
    }
    QString cellNote(int row, int col) const override { return text(at(row, col).note); }
    QString rowLabel(int row) const override
    {
        return text(m_grid.rowLabels[static_cast<std::size_t>(row)]);
    }
    QString colLabel(int col) const override
    {
        return text(m_grid.colLabels[static_cast<std::size_t>(col)]);
    }
    QString rowTitle() const override { return text(m_grid.rowTitle); }
    QString colTitle() const override { return text(m_grid.colTitle); }
    QString shadeTitle() const override { return text(m_grid.shadeTitle); }
    QString valueTitle() const override
    {
        return m_grid.valueTitle.empty() ? shadeTitle() : text(m_grid.valueTitle);
    }
    bool hasLoads() const override { return m_grid.colLoad.size() == m_grid.colLabels.size(); }
    double load(int col) const override { return m_grid.colLoad[static_cast<std::size_t>(col)]; }
    double evenLoad() const override { return m_grid.evenLoad; }
    int rowBars() const override { return static_cast<int>(m_grid.rowBars.size()); }
    QString rowBarTitle(int bar) const override { return text(barAt(bar).title); }
    QString rowBarUnit(int bar) const override { return text(barAt(bar).unit); }
    double rowBarValue(int bar, int row) const override
    {
        const std::vector<double>& values = barAt(bar).values;
        const auto i = static_cast<std::size_t>(row);
        return i < values.size() ? values[i] : std::numeric_limits<double>::quiet_NaN();
    }
    double rowBarFull(int bar) const override { return barAt(bar).full; }
    double rowBarWarnBelow(int bar) const override { return barAt(bar).warnBelow; }
    QString rowBarHelp(int bar) const override { return text(barAt(bar).help); }

private:
    const RoutingGridFigure::Cell& at(int row, int col) const
    {
        return m_grid.cells[static_cast<std::size_t>(row) * m_grid.colLabels.size()
            + static_cast<std::size_t>(col)];
    }
    const RoutingGridFigure::RowBar& barAt(int bar) const
    {
        return m_grid.rowBars[static_cast<std::size_t>(bar)];
    }

    std::shared_ptr<const Figure> m_figure;
    const RoutingGridFigure& m_grid;
    std::size_t m_rows;
};

TableFigure tableOf(const GridSource& source, int firstRow, int lastRow)
{
    TableFigure table;
    table.columns
        = {{"row", "", true, -1, ""}, {source.rowTitle().toStdString(), "", false, -1, ""},
            {source.colTitle().toStdString(), "", false, -1, ""}, {"label", "", false, -1, ""},
            {source.valueTitle().toStdString(), "", true, -1, ""},
            {"probability", "", true, -1, ""}, {"mark", "", false, -1, ""}};
    const auto number = [](float value) {
        return std::isnan(value) ? TableFigure::Cell() : TableFigure::Cell(plainDouble(value));
    };
    for (int row = firstRow; row < lastRow; ++row) {
        for (int col = 0; col < source.cols(); ++col) {
            const GridCell cell = source.cell(row, col);
            if (std::isnan(cell.shade) && !(cell.faint > 0) && cell.mark == 0
                && cell.label.isEmpty())
                continue;
            table.rows.push_back({static_cast<double>(row), source.rowLabel(row).toStdString(),
                source.colLabel(col).toStdString(), cell.label.toStdString(),
                number(std::isnan(cell.value) ? cell.shade : cell.value),
                cell.faint > 0 ? number(cell.faint) : TableFigure::Cell(), markText(cell.mark)});
        }
    }
    return table;
}

} // namespace

std::shared_ptr<const GridSource> makeFigureGridSource(std::shared_ptr<const Figure> figure)
{
    return std::make_shared<FigureGridSource>(std::move(figure));
}

QString gridToText(const GridSource& source, char separator)
{
    // In blocks, so that a long trace is not held twice as table cells.
    constexpr int kBlock = 1024;
    QString out;
    for (int row = 0; row == 0 || row < source.rows(); row += kBlock) {
        const Figure block{
            "", "", "", "", tableOf(source, row, std::min(row + kBlock, source.rows()))};
        const QString csv = text(figureToCsv(block, separator));
        out += row == 0 ? csv : csv.mid(csv.indexOf(QLatin1Char('\n')) + 1);
    }
    return out;
}

} // namespace moescope::ui
