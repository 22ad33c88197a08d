// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tensor/dtype.h"

namespace moescope::bench {

/// An OLMoE checkpoint of random weights in the published layout, or of packed ones in a GGUF file;
/// the defaults are the true shapes of a layer.
struct SyntheticModel {
    std::uint32_t layers = 2;
    std::uint32_t hidden = 2048;
    std::uint32_t heads = 16;
    std::uint32_t experts = 64;
    std::uint32_t topK = 8;
    std::uint32_t intermediate = 1024;
    std::uint32_t vocabulary = 6144;
    std::uint32_t maxPositions = 4096;
    DType type = DType::BF16; ///< of the matrices: BF16, Q8_0, Q4_K or Mxfp4, whole blocks in a row

    std::uint64_t bytes() const; ///< of the weights
};

/// Writes config.json and model.safetensors, or model.gguf, into `folder`, in constant memory.
Status writeSyntheticModel(
    const SyntheticModel& model, const std::filesystem::path& folder, TaskContext& context);

} // namespace moescope::bench
