// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/experiments/router_reading.h"
#include "core/runtime/forward.h"
#include "core/trace/routing_trace.h"

namespace moescope {

struct LogitLensSpec {
    std::vector<std::int32_t> ids; ///< the prompt; tokens after `token` are not looked at
    std::size_t token = 0; ///< position whose residual stream is read
    Interventions interventions;
    std::size_t top = 5;
};

/// What the model would say next if it stopped early: final norm and head of the residual stream of
/// one token after each block. Source: nostalgebraist, "Interpreting GPT: the logit lens" (2020).
struct LogitLens {
    struct Row {
        std::uint32_t blocks = 0; ///< that the stream has passed; 0 = the embedding alone
        std::vector<Prediction> top; ///< most likely first
    };
    std::size_t token = 0;
    std::vector<Row> rows; ///< one more than there are blocks; the last is the model's own answer
    std::vector<RouterReading> readings; ///< of the same pass, one per mixture layer
};

/// Errors: InvalidArgument for a token outside the prompt, and those of forward().
Result<LogitLens> logitLens(const MoeModel& model, const LogitLensSpec& spec, TaskContext& context);

} // namespace moescope
