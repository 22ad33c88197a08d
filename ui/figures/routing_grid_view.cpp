// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/routing_grid_view.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <QScrollBar>

#include "core/report/report.h"
#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kLeastZoom = 0.05;
constexpr double kMostZoom = 4;
constexpr int kLeastRows = 10; ///< in sight, where there are so many

bool comparesPrompts(const RoutingGridFigure& grid)
{
    return std::any_of(grid.cells.begin(), grid.cells.end(),
        [](const RoutingGridFigure::Cell& cell) { return (cell.mark & kMarkBoth) != 0; });
}

} // namespace

RoutingGridView::RoutingGridView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("routingGrid"));
    const auto repaint = [this] { viewport()->update(); };
    connect(horizontalScrollBar(), &QScrollBar::valueChanged, this, repaint);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, repaint);
}

RoutingGridView::~RoutingGridView() = default;

bool RoutingGridView::accepts(const Figure& figure) const
{
    return std::holds_alternative<RoutingGridFigure>(figure.data);
}

void RoutingGridView::figureChanged()
{
    if (figure()) {
        m_shading = comparesPrompts(std::get<RoutingGridFigure>(figure()->data))
            ? Shading::Comparison
            : Shading::Weights;
        adoptSource(makeFigureGridSource(figure()));
    } else {
        adoptSource(nullptr);
    }
}

void RoutingGridView::setGrid(std::shared_ptr<const GridSource> source, const Figure& heading)
{
    setFigure(std::make_shared<const Figure>(
        Figure{heading.id, heading.title, heading.subtitle, heading.caption, RoutingGridFigure{}}));
    adoptSource(std::move(source));
    setAccessibleDescription(summary());
}

void RoutingGridView::adoptSource(std::shared_ptr<const GridSource> source)
{
    m_source = std::move(source);
    const int rows = m_source ? m_source->rows() : 0;
    const int cols = m_source ? m_source->cols() : 0;
    if (m_order.size() != static_cast<std::size_t>(cols)) {
        m_order.clear();
        m_position.clear();
    }
    if (m_row >= rows)
        m_row = -1;
    if (m_col >= cols)
        m_col = -1;
    m_spanFirst = 0;
    m_spanLast = -1;
    m_hoverRow = -1;
    m_hoverCol = -1;
    m_maxLoad = 0;
    if (m_source && m_source->hasLoads()) {
        m_maxLoad = m_source->evenLoad();
        for (int col = 0; col < cols; ++col)
            if (const double load = m_source->load(col); std::isfinite(load))
                m_maxLoad = std::max(m_maxLoad, load);
    }
    measureLabels();
    updateScrollBars();
    viewport()->update();
}

void RoutingGridView::styleChanged()
{
    measureLabels();
    updateScrollBars();
}

void RoutingGridView::measureLabels()
{
    m_labelWidth = 0;
    if (!m_source)
        return;
    // Enough rows to know the usual width; longer labels end in "…".
    constexpr int kSample = 2000;
    double widest = textWidth(look().words(-1), m_source->colTitle());
    for (int row = 0; row < std::min(m_source->rows(), kSample); ++row)
        widest = std::max(widest, textWidth(look().mono(), m_source->rowLabel(row)));
    m_labelWidth = std::min(widest, look().px(150)) + look().px(14);
    if (m_source->hasRowSides())
        m_labelWidth += look().px(30);
    if (m_source->hasLoads())
        for (const QString& words : {tr("share of tokens"), tr("even share %1").arg(0.999)})
            m_labelWidth
                = std::max(m_labelWidth, textWidth(look().words(-1), words) + look().px(14));
}

GridContent RoutingGridView::content() const
{
    return m_source ? GridContent{m_source->rows(), m_source->cols(), m_labelWidth,
               m_source->hasLoads(), m_source->rowBars()}
                    : GridContent{};
}

GridGeometry RoutingGridView::geometry() const
{
    GridGeometry g(look(), content(), viewport()->size(), m_zoom, true);
    g.scrollTo({static_cast<double>(horizontalScrollBar()->value()),
        static_cast<double>(verticalScrollBar()->value())});
    return g;
}

GridGeometry RoutingGridView::wholeGeometry(double width) const
{
    const GridContent all = content();
    // As high as cells of the usual height need; many rows get the least height that keeps labels
    // apart.
    const double height = all.rows * look().px(all.rows > 60 ? 22 : 34) + look().px(80);
    return {look(), all, {width, height}, 1, false};
}

void RoutingGridView::updateScrollBars()
{
    const GridGeometry g(look(), content(), viewport()->size(), m_zoom, true);
    const QSizeF range = g.scrollRange();
    horizontalScrollBar()->setRange(0, static_cast<int>(std::ceil(range.width())));
    horizontalScrollBar()->setPageStep(std::max(1, static_cast<int>(g.cells.width())));
    horizontalScrollBar()->setSingleStep(std::max(1, static_cast<int>(g.cellWidth)));
    verticalScrollBar()->setRange(0, static_cast<int>(std::ceil(range.height())));
    verticalScrollBar()->setPageStep(std::max(1, static_cast<int>(g.cells.height())));
    verticalScrollBar()->setSingleStep(std::max(1, static_cast<int>(g.cellHeight)));
}

void RoutingGridView::setShading(Shading shading)
{
    m_shading = shading;
    viewport()->update();
}

void RoutingGridView::setColumnOrder(const std::vector<int>& order)
{
    std::vector<int> position(order.size(), -1);
    for (std::size_t place = 0; place < order.size(); ++place) {
        const int col = order[place];
        if (col < 0 || static_cast<std::size_t>(col) >= order.size()
            || position[static_cast<std::size_t>(col)] >= 0)
            return;
        position[static_cast<std::size_t>(col)] = static_cast<int>(place);
    }
    if (!order.empty() && (!m_source || order.size() != static_cast<std::size_t>(m_source->cols())))
        return;
    m_order = order;
    m_position = std::move(position);
    viewport()->update();
}

