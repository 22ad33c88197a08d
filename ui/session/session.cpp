// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/session.h"

#include <algorithm>
#include <utility>

#include "core/experiments/explore.h"
#include "core/experiments/text_set_summary.h"

namespace moescope::ui {

namespace {

std::optional<LayerId> fittingLayer(const OpenModel& open, std::optional<LayerId> wished)
{
    if (!open.model || open.model->mixtureLayers().empty())
        return std::nullopt;
    const auto& layers = open.model->mixtureLayers();
    if (wished && std::find(layers.begin(), layers.end(), *wished) != layers.end())
        return wished;
    return layers[layers.size() / 2];
}

/// Where to look first: the token with the most telling pattern.
std::size_t tellingToken(const ExploreResult::Side& side)
{
    const auto best = std::max_element(side.notes.begin(), side.notes.end(),
        [](const PatternNote& a, const PatternNote& b) { return a.interest < b.interest; });
    return best == side.notes.end() ? side.trace.tokenCount() - 1 : best->token;
}

} // namespace

Session::Session(QObject* parent)
    : QObject(parent)
{
    m_prompt.text = kDefaultPrompt;
}

Session::~Session() = default;

void Session::setModel(std::shared_ptr<const OpenModel> model)
{
    m_model = std::move(model);
    m_explore.reset();
    m_hover = {};
    m_proposes = true;
    m_interventions.reset();
    Selection start;
    start.layer = fittingLayer(*m_model, selection().layer);
    m_history.clear(start);
    emit modelOpened();
    emit exploreChanged();
    emit selectionChanged();
}

void Session::closeModel()
{
    if (!m_model)
        return;
    m_model.reset();
    m_explore.reset();
    m_hover = {};
    m_interventions.reset();
    m_history.clear({});
    emit modelClosed();
    emit exploreChanged();
    emit selectionChanged();
}

void Session::failModel(const QString& what, const Error& error)
{
    m_lastFailure = error;
    emit modelFailed(what, QString::fromStdString(error.message));
}

void Session::setPrompts(TraceRequest prompt, std::optional<TraceRequest> compare)
{
    m_prompt = std::move(prompt);
    m_prompt.interventions = {};
    m_compare = std::move(compare);
    if (m_compare)
        m_compare->interventions = {};
    emit promptChanged();
}

void Session::setTexts(std::shared_ptr<const TextSetSummary> texts)
{
    // The same set under another model's tokenizer keeps its place.
    if (!m_texts || !texts || m_texts->texts != texts->texts)
        m_document.reset();
    m_texts = std::move(texts);
    emit textsChanged();
}

void Session::setDocument(std::size_t document)
{
    m_document = document;
    emit textsChanged();
}

ExploreSpec Session::exploreSpec() const
{
    ExploreSpec spec;
    spec.prompt = m_prompt;
    spec.compare = m_compare;
    if (!m_interventions.isEmpty()) {
        spec.compare = m_prompt;
        spec.compare->interventions = m_interventions.current();
    }
    spec.layer = selection().layer;
    return spec;
}

void Session::select(const Selection& next, bool gesture)
{
    if (next == selection())
        return;
    if (next.tokens != selection().tokens)
        m_proposes = false;
    m_history.push(next, gesture);
    emit selectionChanged();
}

void Session::selectLayer(LayerId layer, bool gesture)
{
    Selection next = selection();
    if (next.layer != layer)
        next.experts.clear(); // expert 5 of another layer is another expert
    next.layer = layer;
    select(next, gesture);
}

void Session::selectToken(std::size_t token, PromptSide side, bool gesture)
{
    selectTokens({token, token}, side, gesture);
}

void Session::selectTokens(TokenRange range, PromptSide side, bool gesture)
{
    if (range.first > range.last)
        std::swap(range.first, range.last);
    Selection next = selection();
    next.tokens = range;
    next.side = side;
    select(next, gesture);
}

void Session::selectExpert(ExpertId expert, bool gesture)
{
    Selection next = selection();
    next.experts = {expert};
    select(next, gesture);
}

void Session::toggleExpert(ExpertId expert)
{
    Selection next = selection();
    if (std::erase(next.experts, expert) == 0)
        next.experts.push_back(expert);
    select(next);
}

bool Session::stepOut()
{
    Selection next = selection();
    if (!next.experts.empty())
        next.experts.clear();
    else if (next.tokens)
        next.tokens.reset();
    else
        return false;
    select(next);
    return true;
}

void Session::goBack()
{
    if (!canGoBack())
        return;
    m_history.back();
    if (m_explore)
        fitTo(*m_explore); // the step may be of a longer prompt
    emit selectionChanged();
}

void Session::goForward()
{
    if (!canGoForward())
        return;
    m_history.forward();
    if (m_explore)
        fitTo(*m_explore);
    emit selectionChanged();
}

void Session::setHover(const Hover& hover)
{
    if (hover == m_hover)
        return;
    m_hover = hover;
    emit hoverChanged();
}

void Session::setExplore(std::shared_ptr<const ExploreResult> result)
{
    m_explore = std::move(result);
    m_hover = {};
    bool moved = false;
    if (m_explore) {
        const Selection before = selection();
        fitTo(*m_explore);
        moved = selection() != before;
    }
    emit exploreChanged();
    if (moved)
        emit selectionChanged();
}

void Session::fitTo(const ExploreResult& result)
{
    Selection fitted = selection();
    if (fitted.side == PromptSide::B && !result.b)
        fitted.side = PromptSide::A;
    const ExploreResult::Side& side = fitted.side == PromptSide::B ? *result.b : result.a;
    const std::size_t count = side.trace.tokenCount();
    m_proposes = m_proposes || (fitted.tokens && fitted.tokens->last >= count);
    if (m_proposes) {
        fitted.tokens.reset();
        if (count > 0) {
            const std::size_t token = tellingToken(side);
            fitted.tokens = TokenRange{token, token};
        }
    }
    m_history.amend(fitted);
}

void Session::failExplore(const Error& error)
{
    m_lastFailure = error;
    emit exploreFailed(QString::fromStdString(error.message));
}

} // namespace moescope::ui
