// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/metadata.h"
#include "core/tensor/dtype.h"

namespace moescope::test {

/// Bytes of a GGUF file, written field by field so that any of them can lie.
///
///     GgufBuilder builder;
///     builder.string("general.architecture", "llama").uint32("llama.block_count", 2);
///     builder.tensor("a", 0, {4, 2}, std::string(32, '\0')); // F32; dimensions as in the file,
///     fastest first const std::string file = builder.bytes();
class GgufBuilder {
public:
    GgufBuilder& string(std::string_view key, std::string_view value);
    GgufBuilder& uint16(std::string_view key, std::uint16_t value);
    GgufBuilder& uint32(std::string_view key, std::uint32_t value);
    GgufBuilder& int32(std::string_view key, std::int32_t value);
    GgufBuilder& float32(std::string_view key, float value);
    GgufBuilder& boolean(std::string_view key, bool value);
    GgufBuilder& strings(std::string_view key, std::span<const std::string> values);
    /// Any type, with the bytes of the value as they stand in the file.
    GgufBuilder& raw(std::string_view key, std::uint32_t type, std::string_view value);

    /// Placed behind the tensors added before, at the next multiple of the alignment, unless
    /// `offset` says otherwise.
    GgufBuilder& tensor(std::string_view name, std::uint32_t type,
        std::span<const std::uint64_t> dimensions, std::string_view data,
        std::optional<std::uint64_t> offset = {});
    GgufBuilder& tensor(std::string_view name, std::uint32_t type,
        std::initializer_list<std::uint64_t> dimensions, std::string_view data,
        std::optional<std::uint64_t> offset = {});

    std::string bytes() const;

    std::uint32_t version = 3;
    std::uint64_t alignment = 32; ///< of the data; written only by uint32("general.alignment", ...)
    std::optional<std::uint64_t> tensorCount; ///< instead of the true number
    std::optional<std::uint64_t> metadataCount;

    /// A number as its little-endian bytes, a text with its length before it.
    template <typename T>
    static std::string packed(T value)
    {
        return {reinterpret_cast<const char*>(&value), sizeof value};
    }
    static std::string packedText(std::string_view text);

private:
    std::string m_metadata;
    std::string m_table;
    std::string m_data;
    std::uint64_t m_metadataEntries = 0;
    std::uint64_t m_tensors = 0;
};

} // namespace moescope::test
