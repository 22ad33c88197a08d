// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QPainter>

#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/figures/line_chart_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kSampleWidth = 20; ///< of an entry's line

} // namespace

std::vector<LineChartView::LegendEntry> LineChartView::legend(double width) const
{
    std::vector<LegendEntry> entries;
    LegendEntry background;
    for (int i = 0; i < static_cast<int>(data()->series.size()); ++i) {
        const LineFigure::Series& s = data()->series[static_cast<std::size_t>(i)];
        // A null keeps an entry of its own, however quietly it is drawn.
        if (isMuted(i) && !s.isNull)
            background.series.push_back(i);
        else if (!s.name.empty())
            entries.push_back({text(s.name), {i}, -1, {}});
    }
    if (!background.series.empty()) {
        const auto name = [&](int series) {
            return text(data()->series[static_cast<std::size_t>(series)].name);
        };
        const int first = background.series.front();
        const int last = background.series.back();
        const auto count = static_cast<int>(background.series.size());
        background.name = first == last ? name(first)
            : last - first + 1 == count
            ? tr("%1 to %2").arg(name(first), name(last))
            : tr("%1 others, %2 to %3").arg(count).arg(name(first), name(last));
        const auto place = std::find_if(entries.begin(), entries.end(), [this](const auto& entry) {
            return data()->series[static_cast<std::size_t>(entry.series.front())].isNull;
        });
        entries.insert(place, background);
    }
    for (int b = 0; b < static_cast<int>(data()->bands.size()); ++b)
        entries.push_back({text(data()->bands[static_cast<std::size_t>(b)].name), {}, b, {}});
    if (entries.size() < 2)
        return {};

    const double row = look().px(20);
    double x = 0;
    double y = look().px(4);
    for (LegendEntry& entry : entries) {
        const double own = look().px(kSampleWidth + 6) + textWidth(look().words(-1), entry.name);
        if (x > 0 && x + own > width) {
            x = 0;
            y += row;
        }
        entry.rect = QRectF(x, y, std::min(own, width), row);
        x += own + look().px(16);
    }
    return entries;
}

double LineChartView::legendHeight(double width) const
{
    if (!data())
        return 0;
    const std::vector<LegendEntry> entries = legend(width);
    return entries.empty() ? look().px(2) : entries.back().rect.bottom() + look().px(2);
}

QRectF LineChartView::legendRect(int series) const
{
    if (!data())
        return {};
    const double width = viewport()->width();
    for (const LegendEntry& entry : legend(width))
        if (entry.series.size() == 1 && entry.series.front() == series)
            return entry.rect.translated(0, viewport()->height() - legendHeight(width));
    return {};
}

void LineChartView::drawLegend(const Ink& ink, const QPointF& corner, double width) const
{
    QPainter& p = ink.painter;
    for (const LegendEntry& entry : legend(width)) {
        const QRectF rect = entry.rect.translated(corner);
        const double middle = rect.center().y();
        const QPointF left(rect.left(), middle);
        const QPointF right(rect.left() + ink.style.px(kSampleWidth), middle);
        const bool visible = entry.band >= 0
            || std::any_of(entry.series.begin(), entry.series.end(),
                [this](int s) { return isSeriesVisible(s); });
        if (entry.band >= 0) {
            p.setPen(QPen(ink.theme.nullAmber, ink.style.px(0.8)));
            p.setBrush(ink.theme.nullBand);
            p.drawRect(QRectF(left, right).adjusted(0, -ink.style.px(5), 0, ink.style.px(5)));
        } else {
            const int series = entry.series.front();
            const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
            const QColor colour = visible ? seriesColour(ink.theme, series) : ink.theme.control;
            QPen pen = s.isNull ? nullSeriesPen(ink, s, 1.8)
                                : QPen(colour, ink.style.px(isMuted(series) ? 1.2 : 3));
            pen.setColor(colour);
            pen.setCapStyle(s.isNull ? Qt::FlatCap : Qt::RoundCap);
            p.setPen(pen);
            p.drawLine(left, right);
            if (!s.isNull && !isMuted(series) && (s.markers || !isEmphasised(series)))
                drawMarker(ink, (left + right) / 2, markerShape(categoryIndex(series)),
                    ink.style.px(4), colour);
        }
        QFont font = ink.style.words(-1);
        font.setStrikeOut(!visible);
        p.setFont(font);
        p.setPen(visible ? ink.theme.text : ink.theme.mutedText);
        p.drawText(QRectF(right.x() + ink.style.px(6), rect.top(), rect.right() - right.x(),
                       rect.height()),
            Qt::AlignLeft | Qt::AlignVCenter,
            elided(font, entry.name, rect.right() - right.x() - ink.style.px(5)));
    }
}

} // namespace moescope::ui
