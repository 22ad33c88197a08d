// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/expert_section.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/comparison_words.h"
#include "core/experiments/expert_loads.h"
#include "ui/pages/explore/bar_rows.h"
#include "ui/pages/explore/expert_similarity.h"
#include "ui/pages/explore/fact_rows.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kTokensShown = 6;

QString shape(const MatrixView& matrix)
{
    return QStringLiteral("%1 × %2").arg(matrix.rows).arg(matrix.cols);
}

} // namespace

ExpertSection::ExpertSection(
    Style& style, Session& session, WeightsController& weights, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_title(makeLabel(QStringLiteral("section"), {}, this))
    , m_loads(new BarRows(style, this))
    , m_verdict(makeLabel(QStringLiteral("muted"), {}, this))
    , m_tokensTitle(makeLabel(QStringLiteral("muted"), {}, this))
    , m_tokens(new BarRows(style, this))
    , m_weights(new FactRows(style, this))
    , m_similarity(new ExpertSimilarity(style, session, weights, this))
    , m_mask(new QPushButton(this))
    , m_force(new QPushButton(this))
{
    setObjectName(QStringLiteral("expertSection"));
    m_title->setObjectName(QStringLiteral("expertTitle"));
    m_loads->setObjectName(QStringLiteral("expertLoads"));
    m_loads->setAccessibleName(tr("Share of tokens"));
    m_verdict->setObjectName(QStringLiteral("expertVerdict"));
    for (QLabel* label : {m_title, m_verdict, m_tokensTitle})
        label->setWordWrap(true);
    m_tokens->setObjectName(QStringLiteral("expertTokens"));
    m_tokens->setAccessibleName(tr("Tokens it reads, by weight"));
    m_tokens->setChoosable(true);
    m_weights->setObjectName(QStringLiteral("expertWeights"));
    m_mask->setObjectName(QStringLiteral("maskButton"));
    m_force->setObjectName(QStringLiteral("forceButton"));
    m_mask->setToolTip(tr("No token may choose this expert; the untouched run stays beside"));
    m_force->setToolTip(tr("Every token chooses this expert; the untouched run stays beside"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(6));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style.pxInt(8));
    buttons->addWidget(m_mask, 1);
    buttons->addWidget(m_force, 1);
    for (QWidget* widget : std::initializer_list<QWidget*>{
             m_title, m_loads, m_verdict, m_tokensTitle, m_tokens, m_weights, m_similarity})
        column->addWidget(widget);
    column->insertLayout(1, buttons); // in sight as soon as the section is
    connect(m_tokens, &RowsView::rowChosen, this, [this](int row) {
        m_session.selectToken(m_tokenOfRow[static_cast<std::size_t>(row)], m_side, true);
    });
    connect(m_mask, &QPushButton::clicked, this, [this] {
        InterventionStack& changes = m_session.interventions();
        changes.setMasked(m_layer, m_expert, !changes.isMasked(m_layer, m_expert));
    });
    connect(m_force, &QPushButton::clicked, this, [this] {
        InterventionStack& changes = m_session.interventions();
        changes.setForced(m_layer, m_expert, !changes.isForced(m_layer, m_expert));
    });
}

void ExpertSection::showScene(const ExploreScene& scene)
{
    const RoutingTrace& trace = scene.side(scene.focus())->trace;
    const auto ordinal = trace.ordinalOf(scene.layer());
    const auto focus = scene.selection.expert();
    if (!ordinal || !focus || focus->value >= trace.experts)
        return;
    m_expert = *focus;
    m_layer = scene.layer();
    m_side = scene.focus();
    const std::size_t count = scene.selection.experts.size();
    m_title->setText((count > 1 ? tr("%1 EXPERTS OF LAYER %2").arg(count)
                                : tr("EXPERT %1 OF LAYER %2").arg(m_expert.value))
                         .arg(m_layer.value));
    showLoads(scene, *ordinal);
    showTokens(trace, *ordinal);
    showWeights(scene);
    m_similarity->showExpert(m_layer, m_expert);
    showButtons(scene);
}

void ExpertSection::showLoads(const ExploreScene& scene, std::size_t ordinal)
{
    const RoutingTrace& trace = scene.side(m_side)->trace;
    const LoadTable table = expertLoads(trace, ordinal, 0, trace.tokenCount());
    std::vector<BarRows::Bar> bars;
    double full = std::max(table.band.hi, table.evenShare);
    for (const ExpertId id : scene.selection.experts) {
        if (id.value >= trace.experts)
            continue;
        const double share = table.share(id.value);
        const bool asRandom = againstNull(share, table.band) == AgainstNull::AsRandom;
        bars.push_back({tr("expert %1").arg(id.value), share,
            QStringLiteral("%1/%2").arg(table.experts[id.value].tokens).arg(table.tokens),
            tr("Expert %1 reads %2 of %3 tokens (share %4, mean weight %5). The tick is the even "
               "share k/E = %6; 95 % of the experts of an even random router lie between %7 and "
               "%8.")
                .arg(id.value)
                .arg(table.experts[id.value].tokens)
                .arg(table.tokens)
                .arg(share, 0, 'f', 3)
                .arg(table.experts[id.value].meanWeight, 0, 'f', 3)
                .arg(table.evenShare, 0, 'f', 3)
                .arg(table.band.lo, 0, 'f', 3)
                .arg(table.band.hi, 0, 'f', 3),
            asRandom});
        full = std::max(full, share);
    }
    m_loads->setBars(std::move(bars), full);
    m_loads->setNull(table.evenShare, table.band);
    const double share = table.share(m_expert.value);
    const AgainstNull place = againstNull(share, table.band);
    const QString band = tr("(95 % %1–%2, n = %3)")
                             .arg(table.band.lo, 0, 'f', 2)
                             .arg(table.band.hi, 0, 'f', 2)
                             .arg(table.tokens);
    const QString numbers = tr("Expert %1: share %2, even share %3.")
                                .arg(m_expert.value)
                                .arg(share, 0, 'f', 2)
                                .arg(table.evenShare, 0, 'f', 2);
    m_verdict->setText(numbers + QLatin1Char(' ')
        + (place == AgainstNull::Above        ? tr("Busier than even random routing %1.")
                : place == AgainstNull::Below ? tr("Less busy than even random routing %1.")
                                              : tr("As random %1."))
              .arg(band));
    setRole(m_verdict,
        place == AgainstNull::AsRandom ? QStringLiteral("null") : QStringLiteral("muted"));
}

void ExpertSection::showTokens(const RoutingTrace& trace, std::size_t ordinal)
{
    std::vector<BarRows::Bar> bars;
    m_tokenOfRow.clear();
    double full = 0;
    for (const ReadToken& token : tokensReadBy(trace, ordinal, m_expert, kTokensShown)) {
        const QString text = QString::fromStdString(visibleToken(trace.tokens[token.token].text));
        const auto weight = static_cast<double>(token.weight);
        full = std::max(full, weight);
        bars.push_back({text, weight, QString::number(weight, 'f', 3),
            tr("“%1” at position %2: choice %3 of %4, weight %5")
                .arg(text)
                .arg(token.token)
                .arg(token.rank + 1)
                .arg(trace.k)
                .arg(weight, 0, 'f', 3)});
        m_tokenOfRow.push_back(token.token);
    }
    m_tokensTitle->setText(
        bars.empty() ? tr("No token of this prompt chose it.") : tr("tokens it reads, by weight"));
    m_tokens->setVisible(!bars.empty());
    m_tokens->setBars(std::move(bars), full);
}

void ExpertSection::showWeights(const ExploreScene& scene)
{
    const MoeModel& model = *scene.result->model->model;
    const LayerTensors& layer = model.layer(m_layer);
    if (m_expert.value >= layer.experts.size()) {
        m_weights->setFacts({});
        return;
    }
    const MlpTensors& mlp = layer.experts[m_expert.value];
    std::size_t weights = 0;
    for (const Projection projection : kProjections)
        weights += mlp[projection].elements();
    m_weights->setFacts(
        {{tr("gate, up · down"), QStringLiteral("%1 · %2").arg(shape(mlp.gate), shape(mlp.down)),
             tr("Shapes of the expert's matrices: outputs × inputs")},
            {tr("weights"),
                QStringLiteral("%1 %2").arg(QString::fromStdString(formatCount(weights)),
                    QString::fromStdString(std::string(dtypeName(mlp.gate.dtype)))),
                tr("Numbers in this expert, and how they are stored")}});
}

void ExpertSection::showButtons(const ExploreScene&)
{
    const InterventionStack& changes = m_session.interventions();
    m_mask->setText(changes.isMasked(m_layer, m_expert) ? tr("Unmask") : tr("Mask"));
    m_force->setText(changes.isForced(m_layer, m_expert) ? tr("Stop forcing") : tr("Force"));
}

} // namespace moescope::ui
