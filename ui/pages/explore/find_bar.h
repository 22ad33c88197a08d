// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace moescope::ui {

class Style;

/// A line to find a token in: Enter goes on, Shift+Enter back, Esc closes.
class FindBar : public QWidget {
    Q_OBJECT

public:
    explicit FindBar(Style& style, QWidget* parent = nullptr);

    void open();
    void setFound(int place, int count); ///< what the last find() led to: the place-th of count
    QString text() const;

signals:
    void find(const QString& text, bool forward, bool fromHere); ///< fromHere: the text was edited
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void close();

    QLineEdit* m_line;
    QLabel* m_count;
};

} // namespace moescope::ui
