// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// What a `*.safetensors.index.json` says: which file holds which tensor.
struct WeightIndex {
    std::filesystem::path path;
    std::vector<std::string> files; ///< relative to the index, sorted, without repeats
    std::vector<std::pair<std::string, std::uint32_t>> tensors; ///< name and index into `files`
};

/// Refuses names of files that are absolute or leave the folder, and tensors that are named twice.
Result<WeightIndex> readWeightIndex(const std::filesystem::path& path);

} // namespace moescope
