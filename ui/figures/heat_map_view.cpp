// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/heat_map_view.h"

#include <algorithm>
#include <cmath>

#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/style/colour_map.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

bool isSelfSimilar(const HeatMapFigure& map)
{
    const std::size_t n = map.rows;
    if (n < 3 || map.cols != n || map.rowLabels != map.colLabels)
        return false;
    const double self = map.values.front();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            const double v = map.values[i * n + j];
            if (i == j ? !(std::abs(v - self) <= 1e-6 * std::abs(self)) : v > self)
                return false;
        }
    return true;
}

} // namespace

HeatMapView::HeatMapView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("heatMap"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

bool HeatMapView::accepts(const Figure& figure) const
{
    const auto* map = std::get_if<HeatMapFigure>(&figure.data);
    return map && (map->cols == 0 || map->values.size() / map->cols >= map->rows);
}

const HeatMapFigure* HeatMapView::data() const
{
    return figure() ? std::get_if<HeatMapFigure>(&figure()->data) : nullptr;
}

void HeatMapView::figureChanged()
{
    m_order.clear();
    m_inverse.clear();
    if (const HeatMapFigure* map = data();
        map && map->rows == map->cols && map->clusteredOrder.size() == map->rows) {
        m_inverse.assign(map->rows, -1);
        for (const std::size_t id : map->clusteredOrder) {
            if (id >= map->rows || m_inverse[id] >= 0)
                break;
            m_inverse[id] = static_cast<int>(m_order.size());
            m_order.push_back(static_cast<int>(id));
        }
        if (m_order.size() != map->rows)
            m_order.clear();
    }
    if (!inMap(m_row, m_col))
        m_row = m_col = -1;
    m_hoverRow = m_hoverCol = -1;
    m_selfSimilar = data() && isSelfSimilar(*data());
    updateRange();
    measure();
}

void HeatMapView::styleChanged()
{
    measure();
}

void HeatMapView::updateRange()
{
    m_image = {};
    m_range = {0, 1};
    if (!data())
        return;
    if (m_sharedRange) {
        m_range = *m_sharedRange;
    } else if (m_rangeMode == Range::Fixed && data()->range) {
        m_range = *data()->range;
    } else {
        double lo = std::numeric_limits<double>::infinity();
        double hi = -lo;
        const std::size_t cells = data()->rows * data()->cols;
        const std::size_t diagonal = m_selfSimilar ? data()->cols + 1 : cells + 1;
        for (std::size_t i = 0; i < cells; ++i) {
            const double v = data()->values[i];
            // What everything shares with itself would hide how the others differ.
            if (!std::isfinite(v) || (m_selfSimilar && i % diagonal == 0))
                continue;
            lo = std::min(lo, v);
            hi = std::max(hi, v);
        }
        if (lo <= hi)
            m_range = {lo, hi};
    }
    if (data()->scale == ColourScale::Diverging) {
        // Equal distances from the centre get equally strong colours.
        const double reach = std::max(
            {std::abs(m_range.hi - data()->centre), std::abs(data()->centre - m_range.lo), 1e-12});
        m_range = {data()->centre - reach, data()->centre + reach};
    }
    const double span = m_range.hi - m_range.lo;
    m_decimals
        = span > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(span))), 0, 6) : 2;
    viewport()->update();
}

void HeatMapView::measure()
{
    m_labelWidth = look().px(12);
    if (!data())
        return;
    constexpr int kSample = 2000;
    const QFont font = look().mono(-1);
    for (int row = 0; row < std::min(static_cast<int>(data()->rows), kSample); ++row)
        m_labelWidth = std::max(m_labelWidth, textWidth(font, rowLabel(row)));
    double axes = 2 * m_labelWidth;
    for (const Axis* axis : {&data()->rowAxis, &data()->colAxis})
        axes += textWidth(font, axis->title.empty() ? QString() : text(axis->title) + u' ');
    QString rest = QStringLiteral(" –    ")
        + withUnit(numberText(-m_range.hi, m_decimals + 1), data()->valueUnit);
    if (data()->null)
        rest += QStringLiteral("      ") + nullText(*data()->null) + tr("as random");
    m_readoutWidth = axes + textWidth(font, rest);
    m_labelWidth = std::min(m_labelWidth, look().px(140));
}

bool HeatMapView::clustered() const
{
    return m_orderMode == Order::Clustered && !m_order.empty();
}

int HeatMapView::dataRow(int place) const
{
    return clustered() ? m_order[static_cast<std::size_t>(place)] : place;
}

int HeatMapView::dataCol(int place) const
{
    return dataRow(place);
}

int HeatMapView::rowPlace(int row) const
{
    return clustered() ? m_inverse[static_cast<std::size_t>(row)] : row;
}

int HeatMapView::colPlace(int col) const
{
    return rowPlace(col);
}

