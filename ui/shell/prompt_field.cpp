// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/prompt_field.h"

#include <algorithm>

#include <QAbstractTextDocumentLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QPainter>
#include <QScrollBar>
#include <QTextBlock>

#include "ui/shell/icons.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {
constexpr int kMostLines = 6; ///< while it is edited
constexpr int kLinesAtRest = 2; ///< the page needs the room
} // namespace

PromptEdit::PromptEdit(Style& style, QWidget* parent)
    : QPlainTextEdit(parent)
    , m_style(style)
{
    setTabChangesFocus(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setLineWrapMode(QPlainTextEdit::WidgetWidth);
    // The frame is the field's, not the edit's.
    setStyleSheet(
        QStringLiteral("QPlainTextEdit { background: transparent; border: 0; padding: 0; }"));
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
        &QWidget::updateGeometry);
    connect(this, &QPlainTextEdit::textChanged, this, &PromptEdit::updateFont);
    connect(&style, &Style::changed, this, &PromptEdit::restyle);
    restyle();
}

void PromptEdit::restyle()
{
    updateFont();
    document()->setDocumentMargin(m_style.pxInt(2));
    updateGeometry();
}

void PromptEdit::updateFont()
{
    const QFont wanted = fontFor(m_style.mono(1), toPlainText());
    if (wanted != font())
        setFont(wanted);
}

int PromptEdit::heightFor(int lines) const
{
    return lines * fontMetrics().lineSpacing() + 2 * static_cast<int>(document()->documentMargin())
        + 2;
}

QSize PromptEdit::sizeHint() const
{
    const int lines = static_cast<int>(document()->documentLayout()->documentSize().height());
    return {m_style.pxInt(240),
        heightFor(std::clamp(lines, 1, hasFocus() ? kMostLines : kLinesAtRest))};
}

void PromptEdit::focusInEvent(QFocusEvent* event)
{
    QPlainTextEdit::focusInEvent(event);
    updateGeometry();
}

void PromptEdit::focusOutEvent(QFocusEvent* event)
{
    QPlainTextEdit::focusOutEvent(event);
    updateGeometry();
    ensureCursorVisible();
}

QSize PromptEdit::minimumSizeHint() const
{
    return {m_style.pxInt(80), sizeHint().height()};
}

void PromptEdit::resizeEvent(QResizeEvent* event)
{
    QPlainTextEdit::resizeEvent(event);
    updateGeometry(); // another width wraps into another number of lines
}

bool PromptEdit::canInsertFromMimeData(const QMimeData* source) const
{
    return !source->hasUrls() && QPlainTextEdit::canInsertFromMimeData(source);
}

/// Where no typing is left to undo, the window's undo acts.
bool PromptEdit::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if ((key->matches(QKeySequence::Undo) && !document()->isUndoAvailable())
            || (key->matches(QKeySequence::Redo) && !document()->isRedoAvailable())) {
            event->ignore();
            return true;
        }
    }
    return QPlainTextEdit::event(event);
}

void PromptEdit::keyPressEvent(QKeyEvent* event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && !(event->modifiers() & Qt::ShiftModifier)) {
        emit submitted();
        return;
    }
    if (event->key() == Qt::Key_Escape) {
        event->ignore();
        return;
    }
    const bool plain = !(event->modifiers() & ~Qt::KeypadModifier);
    const QTextCursor cursor = textCursor();
    const int line = cursor.block().layout()
        ? cursor.block().layout()->lineForTextPosition(cursor.positionInBlock()).lineNumber()
        : 0;
    if (plain && event->key() == Qt::Key_Up && cursor.blockNumber() == 0 && line <= 0) {
        emit olderWanted();
        return;
    }
    if (plain && event->key() == Qt::Key_Down && cursor.blockNumber() == blockCount() - 1
        && line + 1 >= cursor.block().layout()->lineCount()) {
        emit newerWanted();
        return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

PromptField::PromptField(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_layout(new QHBoxLayout(this))
    , m_letter(new QLabel(this))
    , m_edit(new PromptEdit(style, this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_layout->addWidget(m_letter, 0, Qt::AlignVCenter);
    m_layout->addWidget(m_edit, 1, Qt::AlignVCenter);
    m_letter->hide();
    m_edit->installEventFilter(this);
    setFocusProxy(m_edit);
    connect(&style, &Style::changed, this, &PromptField::restyle);
    restyle();
}

void PromptField::restyle()
{
    m_layout->setContentsMargins(
        m_style.pxInt(10), m_style.pxInt(3), m_style.pxInt(4), m_style.pxInt(3));
    m_layout->setSpacing(m_style.pxInt(2));
    setMinimumHeight(m_style.pxInt(kControlHeight));
    m_letter->setFont(m_style.mono(1, QFont::Bold));
    QPalette palette = m_letter->palette();
    palette.setColor(QPalette::WindowText, sideColour());
    m_letter->setPalette(palette);
    m_letter->setStyleSheet(QStringLiteral("QLabel { color: %1; padding-right: %2px; }")
                                .arg(sideColour().name())
                                .arg(m_style.pxInt(6)));
    update();
}

QColor PromptField::sideColour() const
{
    const Theme& theme = m_style.theme();
    if (m_letter->text() == QLatin1String("B"))
        return theme.letterB;
    return m_letter->text() == QLatin1String("A") ? theme.letterA : theme.accent;
}

void PromptField::setText(const QString& text)
{
    if (text == this->text())
        return;
    m_edit->setPlainText(text);
    // Who types goes on at the end; who only looks reads from the start.
    m_edit->moveCursor(m_edit->hasFocus() ? QTextCursor::End : QTextCursor::Start);
}

void PromptField::setLetter(const QString& letter)
{
    m_letter->setText(letter);
    m_letter->setVisible(!letter.isEmpty());
    restyle();
}

void PromptField::addControl(QWidget* control)
{
    m_layout->addWidget(control, 0, Qt::AlignVCenter);
}

bool PromptField::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut)
        update();
    return QWidget::eventFilter(watched, event);
}

void PromptField::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_style.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool coloured = m_edit->hasFocus() || !m_letter->text().isEmpty();
    const double width = m_style.px(m_edit->hasFocus() ? 1.5 : 1);
    painter.setPen(QPen(coloured ? sideColour() : theme.control, width));
    painter.setBrush(theme.field);
    const double inset = width / 2;
    painter.drawRoundedRect(
        QRectF(rect()).adjusted(inset, inset, -inset, -inset), m_style.px(5), m_style.px(5));
}

} // namespace moescope::ui
