// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/comparison_panel.h"

#include <algorithm>

#include <QLabel>

#include "core/experiments/expert_loads.h"
#include "ui/pages/explore/expert_grid_view.h"
#include "ui/pages/explore/expert_menu.h"
#include "ui/pages/explore/grid_tools.h"
#include "ui/session/session.h"
#include "ui/style/segmented_control.h"

namespace moescope::ui {

ComparisonPanel::ComparisonPanel(Style& style, Session& session, QWidget* parent)
    : FigurePanel(style, new ExpertGridView(style), parent)
    , m_session(session)
    , m_grid(static_cast<ExpertGridView*>(view()))
    , m_order(new SegmentedControl(style, {tr("id"), tr("clustered")}))
{
    setObjectName(QStringLiteral("comparisonPanel"));
    m_grid->setObjectName(QStringLiteral("comparisonGrid"));
    m_grid->setSource(QStringLiteral("explore"));
    m_grid->setShading(RoutingGridView::Shading::Comparison);
    m_order->setName(tr("order of experts"));
    m_order->setObjectName(QStringLiteral("comparisonOrder"));
    m_order->setSegmentToolTip(0, tr("Experts by their number"));
    m_order->setSegmentToolTip(
        1, tr("Experts that read the same tokens of prompt A stand side by side"));
    auto* label = new QLabel(tr("order"));
    label->setProperty("role", QStringLiteral("muted"));
    addFooterWidget(label);
    addFooterWidget(m_order);
    connect(m_order, &SegmentedControl::currentChanged, this, [this] {
        if (m_result)
            rebuild(makeScene(m_session, ShownSides::Both));
    });
    connect(m_grid, &RoutingGridView::cellClicked, this,
        [this](int row, int col) { selectRow(row, col); });
    connect(m_grid, &RoutingGridView::rowClicked, this,
        [this](int row) { selectRow(row, std::nullopt); });
    connect(m_grid, &RoutingGridView::columnClicked, this,
        [this](int col, Qt::KeyboardModifiers modifiers) {
            const ExpertId expert(static_cast<std::uint32_t>(col));
            if (modifiers & Qt::ControlModifier)
                m_session.toggleExpert(expert);
            else
                m_session.selectExpert(expert, isKeyGesture());
        });
    connect(m_grid, &RoutingGridView::columnContextMenuRequested, this,
        [this](int col, const QPoint& position) {
            QMenu* menu = makeExpertMenu(
                m_session, *m_layer, ExpertId(static_cast<std::uint32_t>(col)), this);
            menu->addSeparator();
            menu->addActions(m_grid->exportActions());
            menu->popup(position);
        });
}

void ComparisonPanel::selectRow(int row, std::optional<int> col)
{
    const auto i = static_cast<std::size_t>(row);
    Selection next = m_session.selection();
    const bool wantsB = next.side == PromptSide::B && m_tokensB[i] != Counterpart::kNone;
    const bool onB = wantsB || m_tokensA[i] == Counterpart::kNone;
    const std::size_t token = onB ? m_tokensB[i] : m_tokensA[i];
    next.side = onB ? PromptSide::B : PromptSide::A;
    next.tokens = TokenRange{token, token};
    if (col)
        next.experts = {ExpertId(static_cast<std::uint32_t>(*col))};
    m_session.select(next, isKeyGesture());
}

void ComparisonPanel::rebuild(const ExploreScene& scene)
{
    ComparisonGrid grid = comparisonGrid(scene.result, scene.layer());
    m_tokensA = grid.tokensA;
    m_tokensB = grid.tokensB;
    replaceGrid(*m_grid, std::move(grid));
    m_grid->setShading(RoutingGridView::Shading::Comparison);
    std::vector<int> order;
    const RoutingTrace& trace = scene.result->a.trace;
    if (const auto ordinal = trace.ordinalOf(scene.layer()); m_order->current() == 1 && ordinal) {
        for (const std::size_t expert : clusteredExperts(trace, *ordinal))
            order.push_back(static_cast<int>(expert));
    }
    m_grid->setColumnOrder(order);
    setCaptionVisible(true);
}

int ComparisonPanel::rowOf(const ExploreScene& scene) const
{
    const auto token = scene.selection.token();
    if (!token)
        return -1;
    const auto& rows = scene.selection.side == PromptSide::A ? m_tokensA : m_tokensB;
    const auto it = std::ranges::find(rows, *token);
    return it == rows.end() ? -1 : static_cast<int>(it - rows.begin());
}

void ComparisonPanel::showScene(const ExploreScene& scene)
{
    if (scene.result != m_result || scene.layer() != m_layer) {
        m_result = scene.result;
        m_layer = scene.layer();
        rebuild(scene);
    }
    const auto expert = scene.selection.expert();
    m_grid->setCurrentCell(rowOf(scene), expert ? static_cast<int>(expert->value) : -1);
    QList<int> outlined;
    for (const ExpertId id : scene.selection.experts)
        outlined.append(static_cast<int>(id.value));
    m_grid->setOutlinedColumns(outlined);
}

} // namespace moescope::ui
