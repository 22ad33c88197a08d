// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPlainTextEdit>
#include <QWidget>

class QHBoxLayout;
class QLabel;

namespace moescope::ui {

class Style;

/// A text field that is as high as its text, up to a few lines. Enter submits, Shift+Enter makes a
/// line.
class PromptEdit : public QPlainTextEdit {
    Q_OBJECT

public:
    explicit PromptEdit(Style& style, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void submitted();
    void olderWanted(); ///< Up on the first line
    void newerWanted(); ///< Down on the last line

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;

private:
    void restyle();
    void updateFont(); ///< shaped where the text needs it
    int heightFor(int lines) const;

    Style& m_style;
};

/// A framed prompt: a letter when prompts are compared, the text, small controls at the right end.
class PromptField : public QWidget {
    Q_OBJECT

public:
    explicit PromptField(Style& style, QWidget* parent = nullptr);

    PromptEdit* edit() const { return m_edit; }
    QString text() const { return m_edit->toPlainText(); }
    void setText(const QString& text);
    /// "A" or "B" and whether the frame and the letter have the colour of that side; empty = no
    /// letter.
    void setLetter(const QString& letter);
    void addControl(QWidget* control);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void restyle();
    QColor sideColour() const;

    Style& m_style;
    QHBoxLayout* m_layout;
    QLabel* m_letter;
    PromptEdit* m_edit;
};

} // namespace moescope::ui
