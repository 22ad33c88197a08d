// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/style/elided_label.h"
#include "ui/style/style.h"

namespace moescope::ui {

Panel::Panel(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_outer(new QVBoxLayout(this))
    , m_header(new QWidget(this))
    , m_headerLayout(new QHBoxLayout(m_header))
    , m_title(new QLabel(m_header))
    , m_subtitle(new ElidedLabel(m_header))
    , m_below(new ElidedLabel(this))
    , m_bodyLayout(new QVBoxLayout)
    , m_footer(new QWidget(this))
    , m_footerLayout(new QHBoxLayout(m_footer))
{
    m_title->setObjectName(QStringLiteral("panelTitle"));
    m_title->setProperty("role", QStringLiteral("title"));
    m_title->setTextFormat(Qt::PlainText);
    m_subtitle->setObjectName(QStringLiteral("panelSubtitle"));
    m_subtitle->setProperty("role", QStringLiteral("muted"));
    m_below->setObjectName(QStringLiteral("panelSubtitleBelow"));
    m_below->setProperty("role", QStringLiteral("muted"));
    m_headerLayout->setContentsMargins(0, 0, 0, 0);
    m_headerLayout->addWidget(m_title, 0, Qt::AlignVCenter);
    m_headerLayout->addWidget(m_subtitle, 1, Qt::AlignVCenter);
    m_footerLayout->setContentsMargins(0, 0, 0, 0);
    m_footerLayout->addStretch(1);
    auto* head = new QVBoxLayout;
    head->setSpacing(0);
    head->addWidget(m_header);
    head->addWidget(m_below);
    m_outer->addLayout(head);
    m_outer->addLayout(m_bodyLayout, 1);
    m_outer->addWidget(m_footer);
    m_header->hide();
    m_below->hide();
    m_footer->hide();
    connect(&style, &Style::changed, this, &Panel::restyle);
    restyle();
}

void Panel::setTitle(const QString& title)
{
    m_title->setText(title);
    setAccessibleName(title);
    m_header->setVisible(!title.isEmpty() || m_headerLayout->count() > 2);
    placeSubtitle();
}

void Panel::setSubtitle(const QString& subtitle)
{
    m_subtitleText = subtitle;
    placeSubtitle();
}

void Panel::placeSubtitle()
{
    const QMargins margins = m_outer->contentsMargins();
    int room = width() - margins.left() - margins.right();
    for (int i = 0; i < m_headerLayout->count(); ++i) {
        const QWidget* widget = m_headerLayout->itemAt(i)->widget();
        if (!widget || widget == m_subtitle || widget->isHidden())
            continue;
        room -= widget->sizeHint().width() + m_headerLayout->spacing();
    }
    const bool shown = !m_header->isHidden() && !m_subtitleText.isEmpty();
    const bool below = shown && m_subtitle->fontMetrics().horizontalAdvance(m_subtitleText) > room;
    m_subtitle->setText(below ? QString() : m_subtitleText);
    m_below->setText(below ? m_subtitleText : QString());
    m_below->setVisible(below);
}

void Panel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    placeSubtitle();
}

void Panel::setHeaderVisible(bool visible)
{
    m_header->setVisible(visible);
    placeSubtitle();
}

QString Panel::title() const
{
    return m_title->text();
}

QString Panel::subtitle() const
{
    return m_subtitleText;
}

void Panel::addHeaderWidget(QWidget* widget)
{
    m_headerLayout->addWidget(widget, 0, Qt::AlignVCenter);
    m_header->show();
}

void Panel::addLeadingWidget(QWidget* widget)
{
    m_headerLayout->insertWidget(2, widget, 0, Qt::AlignVCenter);
    m_header->show();
}

void Panel::setBody(QWidget* body)
{
    if (body == m_body)
        return;
    delete m_body;
    m_body = body;
    if (body)
        m_bodyLayout->insertWidget(0, body, 1);
}

void Panel::addFooterWidget(QWidget* widget)
{
    m_footerLayout->insertWidget(m_footerLayout->count() - 1, widget, 0, Qt::AlignVCenter);
    m_footer->show();
}

void Panel::addFooterSpace()
{
    m_footerLayout->insertSpacing(m_footerLayout->count() - 1, m_style.pxInt(12));
}

void Panel::addFooterStretch()
{
    m_footerLayout->insertStretch(m_footerLayout->count() - 1, 1);
}

void Panel::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_style.theme();
    const double line = std::max(1.0, m_style.px(1));
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.hairline, line));
    painter.setBrush(theme.panel);
    const double radius = m_style.px(6);
    painter.drawRoundedRect(
        QRectF(rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2), radius, radius);
}

void Panel::restyle()
{
    const int side = m_style.pxInt(16);
    m_outer->setContentsMargins(side, m_style.pxInt(12), side, m_style.pxInt(12));
    m_outer->setSpacing(m_style.pxInt(8));
    m_bodyLayout->setSpacing(m_style.pxInt(8));
    m_headerLayout->setSpacing(m_style.pxInt(8));
    m_footerLayout->setSpacing(m_style.pxInt(8));
    update();
}

} // namespace moescope::ui
