// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>

#include "ui/figures/heat_map_view.h"

namespace moescope::ui {

void HeatMapView::hover(int row, int col)
{
    if (row == m_hoverRow && col == m_hoverCol)
        return;
    m_hoverRow = row;
    m_hoverCol = col;
    viewport()->update();
    emit cellHovered(row, col);
}

void HeatMapView::mousePressEvent(QMouseEvent* event)
{
    const QPoint cell = cellAt(event->position().toPoint());
    if (event->button() != Qt::LeftButton || cell.x() < 0)
        return;
    setCurrentCell(cell.y(), cell.x());
    emit cellClicked(cell.y(), cell.x());
}

void HeatMapView::mouseMoveEvent(QMouseEvent* event)
{
    const QPoint cell = cellAt(event->position().toPoint());
    hover(cell.y(), cell.x());
}

void HeatMapView::leaveEvent(QEvent* event)
{
    FigureView::leaveEvent(event);
    hover(-1, -1);
}

void HeatMapView::walkTo(int rowPlaceWanted, int colPlaceWanted)
{
    if (!data() || data()->rows == 0 || data()->cols == 0)
        return;
    const int row = dataRow(std::clamp(rowPlaceWanted, 0, static_cast<int>(data()->rows) - 1));
    const int col = dataCol(std::clamp(colPlaceWanted, 0, static_cast<int>(data()->cols) - 1));
    setCurrentCell(row, col);
    emit cellClicked(row, col);
}

void HeatMapView::keyPressEvent(QKeyEvent* event)
{
    const bool none = !inMap(m_row, m_col);
    const int row = none ? 0 : rowPlace(m_row);
    const int col = none ? 0 : colPlace(m_col);
    if (event->modifiers() & ~Qt::KeypadModifier) {
        FigureView::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Left:
        return walkTo(row, col - !none);
    case Qt::Key_Right:
        return walkTo(row, col + !none);
    case Qt::Key_Up:
        return walkTo(row - !none, col);
    case Qt::Key_Down:
        return walkTo(row + !none, col);
    default:
        FigureView::keyPressEvent(event);
    }
}

void HeatMapView::extendMenu(QMenu& menu)
{
    if (!m_order.empty()) {
        QAction* action = menu.addAction(tr("Order by &cluster"));
        action->setCheckable(true);
        action->setChecked(clustered());
        connect(action, &QAction::toggled, this,
            [this](bool on) { setOrder(on ? Order::Clustered : Order::Id); });
    }
    if (data()->range && !m_sharedRange) {
        QAction* action = menu.addAction(tr("Colour range from the &data"));
        action->setCheckable(true);
        action->setChecked(m_rangeMode == Range::Automatic);
        connect(action, &QAction::toggled, this,
            [this](bool on) { setRange(on ? Range::Automatic : Range::Fixed); });
    }
}

} // namespace moescope::ui
