// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QHBoxLayout;
class QToolButton;

namespace moescope::ui {

class ModelButton;
class PromptBar;
class Style;

/// The line at the top: model, prompt, more.
class TopBar : public QWidget {
    Q_OBJECT

public:
    /// Takes the two widgets as its children.
    TopBar(Style& style, ModelButton* model, PromptBar* prompt, QWidget* parent = nullptr);

    QToolButton* moreButton() const { return m_more; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void restyle();

    Style& m_style;
    QHBoxLayout* m_layout;
    QToolButton* m_more;
};

} // namespace moescope::ui
