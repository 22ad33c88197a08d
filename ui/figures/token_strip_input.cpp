// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>

#include "ui/figures/token_strip_view.h"

namespace moescope::ui {

void TokenStripView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    const int index = tokenAt(event->position().toPoint());
    if (index < 0)
        return;
    if (event->modifiers() & Qt::ControlModifier) {
        if (!m_marked.remove(index))
            m_marked.insert(index);
        viewport()->update();
        emit markedChanged(marked());
        return;
    }
    m_pressed = true;
    m_dragging = false;
    if (event->modifiers() & Qt::ShiftModifier) {
        walkTo(index, true);
        return;
    }
    m_anchor = index;
}

void TokenStripView::mouseMoveEvent(QMouseEvent* event)
{
    const int index = tokenAt(event->position().toPoint());
    if (m_pressed && m_anchor >= 0 && index >= 0 && (m_dragging || index != m_anchor)) {
        m_dragging = true;
        setRange(std::min(m_anchor, index), std::max(m_anchor, index));
    }
    if (index != m_hovered) {
        setHovered(index);
        emit tokenHovered(index);
    }
}

void TokenStripView::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_pressed)
        return;
    m_pressed = false;
    if (m_dragging) {
        m_dragging = false;
        emit rangeSelected(m_rangeFirst, m_rangeLast);
        return;
    }
    const int index = tokenAt(event->position().toPoint());
    if (index >= 0 && index == m_anchor && !(event->modifiers() & Qt::ShiftModifier)) {
        setRange(0, -1);
        setCurrent(index);
        emit tokenClicked(index);
    }
}

void TokenStripView::leaveEvent(QEvent* event)
{
    FigureView::leaveEvent(event);
    if (m_hovered >= 0) {
        setHovered(-1);
        emit tokenHovered(-1);
    }
}

void TokenStripView::walkTo(int index, bool extend)
{
    if (count() == 0)
        return;
    const int target = std::clamp(index, 0, count() - 1);
    if (extend) {
        if (m_anchor < 0)
            m_anchor = std::max(m_current, 0);
        setRange(std::min(m_anchor, target), std::max(m_anchor, target));
        setCurrent(target);
        emit rangeSelected(m_rangeFirst, m_rangeLast);
        return;
    }
    m_anchor = target;
    setRange(0, -1);
    setCurrent(target);
    emit tokenClicked(target);
}

void TokenStripView::keyPressEvent(QKeyEvent* event)
{
    const bool extend = event->modifiers() & Qt::ShiftModifier;
    if (event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) {
        FigureView::keyPressEvent(event);
        return;
    }
    const auto inRow = [this](int rows) {
        // The chip of another row whose middle is nearest to the current one's.
        if (m_current < 0)
            return 0;
        const int row = rowOf(m_layout, m_current) + rows;
        if (row < 0 || static_cast<std::size_t>(row) >= m_layout.rows())
            return m_current;
        const double middle = chipRect(m_layout, m_current).center().x();
        int best = m_layout.rowStart[static_cast<std::size_t>(row)];
        for (int i = best; i < m_layout.rowStart[static_cast<std::size_t>(row) + 1]; ++i)
            if (std::abs(chipRect(m_layout, i).center().x() - middle)
                < std::abs(chipRect(m_layout, best).center().x() - middle))
                best = i;
        return best;
    };
    switch (event->key()) {
    case Qt::Key_Left:
        walkTo(m_current - 1, extend);
        break;
    case Qt::Key_Right:
        walkTo(m_current + 1, extend);
        break;
    case Qt::Key_Up:
        walkTo(inRow(-1), extend);
        break;
    case Qt::Key_Down:
        walkTo(inRow(1), extend);
        break;
    case Qt::Key_Home:
        walkTo(0, extend);
        break;
    case Qt::Key_End:
        walkTo(count() - 1, extend);
        break;
    default:
        FigureView::keyPressEvent(event);
    }
}

} // namespace moescope::ui
