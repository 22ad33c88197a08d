// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/tensor/matrix_view.h"

namespace moescope::family {

/// `<name>.weight` as [rows, cols]. With scales in `<name>.scale` it is, as in the original files
/// of DeepSeek-V4, MXFP4 (two values in a byte, the first in its low half, a scale for 32 of a row)
/// or E4M3 with a scale for 128x128.
Result<MatrixView> scaledMatrix(
    const Checkpoint& checkpoint, const std::string& name, std::uint64_t rows, std::uint64_t cols);

} // namespace moescope::family
