// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_panel.h"

#include <algorithm>

#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>

#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_view.h"
#include "ui/figures/figure_words.h"
#include "ui/style/inline_message.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kRoomForCaption = 520; ///< height of a panel from which it shows its caption

/// Numbers stay with their "%" and "±".
QString unbroken(QString words)
{
    const QChar space(0x00A0);
    words.replace(QStringLiteral(" %"), space + QStringLiteral("%"));
    words.replace(QStringLiteral(" ± "), space + QStringLiteral("±") + space);
    return words;
}

} // namespace

FigurePanel::FigurePanel(Style& style, FigureView* view, QWidget* parent)
    : Panel(style, parent)
    , m_caption(new QLabel(this))
    , m_help(new QToolButton(this))
    , m_menuButton(new QToolButton(this))
    , m_message(new InlineMessage(style, this))
{
    m_caption->setObjectName(QStringLiteral("figureCaption"));
    m_caption->setProperty("role", QStringLiteral("muted"));
    m_caption->setTextFormat(Qt::PlainText);
    m_caption->setWordWrap(true);
    m_menuButton->setObjectName(QStringLiteral("figureMenu"));
    m_menuButton->setProperty("role", QStringLiteral("flat"));
    m_menuButton->setText(QStringLiteral("⋯"));
    m_menuButton->setToolTip(tr("Copy and save this figure"));
    m_menuButton->setAccessibleName(tr("Figure menu"));
    m_menuButton->setPopupMode(QToolButton::InstantPopup);
    m_help->setObjectName(QStringLiteral("figureHelp"));
    m_help->setProperty("role", QStringLiteral("flat"));
    m_help->setText(QStringLiteral("?"));
    m_help->setAccessibleName(tr("How to read this figure"));
    connect(m_help, &QToolButton::clicked, this, [this] {
        QToolTip::showText(
            m_help->mapToGlobal(m_help->rect().bottomLeft()), m_help->toolTip(), m_help);
    });
    addHeaderWidget(m_help);
    addHeaderWidget(m_menuButton);
    bodyLayout()->addWidget(m_message);
    bodyLayout()->addWidget(m_caption);
    adoptView(view);
}

FigurePanel::FigurePanel(Style& style, std::shared_ptr<const Figure> figure, QWidget* parent)
    : FigurePanel(style, makeFigureView(std::move(figure), style, nullptr), parent)
{
}

void FigurePanel::adoptView(FigureView* view)
{
    m_view = view;
    setBody(view);
    auto* menu = new QMenu(m_menuButton);
    connect(menu, &QMenu::aboutToShow, view, [menu, view] {
        menu->clear();
        view->fillMenu(*menu);
    });
    delete m_menuButton->menu();
    m_menuButton->setMenu(menu);
    connect(view, &FigureView::exportFailed, m_message, [this](const QString& sentence) {
        m_message->showMessage(InlineMessage::Kind::Error, sentence);
    });
    connect(view, &FigureView::exported, m_message, &InlineMessage::clear);
    refreshWords();
}

void FigurePanel::setFigure(std::shared_ptr<const Figure> figure)
{
    if (figure && m_view->figure() && figure->data.index() != m_view->figure()->data.index()) {
        adoptView(makeFigureView(std::move(figure), look(), nullptr));
        emit viewReplaced();
        return;
    }
    m_view->setFigure(std::move(figure));
    refreshWords();
}

int FigurePanel::captionRoom() const
{
    return m_caption->isHidden() ? 0 : m_caption->height() + bodyLayout()->spacing();
}

int FigurePanel::leastHeight(int width) const
{
    const QMargins margins = layout()->contentsMargins();
    const int caption
        = m_caption->isHidden() ? 0 : m_caption->sizeHint().height() + bodyLayout()->spacing();
    const int around = layout()->sizeHint().height() - caption
        - m_view->sizeHint().expandedTo(m_view->minimumSizeHint()).height();
    return around + m_view->leastHeight(width - margins.left() - margins.right());
}

void FigurePanel::keepReadable()
{
    m_keepsReadable = true;
    keepLeastHeight();
}

int FigurePanel::captionHeight() const
{
    const QMargins margins = layout()->contentsMargins();
    return m_caption->heightForWidth(width() - margins.left() - margins.right())
        + bodyLayout()->spacing();
}

void FigurePanel::keepLeastHeight()
{
    if (!m_keepsReadable)
        return;
    m_view->setMinimumHeight(m_view->leastHeight(m_view->width()));
    const int all = layout()->hasHeightForWidth() ? layout()->minimumHeightForWidth(width())
                                                  : layout()->minimumSize().height();
    // The caption goes before the page has to scroll.
    setMinimumHeight(all - (m_caption->isHidden() ? 0 : captionHeight()));
}

void FigurePanel::placeCaption()
{
    // Showing the caption lays the panel out, which may ask to hide it again: Qt would take a
    // widget that is hidden while it is being shown for both.
    m_placeAgain = m_placing;
    if (m_placing)
        return;
    constexpr int kRounds = 3;
    m_placing = true;
    for (int round = 0; round == 0 || (m_placeAgain && round < kRounds); ++round) {
        m_placeAgain = false;
        showCaption(captionFits());
    }
    m_placing = false;
}

bool FigurePanel::captionFits() const
{
    if (m_keepsReadable) // the view gets its room at the expense of what stands below it
        return height()
            >= std::max(look().pxInt(kRoomForCaption), minimumHeight() + captionHeight());
    const int left = m_view->height() + captionRoom() - m_caption->heightForWidth(m_view->width())
        - bodyLayout()->spacing();
    return height() >= look().px(kRoomForCaption) && left >= m_view->leastHeight(m_view->width());
}

void FigurePanel::showCaption(bool room)
{
    const bool wanted = m_captionVisible && !m_caption->text().isEmpty();
    m_caption->setVisible(wanted && room);
    m_help->setVisible(wanted && !room);
}

void FigurePanel::resizeEvent(QResizeEvent* event)
{
    keepLeastHeight();
    placeCaption();
    Panel::resizeEvent(event);
}

void FigurePanel::setCaptionVisible(bool visible)
{
    m_captionVisible = visible;
    refreshWords();
}

void FigurePanel::refreshWords()
{
    const Figure* figure = m_view->figure().get();
    setTitle(figure ? text(figure->title) : QString());
    setSubtitle(figure ? text(figure->subtitle) : QString());
    m_caption->setText(figure ? unbroken(text(figure->caption)) : QString());
    m_help->setToolTip(m_caption->text().toHtmlEscaped().prepend(QStringLiteral("<p>")));
    keepLeastHeight();
    placeCaption();
    m_menuButton->setEnabled(figure != nullptr);
    setHeaderVisible(!m_view->showsTitle());
    keepLeastHeight();
}

} // namespace moescope::ui
