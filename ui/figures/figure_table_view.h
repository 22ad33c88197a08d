// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/figures/figure_view.h"

class QLineEdit;
class QTableView;

namespace moescope::ui {

class FigureTableModel;
class FigureTableProxy;

/// A table with a filter line; a click on a heading sorts. Numbers are right-aligned in tabular
/// figures.
class FigureTableView : public FigureView {
    Q_OBJECT

public:
    explicit FigureTableView(Style& style, QWidget* parent = nullptr);

    QTableView* table() const { return m_table; }
    FigureTableModel* model() const { return m_model; }
    void setFilterVisible(bool visible);
    int currentRow() const; ///< of the data; -1 without
    std::vector<double> columnWidths() const; ///< as drawn in exports
    void setCurrentRow(int row); ///< of the data; scrolls to it; silent

    QString dataText(char separator = ',') const override; ///< the rows shown, in the order shown
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;

signals:
    void rowClicked(int row); ///< of the data
    void rowActivated(int row);
    void currentRowChanged(int row); ///< by mouse or keyboard

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    void styleChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;

private:
    const TableFigure* data() const;
    double rowHeight() const;
    void fitColumns();
    void onCurrentChanged(const QModelIndex& current, const QModelIndex& before);

    FigureTableModel* m_model;
    FigureTableProxy* m_proxy;
    QLineEdit* m_filter;
    QTableView* m_table;
};

} // namespace moescope::ui
