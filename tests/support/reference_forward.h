// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/moe_model.h"

namespace moescope::test {

/// A second forward pass, written from the rules alone: double precision, no cache, one token after
/// another, every expert evaluated on its own. Slow; for tests.
struct ReferenceRun {
    std::vector<std::vector<double>> logits; ///< [T][V]
    std::vector<std::vector<std::vector<double>>> hidden; ///< [L + 1][T][D]
    std::vector<std::vector<std::vector<double>>>
        routerLogits; ///< [L][T][E]; empty for dense layers
    std::vector<std::vector<std::vector<std::int32_t>>> ids; ///< [L][T][k]
    std::vector<std::vector<std::vector<double>>> weights; ///< [L][T][k]
};

ReferenceRun referenceForward(const MoeModel& model, std::span<const std::int32_t> ids,
    std::span<const std::uint32_t> positions = {});

} // namespace moescope::test
