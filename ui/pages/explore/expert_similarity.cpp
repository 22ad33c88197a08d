// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/expert_similarity.h"

#include <cmath>

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/experiments/moe_type.h"
#include "ui/figures/figure_words.h"
#include "ui/pages/explore/roles.h"
#include "ui/pages/explore/similarity_strip.h"
#include "ui/session/session.h"
#include "ui/session/weights_controller.h"
#include "ui/style/style.h"

namespace moescope::ui {

ExpertSimilarity::ExpertSimilarity(
    Style& style, Session& session, WeightsController& weights, QWidget* parent)
    : QWidget(parent)
    , m_weights(weights)
    , m_strip(new SimilarityStrip(style, this))
    , m_words(makeLabel(QStringLiteral("muted"), {}, this))
    , m_measure(new QPushButton(tr("Compare its weights"), this))
{
    m_strip->setObjectName(QStringLiteral("similarityStrip"));
    m_words->setObjectName(QStringLiteral("similarityWords"));
    m_words->setWordWrap(true);
    m_measure->setObjectName(QStringLiteral("measureSimilarity"));
    m_measure->setToolTip(tr("Analyse the experts' weights, as the Weights page does"));
    auto* title = makeLabel(
        QStringLiteral("muted"), tr("weights beside those of the layer's other experts"), this);
    title->setToolTip(tr("This expert's row of the similarity map: the cosine of its gate matrix "
                         "with that of every expert, dark 0, bright 1"));
    title->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, style.pxInt(4), 0, style.pxInt(4));
    column->setSpacing(style.pxInt(6));
    column->addWidget(title);
    column->addWidget(m_strip);
    column->addWidget(m_words);
    column->addWidget(m_measure, 0, Qt::AlignLeft);
    connect(m_strip, &SimilarityStrip::expertChosen, this, [&session](int expert) {
        session.selectExpert(ExpertId(static_cast<std::uint32_t>(expert)), true);
    });
    connect(m_measure, &QPushButton::clicked, this, [this] { m_weights.resume(); });
    connect(&weights, &WeightsController::changed, this, &ExpertSimilarity::refresh);
}

void ExpertSimilarity::showExpert(LayerId layer, ExpertId expert)
{
    m_layer = layer;
    m_expert = expert;
    refresh();
}

void ExpertSimilarity::refresh()
{
    const auto result = m_weights.result();
    const ProjectionAnalysis* analysis = nullptr;
    if (result)
        for (const auto& layer : result->layers)
            if (layer->layer == m_layer)
                analysis = layer->find(Projection::Gate);
    const bool known = analysis && m_expert.value < analysis->experts();
    const bool running = m_weights.state() == WeightsController::State::Running;
    m_strip->setVisible(known);
    m_words->setVisible(known || running);
    m_measure->setVisible(!known && !running);
    if (!known) {
        m_words->setText(tr("The weights are being compared…"));
        return;
    }
    const std::size_t count = analysis->experts();
    const auto row = analysis->cosine.begin() + static_cast<std::ptrdiff_t>(m_expert.value * count);
    std::vector<double> cosines(row, row + static_cast<std::ptrdiff_t>(count));
    std::size_t closest = count;
    for (std::size_t e = 0; e < count; ++e)
        if (e != m_expert.value && !std::isnan(cosines[e])
            && (closest == count || cosines[e] > cosines[closest]))
            closest = e;
    const double band
        = kZ95 / std::sqrt(static_cast<double>(analysis->m) * static_cast<double>(analysis->n));
    m_words->setText(closest == count
            ? tr("There is no other expert to compare with.")
            : tr("Closest: expert %1, cosine %2; independent experts give 0 ± %3 (95 %).")
                  .arg(closest)
                  .arg(numberText(cosines[closest], 3), numberText(band, 3)));
    setRole(m_words,
        closest != count && std::abs(cosines[closest]) <= band ? QStringLiteral("null")
                                                               : QStringLiteral("muted"));
    m_strip->setRow(std::move(cosines), static_cast<int>(m_expert.value));
}

} // namespace moescope::ui
