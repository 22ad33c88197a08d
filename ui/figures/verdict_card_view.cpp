// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/verdict_card_view.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "core/report/figure_table.h"
#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kAnswerSteps = 5;
constexpr double kSign = 9; ///< of the triangle before a direction
constexpr double kSignGap = 5;

QFont answerFont(const Style& style)
{
    return style.words(kAnswerSteps, QFont::DemiBold);
}

using Standing = VerdictFigure::Standing;

QColor signColour(const Theme& theme, const VerdictFigure::Row& row)
{
    if (row.vote != 0)
        return row.vote > 0 ? theme.evidenceGreen : theme.warning;
    return row.standing == Standing::Differs || row.standing == Standing::Slight ? theme.text
                                                                                 : theme.mutedText;
}

bool isAtNull(const VerdictFigure::Row& row)
{
    return row.vote == 0 && row.standing == Standing::AtNull;
}

/// Numbers at their null are called so on the card itself.
QString directionWords(const VerdictFigure::Row& row)
{
    return isAtNull(row) ? text(directionText(row)) : text(row.direction);
}

/// "below 0.05: unlike random, but does not decide"
QString standingWords(const VerdictFigure::Row& row)
{
    const std::string standing = standingText(row);
    return row.direction == standing ? text(standing)
                                     : text(row.direction) + QStringLiteral(": ") + text(standing);
}

} // namespace

VerdictCardView::VerdictCardView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("verdictCard"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

bool VerdictCardView::accepts(const Figure& figure) const
{
    return std::holds_alternative<VerdictFigure>(figure.data);
}

const VerdictFigure* VerdictCardView::data() const
{
    return figure() ? std::get_if<VerdictFigure>(&figure()->data) : nullptr;
}

void VerdictCardView::figureChanged()
{
    if (!data() || m_row >= static_cast<int>(data()->rows.size()))
        m_row = -1;
}

bool VerdictCardView::basisBeside(double width) const
{
    return textWidth(answerFont(look()), text(data()->answer)) + look().px(14)
        + textWidth(look().words(-1), text(data()->basis))
        <= width;
}

double VerdictCardView::headHeight(double width) const
{
    return look().px(20) + QFontMetricsF(answerFont(look())).height() + look().px(8)
        + (basisBeside(width) ? 0 : look().px(20));
}

VerdictCardView::Columns VerdictCardView::columns(double width) const
{
    Columns columns;
    columns.gap = look().px(14);
    for (const VerdictFigure::Row& row : data()->rows) {
        columns.test = std::max(columns.test, textWidth(look().words(), text(row.test)));
        columns.value = std::max(columns.value, textWidth(look().mono(), text(row.value)));
        columns.null = std::max(columns.null, textWidth(look().words(-1), text(row.null)));
    }
    const double direction = directionWidth();
    const double spare
        = width - columns.test - columns.value - columns.null - direction - 3 * columns.gap;
    columns.twoLines = spare < 0;
    if (!columns.twoLines)
        for (double* column : {&columns.test, &columns.value, &columns.null})
            *column += std::floor(spare / 3);
    return columns;
}

double VerdictCardView::directionWidth() const
{
    double width = 0;
    for (const VerdictFigure::Row& row : data()->rows)
        width = std::max(width, textWidth(look().words(-1, QFont::DemiBold), directionWords(row)));
    return width + look().px(kSign + kSignGap);
}

double VerdictCardView::rowsHeight(double width) const
{
    return static_cast<double>(data()->rows.size()) * rowHeight(width);
}

double VerdictCardView::noteHeight(double width) const
{
    if (data()->note.empty())
        return 0;
    const QFontMetricsF metrics(look().words(-1));
    return look().px(6)
        + metrics.boundingRect(QRectF(0, 0, width, 1e4), Qt::TextWordWrap, text(data()->note))
              .height();
}

double VerdictCardView::rowHeight(double width) const
{
    return look().px(columns(width).twoLines ? 44 : 29);
}

int VerdictCardView::rowAt(const QPoint& position) const
{
    if (!data())
        return -1;
    const double width = viewport()->width();
    const double y = position.y() - headHeight(width);
    const int row = static_cast<int>(std::floor(y / rowHeight(width)));
    return y >= 0 && row < static_cast<int>(data()->rows.size()) ? row : -1;
}

QString VerdictCardView::hoverText(const QPoint& viewportPosition) const
{
    const int row = rowAt(viewportPosition);
    if (row < 0)
        return data() && viewportPosition.y() < headHeight(viewport()->width())
            ? hoverCard(text(data()->question) + QStringLiteral(": ") + text(data()->answer),
                {htmlLines(data()->basis)})
            : QString();
    const VerdictFigure::Row& r = data()->rows[static_cast<std::size_t>(row)];
    return hoverCard(text(r.test) + QStringLiteral(": ") + text(r.value),
        {htmlLines(r.null), standingWords(r).toHtmlEscaped(), htmlLines(r.help)});
}

QString VerdictCardView::currentText() const
{
    if (!data())
        return {};
    if (m_row < 0)
        return tr("%1: %2").arg(text(data()->question), text(data()->answer));
    const VerdictFigure::Row& r = data()->rows[static_cast<std::size_t>(m_row)];
    return tr("%1: %2, %3, %4").arg(text(r.test), text(r.value), text(r.null), standingWords(r));
}

QString VerdictCardView::summary() const
{
    return data()
        ? tr("%1: %2, %3").arg(text(data()->question), text(data()->answer), text(data()->basis))
        : QString();
}

bool VerdictCardView::showsTitle() const
{
    return data()
        && text(figure()->title).compare(text(data()->question), Qt::CaseInsensitive) == 0;
}

int VerdictCardView::heightForWidth(int width) const
{
    return data()
        ? static_cast<int>(std::ceil(headHeight(width) + rowsHeight(width) + noteHeight(width)))
        : look().pxInt(60);
}

QSize VerdictCardView::sizeHint() const
{
    return {look().pxInt(480), heightForWidth(look().pxInt(480))};
}

QSize VerdictCardView::minimumSizeHint() const
{
    double width = look().px(260);
    if (data() && !data()->rows.empty()) {
        // Two lines a row show every word whole; a card still narrower shortens them.
        const Columns least = columns(0);
        width = std::clamp(
            std::max(least.test + directionWidth(), least.value + least.null) + least.gap, width,
            look().px(440));
    }
    const int least = static_cast<int>(std::ceil(width));
    return {least, heightForWidth(std::max(viewport()->width(), least))};
}

double VerdictCardView::preferredWidth() const
{
    return look().px(620);
}

QSizeF VerdictCardView::bodySize(double width) const
{
    return {width, static_cast<double>(heightForWidth(static_cast<int>(width)))};
}

Status VerdictCardView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    draw(ink, rect);
    return {};
}

