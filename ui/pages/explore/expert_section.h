// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;
class QPushButton;

namespace moescope::ui {

class BarRows;
class ExpertSimilarity;
class FactRows;
class Session;
class Style;
class WeightsController;

/// Inspector: the selected experts of the layer. Their load against the even share, and for the one
/// in focus the tokens it reads and its weights.
class ExpertSection : public QWidget {
    Q_OBJECT

public:
    ExpertSection(
        Style& style, Session& session, WeightsController& weights, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene);

private:
    void showLoads(const ExploreScene& scene, std::size_t ordinal);
    void showTokens(const RoutingTrace& trace, std::size_t ordinal);
    void showWeights(const ExploreScene& scene);
    void showButtons(const ExploreScene& scene);

    Session& m_session;
    ExpertId m_expert;
    LayerId m_layer;
    PromptSide m_side = PromptSide::A;
    std::vector<std::size_t> m_tokenOfRow;
    QLabel* m_title;
    BarRows* m_loads;
    QLabel* m_verdict;
    QLabel* m_tokensTitle;
    BarRows* m_tokens;
    FactRows* m_weights;
    ExpertSimilarity* m_similarity;
    QPushButton* m_mask;
    QPushButton* m_force;
};

} // namespace moescope::ui
