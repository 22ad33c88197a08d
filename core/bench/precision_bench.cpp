// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <cmath>
#include <set>

#include "core/base/random.h"
#include "core/bench/bench.h"
#include "core/runtime/forward.h"

namespace moescope::bench {

namespace {

/// What reading a prompt left behind.
struct Read : ForwardObserver {
    explicit Read(const MoeModel& model)
        : end(static_cast<std::uint32_t>(model.config().layerCount()))
    {
    }
    void onHidden(std::uint32_t layer, std::uint32_t, std::span<const float> values) override
    {
        if (layer == end)
            hidden.insert(hidden.end(), values.begin(), values.end());
    }
    void onRouting(LayerId, std::uint32_t, const Routing& routing) override
    {
        choices.emplace_back(routing.ids.begin(), routing.ids.end());
    }
    std::uint32_t end;
    std::vector<float> hidden;
    std::vector<std::set<std::int32_t>> choices;
    double seconds = 0;
};

Result<Read> readPrompt(const MoeModel& model, std::span<const std::int32_t> ids,
    Precision precision, TaskContext& context)
{
    Read read(model);
    KvCache cache(model.config());
    ForwardSpec spec;
    spec.precision = precision;
    TaskContext quiet = context.quiet();
    const auto start = std::chrono::steady_clock::now();
    MOESCOPE_CHECK(forward(model, cache, ids, spec, &read, quiet));
    read.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return read;
}

double relativeDifference(const std::vector<float>& a, const std::vector<float>& b)
{
    double difference = 0;
    double size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]);
        difference += std::pow(x - static_cast<double>(b[i]), 2);
        size += x * x;
    }
    return size == 0 ? 0 : std::sqrt(difference / size);
}

} // namespace

Result<PrecisionBench> measurePrecision(
    const MoeModel& model, const BenchSpec& spec, TaskContext& context)
{
    Random random(21);
    std::vector<std::int32_t> ids(spec.promptTokens);
    for (std::int32_t& id : ids)
        id = static_cast<std::int32_t>(random.below(model.config().vocabulary));
    PrecisionBench bench;
    std::vector<double> rates;
    std::vector<double> exactRates;
    std::vector<double> gains;
    for (std::uint32_t run = 0; run <= spec.runs; ++run) {
        MOESCOPE_TRY(const Read exact, readPrompt(model, ids, Precision::Float32, context));
        MOESCOPE_TRY(const Read fast, readPrompt(model, ids, Precision::Bf16, context));
        if (run > 0) {
            rates.push_back(spec.promptTokens / fast.seconds);
            exactRates.push_back(spec.promptTokens / exact.seconds);
            gains.push_back(exact.seconds / fast.seconds);
            continue;
        }
        bench.stateError = relativeDifference(exact.hidden, fast.hidden);
        std::size_t changed = 0;
        for (std::size_t i = 0; i < exact.choices.size(); ++i)
            changed += exact.choices[i] != fast.choices[i];
        bench.choices = exact.choices.size();
        bench.changedChoices = bench.choices > 0
            ? static_cast<double>(changed) / static_cast<double>(bench.choices)
            : 0;
    }
    bench.prefill = summarise(rates);
    bench.exact = summarise(exactRates);
    bench.gain = summarise(gains);
    return bench;
}

} // namespace moescope::bench
