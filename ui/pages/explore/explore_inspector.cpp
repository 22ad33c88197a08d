// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/explore_inspector.h"

#include <QFrame>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/pages/explore/changes_section.h"
#include "ui/pages/explore/comparison_section.h"
#include "ui/pages/explore/expert_section.h"
#include "ui/pages/explore/range_section.h"
#include "ui/pages/explore/roles.h"
#include "ui/pages/explore/token_section.h"
#include "ui/shell/page.h"
#include "ui/style/style.h"

namespace moescope::ui {

ExploreInspector::ExploreInspector(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_empty(makeLabel(QStringLiteral("muted"), {}, this))
    , m_comparison(new ComparisonSection(context.style, this))
    , m_changes(new ChangesSection(context.style, context.session, this))
    , m_range(new RangeSection(context.style, context.session, this))
    , m_token(new TokenSection(context, this))
    , m_expert(new ExpertSection(context.style, context.session, context.weights, this))
    , m_firstLine(makeLine())
    , m_secondLine(makeLine())
{
    setObjectName(QStringLiteral("exploreInspector"));
    m_empty->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    const Style& style = context.style;
    column->setContentsMargins(style.pxInt(18), style.pxInt(16), style.pxInt(18), style.pxInt(16));
    column->setSpacing(style.pxInt(12));
    for (QWidget* widget : std::initializer_list<QWidget*>{m_empty, m_comparison, m_changes,
             m_firstLine, m_range, m_token, m_secondLine, m_expert})
        column->addWidget(widget);
    column->addStretch(1);
    clear();
}

QWidget* ExploreInspector::makeLine()
{
    auto* line = new QFrame(this);
    const auto restyle = [this, line] {
        line->setFixedHeight(m_context.style.pxInt(1));
        line->setStyleSheet(
            QStringLiteral("background: %1").arg(m_context.style.theme().hairline.name()));
    };
    restyle();
    connect(&m_context.style, &Style::changed, line, restyle);
    return line;
}

void ExploreInspector::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), m_context.style.theme().panel);
}

void ExploreInspector::clear()
{
    m_token->clear();
    for (QWidget* widget : std::initializer_list<QWidget*>{
             m_comparison, m_changes, m_firstLine, m_range, m_token, m_secondLine, m_expert})
        widget->hide();
    m_empty->setText(tr("What you select stands here: a token, a span, an expert."));
    m_empty->show();
}

bool ExploreInspector::isBusy() const
{
    return m_token->isBusy();
}

void ExploreInspector::showScene(const ExploreScene& scene)
{
    const PromptSide focus = scene.focus();
    const RoutingTrace& trace = scene.side(focus)->trace;
    const auto range = scene.rangeOn(focus);
    const auto token = scene.tokenOn(focus);
    const bool hasSpan = range && range->count() > 1 && range->last < trace.tokenCount();
    const bool hasToken = token && *token < trace.tokenCount() && !hasSpan;
    const bool hasExpert = scene.selection.expert() && !scene.isDense() && !scene.showsHeads();
    const bool compares = scene.comparing == Comparing::Prompts && !scene.isDense();
    const bool changes = scene.comparing == Comparing::Changes;

    m_comparison->setVisible(compares);
    if (compares)
        m_comparison->showScene(scene);
    m_changes->setVisible(changes);
    if (changes)
        m_changes->showScene(scene);
    m_range->setVisible(hasSpan);
    if (hasSpan)
        m_range->showScene(scene, *range);
    m_token->setVisible(hasToken);
    if (hasToken)
        m_token->showScene(scene, *token);
    else
        m_token->clear();
    m_expert->setVisible(hasExpert);
    if (hasExpert)
        m_expert->showScene(scene);
    const std::optional<ExpertId> expert = hasExpert ? scene.selection.expert() : std::nullopt;
    if (expert && expert != m_shownExpert)
        reveal(m_expert);
    m_shownExpert = expert;
    m_firstLine->setVisible((compares || changes) && (hasSpan || hasToken || hasExpert));
    m_secondLine->setVisible((hasSpan || hasToken) && hasExpert);
    m_empty->setText(
        tr("Click a token to see its experts, or an expert's column to see what it reads."));
    m_empty->setVisible(!hasSpan && !hasToken && !hasExpert);
}

/// What was just chosen must not stay below the edge; what does not fit begins with its heading.
void ExploreInspector::reveal(QWidget* section)
{
    const auto scroll = [this, section] {
        for (QWidget* parent = parentWidget(); parent; parent = parent->parentWidget())
            if (auto* area = qobject_cast<QScrollArea*>(parent)) {
                const int top = section->mapTo(area->widget(), QPoint()).y();
                QScrollBar* bar = area->verticalScrollBar();
                const int seen = bar->value();
                if (top < seen || top + section->height() > seen + area->viewport()->height())
                    bar->setValue(top - m_context.style.pxInt(16));
            }
    };
    QTimer::singleShot(0, this, scroll); // once the sections have their places
}

} // namespace moescope::ui
