// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_view.h"

#include <cmath>

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QHelpEvent>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include "core/report/report.h"
#include "ui/figures/figure_accessible.h"
#include "ui/figures/figure_export.h"
#include "ui/figures/figure_page.h"
#include "ui/style/save_dialog.h"
#include "ui/style/style.h"

namespace moescope::ui {

FigureView::FigureView(Style& style, QWidget* parent)
    : QAbstractScrollArea(parent)
    , m_style(style)
{
    installFigureAccessibility();
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setContextMenuPolicy(Qt::DefaultContextMenu);
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    makeActions();
    connect(&style, &Style::changed, this, &FigureView::applyStyle);
}

FigureView::~FigureView() = default;

void FigureView::setFigure(std::shared_ptr<const Figure> figure)
{
    if (figure && !accepts(*figure))
        figure.reset();
    m_figure = std::move(figure);
    setAccessibleName(m_figure ? QString::fromStdString(m_figure->title) : QString());
    figureChanged();
    setAccessibleDescription(m_figure ? summary() : QString());
    updateGeometry();
    viewport()->update();
}

void FigureView::setSource(const QString& experiment, const QString& sampleSize)
{
    m_experiment = experiment;
    m_sampleSize = sampleSize;
}

void FigureView::applyStyle()
{
    styleChanged();
    updateGeometry();
    viewport()->update();
}

Status FigureView::renderTo(QPainter& painter, QSizeF size, const Theme* theme) const
{
    if (!m_figure)
        return fail(ErrorCode::InvalidArgument, "There is no figure to draw.");
    const Ink ink{painter, theme ? *theme : m_style.theme(), m_style, false};
    painter.save();
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.setLayoutDirection(Qt::LeftToRight);
    painter.fillRect(QRectF({0, 0}, size), ink.theme.panel);
    const FigurePage page(m_style, *m_figure, m_sampleSize, size.width(), showsTitle());
    page.drawWords(ink, size.height());
    const Status drawn = drawWhole(ink, page.body(size.height()));
    painter.restore();
    return drawn;
}

QSizeF FigureView::exportSize() const
{
    if (!m_figure)
        return {};
    const QSizeF body = bodySize(preferredWidth());
    const double width
        = std::ceil(std::max(body.width(), m_style.px(240)) + FigurePage::sideMargins(m_style));
    const FigurePage page(m_style, *m_figure, m_sampleSize, width, showsTitle());
    return {width, std::ceil(page.wordsHeight() + body.height())};
}

QString FigureView::dataText(char separator) const
{
    return m_figure ? QString::fromStdString(figureToCsv(*m_figure, separator)) : QString();
}

QString FigureView::fileStem() const
{
    return m_figure && !m_figure->id.empty() ? QString::fromStdString(m_figure->id)
                                             : QStringLiteral("figure");
}

QString FigureView::hoverText(const QPoint&) const
{
    return {};
}

QString FigureView::currentText() const
{
    return {};
}

QString FigureView::summary() const
{
    return m_figure ? QString::fromStdString(m_figure->subtitle) : QString();
}

QSize FigureView::sizeHint() const
{
    return {m_style.pxInt(420), m_style.pxInt(300)};
}

QSize FigureView::minimumSizeHint() const
{
    return {m_style.pxInt(160), m_style.pxInt(100)};
}

int FigureView::leastHeight(int) const
{
    return minimumSizeHint().height();
}

double FigureView::preferredWidth() const
{
    return m_style.px(640);
}

void FigureView::copy()
{
    QApplication::clipboard()->setMimeData(figureMimeData(*this).release());
}

void FigureView::copyPicture()
{
    const Result<QImage> image = figureImage(*this);
    if (image)
        QApplication::clipboard()->setImage(*image);
    else
        emit exportFailed(QString::fromStdString(image.error().message));
}

void FigureView::copyData()
{
    QApplication::clipboard()->setText(dataText('\t'));
}

void FigureView::saveAs(const QString& suffix)
{
    auto* dialog = makeSaveDialog(this, tr("Save figure"), fileStem(), suffix);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        if (const Status status = exportFigure(*this, path); status)
            emit exported(path);
        else
            emit exportFailed(QString::fromStdString(status.error().message));
    });
    dialog->open();
}

