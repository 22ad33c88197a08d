// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/comparison_section.h"

#include <QLabel>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/comparison_words.h"
#include "ui/pages/explore/fact_rows.h"
#include "ui/pages/explore/roles.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

QString number(double value)
{
    return std::isnan(value) ? QStringLiteral("–") : QString::number(value, 'f', 2);
}

QString withBand(double value, const Interval& band)
{
    return QStringLiteral("%1 (%2–%3)").arg(number(value), number(band.lo), number(band.hi));
}

} // namespace

ComparisonSection::ComparisonSection(Style& style, QWidget* parent)
    : QWidget(parent)
    , m_title(makeLabel(QStringLiteral("section"), {}, this))
    , m_facts(new FactRows(style, this))
    , m_words(makeLabel(QStringLiteral("muted"), {}, this))
{
    setObjectName(QStringLiteral("comparisonSection"));
    m_facts->setObjectName(QStringLiteral("comparisonFacts"));
    m_words->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(8));
    column->addWidget(m_title);
    column->addWidget(m_facts);
    column->addWidget(m_words);
}

void ComparisonSection::showScene(const ExploreScene& scene)
{
    const ExploreResult& result = *scene.result;
    const PromptComparison& comparison = *result.comparison;
    const RoutingTrace& a = result.a.trace;
    QList<FactRows::Fact> facts;
    facts.append({tr("aligned tokens"),
        tr("%1 of %2 / %3")
            .arg(comparison.aligned.size())
            .arg(a.tokenCount())
            .arg(result.b->trace.tokenCount()),
        tr("Tokens that stand in both prompts, in the same order")});
    const auto ordinal = a.ordinalOf(scene.layer());
    m_title->setText(
        ordinal ? tr("COMPARISON AT LAYER %1").arg(scene.layer().value) : tr("COMPARISON"));
    if (ordinal) {
        const LayerOverlap& overlap = comparison.layers[*ordinal];
        facts.append({tr("experts, A · B · both"),
            tr("%1 · %2 · %3 / %4")
                .arg(overlap.usedA)
                .arg(overlap.usedB)
                .arg(overlap.shared)
                .arg(a.experts),
            tr("Distinct experts that some token of the prompt chose at this layer")});
        facts.append({tr("set overlap"), number(overlap.setOverlap),
            tr("Experts used by both prompts, of those used by either; no unit")});
        facts.append({tr("random sets of these sizes"),
            withBand(overlap.setOverlapNull, overlap.setOverlapBand),
            tr("Mean and 95 % band for random sets of the same sizes; chance of at least as many "
               "shared: p = %1")
                .arg(overlap.p, 0, 'f', 3),
            true});
        facts.append({tr("usage overlap"), number(overlap.usageOverlap),
            tr("Sum over the experts of the smaller share of choices; 1 = used alike")});
        facts.append({tr("random routing, this load"),
            withBand(overlap.usageOverlapNull, overlap.usageOverlapBand),
            tr("Mean and 95 % band when both prompts choose at random with their common loads"),
            true});
        if (comparison.compared > 0) {
            const QString compared
                = counted(comparison.compared, tr("aligned token"), tr("aligned tokens"));
            facts.append({tr("shared at aligned tokens"), number(overlap.alignedOverlap),
                comparison.prefixLeftOut
                    ? tr("Mean share of k in common, over %1; the common start is left out, "
                         "because a causal model must route it alike")
                          .arg(compared)
                    : tr("Mean share of k in common, over %1").arg(compared)});
            facts.append({tr("random choices, k/E"),
                withBand(static_cast<double>(a.k) / a.experts, overlap.alignedBand),
                tr("Mean and 95 % band of independent random choices"), true});
        }
    }
    const auto token = [&](const PromptComparison::Divergence& at) {
        return QString::fromStdString(visibleToken(a.tokens[at.positionA].text));
    };
    if (const auto& first = comparison.firstDivergence)
        facts.append({tr("first divergence"),
            tr("layer %1, %2").arg(QString::number(first->layer.value), token(*first)),
            tr("First layer in which the experts of an aligned token differ, and the first such "
               "token there (position %1 in A, %2 in B)")
                .arg(first->positionA)
                .arg(first->positionB)});
    if (const auto& earliest = comparison.earliestDivergence;
        earliest && earliest->positionA != comparison.firstDivergence->positionA)
        facts.append({tr("earliest token"),
            tr("%2, layer %1").arg(QString::number(earliest->layer.value), token(*earliest)),
            tr("First aligned token whose experts differ in any layer (position %1 in A, %2 in B), "
               "and the first layer where they do")
                .arg(earliest->positionA)
                .arg(earliest->positionB)});
    m_facts->setFacts(facts);
    const auto statements = describeComparison(result, scene.layer());
    m_words->setText(
        statements.empty() ? QString() : QString::fromStdString(statements.back().text));
    setRole(m_words,
        !statements.empty() && statements.back().asRandom ? QStringLiteral("null")
                                                          : QStringLiteral("muted"));
}

} // namespace moescope::ui
