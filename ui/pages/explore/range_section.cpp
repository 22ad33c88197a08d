// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/range_section.h"

#include <algorithm>
#include <numeric>

#include <QLabel>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/comparison_words.h"
#include "core/experiments/expert_loads.h"
#include "ui/pages/explore/bar_rows.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kExpertsShown = 10;
constexpr std::size_t kTokensShown = 24;

} // namespace

RangeSection::RangeSection(Style& style, Session& session, QWidget* parent)
    : QWidget(parent)
    , m_style(style)
    , m_session(session)
    , m_title(makeLabel(QStringLiteral("section"), {}, this))
    , m_text(makeLabel({}, {}, this))
    , m_barsTitle(makeLabel(QStringLiteral("muted"), {}, this))
    , m_bars(new BarRows(style, this))
    , m_null(makeLabel(QStringLiteral("null"), {}, this))
{
    setObjectName(QStringLiteral("rangeSection"));
    m_title->setObjectName(QStringLiteral("rangeTitle"));
    m_bars->setObjectName(QStringLiteral("rangeLoads"));
    m_bars->setAccessibleName(tr("Experts of the span, by share of its tokens"));
    m_bars->setChoosable(true);
    for (QLabel* label : {m_title, m_text, m_barsTitle, m_null})
        label->setWordWrap(true);
    connect(&style, &Style::changed, this,
        [this] { m_text->setFont(fontFor(m_style.mono(), m_text->text())); });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(6));
    for (QWidget* widget :
        std::initializer_list<QWidget*>{m_title, m_text, m_barsTitle, m_bars, m_null})
        column->addWidget(widget);
    connect(m_bars, &RowsView::rowChosen, this, [this](int row) {
        m_session.selectExpert(m_expertOfRow[static_cast<std::size_t>(row)], true);
    });
}

void RangeSection::showScene(const ExploreScene& scene, const TokenRange& range)
{
    const RoutingTrace& trace = scene.routing(scene.focus())->trace;
    m_title->setText(tr("TOKENS %1 TO %2").arg(range.first).arg(range.last));
    std::string text;
    for (std::size_t t = range.first; t <= range.last && t < range.first + kTokensShown; ++t)
        text += trace.tokens[t].text;
    QString shown = QString::fromStdString(toValidUtf8(text)).simplified();
    if (range.count() > kTokensShown)
        shown += QStringLiteral(" …");
    m_text->setFont(fontFor(m_style.mono(), shown));
    m_text->setText(shown);
    const auto ordinal = trace.ordinalOf(scene.layer());
    for (QWidget* widget : std::initializer_list<QWidget*>{m_barsTitle, m_bars, m_null})
        widget->setVisible(ordinal.has_value());
    if (!ordinal)
        return;

    const LoadTable table = expertLoads(trace, *ordinal, range.first, range.last);
    std::vector<std::size_t> order(table.experts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{},
        [&](std::size_t expert) { return table.experts[expert].tokens; });
    std::vector<BarRows::Bar> bars;
    m_expertOfRow.clear();
    double full = std::max(table.band.hi, table.evenShare);
    for (const std::size_t expert : order) {
        if (bars.size() == kExpertsShown || table.experts[expert].tokens == 0)
            break;
        const double share = table.share(expert);
        full = std::max(full, share);
        bars.push_back({tr("expert %1").arg(expert), share,
            QStringLiteral("%1/%2").arg(table.experts[expert].tokens).arg(table.tokens),
            tr("Expert %1 reads %2 of these %3 tokens, mean weight %4")
                .arg(expert)
                .arg(table.experts[expert].tokens)
                .arg(table.tokens)
                .arg(table.experts[expert].meanWeight, 0, 'f', 3),
            againstNull(share, table.band) == AgainstNull::AsRandom});
        m_expertOfRow.emplace_back(static_cast<std::uint32_t>(expert));
    }
    m_barsTitle->setText(tr("experts of layer %1, by share of these %2")
                             .arg(scene.layer().value)
                             .arg(counted(table.tokens, tr("token"), tr("tokens"))));
    m_bars->setBars(std::move(bars), full);
    m_bars->setChoosable(!scene.showsHeads());
    m_bars->setNull(table.evenShare, table.band);
    m_null->setText(tr("tick: even share %1; line: 95 % of even random routing, %2–%3. Grey bars "
                       "are as random.")
                        .arg(table.evenShare, 0, 'f', 2)
                        .arg(table.band.lo, 0, 'f', 2)
                        .arg(table.band.hi, 0, 'f', 2));
}

} // namespace moescope::ui
