// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/figures/figure_panel.h"
#include "ui/pages/explore/explore_scene.h"

namespace moescope::ui {

class ExpertGridView;
class SegmentedControl;
class Session;

/// Tokens by experts at the selected layer: who reads what, and how busy every expert is.
class LayerPanel : public FigurePanel {
    Q_OBJECT

public:
    LayerPanel(Style& style, Session& session, QWidget* parent = nullptr);

    /// Always shows this side, under this name ("untouched"); without, the side in focus.
    void setFixedSide(PromptSide side, const QString& name);
    enum class Controls : std::uint8_t { View, Order };
    void keepOnly(Controls controls); ///< the panel beside has the others
    /// How the grid is looked at; panels side by side share it.
    int viewIndex() const;
    int orderIndex() const;
    void setLook(int viewIndex, int orderIndex);

    void showScene(const ExploreScene& scene);

signals:
    void lookChanged();
    void headsWanted(bool heads); ///< the router of attention heads was chosen, or left

private:
    void connectGrid();
    void rebuild();
    void arrange();
    /// Of the routing that is shown: the experts', or that of attention heads.
    SidePointer shownSide() const;
    void orderChanged();
    bool showsHeads() const;
    void showSelection();
    bool isExpert(int col) const; ///< not a shared one
    void onCellClicked(int row, int col);
    void onColumnClicked(int col, Qt::KeyboardModifiers modifiers);
    void openMenu(int col, const QPoint& position);
    PromptSide sideOf(const ExploreScene& scene) const;

    Session& m_session;
    ExpertGridView* m_grid;
    SegmentedControl* m_view;
    QWidget* m_orderPair; ///< the control with its name
    SegmentedControl* m_order;
    SegmentedControl* m_router; ///< only in families with two
    std::optional<PromptSide> m_fixed;
    QString m_fixedName;
    std::optional<ExploreScene> m_scene;
    std::shared_ptr<const ExploreResult> m_result;
    std::optional<LayerId> m_layer;
    bool m_heads = false;
    PromptSide m_side = PromptSide::A;
};

} // namespace moescope::ui
