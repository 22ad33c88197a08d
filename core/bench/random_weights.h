// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "core/tensor/dtype.h"

namespace moescope::bench {

/// Whether randomWeights() knows the type: bf16, f32, Q8_0, Q4_K and MXFP4.
bool canEncode(DType dtype);

/// `count` normal numbers times `spread` as that type stores them, the same ones each time; `count`
/// must fill whole blocks. Each block has the scales that fit its numbers.
std::vector<std::byte> randomWeights(DType dtype, std::size_t count, double spread);

} // namespace moescope::bench
