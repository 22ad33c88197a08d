// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/type_totals.h"

#include <algorithm>
#include <map>

namespace moescope {

std::vector<TypeTotal> typeTotals(const Checkpoint& checkpoint)
{
    std::map<DType, TypeTotal> totals;
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        TypeTotal& total = totals[tensor.dtype];
        total.dtype = tensor.dtype;
        ++total.tensors;
        total.elements += tensor.elements();
        total.bytes += tensor.bytes.size();
    }
    std::vector<TypeTotal> sorted;
    for (const auto& [dtype, total] : totals)
        sorted.push_back(total);
    std::ranges::stable_sort(sorted, std::ranges::greater(), &TypeTotal::bytes);
    return sorted;
}

} // namespace moescope
