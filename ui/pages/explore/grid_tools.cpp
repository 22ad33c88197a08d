// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/grid_tools.h"

#include <QGuiApplication>
#include <QScrollBar>

#include "ui/figures/routing_grid_view.h"
#include "ui/pages/explore/lazy_grid_source.h"

namespace moescope::ui {

void replaceGrid(RoutingGridView& view, LazyGrid grid)
{
    const int x = view.horizontalScrollBar()->value();
    const int y = view.verticalScrollBar()->value();
    const int row = view.currentRow();
    const int col = view.currentColumn();
    const std::vector<int> order = view.columnOrder();
    const RoutingGridView::Shading shading = view.shading();
    const Figure heading = grid.heading;
    view.setGrid(std::make_shared<LazyGridSource>(std::move(grid)), heading);
    view.setShading(shading);
    view.setColumnOrder(order);
    view.setCurrentCell(row, col);
    view.horizontalScrollBar()->setValue(x);
    view.verticalScrollBar()->setValue(y);
}

bool isKeyGesture()
{
    return QGuiApplication::mouseButtons() == Qt::NoButton;
}

} // namespace moescope::ui
