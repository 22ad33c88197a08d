// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/changes_section.h"

#include <QLabel>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/intervention_effect.h"
#include "ui/pages/explore/fact_rows.h"
#include "ui/pages/explore/intervention_bar.h"
#include "ui/pages/explore/next_changes_view.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/style.h"

namespace moescope::ui {

ChangesSection::ChangesSection(Style& style, Session& session, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_list(makeLabel({}, {}, this))
    , m_facts(new FactRows(style, this))
    , m_heading(makeLabel(QStringLiteral("section"), tr("NEXT TOKEN  untouched → changed"), this))
    , m_next(new NextChangesView(style, this))
{
    setObjectName(QStringLiteral("changesSection"));
    m_facts->setObjectName(QStringLiteral("changesFacts"));
    m_next->setObjectName(QStringLiteral("nextChanges"));
    m_next->setAccessibleName(tr("Tokens after which the prediction changed"));
    m_list->setWordWrap(true);
    m_heading->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(8));
    column->addWidget(makeLabel(QStringLiteral("section"), tr("CHANGED MODEL"), this));
    column->addWidget(m_list);
    column->addWidget(m_facts);
    column->addWidget(m_heading);
    column->addWidget(m_next);
    connect(m_next, &RowsView::rowChosen, this,
        [this](int row) { m_session.selectToken(m_next->tokenOf(row)); });
}

void ChangesSection::showScene(const ExploreScene& scene)
{
    m_list->setText(interventionList(m_session));
    if (scene.result == m_result)
        return;
    m_result = scene.result;
    const RoutingTrace& a = m_result->a.trace;
    const InterventionEffect effect = interventionEffect(a, m_result->b->trace);
    QList<FactRows::Fact> facts;
    facts.append(
        {tr("choices that changed"), tr("%1 of %2").arg(effect.changedCells).arg(effect.cells),
            tr("Tokens × layers whose set of chosen experts differs from the untouched run; %1 "
               "compared")
                .arg(counted(effect.tokens, tr("token"), tr("tokens")))});
    if (effect.first)
        facts.append({tr("first at"),
            tr("%1, layer %2")
                .arg(QString::fromStdString(visibleToken(a.tokens[effect.first->token].text)))
                .arg(effect.first->layer.value),
            tr("First token, and the first layer where its choice differs")});
    facts.append({tr("next token changed"),
        tr("%1 of %2").arg(effect.changes.size()).arg(effect.predictions),
        tr("Positions where the most likely next token is another one")});
    if (effect.lossTokens > 0) {
        const QString help = tr("Mean −log p of the tokens that really follow, in nats per token, "
                                "over %1: lower means better predicted")
                                 .arg(counted(effect.lossTokens, tr("token"), tr("tokens")));
        facts.append({tr("loss, nats per token"),
            QStringLiteral("%1 → %2")
                .arg(effect.lossBefore, 0, 'f', 2)
                .arg(effect.lossAfter, 0, 'f', 2),
            help});
    }
    m_facts->setFacts(facts);
    m_next->setChanges(effect, a, *m_result->model);
    m_heading->setVisible(!effect.changes.empty());
    m_next->setVisible(!effect.changes.empty());
}

} // namespace moescope::ui
