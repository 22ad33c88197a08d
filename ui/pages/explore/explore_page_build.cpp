// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_view.h"
#include "ui/pages/explore/all_layers_panel.h"
#include "ui/pages/explore/comparison_panel.h"
#include "ui/pages/explore/explore_page.h"
#include "ui/pages/explore/flow_layout.h"
#include "ui/pages/explore/generate_bar.h"
#include "ui/pages/explore/generation.h"
#include "ui/pages/explore/intervention_bar.h"
#include "ui/pages/explore/layer_bar.h"
#include "ui/pages/explore/layer_panel.h"
#include "ui/pages/explore/overlap_panel.h"
#include "ui/pages/explore/token_panel.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/style/progress_placeholder.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

/// Two panels that share the width; the bar between them can be dragged.
QSplitter* sideBySide(
    const Style& style, const QString& name, QWidget* left, QWidget* right, int leftShare)
{
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(name);
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(style.pxInt(12));
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, leftShare);
    splitter->setStretchFactor(1, 100 - leftShare);
    splitter->setSizes({leftShare * 100, (100 - leftShare) * 100});
    return splitter;
}

} // namespace

void ExplorePage::build()
{
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    m_stack = new QStackedWidget;
    outer->addWidget(m_stack);
    m_empty = new QLabel;
    m_empty->setObjectName(QStringLiteral("exploreEmpty"));
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_openSample = new QPushButton(tr("Open the native sample"));
    m_openSample->setObjectName(QStringLiteral("openSample"));
    m_openSample->setToolTip(tr("A small mixture model that comes with the program"));
    connect(m_openSample, &QPushButton::clicked, this,
        [this] { m_context.models.open(QStringLiteral("native")); });
    auto* empty = new QWidget;
    auto* words = new QVBoxLayout(empty);
    words->setSpacing(m_context.style.pxInt(12));
    words->addStretch(1);
    words->addWidget(m_empty);
    words->addWidget(m_openSample, 0, Qt::AlignHCenter);
    words->addStretch(1);
    m_stack->addWidget(empty);
    m_progress = new ProgressPlaceholder(m_context.style);
    m_progress->setObjectName(QStringLiteral("exploreProgress"));
    connect(
        m_progress, &ProgressPlaceholder::cancelled, this, [this] { m_context.explore.cancel(); });
    m_stack->addWidget(m_progress);
    m_stack->addWidget(makeResult());
}

QWidget* ExplorePage::makeResult()
{
    Style& style = m_context.style;
    auto* result = new QWidget;
    auto* column = new QVBoxLayout(result);
    const int gap = style.pxInt(12);
    column->setContentsMargins(gap, gap, gap, gap);
    column->setSpacing(gap);
    m_tokens = new TokenPanel(style, m_context.session);
    m_tokens->setObjectName(QStringLiteral("tokenPanel"));
    column->addWidget(m_tokens);
    column->addWidget(makeMiddle(), 1);
    column->addWidget(makeBottom());
    return result;
}

