// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/explore/explore_scene.h"

class QLabel;

namespace moescope::ui {

class BarRows;
class ElidedLabel;
class LayerWeightsView;
class LensSection;
struct UiContext;

/// Inspector: one token. Its type, its experts layer by layer, what the model expects next.
class TokenSection : public QWidget {
    Q_OBJECT

public:
    explicit TokenSection(const UiContext& context, QWidget* parent = nullptr);

    void showScene(const ExploreScene& scene, std::size_t token);
    void clear();
    bool isBusy() const;

private:
    void showPredictions(const ExploreScene& scene, std::size_t token);
    QWidget* makeExperts();
    void setFonts();

    const UiContext& m_context;
    QLabel* m_title;
    ElidedLabel* m_name;
    QLabel* m_position;
    QLabel* m_type;
    QWidget* m_experts;
    QLabel* m_expertsTitle;
    LayerWeightsView* m_layers;
    QLabel* m_rounding;
    QLabel* m_nextTitle;
    BarRows* m_next;
    QLabel* m_otherTitle;
    BarRows* m_other;
    LensSection* m_lens;
};

} // namespace moescope::ui
