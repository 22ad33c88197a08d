// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace moescope::ui {

class Style;

/// A strip inside a page that says what went wrong and what to do; hidden while there is nothing to
/// say.
class InlineMessage : public QWidget {
    Q_OBJECT

public:
    enum class Kind { Note, Warning, Error };

    explicit InlineMessage(Style& style, QWidget* parent = nullptr);

    /// `action` is the label of an optional button, such as "Open another file".
    void showMessage(Kind kind, const QString& words, const QString& action = {});
    void clear();
    QString text() const;
    Kind kind() const { return m_kind; }

signals:
    void actionTriggered();
    void dismissed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void restyle();

    Style& m_style;
    Kind m_kind = Kind::Note;
    QLabel* m_label;
    QPushButton* m_action;
    QPushButton* m_close;
};

} // namespace moescope::ui
