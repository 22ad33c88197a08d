// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/weight_index.h"

namespace moescope {

enum class WeightFormat { Safetensors, Gguf };

/// The files that make up one model.
struct WeightFiles {
    WeightFormat format = WeightFormat::Safetensors;
    std::filesystem::path folder; ///< where config.json is looked for
    std::vector<std::filesystem::path> files; ///< all of them exist; in the order of the index
    std::optional<WeightIndex> index; ///< when the weights are in several files
};

/// `path`: a weight file, an index, or a folder. In a folder `model.safetensors` comes first, then
/// `model.safetensors.index.json`, then the only index, the only GGUF model, or the only
/// safetensors file of another name. A weight file that an index beside it names stands for the
/// whole model, and so does one part of a split GGUF model.
Result<WeightFiles> findWeightFiles(const std::filesystem::path& path);

/// The GGUF models in a folder, each by the file that opens it, sorted; picture encoders are left
/// out. Empty when it cannot be read.
std::vector<std::filesystem::path> ggufModels(const std::filesystem::path& folder);

} // namespace moescope
