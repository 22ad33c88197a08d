// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/trace/routing_trace.h"

namespace moescope {

/// What interventions did to a run, over the tokens that both runs begin with.
struct InterventionEffect {
    std::size_t tokens = 0; ///< compared
    std::size_t cells = 0; ///< tokens × mixture layers
    std::size_t changedCells = 0; ///< whose set of chosen experts differs
    std::vector<std::size_t> changedAt; ///< the same, layer by layer
    /// By layer: mean share of a token's experts in the untouched run that the changed one chose.
    std::vector<double> keptAt;
    struct Place {
        std::size_t token = 0;
        LayerId layer;
    };
    std::optional<Place> first; ///< first token, and the first layer where its choice differs
    struct NextChange {
        std::size_t token = 0; ///< after which the most likely next token differs
        Prediction before;
        Prediction after;
    };
    std::size_t predictions = 0; ///< tokens with a prediction in both runs
    std::vector<NextChange> changes;
    /// Mean -log p of the tokens that follow, nats per token; NaN without any.
    double lossBefore = 0;
    double lossAfter = 0;
    std::size_t lossTokens = 0;
};

InterventionEffect interventionEffect(const RoutingTrace& untouched, const RoutingTrace& changed);

} // namespace moescope
