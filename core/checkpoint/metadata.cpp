// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/metadata.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope {

namespace {

struct TypeFacts {
    std::string_view name;
    std::size_t bytes;
};

// In the order of MetadataType.
constexpr std::array<TypeFacts, 13> kTypes
    = {{{"u8", 1}, {"i8", 1}, {"u16", 2}, {"i16", 2}, {"u32", 4}, {"i32", 4}, {"f32", 4},
        {"bool", 1}, {"string", 0}, {"array", 0}, {"u64", 8}, {"i64", 8}, {"f64", 8}}};

constexpr std::size_t kShownItems = 8;
constexpr std::size_t kShownBytes = 120;

template <typename T>
T load(std::span<const std::byte> bytes, std::uint64_t index)
{
    T value;
    std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof value);
    return value;
}

/// Calls visit(value) with number `index` of the list in its own type; false for other types.
template <typename Visit>
bool visitNumber(
    MetadataType type, std::span<const std::byte> bytes, std::uint64_t index, Visit visit)
{
    switch (type) {
    case MetadataType::U8:
        return visit(load<std::uint8_t>(bytes, index));
    case MetadataType::I8:
        return visit(load<std::int8_t>(bytes, index));
    case MetadataType::U16:
        return visit(load<std::uint16_t>(bytes, index));
    case MetadataType::I16:
        return visit(load<std::int16_t>(bytes, index));
    case MetadataType::U32:
        return visit(load<std::uint32_t>(bytes, index));
    case MetadataType::I32:
        return visit(load<std::int32_t>(bytes, index));
    case MetadataType::U64:
        return visit(load<std::uint64_t>(bytes, index));
    case MetadataType::I64:
        return visit(load<std::int64_t>(bytes, index));
    case MetadataType::F32:
        return visit(load<float>(bytes, index));
    case MetadataType::F64:
        return visit(load<double>(bytes, index));
    default:
        return false;
    }
}

bool readUInt(
    MetadataType type, std::span<const std::byte> bytes, std::uint64_t index, std::uint64_t& out)
{
    return visitNumber(type, bytes, index, [&](auto value) {
        if constexpr (std::is_floating_point_v<decltype(value)>) {
            return false;
        } else {
            out = static_cast<std::uint64_t>(value);
            if constexpr (std::is_signed_v<decltype(value)>)
                return value >= 0;
            else
                return true;
        }
    });
}

bool readNumber(
    MetadataType type, std::span<const std::byte> bytes, std::uint64_t index, double& out)
{
    return visitNumber(type, bytes, index, [&](auto value) {
        out = static_cast<double>(value);
        return true;
    });
}

bool readBool(MetadataType type, std::span<const std::byte> bytes, std::uint64_t index, bool& out)
{
    if (type != MetadataType::Bool)
        return false;
    out = bytes[static_cast<std::size_t>(index)] != std::byte{0};
    return true;
}

template <typename T, typename Read>
std::optional<T> readOne(const MetadataValue& value, Read read)
{
    T result{};
    if (value.type == MetadataType::Array || !read(value.type, value.bytes, 0, result))
        return std::nullopt;
    return result;
}

template <typename T, typename Read>
std::optional<std::vector<T>> readAll(const MetadataValue& value, Read read)
{
    const bool isList = value.type == MetadataType::Array;
    const MetadataType type = isList ? value.elementType : value.type;
    const std::uint64_t count = isList ? value.count : 1;
    std::vector<T> list;
    if (type == MetadataType::String || type == MetadataType::Array)
        return std::nullopt;
    list.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
        T item{};
        if (!read(type, value.bytes, i, item))
            return std::nullopt;
        list.push_back(item);
    }
    return list;
}

std::string_view asText(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The strings of an array one after the other, until visit() returns false.
template <typename Visit>
void forEachString(const MetadataValue& array, Visit visit)
{
    std::span<const std::byte> rest = array.bytes;
    for (std::uint64_t i = 0; i < array.count; ++i) {
        const auto length = static_cast<std::size_t>(load<std::uint64_t>(rest, 0));
        if (!visit(asText(rest.subspan(8, length))))
            return;
        rest = rest.subspan(8 + length);
    }
}

std::string scalarText(MetadataType type, std::span<const std::byte> bytes, std::uint64_t index)
{
    bool flag = false;
    if (readBool(type, bytes, index, flag))
        return flag ? "true" : "false";
    std::string text;
    visitNumber(type, bytes, index, [&](auto value) {
        text = fmt::format("{}", value);
        return true;
    });
    return text;
}

std::string listText(const MetadataValue& array)
{
    std::vector<std::string> items;
    if (array.elementType == MetadataType::String)
        forEachString(array, [&](std::string_view text) {
            items.push_back(fmt::format("\"{}\"", displayName(text, 40)));
            return items.size() < kShownItems;
        });
    else if (array.elementType != MetadataType::Array)
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(array.count, kShownItems); ++i)
            items.push_back(scalarText(array.elementType, array.bytes, i));
    if (array.elementType == MetadataType::Array)
        return fmt::format("{} lists", formatCount(array.count));
    if (items.size() == array.count)
        return fmt::format("[{}]", fmt::join(items, ", "));
    return fmt::format("[{}, …] ({} in all)", fmt::join(items, ", "), formatCount(array.count));
}

} // namespace

