// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_panel.h"
#include "ui/pages/explore/explore_scene.h"

namespace moescope::ui {

class RoutingGridView;
class SegmentedControl;
class Session;

/// Tokens by layers: the top expert of every cell, shaded by how clear the choice was.
class AllLayersPanel : public FigurePanel {
    Q_OBJECT

public:
    AllLayersPanel(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);
    int viewIndex() const; ///< what the shade stands for, a LayersView

private:
    void rebuild(const ExploreScene& scene);
    void onCellClicked(int row, int col);

    Session& m_session;
    RoutingGridView* m_grid;
    SegmentedControl* m_view;
    std::optional<ExploreScene> m_scene;
    std::shared_ptr<const ExploreResult> m_result;
    PromptSide m_side = PromptSide::A;
    bool m_heads = false;
};

} // namespace moescope::ui
