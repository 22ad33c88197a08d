// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/layer_panel.h"

#include <algorithm>

#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>

#include "core/experiments/expert_loads.h"
#include "ui/pages/explore/expert_grid_view.h"
#include "ui/pages/explore/expert_menu.h"
#include "ui/pages/explore/flow_layout.h"
#include "ui/pages/explore/grid_tools.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/segmented_control.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

enum Order { ById, ByLoad, Clustered };

ExpertId expertOf(int col)
{
    return ExpertId(static_cast<std::uint32_t>(col));
}

} // namespace

LayerPanel::LayerPanel(Style& style, Session& session, QWidget* parent)
    : FigurePanel(style, new ExpertGridView(style), parent)
    , m_session(session)
    , m_grid(static_cast<ExpertGridView*>(view()))
    , m_view(new SegmentedControl(style, {tr("chosen"), tr("probabilities"), tr("logits")}))
    , m_orderPair(new QWidget)
    , m_order(new SegmentedControl(style, {tr("id"), tr("load"), tr("clustered")}))
    , m_router(new SegmentedControl(style, {tr("experts"), tr("attention heads")}))
{
    setObjectName(QStringLiteral("layerPanel"));
    m_grid->setObjectName(QStringLiteral("layerGrid"));
    m_view->setName(tr("cells show"));
    m_view->setObjectName(QStringLiteral("layerView"));
    m_view->setSegmentToolTip(
        0, tr("The chosen experts with their weight; the number is the rank of the choice"));
    m_view->setSegmentToolTip(1,
        tr("Softmax of the router's logits over all experts, chosen or not, whatever the router's "
           "own score is"));
    m_view->setSegmentToolTip(2, tr("What the router computed, before softmax"));
    m_order->setName(tr("order of experts"));
    m_order->setObjectName(QStringLiteral("layerOrder"));
    m_order->setSegmentToolTip(0, tr("Experts by their number"));
    m_order->setSegmentToolTip(1, tr("Busiest expert first"));
    m_order->setSegmentToolTip(2, tr("Experts that read the same tokens stand side by side"));
    m_router->setName(tr("router"));
    m_router->setObjectName(QStringLiteral("layerRouter"));
    m_router->setSegmentToolTip(0, tr("Which experts of the MLP read a token"));
    m_router->setSegmentToolTip(
        1, tr("Which attention heads read a token: this family has a second router for them"));
    m_router->hide();
    addLeadingWidget(m_router);
    auto* pair = new QHBoxLayout(m_orderPair);
    pair->setContentsMargins(0, 0, 0, 0);
    pair->setSpacing(style.pxInt(8));
    pair->addWidget(makeLabel(QStringLiteral("muted"), tr("order")));
    pair->addWidget(m_order);
    auto* footer = new QWidget;
    auto* controls = new FlowLayout(style.pxInt(8), footer);
    controls->addWidget(m_view);
    controls->addWidget(m_orderPair);
    addFooterWidget(footer);
    connect(m_view, &SegmentedControl::currentChanged, this, [this] {
        rebuild();
        emit lookChanged();
    });
    connect(m_order, &SegmentedControl::currentChanged, this, [this] {
        orderChanged();
        emit lookChanged();
    });
    connect(m_router, &SegmentedControl::currentChanged, this,
        [this](int router) { emit headsWanted(router == 1); });
    connectGrid();
}

bool LayerPanel::showsHeads() const
{
    return m_scene && m_layer && m_scene->showsHeads()
        && m_scene->routing(m_side)->trace.ordinalOf(*m_layer);
}

SidePointer LayerPanel::shownSide() const
{
    return showsHeads() ? m_scene->routing(m_side) : m_scene->side(m_side);
}

void LayerPanel::connectGrid()
{
    connect(m_grid, &RoutingGridView::cellClicked, this, &LayerPanel::onCellClicked);
    connect(m_grid, &RoutingGridView::rowClicked, this, [this](int row) {
        m_session.selectToken(static_cast<std::size_t>(row), m_side, isKeyGesture());
    });
    connect(m_grid, &RoutingGridView::columnClicked, this, &LayerPanel::onColumnClicked);
    connect(m_grid, &RoutingGridView::columnContextMenuRequested, this, &LayerPanel::openMenu);
    connect(m_grid, &RoutingGridView::cellHovered, this, [this](int row, int col) {
        Hover hover;
        hover.side = m_side;
        if (row >= 0) {
            hover.token = static_cast<std::size_t>(row);
            if (isExpert(col))
                hover.expert = expertOf(col);
        }
        m_session.setHover(hover);
    });
}

void LayerPanel::setFixedSide(PromptSide side, const QString& name)
{
    m_fixed = side;
    m_fixedName = name;
}

void LayerPanel::keepOnly(Controls controls)
{
    m_view->setVisible(controls == Controls::View);
    m_orderPair->setVisible(controls == Controls::Order);
}

int LayerPanel::viewIndex() const
{
    return m_view->current();
}

int LayerPanel::orderIndex() const
{
    return m_order->current();
}

void LayerPanel::setLook(int viewIndex, int orderIndex)
{
    m_view->setCurrent(viewIndex);
    m_order->setCurrent(orderIndex);
}

PromptSide LayerPanel::sideOf(const ExploreScene& scene) const
{
    return m_fixed.value_or(scene.focus());
}

void LayerPanel::showScene(const ExploreScene& scene)
{
    const PromptSide side = sideOf(scene);
    const bool isNew = scene.result != m_result || scene.layer() != m_layer || side != m_side
        || scene.showsHeads() != m_heads;
    m_heads = scene.showsHeads();
    m_scene = scene;
    m_result = scene.result;
    m_layer = scene.layer();
    m_side = side;
    if (isNew)
        rebuild();
    showSelection();
}

