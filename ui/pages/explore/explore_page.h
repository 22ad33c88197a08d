// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QPointer>

#include "ui/pages/explore/explore_scene.h"
#include "ui/shell/page.h"

class QLabel;
class QPushButton;
class QStackedWidget;

namespace moescope::ui {

class AllLayersPanel;
class ComparisonPanel;
class ExploreInspector;
class FigurePanel;
class GenerateBar;
class Generation;
class InterventionBar;
class LayerBar;
class LayerPanel;
class OverlapPanel;
class Panel;
class ProgressPlaceholder;
class TokenPanel;

/// Where does every token go? The prompt as tokens, all layers, one layer, two prompts side by
/// side, changes to the model and the continuation of the prompt.
class ExplorePage : public Page {
    Q_OBJECT

public:
    explicit ExplorePage(const UiContext& context, QWidget* parent = nullptr);
    ~ExplorePage() override;

    QString id() const override { return QStringLiteral("explore"); }
    QString title() const override { return tr("Explore"); }
    QString iconName() const override { return QStringLiteral("explore"); }
    QWidget* inspector() override;
    bool isBusy() const override;
    std::optional<Report> report() const override;

protected:
    void showEvent(QShowEvent* event) override;

private:
    void build();
    QWidget* makeResult();
    QWidget* makeMiddle();
    Panel* makeBottom();
    void makeActions();
    void connectSession();

    void refresh(); ///< result, selection or changes are others
    void showState();
    void showScene(const ExploreScene& scene);
    void showDense(const ExploreScene& scene);
    void fillDense(const ExploreScene& scene);
    void showMiddle(int index);
    void chooseHeads(bool heads);
    void showBars();
    void onFailed(const QString& message);
    QString reasonForNothing() const;

    UiContext m_context;
    Generation* m_generation;
    QPointer<ExploreInspector> m_inspector; ///< the window may take it down before the page
    QStackedWidget* m_stack = nullptr;
    QLabel* m_empty = nullptr;
    QPushButton* m_openSample = nullptr;
    ProgressPlaceholder* m_progress = nullptr;
    TokenPanel* m_tokens = nullptr;
    QStackedWidget* m_middle = nullptr;
    AllLayersPanel* m_allLayers = nullptr;
    LayerPanel* m_layer = nullptr;
    ComparisonPanel* m_comparison = nullptr;
    OverlapPanel* m_overlap = nullptr;
    LayerPanel* m_untouched = nullptr;
    LayerPanel* m_changed = nullptr;
    Panel* m_dense = nullptr;
    QLabel* m_denseText = nullptr;
    FigurePanel* m_denseTable = nullptr;
    LayerBar* m_layerBar = nullptr;
    InterventionBar* m_interventionBar = nullptr;
    GenerateBar* m_generateBar = nullptr;
    QPushButton* m_openInterventions = nullptr;
    QPushButton* m_openGenerate = nullptr;
    QString m_failure; ///< why there is no result
    std::shared_ptr<const ExploreResult> m_denseResult;
    bool m_wantsHeads = false; ///< of JetMoE's two routers the attention's is looked at
    std::shared_ptr<const ExploreResult> m_headsResult; ///< what the two below were made from
    SidePointer m_headsA;
    SidePointer m_headsB;
    bool m_stale = true;
};

} // namespace moescope::ui