void FigureView::makeActions()
{
    const auto add
        = [this](const QString& name, const QString& text, const QKeySequence& keys, auto slot) {
              auto* action = new QAction(text, this);
              action->setObjectName(name);
              action->setShortcut(keys);
              action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
              connect(action, &QAction::triggered, this, slot);
              addAction(action);
              m_exportActions.append(action);
          };
    add(QStringLiteral("copyFigure"), tr("&Copy"), QKeySequence::Copy, [this] { copy(); });
    add(QStringLiteral("copyPicture"), tr("Copy &picture"),
        QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), [this] { copyPicture(); });
    add(QStringLiteral("copyData"), tr("Copy &data"), QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_C),
        [this] { copyData(); });
    m_exportActions.front()->setWhatsThis(tr("Copy picture and data together"));
    auto* separator = new QAction(this);
    separator->setSeparator(true);
    m_exportActions.append(separator);
    for (const QString& suffix : {QStringLiteral("png"), QStringLiteral("svg"),
             QStringLiteral("pdf"), QStringLiteral("csv")})
        add(QStringLiteral("save_") + suffix, tr("Save as %1…").arg(suffix.toUpper()), {},
            [this, suffix] { saveAs(suffix); });
}

Ink FigureView::screenInk(QPainter& painter) const
{
    return {painter, m_style.theme(), m_style, true};
}

QString FigureView::hoverCard(const QString& headline, const QStringList& lines) const
{
    const Theme& theme = m_style.theme();
    QString html = QStringLiteral("<div style='white-space:pre'><b>") + headline.toHtmlEscaped()
        + QStringLiteral("</b></div>");
    for (const QString& line : lines)
        if (!line.isEmpty())
            html += QStringLiteral("<div>") + line + QStringLiteral("</div>");
    QStringList source;
    if (!m_sampleSize.isEmpty())
        source += m_sampleSize.toHtmlEscaped();
    if (!m_experiment.isEmpty())
        source += tr("from %1").arg(m_experiment.toHtmlEscaped());
    if (!source.isEmpty())
        html += QStringLiteral("<div style='color:%1'>%2</div>")
                    .arg(theme.mutedText.name(), source.join(QStringLiteral(" · ")));
    return html;
}

void FigureView::announce()
{
    const QString text = currentText();
    QAccessibleValueChangeEvent event(this, text);
    QAccessible::updateAccessibility(&event);
    emit currentTextChanged(text);
}

bool FigureView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = m_figure ? hoverText(help->pos()) : QString();
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, viewport());
        return true;
    }
    const bool handled = QAbstractScrollArea::viewportEvent(event);
    if (event->type() == QEvent::MouseMove && QToolTip::isVisible()) {
        const auto* mouse = static_cast<QMouseEvent*>(event);
        const QString text = m_figure ? hoverText(mouse->position().toPoint()) : QString();
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(mouse->globalPosition().toPoint(), text, viewport());
    }
    return handled;
}

void FigureView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.setLayoutDirection(Qt::LeftToRight);
    const Ink ink = screenInk(painter);
    if (m_figure) {
        drawVisible(ink);
    } else {
        painter.setFont(m_style.words());
        painter.setPen(ink.theme.mutedText);
        painter.drawText(viewport()->rect(), Qt::AlignCenter, tr("No data"));
    }
    if (hasFocus() && m_reachedByKey) {
        const double line = m_style.px(1);
        painter.setClipping(false);
        painter.setPen(QPen(ink.theme.accent, line));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(
            QRectF(viewport()->rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2),
            m_style.px(4), m_style.px(4));
    }
}

void FigureView::fillMenu(QMenu& menu)
{
    if (!m_figure)
        return;
    extendMenu(menu);
    if (!menu.isEmpty())
        menu.addSeparator();
    menu.addActions(m_exportActions);
}

void FigureView::contextMenuEvent(QContextMenuEvent* event)
{
    if (!m_figure)
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fillMenu(*menu);
    menu->popup(event->globalPos());
}

void FigureView::keyPressEvent(QKeyEvent* event)
{
    // The views move their own cursor; what they leave goes on to the page (Esc, Alt+Left).
    event->ignore();
}

void FigureView::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    const Qt::FocusReason reason = event->reason();
    m_reachedByKey = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason
        || reason == Qt::ShortcutFocusReason;
    viewport()->update();
}

void FigureView::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace moescope::ui