void VerdictCardView::drawVisible(const Ink& ink)
{
    draw(ink, viewport()->rect());
}

void VerdictCardView::draw(const Ink& ink, const QRectF& area) const
{
    if (!data())
        return;
    drawHead(ink, area);
    const Columns layout = columns(area.width());
    const double height = rowHeight(area.width());
    double y = area.top() + headHeight(area.width());
    for (int row = 0; row < static_cast<int>(data()->rows.size()); ++row) {
        drawRow(ink, {area.left(), y, area.width(), height}, row, layout);
        y += height;
    }
    if (data()->note.empty())
        return;
    ink.painter.setFont(ink.style.words(-1));
    ink.painter.setPen(ink.theme.mutedText);
    ink.painter.drawText(QRectF(area.left(), y, area.width(), noteHeight(area.width())),
        int{Qt::AlignLeft} | int{Qt::AlignBottom} | int{Qt::TextWordWrap}, text(data()->note));
}

void VerdictCardView::drawHead(const Ink& ink, const QRectF& area) const
{
    QPainter& p = ink.painter;
    p.setFont(ink.style.words(-1, QFont::DemiBold));
    p.setPen(ink.theme.mutedText);
    p.drawText(QRectF(area.left(), area.top(), area.width(), ink.style.px(18)),
        Qt::AlignLeft | Qt::AlignVCenter,
        elided(p.font(), text(data()->question).toUpper(), area.width()));

    const QFont font = answerFont(ink.style);
    const QFontMetricsF metrics(font);
    const double baseline = area.top() + ink.style.px(20) + metrics.ascent();
    p.setFont(font);
    p.setPen(data()->tone == VerdictFigure::Tone::Evidence ? ink.theme.evidenceGreen
            : data()->tone == VerdictFigure::Tone::Warning ? ink.theme.warning
                                                           : ink.theme.text);
    const QString answer = elided(font, text(data()->answer), area.width());
    p.drawText(QPointF(area.left(), baseline), answer);

    const bool beside = basisBeside(area.width());
    const QFont small = ink.style.words(-1);
    const double left
        = beside ? area.left() + metrics.horizontalAdvance(answer) + ink.style.px(12) : area.left();
    p.setFont(small);
    p.setPen(ink.theme.mutedText);
    p.drawText(QPointF(left, beside ? baseline : baseline + metrics.descent() + ink.style.px(14)),
        elided(small, text(data()->basis), area.right() - left));
}

