// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/logit_lens.h"

#include <algorithm>
#include <new>
#include <span>

#include <fmt/format.h>

#include "core/runtime/kernels.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// Keeps the residual stream of one position, after the embedding and after each block.
class StreamOfToken : public ForwardObserver {
public:
    StreamOfToken(std::size_t token, std::size_t rows, std::size_t width)
        : m_token(token)
        , m_width(width)
        , m_stream(rows * width)
    {
    }
    void onHidden(
        std::uint32_t layer, std::uint32_t position, std::span<const float> hidden) override
    {
        if (position == m_token)
            std::ranges::copy(hidden, row(layer).begin());
    }
    std::span<float> row(std::size_t layer)
    {
        return std::span(m_stream).subspan(layer * m_width, m_width);
    }

private:
    std::size_t m_token;
    std::size_t m_width;
    std::vector<float> m_stream;
};

} // namespace

Result<LogitLens> logitLens(const MoeModel& model, const LogitLensSpec& spec, TaskContext& context)
{
    if (spec.token >= spec.ids.size())
        return fail(ErrorCode::InvalidArgument,
            fmt::format("There is no token {}: the prompt has {}.", spec.token, spec.ids.size()));
    try {
        const ModelConfig& config = model.config();
        StreamOfToken stream(spec.token, config.layerCount() + 1, config.hidden);
        KvCache cache(config);
        ForwardSpec forwardSpec;
        forwardSpec.interventions = spec.interventions;
        forwardSpec.logits = LogitsWanted::None;
        MOESCOPE_CHECK(forward(model, cache, std::span(spec.ids).first(spec.token + 1), forwardSpec,
            &stream, context));
        LogitLens lens;
        lens.token = spec.token;
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
