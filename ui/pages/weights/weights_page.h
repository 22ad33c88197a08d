// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/experiments/moe_type.h"
#include "ui/shell/page.h"

class QBoxLayout;
class QLabel;
class QStackedWidget;

namespace moescope::ui {

class DeckLayout;
class FigurePanel;
class HeatMapView;
class InlineMessage;
class Panel;
class PillStrip;
class ProgressPlaceholder;
class SegmentedControl;
class VerdictCardView;
class WeightNotes;

/// What are the experts made of? Verdicts with their evidence, decay of singular values against
/// noise, similarity of the experts, rank by layer. Layers appear as they are finished.
class WeightsPage : public Page {
    Q_OBJECT

public:
    explicit WeightsPage(const UiContext& context, QWidget* parent = nullptr);

    QString id() const override { return QStringLiteral("weights"); }
    QString title() const override { return tr("Weights"); }
    QString iconName() const override { return QStringLiteral("weights"); }
    void activate() override;
    bool isBusy() const override;
    std::optional<Report> report() const override;

protected:
    void showEvent(QShowEvent* event) override;

private:
    void build();
    void restyle();
    void fitControls();
    Panel* makeVerdicts();
    Panel* makeControls();
    QWidget* makeCharts();

    void showState(); ///< the controller or the model changed
    void showLayers();
    void showFigures(); ///< of the selected layer, projection and expert
    void showProgress();
    void chooseLayer(int index);
    void chooseExpert(int index);

    const LayerWeights*
    shownLayer() const; ///< the selected layer, or the last finished one; null before
    Projection projection() const;
    bool differences() const;
    double share() const;
    ExpertId expert() const; ///< the selected one, or the first where it is not there
    MoeTypeView view() const; ///< what the charts show
    QString reasonForNothing() const; ///< why the open model has no page; empty when it has one

    UiContext m_context;
    DeckLayout* m_verdictDeck = nullptr;
    DeckLayout* m_controlDeck = nullptr;
    DeckLayout* m_chartDeck = nullptr;
    QBoxLayout* m_column = nullptr; ///< of the result
    QBoxLayout* m_layerRow = nullptr;
    QBoxLayout* m_choiceRow = nullptr;
    InlineMessage* m_message = nullptr;
    QStackedWidget* m_stack = nullptr;
    QLabel* m_empty = nullptr;
    ProgressPlaceholder* m_progress = nullptr;
    VerdictCardView* m_origin = nullptr;
    VerdictCardView* m_compressible = nullptr;
    PillStrip* m_layers = nullptr;
    PillStrip* m_experts = nullptr;
    SegmentedControl* m_projection = nullptr;
    SegmentedControl* m_kind = nullptr;
    SegmentedControl* m_share = nullptr;
    SegmentedControl* m_measure = nullptr;
    SegmentedControl* m_order = nullptr;
    SegmentedControl* m_range = nullptr;
    FigurePanel* m_decay = nullptr;
    FigurePanel* m_similarity = nullptr;
    FigurePanel* m_byLayer = nullptr;
    HeatMapView* m_map = nullptr;
    WeightNotes* m_notes = nullptr;
};

} // namespace moescope::ui
