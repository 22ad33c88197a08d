// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_factory.h"

#include "ui/figures/bar_chart_view.h"
#include "ui/figures/figure_table_view.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/figures/verdict_card_view.h"

namespace moescope::ui {

namespace {

struct MakeView {
    Style& style;
    QWidget* parent;

    FigureView* operator()(const TableFigure&) const { return new FigureTableView(style, parent); }
    FigureView* operator()(const HeatMapFigure&) const { return new HeatMapView(style, parent); }
    FigureView* operator()(const LineFigure&) const { return new LineChartView(style, parent); }
    FigureView* operator()(const BarFigure&) const { return new BarChartView(style, parent); }
    FigureView* operator()(const TokenStripFigure&) const
    {
        return new TokenStripView(style, parent);
    }
    FigureView* operator()(const RoutingGridFigure&) const
    {
        return new RoutingGridView(style, parent);
    }
    FigureView* operator()(const VerdictFigure&) const
    {
        return new VerdictCardView(style, parent);
    }
};

} // namespace

FigureView* makeFigureView(std::shared_ptr<const Figure> figure, Style& style, QWidget* parent)
{
    FigureView* view = std::visit(MakeView{style, parent}, figure->data);
    view->setFigure(std::move(figure));
    return view;
}

} // namespace moescope::ui
