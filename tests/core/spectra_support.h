// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/random.h"

namespace moescope::test {

inline std::vector<float> gaussian(std::size_t count, std::uint64_t stream, double sd = 1)
{
    Random random = Random::stream(7, stream);
    std::vector<float> values(count);
    for (float& value : values)
        value = static_cast<float>(sd * random.normal());
    return values;
}

/// left [m][r] times right [r][n].
inline std::vector<float> product(
    const std::vector<float>& left, const std::vector<float>& right, std::size_t m, std::size_t n)
{
    const std::size_t rank = left.size() / m;
    std::vector<float> out(m * n);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t k = 0; k < rank; ++k)
            for (std::size_t j = 0; j < n; ++j)
                out[i * n + j] += left[i * rank + k] * right[k * n + j];
    return out;
}

} // namespace moescope::test
