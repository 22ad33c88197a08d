// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>
#include <QScrollBar>

#include "ui/figures/token_strip_view.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

void TokenStripView::drawVisible(const Ink& ink)
{
    QPainter& p = ink.painter;
    if (count() == 0) {
        p.setFont(ink.style.words());
        p.setPen(ink.theme.mutedText);
        p.drawText(viewport()->rect(), Qt::AlignCenter, tr("No tokens"));
        return;
    }
    const QRectF strip = stripRect();
    const int scroll = verticalScrollBar()->value();
    p.save();
    p.setClipRect(strip);
    p.translate(0, -scroll);
    drawSide(ink);
    const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(scroll / rowHeight())));
    const auto last = static_cast<std::size_t>(std::ceil((scroll + strip.height()) / rowHeight()));
    for (std::size_t row = first; row < std::min(last, m_layout.rows()); ++row)
        drawRow(ink, m_layout, row);
    p.restore();
    drawFooter(ink, {0, strip.bottom(), strip.width(), footerHeight(strip.width())});
}

Status TokenStripView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    const Layout layout = layOut(rect.width());
    ink.painter.save();
    ink.painter.translate(rect.topLeft());
    drawSide(ink);
    const QRectF clip = ink.painter.clipBoundingRect();
    for (std::size_t row = 0; row < layout.rows(); ++row) {
        const double top = static_cast<double>(row) * rowHeight();
        if (!ink.painter.hasClipping() || (top < clip.bottom() && top + rowHeight() > clip.top()))
            drawRow(ink, layout, row);
    }
    ink.painter.restore();
    const double footer = footerHeight(rect.width());
    drawFooter(ink, {rect.left(), rect.bottom() - footer, rect.width(), footer});
    return {};
}

void TokenStripView::drawSide(const Ink& ink) const
{
    if (m_sideLetter.isEmpty())
        return;
    ink.painter.setFont(ink.style.words(2, QFont::Bold));
    ink.painter.setPen(m_sideLetter == QLatin1String("B") ? ink.theme.letterB : ink.theme.letterA);
    ink.painter.drawText(
        QRectF(0, ink.style.px(2), sideMargin(), chipHeight()), Qt::AlignVCenter, m_sideLetter);
}

void TokenStripView::drawRow(const Ink& ink, const Layout& layout, std::size_t row) const
{
    const int first = layout.rowStart[row];
    const int last = layout.rowStart[row + 1] - 1;
    const int from = std::max(first, m_rangeFirst);
    const int to = std::min(last, m_rangeLast);
    if (from <= to) {
        const double grow = ink.style.px(2);
        const QRectF span = chipRect(layout, from)
                                .united(chipRect(layout, to))
                                .adjusted(-grow, -grow, grow, grow);
        ink.painter.setPen(QPen(ink.theme.accent, ink.style.px(1)));
        ink.painter.setBrush(ink.theme.accentSoft);
        ink.painter.drawRoundedRect(span, ink.style.px(6), ink.style.px(6));
    }
    for (int i = first; i <= last; ++i)
        drawChip(ink, i, chipRect(layout, i));
}

void TokenStripView::drawChip(const Ink& ink, int index, const QRectF& chip) const
{
    const TokenStripFigure::Chip& data = this->data()->chips[static_cast<std::size_t>(index)];
    const Theme::Chip& colours = ink.theme.chip(data.colourGroup);
    const bool isCurrent = index == m_current;
    QPainter& p = ink.painter;

    QPen outline(Qt::NoPen);
    if (isCurrent)
        outline = QPen(ink.theme.accent, ink.style.px(2));
    else if (m_marked.contains(index))
        outline = QPen(ink.theme.accent, ink.style.px(1.5), Qt::DashLine);
    else if (ink.onScreen && index == m_hovered)
        outline = QPen(ink.theme.accentMuted, ink.style.px(1.5));
    else if (data.special)
        outline = QPen(ink.theme.control, ink.style.px(1), Qt::DotLine);
    p.setPen(outline);
    p.setBrush(data.special ? ink.theme.panel : colours.fill);
    p.drawRoundedRect(chip, ink.style.px(5), ink.style.px(5));

    QString text = chipText(index);
    p.setFont(fontFor(ink.style.mono(1), text));
    p.setPen(data.special ? ink.theme.mutedText : ink.theme.text);
    const QFontMetricsF metrics(p.font());
    const double room = chip.width() - ink.style.px(8);
    if (metrics.horizontalAdvance(text) > room)
        text = metrics.elidedText(text, Qt::ElideRight, room);
    // Every token runs in its own script's direction.
    p.setLayoutDirection(Qt::LayoutDirectionAuto);
    p.drawText(chip, Qt::AlignCenter, text);
    p.setLayoutDirection(Qt::LeftToRight);

    if (data.generated) {
        p.setPen(QPen(ink.theme.accent, ink.style.px(1.5)));
        const double y = chip.bottom() - ink.style.px(3);
        p.drawLine(
            QPointF(chip.left() + ink.style.px(8), y), QPointF(chip.right() - ink.style.px(8), y));
    }

    if (m_changed.contains(index)) {
        const double side = ink.style.px(9);
        QPainterPath corner(chip.topRight());
        corner.lineTo(chip.topRight() - QPointF(side, 0));
        corner.lineTo(chip.topRight() + QPointF(0, side));
        corner.closeSubpath();
        QPainterPath shape;
        shape.addRoundedRect(chip, ink.style.px(5), ink.style.px(5));
        p.setPen(Qt::NoPen);
        p.setBrush(ink.theme.changed);
        p.drawPath(corner & shape);
    }

    const QRectF under(
        chip.left(), chip.bottom() + ink.style.px(2), chip.width(), ink.style.px(14));
    const QString letter = QString::fromStdString(data.letter);
    const QString badge = QString::fromStdString(data.badge);
    const QFont letterFont = ink.style.words(-2, QFont::Bold);
    const QFont badgeFont = ink.style.mono(-2);
    const double gap = letter.isEmpty() || badge.isEmpty() ? 0 : ink.style.px(4);
    const double letterWidth = QFontMetricsF(letterFont).horizontalAdvance(letter);
    const double both = letterWidth + gap + QFontMetricsF(badgeFont).horizontalAdvance(badge);
    const double left = under.center().x() - both / 2;
    const auto place = [&](const QFont& font, const QColor& colour, double x, const QString& word) {
        if (word.isEmpty())
            return;
        p.setFont(font);
        p.setPen(colour);
        p.drawText(QRectF(x, under.top(), chip.width(), under.height()),
            Qt::AlignLeft | Qt::AlignVCenter, word);
    };
    place(letterFont, colours.letter, left, letter);
    place(badgeFont, ink.theme.mutedText, left + letterWidth + gap, badge);
}

} // namespace moescope::ui
