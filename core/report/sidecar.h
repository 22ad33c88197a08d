// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/checkpoint/safetensors.h"
#include "core/io/json_fwd.h"

namespace moescope {

/// Arrays of more numbers than this leave the JSON.
inline constexpr std::uint64_t kSidecarNumbers = 100'000;

/// `{"file", "tensor", "dtype", "shape"}`: what stands in the JSON for an array in the file beside it.
Json sidecarReference(const std::string& fileName, const std::string& tensor, DType dtype,
    const std::vector<std::uint64_t>& shape);
/// Moves every rectangular array of more than kSidecarNumbers numbers (null counts as NaN) into
/// `writer`, named by its path
/// ("fields.w"), and puts `{"file", "tensor", "dtype", "shape"}` in its place. Nothing is rounded:
/// I32 or I64 for whole numbers, F32 where every value is one, else F64. Returns how many were
/// moved.
std::size_t moveBigArrays(Json& json, SafetensorsWriter& writer, const std::string& fileName);

} // namespace moescope
