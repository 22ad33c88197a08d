// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/metadata.h"

namespace moescope {

/// Longest header (metadata and tensor table) that is accepted; those of published models are below
/// 30 MB.
inline constexpr std::uint64_t kMaxGgufHeader = 100'000'000;

struct GgufHeader {
    std::uint32_t version = 3;
    Metadata metadata;
    std::vector<TensorInfo>
        tensors; ///< in file order; shapes are row-major, `bytes` point into the parsed span
};

/// True for the four bytes that every GGUF file begins with.
bool isGguf(std::span<const std::byte> file);

/// Parses a whole file that is in memory (or mapped), versions 2 and 3. Refuses: counts and lengths
/// beyond the file, repeated keys and tensors, unknown types, an alignment that is no power of two,
/// tensors that are misaligned, overlap or end beyond the file. `source` is named in every error.
Result<GgufHeader> parseGguf(std::span<const std::byte> file, std::string_view source);

/// "model-00002-of-00003.gguf".
struct GgufPartName {
    std::string stem; ///< "model"
    std::uint32_t number = 1;
    std::uint32_t count = 1;

    std::string fileName(std::uint32_t part) const;
};
std::optional<GgufPartName> ggufPartName(std::string_view fileName);

/// All parts of a split model must be there once, in order, and of the same model. `headers` are
/// those of `files`.
Status checkGgufParts(
    std::span<const std::filesystem::path> files, std::span<const GgufHeader> headers);

} // namespace moescope
