// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_page.h"

#include <QFontMetricsF>
#include <QPainter>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kFlags = Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop;

QFont titleFont(const Style& style)
{
    return style.words(1, QFont::DemiBold);
}

QFont smallFont(const Style& style)
{
    return style.words(-1);
}

QSizeF wrapped(const QFont& font, double width, const QString& text)
{
    if (text.isEmpty())
        return {0, 0};
    return QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 1e6), kFlags, text).size();
}

} // namespace

FigurePage::FigurePage(const Style& style, const Figure& figure, const QString& sampleSize,
    double width, bool titleInBody)
    : m_margin(style.px(16))
    , m_width(width - 2 * m_margin)
    , m_gap(style.px(8))
    , m_title(titleInBody ? QString() : QString::fromStdString(figure.title))
    , m_subtitle(QString::fromStdString(figure.subtitle))
    , m_caption(QString::fromStdString(figure.caption))
{
    if (!sampleSize.isEmpty())
        m_caption += (m_caption.isEmpty() ? QString() : QStringLiteral(" ")) + QLatin1Char('(')
            + sampleSize + QLatin1Char(')');
    m_titleSize = wrapped(titleFont(style), m_width, m_title);
    m_subtitleSize = wrapped(smallFont(style), m_width, m_subtitle);
    m_captionSize = wrapped(smallFont(style), m_width, m_caption);
}

double FigurePage::sideMargins(const Style& style)
{
    return 2 * style.px(16);
}

double FigurePage::wordsHeight() const
{
    const double head = m_titleSize.height() + m_subtitleSize.height();
    return 2 * m_margin + head + (head > 0 ? m_gap : 0) + m_captionSize.height()
        + (m_captionSize.height() > 0 ? m_gap : 0);
}

QRectF FigurePage::body(double height) const
{
    const double head = m_titleSize.height() + m_subtitleSize.height();
    const double top = m_margin + head + (head > 0 ? m_gap : 0);
    return {m_margin, top, m_width, std::max(1.0, height - wordsHeight())};
}

void FigurePage::drawWords(const Ink& ink, double height) const
{
    QPainter& p = ink.painter;
    p.setFont(titleFont(ink.style));
    p.setPen(ink.theme.text);
    p.drawText(QRectF(m_margin, m_margin, m_width, m_titleSize.height()), kFlags, m_title);
    p.setFont(smallFont(ink.style));
    p.setPen(ink.theme.mutedText);
    p.drawText(QRectF(m_margin, m_margin + m_titleSize.height(), m_width, m_subtitleSize.height()),
        kFlags, m_subtitle);
    p.drawText(QRectF(m_margin, height - m_margin - m_captionSize.height(), m_width,
                   m_captionSize.height()),
        kFlags, m_caption);
}

} // namespace moescope::ui
