// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/trace/routing_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <numeric>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/runtime/runnable.h"

namespace moescope {

namespace {

/// log Σ exp(logits), in double.
double logSum(std::span<const float> logits)
{
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float value : logits)
        sum += std::exp(value - largest);
    return largest + std::log(sum);
}

} // namespace

std::vector<Prediction> mostLikely(std::span<const float> logits, std::size_t count)
{
    const double total = logSum(logits);
    std::vector<std::int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    count = std::min(count, order.size());
    const auto logit = [&](std::int32_t id) { return logits[static_cast<std::size_t>(id)]; };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
        order.end(), [&](std::int32_t a, std::int32_t b) {
            return logit(a) != logit(b) ? logit(a) > logit(b) : a < b;
        });
    std::vector<Prediction> predictions;
    for (std::size_t i = 0; i < count; ++i)
        predictions.push_back({order[i], static_cast<float>(std::exp(logit(order[i]) - total))});
    return predictions;
}

std::size_t RoutingTrace::countedTokens() const
{
    return static_cast<std::size_t>(std::ranges::count(tokens, false, &TraceToken::special));
}

std::span<const std::int32_t> RoutingTrace::idsAt(std::size_t token, std::size_t ordinal) const
{
    return std::span(ids).subspan((token * layers.size() + ordinal) * k, k);
}

std::span<const float> RoutingTrace::weightsAt(std::size_t token, std::size_t ordinal) const
{
    return std::span(weights).subspan((token * layers.size() + ordinal) * k, k);
}

std::span<const float> RoutingTrace::logitsAt(std::size_t token, std::size_t ordinal) const
{
    return std::span(logits).subspan((token * layers.size() + ordinal) * experts, experts);
}

float RoutingTrace::marginAt(std::size_t token, std::size_t ordinal) const
{
    return margins[token * layers.size() + ordinal];
}

std::vector<double> RoutingTrace::probabilitiesAt(std::size_t token, std::size_t ordinal) const
{
    const auto z = logitsAt(token, ordinal);
    const double largest = *std::ranges::max_element(z);
    std::vector<double> p(z.size());
    std::ranges::transform(z, p.begin(), [&](float value) { return std::exp(value - largest); });
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& value : p)
        value /= sum;
    return p;
}

double RoutingTrace::entropyAt(std::size_t token, std::size_t ordinal) const
{
    double entropy = 0;
    for (const double p : probabilitiesAt(token, ordinal)) {
        if (p > 0)
            entropy -= p * std::log(p);
    }
    return entropy;
}

std::int32_t RoutingTrace::top1At(std::size_t token, std::size_t ordinal) const
{
    const auto w = weightsAt(token, ordinal);
    return idsAt(token, ordinal)[static_cast<std::size_t>(std::ranges::max_element(w) - w.begin())];
}

std::optional<std::size_t> RoutingTrace::ordinalOf(LayerId layer) const
{
    const auto it = std::ranges::find(layers, layer);
    if (it == layers.end())
        return std::nullopt;
    return static_cast<std::size_t>(it - layers.begin());
}

std::size_t sharedExperts(std::span<const std::int32_t> a, std::span<const std::int32_t> b)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        a, [&](std::int32_t id) { return std::ranges::find(b, id) != b.end(); }));
}

float selectionMargin(std::span<const float> selection, std::span<const std::int32_t> chosen)
{
    float lowestChosen = std::numeric_limits<float>::infinity();
    float bestRejected = -std::numeric_limits<float>::infinity();
    for (std::size_t e = 0; e < selection.size(); ++e) {
        const bool isChosen
            = std::ranges::find(chosen, static_cast<std::int32_t>(e)) != chosen.end();
        if (isChosen)
            lowestChosen = std::min(lowestChosen, selection[e]);
        else
            bestRejected = std::max(bestRejected, selection[e]);
    }
    return lowestChosen - bestRejected;
}

namespace {

/// One token's choice at one layer into the arrays of a trace or of its attention.
template <typename Arrays>
void store(Arrays& arrays, std::size_t k, std::size_t cell, const ForwardObserver::Routing& routing)
{
    const auto at = [&](auto& values, std::size_t width) {
        return values.begin() + static_cast<std::ptrdiff_t>(cell * width);
    };
    std::ranges::copy(routing.ids, at(arrays.ids, k));
    std::ranges::copy(routing.weights, at(arrays.weights, k));
    std::ranges::copy(routing.logits, at(arrays.logits, routing.logits.size()));
    arrays.margins[cell] = selectionMargin(routing.selection, routing.ids);
}

} // namespace

