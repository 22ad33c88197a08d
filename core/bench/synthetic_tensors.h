// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/bench/synthetic_model.h"
#include "core/checkpoint/safetensors.h"

namespace moescope::bench {

/// How a synthetic model stands in a file.
struct SyntheticFile {
    std::string name; ///< of the file
    std::vector<SafetensorsEntry> tensors; ///< in the order of the file
    std::uint64_t alignment = 1; ///< of each tensor from the end of the prefix on
};

/// Published names; a matrix for each expert.
SyntheticFile safetensorsLayout(const SyntheticModel& model);
/// The names of GGUF files; experts in stacks, routers and norms in float32.
SyntheticFile ggufLayout(const SyntheticModel& model);

/// The beginning of a GGUF file with these tensors: header, settings and table, to the alignment.
std::string ggufPrefix(const SyntheticModel& model, const SyntheticFile& file);

/// Bytes from the start of one tensor to the start of the next.
std::uint64_t storedSize(const SafetensorsEntry& tensor, std::uint64_t alignment);

} // namespace moescope::bench
