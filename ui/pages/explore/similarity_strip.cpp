// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/similarity_strip.h"

#include <algorithm>
#include <cmath>

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>

#include "ui/figures/figure_words.h"
#include "ui/style/colour_map.h"
#include "ui/style/style.h"

namespace moescope::ui {

SimilarityStrip::SimilarityStrip(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
{
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Similarity with the other experts"));
    connect(&style, &Style::changed, this, qOverload<>(&QWidget::update));
}

void SimilarityStrip::setRow(std::vector<double> cosines, int expert)
{
    m_cosines = std::move(cosines);
    m_expert = expert;
    m_current = expert;
    update();
}

QSize SimilarityStrip::sizeHint() const
{
    return {m_style.pxInt(200), m_style.pxInt(18)};
}

QSize SimilarityStrip::minimumSizeHint() const
{
    return {m_style.pxInt(60), m_style.pxInt(18)};
}

QRectF SimilarityStrip::cellRect(int expert) const
{
    if (m_cosines.empty())
        return {};
    const double edge = m_style.px(2);
    const double width = (this->width() - 2 * edge) / static_cast<double>(m_cosines.size());
    return {edge + expert * width, edge, width, height() - 2 * edge};
}

QColor SimilarityStrip::cellColour(int expert) const
{
    const double cosine = m_cosines[static_cast<std::size_t>(expert)];
    return std::isnan(cosine) ? m_style.theme().track
                              : colourAt(cividis(), std::clamp(cosine, 0.0, 1.0));
}

QString SimilarityStrip::cellText(int expert) const
{
    if (expert < 0)
        return {};
    const double cosine = m_cosines[static_cast<std::size_t>(expert)];
    return expert == m_expert ? tr("expert %1 itself").arg(expert)
                              : tr("expert %1 with expert %2: cosine %3")
                                    .arg(m_expert)
                                    .arg(expert)
                                    .arg(std::isnan(cosine) ? tr("none") : numberText(cosine, 3));
}

int SimilarityStrip::expertAt(const QPointF& position) const
{
    for (int i = 0; i < static_cast<int>(m_cosines.size()); ++i)
        if (cellRect(i).contains(position))
            return i;
    return -1;
}

void SimilarityStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = m_style.theme();
    const int count = static_cast<int>(m_cosines.size());
    const double gap = count > 0 && cellRect(0).width() > m_style.px(6) ? m_style.px(1) : 0;
    painter.setPen(Qt::NoPen);
    for (int i = 0; i < count; ++i) {
        painter.setBrush(cellColour(i));
        painter.drawRect(cellRect(i).adjusted(gap / 2, 0, -gap / 2, 0));
    }
    const auto frame = [&](int expert, const QColor& colour) {
        if (expert < 0 || expert >= count)
            return;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour, m_style.px(2)));
        painter.drawRect(cellRect(expert));
    };
    frame(m_expert, theme.accent);
    if (hasFocus() && m_current != m_expert)
        frame(m_current, theme.text);
}

bool SimilarityStrip::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int expert = expertAt(help->pos());
        if (expert < 0)
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), cellText(expert), this);
        return true;
    }
    return QWidget::event(event);
}

void SimilarityStrip::mousePressEvent(QMouseEvent* event)
{
    const int expert = expertAt(event->position());
    if (event->button() == Qt::LeftButton && expert >= 0)
        emit expertChosen(expert);
}

void SimilarityStrip::walkTo(int expert)
{
    m_current = std::clamp(expert, 0, static_cast<int>(m_cosines.size()) - 1);
    setAccessibleDescription(cellText(m_current));
    update();
}

void SimilarityStrip::keyPressEvent(QKeyEvent* event)
{
    if (m_cosines.empty())
        return QWidget::keyPressEvent(event);
    switch (event->key()) {
    case Qt::Key_Left:
        walkTo(m_current - 1);
        break;
    case Qt::Key_Right:
        walkTo(m_current + 1);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        emit expertChosen(m_current);
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace moescope::ui
