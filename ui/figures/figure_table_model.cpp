// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_table_model.h"

#include <cmath>

#include "core/report/number_text.h"
#include "ui/figures/figure_words.h"

namespace moescope::ui {

FigureTableModel::FigureTableModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void FigureTableModel::setFigure(std::shared_ptr<const Figure> figure)
{
    beginResetModel();
    m_figure = std::move(figure);
    endResetModel();
}

void FigureTableModel::setNumberFont(const QFont& font)
{
    m_numberFont = font;
    if (rowCount() > 0 && columnCount() > 0)
        emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::FontRole});
}

const TableFigure* FigureTableModel::table() const
{
    return m_figure ? std::get_if<TableFigure>(&m_figure->data) : nullptr;
}

int FigureTableModel::rowCount(const QModelIndex& parent) const
{
    return table() && !parent.isValid() ? static_cast<int>(table()->rows.size()) : 0;
}

int FigureTableModel::columnCount(const QModelIndex& parent) const
{
    return table() && !parent.isValid() ? static_cast<int>(table()->columns.size()) : 0;
}

QVariant FigureTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const TableFigure::Column& column = table()->columns[static_cast<std::size_t>(index.column())];
    const auto& row = table()->rows[static_cast<std::size_t>(index.row())];
    const auto c = static_cast<std::size_t>(index.column());
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            column.numeric ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::FontRole)
        return column.numeric ? QVariant(m_numberFont) : QVariant();
    // A short row ends in empty cells.
    if (c >= row.size())
        return {};
    if (const auto* words = std::get_if<std::string>(&row[c])) {
        // Words in place of a number: what is told about the column says why.
        if (role == Qt::ToolTipRole && column.numeric && !column.help.empty())
            return text(column.help);
        return role == Qt::DisplayRole || role == SortRole ? QVariant(text(*words)) : QVariant();
    }
    if (const auto* number = std::get_if<double>(&row[c])) {
        if (role == Qt::DisplayRole)
            return numberText(*number, column.decimals);
        if (role == Qt::ToolTipRole)
            return withUnit(text(exactNumber(*number)), column.unit);
        if (role == SortRole && !std::isnan(*number))
            return *number;
    }
    return {};
}

QVariant FigureTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    const TableFigure::Column& column = table()->columns[static_cast<std::size_t>(section)];
    switch (role) {
    case Qt::DisplayRole:
        return text(titleWithUnit(column.title, column.unit));
    case Qt::ToolTipRole:
        return column.help.empty() ? QVariant() : QVariant(text(column.help));
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(
            column.numeric ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
    default:
        return {};
    }
}

FigureTableProxy::FigureTableProxy(QObject* parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(FigureTableModel::SortRole);
    setDynamicSortFilter(true);
}

void FigureTableProxy::setFilterText(const QString& filter)
{
    m_words = filter.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool FigureTableProxy::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    for (const QString& word : m_words) {
        bool found = false;
        for (int column = 0; column < sourceModel()->columnCount(parent) && !found; ++column)
            found = sourceModel()
                        ->index(row, column, parent)
                        .data()
                        .toString()
                        .contains(word, Qt::CaseInsensitive);
        if (!found)
            return false;
    }
    return true;
}

bool FigureTableProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (!a.isValid() || !b.isValid()) {
        // Missing values stay at the end, whichever way the order goes.
        if (a.isValid() == b.isValid())
            return false;
        return a.isValid() == (sortOrder() == Qt::AscendingOrder);
    }
    if (a.typeId() == QMetaType::Double && b.typeId() == QMetaType::Double)
        return a.toDouble() < b.toDouble();
    return a.toString().localeAwareCompare(b.toString()) < 0;
}

} // namespace moescope::ui