bool HeatMapView::inMap(int row, int col) const
{
    return data() && row >= 0 && col >= 0 && static_cast<std::size_t>(row) < data()->rows
        && static_cast<std::size_t>(col) < data()->cols;
}

double HeatMapView::value(int row, int col) const
{
    return data()
        ->values[static_cast<std::size_t>(row) * data()->cols + static_cast<std::size_t>(col)];
}

QString HeatMapView::rowLabel(int row) const
{
    const auto i = static_cast<std::size_t>(row);
    return i < data()->rowLabels.size() ? text(data()->rowLabels[i]) : QString::number(row);
}

QString HeatMapView::colLabel(int col) const
{
    const auto i = static_cast<std::size_t>(col);
    return i < data()->colLabels.size() ? text(data()->colLabels[i]) : QString::number(col);
}

QString HeatMapView::cellName(int row, int col) const
{
    const auto name = [](const Axis& axis, const QString& label) {
        return axis.title.empty() ? label : text(axis.title) + QLatin1Char(' ') + label;
    };
    return name(data()->rowAxis, rowLabel(row)) + QStringLiteral(" – ")
        + name(data()->colAxis, colLabel(col));
}

bool HeatMapView::leavesDiagonalOut() const
{
    return m_selfSimilar && !m_sharedRange && (m_rangeMode == Range::Automatic || !data()->range);
}

double HeatMapView::legendPosition(double value) const
{
    const double span = m_range.hi - m_range.lo;
    return span > 0 ? std::clamp((value - m_range.lo) / span, 0.0, 1.0) : 0.5;
}

QColor HeatMapView::colourOf(const Theme&, double value) const
{
    const ColourMap& map = data()->scale == ColourScale::Diverging ? blueWhiteRed() : cividis();
    return colourAt(map, legendPosition(value));
}

QColor HeatMapView::cellColour(int row, int col) const
{
    if (!inMap(row, col) || std::isnan(value(row, col)))
        return {};
    return fillOf(look().theme(), row, col);
}

QColor HeatMapView::fillOf(const Theme& theme, int row, int col) const
{
    return row == col && leavesDiagonalOut() ? theme.track : colourOf(theme, value(row, col));
}

void HeatMapView::setOrder(Order order)
{
    m_orderMode = order;
    m_image = {};
    viewport()->update();
}

void HeatMapView::setRange(Range range)
{
    m_rangeMode = range;
    updateRange();
    measure();
}

void HeatMapView::setSharedRange(std::optional<Interval> range)
{
    m_sharedRange = range;
    updateRange();
    measure();
}

Interval HeatMapView::colourRange() const
{
    return m_range;
}

void HeatMapView::setCurrentCell(int row, int col)
{
    const bool valid = inMap(row, col);
    m_row = valid ? row : -1;
    m_col = valid ? col : -1;
    announce();
    viewport()->update();
}

double HeatMapView::topHeight() const
{
    return look().px(24);
}

double HeatMapView::readoutHeight(double width) const
{
    return look().px(m_readoutWidth > width ? 66 : 48);
}

double HeatMapView::legendWidth() const
{
    const double numbers = std::max(textWidth(look().mono(-1), numberText(m_range.lo, m_decimals)),
        textWidth(look().mono(-1), numberText(m_range.hi, m_decimals)));
    const double title = std::min(
        textWidth(look().words(-1), data() ? text(data()->valueTitle) : QString()), look().px(90));
    return look().px(14)
        + std::max(look().px(11) + look().px(6) + std::max(numbers, look().px(24)), title)
        + look().px(2);
}

QRectF HeatMapView::Geometry::cell(int rowPlace, int colPlace) const
{
    return {map.left() + colPlace * cellWidth + gap / 2,
        map.top() + rowPlace * cellHeight + gap / 2, cellWidth - gap, cellHeight - gap};
}

HeatMapView::Geometry HeatMapView::geometry(const QRectF& area) const
{
    Geometry g;
    if (!data() || data()->rows == 0 || data()->cols == 0)
        return g;
    const auto rows = static_cast<double>(data()->rows);
    const auto cols = static_cast<double>(data()->cols);
    const double left = m_labelWidth + look().px(10);
    const double width = std::max(area.width() - left - legendWidth(), look().px(20));
    const double below = readoutHeight(area.width());
    const double height = std::max(area.height() - topHeight() - below, look().px(20));
    g.cellWidth = std::min(width / cols, look().px(64));
    g.cellHeight = std::min(height / rows, look().px(64));
    if (data()->rows == data()->cols)
        g.cellWidth = g.cellHeight = std::min(g.cellWidth, g.cellHeight);
    const double small = std::min(g.cellWidth, g.cellHeight);
    g.gap = small >= look().px(12) ? look().px(1) : 0;
    g.map = QRectF(
        area.left() + left, area.top() + topHeight(), cols * g.cellWidth, rows * g.cellHeight);
    g.legend = QRectF(g.map.right() + look().px(14), g.map.top(), look().px(11), g.map.height());
    g.readout = QRectF(area.left(), g.map.bottom(), area.width(), below);
    return g;
}

