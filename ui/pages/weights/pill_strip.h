// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QScrollArea>
#include <QString>

class QAbstractButton;

namespace moescope::ui {

class Style;

/// A row of numbered pills of which one is chosen: layers with their state, experts. Scrolls when
/// there are more than fit. Arrow keys move, one tab stop.
class PillStrip : public QScrollArea {
    Q_OBJECT

public:
    struct Pill {
        QString label;
        QString mark; ///< state behind the label: "✓"; empty without
        QString toolTip;
        bool enabled = true;
    };

    /// `name` is what assistive software says before the choice: "layer".
    PillStrip(Style& style, const QString& name, QWidget* parent = nullptr);

    /// Keeps the choice when there is still a pill at its place.
    void setPills(const std::vector<Pill>& pills);
    std::size_t count() const { return m_buttons.size(); }
    int current() const { return m_current; } ///< -1 = none
    void setCurrent(int index); ///< silent

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int tightWidth() const; ///< of all pills, as close together as they come

signals:
    void chosen(int index);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    void restyle();
    int pillsWidth(int padding) const; ///< of the whole row
    void step(int by);
    void show(int index);

    Style& m_style;
    QString m_name;
    QWidget* m_row;
    std::vector<QAbstractButton*> m_buttons;
    int m_current = -1;
};

} // namespace moescope::ui
