// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/token_panel.h"

#include <algorithm>

#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/explore_words.h"
#include "core/experiments/intervention_effect.h"
#include "ui/figures/token_strip_view.h"
#include "ui/pages/explore/find_bar.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/style/inline_message.h"
#include "ui/style/segmented_control.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

std::shared_ptr<const Figure> shared(Figure figure)
{
    return std::make_shared<const Figure>(std::move(figure));
}

bool sameTokens(const RoutingTrace& a, const RoutingTrace& b)
{
    return std::ranges::equal(a.tokens, b.tokens, {}, &TraceToken::id, &TraceToken::id);
}

/// "A is to B as C is to D": one relation word on either side of the pivot.
bool isWholeAnalogy(const std::vector<TaggedToken>& tags)
{
    const auto isTo = [](const TaggedToken& tag) { return tag.type == TokenType::To; };
    const auto pivot = std::ranges::find(tags, TokenType::As, &TaggedToken::type);
    return pivot != tags.end() && std::any_of(tags.begin(), pivot, isTo)
        && std::any_of(pivot, tags.end(), isTo);
}

struct Pill {
    QString words;
    QString help;
};

std::vector<Pill> pillsOf(const ExploreResult::Side& side)
{
    constexpr std::size_t kMost = 2;
    std::vector<Pill> pills;
    if (!side.trace.tokens.empty() && isBareId(side.trace.tokens.back()))
        return pills;
    for (const CategoryHit& hit : side.categories) {
        // Nearly every prompt begins with a word and ends with a full stop.
        if (hit.category == "position" || pills.size() == kMost)
            continue;
        QString name = QString::fromStdString(hit.category);
        if (name == QLatin1String("analogy") && isWholeAnalogy(side.tags))
            name = TokenPanel::tr("analogy  A is to B as C is to D");
        QStringList patterns;
        const auto kinds = categories();
        if (const auto kind = std::ranges::find(kinds, hit.category, &Category::id);
            kind != kinds.end())
            for (const Pattern& pattern : kind->patterns)
                patterns += QString::fromStdString(pattern.text);
        pills.push_back({name.replace(QLatin1Char('_'), QLatin1Char(' ')),
            TokenPanel::tr(
                "%1 stand in word types that are usual in this kind of text: %2. A guess "
                "from the words alone; the model takes no part in it.")
                .arg(counted(hit.tokens, TokenPanel::tr("token"), TokenPanel::tr("tokens")),
                    patterns.join(QStringLiteral(", ")))});
    }
    const auto best = std::ranges::max_element(side.notes, {}, [](const PatternNote& note) {
        return note.label.empty() || note.label.starts_with("sequence") ? 0 : note.interest;
    });
    if (best != side.notes.end() && !best->label.empty() && !best->label.starts_with("sequence"))
        pills.push_back({QStringLiteral("%1: %2").arg(QString::fromStdString(best->label),
                             QString::fromStdString(
                                 visibleToken(side.trace.tokens[best->token].text))),
            TokenPanel::tr("The word whose neighbours say most about the text: its trigram is %1 "
                           "(position %2).")
                .arg(QString::fromStdString(best->trigram))
                .arg(best->token)});
    return pills;
}

} // namespace

QStringList patternPills(const ExploreResult::Side& side)
{
    QStringList words;
    for (const Pill& pill : pillsOf(side))
        words += pill.words;
    return words;
}

QStringList patternHelp(const ExploreResult::Side& side)
{
    QStringList help;
    for (const Pill& pill : pillsOf(side))
        help += pill.help;
    return help;
}

TokenPanel::TokenPanel(Style& style, Session& session, QWidget* parent)
    : Panel(style, parent)
    , m_session(session)
    , m_a(makeStrip(QStringLiteral("tokensA"), PromptSide::A))
    , m_b(makeStrip(QStringLiteral("tokensB"), PromptSide::B))
    , m_switch(new SegmentedControl(
          style, {tr("side by side"), QStringLiteral("A"), QStringLiteral("B")}))
    , m_find(new FindBar(style))
    , m_warning(new InlineMessage(style))
{
    setAccessibleName(tr("Tokens"));
    m_switch->setName(tr("shown"));
    m_switch->setObjectName(QStringLiteral("shownSides"));
    m_switch->hide();
    auto* body = new QWidget;
    auto* strips = new QVBoxLayout(body);
    strips->setContentsMargins(0, 0, 0, 0);
    strips->setSpacing(0);
    strips->addWidget(m_a);
    strips->addWidget(m_b);
    strips->addWidget(m_find);
    strips->addWidget(m_warning);
    m_warning->setObjectName(QStringLiteral("promptWarning"));
    m_b->hide();
    addHeaderWidget(m_switch);
    setHeaderVisible(false);
    setBody(body);
    // What it needs depends on the width, of which the hint knows nothing.
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    connect(m_switch, &SegmentedControl::currentChanged, this, &TokenPanel::wantedSidesChanged);
    connect(m_find, &FindBar::find, this, &TokenPanel::find);
    connect(m_find, &FindBar::closed, this, [this] { m_a->setFocus(); });
}

