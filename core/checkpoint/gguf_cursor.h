// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/checkpoint/metadata.h"

namespace moescope {

/// Reads the header of a GGUF file from front to back and never beyond its end. Errors carry a
/// clause without subject and full stop; `what` names what was to be read.
class GgufCursor {
public:
    /// `limit`: bytes after which nothing of a header is expected.
    GgufCursor(std::span<const std::byte> file, std::uint64_t limit)
        : m_file(file)
        , m_limit(limit)
    {
    }

    std::uint64_t position() const { return m_position; }
    std::uint64_t remaining() const { return m_file.size() - m_position; }

    template <typename T>
    Result<T> number(std::string_view what)
    {
        MOESCOPE_TRY(const auto from, take(sizeof(T), what));
        T value;
        std::memcpy(&value, from.data(), sizeof value);
        return value;
    }
    Result<std::span<const std::byte>> take(std::uint64_t bytes, std::string_view what);
    Result<std::string_view> string(std::string_view what);
    /// The value after a key and its type number.
    Result<MetadataValue> value(std::string_view what);

private:
    Result<MetadataType> type(std::string_view what);
    Status skipArray(MetadataType element, std::uint64_t count, std::string_view what, int depth);
    Status checkBools(std::span<const std::byte> bytes, std::string_view what) const;

    std::span<const std::byte> m_file;
    std::uint64_t m_limit;
    std::uint64_t m_position = 0;
};

} // namespace moescope
