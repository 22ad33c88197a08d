// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// One model in the Hugging Face hub cache (`models--ORG--NAME/snapshots/REVISION`). Where a
/// repository offers several GGUF files, each is a model.
struct HubModel {
    std::string name; ///< "allenai/OLMoE-1B-7B-0924", "org/name/model-Q4_K_M.gguf"
    std::string revision;
    /// The snapshot that refs/main names, else the newest; one of several GGUF files itself.
    std::filesystem::path folder;
    std::uint64_t bytes = 0; ///< of the weight files, symbolic links followed
    std::string modelType; ///< "model_type" of its config.json; empty when it cannot be read
    bool complete = false; ///< every weight file that the index names is there
};

/// The cache folder by the hub's own rules: HF_HUB_CACHE (once HUGGINGFACE_HUB_CACHE), else
/// HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub.
std::filesystem::path defaultHubCache();
/// Models in `cache`, sorted by name; an absent folder gives an empty list.
std::vector<HubModel> listHubModels(const std::filesystem::path& cache);
/// The snapshot folder of "org/name", or of "name" when only one model ends in it, or the only GGUF
/// file in its folders; the file of "org/name/model-Q4_K_M.gguf", "org/name/Q8/model.gguf" or,
/// where that is the only one inside, "org/name/Q8". NotFound otherwise.
Result<std::filesystem::path> findHubModel(
    const std::filesystem::path& cache, std::string_view name);

} // namespace moescope
