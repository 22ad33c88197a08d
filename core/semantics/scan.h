// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/semantics/tagger.h"

namespace moescope {

enum class UnitKind : std::uint8_t { Number, Word, Operator, Character };

/// A unit before it has a type.
struct ScannedUnit {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    UnitKind kind = UnitKind::Character;
    bool code = false; ///< its line is code
    bool startsLine = false;
};

/// Cuts a text into units, line by line (EXPERIMENTS sections 1.1 and 1.2).
std::vector<ScannedUnit> scanText(std::string_view text, Register reg);

/// The register of one line without its newline.
bool isCodeLine(std::string_view line);

} // namespace moescope
