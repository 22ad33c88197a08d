// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QPainter;

namespace moescope::ui {

class Style;

/// A short painted list of the inspector: rows of one height with a hover card each. Up and Down
/// walk, Enter or a click chooses a row.
class RowsView : public QWidget {
    Q_OBJECT

public:
    explicit RowsView(Style& style, QWidget* parent = nullptr);

    int currentRow() const { return m_current; }
    void setCurrentRow(int row); ///< silent; -1 for none
    QRect rowRect(int row) const;
    virtual int rowCount() const = 0;
    virtual QString rowText(int row) const = 0; ///< spoken, and the hover card
    /// The row means something when it is chosen; without, rows take no focus.
    void setChoosable(bool choosable);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void rowChosen(int row);

protected:
    virtual void paintRow(QPainter& painter, int row, const QRectF& rect) = 0;
    virtual double rowHeight() const; ///< in pixels
    /// What stands under the pointer of a row; the row's own text unless it is told otherwise.
    virtual QString hoverText(int row, const QPointF& position) const;
    Style& look() const { return m_style; }
    void rowsChanged();

    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int rowAt(const QPointF& position) const;
    void choose(int row);

    Style& m_style;
    bool m_choosable = false;
    int m_current = -1;
    int m_hover = -1;
};

} // namespace moescope::ui
