// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMetaMethod>
#include <QMouseEvent>
#include <QScrollBar>
#include <QWheelEvent>

#include "ui/figures/routing_grid_view.h"

namespace moescope::ui {

namespace {

constexpr double kWheelStep = 1.2;

} // namespace

void RoutingGridView::wheelEvent(QWheelEvent* event)
{
    if (!(event->modifiers() & Qt::ControlModifier)) {
        FigureView::wheelEvent(event);
        return;
    }
    zoomAround(m_zoom * std::pow(kWheelStep, event->angleDelta().y() / 120.0), event->position());
    event->accept();
}

void RoutingGridView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_source)
        return;
    const GridGeometry g = geometry();
    const QPointF at = event->position();
    const int row = g.rowAt(at.y());
    const int place = g.placeAt(at.x());
    if (row >= 0 && place >= 0) {
        setCurrentCell(row, columnAt(place));
        emit cellClicked(row, columnAt(place));
    } else if (row >= 0) {
        setCurrentCell(row, m_col);
        emit rowClicked(row);
    } else if (place >= 0 && at.y() < g.cells.top()) {
        if (!(event->modifiers() & Qt::ControlModifier))
            setCurrentCell(m_row, columnAt(place));
        emit columnClicked(columnAt(place), event->modifiers());
    }
}

void RoutingGridView::hover(int row, int col)
{
    if (row == m_hoverRow && col == m_hoverCol)
        return;
    m_hoverRow = row;
    m_hoverCol = col;
    viewport()->update();
    emit cellHovered(row, col);
}

void RoutingGridView::mouseMoveEvent(QMouseEvent* event)
{
    const QPoint cell = cellAt(event->position().toPoint());
    hover(cell.y(), cell.x());
}

void RoutingGridView::leaveEvent(QEvent* event)
{
    FigureView::leaveEvent(event);
    hover(-1, -1);
}

void RoutingGridView::contextMenuEvent(QContextMenuEvent* event)
{
    const bool keyboard = event->reason() == QContextMenuEvent::Keyboard;
    const GridGeometry g = geometry();
    const QPoint at = viewport()->mapFromGlobal(event->globalPos());
    const int place = keyboard ? -1 : g.placeAt(at.x());
    const int col = keyboard ? m_col : place >= 0 && at.y() < g.cells.top() ? columnAt(place) : -1;
    if (col >= 0
        && isSignalConnected(
            QMetaMethod::fromSignal(&RoutingGridView::columnContextMenuRequested))) {
        const QPoint below = viewport()->mapToGlobal(
            g.cell(std::max(m_row, 0), placeOf(col)).bottomLeft().toPoint());
        emit columnContextMenuRequested(col, keyboard ? below : event->globalPos());
        return;
    }
    FigureView::contextMenuEvent(event);
}

void RoutingGridView::walkTo(int row, int place)
{
    if (!m_source || m_source->rows() == 0 || m_source->cols() == 0)
        return;
    const int newRow = std::clamp(row, 0, m_source->rows() - 1);
    const int newCol = columnAt(std::clamp(place, 0, m_source->cols() - 1));
    setCurrentCell(newRow, newCol);
    emit cellClicked(newRow, newCol);
}

void RoutingGridView::keyPressEvent(QKeyEvent* event)
{
    const bool control = event->modifiers() & Qt::ControlModifier;
    const int row = std::max(m_row, 0);
    const int place = m_col >= 0 ? placeOf(m_col) : 0;
    const GridGeometry g = geometry();
    const int page = std::max(1, static_cast<int>(g.cells.height() / g.cellHeight) - 1);
    const int lastRow = content().rows - 1;
    const int lastPlace = content().cols - 1;
    if (event->modifiers() & (Qt::AltModifier | Qt::MetaModifier)) {
        FigureView::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Left:
        return walkTo(row, place - 1);
    case Qt::Key_Right:
        return walkTo(row, place + 1);
    case Qt::Key_Up:
        return walkTo(row - 1, place);
    case Qt::Key_Down:
        return walkTo(row + 1, place);
    case Qt::Key_PageUp:
        return walkTo(row - page, place);
    case Qt::Key_PageDown:
        return walkTo(row + page, place);
    case Qt::Key_Home:
        return walkTo(control ? 0 : row, 0);
    case Qt::Key_End:
        return walkTo(control ? lastRow : row, lastPlace);
    default:
        break;
    }
    if (control && (event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal))
        return setZoom(m_zoom * kWheelStep);
    if (control && event->key() == Qt::Key_Minus)
        return setZoom(m_zoom / kWheelStep);
    if (control && event->key() == Qt::Key_0)
        return resetZoom();
    FigureView::keyPressEvent(event);
}

} // namespace moescope::ui
