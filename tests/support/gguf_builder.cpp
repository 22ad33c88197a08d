// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/gguf_builder.h"

namespace moescope::test {

namespace {

constexpr std::uint32_t number(MetadataType type)
{
    return static_cast<std::uint32_t>(type);
}

void pad(std::string& bytes, std::uint64_t alignment)
{
    while (alignment != 0 && bytes.size() % alignment != 0)
        bytes += '\0';
}

} // namespace

std::string GgufBuilder::packedText(std::string_view text)
{
    return packed<std::uint64_t>(text.size()) + std::string(text);
}

GgufBuilder& GgufBuilder::raw(std::string_view key, std::uint32_t type, std::string_view value)
{
    m_metadata += packedText(key) + packed(type) + std::string(value);
    ++m_metadataEntries;
    return *this;
}

GgufBuilder& GgufBuilder::string(std::string_view key, std::string_view value)
{
    return raw(key, number(MetadataType::String), packedText(value));
}

GgufBuilder& GgufBuilder::uint16(std::string_view key, std::uint16_t value)
{
    return raw(key, number(MetadataType::U16), packed(value));
}

GgufBuilder& GgufBuilder::uint32(std::string_view key, std::uint32_t value)
{
    return raw(key, number(MetadataType::U32), packed(value));
}

GgufBuilder& GgufBuilder::int32(std::string_view key, std::int32_t value)
{
    return raw(key, number(MetadataType::I32), packed(value));
}

GgufBuilder& GgufBuilder::float32(std::string_view key, float value)
{
    return raw(key, number(MetadataType::F32), packed(value));
}

GgufBuilder& GgufBuilder::boolean(std::string_view key, bool value)
{
    return raw(key, number(MetadataType::Bool), packed<std::uint8_t>(value ? 1 : 0));
}

GgufBuilder& GgufBuilder::strings(std::string_view key, std::span<const std::string> values)
{
    std::string list = packed(number(MetadataType::String)) + packed<std::uint64_t>(values.size());
    for (const std::string& value : values)
        list += packedText(value);
    return raw(key, number(MetadataType::Array), list);
}

GgufBuilder& GgufBuilder::tensor(std::string_view name, std::uint32_t type,
    std::span<const std::uint64_t> dimensions, std::string_view data,
    std::optional<std::uint64_t> offset)
{
    pad(m_data, alignment);
    m_table += packedText(name) + packed(static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t size : dimensions)
        m_table += packed(size);
    m_table += packed(type) + packed(offset.value_or(m_data.size()));
    m_data += data;
    ++m_tensors;
    return *this;
}

GgufBuilder& GgufBuilder::tensor(std::string_view name, std::uint32_t type,
    std::initializer_list<std::uint64_t> dimensions, std::string_view data,
    std::optional<std::uint64_t> offset)
{
    return tensor(name, type, std::span(dimensions.begin(), dimensions.size()), data, offset);
}

std::string GgufBuilder::bytes() const
{
    std::string file = "GGUF" + packed(version) + packed(tensorCount.value_or(m_tensors))
        + packed(metadataCount.value_or(m_metadataEntries)) + m_metadata + m_table;
    pad(file, alignment);
    return file + m_data;
}

} // namespace moescope::test