QWidget* ExplorePage::makeMiddle()
{
    Style& style = m_context.style;
    Session& session = m_context.session;
    m_allLayers = new AllLayersPanel(style, session);
    m_layer = new LayerPanel(style, session);
    m_comparison = new ComparisonPanel(style, session);
    m_overlap = new OverlapPanel(style, session);
    m_untouched = new LayerPanel(style, session);
    m_untouched->setObjectName(QStringLiteral("untouchedPanel"));
    m_untouched->setFixedSide(PromptSide::A, tr("untouched"));
    m_untouched->keepOnly(LayerPanel::Controls::View);
    m_changed = new LayerPanel(style, session);
    m_changed->setObjectName(QStringLiteral("changedPanel"));
    m_changed->setFixedSide(PromptSide::B, tr("changed"));
    m_changed->keepOnly(LayerPanel::Controls::Order);
    const QList<LayerPanel*> layers{m_layer, m_untouched, m_changed};
    for (LayerPanel* panel : layers) {
        connect(panel, &LayerPanel::headsWanted, this, &ExplorePage::chooseHeads);
        connect(panel, &LayerPanel::lookChanged, this, [layers, panel] {
            for (LayerPanel* other : layers)
                other->setLook(panel->viewIndex(), panel->orderIndex());
        });
    }
    auto* tokens = new FigureTableView(style);
    connect(tokens, &FigureTableView::currentRowChanged, this, [this](int row) {
        m_context.session.selectToken(static_cast<std::size_t>(row), PromptSide::A);
    });
    m_denseTable = new FigurePanel(style, tokens);
    m_denseTable->setObjectName(QStringLiteral("denseTokens"));
    m_denseText = new QLabel;
    m_denseText->setObjectName(QStringLiteral("denseText"));
    m_denseText->setWordWrap(true);
    auto* dense = new QWidget;
    auto* column = new QVBoxLayout(dense);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(12));
    m_dense = new Panel(style);
    m_dense->setBody(m_denseText);
    m_dense->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    column->addWidget(m_dense);
    column->addWidget(m_denseTable, 1);

    m_middle = new QStackedWidget;
    m_middle->setObjectName(QStringLiteral("exploreMiddle"));
    m_middle->addWidget(sideBySide(style, QStringLiteral("singleSplit"), m_allLayers, m_layer, 35));
    m_middle->addWidget(
        sideBySide(style, QStringLiteral("promptsSplit"), m_comparison, m_overlap, 66));
    m_middle->addWidget(
        sideBySide(style, QStringLiteral("changesSplit"), m_untouched, m_changed, 50));
    m_middle->addWidget(dense);
    return m_middle;
}

Panel* ExplorePage::makeBottom()
{
    Style& style = m_context.style;
    m_layerBar = new LayerBar(style, m_context.session);
    m_layerBar->setObjectName(QStringLiteral("layerBar"));
    m_interventionBar = new InterventionBar(style, m_context.session);
    m_generateBar = new GenerateBar(style, *m_generation);
    const auto toggle = [this](const char* name, const QString& text, const QString& tip) {
        auto* button = new QPushButton(text);
        button->setObjectName(QLatin1String(name));
        button->setCheckable(true);
        button->setToolTip(tip);
        connect(button, &QPushButton::toggled, this, &ExplorePage::showBars);
        return button;
    };
    m_openInterventions = toggle("openInterventions", tr("Change the model…"),
        tr("Choose more or fewer experts per token, mask or force experts, and see what changes "
           "(Ctrl+E)"));
    m_openGenerate = toggle("openGenerate", tr("Continue the prompt…"),
        tr("Let the model write on, token by token, and watch the routing grow (Ctrl+G)"));
    auto* body = new QWidget;
    auto* rows = new QVBoxLayout(body);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(style.pxInt(8));
    auto* row = new QHBoxLayout;
    row->setSpacing(style.pxInt(8));
    row->addWidget(m_layerBar, 1);
    row->addStretch(0);
    auto* openers = new QWidget; // one above the other where the window is narrow
    auto* flow = new FlowLayout(style.pxInt(8), openers);
    flow->addWidget(m_openInterventions);
    flow->addWidget(m_openGenerate);
    row->addWidget(openers, 0, Qt::AlignVCenter);
    rows->addLayout(row);
    rows->addWidget(m_interventionBar);
    rows->addWidget(m_generateBar);
    auto* panel = new Panel(style);
    panel->setObjectName(QStringLiteral("exploreControls"));
    panel->setAccessibleName(tr("Layer, changes, continuation"));
    panel->setBody(body);
    panel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    return panel;
}

void ExplorePage::makeActions()
{
    const auto add
        = [this](const char* name, const QString& text, const QKeySequence& keys, auto run) {
              auto* action = new QAction(text, this);
              action->setObjectName(QLatin1String(name));
              action->setShortcut(keys);
              connect(action, &QAction::triggered, this, run);
              addAction(action);
          };
    add("findToken", tr("Find a token"), QKeySequence::Find, [this] { m_tokens->openFind(); });
    add("toggleInterventions", tr("Change the model"), QKeySequence(Qt::CTRL | Qt::Key_E),
        [this] { m_openInterventions->toggle(); });
    add("toggleGenerate", tr("Continue the prompt"), QKeySequence(Qt::CTRL | Qt::Key_G),
        [this] { m_openGenerate->toggle(); });
}

} // namespace moescope::ui
