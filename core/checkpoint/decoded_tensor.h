// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"

namespace moescope {

/// A tensor that can be read as float32, however it is stored.
struct DecodedTensor {
    std::string name;
    std::vector<std::uint64_t> shape;
    std::string packing; ///< how it is stored: "bf16", "q4_k", "mxfp4"
    std::vector<MatrixView> parts; ///< their rows one after the other are the tensor

    std::uint64_t elements() const;
};

struct DecodedTensors {
    std::vector<DecodedTensor> tensors;
    std::vector<const TensorInfo*> skipped; ///< complex numbers and six-bit floats
};

/// The tensors whose name `matches`, as their values are meant: with the scales that are kept
/// beside eight-bit floats, and the two halves `X_blocks` and `X_scales` of MXFP4 as one tensor X
/// (which is found under all three names).
Result<DecodedTensors> findDecodedTensors(
    const Checkpoint& checkpoint, const std::function<bool(std::string_view name)>& matches);

using PieceSink = std::function<Status(std::span<const float> values)>;
/// Hands out all values in order, a few megabytes or one row at a time; the sink's first error ends
/// it.
Status decodePieces(const DecodedTensor& tensor, const PieceSink& sink);

} // namespace moescope
