// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>

#include "ui/figures/figure_view.h"

namespace moescope::ui {

/// Any matrix as coloured cells with a legend, values when there is room and a readout of the
/// chosen cell.
class HeatMapView : public FigureView {
    Q_OBJECT

public:
    enum class Order { Id, Clustered };
    enum class Range { Fixed, Automatic };

    explicit HeatMapView(Style& style, QWidget* parent = nullptr);

    void setOrder(Order order); ///< Clustered needs the figure's clusteredOrder
    Order order() const { return m_orderMode; }
    void setRange(Range range); ///< Fixed needs the figure's range
    Range range() const { return m_rangeMode; }
    /// Colour range shared with other maps; overrides the figure's.
    void setSharedRange(std::optional<Interval> range);
    Interval colourRange() const; ///< in force now

    void setCurrentCell(int row, int col); ///< of the data; silent
    int currentRow() const { return m_row; }
    int currentColumn() const { return m_col; }

    QRect cellRect(int row, int col) const;
    QPoint cellAt(const QPoint& viewportPosition) const; ///< (col, row) of the data or (-1, -1)
    QColor cellColour(int row, int col) const; ///< in the theme on the screen
    QString readout() const; ///< the line under the map

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;

signals:
    void cellClicked(int row, int col);
    void cellHovered(int row, int col);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    void styleChanged() override;
    QSizeF bodySize(const Ink& ink, double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;
    void extendMenu(QMenu& menu) override;

    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Geometry;

    const HeatMapFigure* data() const;
    Geometry geometry(const QRectF& area) const;
    int dataRow(int position) const;
    int dataCol(int position) const;
    int rowPosition(int row) const;
    int colPosition(int col) const;
    double value(int row, int col) const;
    QColor colourOf(const Theme& theme, double value) const;
    QString rowLabel(int row) const;
    QString colLabel(int col) const;
    void draw(const Ink& ink, const QRectF& area) const;
    void moveTo(int row, int col);

    Order m_orderMode = Order::Id;
    Range m_rangeMode = Range::Fixed;
    std::optional<Interval> m_sharedRange;
    Interval m_range;
    std::vector<int> m_inverse; ///< position of an id in clusteredOrder
    double m_labelWidth = 0;
    int m_row = -1;
    int m_col = -1;
    int m_hoverRow = -1;
    int m_hoverCol = -1;
};

} // namespace moescope::ui
