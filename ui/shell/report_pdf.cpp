// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/report_pdf.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <variant>

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QTextDocument>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/report/figure_html.h"
#include "core/report/report.h"
#include "core/report/report_words.h"
#include "core/report/text_table.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_table_view.h"
#include "ui/figures/figure_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kMostRows = 36; ///< that fit a page without being shrunk
constexpr double kLeastScale = 0.5; ///< numbers are hard to read when they are smaller
constexpr double kMarginMillimetres = 15;

QString html(const std::string& text)
{
    return QString::fromStdString(htmlText(text));
}

/// Long tables are cut, with a sentence in the caption.
std::shared_ptr<const Figure> forPaper(const Figure& figure)
{
    auto paper = std::make_shared<Figure>(figure);
    auto* table = std::get_if<TableFigure>(&paper->data);
    if (table && table->rows.size() > kMostRows) {
        const std::string rows = formatCount(table->rows.size());
        table->rows.resize(kMostRows);
        paper->caption += (paper->caption.empty() ? "" : " ") + std::string("The first ")
            + std::to_string(kMostRows) + " of " + rows + " rows; CSV and JSON have all.";
    }
    return paper;
}

/// Fills pages from top to bottom; a new one begins where the next piece does not fit.
class Pages {
public:
    Pages(QPdfWriter& writer, const Style& style, QString title)
        : m_writer(writer)
        , m_style(style)
        , m_title(std::move(title))
        , m_painter(&writer)
        , m_footer(style.px(24))
    {
        drawFooter();
    }

    void add(const QString& markup)
    {
        QTextDocument document;
        document.documentLayout()->setPaintDevice(&m_writer);
        document.setDocumentMargin(0);
        document.setDefaultFont(m_style.words());
        document.setDefaultStyleSheet(
            QStringLiteral("body { color: %1; } .soft { color: %2; }")
                .arg(lightTheme().text.name(), lightTheme().mutedText.name()));
        document.setHtml(QStringLiteral("<body>") + markup + QStringLiteral("</body>"));
        document.setTextWidth(width());
        const double height = document.size().height();
        makeRoom(height);
        m_painter.save();
        m_painter.translate(0, m_y);
        document.drawContents(&m_painter);
        m_painter.restore();
        m_y += height + m_style.px(8);
    }

    double width() const { return m_writer.width(); }

    void add(const FigureView& view)
    {
        const QSizeF size = view.exportSize();
        const double across = std::min(1.0, width() / size.width());
        const double whole = std::min(across, height() / size.height());
        const bool fits = whole >= kLeastScale || whole >= across;
        const double scale = fits ? whole : across;
        const double total = size.height() * scale;
        makeRoom(std::min(total, height()));
        for (double done = 0; done < total;) {
            const double slice = std::min(total - done, height() - m_y);
            m_painter.save();
            m_painter.setClipRect(QRectF(0, m_y, width(), slice));
            m_painter.translate(0, m_y - done);
            m_painter.scale(scale, scale);
            const Status drawn = view.renderTo(m_painter, size, &lightTheme());
            m_painter.restore();
            if (!drawn) {
                add(html(drawn.error().message));
                return;
            }
            done += slice;
            m_y += slice;
            if (done < total)
                newPage();
        }
        m_y += m_style.px(12);
    }

private:
    double height() const { return m_writer.height() - m_footer; }

    void makeRoom(double needed)
    {
        if (m_y > 0 && m_y + needed > height())
            newPage();
    }

    void newPage()
    {
        m_writer.newPage();
        m_y = 0;
        ++m_page;
        drawFooter();
    }

    void drawFooter()
    {
        m_painter.setFont(m_style.words(-1));
        m_painter.setPen(lightTheme().mutedText);
        const QRectF line(0, m_writer.height() - m_footer, width(), m_footer);
        m_painter.drawText(line, Qt::AlignLeft | Qt::AlignBottom, m_title);
        m_painter.drawText(line, Qt::AlignRight | Qt::AlignBottom, QString::number(m_page));
    }

