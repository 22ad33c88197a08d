// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_table_view.h"

#include <algorithm>

#include <QHeaderView>
#include <QLineEdit>
#include <QPainter>
#include <QTableView>
#include <QVBoxLayout>

#include "core/report/report.h"
#include "ui/figures/figure_table_model.h"
#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kFilterFrom = 12; ///< rows from which the filter line is worth its place
constexpr int kMeasuredRows = 2000;

} // namespace

FigureTableView::FigureTableView(Style& style, QWidget* parent)
    : FigureView(style, parent)
    , m_model(new FigureTableModel(this))
    , m_proxy(new FigureTableProxy(this))
    , m_filter(new QLineEdit(viewport()))
    , m_table(new QTableView(viewport()))
{
    setObjectName(QStringLiteral("figureTable"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_proxy->setSourceModel(m_model);
    m_filter->setObjectName(QStringLiteral("tableFilter"));
    m_filter->setPlaceholderText(tr("Filter rows"));
    m_filter->setAccessibleName(tr("Filter rows"));
    m_filter->setClearButtonEnabled(true);
    m_table->setObjectName(QStringLiteral("tableRows"));
    m_table->setModel(m_proxy);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(-1, Qt::AscendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setCornerButtonEnabled(false);
    m_table->setTabKeyNavigation(false);
    m_table->setContextMenuPolicy(Qt::NoContextMenu);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setResizeContentsPrecision(200);
    auto* column = new QVBoxLayout(viewport());
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_filter);
    column->addWidget(m_table, 1);
    setFocusProxy(m_table);
    connect(m_filter, &QLineEdit::textChanged, m_proxy, &FigureTableProxy::setFilterText);
    connect(m_table, &QTableView::clicked, this,
        [this](const QModelIndex& index) { emit rowClicked(m_proxy->mapToSource(index).row()); });
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { emit rowActivated(m_proxy->mapToSource(index).row()); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
        &FigureTableView::onCurrentChanged);
    styleChanged();
}

bool FigureTableView::accepts(const Figure& figure) const
{
    return std::holds_alternative<TableFigure>(figure.data);
}

const TableFigure* FigureTableView::data() const
{
    return figure() ? std::get_if<TableFigure>(&figure()->data) : nullptr;
}

void FigureTableView::figureChanged()
{
    m_model->setFigure(figure());
    m_filter->setVisible(m_model->rowCount() >= kFilterFrom);
    m_table->setAccessibleName(accessibleName());
    // A number must not run away from the column before it.
    m_table->horizontalHeader()->setStretchLastSection(
        data() && !data()->columns.empty() && !data()->columns.back().numeric);
    fitColumns();
}

void FigureTableView::setFilterVisible(bool visible)
{
    m_filter->setVisible(visible);
}

void FigureTableView::onCurrentChanged(const QModelIndex& current, const QModelIndex& before)
{
    announce();
    if (current.isValid() && current.row() != before.row())
        emit currentRowChanged(m_proxy->mapToSource(current).row());
}

int FigureTableView::currentRow() const
{
    const QModelIndex index = m_table->currentIndex();
    return index.isValid() ? m_proxy->mapToSource(index).row() : -1;
}

void FigureTableView::setCurrentRow(int row)
{
    if (row == currentRow())
        return;
    const QSignalBlocker quiet(this);
    const QModelIndex index
        = row >= 0 ? m_proxy->mapFromSource(m_model->index(row, 0)) : QModelIndex();
    if (!index.isValid()) { // none, or filtered away
        m_table->setCurrentIndex({});
        m_table->clearSelection();
        return;
    }
    m_table->setCurrentIndex(index);
    m_table->scrollTo(index);
}

void FigureTableView::styleChanged()
{
    m_model->setNumberFont(look().mono(-1));
    m_table->verticalHeader()->setDefaultSectionSize(static_cast<int>(rowHeight()));
    m_table->verticalHeader()->setMinimumSectionSize(static_cast<int>(rowHeight()));
    viewport()->layout()->setSpacing(look().pxInt(6));
    fitColumns();
}

double FigureTableView::rowHeight() const
{
    return look().px(26);
}

QString FigureTableView::dataText(char separator) const
{
    if (!data())
        return {};
    Figure shown{figure()->id, figure()->title, {}, {}, TableFigure{data()->columns, {}}};
    auto& rows = std::get<TableFigure>(shown.data).rows;
    for (int row = 0; row < m_proxy->rowCount(); ++row)
        rows.push_back(data()->rows[static_cast<std::size_t>(
            m_proxy->mapToSource(m_proxy->index(row, 0)).row())]);
    return text(figureToCsv(shown, separator));
}

QString FigureTableView::currentText() const
{
    const QModelIndex index = m_table->currentIndex();
    if (!index.isValid())
        return {};
    return tr("row %1 of %2, %3: %4")
        .arg(index.row() + 1)
        .arg(m_proxy->rowCount())
        .arg(m_proxy->headerData(index.column(), Qt::Horizontal).toString(),
            index.data().toString());
}

QString FigureTableView::summary() const
{
    return tr("%1 rows, %2 columns; a heading sorts")
        .arg(m_model->rowCount())
        .arg(m_model->columnCount());
}

QSize FigureTableView::sizeHint() const
{
    const int rows = std::clamp(m_model->rowCount(), 2, 13);
    const int header
        = std::max(m_table->horizontalHeader()->sizeHint().height(), static_cast<int>(rowHeight()));
    return {look().pxInt(480),
        static_cast<int>(rows * rowHeight()) + header + 2 * m_table->frameWidth() + look().pxInt(4)
            + (m_filter->isHidden() ? 0 : look().pxInt(36))};
}

std::vector<double> FigureTableView::columnWidths() const
{
    std::vector<double> widths;
    for (int c = 0; c < m_model->columnCount(); ++c) {
        const bool numeric = data()->columns[static_cast<std::size_t>(c)].numeric;
        const QFont font = numeric ? look().mono(-1) : look().words(-1);
        double widest
            = textWidth(look().words(-1), m_model->headerData(c, Qt::Horizontal).toString());
        for (int r = 0; r < std::min(m_proxy->rowCount(), kMeasuredRows); ++r)
            widest = std::max(widest, textWidth(font, m_proxy->index(r, c).data().toString()));
        widths.push_back(std::min(widest, look().px(360)) + look().px(20));
    }
    return widths;
}

void FigureTableView::fitColumns()
{
    const std::vector<double> widths = columnWidths();
    // The heading needs room for the sign that shows the order.
    for (std::size_t c = 0; c < widths.size(); ++c)
        m_table->setColumnWidth(static_cast<int>(c), static_cast<int>(widths[c] + look().px(14)));
}

QSizeF FigureTableView::bodySize(double) const
{
    const std::vector<double> widths = columnWidths();
    double width = 0;
    for (const double w : widths)
        width += w;
    return {width, (m_proxy->rowCount() + 1) * rowHeight()};
}

Status FigureTableView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    QPainter& p = ink.painter;
    const std::vector<double> widths = columnWidths();
    const double height = rowHeight();
    double total = 0;
    for (const double width : widths)
        total += width;
    const double padding = ink.style.px(6);
    const auto line = [&](double y, const QColor& colour) {
        p.setPen(QPen(colour, ink.style.px(0.8)));
        p.drawLine(QPointF(rect.left(), y), QPointF(rect.left() + total, y));
    };
    for (int r = -1; r < m_proxy->rowCount(); ++r) {
        const double top = rect.top() + (r + 1) * height;
        double x = rect.left();
        for (int c = 0; c < m_model->columnCount(); ++c) {
            const double width = widths[static_cast<std::size_t>(c)];
            const bool numeric = data()->columns[static_cast<std::size_t>(c)].numeric;
            const QString label = r < 0 ? m_model->headerData(c, Qt::Horizontal).toString()
                                        : m_proxy->index(r, c).data().toString();
            p.setFont(numeric && r >= 0 ? ink.style.mono(-1) : ink.style.words(-1));
            p.setPen(r < 0 ? ink.theme.mutedText : ink.theme.text);
            p.drawText(QRectF(x + padding, top, width - 2 * padding, height),
                (numeric ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter,
                elided(p.font(), label, width - 2 * padding + 1));
            x += width;
        }
        line(top + height, r < 0 ? ink.theme.axis : ink.theme.hairline);
    }
    return {};
}

void FigureTableView::drawVisible(const Ink&) { }

} // namespace moescope::ui
