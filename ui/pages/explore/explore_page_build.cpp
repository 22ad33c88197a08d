// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
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

/// Two panels side by side with a bar between them that can be dragged, or one above the other
/// where the width does not do for both.
class PanelPair : public QSplitter {
public:
    PanelPair(const Style& style, const QString& name, double leastWidth)
        : QSplitter(Qt::Horizontal)
        , m_style(style)
        , m_leastWidth(leastWidth)
    {
        setObjectName(name);
        setChildrenCollapsible(false);
        setHandleWidth(style.pxInt(12));
    }

    void setPanels(FigurePanel* left, FigurePanel* right, int leftShare)
    {
        m_sizes = {leftShare * 100, (100 - leftShare) * 100};
        for (FigurePanel* panel : {left, right}) {
            addWidget(panel);
            panel->keepReadable();
        }
        setStretchFactor(0, leftShare);
        setStretchFactor(1, 100 - leftShare);
        setSizes(m_sizes);
    }

protected:
    void resizeEvent(QResizeEvent* event) override
    {
        const auto wanted = width() < m_style.px(m_leastWidth) ? Qt::Vertical : Qt::Horizontal;
        if (wanted != orientation()) {
            setOrientation(wanted);
            setSizes(m_sizes);
        }
        QSplitter::resizeEvent(event);
    }

private:
    const Style& m_style;
    double m_leastWidth; ///< at 100 %
    QList<int> m_sizes;
};

/// As high as the picture on show needs; what more there is it takes.
class Middle : public QStackedWidget {
public:
    QSize sizeHint() const override { return minimumSizeHint(); }
    bool hasHeightForWidth() const override { return false; }
};

constexpr double kLeastPair = 740;
constexpr double kLeastTwins = 840; ///< two grids of experts

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
    // The pictures scroll where the window is small; the controls stay in reach.
    auto* pictures = new QWidget;
    auto* rows = new QVBoxLayout(pictures);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(gap);
    rows->addWidget(m_tokens);
    rows->addWidget(makeMiddle(), 1);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("exploreScroll"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(pictures);
    scroll->viewport()->setAutoFillBackground(false);
    pictures->setAutoFillBackground(false);
    column->addWidget(scroll, 1);
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

    m_middle = new Middle;
    m_middle->setObjectName(QStringLiteral("exploreMiddle"));
    const auto add = [&](const char* name, double leastWidth, FigurePanel* left, FigurePanel* right,
                         int leftShare) {
        auto* pair = new PanelPair(style, QLatin1String(name), leastWidth);
        pair->setPanels(left, right, leftShare);
        m_middle->addWidget(pair);
    };
    add("singleSplit", kLeastPair, m_allLayers, m_layer, 35);
    add("promptsSplit", kLeastPair, m_comparison, m_overlap, 66);
    add("changesSplit", kLeastTwins, m_untouched, m_changed, 50);
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
