// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

#include "core/experiments/comparison_words.h"

class QLabel;

namespace moescope::ui {

class Style;

/// A few plain sentences on a quiet ground; what random routing gives as well is muted.
class StatementCard : public QWidget {
    Q_OBJECT

public:
    explicit StatementCard(Style& style, QWidget* parent = nullptr);

    void setStatements(const std::vector<Statement>& statements);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void restyle();

    Style& m_style;
    std::vector<QLabel*> m_labels;
    std::vector<Statement> m_statements;
};

} // namespace moescope::ui
