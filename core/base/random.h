// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace moescope {

/// xoshiro256** seeded by splitmix64: the same numbers on every machine, compiler and thread count.
/// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).
class Random {
public:
    explicit Random(std::uint64_t seed);
    /// An independent stream for (seed, a, b, c), for example experiment, layer, replicate.
    static Random stream(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0);

    std::uint64_t next();
    double uniform(); ///< [0, 1)
    std::uint64_t below(std::uint64_t n); ///< [0, n), unbiased; n > 0
    double normal(); ///< standard normal (polar method)

private:
    std::uint64_t m_state[4];
    double m_spare = 0;
    bool m_hasSpare = false;
};

} // namespace moescope
