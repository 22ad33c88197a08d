// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/weights/deck_layout.h"

#include <algorithm>
#include <utility>

#include <QWidget>

namespace moescope::ui {

DeckLayout::DeckLayout(QWidget* parent)
    : QLayout(parent)
{
    setContentsMargins(0, 0, 0, 0);
}

DeckLayout::~DeckLayout() = default;

void DeckLayout::add(QWidget* widget, int stretch, Height leastHeight)
{
    addChildWidget(widget);
    m_cells.push_back({std::make_unique<QWidgetItem>(widget), stretch, std::move(leastHeight)});
    invalidate();
}

void DeckLayout::addItem(QLayoutItem* item)
{
    m_cells.push_back({std::unique_ptr<QLayoutItem>(item), 1, {}});
}

int DeckLayout::count() const
{
    return static_cast<int>(m_cells.size());
}

QLayoutItem* DeckLayout::itemAt(int index) const
{
    return index >= 0 && index < count() ? m_cells[static_cast<std::size_t>(index)].item.get()
                                         : nullptr;
}

QLayoutItem* DeckLayout::takeAt(int index)
{
    if (index < 0 || index >= count())
        return nullptr;
    QLayoutItem* item = m_cells[static_cast<std::size_t>(index)].item.release();
    m_cells.erase(m_cells.begin() + index);
    return item;
}

int DeckLayout::leastWidth(const Cell& cell) const
{
    return cell.stretch > 0 ? cell.item->minimumSize().width() : cell.item->sizeHint().width();
}

int DeckLayout::heightOf(const Cell& cell, int width) const
{
    if (cell.leastHeight)
        return cell.leastHeight(width);
    return cell.item->hasHeightForWidth() ? cell.item->heightForWidth(width)
                                          : cell.item->sizeHint().height();
}

std::vector<DeckLayout::Row> DeckLayout::rows(int width) const
{
    std::vector<Row> rows;
    int taken = 0;
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        if (m_cells[i].item->isEmpty())
            continue;
        const int least = leastWidth(m_cells[i]);
        if (rows.empty() || taken + spacing() + least > width) {
            rows.emplace_back();
            taken = least;
        } else {
            taken += spacing() + least;
        }
        rows.back().cells.push_back(i);
    }
    for (Row& row : rows) {
        shareWidth(row, width);
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            const Cell& cell = m_cells[row.cells[i]];
            row.height = std::max(row.height, heightOf(cell, row.widths[i]));
            row.grows = row.grows || cell.leastHeight;
        }
    }
    return rows;
}

void DeckLayout::shareWidth(Row& row, int width) const
{
    const std::size_t n = row.cells.size();
    row.widths.assign(n, 0);
    std::vector<bool> settled(n);
    // Who would get less than the least width gets that, and the others share what is left.
    for (bool again = true; again;) {
        again = false;
        int room = width - static_cast<int>(n - 1) * spacing();
        int stretch = 0;
        for (std::size_t i = 0; i < n; ++i) {
            room -= settled[i] ? row.widths[i] : 0;
            stretch += settled[i] ? 0 : m_cells[row.cells[i]].stretch;
        }
        for (std::size_t i = 0; i < n && !again; ++i) {
            if (settled[i])
                continue;
            const Cell& cell = m_cells[row.cells[i]];
            const int least = std::min(leastWidth(cell), width);
            row.widths[i] = stretch > 0 ? std::max(0, room) * cell.stretch / stretch : 0;
            if (row.widths[i] < least) {
                row.widths[i] = least;
                settled[i] = again = true;
            }
        }
    }
}

int DeckLayout::heightOf(const std::vector<Row>& rows) const
{
    int height = rows.empty() ? 0 : static_cast<int>(rows.size() - 1) * spacing();
    for (const Row& row : rows)
        height += row.height;
    return height;
}

int DeckLayout::heightForWidth(int width) const
{
    return heightOf(rows(width));
}

QSize DeckLayout::sizeHint() const
{
    QSize size;
    for (const Cell& cell : m_cells) {
        if (cell.item->isEmpty())
            continue;
        const QSize hint = cell.item->sizeHint();
        size = {size.width() + hint.width() + spacing(), std::max(size.height(), hint.height())};
    }
    return size;
}

QSize DeckLayout::minimumSize() const
{
    QSize size;
    for (const Cell& cell : m_cells)
        if (!cell.item->isEmpty())
            size = size.expandedTo({leastWidth(cell), 0});
    return size;
}

void DeckLayout::setGeometry(const QRect& rect)
{
    QLayout::setGeometry(rect);
    std::vector<Row> all = rows(rect.width());
    auto growing = static_cast<int>(std::ranges::count_if(all, &Row::grows));
    int spare = std::max(0, rect.height() - heightOf(all));
    int y = rect.y();
    for (Row& row : all) {
        if (row.grows) {
            const int more = spare / growing--;
            row.height += more;
            spare -= more;
        }
        int x = rect.x();
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            const Cell& cell = m_cells[row.cells[i]];
            const int own = cell.leastHeight ? row.height : heightOf(cell, row.widths[i]);
            // Lines of controls stand in the middle of their row, what can grow fills it.
            const bool line = !cell.leastHeight && !cell.item->hasHeightForWidth();
            const int top = line ? y + (row.height - own) / 2 : y;
            cell.item->setGeometry({x, top, row.widths[i], own});
            x += row.widths[i] + spacing();
        }
        y += row.height + spacing();
    }
}

} // namespace moescope::ui
