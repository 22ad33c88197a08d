// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QAbstractTableModel>
#include <QFont>
#include <QSortFilterProxyModel>

#include "core/report/figure.h"

namespace moescope::ui {

/// The cells of a table figure. Numbers sort as numbers, missing ones last.
class FigureTableModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Role { SortRole = Qt::UserRole + 1 };

    explicit FigureTableModel(QObject* parent = nullptr);

    void setFigure(std::shared_ptr<const Figure> figure);
    void setNumberFont(const QFont& font);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(
        int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    const TableFigure* table() const;

    std::shared_ptr<const Figure> m_figure;
    QFont m_numberFont;
};

/// Filters on any column and keeps missing values last in both directions.
class FigureTableProxy : public QSortFilterProxyModel {
    Q_OBJECT

public:
    explicit FigureTableProxy(QObject* parent = nullptr);
    void setFilterText(const QString& text); ///< words that must all appear in a row

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    QStringList m_words;
};

} // namespace moescope::ui
