// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/result.h"
#include "core/io/json_fwd.h"

namespace moescope {

/// Parses hostile text: depth and size are bounded, duplicate keys refused, errors name `source` and the byte offset.
Result<Json> parseJson(std::string_view text, std::string_view source, std::size_t maxDepth = 64);
/// Reads and parses a whole file of at most `maxBytes`.
Result<Json> readJsonFile(const std::filesystem::path& path, std::size_t maxBytes = 256U << 20);
/// UTF-8 text with NaN and infinity as null; invalid UTF-8 becomes U+FFFD. `indent` < 0 writes one line.
std::string dumpJson(const Json& value, int indent = 1);

/// Typed access to an object's member; errors name `source`, the key, the expected and the actual type.
/// The optional forms return nothing when the key is absent or null.
Result<std::uint64_t> jsonUInt(const Json& object, std::string_view key, std::string_view source);
Result<std::optional<std::uint64_t>> jsonOptionalUInt(
    const Json& object, std::string_view key, std::string_view source);
Result<std::optional<double>> jsonOptionalDouble(
    const Json& object, std::string_view key, std::string_view source);
Result<std::optional<bool>> jsonOptionalBool(
    const Json& object, std::string_view key, std::string_view source);
Result<std::optional<std::string>> jsonOptionalString(
    const Json& object, std::string_view key, std::string_view source);

} // namespace moescope