void VerdictCardView::drawRow(
    const Ink& ink, const QRectF& rect, int row, const Columns& layout) const
{
    QPainter& p = ink.painter;
    const VerdictFigure::Row& r = data()->rows[static_cast<std::size_t>(row)];
    if (ink.onScreen && row == m_row) {
        p.fillRect(rect, hasFocus() ? ink.theme.accentSoft : ink.theme.field);
    }
    p.setPen(QPen(ink.theme.hairline, ink.style.px(1)));
    p.drawLine(rect.topLeft(), rect.topRight());

    // Too little room for four columns: value and null stand under the test.
    QRectF first = rect;
    QRectF second = rect;
    if (layout.twoLines) {
        const double inset = ink.style.px(4);
        first.setHeight(rect.height() / 2);
        first.translate(0, inset / 2);
        second = first.translated(0, first.height() - inset);
    }
    const double valueLeft = layout.twoLines ? 0 : layout.test + layout.gap;
    const double nullLeft = valueLeft + layout.value + layout.gap;
    const auto words = [&](const QRectF& line, double from, const QFont& font, const QColor& colour,
                           const std::string& what) {
        const QRectF where = line.adjusted(from, 0, 0, 0);
        p.setFont(font);
        p.setPen(colour);
        p.drawText(
            where, Qt::AlignLeft | Qt::AlignVCenter, elided(font, text(what), where.width()));
    };

    const QColor colour = signColour(ink.theme, r);
    const QFont font = ink.style.words(-1, QFont::DemiBold);
    const double sign = ink.style.px(kSign);
    const double lead = sign + ink.style.px(kSignGap);
    const double most = std::max(rect.width() / 2, rect.width() - layout.test - layout.gap) - lead;
    const QString direction = elided(font, directionWords(r), most);
    const double width = textWidth(font, direction);
    const QRectF where(rect.right() - width, first.top(), width + 1, first.height());
    p.setFont(font);
    p.setPen(colour);
    p.drawText(where, Qt::AlignLeft | Qt::AlignVCenter, direction);
    if (layout.twoLines)
        first.setRight(where.left() - lead - layout.gap);
    words(first, 0, ink.style.words(), ink.theme.text, r.test);
    words(second, valueLeft, ink.style.mono(), isAtNull(r) ? ink.theme.mutedText : ink.theme.text,
        r.value);
    words(second, nullLeft, ink.style.words(-1), ink.theme.nullAmber, r.null);

    drawSign(ink, {where.left() - lead + sign / 2, where.center().y()}, r);
}

/// For it: points right; against it: points left; as random: a ring; different, but by too little:
/// a ring around a dot; unlike random without a vote: a disc; else a dash.
void VerdictCardView::drawSign(
    const Ink& ink, const QPointF& centre, const VerdictFigure::Row& r) const
{
    QPainter& p = ink.painter;
    const QColor colour = signColour(ink.theme, r);
    const double sign = ink.style.px(kSign);
    p.setPen(QPen(colour, ink.style.px(1.4)));
    if (r.vote == 0) {
        p.setBrush(r.standing == Standing::Differs ? QBrush(colour) : QBrush(Qt::NoBrush));
        if (r.standing == Standing::Unknown)
            p.drawLine(centre - QPointF(sign * 0.4, 0), centre + QPointF(sign * 0.4, 0));
        else
            p.drawEllipse(centre, sign * 0.36, sign * 0.36);
        if (r.standing == Standing::Slight) {
            p.setPen(Qt::NoPen);
            p.setBrush(colour);
            p.drawEllipse(centre, sign * 0.16, sign * 0.16);
        }
        return;
    }
    p.setBrush(colour);
    p.setPen(Qt::NoPen);
    const double reach = r.vote > 0 ? sign / 2 : -sign / 2;
    p.drawPolygon(QPolygonF{centre + QPointF(-reach, -sign / 2), centre + QPointF(reach, 0),
        centre + QPointF(-reach, sign / 2)});
}

void VerdictCardView::choose(int row)
{
    m_row = row;
    announce();
    viewport()->update();
    emit rowClicked(row);
}

void VerdictCardView::mousePressEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && row >= 0)
        choose(row);
}

void VerdictCardView::keyPressEvent(QKeyEvent* event)
{
    const int n = data() ? static_cast<int>(data()->rows.size()) : 0;
    if (n == 0 || (event->key() != Qt::Key_Up && event->key() != Qt::Key_Down)) {
        FigureView::keyPressEvent(event);
        return;
    }
    choose(std::clamp(m_row + (event->key() == Qt::Key_Down ? 1 : -1), 0, n - 1));
}

} // namespace moescope::ui
