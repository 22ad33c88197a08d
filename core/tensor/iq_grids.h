// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace moescope {

template <std::size_t entries, std::size_t elements>
using IqGrid = std::array<std::array<std::int8_t, elements>, entries>;

/// The codebooks of GGUF's IQ types: [entry][element], in the order of the elements in a block.
struct IqGrids {
    IqGrid<256, 8> iq2xxs; ///< magnitudes, as all but iq1s
    IqGrid<512, 8> iq2xs;
    IqGrid<1024, 8> iq2s;
    IqGrid<256, 4> iq3xxs;
    IqGrid<512, 4> iq3s;
    IqGrid<2048, 8> iq1s;
};
const IqGrids& iqGrids();

/// Values of the sixteen codes of IQ4_NL and IQ4_XS.
inline constexpr std::array<std::int8_t, 16> kIq4Values
    = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

} // namespace moescope
