// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/token_section.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/experiments/explore_words.h"
#include "ui/pages/explore/bar_rows.h"
#include "ui/pages/explore/layer_weights_view.h"
#include "ui/pages/explore/lens_section.h"
#include "ui/pages/explore/roles.h"
#include "ui/session/session.h"
#include "ui/shell/page.h"
#include "ui/style/elided_label.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr std::size_t kPredictions = 5;

std::vector<BarRows::Bar> predictionBars(
    const std::vector<Prediction>& predictions, const OpenModel& open)
{
    std::vector<BarRows::Bar> bars;
    for (std::size_t i = 0; i < std::min(kPredictions, predictions.size()); ++i) {
        const auto p = static_cast<double>(predictions[i].probability);
        const QString token
            = QString::fromStdString(visibleToken(traceToken(open, predictions[i].id).text));
        const QString number = QStringLiteral("%1 %").arg(100 * p, 0, 'f', 1);
        bars.push_back({token, p, number,
            TokenSection::tr("“%1” (id %2) comes next with probability %3")
                .arg(token)
                .arg(predictions[i].id)
                .arg(number)});
    }
    return bars;
}

} // namespace

TokenSection::TokenSection(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_title(makeLabel(QStringLiteral("section"), tr("TOKEN"), this))
    , m_name(new ElidedLabel(this))
    , m_position(makeLabel(QStringLiteral("muted"), {}, this))
    , m_type(makeLabel(QStringLiteral("muted"), {}, this))
    , m_experts(makeExperts())
    , m_nextTitle(makeLabel(QStringLiteral("section"), {}, this))
    , m_next(new BarRows(context.style, this))
    , m_otherTitle(makeLabel(QStringLiteral("section"), {}, this))
    , m_other(new BarRows(context.style, this))
    , m_lens(new LensSection(context, this))
{
    setObjectName(QStringLiteral("tokenSection"));
    m_name->setObjectName(QStringLiteral("tokenName"));
    m_position->setObjectName(QStringLiteral("tokenPosition"));
    m_type->setObjectName(QStringLiteral("tokenType"));
    m_type->setWordWrap(true);
    m_next->setObjectName(QStringLiteral("nextTokens"));
    m_other->setObjectName(QStringLiteral("nextTokensOther"));
    const Style& style = context.style;
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(style.pxInt(6));
    auto* name = new QHBoxLayout;
    name->addWidget(m_name, 1);
    name->addWidget(m_position, 0, Qt::AlignBottom);
    column->addWidget(m_title);
    column->addLayout(name);
    column->addWidget(m_type);
    column->addSpacing(style.pxInt(8));
    column->addWidget(m_experts);
    column->addWidget(m_nextTitle);
    column->addWidget(m_next);
    column->addWidget(m_otherTitle);
    column->addWidget(m_other);
    column->addSpacing(style.pxInt(8));
    column->addWidget(m_lens);
    setFonts();
    connect(&context.style, &Style::changed, this, &TokenSection::setFonts);
}

void TokenSection::setFonts()
{
    m_name->setFont(fontFor(m_context.style.mono(4), m_name->text()));
}

QWidget* TokenSection::makeExperts()
{
    const Style& style = m_context.style;
    auto* box = new QWidget(this);
    m_layers = new LayerWeightsView(m_context.style, box);
    m_layers->setObjectName(QStringLiteral("expertsByLayer"));
    m_layers->setAccessibleName(tr("Experts by layer"));
    m_rounding = makeLabel(
        QStringLiteral("null"), tr("▲ amber: so close that rounding could change the choice"), box);
    m_rounding->setWordWrap(true);
    m_rounding->setToolTip(
        tr("The margin is below 2⁻⁷ of the layer's largest router logit: rounding the logits to "
           "bfloat16 alone could pick another expert."));
    auto* titles = new QHBoxLayout;
    m_expertsTitle = makeLabel(QStringLiteral("section"), {}, box);
    m_expertsTitle->setObjectName(QStringLiteral("expertsTitle"));
    m_expertsTitle->setToolTip(
        tr("Which experts read this token at every layer; width and shade are the "
           "weight that multiplies the expert's output."));
    auto* right = makeLabel(QStringLiteral("muted"), tr("margin"), box);
    right->setToolTip(tr("By how much the last chosen expert was ahead of the first rejected one, "
                         "in the unit of the router's logits"));
    titles->addWidget(m_expertsTitle, 1);
    titles->addWidget(right);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, style.pxInt(8));
    column->setSpacing(style.pxInt(4));
    column->addLayout(titles);
    column->addWidget(m_layers);
    column->addWidget(m_rounding);
    connect(m_layers, &LayerWeightsView::layerChosen, this,
        [this](LayerId layer) { m_context.session.selectLayer(layer, true); });
    return box;
}

