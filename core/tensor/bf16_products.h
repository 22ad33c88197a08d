// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include "core/tensor/vector_kernels.h"

namespace moescope {

/// This processor multiplies pairs of bfloat16 numbers in one instruction (AVX512-BF16).
bool hasBf16Products();

/// out[i * outStride + r] = row r · inputs[i] for rows of bfloat16 numbers, the inputs rounded to
/// bfloat16 first (8 significant bits, so that one product is off by up to 2^-8 of itself; from
/// about 3.4e38 on they become infinite), the sums in float32. Subnormal numbers count as zero.
/// Only where hasBf16Products(). The same bits however rows and inputs are grouped.
void bf16Products(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride);

} // namespace moescope
