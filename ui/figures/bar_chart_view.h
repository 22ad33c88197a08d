// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/figures/chart_axis.h"
#include "ui/figures/figure_view.h"

namespace moescope::ui {

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
        QRectF plot;
        ChartAxis values;
        bool lying = false;
        double slot = 0; ///< room of one bar along the axis of names
        double labelWidth = 0; ///< of the names, when lying
        double along(double value) const; ///< where a value lies on its axis, in pixels
    };

    const BarFigure* data() const;
    int count() const;
    Geometry geometry(const QRectF& area) const;
    bool mustLie(double plotWidth) const;
    double widestName() const;
    int barAtPlace(int place) const { return m_sorted[static_cast<std::size_t>(place)]; }
    QRectF barRect(const Geometry& g, int place) const;
    int barAt(const QPointF& position) const;
    void sortBars();
    bool atNull(int bar) const;
    QString valueText(int bar) const;

    void draw(const Ink& ink, const QRectF& area) const;
    void drawAxes(const Ink& ink, const Geometry& g) const;
    void drawBar(const Ink& ink, const Geometry& g, int place) const;
    void drawValue(const Ink& ink, const Geometry& g, int place) const;
    void drawNames(const Ink& ink, const Geometry& g) const;
    void drawNull(const Ink& ink, const Geometry& g) const;

    Order m_order = Order::Given;
    std::vector<int> m_sorted; ///< bar of the data by place
    int m_current = -1;
    int m_hover = -1;
};

} // namespace moescope::ui
