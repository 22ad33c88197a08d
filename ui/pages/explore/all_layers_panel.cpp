// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/all_layers_panel.h"

#include "core/model/open_model.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/pages/explore/grid_tools.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/segmented_control.h"

namespace moescope::ui {

AllLayersPanel::AllLayersPanel(Style& style, Session& session, QWidget* parent)
    : FigurePanel(style, new RoutingGridView(style), parent)
    , m_session(session)
    , m_grid(static_cast<RoutingGridView*>(view()))
    , m_view(new SegmentedControl(style, {tr("margin"), tr("entropy"), tr("overlap")}))
{
    setObjectName(QStringLiteral("allLayers"));
    m_grid->setObjectName(QStringLiteral("allLayersGrid"));
    m_grid->setSource(QStringLiteral("explore"));
    m_view->setName(tr("shade"));
    m_view->setObjectName(QStringLiteral("allLayersView"));
    m_view->setSegmentToolTip(0,
        tr("How far the last chosen expert was ahead of the first rejected one, in the unit of the "
           "router's logits: a small margin is a close call"));
    m_view->setSegmentToolTip(
        1, tr("How evenly the router spread its probability, in nats: dark means undecided"));
    addFooterWidget(m_view);
    connect(m_view, &SegmentedControl::currentChanged, this, [this] {
        if (m_scene)
            rebuild(*m_scene);
    });
    connect(m_grid, &RoutingGridView::cellClicked, this, &AllLayersPanel::onCellClicked);
    connect(m_grid, &RoutingGridView::rowClicked, this, [this](int row) {
        m_session.selectToken(static_cast<std::size_t>(row), m_side, isKeyGesture());
    });
    connect(m_grid, &RoutingGridView::columnClicked, this, [this](int col) {
        if (m_grid->source()->gapLabel(col).isEmpty())
            m_session.selectLayer(LayerId(static_cast<std::uint32_t>(col)), isKeyGesture());
    });
    connect(m_grid, &RoutingGridView::cellHovered, this, [this](int row, int col) {
        Hover hover;
        hover.side = m_side;
        if (row >= 0) {
            hover.token = static_cast<std::size_t>(row);
            hover.layer = LayerId(static_cast<std::uint32_t>(col));
        }
        m_session.setHover(hover);
    });
}

void AllLayersPanel::onCellClicked(int row, int col)
{
    Selection next = m_session.selection();
    const auto token = static_cast<std::size_t>(row);
    next.tokens = TokenRange{token, token};
    next.side = m_side;
    const LayerId layer(static_cast<std::uint32_t>(col));
    if (m_grid->source()->gapLabel(col).isEmpty() && next.layer != layer) {
        next.layer = layer;
        next.experts.clear();
    }
    m_session.select(next, isKeyGesture());
}

int AllLayersPanel::viewIndex() const
{
    return m_view->current();
}

void AllLayersPanel::rebuild(const ExploreScene& scene)
{
    const auto view = static_cast<LayersView>(viewIndex());
    LazyGrid grid
        = allLayersGrid(scene.routing(m_side), scene.result->model->model->config().layerCount(),
            view, m_heads ? std::nullopt : counterpart(scene.result, m_side == PromptSide::B));
    if (m_heads)
        grid.heading.title += tr(", attention").toStdString();
    replaceGrid(*m_grid, std::move(grid));
    setCaptionVisible(true);
    m_grid->setSource(QStringLiteral("explore"),
        counted(scene.side(m_side)->trace.tokenCount(), tr("token"), tr("tokens")));
}

void AllLayersPanel::showScene(const ExploreScene& scene)
{
    const bool compared = scene.comparing != Comparing::Nothing && !scene.showsHeads();
    m_view->setSegmentEnabled(2, compared,
        scene.showsHeads()
            ? tr("Only for experts")
            : tr("Needs a second prompt, or a change to the model, to compare with"));
    if (compared)
        m_view->setSegmentToolTip(
            2, tr("Share of a token's experts that the same token of the other side uses as well"));
    if (!compared && m_view->current() == 2)
        m_view->setCurrent(0);
    const bool isNew
        = scene.result != m_result || scene.focus() != m_side || scene.showsHeads() != m_heads;
    m_heads = scene.showsHeads();
    m_scene = scene;
    m_result = scene.result;
    m_side = scene.focus();
    if (isNew)
        rebuild(scene);
    const auto token = scene.tokenOn(m_side);
    const auto range = scene.rangeOn(m_side);
    m_grid->setCurrentCell(
        token ? static_cast<int>(*token) : -1, static_cast<int>(scene.layer().value));
    if (range && range->count() > 1)
        m_grid->setHighlightedRows(static_cast<int>(range->first), static_cast<int>(range->last));
    else
        m_grid->setHighlightedRows(0, -1);
}

} // namespace moescope::ui
