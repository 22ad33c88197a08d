// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/files.h"

#include <cmath>

#include <fmt/format.h>

namespace moescope::test {

std::filesystem::path fixtures()
{
    return MOESCOPE_FIXTURES;
}

std::filesystem::path resources()
{
    return MOESCOPE_RESOURCES;
}

Comparison compareFloats(std::span<const float> actual, std::span<const float> expected, double tolerance)
{
    Comparison result;
    if (actual.size() != expected.size()) {
        result.message = fmt::format("{} values, expected {}", actual.size(), expected.size());
        return result;
    }
    std::size_t worst = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        if (!std::isfinite(actual[i]) || !std::isfinite(expected[i])) {
            result.message = fmt::format("index {}: {} against {} is not finite", i, actual[i], expected[i]);
            return result;
        }
        const double difference = std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
        if (difference > result.worst) {
            result.worst = difference;
            worst = i;
        }
    }
    result.ok = result.worst <= tolerance;
    result.message = fmt::format("largest difference {:.3g} at index {} of {}, tolerance {:.3g}", result.worst,
        worst, actual.size(), tolerance);
    return result;
}

} // namespace moescope::test
