// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

class QAbstractButton;
class QButtonGroup;

namespace moescope::ui {

class Style;

/// A row of small pills of which one is chosen: [chosen][probabilities][logits]. Arrow keys move,
/// one tab stop.
class SegmentedControl : public QWidget {
    Q_OBJECT

public:
    SegmentedControl(Style& style, const QStringList& labels, QWidget* parent = nullptr);

    /// `name` is what assistive software says before the choice: "order".
    void setName(const QString& name);
    void setLabels(const QStringList& labels);
    int count() const;
    int current() const; ///< -1 when there are no segments
    QString currentLabel() const;
    void setCurrent(int index); ///< silent when it is already current
    void setSegmentEnabled(int index, bool enabled, const QString& reason = {});
    void setSegmentToolTip(int index, const QString& text);

signals:
    void currentChanged(int index);

private:
    void restyle();

    Style& m_style;
    QButtonGroup* m_group;
    QString m_name;
};

} // namespace moescope::ui