std::optional<RoutingTrace> attentionTrace(const RoutingTrace& trace)
{
    const RoutingTrace::AttentionRouting& attention = trace.attention;
    if (attention.layers.empty())
        return std::nullopt;
    RoutingTrace heads;
    heads.prompt = trace.prompt;
    heads.tokens = trace.tokens;
    heads.layers = attention.layers;
    heads.experts = trace.experts;
    heads.k = attention.k;
    heads.ids = attention.ids;
    heads.weights = attention.weights;
    heads.logits = attention.logits;
    heads.margins = attention.margins;
    heads.next = trace.next;
    heads.nextLogProbability = trace.nextLogProbability;
    return heads;
}

TraceRecorder::TraceRecorder(
    const MoeModel& model, const Interventions& interventions, std::size_t predictions)
    : m_predictions(predictions)
{
    const RouterSpec& router = model.config().router;
    m_trace.layers = model.mixtureLayers();
    m_trace.experts = router.experts;
    m_trace.k = interventions.topK.value_or(router.topK);
    m_trace.marginUnit = router.selectionUnit();
    m_trace.interventions = interventions;
    m_trace.attention.k = router.topK; // interventions concern the experts of the MLP
    for (std::uint32_t layer = 0; layer < model.config().layerCount(); ++layer)
        if (model.config().layers[layer].mixer == LayerSpec::Mixer::RoutedHeads)
            m_trace.attention.layers.push_back(LayerId(layer));
}

void TraceRecorder::addToken(TraceToken token)
{
    m_trace.tokens.push_back(std::move(token));
    const std::size_t tokens = m_trace.tokens.size();
    const std::size_t cells = tokens * m_trace.layers.size();
    m_trace.ids.resize(cells * m_trace.k, -1);
    m_trace.weights.resize(cells * m_trace.k);
    m_trace.logits.resize(cells * m_trace.experts);
    m_trace.margins.resize(cells);
    RoutingTrace::AttentionRouting& attention = m_trace.attention;
    const std::size_t attentionCells = tokens * attention.layers.size();
    attention.ids.resize(attentionCells * attention.k, -1);
    attention.weights.resize(attentionCells * attention.k);
    attention.logits.resize(attentionCells * m_trace.experts);
    attention.margins.resize(attentionCells);
    m_trace.next.resize(tokens);
    m_trace.nextLogProbability.resize(tokens, std::numeric_limits<float>::quiet_NaN());
}

void TraceRecorder::onRouting(LayerId layer, std::uint32_t position, const Routing& routing)
{
    const auto ordinal = m_trace.ordinalOf(layer);
    if (ordinal && position < m_trace.tokens.size())
        store(m_trace, m_trace.k, position * m_trace.layers.size() + *ordinal, routing);
}

void TraceRecorder::onAttentionRouting(
    LayerId layer, std::uint32_t position, const Routing& routing)
{
    RoutingTrace::AttentionRouting& attention = m_trace.attention;
    const auto at = std::ranges::find(attention.layers, layer);
    if (at != attention.layers.end() && position < m_trace.tokens.size())
        store(attention, attention.k,
            position * attention.layers.size()
                + static_cast<std::size_t>(at - attention.layers.begin()),
            routing);
}

void TraceRecorder::onLogits(std::uint32_t position, std::span<const float> logits)
{
    if (position >= m_trace.tokens.size() || m_predictions == 0)
        return;
    if (position + 1 < m_trace.tokens.size())
        m_trace.nextLogProbability[position] = static_cast<float>(
            logits[static_cast<std::size_t>(m_trace.tokens[position + 1].id)] - logSum(logits));
    m_trace.next[position] = mostLikely(logits, m_predictions);
}

TraceToken traceToken(const OpenModel& open, std::int32_t id)
{
    TraceToken token;
    token.id = id;
    if (open.tokenizer) {
        token.text = open.tokenizer->tokenBytes(id);
        token.special = open.tokenizer->isSpecial(id);
    } else {
        token.text = fmt::format("#{}", id);
    }
    return token;
}

