// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/rows_view.h"

#include <algorithm>
#include <cmath>

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>

#include "ui/style/style.h"

namespace moescope::ui {

RowsView::RowsView(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMouseTracking(true);
    connect(&style, &Style::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void RowsView::setChoosable(bool choosable)
{
    m_choosable = choosable;
    setFocusPolicy(choosable ? Qt::StrongFocus : Qt::NoFocus);
    setCursor(choosable ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void RowsView::setCurrentRow(int row)
{
    if (row == m_current)
        return;
    m_current = row;
    update();
}

double RowsView::rowHeight() const
{
    return m_style.px(20);
}

QRect RowsView::rowRect(int row) const
{
    return QRectF(0, row * rowHeight(), width(), rowHeight()).toAlignedRect();
}

QSize RowsView::sizeHint() const
{
    return {m_style.pxInt(220), static_cast<int>(std::ceil(rowCount() * rowHeight()))};
}

QSize RowsView::minimumSizeHint() const
{
    return {m_style.pxInt(120), sizeHint().height()};
}

void RowsView::rowsChanged()
{
    m_hover = -1;
    if (m_current >= rowCount())
        m_current = -1;
    QStringList lines;
    for (int row = 0; row < std::min(rowCount(), 40); ++row)
        lines += rowText(row);
    setAccessibleDescription(lines.join(QStringLiteral("; ")));
    updateGeometry();
    update();
}

QString RowsView::hoverText(int row, const QPointF&) const
{
    return rowText(row);
}

int RowsView::rowAt(const QPointF& position) const
{
    const int row = static_cast<int>(std::floor(position.y() / rowHeight()));
    return row >= 0 && row < rowCount() ? row : -1;
}

void RowsView::choose(int row)
{
    if (!m_choosable || row < 0)
        return;
    setCurrentRow(row);
    emit rowChosen(row);
}

bool RowsView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int row = rowAt(help->pos());
        const QString text = row < 0 ? QString() : hoverText(row, help->pos());
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, this, rowRect(row));
        return true;
    }
    return QWidget::event(event);
}

void RowsView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (int row = 0; row < rowCount(); ++row) {
        const QRectF rect(0, row * rowHeight(), width(), rowHeight());
        if (m_choosable && row == m_hover && row != m_current) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(mix(m_style.theme().panel, m_style.theme().accentSoft, 0.6));
            painter.drawRoundedRect(rect, m_style.px(3), m_style.px(3));
        }
        if (row == m_current) {
            painter.setPen(hasFocus() ? QPen(m_style.theme().accent, m_style.px(1)) : Qt::NoPen);
            painter.setBrush(m_style.theme().accentSoft);
            const double inset = m_style.px(0.5);
            painter.drawRoundedRect(
                rect.adjusted(inset, inset, -inset, -inset), m_style.px(3), m_style.px(3));
        }
        paintRow(painter, row, rect);
    }
}

void RowsView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        choose(rowAt(event->position()));
}

void RowsView::mouseMoveEvent(QMouseEvent* event)
{
    if (const int row = rowAt(event->position()); row != m_hover) {
        m_hover = row;
        update();
    }
}

void RowsView::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    m_hover = -1;
    update();
}

void RowsView::keyPressEvent(QKeyEvent* event)
{
    const int last = rowCount() - 1;
    if (!m_choosable || last < 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Up:
        return choose(m_current < 0 ? last : std::max(0, m_current - 1));
    case Qt::Key_Down:
        return choose(std::min(last, m_current + 1));
    case Qt::Key_Home:
        return choose(0);
    case Qt::Key_End:
        return choose(last);
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace moescope::ui
