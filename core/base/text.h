// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace moescope {

/// One Unicode scalar decoded from UTF-8.
struct CodePoint {
    char32_t value = 0xFFFD; ///< U+FFFD for a byte that is not valid UTF-8
    std::uint8_t bytes = 1; ///< how many input bytes it used (1 for an invalid byte)
    bool valid = false;
};

/// Decodes the code point that starts at `offset` (which must be inside `text`). Never reads past the end.
CodePoint decodeUtf8(std::string_view text, std::size_t offset);
bool isValidUtf8(std::string_view text);
void appendUtf8(std::string& out, char32_t codePoint);
/// Invalid bytes become U+FFFD, so that the result can be shown and written as JSON.
std::string toValidUtf8(std::string_view bytes);

/// A name or path from a file or user as it may stand in an error: valid UTF-8 without control characters, cut after
/// about `maxBytes` (a cut is shown as "…").
std::string displayName(std::string_view bytes, std::size_t maxBytes = 200);
std::string displayPath(const std::filesystem::path& path);

/// Makes a token readable: space as "·", newline as "⏎", tab as "⇥", lone bytes as "‹e3›".
std::string visibleToken(std::string_view bytes);

/// "1.2 GB", "340 kB", "12 B" (powers of ten).
std::string formatBytes(std::uint64_t bytes);
/// "1,234,567".
std::string formatCount(std::uint64_t count);
/// "6.8 M", "46.7 B", "512": for parameter counts.
std::string formatParameters(std::uint64_t count);

} // namespace moescope
