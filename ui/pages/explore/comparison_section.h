// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;

namespace moescope::ui {

class FactRows;
class Style;

/// Inspector: how two prompts share the experts of the selected layer, every number with its null.
class ComparisonSection : public QWidget {
    Q_OBJECT

public:
    explicit ComparisonSection(Style& style, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);

private:
    QLabel* m_title;
    FactRows* m_facts;
    QLabel* m_words;
};

} // namespace moescope::ui
