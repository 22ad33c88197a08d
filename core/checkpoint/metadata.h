// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// In the numbering of GGUF files.
enum class MetadataType : std::uint32_t {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64
};
std::string_view metadataTypeName(MetadataType type); ///< "u32", "string", ...
/// Bytes of one value; 0 for strings and arrays.
std::size_t metadataTypeBytes(MetadataType type);

/// One value as it stands in the file; borrows from the mapping. The accessors return nothing when
/// the value is of another kind or out of range; those of lists take a single value for a list of
/// one.
struct MetadataValue {
    MetadataType type = MetadataType::U32;
    MetadataType elementType = MetadataType::U32; ///< of an array
    std::uint64_t count = 1; ///< elements of an array
    std::span<const std::byte> bytes; ///< the text of a string, the elements of an array

    std::optional<std::uint64_t> asUInt() const; ///< any integer type
    std::optional<double> asNumber() const; ///< any integer or floating-point type
    std::optional<bool> asBool() const;
    std::optional<std::string_view> asString() const; ///< any bytes
    std::optional<std::vector<std::uint64_t>> asUInts() const;
    std::optional<std::vector<double>> asNumbers() const;
    std::optional<std::vector<bool>> asBools() const;
    std::optional<std::vector<std::string_view>> asStrings() const;

    std::string typeText() const; ///< "u32", "array of string"
    /// The value for people, in valid UTF-8 on one line; of long lists and texts only the
    /// beginning.
    std::string text() const;
};

/// What a file says about the model besides its tensors: keys and values, sorted by key. Empty for
/// safetensors.
class Metadata {
public:
    struct Entry {
        std::string_view key;
        MetadataValue value;
    };

    Metadata() = default;
    /// The keys must differ; `source` is named in errors.
    Metadata(std::vector<Entry> entries, std::string source);

    std::span<const Entry> entries() const { return m_entries; }
    const MetadataValue* find(std::string_view key) const;

    /// Nothing when the key is absent; errors name the file, the key, the expected and the actual
    /// type.
    Result<std::optional<std::uint64_t>> uint(std::string_view key) const;
    Result<std::optional<double>> number(std::string_view key) const;
    Result<std::optional<bool>> boolean(std::string_view key) const;
    Result<std::optional<std::string_view>> string(std::string_view key) const;
    Result<std::optional<std::vector<std::uint64_t>>> uints(std::string_view key) const;
    Result<std::optional<std::vector<double>>> numbers(std::string_view key) const;
    Result<std::optional<std::vector<bool>>> booleans(std::string_view key) const;
    Result<std::optional<std::vector<std::string_view>>> strings(std::string_view key) const;

private:
    template <typename T>
    Result<std::optional<T>> get(std::string_view key,
        std::optional<T> (MetadataValue::*accessor)() const, std::string_view expected) const;

    std::vector<Entry> m_entries;
    std::string m_source;
};

} // namespace moescope
