// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moescope::tokenization {

/// Byte-level vocabularies write each byte as a printable character: itself where Latin-1 has one,
/// else one from U+0100 on (a space is "Ġ").
std::string_view byteCharacter(unsigned char byte); ///< UTF-8
/// The bytes that a token in this alphabet stands for; nothing when another character is in it.
std::optional<std::string> bytesOfCharacters(std::string_view token);

} // namespace moescope::tokenization
