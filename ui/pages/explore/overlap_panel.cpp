// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/overlap_panel.h"

#include <algorithm>

#include <QLabel>
#include <QScrollArea>
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
    , m_scroll(new QScrollArea)
    , m_explanation(makeLabel(QStringLiteral("muted")))
{
    setObjectName(QStringLiteral("overlapPanel"));
    view()->setMinimumHeight(style.pxInt(150));
    view()->setObjectName(QStringLiteral("overlapChart"));
    m_card->setObjectName(QStringLiteral("comparisonFindings"));
    m_explanation->setWordWrap(true);
    auto* words = new QWidget;
    auto* column = new QVBoxLayout(words);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(8));
    column->addWidget(m_card);
    column->addWidget(m_explanation);
    column->addStretch(1);
    m_scroll->setObjectName(QStringLiteral("overlapWords"));
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setWidget(words);
    words->setAutoFillBackground(false);
    m_scroll->viewport()->setAutoFillBackground(false);
    bodyLayout()->setStretchFactor(view(), 1);
    bodyLayout()->addWidget(m_scroll, 1);
    setCaptionVisible(false); // it stands with the other words, which scroll where room is short
    setMinimumWidth(style.pxInt(280));
    connect(static_cast<LineChartView*>(view()), &LineChartView::pointClicked, this,
        [this](int, int point) {
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
    m_explanation->setText(QString::fromStdString(view()->figure()->caption));
    fitWords();
}

void OverlapPanel::fitWords()
{
    // The chart gets what the words do not need.
    const int needed = std::max(1, m_scroll->widget()->heightForWidth(m_scroll->width()));
    m_scroll->setMaximumHeight(needed);
    m_scroll->setMinimumHeight(std::min(needed, look().pxInt(60)));
}

void OverlapPanel::resizeEvent(QResizeEvent* event)
{
    FigurePanel::resizeEvent(event);
    fitWords();
}

} // namespace moescope::ui