void TokenSection::clear()
{
    m_lens->clear();
}

bool TokenSection::isBusy() const
{
    return m_lens->isBusy();
}

void TokenSection::showScene(const ExploreScene& scene, std::size_t token)
{
    const SidePointer side = scene.side(scene.focus());
    const RoutingTrace& trace = side->trace;
    const TraceToken& shown = trace.tokens[token];
    const TaggedToken& tag = side->tags[token];
    QString title = tr("TOKEN");
    if (scene.comparing == Comparing::Prompts)
        title = scene.focus() == PromptSide::A ? tr("TOKEN OF PROMPT A") : tr("TOKEN OF PROMPT B");
    else if (scene.comparing == Comparing::Changes)
        title = scene.focus() == PromptSide::A ? tr("TOKEN, UNTOUCHED RUN")
                                               : tr("TOKEN, CHANGED RUN");
    m_title->setText(title);
    m_name->setText(QStringLiteral("“%1”").arg(QString::fromStdString(visibleToken(shown.text))));
    setFonts();
    m_position->setText(tr("position %1").arg(token));
    m_position->setToolTip(tr("Counted from 0; id %1 in the vocabulary").arg(shown.id));
    QStringList words;
    if (isBareId(shown))
        words += tr("an id; the model has no tokenizer that knows its text");
    else
        words = {QString::fromStdString(std::string(tokenTypeMeaning(tag.type))),
            tr("trigram %1")
                .arg(QString::fromStdString(formatTrigram(tag.previous, tag.type, tag.next)))};
    if (const std::string whole = partialCharacters(trace, token); !whole.empty())
        words += tr("some of the bytes of “%1”").arg(QString::fromStdString(whole));
    if (shown.generated)
        words += tr("generated by the model");
    m_type->setText(words.join(QStringLiteral(" · ")));
    m_type->setToolTip(tr("Token type of the word it belongs to, and the types of the word before, "
                          "this word and the word after. ^ stands for the beginning of the text, $ "
                          "for its end."));
    m_experts->setVisible(!scene.isDense());
    if (!scene.isDense()) {
        m_expertsTitle->setText(
            scene.showsHeads() ? tr("ATTENTION HEADS BY LAYER") : tr("EXPERTS BY LAYER"));
        m_layers->setToken(scene.routing(scene.focus()), token);
        m_layers->setCurrentLayer(scene.layer());
        m_rounding->setVisible(m_layers->hasCloseCalls());
    }
    showPredictions(scene, token);
    m_lens->showScene(scene, token);
}

void TokenSection::showPredictions(const ExploreScene& scene, std::size_t token)
{
    const PromptSide focus = scene.focus();
    const OpenModel& open = *scene.result->model;
    const auto& next = scene.side(focus)->trace.next;
    const bool changes = scene.comparing == Comparing::Changes;
    m_nextTitle->setText(!changes    ? tr("NEXT TOKEN")
            : focus == PromptSide::A ? tr("NEXT TOKEN, UNTOUCHED")
                                     : tr("NEXT TOKEN, CHANGED"));
    m_nextTitle->setToolTip(tr("What the model expects after this token, in percent"));
    const bool known = token < next.size() && !next[token].empty();
    m_nextTitle->setVisible(known);
    m_next->setVisible(known);
    if (known)
        m_next->setBars(predictionBars(next[token], open), 1);

    const PromptSide otherSide = focus == PromptSide::A ? PromptSide::B : PromptSide::A;
    const auto& otherNext = scene.side(otherSide)->trace.next;
    const auto there = scene.tokenOn(otherSide);
    const bool both = changes && there && *there < otherNext.size() && !otherNext[*there].empty();
    m_otherTitle->setText(otherSide == PromptSide::A ? tr("UNTOUCHED") : tr("CHANGED"));
    m_otherTitle->setVisible(both);
    m_other->setVisible(both);
    if (both)
        m_other->setBars(predictionBars(otherNext[*there], open), 1);
}

} // namespace moescope::ui
