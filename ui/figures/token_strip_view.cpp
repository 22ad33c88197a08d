// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/token_strip_view.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <QFontMetricsF>
#include <QScrollBar>

#include "core/base/text.h"
#include "ui/figures/figure_words.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

/// A typed blank means the sign that stands for it in the strip.
QString asShown(QString text)
{
    return text.replace(QLatin1Char(' '), QChar(0x00B7));
}

QList<int> ascending(const QSet<int>& set)
{
    QList<int> values = set.values();
    std::sort(values.begin(), values.end());
    return values;
}

} // namespace

TokenStripView::TokenStripView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("tokenStrip"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
}

bool TokenStripView::accepts(const Figure& figure) const
{
    return std::holds_alternative<TokenStripFigure>(figure.data);
}

const TokenStripFigure* TokenStripView::data() const
{
    return figure() ? std::get_if<TokenStripFigure>(&figure()->data) : nullptr;
}

int TokenStripView::count() const
{
    return data() ? static_cast<int>(data()->chips.size()) : 0;
}

QString TokenStripView::chipText(int index) const
{
    return QString::fromStdString(
        visibleToken(data()->chips[static_cast<std::size_t>(index)].text));
}

void TokenStripView::figureChanged()
{
    m_trigrams.clear();
    m_hasGenerated = false;
    if (data()) {
        for (const TokenStripFigure::Chip& chip : data()->chips) {
            if (!chip.trigram.empty())
                m_trigrams.insert(QString::fromStdString(chip.trigram));
            m_hasGenerated = m_hasGenerated || chip.generated;
        }
    }
    if (m_current >= count())
        m_current = -1;
    m_hovered = -1;
    m_anchor = -1;
    m_rangeFirst = 0;
    m_rangeLast = -1;
    m_marked.clear();
    measureChips();
    makeLegend();
    relayout();
}

void TokenStripView::styleChanged()
{
    measureChips();
    makeLegend();
    relayout();
}

void TokenStripView::measureChips()
{
    m_widths.assign(static_cast<std::size_t>(count()), 0);
    const QFont words = look().mono(1);
    const QFontMetricsF small(look().mono(-2));
    const auto padding = static_cast<float>(2 * look().px(10));
    std::unordered_map<std::string_view, float> known;
    for (int i = 0; i < count(); ++i) {
        const TokenStripFigure::Chip& chip = data()->chips[static_cast<std::size_t>(i)];
        const auto [it, isNew] = known.try_emplace(chip.text, 0.0F);
        if (isNew)
            it->second = static_cast<float>(std::ceil(textWidth(words, chipText(i))));
        float width = std::max(it->second + padding, static_cast<float>(look().px(34)));
        if (!chip.badge.empty())
            width = std::max(width,
                static_cast<float>(
                    small.horizontalAdvance(QString::fromStdString(chip.badge)) + look().px(26)));
        m_widths[static_cast<std::size_t>(i)] = width;
    }
}

double TokenStripView::chipHeight() const
{
    return look().px(30);
}

double TokenStripView::rowHeight() const
{
    return chipHeight() + look().px(22);
}

double TokenStripView::sideMargin() const
{
    return m_sideLetter.isEmpty() ? 0 : look().px(28);
}

TokenStripView::Layout TokenStripView::layOut(double width) const
{
    Layout layout;
    const int n = count();
    if (n == 0)
        return layout;
    const double gap = look().px(5);
    const double inset = look().px(2);
    const double right = std::max(width - sideMargin() - inset, look().px(40));
    layout.x.resize(static_cast<std::size_t>(n));
    layout.rowStart.push_back(0);
    double x = inset;
    for (int i = 0; i < n; ++i) {
        const double chip = std::min<double>(m_widths[static_cast<std::size_t>(i)], right - inset);
        if (x > inset && x + chip > right) {
            layout.rowStart.push_back(i);
            x = inset;
        }
        layout.x[static_cast<std::size_t>(i)] = static_cast<float>(x);
        x += chip + gap;
    }
    layout.rowStart.push_back(n);
    return layout;
}

