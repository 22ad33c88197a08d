// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;

namespace moescope::ui {

class BarRows;
class Session;
class Style;

/// Inspector: a span of tokens taken together; which experts read it at the selected layer, against
/// even random routing.
class RangeSection : public QWidget {
    Q_OBJECT

public:
    RangeSection(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene, const TokenRange& range);

private:
    Style& m_style;
    Session& m_session;
    std::vector<ExpertId> m_expertOfRow;
    QLabel* m_title;
    QLabel* m_text;
    QLabel* m_barsTitle;
    BarRows* m_bars;
    QLabel* m_null;
};

} // namespace moescope::ui
