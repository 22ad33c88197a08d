// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/bench.h"

#include <algorithm>
#include <chrono>

#include "core/base/random.h"
#include "core/runtime/generate.h"

namespace moescope::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since)
{
    return std::chrono::duration<double>(Clock::now() - since).count();
}

/// Weights that one token uses and the bytes in which they are stored.
struct Active {
    double weights = 0;
    double bytes = 0;

    void add(const MatrixView& matrix, double share = 1)
    {
        weights += share * static_cast<double>(matrix.elements());
        bytes += share * static_cast<double>(matrix.bytes());
    }
    void add(const MlpTensors& mlp, double share = 1)
    {
        for (const Projection projection : kProjections)
            add(mlp[projection], share);
    }
};

Active activeOf(const MoeModel& model)
{
    Active active;
    const double k = model.config().router.topK;
    for (const LayerTensors& layer : model.tensors().layers) {
        for (const MatrixView* matrix : {&layer.q, &layer.k, &layer.v, &layer.o, &layer.router})
            active.add(*matrix);
        for (const MlpTensors& expert : layer.experts)
            active.add(expert, k / static_cast<double>(layer.experts.size()));
        if (layer.shared)
            active.add(*layer.shared);
        active.add(layer.dense);
        if (layer.latent) {
            for (const MatrixView* matrix :
                {&layer.latent->queryDown, &layer.latent->query, &layer.latent->down})
                active.add(*matrix);
            for (const LatentHead& head : layer.latent->heads) {
                active.add(head.keys);
                active.add(head.values);
            }
        }
        active.add(layer.sharedGate);
        if (layer.delta) {
            for (const auto* parts : {&layer.delta->q, &layer.delta->k, &layer.delta->v,
                     &layer.delta->z, &layer.delta->beta, &layer.delta->decay}) {
                for (const MatrixView& part : *parts)
                    active.add(part);
            }
            active.add(layer.delta->out);
        }
        if (layer.routedHeads) {
            const auto& experts = layer.routedHeads->experts;
            active.add(layer.routedHeads->router);
            for (const auto& expert : experts) {
                active.add(expert.query, k / static_cast<double>(experts.size()));
                active.add(expert.output, k / static_cast<double>(experts.size()));
            }
        }
    }
    return active;
}

std::string packingOf(const MoeModel& model)
{
    const auto mixtures = model.mixtureLayers();
    return packingName(mixtures.empty() ? model.tensors().layers.front().dense.gate
                                        : model.layer(mixtures.front()).experts.front().gate);
}

std::vector<std::int32_t> randomPrompt(const MoeModel& model, std::uint32_t tokens)
{
    Random random(21);
    std::vector<std::int32_t> ids(tokens);
    for (std::int32_t& id : ids)
        id = static_cast<std::int32_t>(random.below(model.config().vocabulary));
    return ids;
}

struct Ignore : ForwardObserver { };

Result<double> prefillSeconds(
    const MoeModel& model, std::uint32_t tokens, KvCache& cache, TaskContext& context)
{
    const auto ids = randomPrompt(model, tokens);
    Ignore observer;
    TaskContext quiet = context.quiet();
    const auto start = Clock::now();
    MOESCOPE_CHECK(forward(model, cache, ids, {}, &observer, quiet));
    return seconds(start);
}

} // namespace

std::uint64_t benchMemory(const MoeModel& model, const BenchSpec& spec, unsigned threads)
{
    const ModelConfig& config = model.config();
    const std::uint64_t longest = std::max(spec.promptTokens, spec.longPromptTokens);
    std::uint64_t most = std::max(machineMemory(threads), forwardMemory(model, longest, {}));
    most = std::max(most,
        sizeof(float) * spec.longPromptTokens * 2 * config.attention.headDim
            * (std::uint64_t{config.attention.heads} + config.attention.kvHeads));
    if (spec.matrices > 0 && !model.mixtureLayers().empty()) {
        const MatrixView& gate = model.layer(model.mixtureLayers().front()).experts.front().gate;
        most = std::max(most, spectraMemory(gate.rows, gate.cols, threads));
    }
    return most;
}

Result<RuntimeBench> measureRuntime(
    const MoeModel& model, const BenchSpec& spec, TaskContext& context)
{
    RuntimeBench bench;
    bench.packing = packingOf(model);
    const Active active = activeOf(model);
    Active head;
    head.add(model.tensors().head);
    bench.bytesPerToken = static_cast<std::uint64_t>(active.bytes + head.bytes);
    // The head runs for the last token of a prompt alone.
    bench.operationsPerToken = 2 * (active.weights + head.weights / spec.promptTokens);
    std::vector<double> prefill;
    std::vector<double> generation;
    const double steps = spec.runs + 1.0 + (spec.longPromptTokens > 0 ? 1.0 : 0.0);
    for (std::uint32_t run = 0; run <= spec.runs; ++run) {
        KvCache cache(model.config());
        MOESCOPE_TRY(const double time, prefillSeconds(model, spec.promptTokens, cache, context));
        GenerateSpec generate;
        generate.maxTokens = spec.newTokens + 1;
        generate.ignoreEnd = true;
        TaskContext quiet = context.quiet();
        // The first token of a generation is the prompt's; the clock starts behind it.
        Clock::time_point start;
        std::uint32_t made = 0;
        const std::vector<std::int32_t> last(1, 0);
        MOESCOPE_TRY(const auto ids,
            moescope::generate(
                model, cache, last, generate, nullptr,
                [&](std::int32_t) {
                    if (made++ == 0)
                        start = Clock::now();
                    return true;
                },
                quiet));
        if (run > 0) { // the first run reads the file
            prefill.push_back(spec.promptTokens / time);
            generation.push_back(static_cast<double>(ids.size() - 1) / seconds(start));
        }
        context.progress((run + 1) / steps, "running the model");
    }
    bench.prefill = summarise(prefill);
    bench.generation = summarise(generation);
    if (spec.longPromptTokens > 0) {
        KvCache cache(model.config());
        MOESCOPE_TRY(
            const double time, prefillSeconds(model, spec.longPromptTokens, cache, context));
        bench.longTokens = spec.longPromptTokens;
        bench.firstToken = time;
        bench.longPrefill = spec.longPromptTokens / time;
        MOESCOPE_TRY(bench.attention, measureAttention(model, spec.longPromptTokens, context));
    }
    return bench;
}

} // namespace moescope::bench
