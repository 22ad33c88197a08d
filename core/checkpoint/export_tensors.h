// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/decoded_tensor.h"
#include "core/task/task_context.h"

namespace moescope {

enum class TensorFile : std::uint8_t { Safetensors, Npy, Csv };
/// By the ending of the name, in either case; nothing for other endings.
std::optional<TensorFile> tensorFileFor(const std::filesystem::path& path);

/// Writes them as float32 in the format of `path`'s ending, atomically and piece by piece: memory
/// stays bounded by a few megabytes or one row. Whole numbers beyond 2^24 are rounded. NumPy and
/// CSV files hold one tensor, so any other number is an InvalidArgument, as are other endings.
Status exportTensors(const Checkpoint& checkpoint, std::span<const DecodedTensor> tensors,
    const std::filesystem::path& path, TaskContext& task);

} // namespace moescope
