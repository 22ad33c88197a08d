// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/top_bar.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

#include "ui/shell/icons.h"
#include "ui/shell/model_button.h"
#include "ui/shell/prompt_bar.h"
#include "ui/style/style.h"

namespace moescope::ui {

TopBar::TopBar(Style& style, ModelButton* model, PromptBar* prompt, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_layout(new QHBoxLayout(this))
    , m_more(new QToolButton(this))
{
    setObjectName(QStringLiteral("topBar"));
    m_more->setObjectName(QStringLiteral("moreButton"));
    m_more->setProperty("role", QStringLiteral("flat"));
    m_more->setIcon(themedIcon(style, QStringLiteral("more"), IconInk::Muted));
    m_more->setToolTip(tr("More"));
    m_more->setAccessibleName(tr("More"));
    m_more->setFocusPolicy(Qt::TabFocus);
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_layout->addWidget(model, 0, Qt::AlignTop);
    m_layout->addWidget(prompt, 1);
    m_layout->addWidget(m_more, 0, Qt::AlignTop);
    connect(&style, &Style::changed, this, &TopBar::restyle);
    restyle();
}

void TopBar::restyle()
{
    const int gap = m_style.pxInt(8);
    m_layout->setContentsMargins(gap + 4, gap, gap + 4, gap + 1);
    m_layout->setSpacing(gap);
    m_more->setIconSize(QSize(m_style.pxInt(18), m_style.pxInt(18)));
    m_more->setMinimumHeight(m_style.pxInt(kControlHeight));
    update();
}

void TopBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_style.theme().panel);
    painter.setPen(m_style.theme().hairline);
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace moescope::ui
