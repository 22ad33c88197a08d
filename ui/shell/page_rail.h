// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QAbstractButton;
class QButtonGroup;
class QVBoxLayout;

namespace moescope::ui {

class Style;

/// The pages at the left edge, one button each. Arrow keys move, one tab stop.
class PageRail : public QWidget {
    Q_OBJECT

public:
    explicit PageRail(Style& style, QWidget* parent = nullptr);

    void addPage(
        const QString& id, const QString& title, const QString& iconName, const QString& key);
    /// Marks the page; an unknown id marks none.
    void setCurrent(const QString& id);
    /// Pages that make no sense for the open model are not shown.
    void setPageVisible(const QString& id, bool visible);

signals:
    void chosen(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QAbstractButton* find(const QString& id) const;

    Style& m_style;
    QVBoxLayout* m_layout;
    QButtonGroup* m_buttons;
};

} // namespace moescope::ui
