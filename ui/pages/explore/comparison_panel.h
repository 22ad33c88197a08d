// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_panel.h"
#include "ui/pages/explore/explore_scene.h"

namespace moescope::ui {

class ExpertGridView;
class SegmentedControl;
class Session;

/// Two prompts at one layer, aligned tokens on one row: experts of A, of B, of both.
class ComparisonPanel : public FigurePanel {
    Q_OBJECT

public:
    ComparisonPanel(Style& style, Session& session, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);

private:
    void rebuild(const ExploreScene& scene);
    int rowOf(const ExploreScene& scene) const;
    void selectRow(int row, std::optional<int> col);

    Session& m_session;
    ExpertGridView* m_grid;
    SegmentedControl* m_order;
    std::shared_ptr<const ExploreResult> m_result;
    std::optional<LayerId> m_layer;
    std::vector<std::size_t> m_tokensA; ///< per row of the grid
    std::vector<std::size_t> m_tokensB;
};

} // namespace moescope::ui