void TokenStripView::relayout()
{
    // Its own scroll bar must not be what makes it need one.
    const int full = contentsRect().width();
    const bool fits = bodySize(full).height() <= height();
    m_layout = layOut(fits ? full : viewport()->width());
    const QRectF strip = stripRect();
    const int page = std::max(1, static_cast<int>(strip.height()));
    const int all = static_cast<int>(std::ceil(static_cast<double>(m_layout.rows()) * rowHeight()));
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setSingleStep(static_cast<int>(rowHeight()));
    verticalScrollBar()->setRange(0, fits ? 0 : std::max(0, all - page));
    updateGeometry();
    viewport()->update();
}

int TokenStripView::rowOf(const Layout& layout, int index) const
{
    const auto next = std::upper_bound(layout.rowStart.begin(), layout.rowStart.end(), index);
    return static_cast<int>(next - layout.rowStart.begin()) - 1;
}

QRectF TokenStripView::chipRect(const Layout& layout, int index) const
{
    const auto i = static_cast<std::size_t>(index);
    return {sideMargin() + layout.x[i], rowOf(layout, index) * rowHeight() + look().px(2),
        static_cast<double>(m_widths[i]), chipHeight()};
}

QRectF TokenStripView::stripRect() const
{
    return {0, 0, static_cast<double>(viewport()->width()),
        std::max(0.0, viewport()->height() - footerHeight(viewport()->width()))};
}

QRect TokenStripView::tokenRect(int index) const
{
    if (index < 0 || index >= count())
        return {};
    return chipRect(m_layout, index).translated(0, -verticalScrollBar()->value()).toAlignedRect();
}

int TokenStripView::tokenAt(const QPoint& viewportPosition) const
{
    if (count() == 0 || !stripRect().contains(viewportPosition))
        return -1;
    const auto row
        = static_cast<int>((viewportPosition.y() + verticalScrollBar()->value()) / rowHeight());
    if (row < 0 || static_cast<std::size_t>(row) >= m_layout.rows())
        return -1;
    const auto first = m_layout.x.begin() + m_layout.rowStart[static_cast<std::size_t>(row)];
    const auto last = m_layout.x.begin() + m_layout.rowStart[static_cast<std::size_t>(row) + 1];
    const double x = viewportPosition.x() - sideMargin();
    const auto next = std::upper_bound(first, last, static_cast<float>(x));
    if (next == first)
        return -1;
    const auto index = static_cast<int>(next - m_layout.x.begin()) - 1;
    return x <= m_layout.x[static_cast<std::size_t>(index)]
                + m_widths[static_cast<std::size_t>(index)]
        ? index
        : -1;
}

void TokenStripView::setCurrent(int index)
{
    m_current = index >= 0 && index < count() ? index : -1;
    showCurrent();
}

void TokenStripView::showCurrent()
{
    if (m_current >= 0) {
        const double top = rowOf(m_layout, m_current) * rowHeight();
        const int value = verticalScrollBar()->value();
        if (top < value)
            verticalScrollBar()->setValue(static_cast<int>(top));
        else if (top + rowHeight() > value + stripRect().height())
            verticalScrollBar()->setValue(
                static_cast<int>(std::ceil(top + rowHeight() - stripRect().height())));
    }
    announce();
    viewport()->update();
}

void TokenStripView::setHovered(int index)
{
    if (index == m_hovered)
        return;
    m_hovered = index;
    viewport()->update();
}

void TokenStripView::setRange(int first, int last)
{
    m_rangeFirst = std::max(first, 0);
    m_rangeLast = std::min(last, count() - 1);
    viewport()->update();
}

QList<int> TokenStripView::marked() const
{
    return ascending(m_marked);
}

QList<int> TokenStripView::changed() const
{
    return ascending(m_changed);
}

void TokenStripView::setMarked(const QList<int>& tokens)
{
    m_marked = QSet<int>(tokens.begin(), tokens.end());
    viewport()->update();
}

void TokenStripView::setPatterns(const QStringList& patterns, const QStringList& help)
{
    m_patterns = patterns;
    m_patternHelp = help;
    relayout();
}

void TokenStripView::setChanged(const QList<int>& tokens)
{
    const QSet<int> changed(tokens.begin(), tokens.end());
    if (changed == m_changed)
        return;
    m_changed = changed;
    makeLegend();
    relayout();
}

