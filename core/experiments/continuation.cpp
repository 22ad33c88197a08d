// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/continuation.h"

#include <algorithm>
#include <any>
#include <cmath>
#include <new>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/runtime/forward.h"
#include "core/runtime/generate.h"

namespace moescope {

namespace {

constexpr std::uint64_t kSampling = 0x67656E; // generate()'s stream: the same seed, the same tokens

/// Records and keeps the last logits.
class Recorder : public TraceRecorder {
public:
    using TraceRecorder::TraceRecorder;
    void onLogits(std::uint32_t position, std::span<const float> logits) override
    {
        TraceRecorder::onLogits(position, logits);
        last.assign(logits.begin(), logits.end());
    }
    std::vector<float> last;
};

/// Copies of a trace that may be alive at once: the record, the result on show, the next one, and
/// results on their way to a window that takes them up to eight late.
constexpr std::uint64_t kTraces = 11;

/// The first `tokens` tokens of a trace, without those that have not passed through the model yet.
RoutingTrace firstTokens(const RoutingTrace& trace, std::size_t tokens)
{
    RoutingTrace part = trace;
    const std::size_t cells = tokens * trace.layerCount();
    part.tokens.resize(tokens);
    part.ids.resize(cells * trace.k);
    part.weights.resize(cells * trace.k);
    part.logits.resize(cells * trace.experts);
    part.margins.resize(cells);
    part.next.resize(tokens);
    part.nextLogProbability.resize(tokens);
    RoutingTrace::AttentionRouting& attention = part.attention;
    const std::size_t attentionCells = tokens * attention.layers.size();
    attention.ids.resize(attentionCells * attention.k);
    attention.weights.resize(attentionCells * attention.k);
    attention.logits.resize(attentionCells * trace.experts);
    attention.margins.resize(attentionCells);
    return part;
}

float logProbability(std::span<const float> logits, std::int32_t id)
{
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float value : logits)
        sum += std::exp(value - largest);
    return static_cast<float>(logits[static_cast<std::size_t>(id)] - largest - std::log(sum));
}

} // namespace

/// One prompt, its cache and what was recorded.
class Continuation::Side {
public:
    Side(const OpenModel& open, TraceRequest request, std::uint64_t seed)
        : m_open(open)
        , m_request(std::move(request))
        , m_cache(open.model->config())
        , m_recorder(*open.model, m_request.interventions)
        , m_random(Random::stream(seed, kSampling))
    {
    }

    /// What the side will hold with `more` tokens, and what its last step needs.
    Result<std::uint64_t> memory(std::uint32_t more)
    {
        MOESCOPE_CHECK(tokenize());
        const MoeModel& model = *m_open.model;
        const std::uint64_t tokens = m_recorder.trace().tokens.size() + std::uint64_t{more};
        return forwardMemory(model, tokens, {})
            + kTraces * sideMemory(model, tokens, m_request.interventions);
    }

    /// Runs the tokens that were added but have not passed through the model.
    Status catchUp(TaskContext& context)
    {
        MOESCOPE_CHECK(tokenize());
        const auto& tokens = m_recorder.trace().tokens;
        if (m_done == tokens.size())
            return {};
        std::vector<std::int32_t> ids;
        for (std::size_t t = m_done; t < tokens.size(); ++t)
            ids.push_back(tokens[t].id);
        ForwardSpec spec;
        spec.interventions = m_request.interventions;
        spec.logits = LogitsWanted::All;
        MOESCOPE_CHECK(forward(*m_open.model, m_cache, ids, spec, &m_recorder, context));
        m_done = tokens.size();
        return {};
    }

    bool ended() const { return m_ended; }

    /// Chooses the next token; catchUp() must have been done.
    void choose(double temperature)
    {
        const std::int32_t id
            = sampleToken(m_recorder.last, temperature, temperature > 0 ? m_random.uniform() : 0);
        m_logProbability.push_back(logProbability(m_recorder.last, id));
        TraceToken token = traceToken(m_open, id);
        token.generated = true;
        token.begin = static_cast<std::uint32_t>(m_text.size());
        if (!token.special)
            m_text += token.text;
        token.end = static_cast<std::uint32_t>(m_text.size());
        m_recorder.addToken(std::move(token));
        const ModelConfig& config = m_open.model->config();
        m_ended = std::ranges::find(config.endTokens, id) != config.endTokens.end()
            || (config.maxPositions > 0 && m_recorder.trace().tokens.size() >= config.maxPositions);
    }

