// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/inline_message.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

#include "core/base/text.h"
#include "ui/style/style.h"

namespace moescope::ui {

InlineMessage::InlineMessage(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_label(new QLabel(this))
    , m_action(new QPushButton(this))
    , m_close(new QPushButton(QStringLiteral("×"), this))
{
    m_label->setObjectName(QStringLiteral("messageText"));
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::PlainText);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_action->setObjectName(QStringLiteral("messageAction"));
    m_close->setObjectName(QStringLiteral("messageClose"));
    m_close->setProperty("role", QStringLiteral("flat"));
    m_close->setAccessibleName(tr("Dismiss the message"));
    m_close->setToolTip(tr("Dismiss (Esc)"));
    auto* row = new QHBoxLayout(this);
    row->addWidget(m_label, 1);
    row->addWidget(m_action);
    row->addWidget(m_close, 0, Qt::AlignTop);
    connect(m_action, &QPushButton::clicked, this, &InlineMessage::actionTriggered);
    connect(m_close, &QPushButton::clicked, this, [this] {
        clear();
        emit dismissed();
    });
    connect(&style, &Style::changed, this, &InlineMessage::restyle);
    restyle();
    hide();
}

void InlineMessage::showMessage(Kind kind, const QString& words, const QString& action)
{
    // Sentences may quote a file, which may hold anything.
    const QString text = QString::fromStdString(displayName(words.toStdString(), 2000));
    m_kind = kind;
    m_label->setText(text);
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    const QString what = kind == Kind::Error ? tr("Error")
        : kind == Kind::Warning              ? tr("Warning")
                                             : tr("Note");
    setAccessibleName(tr("%1: %2").arg(what, text));
    show();
    update();
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

void InlineMessage::clear()
{
    m_label->clear();
    hide();
}

QString InlineMessage::text() const
{
    return m_label->text();
}

void InlineMessage::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_style.theme();
    const bool error = m_kind == Kind::Error;
    const bool warning = m_kind == Kind::Warning;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(error ? theme.errorSoft : warning ? theme.warningSoft : theme.accentSoft);
    painter.drawRoundedRect(rect(), m_style.px(5), m_style.px(5));
    painter.setBrush(error ? theme.error : warning ? theme.warning : theme.accent);
    painter.drawRect(QRectF(0, 0, m_style.px(3), height()));
}

void InlineMessage::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape) {
        clear();
        emit dismissed();
        return;
    }
    QWidget::keyPressEvent(event);
}

void InlineMessage::restyle()
{
    const int side = m_style.pxInt(12);
    layout()->setContentsMargins(side, m_style.pxInt(6), m_style.pxInt(6), m_style.pxInt(6));
    layout()->setSpacing(m_style.pxInt(8));
    update();
}

} // namespace moescope::ui