void TokenStripView::setFooterVisible(bool visible)
{
    m_footerVisible = visible;
    relayout();
}

void TokenStripView::setVisibleRows(int rows)
{
    m_visibleRows = std::max(1, rows);
    updateGeometry();
}

void TokenStripView::setSideLetter(const QString& letter)
{
    m_sideLetter = letter;
    relayout();
}

int TokenStripView::findToken(const QString& text, int from, bool forward) const
{
    const int n = count();
    if (n == 0 || text.isEmpty())
        return -1;
    const QString wanted = asShown(text);
    for (int step = 0; step < n; ++step) {
        const int index = (((from + (forward ? step : -step)) % n) + n) % n;
        if (chipText(index).contains(wanted, Qt::CaseInsensitive))
            return index;
    }
    return -1;
}

QList<int> TokenStripView::tokensWith(const QString& text) const
{
    QList<int> tokens;
    const QString wanted = asShown(text);
    for (int i = 0; i < count() && !text.isEmpty(); ++i)
        if (chipText(i).contains(wanted, Qt::CaseInsensitive))
            tokens += i;
    return tokens;
}

QString TokenStripView::hoverText(const QPoint& viewportPosition) const
{
    const int index = tokenAt(viewportPosition);
    if (index < 0) {
        const QRectF strip = stripRect();
        for (const Pill& pill :
            pillsAt({0, strip.bottom(), strip.width(), footerHeight(strip.width())}, m_current))
            if (pill.rect.contains(viewportPosition))
                return hoverCard(pill.text, {pill.help.toHtmlEscaped()});
        return {};
    }
    const TokenStripFigure::Chip& chip = data()->chips[static_cast<std::size_t>(index)];
    const QString note = QString::fromStdString(chip.note);
    QStringList lines;
    // The note may say some of it already.
    const auto add = [&](const QString& line, const QString& unless) {
        if (!unless.isEmpty() && !note.contains(unless))
            lines += line.toHtmlEscaped();
    };
    const QString position = tr("position %1").arg(index);
    const QString type = QString::fromStdString(chip.typeName);
    const QString trigram = QString::fromStdString(chip.trigram);
    add(position, position);
    add(tr("type %1").arg(type), type);
    add(tr("trigram %1").arg(trigram), trigram);
    lines += htmlLines(chip.note);
    if (chip.generated)
        lines += tr("generated by the model");
    if (m_changed.contains(index))
        lines += tr("the most likely next token after it changed");
    return hoverCard(chipText(index), lines);
}

QString TokenStripView::currentText() const
{
    if (m_current < 0)
        return {};
    const TokenStripFigure::Chip& chip = data()->chips[static_cast<std::size_t>(m_current)];
    return tr("token %1 of %2, %3, %4")
        .arg(m_current + 1)
        .arg(count())
        .arg(chipText(m_current), QString::fromStdString(chip.typeName));
}

QString TokenStripView::summary() const
{
    return (count() == 1 ? tr("1 token") : tr("%1 tokens").arg(count()))
        + tr("; left and right walk, Shift selects a span");
}

QSize TokenStripView::sizeHint() const
{
    const int width = look().pxInt(600);
    return {width, heightForWidth(std::max(width, viewport()->width()))};
}

QSize TokenStripView::minimumSizeHint() const
{
    return {look().pxInt(120),
        static_cast<int>(std::ceil(rowHeight() + footerHeight(viewport()->width())))};
}

int TokenStripView::heightForWidth(int width) const
{
    const std::size_t rows = std::max<std::size_t>(1, layOut(width).rows());
    const std::size_t shown = std::min(rows, static_cast<std::size_t>(m_visibleRows));
    return static_cast<int>(
        std::ceil(static_cast<double>(shown) * rowHeight() + footerHeight(width)));
}

QSizeF TokenStripView::bodySize(double width) const
{
    return {width, static_cast<double>(layOut(width).rows()) * rowHeight() + footerHeight(width)};
}

void TokenStripView::resizeEvent(QResizeEvent* event)
{
    FigureView::resizeEvent(event);
    relayout();
    showCurrent();
}

} // namespace moescope::ui
