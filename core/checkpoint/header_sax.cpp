// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/header_sax.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/text.h"

namespace moescope {

namespace {

constexpr std::size_t kMaxDimensions = 32;
constexpr std::size_t kMaxIgnoredDepth = 32;

} // namespace

bool HeaderSax::refuse(std::string problem, ErrorCode code)
{
    error = {code, std::move(problem)};
    return false;
}

std::string HeaderSax::entryName() const
{
    return fmt::format("tensor \"{}\"", displayName(m_name));
}

bool HeaderSax::null()
{
    return scalar("null");
}

bool HeaderSax::boolean(bool)
{
    return scalar("true or false");
}

bool HeaderSax::number_integer(number_integer_t)
{
    return scalar("a negative number");
}

bool HeaderSax::number_float(number_float_t, const string_t&)
{
    return scalar("a fraction or too large a number");
}

bool HeaderSax::binary(binary_t&)
{
    return scalar("binary data");
}

bool HeaderSax::number_unsigned(number_unsigned_t value)
{
    if (m_place == Place::Shape) {
        if (m_shape.size() == kMaxDimensions)
            return refuse(
                fmt::format("{} has more than {} dimensions", entryName(), kMaxDimensions));
        m_shape.push_back(value);
        return true;
    }
    if (m_place == Place::Offsets) {
        if (m_offsets.size() == 2)
            return refuse(fmt::format("the data_offsets of {} are not two numbers", entryName()));
        m_offsets.push_back(value);
        return true;
    }
    return scalar("a number");
}

bool HeaderSax::string(string_t& value)
{
    if (m_place == Place::Entry && m_field == Field::Dtype) {
        m_dtype = std::move(value);
        return true;
    }
    if (m_place == Place::Metadata) {
        if (!metadata.emplace(m_key, std::move(value)).second)
            return refuse(fmt::format("the metadata \"{}\" appear twice", displayName(m_key)));
        return true;
    }
    return scalar("text");
}

bool HeaderSax::scalar(std::string_view kind)
{
    switch (m_place) {
    case Place::Start:
        return refuse(fmt::format("its header is {}, not an object", kind));
    case Place::Root:
        return refuse(fmt::format("the entry of {} is {}, not an object", entryName(), kind));
    case Place::Metadata:
        return refuse(
            fmt::format("the metadata \"{}\" are {}, not text", displayName(m_key), kind));
    case Place::Shape:
    case Place::Offsets:
        return refuse(fmt::format("the {} of {} should be whole numbers of at least 0, but hold {}",
            m_place == Place::Shape ? "sizes in the shape" : "data_offsets", entryName(), kind));
    case Place::Entry:
        if (m_field == Field::Dtype)
            return refuse(fmt::format("the dtype of {} is {}, not text", entryName(), kind));
        if (m_field != Field::Unknown)
            return refuse(fmt::format("the {} of {} is {}, not a list", m_key, entryName(), kind));
        return true;
    case Place::Ignored:
        return true;
    }
    return false;
}

bool HeaderSax::open(std::string_view kind, bool isArray)
{
    if (m_place == Place::Ignored) {
        if (++m_ignoredDepth > kMaxIgnoredDepth)
            return refuse(fmt::format("the entry of {} is nested too deeply", entryName()));
        return true;
    }
    if (m_place == Place::Entry && m_field == Field::Unknown) {
        m_place = Place::Ignored;
        m_ignoredDepth = 1;
        return true;
    }
    if (m_place == Place::Entry && isArray && m_field != Field::Dtype) {
        m_place = m_field == Field::Shape ? Place::Shape : Place::Offsets;
        return true;
    }
    if (m_place == Place::Start && !isArray) {
        m_place = Place::Root;
        return true;
    }
    if (m_place == Place::Root && !isArray) {
        m_place = m_name == "__metadata__" ? Place::Metadata : Place::Entry;
        std::fill(std::begin(m_seen), std::end(m_seen), false);
        m_shape.clear();
        m_offsets.clear();
        return true;
    }
    return scalar(kind);
}

bool HeaderSax::start_object(std::size_t)
{
    return open("an object", false);
}

bool HeaderSax::start_array(std::size_t)
{
    return open("a list", true);
}

bool HeaderSax::key(string_t& name)
{
    if (m_place == Place::Ignored)
        return true;
    if (m_place == Place::Root) {
        m_name = std::move(name);
        return true;
    }
    m_key = std::move(name);
    if (m_place == Place::Metadata)
        return true;
    m_field = m_key == "dtype"    ? Field::Dtype
        : m_key == "shape"        ? Field::Shape
        : m_key == "data_offsets" ? Field::Offsets
                                  : Field::Unknown;
    if (m_field == Field::Unknown)
        return true;
    bool& seen = m_seen[static_cast<std::size_t>(m_field)];
    if (seen)
        return refuse(fmt::format("the {} of {} appears twice", m_key, entryName()));
    seen = true;
    return true;
}

bool HeaderSax::end_object()
{
    switch (m_place) {
    case Place::Ignored:
        if (--m_ignoredDepth == 0)
            m_place = Place::Entry;
        return true;
    case Place::Entry:
        m_place = Place::Root;
        return finishEntry();
    case Place::Metadata:
        m_place = Place::Root;
        return true;
    default:
        return true;
    }
}

bool HeaderSax::end_array()
{
    if (m_place != Place::Ignored || --m_ignoredDepth == 0)
        m_place = Place::Entry;
    return true;
}

bool HeaderSax::parse_error(
    std::size_t position, const std::string&, const nlohmann::detail::exception&)
{
    return refuse(fmt::format("its header is not valid JSON at byte {}", position));
}

bool HeaderSax::finishEntry()
{
    constexpr std::array<std::string_view, 3> kFields = {"dtype", "shape", "data_offsets"};
    for (std::size_t i = 0; i < kFields.size(); ++i)
        if (!m_seen[i])
            return refuse(fmt::format("{} has no {}", entryName(), kFields[i]));
    if (m_offsets.size() != 2)
        return refuse(fmt::format("the data_offsets of {} are not two numbers", entryName()));
    const auto dtype = dtypeFromSafetensors(m_dtype);
    if (!dtype)
        return refuse(
            fmt::format("{} has the unknown dtype \"{}\"", entryName(), displayName(m_dtype, 40)));

    std::optional<std::uint64_t> elements = 1;
    for (const std::uint64_t size : m_shape)
        elements = elements ? checkedMul(*elements, size) : elements;
    const auto bytes = elements ? storedBytes(*dtype, *elements) : std::nullopt;
    const std::size_t inBlock = blockLayout(*dtype).elements;
    const std::uint64_t begin = m_offsets[0];
    const std::uint64_t end = m_offsets[1];
    if (elements && *elements % inBlock != 0)
        return refuse(
            fmt::format("the {} elements of {} do not fill whole groups of {}, which {} needs",
                *elements, entryName(), inBlock, m_dtype));
    if (!bytes)
        return refuse(fmt::format(
            "the shape {} of {} is too large for any file", formatShape(m_shape), entryName()));
    if (begin > end)
        return refuse(fmt::format(
            "{} ends before it begins (data_offsets {} and {})", entryName(), begin, end));
    if (end - begin != *bytes)
        return refuse(fmt::format(
            "{} of shape {} and dtype {} needs {} bytes, but its data_offsets give it {}",
            entryName(), formatShape(m_shape), m_dtype, *bytes, end - begin));
    if (end > m_dataBytes)
        return refuse(
            fmt::format("{} ends at byte {} of the data, but the file holds only {} bytes of data "
                        "(an incomplete download?)",
                entryName(), end, m_dataBytes));
    Entry& entry = entries.emplace_back();
    entry.tensor.name = m_name;
    entry.tensor.dtype = *dtype;
    entry.tensor.shape = m_shape;
    entry.begin = begin;
    entry.end = end;
    return true;
}

} // namespace moescope
