// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/logit_lens.h"

#include <algorithm>
#include <new>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "core/runtime/kernels.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// Keeps the residual stream of one position, after the embedding and after each block, and what
/// made it.
class StreamOfToken : public ForwardObserver {
public:
    StreamOfToken(const MoeModel& model, std::size_t token)
        : m_model(model)
        , m_token(token)
        , m_width(model.config().hidden)
        , m_stream((model.config().layerCount() + 1) * m_width)
    {
    }
    void onHidden(
        std::uint32_t layer, std::uint32_t position, std::span<const float> hidden) override
    {
        if (position != m_token)
            return;
        std::ranges::copy(hidden, row(layer).begin());
        if (layer == 0)
            m_readings.emplace(m_model, hidden);
    }
    void onAttentionOutput(
        LayerId layer, std::uint32_t position, std::span<const float> output) override
    {
        if (position == m_token && m_readings)
            m_readings->addAttention(layer, output);
    }
    void onMlpOutput(LayerId, std::uint32_t position, std::span<const float> output) override
    {
        if (position == m_token && m_readings)
            m_readings->addMlp(output);
    }
    std::vector<RouterReading> readings() const
    {
        return m_readings ? m_readings->readings() : std::vector<RouterReading>{};
    }
    std::span<float> row(std::size_t layer)
    {
        return std::span(m_stream).subspan(layer * m_width, m_width);
    }

private:
    const MoeModel& m_model;
    std::size_t m_token;
    std::size_t m_width;
    std::vector<float> m_stream;
    std::optional<RouterReadings> m_readings;
};

} // namespace

Result<LogitLens> logitLens(const MoeModel& model, const LogitLensSpec& spec, TaskContext& context)
{
    if (spec.token >= spec.ids.size())
        return fail(ErrorCode::InvalidArgument,
            fmt::format("There is no token {}: the prompt has {}.", spec.token, spec.ids.size()));
    try {
        const ModelConfig& config = model.config();
        StreamOfToken stream(model, spec.token);
        KvCache cache(config);
        ForwardSpec forwardSpec;
        forwardSpec.interventions = spec.interventions;
        forwardSpec.logits = LogitsWanted::None;
        MOESCOPE_CHECK(forward(model, cache, std::span(spec.ids).first(spec.token + 1), forwardSpec,
            &stream, context));
        LogitLens lens;
        lens.token = spec.token;
        lens.readings = stream.readings();
        std::vector<float> logits(config.vocabulary);
        for (std::uint32_t blocks = 0; blocks <= config.layerCount(); ++blocks) {
            MOESCOPE_CHECK(context.check());
            nextTokenLogits(model, stream.row(blocks), logits, context.pool());
            lens.rows.push_back({blocks, mostLikely(logits, spec.top)});
        }
        return lens;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, "There is not enough memory to read the layers.");
    }
}

} // namespace moescope
