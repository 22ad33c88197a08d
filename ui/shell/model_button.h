// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

class QMenu;

namespace moescope::ui {

class Style;

/// What is open, at the left of the top bar: a name, its family and an arrow for the menu.
class ModelButton : public QAbstractButton {
    Q_OBJECT

public:
    explicit ModelButton(Style& style, QWidget* parent = nullptr);

    void setModel(const QString& name, const QString& family);
    void setMenu(QMenu* menu) { m_menu = menu; }
    void openMenu();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    Style& m_style;
    QString m_family;
    QMenu* m_menu = nullptr;
};

} // namespace moescope::ui
