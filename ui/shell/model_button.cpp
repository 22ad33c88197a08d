// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/model_button.h"

#include <QKeyEvent>
#include <QMenu>
#include <QPainter>

#include "ui/shell/icons.h"
#include "ui/style/style.h"

namespace moescope::ui {

ModelButton::ModelButton(Style& style, QWidget* parent)
    : QAbstractButton(parent)
    , m_style(style)
{
    setObjectName(QStringLiteral("modelButton"));
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setIcon(themedIcon(style, QStringLiteral("model"), IconInk::Accent));
    setModel({}, {});
    connect(this, &QAbstractButton::clicked, this, &ModelButton::openMenu);
    connect(&style, &Style::changed, this, &QWidget::updateGeometry);
}

void ModelButton::setModel(const QString& name, const QString& family)
{
    setText(name.isEmpty() ? tr("Open a model") : name);
    m_family = family;
    setAccessibleName(tr("Model: %1").arg(text()));
    setToolTip(tr("%1 (click to open another model)").arg(text()));
    updateGeometry();
    update();
}

void ModelButton::openMenu()
{
    if (m_menu)
        m_menu->popup(mapToGlobal(QPoint(0, height() + m_style.pxInt(4))));
}

QSize ModelButton::sizeHint() const
{
    const int name = QFontMetrics(m_style.words(0, QFont::DemiBold)).horizontalAdvance(text());
    const int family = QFontMetrics(m_style.words(-1)).horizontalAdvance(m_family);
    const int wished = name + family + m_style.pxInt(76);
    return {qBound(m_style.pxInt(200), wished, m_style.pxInt(320)), m_style.pxInt(kControlHeight)};
}

void ModelButton::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_style.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hasFocus() ? theme.accent : theme.control, m_style.px(1)));
    painter.setBrush(underMouse() ? theme.accentSoft : theme.field);
    painter.drawRoundedRect(
        QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), m_style.px(5), m_style.px(5));

    const int gap = m_style.pxInt(10);
    const int side = m_style.pxInt(14);
    icon().paint(&painter, QRect(gap, (height() - side) / 2, side, side));
    const int arrow = m_style.pxInt(14);
    themedIcon(m_style, QStringLiteral("down"), IconInk::Muted)
        .paint(&painter, QRect(width() - gap - arrow, (height() - arrow) / 2, arrow, arrow));

    QRect words(gap + side + m_style.pxInt(6), 0, 0, height());
    words.setRight(width() - gap - arrow - m_style.pxInt(4));
    painter.setFont(m_style.words(-1));
    painter.setPen(theme.mutedText);
    painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter, m_family);
    words.setRight(
        words.right() - painter.fontMetrics().horizontalAdvance(m_family) - m_style.pxInt(8));
    painter.setFont(m_style.words(0, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter,
        painter.fontMetrics().elidedText(text(), Qt::ElideMiddle, words.width()));
}

void ModelButton::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Down || event->key() == Qt::Key_Return
        || event->key() == Qt::Key_Enter) {
        openMenu();
        return;
    }
    QAbstractButton::keyPressEvent(event);
}

} // namespace moescope::ui
