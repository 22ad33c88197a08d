// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/find_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>

#include "ui/style/style.h"

namespace moescope::ui {

FindBar::FindBar(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_line(new QLineEdit(this))
    , m_count(new QLabel(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, style.pxInt(6), 0, 0);
    row->setSpacing(style.pxInt(6));
    m_line->setObjectName(QStringLiteral("findText"));
    m_line->setPlaceholderText(tr("Find a token"));
    m_line->setAccessibleName(tr("Find a token"));
    m_line->setMaximumWidth(style.pxInt(260));
    m_line->installEventFilter(this);
    m_count->setObjectName(QStringLiteral("findCount"));
    m_count->setProperty("role", QStringLiteral("muted"));
    const auto button = [&](const char* name, const QString& sign, const QString& tip) {
        auto* tool = new QToolButton(this);
        tool->setObjectName(QLatin1String(name));
        tool->setProperty("role", QStringLiteral("flat"));
        tool->setText(sign);
        tool->setToolTip(tip);
        tool->setAccessibleName(tip);
        return tool;
    };
    QToolButton* previous
        = button("findPrevious", QStringLiteral("↑"), tr("Previous (Shift+Enter)"));
    QToolButton* next = button("findNext", QStringLiteral("↓"), tr("Next (Enter)"));
    QToolButton* shut = button("findClose", QStringLiteral("×"), tr("Close (Esc)"));
    row->addWidget(m_line, 1);
    row->addWidget(previous);
    row->addWidget(next);
    row->addWidget(m_count);
    row->addStretch(1);
    row->addWidget(shut);
    connect(m_line, &QLineEdit::textEdited, this,
        [this](const QString& text) { emit find(text, true, true); });
    connect(previous, &QToolButton::clicked, this, [this] { emit find(text(), false, false); });
    connect(next, &QToolButton::clicked, this, [this] { emit find(text(), true, false); });
    connect(shut, &QToolButton::clicked, this, &FindBar::close);
    hide();
}

void FindBar::open()
{
    show();
    m_line->setFocus(Qt::ShortcutFocusReason);
    m_line->selectAll();
}

QString FindBar::text() const
{
    return m_line->text();
}

void FindBar::setFound(int place, int count)
{
    m_count->setText(text().isEmpty() ? QString()
            : count == 0              ? tr("no such token")
                                      : tr("%1 of %2").arg(place).arg(count));
}

void FindBar::close()
{
    hide();
    emit closed();
}

bool FindBar::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_line && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape) {
            close();
            return true;
        }
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            emit find(text(), !(key->modifiers() & Qt::ShiftModifier), false);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace moescope::ui
