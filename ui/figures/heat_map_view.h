// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

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
    /// The same in two lines where one is too wide.
    QStringList readoutLines(double width) const;

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;
    int leastHeight(int width) const override;

signals:
    void cellClicked(int row, int col);
    void cellHovered(int row, int col);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    void styleChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;
    void extendMenu(QMenu& menu) override;

    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Geometry {
        QRectF map;
        double cellWidth = 1;
        double cellHeight = 1;
        double gap = 0;
        QRectF legend;
        QRectF readout;
        QRectF cell(int rowPlace, int colPlace) const;
    };

    const HeatMapFigure* data() const;
    Geometry geometry(const QRectF& area) const;
    double topHeight() const;
    double readoutHeight(double width) const; ///< a line more where the longest does not fit in one
    bool leavesDiagonalOut() const;
    double legendWidth() const;
    bool clustered() const;
    int dataRow(int place) const;
    int dataCol(int place) const;
    int rowPlace(int row) const;
    int colPlace(int col) const;
    double value(int row, int col) const;
    bool inMap(int row, int col) const;
    QColor colourOf(const Theme& theme, double value) const;
    QColor fillOf(const Theme& theme, int row, int col) const; ///< of a cell that has a value
    double legendPosition(double value) const; ///< 0 at the low end, 1 at the high end
    QString rowLabel(int row) const;
    QString colLabel(int col) const;
    QString cellName(int row, int col) const;
    void measure();
    void updateRange();

    void draw(const Ink& ink, const QRectF& area) const;
    void drawCells(const Ink& ink, const Geometry& g) const;
    void drawImage(const Ink& ink, const Geometry& g) const;
    /// For the numbers in the cells, all of them or none; nothing when the longest does not fit.
    std::optional<QFont> cellFont(const Ink& ink, const Geometry& g) const;
    void drawCellValue(const Ink& ink, const QRectF& cell, double value, const QColor& fill,
        const QFont& font) const;
    void drawLabels(const Ink& ink, const Geometry& g) const;
    void drawLegend(const Ink& ink, const Geometry& g) const;
    void drawReadout(const Ink& ink, const Geometry& g) const;
    void hover(int row, int col);
    void walkTo(int rowPlace, int colPlace);

    Order m_orderMode = Order::Id;
    Range m_rangeMode = Range::Fixed;
    std::optional<Interval> m_sharedRange;
    Interval m_range{0, 1};
    std::vector<int> m_order; ///< id by place, when clustered
    std::vector<int> m_inverse;
    double m_labelWidth = 0;
    double m_readoutWidth = 0; ///< of the longest readout in one line
    bool m_selfSimilar = false; ///< a square map whose diagonal is its largest value throughout
    int m_decimals = 2; ///< of the values in the cells
    mutable QImage m_image; ///< of maps with very many cells; null = to be made
    mutable const Theme* m_imageTheme = nullptr;
    int m_row = -1;
    int m_col = -1;
    int m_hoverRow = -1;
    int m_hoverCol = -1;
};

} // namespace moescope::ui