void LayerPanel::rebuild()
{
    if (!m_scene)
        return;
    const bool hasHeads = !m_scene->side(m_side)->trace.attention.layers.empty();
    if (m_router->isHidden() == hasHeads) {
        m_router->setVisible(hasHeads);
        placeSubtitle();
    }
    {
        const QSignalBlocker quiet(m_router);
        m_router->setCurrent(m_heads ? 1 : 0);
    }
    const SidePointer side = shownSide();
    const bool heads = showsHeads();
    const MoeModel& model = *m_result->model->model;
    LazyGrid grid = layerGrid(side, *m_layer, static_cast<GridView>(viewIndex()),
        heads ? std::nullopt : counterpart(m_result, m_side == PromptSide::B),
        heads ? nullptr : &model.config().router,
        heads ? std::span<const float>() : model.layer(*m_layer).selectionBias);
    if (orderIndex() == ById) // in other orders the groups do not stand together
        grid.heading.caption += grid.bandNote;
    if (heads) {
        grid.heading.title += tr(", attention").toStdString();
        grid.heading.caption = tr("Every attention expert is a set of query heads; the numbers "
                                  "rank those that read the token.")
                                   .toStdString();
    }
    if (m_fixed) { // half the width: the cells matter more than the bars
        grid.heading.title += ", " + m_fixedName.toStdString();
        std::get<RoutingGridFigure>(grid.heading.data).rowBars.clear();
        grid.heading.caption = tr("The numbers rank the experts that read the token. Amber frames: "
                                  "chosen in one run and not in the other.")
                                   .toStdString();
    }
    replaceGrid(*m_grid, std::move(grid));
    m_grid->setSource(
        QStringLiteral("explore"), counted(side->trace.tokenCount(), tr("token"), tr("tokens")));
    setCaptionVisible(true);
    arrange();
}

void LayerPanel::orderChanged()
{
    if (m_scene && m_result->model->model->config().router.groups > 1)
        rebuild(); // its caption speaks of the order
    else
        arrange();
}

void LayerPanel::arrange()
{
    if (!m_scene || !m_grid->source())
        return;
    const SidePointer side = shownSide();
    const RoutingTrace& trace = side->trace;
    const auto ordinal = trace.ordinalOf(*m_layer);
    std::vector<int> order;
    if (orderIndex() == ByLoad) {
        order = RoutingGridView::orderByLoad(*m_grid->source());
    } else if (orderIndex() == Clustered && ordinal) {
        for (const std::size_t expert : clusteredExperts(trace, *ordinal))
            order.push_back(static_cast<int>(expert));
        for (int col = static_cast<int>(order.size()); col < m_grid->source()->cols(); ++col)
            order.push_back(col); // shared experts stay last
    }
    m_grid->setColumnOrder(order);
}

void LayerPanel::showSelection()
{
    const auto token = m_scene->tokenOn(m_side);
    const auto range = m_scene->rangeOn(m_side);
    const Selection& selection = m_scene->selection;
    const auto expert = showsHeads() ? std::nullopt : selection.expert();
    m_grid->setCurrentCell(
        token ? static_cast<int>(*token) : -1, expert ? static_cast<int>(expert->value) : -1);
    if (range && range->count() > 1)
        m_grid->setHighlightedRows(static_cast<int>(range->first), static_cast<int>(range->last));
    else
        m_grid->setHighlightedRows(0, -1);
    QList<int> outlined;
    for (const ExpertId id : showsHeads() ? std::vector<ExpertId>{} : selection.experts)
        outlined.append(static_cast<int>(id.value));
    m_grid->setOutlinedColumns(outlined);
    QList<int> masked;
    const bool untouched = m_scene->comparing == Comparing::Changes && m_side == PromptSide::A;
    for (const auto& at : m_session.interventions().current().masked) {
        if (at.layer == *m_layer && !untouched && !showsHeads())
            masked.append(static_cast<int>(at.expert.value));
    }
    m_grid->setBlockedColumns(masked);
}

bool LayerPanel::isExpert(int col) const
{
    return !showsHeads() && m_grid->source() && m_grid->source()->gapLabel(col).isEmpty();
}

void LayerPanel::onCellClicked(int row, int col)
{
    Selection next = m_session.selection();
    const auto token = static_cast<std::size_t>(row);
    next.tokens = TokenRange{token, token};
    next.side = m_side;
    if (!isExpert(col)) {
        // A shared expert has nothing to select.
    } else if (QGuiApplication::keyboardModifiers() & Qt::ControlModifier) {
        if (std::erase(next.experts, expertOf(col)) == 0)
            next.experts.push_back(expertOf(col));
    } else {
        next.experts = {expertOf(col)};
    }
    m_session.select(next, isKeyGesture());
}

void LayerPanel::onColumnClicked(int col, Qt::KeyboardModifiers modifiers)
{
    if (!isExpert(col))
        return;
    if (modifiers & Qt::ControlModifier)
        m_session.toggleExpert(expertOf(col));
    else
        m_session.selectExpert(expertOf(col), isKeyGesture());
}

void LayerPanel::openMenu(int col, const QPoint& position)
{
    QMenu* menu = nullptr;
    if (isExpert(col)) {
        menu = makeExpertMenu(m_session, *m_layer, expertOf(col), this);
        menu->addSeparator();
    } else {
        menu = new QMenu(this);
        menu->setObjectName(QStringLiteral("gridMenu"));
        menu->setAttribute(Qt::WA_DeleteOnClose);
    }
    menu->addActions(m_grid->exportActions());
    menu->popup(position);
}

} // namespace moescope::ui