QRect HeatMapView::cellRect(int row, int col) const
{
    return inMap(row, col)
        ? geometry(viewport()->rect()).cell(rowPlace(row), colPlace(col)).toAlignedRect()
        : QRect();
}

QPoint HeatMapView::cellAt(const QPoint& viewportPosition) const
{
    const Geometry g = geometry(viewport()->rect());
    if (!g.map.contains(viewportPosition))
        return {-1, -1};
    const int row = static_cast<int>((viewportPosition.y() - g.map.top()) / g.cellHeight);
    const int col = static_cast<int>((viewportPosition.x() - g.map.left()) / g.cellWidth);
    return inMap(row, col) ? QPoint(dataCol(col), dataRow(row)) : QPoint(-1, -1);
}

QString HeatMapView::readout() const
{
    return readoutLines(std::numeric_limits<double>::infinity()).join(QString());
}

QStringList HeatMapView::readoutLines(double width) const
{
    if (!inMap(m_row, m_col))
        return {};
    const QString gap = QStringLiteral("   ");
    const double v = value(m_row, m_col);
    const QString first = cellName(m_row, m_col) + gap
        + withUnit(
            std::isnan(v) ? tr("no value") : numberText(v, m_decimals + 1), data()->valueUnit);
    const bool same = m_row == m_col && !data()->diagonal.empty();
    if (!same && (!data()->null || std::isnan(v)))
        return {first};
    QString second = same ? text(data()->diagonal) : nullText(*data()->null);
    if (!same && isAtNull(v, *data()->null))
        second += gap + tr("as random");
    const QString both = first + gap + second;
    return textWidth(look().mono(-1), both) <= width ? QStringList{both}
                                                     : QStringList{first, second};
}

QString HeatMapView::hoverText(const QPoint& viewportPosition) const
{
    const QPoint cell = cellAt(viewportPosition);
    if (cell.x() < 0)
        return {};
    const double v = value(cell.y(), cell.x());
    QStringList lines{std::isnan(v)
            ? tr("no value")
            : tr("%1: %2")
                  .arg(text(data()->valueTitle),
                      withUnit(numberText(v, m_decimals + 1), data()->valueUnit))
                  .toHtmlEscaped()};
    if (cell.x() == cell.y() && !data()->diagonal.empty()) {
        lines += text(data()->diagonal).toHtmlEscaped();
    } else if (data()->null && !std::isnan(v)) {
        lines += nullText(*data()->null)
            + (isAtNull(v, *data()->null) ? QStringLiteral(": ") + tr("as random") : QString());
        lines += text(data()->null->model).toHtmlEscaped();
    }
    const std::size_t index
        = static_cast<std::size_t>(cell.y()) * data()->cols + static_cast<std::size_t>(cell.x());
    if (index < data()->cellNotes.size())
        lines += htmlLines(data()->cellNotes[index]);
    return hoverCard(cellName(cell.y(), cell.x()), lines);
}

QString HeatMapView::currentText() const
{
    return readout();
}

QString HeatMapView::summary() const
{
    return data() ? tr("%1, %2 rows by %3 columns; arrow keys walk")
                        .arg(text(data()->valueTitle))
                        .arg(data()->rows)
                        .arg(data()->cols)
                  : QString();
}

QSize HeatMapView::sizeHint() const
{
    return {look().pxInt(380), look().pxInt(380)};
}

int HeatMapView::leastHeight(int width) const
{
    return static_cast<int>(
        std::ceil(topHeight() + look().px(kLeastPlotHeight) + readoutHeight(width)));
}

QSizeF HeatMapView::bodySize(double width) const
{
    if (!data())
        return {};
    const auto rows = static_cast<double>(data()->rows);
    const auto cols = static_cast<double>(data()->cols);
    const double sides = m_labelWidth + look().px(10) + legendWidth();
    const double cellWidth
        = std::clamp((width - sides) / std::max(cols, 1.0), look().px(2), look().px(44));
    const double cellHeight = data()->rows == data()->cols
        ? cellWidth
        : std::clamp(width / std::max(rows, 1.0), look().px(2), look().px(26));
    const double needed = sides + cols * cellWidth;
    return {needed, topHeight() + readoutHeight(needed) + rows * cellHeight};
}

Status HeatMapView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    draw(ink, rect);
    return {};
}

void HeatMapView::drawVisible(const Ink& ink)
{
    draw(ink, viewport()->rect());
}

} // namespace moescope::ui