namespace {

/// A tokenizer may know more than the model it lies beside.
Status checkVocabulary(const OpenModel& open, std::span<const std::int32_t> ids)
{
    const auto size = static_cast<std::int64_t>(open.model ? open.model->config().vocabulary : 0);
    for (const std::int32_t id : ids)
        if (size > 0 && id >= size)
            return fail(ErrorCode::BadFormat,
                fmt::format(
                    "The tokenizer of {} gives \"{}\" the id {}, but the model's vocabulary "
                    "has {} tokens.",
                    displayPath(open.path), displayName(open.tokenizer->tokenBytes(id)), id, size));
    return {};
}

} // namespace

Result<std::vector<TraceToken>> tokenizePrompt(const OpenModel& open, const TraceRequest& request)
{
    if (open.model)
        MOESCOPE_CHECK(checkRunnable(open.model->config()));
    std::vector<TraceToken> tokens;
    if (!request.ids.empty()) {
        for (const std::int32_t id : request.ids)
            tokens.push_back(traceToken(open, id));
        std::uint32_t end = 0; // offsets in the text that the ids spell
        for (TraceToken& token : tokens) {
            token.begin = end;
            end += token.special ? 0 : static_cast<std::uint32_t>(token.text.size());
            token.end = end;
        }
        return tokens;
    }
    if (!open.tokenizer)
        return fail(
            open.tokenizerError.message.empty() ? ErrorCode::NotFound : open.tokenizerError.code,
            fmt::format("{} has no usable tokenizer, so a prompt must be given as token ids. ({})",
                open.name, open.tokenizerError.message));
    MOESCOPE_TRY(const Encoding encoding,
        request.addSpecial ? open.tokenizer->encodePrompt(request.text)
                           : open.tokenizer->encode(request.text));
    if (encoding.ids.empty())
        return fail(ErrorCode::InvalidArgument, "The prompt is empty.");
    MOESCOPE_CHECK(checkVocabulary(open, encoding.ids));
    for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
        TraceToken token = traceToken(open, encoding.ids[i]);
        token.begin = encoding.offsets[i].first;
        token.end = encoding.offsets[i].second;
        tokens.push_back(std::move(token));
    }
    return tokens;
}

std::uint64_t traceMemory(
    const MoeModel& model, std::uint64_t tokens, const Interventions& interventions)
{
    const RouterSpec& router = model.config().router;
    return tokens * model.mixtureLayers().size() * sizeof(float)
        * (router.experts + 2ULL * interventions.topK.value_or(router.topK) + 1);
}

Result<RoutingTrace> traceRouting(
    const OpenModel& open, const TraceRequest& request, TaskContext& context)
{
    if (!open.model)
        return fail(open.modelError.code, open.modelError.message);
    MOESCOPE_TRY(std::vector<TraceToken> tokens, tokenizePrompt(open, request));
    return traceRouting(open, request, std::move(tokens), context);
}

Result<RoutingTrace> traceRouting(const OpenModel& open, const TraceRequest& request,
    std::vector<TraceToken> tokens, TaskContext& context)
{
    MOESCOPE_CHECK(
        context.checkMemory(traceMemory(*open.model, tokens.size(), request.interventions)
                + forwardMemory(*open.model, tokens.size(), {}),
            "Recording this prompt"));
    try {
        std::vector<std::int32_t> ids;
        for (const TraceToken& token : tokens)
            ids.push_back(token.id);
        KvCache cache(open.model->config());
        ForwardSpec spec;
        spec.interventions = request.interventions;
        spec.logits = LogitsWanted::All;
        TraceRecorder recorder(*open.model, request.interventions);
        for (TraceToken& token : tokens)
            recorder.addToken(std::move(token));
        MOESCOPE_CHECK(forward(*open.model, cache, ids, spec, &recorder, context));
        RoutingTrace trace = recorder.take();
        trace.prompt = request.text;
        if (!request.ids.empty()) {
            trace.prompt.clear();
            for (const TraceToken& token : trace.tokens) {
                if (!token.special)
                    trace.prompt += token.text;
            }
        }
        return trace;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, "There is not enough memory to record this prompt.");
    }
}

} // namespace moescope
