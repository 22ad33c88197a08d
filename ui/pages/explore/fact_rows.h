// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QVBoxLayout;
class QLabel;

namespace moescope::ui {

class Style;

/// Names on the left, numbers on the right; a null in its colour under the number it belongs to.
class FactRows : public QWidget {
    Q_OBJECT

public:
    explicit FactRows(Style& style, QWidget* parent = nullptr);

    struct Fact {
        QString name;
        QString value;
        QString help; ///< what it means, on hover
        bool isNull = false;
    };
    void setFacts(const QList<Fact>& facts);

private:
    Style& m_style;
    QVBoxLayout* m_column;
    struct Row {
        QWidget* box;
        QLabel* name;
        QLabel* value;
    };
    QList<Row> m_rows;
};

} // namespace moescope::ui