    RoutingTrace trace() const
    {
        RoutingTrace trace = firstTokens(m_recorder.trace(), m_done);
        const std::size_t prompt = m_recorder.trace().tokens.size() - m_logProbability.size();
        for (std::size_t i = 0; prompt + i < trace.tokenCount(); ++i)
            trace.nextLogProbability[prompt + i - 1] = m_logProbability[i];
        trace.prompt = m_text;
        if (!trace.tokens.empty())
            trace.prompt.resize(std::max<std::size_t>(
                trace.tokens.back().end, std::min(m_text.size(), m_promptBytes)));
        return trace;
    }

private:
    Status tokenize()
    {
        if (!m_recorder.trace().tokens.empty())
            return {};
        MOESCOPE_TRY(auto tokens, tokenizePrompt(m_open, m_request));
        m_text = m_request.ids.empty() ? m_request.text : std::string();
        for (TraceToken& token : tokens) {
            if (!m_request.ids.empty() && !token.special)
                m_text += token.text;
            m_recorder.addToken(std::move(token));
        }
        m_promptBytes = m_text.size();
        return {};
    }

    const OpenModel& m_open;
    TraceRequest m_request;
    KvCache m_cache;
    Recorder m_recorder;
    Random m_random;
    std::string m_text; ///< prompt and what was added
    std::size_t m_promptBytes = 0;
    std::vector<float> m_logProbability; ///< of the added tokens
    std::size_t m_done = 0; ///< tokens that have passed through the model
    bool m_ended = false;
};

Continuation::Continuation(std::shared_ptr<const OpenModel> model,
    std::shared_ptr<const Lexicon> lexicon, ContinuationSpec spec)
    : m_model(std::move(model))
    , m_lexicon(std::move(lexicon))
    , m_spec(std::move(spec))
{
    m_sides.push_back(std::make_unique<Side>(*m_model, m_spec.explore.prompt, m_spec.seed));
    if (m_spec.explore.compare)
        m_sides.push_back(std::make_unique<Side>(*m_model, *m_spec.explore.compare, m_spec.seed));
}

Continuation::~Continuation() = default;

Status Continuation::checkMemory(std::uint32_t tokens, const TaskContext& context)
{
    std::uint64_t needed = 0;
    for (const auto& side : m_sides) {
        MOESCOPE_TRY(const std::uint64_t memory, side->memory(side->ended() ? 0 : tokens));
        needed += memory;
    }
    return context.checkMemory(
        needed, fmt::format("Continuing this prompt by {} tokens", formatCount(tokens)));
}

Result<bool> Continuation::step(TaskContext& context)
{
    try {
        TaskContext quiet = context.quiet(); // the caller hears of whole tokens
        bool added = false;
        for (const auto& side : m_sides)
            MOESCOPE_CHECK(side->catchUp(quiet));
        MOESCOPE_CHECK(context.check());
        for (const auto& side : m_sides) {
            if (side->ended())
                continue;
            side->choose(m_spec.temperature);
            added = true;
        }
        for (const auto& side : m_sides)
            MOESCOPE_CHECK(side->catchUp(quiet));
        return added;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, "There is not enough memory to continue this prompt.");
    }
}

bool Continuation::hasEnded() const
{
    return std::ranges::all_of(m_sides, [](const auto& side) { return side->ended(); });
}

std::shared_ptr<const ExploreResult> Continuation::snapshot() const
{
    auto result = std::make_shared<ExploreResult>();
    result->model = m_model;
    result->spec = m_spec.explore;
    result->sampling = ExploreResult::Sampling{m_spec.temperature, m_spec.seed};
    const auto& layers = m_model->model->mixtureLayers();
    result->layer = m_spec.explore.layer.value_or(layers.empty()
            ? LayerId(m_model->model->config().layerCount() / 2)
            : layers[layers.size() / 2]);
    const auto fill = [&](ExploreResult::Side& side, const Side& from) {
        side.trace = from.trace();
        side.tags = tagTrace(side.trace, *m_lexicon, m_spec.explore.reg);
        side.notes = summarisePatterns(side.tags);
        side.categories = categoriesOf(side.tags);
    };
    fill(result->a, *m_sides.front());
    if (m_sides.size() > 1) {
        fill(result->b.emplace(), *m_sides.back());
        result->comparison = comparePrompts(result->a.trace, result->b->trace);
    }
    return result;
}

Result<bool> continueBy(Continuation& continuation, std::uint32_t tokens, TaskContext& context)
{
    MOESCOPE_CHECK(continuation.checkMemory(tokens, context));
    for (std::uint32_t done = 0; done < tokens; ++done) {
        MOESCOPE_CHECK(context.check());
        MOESCOPE_TRY(const bool added, continuation.step(context));
        if (!added)
            return false;
        context.progress(static_cast<double>(done + 1) / tokens,
            fmt::format("Token {} of {}", done + 1, tokens));
        context.partial(continuation.snapshot());
    }
    return !continuation.hasEnded();
}

} // namespace moescope
