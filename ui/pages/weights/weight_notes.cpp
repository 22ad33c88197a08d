// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/weights/weight_notes.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "core/experiments/moe_type.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

WeightNotes::WeightNotes(Style& style, std::filesystem::path resources, QWidget* parent)
    : QWidget(parent)
    , m_resources(std::move(resources))
    , m_biases(new FigurePanel(style, new FigureTableView(style), this))
    , m_rounding(new FigurePanel(style, new FigureTableView(style), this))
    , m_published(new FigurePanel(style, new FigureTableView(style), this))
{
    setObjectName(QStringLiteral("weightNotes"));
    m_biases->setObjectName(QStringLiteral("biasPanel"));
    m_rounding->setObjectName(QStringLiteral("roundingPanel"));
    m_published->setObjectName(QStringLiteral("publishedPanel"));
    // The table of biases is wide.
    auto* rows = new QVBoxLayout(this);
    auto* second = new QHBoxLayout;
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(style.pxInt(12));
    second->setSpacing(style.pxInt(12));
    rows->addWidget(m_biases);
    rows->addLayout(second);
    for (FigurePanel* panel : {m_rounding, m_published})
        second->addWidget(panel, 1);
    for (FigurePanel* panel : {m_biases, m_rounding, m_published}) {
        panel->view()->setSource(QStringLiteral("moe-type-analyze"));
        panel->hide();
    }
    hide();
}

const std::vector<KnownModel>& WeightNotes::knownModels()
{
    if (!m_known)
        m_known = loadTaxonomy(m_resources).value_or(std::vector<KnownModel>{});
    return *m_known;
}

void WeightNotes::showResult(const MoeTypeResult& result)
{
    const auto show = [](FigurePanel* panel, std::optional<Figure> figure) {
        if (figure) {
            panel->setFigure(std::make_shared<const Figure>(std::move(*figure)));
            panel->view()->setMinimumHeight(panel->view()->sizeHint().height());
        }
        panel->setVisible(figure.has_value());
        return figure.has_value();
    };
    const bool biases = show(m_biases, biasArtefactFigure(result));
    const bool rounding = show(m_rounding, roundingFigure(result));
    const bool published = show(m_published, publishedFigure(result, knownModels()));
    setVisible(biases || rounding || published);
}

} // namespace moescope::ui
