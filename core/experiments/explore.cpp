// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/explore.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "core/runtime/forward.h"

namespace moescope {

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One side before it runs.
struct Prompt {
    const TraceRequest& request;
    std::vector<TraceToken> tokens;
    double seconds = 0; ///< that it took to make them
};

Result<Prompt> makePrompt(const OpenModel& model, const TraceRequest& request)
{
    const auto start = std::chrono::steady_clock::now();
    MOESCOPE_TRY(auto tokens, tokenizePrompt(model, request));
    return Prompt{request, std::move(tokens), secondsSince(start)};
}

Result<ExploreResult::Side> exploreSide(const OpenModel& model, const Lexicon& lexicon,
    Prompt prompt, Register reg, TaskContext& context)
{
    ExploreResult::Side side;
    const auto start = std::chrono::steady_clock::now();
    MOESCOPE_TRY(
        side.trace, traceRouting(model, prompt.request, std::move(prompt.tokens), context));
    side.seconds = prompt.seconds + secondsSince(start);
    side.tags = tagTrace(side.trace, lexicon, reg);
    side.notes = summarisePatterns(side.tags);
    side.categories = categoriesOf(side.tags);
    return side;
}

Result<LayerId> chooseLayer(const OpenModel& model, std::optional<LayerId> wanted)
{
    const auto& layers = model.model->mixtureLayers();
    const std::uint32_t count = model.model->config().layerCount();
    if (!wanted)
        return layers.empty() ? LayerId(count / 2) : layers[layers.size() / 2];
    if (wanted->value >= count)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("There is no layer {}: {} has the layers 0 to {}.", wanted->value,
                model.name, count - 1));
    if (!layers.empty() && std::ranges::find(layers, *wanted) == layers.end())
        return fail(ErrorCode::InvalidArgument,
            fmt::format("Layer {} of {} is dense: it has no router.", wanted->value, model.name));
    return *wanted;
}

/// Bytes of a token's type, patterns and text beside its trace, as measured.
constexpr std::uint64_t kTagBytes = 250;
/// Of a number in a report's fields, with its brackets; of a cell with its note.
constexpr std::uint64_t kNumberBytes = 24;
constexpr std::uint64_t kCellBytes = 450;

Status checkMemory(const MoeModel& model, std::span<const Prompt> prompts, ExploreFor purpose,
    const TaskContext& context)
{
    const bool reports = purpose == ExploreFor::Report;
    std::uint64_t pass = 0;
    std::uint64_t kept = 0;
    for (const Prompt& prompt : prompts) {
        const RouterSpec& router = model.config().router;
        const Interventions& interventions = prompt.request.interventions;
        const std::uint64_t tokens = prompt.tokens.size();
        const std::uint64_t layers = model.mixtureLayers().size();
        const std::uint64_t k = interventions.topK.value_or(router.topK);
        pass = std::max(pass, forwardMemory(model, tokens, {}));
        kept += sideMemory(model, tokens, interventions);
        if (reports)
            kept += tokens
                * (layers * (router.experts + 2 * k) * kNumberBytes
                    + (router.experts + layers) * kCellBytes);
    }
    return context.checkMemory(
        pass + kept, reports ? "Running and reporting this prompt" : "Running this prompt");
}

} // namespace

std::uint64_t sideMemory(
    const MoeModel& model, std::uint64_t tokens, const Interventions& interventions)
{
    return traceMemory(model, tokens, interventions) + tokens * kTagBytes;
}

std::vector<TaggedToken> tagTrace(const RoutingTrace& trace, const Lexicon& lexicon, Register reg)
{
    std::vector<TokenSpan> spans;
    for (const TraceToken& token : trace.tokens)
        spans.push_back({token.begin, token.end, token.special, isBlank(token.text)});
    return tagTokens(trace.prompt, spans, lexicon, reg);
}

double roundingMargin(const RoutingTrace& trace, std::size_t ordinal)
{
    float largest = 0;
    for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
        for (const float z : trace.logitsAt(t, ordinal))
            largest = std::max(largest, std::abs(z));
    }
    // What a change of two logits does to the scores: a sigmoid's slope is at most 1/4, and two
    // probabilities draw apart by no more than half of it.
    const double slope = trace.marginUnit == "score" ? 0.25
        : trace.marginUnit == "probability"          ? 0.5
                                                     : 1.0;
    return slope * 0x1p-7 * static_cast<double>(largest);
}

Result<ExploreResult> explore(std::shared_ptr<const OpenModel> model, const Lexicon& lexicon,
    const ExploreSpec& spec, TaskContext& context, ExploreFor purpose)
{
    if (!model->model)
        return fail(model->modelError.code, model->modelError.message);
    try {
        ExploreResult result;
        MOESCOPE_TRY(result.layer, chooseLayer(*model, spec.layer));
        std::vector<Prompt> prompts;
        for (const TraceRequest* request :
            {&spec.prompt, spec.compare ? &*spec.compare : nullptr}) {
            if (!request)
                continue;
            MOESCOPE_TRY(auto prompt, makePrompt(*model, *request));
            prompts.push_back(std::move(prompt));
        }
        MOESCOPE_CHECK(checkMemory(*model->model, prompts, purpose, context));
        MOESCOPE_TRY(
            result.a, exploreSide(*model, lexicon, std::move(prompts.front()), spec.reg, context));
        if (spec.compare) {
            MOESCOPE_TRY(auto other,
                exploreSide(*model, lexicon, std::move(prompts.back()), spec.reg, context));
            result.b = std::move(other);
            result.comparison = comparePrompts(result.a.trace, result.b->trace);
        }
        result.spec = spec;
        result.model = std::move(model);
        return result;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, "There is not enough memory to analyse this prompt.");
    }
}

} // namespace moescope
