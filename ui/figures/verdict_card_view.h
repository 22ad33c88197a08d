// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_view.h"

namespace moescope::ui {

/// A question, its answer in the colour of its tone, what it rests on, and one row per test with
/// value, null and the direction it points in.
class VerdictCardView : public FigureView {
    Q_OBJECT

public:
    explicit VerdictCardView(Style& style, QWidget* parent = nullptr);

    int currentRow() const { return m_row; }

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    bool showsTitle() const override;
    QSize sizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize minimumSizeHint() const override;

signals:
    void rowClicked(int row);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;
    double preferredWidth() const override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    const VerdictFigure* data() const;
    bool basisBeside(double width) const; ///< behind the answer, else below it
    double headHeight(double width) const;
    double rowsHeight(double width) const;
    double noteHeight(double width) const;
    /// Widths that show every word whole, in one line or, where that does not fit, in two.
    struct Columns {
        double test = 0;
        double value = 0;
        double null = 0;
        double gap = 0;
        bool twoLines = false;
    };
    Columns columns(double width) const;
    /// Of the row's last words: what it points to.
    double directionWidth() const;
    double rowHeight(double width) const;
    int rowAt(const QPoint& position) const;
    void draw(const Ink& ink, const QRectF& area) const;
    void drawHead(const Ink& ink, const QRectF& area) const;
    void drawRow(const Ink& ink, const QRectF& rect, int row, const Columns& layout) const;
    void drawSign(const Ink& ink, const QPointF& centre, const VerdictFigure::Row& row) const;
    void choose(int row);

    int m_row = -1;
};

} // namespace moescope::ui
