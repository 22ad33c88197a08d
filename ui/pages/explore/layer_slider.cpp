// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/layer_slider.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/style/style.h"

namespace moescope::ui {

LayerSlider::LayerSlider(Style& style, QWidget* parent)
    : QAbstractSlider(parent)
    , m_style(style)
{
    setOrientation(Qt::Horizontal);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Layer"));
    connect(&style, &Style::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void LayerSlider::setLayers(const std::vector<LayerId>& mixture, std::uint32_t blocks)
{
    m_mixture = mixture;
    m_blocks = blocks;
    const QSignalBlocker quiet(this);
    setRange(0, std::max(0, static_cast<int>(blocks) - 1));
    update();
}

void LayerSlider::setLayer(LayerId layer)
{
    setValue(static_cast<int>(layer.value));
    update();
}

bool LayerSlider::isMixture(std::uint32_t block) const
{
    return std::ranges::binary_search(m_mixture, LayerId(block));
}

LayerId LayerSlider::neighbour(int steps) const
{
    if (m_mixture.empty())
        return layer();
    const auto at = std::ranges::lower_bound(m_mixture, layer()) - m_mixture.begin();
    const auto last = static_cast<std::ptrdiff_t>(m_mixture.size()) - 1;
    return m_mixture[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at + steps, 0, last))];
}

bool LayerSlider::isLast() const
{
    return m_mixture.empty() || layer() >= m_mixture.back();
}

QSize LayerSlider::sizeHint() const
{
    return {m_style.pxInt(200), m_style.pxInt(34)};
}

QSize LayerSlider::minimumSizeHint() const
{
    return {m_style.pxInt(120), m_style.pxInt(34)};
}

double LayerSlider::xOf(std::uint32_t block) const
{
    const double margin = m_style.px(10);
    const double room = std::max(1.0, width() - 2 * margin);
    return margin + (m_blocks > 1 ? room * block / (m_blocks - 1) : room / 2);
}

LayerId LayerSlider::nearest(double x) const
{
    const auto distance = [&](LayerId layer) { return std::abs(xOf(layer.value) - x); };
    const auto it = std::ranges::min_element(m_mixture, {}, distance);
    return it == m_mixture.end() ? layer() : *it;
}

void LayerSlider::moveTo(LayerId target, bool gesture)
{
    if (target == layer())
        return;
    setLayer(target);
    emit layerMoved(target, gesture);
}

bool LayerSlider::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        std::uint32_t block = 0;
        for (std::uint32_t b = 1; b < m_blocks; ++b) {
            if (std::abs(xOf(b) - help->pos().x()) < std::abs(xOf(block) - help->pos().x()))
                block = b;
        }
        QToolTip::showText(help->globalPos(),
            isMixture(block)
                ? tr("Layer %1 of %2, counted from 0").arg(block).arg(m_blocks)
                : tr("Layer %1 is dense: it has no router, every token takes the same path")
                      .arg(block),
            this);
        return true;
    }
    return QAbstractSlider::event(event);
}

void LayerSlider::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    setSliderDown(true);
    moveTo(nearest(event->position().x()), false);
}

void LayerSlider::mouseMoveEvent(QMouseEvent* event)
{
    if (isSliderDown())
        moveTo(nearest(event->position().x()), true);
}

void LayerSlider::mouseReleaseEvent(QMouseEvent*)
{
    setSliderDown(false);
}

void LayerSlider::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down:
        return moveTo(neighbour(-1), event->isAutoRepeat());
    case Qt::Key_Right:
    case Qt::Key_Up:
        return moveTo(neighbour(1), event->isAutoRepeat());
    case Qt::Key_PageDown:
        return moveTo(neighbour(-4), event->isAutoRepeat());
    case Qt::Key_PageUp:
        return moveTo(neighbour(4), event->isAutoRepeat());
    case Qt::Key_Home:
        return moveTo(m_mixture.empty() ? layer() : m_mixture.front(), false);
    case Qt::Key_End:
        return moveTo(m_mixture.empty() ? layer() : m_mixture.back(), false);
    case Qt::Key_Space:
        emit playRequested();
        return;
    default:
        event->ignore(); // QAbstractSlider would step onto dense blocks
    }
}

void LayerSlider::wheelEvent(QWheelEvent* event)
{
    const int delta = event->angleDelta().y();
    if (delta != 0)
        moveTo(neighbour(delta > 0 ? 1 : -1), true);
    event->accept();
}

void LayerSlider::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_style.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double y = m_style.px(11);
    const double half = m_style.px(2);
    const double x = xOf(static_cast<std::uint32_t>(value()));
    const double left = xOf(0);
    const double right = xOf(m_blocks > 0 ? m_blocks - 1 : 0);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.track);
    painter.drawRoundedRect(QRectF(left, y - half, right - left, 2 * half), half, half);
    painter.setBrush(theme.accent);
    painter.drawRoundedRect(QRectF(left, y - half, x - left, 2 * half), half, half);

    const QFont font = m_style.mono(-2);
    const QFontMetricsF metrics(font);
    const double widest = metrics.horizontalAdvance(QString::number(m_blocks)) + m_style.px(8);
    const double pitch = m_blocks > 1 ? (right - left) / (m_blocks - 1) : right - left + 1;
    const auto step = static_cast<std::uint32_t>(std::max(1.0, std::ceil(widest / pitch)));
    const double labelTop = y + m_style.px(9);
    for (std::uint32_t block = 0; block < m_blocks; ++block) {
        const double tick = xOf(block);
        const bool mixture = isMixture(block);
        if (!mixture) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme.panel);
            painter.drawRect(QRectF(tick - m_style.px(3), y - half, m_style.px(6), 2 * half));
        }
        painter.setPen(QPen(theme.axis, m_style.px(1)));
        painter.drawLine(QPointF(tick, y + m_style.px(5)), QPointF(tick, y + m_style.px(8)));
        const bool isCurrent = static_cast<int>(block) == value();
        const auto current = static_cast<std::uint32_t>(value());
        const bool near = (block > current ? block - current : current - block) < step;
        if (!isCurrent && (block % step != 0 || (step > 1 && near)))
            continue;
        painter.setFont(isCurrent ? m_style.mono(-2, QFont::Bold) : font);
        painter.setPen(isCurrent ? theme.text : theme.mutedText);
        painter.drawText(
            QRectF(tick - m_style.px(30), labelTop, m_style.px(60), height() - labelTop),
            Qt::AlignHCenter | Qt::AlignTop, QString::number(block));
    }
    const double radius = m_style.px(8);
    painter.setPen(hasFocus() ? QPen(theme.text, m_style.px(2)) : QPen(Qt::NoPen));
    painter.setBrush(theme.accent);
    painter.drawEllipse(QPointF(x, y), radius, radius);
}

} // namespace moescope::ui
