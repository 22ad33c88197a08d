// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_cursor.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/checked.h"

namespace moescope {

namespace {

constexpr int kMaxDepth = 4; ///< of lists in lists

tl::unexpected<Error> broken(std::string problem)
{
    return fail(ErrorCode::BadFormat, std::move(problem));
}

} // namespace

Result<std::span<const std::byte>> GgufCursor::take(std::uint64_t bytes, std::string_view what)
{
    if (bytes > remaining())
        return broken(fmt::format("it ends inside {}, which needs {} bytes where {} are left (an "
                                  "incomplete download?)",
            what, bytes, remaining()));
    if (bytes > m_limit || m_position > m_limit - bytes)
        return broken(fmt::format(
            "{} reaches beyond the {} bytes that are accepted for a header", what, m_limit));
    const auto part
        = m_file.subspan(static_cast<std::size_t>(m_position), static_cast<std::size_t>(bytes));
    m_position += bytes;
    return part;
}

Result<std::string_view> GgufCursor::string(std::string_view what)
{
    MOESCOPE_TRY(const auto length, number<std::uint64_t>(what));
    MOESCOPE_TRY(const auto bytes, take(length, what));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<MetadataType> GgufCursor::type(std::string_view what)
{
    MOESCOPE_TRY(const auto number, this->number<std::uint32_t>(what));
    if (number > static_cast<std::uint32_t>(MetadataType::F64))
        return broken(fmt::format("{} has the unknown type number {}", what, number));
    return static_cast<MetadataType>(number);
}

Status GgufCursor::checkBools(std::span<const std::byte> bytes, std::string_view what) const
{
    const auto wrong = std::find_if(
        bytes.begin(), bytes.end(), [](std::byte byte) { return byte > std::byte{1}; });
    if (wrong == bytes.end())
        return {};
    return broken(fmt::format(
        "{} should be true (1) or false (0), but is {}", what, std::to_integer<int>(*wrong)));
}

Status GgufCursor::skipArray(
    MetadataType element, std::uint64_t count, std::string_view what, int depth)
{
    if (const std::size_t size = metadataTypeBytes(element); size > 0) {
        const auto bytes = checkedMul(count, size);
        if (!bytes)
            return broken(fmt::format("{} claims {} elements", what, count));
        MOESCOPE_TRY(const auto elements, take(*bytes, what));
        return element == MetadataType::Bool ? checkBools(elements, what) : Status();
    }
    // A text or a list takes at least the eight bytes of its length: no need to try more of them.
    if (count > remaining() / sizeof(std::uint64_t))
        return broken(fmt::format(
            "{} claims {} elements, but only {} bytes are left", what, count, remaining()));
    if (depth == kMaxDepth)
        return broken(fmt::format("{} is nested deeper than {} lists", what, kMaxDepth));
    for (std::uint64_t i = 0; i < count; ++i) {
        if (element == MetadataType::String) {
            MOESCOPE_CHECK(string(what));
            continue;
        }
        MOESCOPE_TRY(const auto inner, type(what));
        MOESCOPE_TRY(const auto innerCount, number<std::uint64_t>(what));
        MOESCOPE_CHECK(skipArray(inner, innerCount, what, depth + 1));
    }
    return {};
}

Result<MetadataValue> GgufCursor::value(std::string_view what)
{
    MetadataValue value;
    MOESCOPE_TRY(value.type, type(what));
    if (value.type == MetadataType::Array) {
        MOESCOPE_TRY(value.elementType, type(what));
        MOESCOPE_TRY(value.count, number<std::uint64_t>(what));
        const auto begin = static_cast<std::size_t>(m_position);
        MOESCOPE_CHECK(skipArray(value.elementType, value.count, what, 1));
        value.bytes = m_file.subspan(begin, static_cast<std::size_t>(m_position) - begin);
        return value;
    }
    if (value.type == MetadataType::String) {
        MOESCOPE_TRY(const auto text, string(what));
        value.bytes = std::as_bytes(std::span(text));
        return value;
    }
    MOESCOPE_TRY(value.bytes, take(metadataTypeBytes(value.type), what));
    if (value.type == MetadataType::Bool)
        MOESCOPE_CHECK(checkBools(value.bytes, what));
    return value;
}

} // namespace moescope
