// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/overlap_panel.h"

#include <QVBoxLayout>

#include "core/experiments/comparison_words.h"
#include "ui/figures/line_chart_view.h"
#include "ui/pages/explore/roles.h"
#include "ui/pages/explore/statement_card.h"
#include "ui/session/session.h"
#include "ui/style/style.h"

namespace moescope::ui {

OverlapPanel::OverlapPanel(Style& style, Session& session, QWidget* parent)
    : FigurePanel(style, new LineChartView(style), parent)
    , m_session(session)
    , m_card(new StatementCard(style))
{
    constexpr double kLeastPlot = 90; // the words beside it need room as well
    setObjectName(QStringLiteral("overlapPanel"));
    auto* chart = static_cast<LineChartView*>(view());
    chart->setLeastPlotHeight(kLeastPlot);
    chart->setObjectName(QStringLiteral("overlapChart"));
    m_card->setObjectName(QStringLiteral("comparisonFindings"));
    bodyLayout()->addWidget(m_card);
    setMinimumWidth(style.pxInt(280));
    connect(chart, &LineChartView::pointClicked, this, [this](int, int point) {
        const auto& layers = m_result->a.trace.layers;
        if (point >= 0 && static_cast<std::size_t>(point) < layers.size())
            m_session.selectLayer(layers[static_cast<std::size_t>(point)]);
    });
}

void OverlapPanel::showScene(const ExploreScene& scene)
{
    if (scene.result == m_result && scene.layer() == m_layer)
        return;
    if (scene.result != m_result)
        setFigure(std::make_shared<const Figure>(overlapByLayerFigure(*scene.result)));
    m_result = scene.result;
    m_layer = scene.layer();
    view()->setSource(QStringLiteral("explore"),
        counted(m_result->comparison->compared, tr("aligned token"), tr("aligned tokens")));
    auto statements = describeComparison(*m_result, *m_layer);
    if (statements.size() > 3)
        statements.resize(3); // the one about the layer's sets stands in the inspector
    m_card->setStatements(statements);
    keepReadable(); // there may be more words now
}

} // namespace moescope::ui