std::string_view metadataTypeName(MetadataType type)
{
    return kTypes[static_cast<std::size_t>(type)].name;
}

std::size_t metadataTypeBytes(MetadataType type)
{
    return kTypes[static_cast<std::size_t>(type)].bytes;
}

std::optional<std::uint64_t> MetadataValue::asUInt() const
{
    return readOne<std::uint64_t>(*this, readUInt);
}

std::optional<double> MetadataValue::asNumber() const
{
    return readOne<double>(*this, readNumber);
}

std::optional<bool> MetadataValue::asBool() const
{
    return readOne<bool>(*this, readBool);
}

std::optional<std::string_view> MetadataValue::asString() const
{
    if (type != MetadataType::String)
        return std::nullopt;
    return asText(bytes);
}

std::optional<std::vector<std::uint64_t>> MetadataValue::asUInts() const
{
    return readAll<std::uint64_t>(*this, readUInt);
}

std::optional<std::vector<double>> MetadataValue::asNumbers() const
{
    return readAll<double>(*this, readNumber);
}

std::optional<std::vector<bool>> MetadataValue::asBools() const
{
    return readAll<bool>(*this, readBool);
}

std::optional<std::vector<std::string_view>> MetadataValue::asStrings() const
{
    if (const auto single = asString())
        return std::vector{*single};
    if (type != MetadataType::Array || elementType != MetadataType::String)
        return std::nullopt;
    std::vector<std::string_view> list;
    list.reserve(static_cast<std::size_t>(count));
    forEachString(*this, [&](std::string_view text) {
        list.push_back(text);
        return true;
    });
    return list;
}

std::string MetadataValue::typeText() const
{
    if (type != MetadataType::Array)
        return std::string(metadataTypeName(type));
    return fmt::format("array of {}", metadataTypeName(elementType));
}

std::string MetadataValue::text() const
{
    if (const auto string = asString())
        return displayName(*string, kShownBytes);
    return type == MetadataType::Array ? listText(*this) : scalarText(type, bytes, 0);
}

Metadata::Metadata(std::vector<Entry> entries, std::string source)
    : m_entries(std::move(entries))
    , m_source(std::move(source))
{
    std::sort(m_entries.begin(), m_entries.end(),
        [](const Entry& a, const Entry& b) { return a.key < b.key; });
}

const MetadataValue* Metadata::find(std::string_view key) const
{
    const auto it = std::lower_bound(m_entries.begin(), m_entries.end(), key,
        [](const Entry& entry, std::string_view wanted) { return entry.key < wanted; });
    return it != m_entries.end() && it->key == key ? &it->value : nullptr;
}

template <typename T>
Result<std::optional<T>> Metadata::get(std::string_view key,
    std::optional<T> (MetadataValue::*accessor)() const, std::string_view expected) const
try {
    const MetadataValue* value = find(key);
    if (!value)
        return std::optional<T>();
    std::optional<T> result = (value->*accessor)();
    if (!result)
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: the metadata \"{}\" should be {}, but is {} ({}).", m_source,
                displayName(key), expected, value->text(), value->typeText()));
    return result;
} catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory,
        fmt::format("There is not enough memory for the metadata \"{}\" of {}.", displayName(key),
            m_source));
}

Result<std::optional<std::uint64_t>> Metadata::uint(std::string_view key) const
{
    return get(key, &MetadataValue::asUInt, "a whole number of at least 0");
}

Result<std::optional<double>> Metadata::number(std::string_view key) const
{
    return get(key, &MetadataValue::asNumber, "a number");
}

Result<std::optional<bool>> Metadata::boolean(std::string_view key) const
{
    return get(key, &MetadataValue::asBool, "true or false");
}

Result<std::optional<std::string_view>> Metadata::string(std::string_view key) const
{
    return get(key, &MetadataValue::asString, "text");
}

Result<std::optional<std::vector<std::uint64_t>>> Metadata::uints(std::string_view key) const
{
    return get(key, &MetadataValue::asUInts, "whole numbers of at least 0");
}

Result<std::optional<std::vector<double>>> Metadata::numbers(std::string_view key) const
{
    return get(key, &MetadataValue::asNumbers, "numbers");
}

Result<std::optional<std::vector<bool>>> Metadata::booleans(std::string_view key) const
{
    return get(key, &MetadataValue::asBools, "true and false");
}

Result<std::optional<std::vector<std::string_view>>> Metadata::strings(std::string_view key) const
{
    return get(key, &MetadataValue::asStrings, "texts");
}

} // namespace moescope
