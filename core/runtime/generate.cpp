// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/generate.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/random.h"

namespace moescope {

namespace {

/// Passes everything on and keeps the last logits.
class LastLogits : public ForwardObserver {
public:
    explicit LastLogits(ForwardObserver* next)
        : m_next(next)
    {
    }
    std::vector<float> logits;

    void onHidden(
        std::uint32_t layer, std::uint32_t position, std::span<const float> hidden) override
    {
        if (m_next)
            m_next->onHidden(layer, position, hidden);
    }
    bool wantsAttention() const override { return m_next && m_next->wantsAttention(); }
    void onAttention(LayerId layer, std::uint32_t head, std::uint32_t position,
        std::span<const float> p) override
    {
        m_next->onAttention(layer, head, position, p);
    }
    void onAttentionOutput(
        LayerId layer, std::uint32_t position, std::span<const float> output) override
    {
        if (m_next)
            m_next->onAttentionOutput(layer, position, output);
    }
    void onRouterInput(LayerId layer, std::uint32_t position, std::span<const float> input) override
    {
        if (m_next)
            m_next->onRouterInput(layer, position, input);
    }
    void onRouting(LayerId layer, std::uint32_t position, const Routing& routing) override
    {
        if (m_next)
            m_next->onRouting(layer, position, routing);
    }
    bool wantsExpertOutputs() const override { return m_next && m_next->wantsExpertOutputs(); }
    void onExpertOutput(LayerId layer, std::uint32_t position, ExpertId expert, float weight,
        std::span<const float> output) override
    {
        m_next->onExpertOutput(layer, position, expert, weight, output);
    }
    void onMlpOutput(LayerId layer, std::uint32_t position, std::span<const float> output) override
    {
        if (m_next)
            m_next->onMlpOutput(layer, position, output);
    }
    void onLogits(std::uint32_t position, std::span<const float> values) override
    {
        logits.assign(values.begin(), values.end());
        if (m_next)
            m_next->onLogits(position, values);
    }

private:
    ForwardObserver* m_next;
};

} // namespace

std::int32_t sampleToken(std::span<const float> logits, double temperature, double u)
{
    const auto largest = std::ranges::max_element(logits);
    const auto best = static_cast<std::int32_t>(largest - logits.begin());
    if (!(temperature > 0))
        return best;
    double total = 0;
    std::vector<double> weights(logits.size());
    for (std::size_t i = 0; i < logits.size(); ++i) {
        weights[i] = std::exp(
            (static_cast<double>(logits[i]) - static_cast<double>(*largest)) / temperature);
        total += weights[i];
    }
    double below = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        below += weights[i];
        if (u * total < below)
            return static_cast<std::int32_t>(i);
    }
    return best;
}

Result<std::vector<std::int32_t>> generate(const MoeModel& model, KvCache& cache,
    std::span<const std::int32_t> prompt, const GenerateSpec& spec, ForwardObserver* observer,
    const std::function<bool(std::int32_t)>& onToken, TaskContext& context)
{
    if (!(spec.temperature >= 0))
        return fail(ErrorCode::InvalidArgument, "The temperature must be a number of at least 0.");
    ForwardSpec forwardSpec = spec.forward;
    if (forwardSpec.logits == LogitsWanted::None)
        forwardSpec.logits = LogitsWanted::Last;
    LastLogits last(observer);
    // One step's own progress would run from 0 to 1 again and again; the caller hears of whole
    // tokens.
    TaskContext step = context.quiet();
    Random random = Random::stream(spec.seed, 0x67656E);
    std::vector<std::int32_t> produced;
    std::span<const std::int32_t> next = prompt;
    std::int32_t token = 0;
    while (produced.size() < spec.maxTokens) {
        MOESCOPE_CHECK(context.check());
        MOESCOPE_CHECK(forward(model, cache, next, forwardSpec, &last, step));
        if (!forwardSpec.positions.empty())
            forwardSpec.positions = {forwardSpec.positions.back() + 1};
        token = sampleToken(
            last.logits, spec.temperature, spec.temperature > 0 ? random.uniform() : 0);
        produced.push_back(token);
        next = std::span<const std::int32_t>(&token, 1);
        context.progress(static_cast<double>(produced.size()) / spec.maxTokens,
            fmt::format("Token {} of {}", produced.size(), spec.maxTokens));
        const bool goOn = !onToken || onToken(token);
        const bool ended = !spec.ignoreEnd
            && std::ranges::find(model.config().endTokens, token) != model.config().endTokens.end();
        if (!goOn || ended)
            break;
    }
    return produced;
}

} // namespace moescope
