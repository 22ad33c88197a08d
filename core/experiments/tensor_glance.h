// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/report/figure.h"
#include "core/task/task_context.h"

namespace moescope {

/// A quick look at one tensor as a matrix: its last dimension by all others together.
struct TensorGlance {
    std::uint64_t rows = 0;
    std::uint64_t cols = 0;
    std::uint64_t rowsRead = 0; ///< spread evenly; the numbers below are theirs
    double lo = 0;
    double hi = 0;
    double mean = 0;
    double sd = 0;
    std::uint64_t zeros = 0;
    std::uint64_t notFinite = 0; ///< left out of the numbers above
    std::vector<std::uint64_t> pictureRows; ///< of the matrix, ascending
    std::vector<std::uint64_t> pictureCols;
    std::vector<float> picture; ///< [pictureRows][pictureCols], single elements

    bool sampled() const { return rowsRead < rows; }
};

/// Errors: NotFound, Unsupported for elements that are no floats, those of the checkpoint.
Result<TensorGlance> glanceAtTensor(
    const Checkpoint& checkpoint, std::string_view name, TaskContext& context);

/// The picture as a heat map around 0.
Figure glanceFigure(const TensorGlance& glance, std::string_view name);

} // namespace moescope
