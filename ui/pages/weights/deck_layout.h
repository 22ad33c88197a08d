// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QLayout>

namespace moescope::ui {

/// Widgets side by side that share the width by their stretch, and go on in a further row where
/// their least widths do not fit. Height that is left over goes to the rows that can grow.
class DeckLayout : public QLayout {
public:
    using Height = std::function<int(int width)>;

    explicit DeckLayout(QWidget* parent);
    ~DeckLayout() override;

    /// `stretch` 0: as wide as its hint. `leastHeight` makes the widget's row grow; without, the
    /// row is as high as the widget's hint for its width.
    void add(QWidget* widget, int stretch, Height leastHeight = {});

    void addItem(QLayoutItem* item) override;
    int count() const override;
    QLayoutItem* itemAt(int index) const override;
    QLayoutItem* takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSize() const override; ///< one widget a row
    void setGeometry(const QRect& rect) override;

private:
    struct Cell {
        std::unique_ptr<QLayoutItem> item;
        int stretch = 1;
        Height leastHeight;
    };
    struct Row {
        std::vector<std::size_t> cells;
        std::vector<int> widths;
        int height = 0;
        bool grows = false;
    };
    int leastWidth(const Cell& cell) const;
    int heightOf(const Cell& cell, int width) const;
    std::vector<Row> rows(int width) const;
    void shareWidth(Row& row, int width) const;
    int heightOf(const std::vector<Row>& rows) const;

    std::vector<Cell> m_cells;
};

} // namespace moescope::ui
