// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"

namespace moescope {

/// Longest header that is accepted, as in the reference reader (100 MB).
inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;

struct SafetensorsHeader {
    std::vector<TensorInfo> tensors; ///< in file order; `bytes` point into the parsed span
    std::map<std::string, std::string> metadata; ///< "__metadata__"
};

/// Parses a whole file that is in memory (or mapped). Refuses: a header beyond the cap or the file,
/// bytes that are not JSON, duplicate names, unknown dtypes, shapes whose size overflows or differs
/// from the offsets, offsets out of range, overlaps, gaps, and bytes after the last tensor.
/// `source` is named in every error.
Result<SafetensorsHeader> parseSafetensors(
    std::span<const std::byte> file, std::string_view source);

/// What a header says of a tensor that is to be written; its bytes follow those of the tensors
/// before it.
struct SafetensorsEntry {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::uint64_t> shape;
};
/// The beginning of a file with these tensors: the header and its length. Error InvalidArgument
/// (naming `path`) for a repeated name, a size that does not fit 64 bits, or a header beyond the
/// cap.
Result<std::string> safetensorsPrefix(std::span<const SafetensorsEntry> entries,
    const std::map<std::string, std::string>& metadata, const std::filesystem::path& path);

/// Collects tensors and writes them as one safetensors file, atomically, in the order they were
/// added.
class SafetensorsWriter {
public:
    void addF32(std::string name, std::vector<std::uint64_t> shape, std::span<const float> values);
    void addI32(
        std::string name, std::vector<std::uint64_t> shape, std::span<const std::int32_t> values);
    void addBytes(std::string name, DType dtype, std::vector<std::uint64_t> shape,
        std::span<const std::byte> bytes);
    /// Values that are made while the file is written, part by part, so that they need no memory
    /// before.
    void addF32Parts(std::string name, std::vector<std::uint64_t> shape, std::size_t parts,
        std::function<std::vector<float>(std::size_t)> part);
    void setMetadata(std::string key, std::string value);
    /// Error InvalidArgument for a repeated name or a size that does not fit the shape.
    Status write(const std::filesystem::path& path) const;

private:
    std::vector<SafetensorsEntry> m_entries;
    struct Parts {
        std::size_t count = 0;
        std::function<std::vector<float>(std::size_t)> make;
    };
    std::vector<std::variant<std::vector<std::byte>, Parts>> m_contents; ///< of each
    std::map<std::string, std::string> m_metadata;
};

} // namespace moescope