    QPdfWriter& m_writer;
    const Style& m_style;
    QString m_title;
    QPainter m_painter;
    double m_footer;
    double m_y = 0;
    int m_page = 1;
};

void addHead(Pages& pages, const Report& report)
{
    QString head = QStringLiteral("<h1>%1</h1>").arg(html(report.title));
    if (const std::string model = modelLine(report.model); !model.empty())
        head += QStringLiteral("<p>Model: %1</p>").arg(html(model));
    head += QStringLiteral("<p class=\"soft\">Made by %1, experiment %2, seed %3.</p>")
                .arg(html(programLine()), html(report.experiment))
                .arg(report.seed);
    if (!report.complete)
        head += QStringLiteral("<p><b>Incomplete: the work was cancelled before its end.</b></p>");
    pages.add(head);
    for (const Finding& finding : report.findings)
        pages.add(QStringLiteral("<b>%1</b><br>%2<br><span class=\"soft\">%3</span>")
                      .arg(html(finding.conclusion.empty() ? finding.claim : finding.conclusion),
                          html(finding.test), html(findingFacts(finding))));
}

void addParameters(Pages& pages, const Report& report)
{
    if (!report.spec || report.spec->empty())
        return;
    pages.add(QStringLiteral("<h3>Parameters</h3>"));
    for (const auto& [key, value] : report.spec->items())
        pages.add(
            QStringLiteral("<span class=\"soft\">%1:</span> %2")
                .arg(html(key),
                    html(value.is_string() ? value.get<std::string>() : dumpJson(value, -1))));
}

} // namespace

std::vector<std::shared_ptr<const Figure>> paperParts(
    const Figure& figure, Style& style, double width)
{
    std::shared_ptr<const Figure> paper = forPaper(figure);
    const auto* table = std::get_if<TableFigure>(&paper->data);
    if (!table)
        return {paper};
    FigureTableView view(style);
    view.setFigure(paper);
    const std::vector<double> widths = view.columnWidths();
    const double besides
        = view.exportSize().width() - std::accumulate(widths.begin(), widths.end(), 0.0);
    const auto blocks = columnBlocks(*table, widths, 0, width - besides);
    if (blocks.size() < 2)
        return {paper};
    std::vector<std::shared_ptr<const Figure>> parts;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        auto part = std::make_shared<Figure>();
        part->id = paper->id;
        part->title = fmt::format("{}, part {} of {}", paper->title, b + 1, blocks.size());
        if (b == 0)
            part->subtitle = paper->subtitle;
        if (b + 1 == blocks.size())
            part->caption = paper->caption;
        TableFigure some;
        for (const std::size_t c : blocks[b].columns)
            some.columns.push_back(table->columns[c]);
        for (const auto& row : table->rows) {
            auto& cells = some.rows.emplace_back();
            for (const std::size_t c : blocks[b].columns)
                cells.push_back(c < row.size() ? row[c] : TableFigure::Cell());
        }
        part->data = std::move(some);
        parts.push_back(std::move(part));
    }
    return parts;
}

QByteArray reportPdf(const Report& report, Style& style)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setResolution(style.dpi()); // of the fonts' and figures' own pixels
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setPageMargins(
        QMarginsF(kMarginMillimetres, kMarginMillimetres, kMarginMillimetres, kMarginMillimetres),
        QPageLayout::Millimeter);
    writer.setTitle(QString::fromStdString(report.title));
    writer.setCreator(QStringLiteral("Moescope"));
    {
        Pages pages(writer, style, QString::fromStdString(report.title));
        addHead(pages, report);
        for (const Figure& figure : report.figures) {
            for (const auto& part : paperParts(figure, style, pages.width())) {
                const std::unique_ptr<FigureView> view(makeFigureView(part, style, nullptr));
                pages.add(*view);
            }
        }
        addParameters(pages, report);
    }
    return bytes;
}

} // namespace moescope::ui
