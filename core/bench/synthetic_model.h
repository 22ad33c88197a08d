// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/result.h"
#include "core/task/task_context.h"

namespace moescope::bench {

/// An OLMoE checkpoint of random bf16 weights in the published layout; the defaults are the true
/// shapes of a layer.
struct SyntheticModel {
    std::uint32_t layers = 2;
    std::uint32_t hidden = 2048;
    std::uint32_t heads = 16;
    std::uint32_t experts = 64;
    std::uint32_t topK = 8;
    std::uint32_t intermediate = 1024;
    std::uint32_t vocabulary = 6144;
    std::uint32_t maxPositions = 4096;

    std::uint64_t bytes() const; ///< of the weights
};

/// Writes config.json and model.safetensors into `folder`, in constant memory.
Status writeSyntheticModel(
    const SyntheticModel& model, const std::filesystem::path& folder, TaskContext& context);

} // namespace moescope::bench
