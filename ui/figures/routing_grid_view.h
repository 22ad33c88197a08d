// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/figures/figure_view.h"
#include "ui/figures/grid_source.h"
#include "ui/figures/routing_grid_geometry.h"

namespace moescope::ui {

/// Tokens (rows) by experts or layers (columns). Paints only the visible cells; headers stay;
/// Ctrl+wheel zooms around the cursor. Rows and columns in signals and setters are those of the
/// data, not of the screen.
class RoutingGridView : public FigureView {
    Q_OBJECT

public:
    enum class Shading {
        Weights, ///< shade = weight, label = rank
        Comparison, ///< only A, only B, both
    };

    explicit RoutingGridView(Style& style, QWidget* parent = nullptr);
    ~RoutingGridView() override;

    /// Shows a source without a figure; `heading` gives id, title, subtitle and caption for exports
    /// (its data are not looked at). setFigure() with a RoutingGridFigure goes back to the figure's
    /// cells.
    void setGrid(std::shared_ptr<const GridSource> source, const Figure& heading);
    const GridSource* source() const { return m_source.get(); }

    void setShading(Shading shading);
    Shading shading() const { return m_shading; }

    /// Columns of the data from left to right; empty = by id. Ignored unless it is a permutation.
    void setColumnOrder(const std::vector<int>& order);
    const std::vector<int>& columnOrder() const { return m_order; }
    /// Busiest column first; by id without loads.
    static std::vector<int> orderByLoad(const GridSource& source);

    void setCurrentCell(
        int row, int col); ///< highlights row and outlines column; -1 for none; silent
    int currentRow() const { return m_row; }
    int currentColumn() const { return m_col; }
    void setHighlightedRows(int first, int last); ///< a span; first > last clears it
    void setOutlinedColumns(const QList<int>& cols); ///< besides the current one
    void setBlockedColumns(const QList<int>& cols); ///< masked experts: struck out in the header
    void scrollToRow(int row);
    void scrollToColumn(int col);

    /// 1 = cells fit the window where they can. Kept within what stays legible and useful.
    void setZoom(double zoom);
    double zoom() const { return m_zoom; }
    void resetZoom() { setZoom(1); }

    QRect cellRect(int row, int col) const; ///< in the viewport; may lie outside it
    QPoint cellAt(const QPoint& viewportPosition) const; ///< (col, row) or (-1, -1)
    /// Cells asked for by the last paint: tests see that only visible ones are.
    int cellsPainted() const { return m_cellsPainted; }

    QString dataText(char separator = ',') const override;
    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;
    int leastHeight(int width) const override; ///< header and the first rows, or all

signals:
    void cellClicked(int row, int col);
    void cellHovered(int row, int col); ///< -1, -1 when none
    void rowClicked(int row);
    void columnClicked(int col, Qt::KeyboardModifiers modifiers);
    void columnContextMenuRequested(int col, const QPoint& globalPosition);
    void zoomChanged(double zoom);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    void styleChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;

    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void adoptSource(std::shared_ptr<const GridSource> source);
    void measureLabels();
    GridContent content() const;
    GridGeometry geometry() const; ///< on the screen, scrolled
    GridGeometry wholeGeometry(double width) const;
    void updateScrollBars();
    void zoomAround(double zoom, const QPointF& position);
    void walkTo(int row, int place);
    void hover(int row, int col);
    int columnAt(int place) const
    {
        return m_order.empty() ? place : m_order[static_cast<std::size_t>(place)];
    }
    int placeOf(int col) const
    {
        return m_position.empty() ? col : m_position[static_cast<std::size_t>(col)];
    }
    bool inGrid(int row, int col) const;
    QString cellText(int row, int col) const;

    int drawGrid(
        const Ink& ink, const GridGeometry& g) const; ///< returns how many cells were asked for
    void drawRowBands(const Ink& ink, const GridGeometry& g) const;
    void drawHeader(const Ink& ink, const GridGeometry& g) const;
    void drawColumnLabels(const Ink& ink, const GridGeometry& g) const;
    void drawLoads(const Ink& ink, const GridGeometry& g) const;
    void drawRowLabels(const Ink& ink, const GridGeometry& g) const;
    void drawRowBars(const Ink& ink, const GridGeometry& g) const;
    int drawCells(const Ink& ink, const GridGeometry& g) const;
    void drawCell(const Ink& ink, const QRectF& rect, const GridCell& cell, bool highlighted) const;
    void drawGap(const Ink& ink, const GridGeometry& g, int place, const QString& label) const;
    void drawOutlines(const Ink& ink, const GridGeometry& g) const;

    std::shared_ptr<const GridSource> m_source;
    std::vector<int> m_order; ///< column of the data by place; empty = by id
    std::vector<int> m_position; ///< the inverse
    Shading m_shading = Shading::Weights;
    double m_labelWidth = 0;
    double m_maxLoad = 0;
    double m_zoom = 1;
    int m_row = -1;
    int m_col = -1;
    bool m_currentSeen = true; ///< the current cell was in sight at the last paint
    int m_hoverRow = -1;
    int m_hoverCol = -1;
    int m_spanFirst = 0;
    int m_spanLast = -1;
    QList<int> m_outlined;
    QList<int> m_blocked;
    int m_cellsPainted = 0;
};

} // namespace moescope::ui
