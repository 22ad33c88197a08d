// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_view.h"

namespace moescope::ui {

struct ChartFrame;

/// Loads, evidence, budgets: bars with intervals, value labels and the null as a dashed line.
/// Upright while the names fit under the bars, lying otherwise.
class BarChartView : public FigureView {
    Q_OBJECT

public:
    enum class Order { Given, Value };

    explicit BarChartView(Style& style, QWidget* parent = nullptr);

    void setOrder(Order order);
    Order order() const { return m_order; }
    int current() const { return m_current; }
    void setCurrent(int bar); ///< of the data, -1 for none; silent
    QRectF barRect(int bar) const; ///< in the viewport

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;

signals:
    void barClicked(int bar);
    void barHovered(int bar);

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

    const BarFigure* data() const;
    Geometry geometry(const Ink& ink, const QRectF& area) const;
    QRectF barRect(const Geometry& geometry, int position) const;
    void draw(const Ink& ink, const QRectF& area) const;
    int barAt(const QPointF& position) const;
    void sortBars();
    bool atNull(int bar) const;

    Order m_order = Order::Given;
    std::vector<int> m_sorted; ///< bar of the data by position
    int m_current = -1;
    int m_hover = -1;
};

} // namespace moescope::ui