std::vector<int> RoutingGridView::orderByLoad(const GridSource& source)
{
    std::vector<int> order(static_cast<std::size_t>(source.cols()));
    std::iota(order.begin(), order.end(), 0);
    if (source.hasLoads())
        std::stable_sort(order.begin(), order.end(),
            [&](int a, int b) { return source.load(a) > source.load(b); });
    return order;
}

bool RoutingGridView::inGrid(int row, int col) const
{
    return m_source && row >= 0 && row < m_source->rows() && col >= 0 && col < m_source->cols();
}

void RoutingGridView::setCurrentCell(int row, int col)
{
    const int newRow = m_source && row >= 0 && row < m_source->rows() ? row : -1;
    const int newCol = m_source && col >= 0 && col < m_source->cols() ? col : -1;
    m_currentSeen = true;
    if (newRow == m_row && newCol == m_col)
        return;
    m_row = newRow;
    m_col = newCol;
    if (m_row >= 0)
        scrollToRow(m_row);
    if (m_col >= 0)
        scrollToColumn(m_col);
    announce();
    viewport()->update();
}

void RoutingGridView::setHighlightedRows(int first, int last)
{
    m_spanFirst = first;
    m_spanLast = last;
    viewport()->update();
}

void RoutingGridView::setOutlinedColumns(const QList<int>& cols)
{
    m_outlined = cols;
    viewport()->update();
}

void RoutingGridView::setBlockedColumns(const QList<int>& cols)
{
    m_blocked = cols;
    viewport()->update();
}

void RoutingGridView::scrollToRow(int row)
{
    const GridGeometry g = geometry();
    const double top = row * g.cellHeight;
    if (top < g.scroll.y())
        verticalScrollBar()->setValue(static_cast<int>(top));
    else if (top + g.cellHeight > g.scroll.y() + g.cells.height())
        verticalScrollBar()->setValue(
            static_cast<int>(std::ceil(top + g.cellHeight - g.cells.height())));
}

void RoutingGridView::scrollToColumn(int col)
{
    const GridGeometry g = geometry();
    const double left = placeOf(col) * g.cellWidth;
    if (left < g.scroll.x())
        horizontalScrollBar()->setValue(static_cast<int>(left));
    else if (left + g.cellWidth > g.scroll.x() + g.cells.width())
        horizontalScrollBar()->setValue(
            static_cast<int>(std::ceil(left + g.cellWidth - g.cells.width())));
}

void RoutingGridView::setZoom(double zoom)
{
    zoomAround(zoom, geometry().cells.center());
}

void RoutingGridView::zoomAround(double zoom, const QPointF& position)
{
    if (!(zoom > 0) || !m_source)
        return;
    const GridGeometry before = geometry();
    const QPointF in = position - before.cells.topLeft();
    const double u
        = before.contentWidth > 0 ? (before.scroll.x() + in.x()) / before.contentWidth : 0;
    const double v
        = before.contentHeight > 0 ? (before.scroll.y() + in.y()) / before.contentHeight : 0;
    m_zoom = std::clamp(zoom, kLeastZoom, kMostZoom);
    updateScrollBars();
    const GridGeometry after = geometry();
    horizontalScrollBar()->setValue(static_cast<int>(std::lround(u * after.contentWidth - in.x())));
    verticalScrollBar()->setValue(static_cast<int>(std::lround(v * after.contentHeight - in.y())));
    viewport()->update();
    emit zoomChanged(m_zoom);
}

QRect RoutingGridView::cellRect(int row, int col) const
{
    return inGrid(row, col) ? geometry().cell(row, placeOf(col)).toAlignedRect() : QRect();
}

QPoint RoutingGridView::cellAt(const QPoint& viewportPosition) const
{
    const GridGeometry g = geometry();
    const int row = g.rowAt(viewportPosition.y());
    const int place = g.placeAt(viewportPosition.x());
    return row < 0 || place < 0 ? QPoint(-1, -1) : QPoint(columnAt(place), row);
}

QSize RoutingGridView::sizeHint() const
{
    const QSizeF whole = wholeGeometry(look().px(520)).whole();
    return {look().pxInt(520), std::min(static_cast<int>(whole.height()), look().pxInt(480))};
}

int RoutingGridView::leastHeight(int width) const
{
    const GridContent all = content();
    const double rows = std::min(all.rows, kLeastRows) * look().px(kLeastCellHeight);
    const GridGeometry g(look(), all, {static_cast<double>(width), rows}, m_zoom, true);
    const bool scrolls = g.contentWidth > g.cells.width() + 1;
    return static_cast<int>(std::ceil(g.cells.top() + rows + look().px(3)))
        + (scrolls ? horizontalScrollBar()->sizeHint().height() : 0);
}

QSizeF RoutingGridView::bodySize(double width) const
{
    const GridGeometry g = wholeGeometry(width);
    const double bars = g.rowBars * g.barWidth + look().px(12);
    return {g.whole().width() + bars, g.whole().height() + look().px(4)};
}

void RoutingGridView::resizeEvent(QResizeEvent* event)
{
    FigureView::resizeEvent(event);
    updateScrollBars();
    // A window that is still being laid out must not lose what was chosen.
    if (m_currentSeen && m_row >= 0)
        scrollToRow(m_row);
    if (m_currentSeen && m_col >= 0)
        scrollToColumn(m_col);
}

} // namespace moescope::ui
