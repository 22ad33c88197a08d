// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/checkpoint/checkpoint.h"

namespace moescope {

/// What a checkpoint holds of one number format.
struct TypeTotal {
    DType dtype = DType::F32;
    std::size_t tensors = 0;
    std::uint64_t elements = 0;
    std::uint64_t bytes = 0;
};

/// Every format that occurs, most bytes first.
std::vector<TypeTotal> typeTotals(const Checkpoint& checkpoint);

} // namespace moescope
