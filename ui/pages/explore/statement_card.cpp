// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/statement_card.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/pages/explore/roles.h"
#include "ui/style/style.h"

namespace moescope::ui {

StatementCard::StatementCard(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
{
    new QVBoxLayout(this);
    connect(&style, &Style::changed, this, &StatementCard::restyle);
    restyle();
}

void StatementCard::setStatements(const std::vector<Statement>& statements)
{
    m_statements = statements;
    while (m_labels.size() > statements.size()) {
        delete m_labels.back();
        m_labels.pop_back();
    }
    while (m_labels.size() < statements.size()) {
        auto* label = new QLabel(this);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        layout()->addWidget(label);
        m_labels.push_back(label);
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
        m_labels[i]->setText(QString::fromStdString(statements[i].text));
        setRole(m_labels[i],
            statements[i].asRandom ? QStringLiteral("null")
                : i == 0           ? QStringLiteral("heading")
                                   : QString());
    }
    setVisible(!statements.empty());
    restyle();
}

void StatementCard::restyle()
{
    const int side = m_style.pxInt(12);
    layout()->setContentsMargins(side, m_style.pxInt(10), side, m_style.pxInt(10));
    layout()->setSpacing(m_style.pxInt(4));
    update();
}

void StatementCard::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_style.theme().accentSoft);
    painter.drawRoundedRect(rect(), m_style.px(6), m_style.px(6));
}

} // namespace moescope::ui
