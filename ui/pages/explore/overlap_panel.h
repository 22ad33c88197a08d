// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_panel.h"
#include "ui/pages/explore/explore_scene.h"

namespace moescope::ui {

class Session;
class StatementCard;

/// How much the prompts share at every layer, against random choices, and what that means in plain
/// words.
class OverlapPanel : public FigurePanel {
    Q_OBJECT

public:
    OverlapPanel(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);

private:
    Session& m_session;
    StatementCard* m_card;
    std::shared_ptr<const ExploreResult> m_result;
    std::optional<LayerId> m_layer;
};

} // namespace moescope::ui