TokenStripView* TokenPanel::makeStrip(const QString& name, PromptSide side)
{
    auto* strip = new TokenStripView(look());
    strip->setObjectName(name);
    strip->setSource(QStringLiteral("explore"));
    connect(strip, &TokenStripView::tokenClicked, this,
        [this, side](int token) { m_session.selectToken(static_cast<std::size_t>(token), side); });
    connect(strip, &TokenStripView::rangeSelected, this, [this, side](int first, int last) {
        m_session.selectTokens(
            {static_cast<std::size_t>(first), static_cast<std::size_t>(last)}, side);
    });
    connect(strip, &TokenStripView::tokenHovered, this, [this, side](int token) {
        Hover hover;
        hover.side = side;
        if (token >= 0)
            hover.token = static_cast<std::size_t>(token);
        m_session.setHover(hover);
    });
    return strip;
}

ShownSides TokenPanel::wantedSides() const
{
    return static_cast<ShownSides>(std::max(0, m_switch->current()));
}

void TokenPanel::showScene(const ExploreScene& scene)
{
    const ExploreResult& result = *scene.result;
    const bool twoTexts = result.b && !sameTokens(result.a.trace, result.b->trace);
    if (scene.result != m_result) {
        QStringList warnings;
        for (const std::string& warning : exploreWarnings(result))
            warnings += QString::fromStdString(warning);
        if (warnings.isEmpty())
            m_warning->clear();
        else
            m_warning->showMessage(InlineMessage::Kind::Warning, warnings.join(QLatin1Char(' ')));
        markChanges(scene);
    }
    if (scene.result != m_result || scene.layer() != m_layer) {
        m_result = scene.result;
        m_layer = scene.layer();
        m_a->setFigure(shared(tokenStripFigure(result.a, *m_layer)));
        m_a->setPatterns(twoTexts ? QStringList() : patternPills(result.a),
            twoTexts ? QStringList() : patternHelp(result.a));
        m_a->setSideLetter(twoTexts ? QStringLiteral("A") : QString());
        m_a->setFooterVisible(!twoTexts); // one legend for both
        m_b->setVisible(twoTexts);
        if (twoTexts) {
            m_b->setFigure(shared(tokenStripFigure(*result.b, *m_layer)));
            m_b->setSideLetter(QStringLiteral("B"));
            m_b->setLegendPartner(m_a->figure());
        }
        // In a low window the grids need the room more.
        const bool low = window()->height() < look().px(860);
        const int rows = twoTexts || low ? 2 : 4;
        m_a->setVisibleRows(rows);
        m_b->setVisibleRows(rows);
        updateGeometry();
    }
    showMode(scene);
    const auto mark = [&](TokenStripView* strip, PromptSide side) {
        const auto token = scene.tokenOn(side);
        const auto range = scene.rangeOn(side);
        strip->setCurrent(token ? static_cast<int>(*token) : -1);
        if (range && range->count() > 1)
            strip->setRange(static_cast<int>(range->first), static_cast<int>(range->last));
        else
            strip->setRange(0, -1);
    };
    mark(m_a, PromptSide::A);
    if (twoTexts)
        mark(m_b, PromptSide::B);
}

void TokenPanel::markChanges(const ExploreScene& scene)
{
    QList<int> changed;
    if (scene.comparing == Comparing::Changes)
        for (const auto& change :
            interventionEffect(scene.result->a.trace, scene.result->b->trace).changes)
            changed += static_cast<int>(change.token);
    m_a->setChanged(changed);
}

void TokenPanel::showMode(const ExploreScene& scene)
{
    if (scene.comparing != m_comparing) {
        m_comparing = scene.comparing;
        const QSignalBlocker quiet(m_switch);
        m_switch->setCurrent(0);
        if (m_comparing == Comparing::Changes) {
            m_switch->setLabels({tr("side by side"), tr("untouched"), tr("changed")});
            setTitle(tr("Changed model"));
            setSubtitle(tr("the same prompt, run beside the untouched model"));
        } else {
            m_switch->setLabels({tr("side by side"), tr("prompt A"), tr("prompt B")});
            setTitle(tr("Two prompts"));
            setSubtitle(tr("a token that stands in both is marked in both"));
        }
    }
    const bool compares = scene.comparing != Comparing::Nothing;
    setHeaderVisible(compares);
    m_switch->setVisible(compares && !scene.isDense());
    if (!compares)
        setAccessibleName(tr("Tokens"));
}

void TokenPanel::showHover()
{
    const Hover& hover = m_session.hover();
    const auto preview = [&](TokenStripView* strip, PromptSide side) {
        strip->setHovered(hover.token && hover.side == side ? static_cast<int>(*hover.token) : -1);
    };
    preview(m_a, PromptSide::A);
    preview(m_b, PromptSide::B);
}

void TokenPanel::openFind()
{
    m_find->open();
}

void TokenPanel::find(const QString& text, bool forward, bool fromHere)
{
    if (!m_result || text.isEmpty()) {
        m_find->setFound(0, 0);
        return;
    }
    const bool inB = m_session.selection().side == PromptSide::B && m_b->isVisible();
    TokenStripView* strip = inB ? m_b : m_a;
    const int from = std::max(0, strip->current()) + (fromHere ? 0 : forward ? 1 : -1);
    const int found = strip->findToken(text, from, forward);
    const QList<int> all = strip->tokensWith(text);
    m_find->setFound(static_cast<int>(all.indexOf(found)) + 1, static_cast<int>(all.size()));
    if (found >= 0)
        m_session.selectToken(
            static_cast<std::size_t>(found), inB ? PromptSide::B : PromptSide::A, true);
}

} // namespace moescope::ui
