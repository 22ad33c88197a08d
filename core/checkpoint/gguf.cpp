// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <tuple>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/checkpoint/gguf_cursor.h"
#include "core/checkpoint/other_formats.h"

namespace moescope {

namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kMaxAlignment = 1U << 30;

/// Numbers of types that ggml had once or uses in memory only, and new ones without a published
/// reference.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 11> kOtherTypes
    = {{{4, "Q4_2"}, {5, "Q4_3"}, {9, "Q8_1"}, {31, "Q4_0_4_4"}, {32, "Q4_0_4_8"}, {33, "Q4_0_8_8"},
        {36, "IQ4_NL_4_4"}, {37, "IQ4_NL_4_8"}, {38, "IQ4_NL_8_8"}, {41, "Q1_0"}, {42, "Q2_0"}}};

/// A tensor of the table with its place in the data.
struct Place {
    TensorInfo tensor;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

tl::unexpected<Error> broken(std::string problem)
{
    return fail(ErrorCode::BadFormat, std::move(problem));
}

std::string inQuotes(std::string_view name)
{
    return fmt::format("\"{}\"", displayName(name));
}

Result<std::uint32_t> readVersion(GgufCursor& cursor)
{
    MOESCOPE_TRY(const auto magic, cursor.take(kMagic.size(), "the mark \"GGUF\""));
    if (!isGguf(magic))
        return broken("it does not begin with \"GGUF\", so it is no GGUF file");
    MOESCOPE_TRY(const auto version, cursor.number<std::uint32_t>("the version"));
    if (version == 2 || version == 3)
        return version;
    if (version == 0)
        return broken("its version is 0");
    if ((version & 0xFFFFU) == 0)
        return fail(ErrorCode::Unsupported,
            "it is written for big-endian machines, which is not supported");
    return fail(ErrorCode::Unsupported,
        fmt::format("its version is {}, but only versions 2 and 3 are supported", version));
}

Result<std::vector<Metadata::Entry>> readMetadata(GgufCursor& cursor, std::uint64_t count)
{
    std::vector<Metadata::Entry> entries;
    for (std::uint64_t i = 0; i < count; ++i) {
        MOESCOPE_TRY(const auto key,
            cursor.string(fmt::format("the key of metadata {} of {}", i + 1, count)));
        if (key.empty() || !isValidUtf8(key))
            return broken(fmt::format(
                "the key {} of metadata {} is empty or not valid UTF-8", inQuotes(key), i + 1));
        MOESCOPE_TRY(const auto value, cursor.value("the metadata " + inQuotes(key)));
        entries.push_back({key, value});
    }
    return entries;
}

Result<DType> readType(GgufCursor& cursor, const std::string& what)
{
    MOESCOPE_TRY(const auto number, cursor.number<std::uint32_t>(what));
    if (const auto dtype = dtypeFromGguf(number))
        return *dtype;
    const auto other = std::find_if(kOtherTypes.begin(), kOtherTypes.end(),
        [&](const auto& type) { return type.first == number; });
    if (other != kOtherTypes.end())
        return fail(ErrorCode::Unsupported,
            fmt::format("{} has the type {} (number {}), which is not supported", what,
                other->second, number));
    return broken(
        fmt::format("{} has the unknown type number {}, which is not supported", what, number));
}

Result<Place> readTensor(GgufCursor& cursor, std::uint64_t index, std::uint64_t count)
{
    Place place;
    TensorInfo& tensor = place.tensor;
    MOESCOPE_TRY(const auto name,
        cursor.string(fmt::format("the name of tensor {} of {}", index + 1, count)));
    if (name.empty() || !isValidUtf8(name))
        return broken(fmt::format(
            "the name {} of tensor {} is empty or not valid UTF-8", inQuotes(name), index + 1));
    tensor.name = name;
    const std::string what = "tensor " + inQuotes(name);
    MOESCOPE_TRY(const auto dimensions, cursor.number<std::uint32_t>(what));
    if (dimensions < 1 || dimensions > kMaxDimensions)
        return broken(fmt::format(
            "{} has {} dimensions, but 1 to {} are possible", what, dimensions, kMaxDimensions));
    std::optional<std::uint64_t> elements = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
        MOESCOPE_TRY(const auto size, cursor.number<std::uint64_t>(what));
        tensor.shape.push_back(size);
        elements = elements ? checkedMul(*elements, size) : elements;
    }
    // The file begins with the dimension along which neighbours lie, safetensors ends with it.
    std::reverse(tensor.shape.begin(), tensor.shape.end());
    MOESCOPE_TRY(tensor.dtype, readType(cursor, what));
    MOESCOPE_TRY(place.offset, cursor.number<std::uint64_t>(what));

    const std::size_t block = blockLayout(tensor.dtype).elements;
    if (tensor.shape.back() % block != 0)
        return broken(
            fmt::format("{} has rows of {} values, which are no whole blocks of {} as {} needs",
                what, tensor.shape.back(), block, dtypeName(tensor.dtype)));
    const auto bytes = elements ? storedBytes(tensor.dtype, *elements) : std::nullopt;
    if (!bytes)
        return broken(fmt::format(
            "the shape {} of {} is too large for any file", formatShape(tensor.shape), what));
    place.bytes = *bytes;
    return place;
}

Result<std::uint64_t> alignmentOf(const Metadata& metadata)
{
    const MetadataValue* value = metadata.find("general.alignment");
    if (!value)
        return kDefaultAlignment;
    const auto alignment = value->asUInt();
    if (!alignment || !std::has_single_bit(*alignment) || *alignment > kMaxAlignment)
        return broken(fmt::format("its general.alignment is {} ({}), but should be a power of two",
            value->text(), value->typeText()));
    return *alignment;
}

/// Points every tensor at its bytes. They must be aligned, inside the data and apart.
Status placeTensors(
    std::vector<Place>& places, std::span<const std::byte> data, std::uint64_t alignment)
{
    for (Place& place : places) {
        const std::string what = "tensor " + inQuotes(place.tensor.name);
        if (place.offset % alignment != 0)
            return broken(fmt::format("{} begins at byte {} of the data, which is no multiple of "
                                      "the alignment {}",
                what, place.offset, alignment));
        const auto end = checkedAdd(place.offset, place.bytes);
        if (!end || *end > data.size())
            return broken(fmt::format("{} needs {} bytes from byte {} of the data, but the file "
                                      "holds only {} bytes of data (an incomplete download?)",
                what, place.bytes, place.offset, data.size()));
        place.tensor.bytes = data.subspan(
            static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.bytes));
    }
    std::vector<const Place*> sorted;
    for (const Place& place : places)
        if (place.bytes > 0)
            sorted.push_back(&place);
    std::sort(sorted.begin(), sorted.end(),
        [](const Place* a, const Place* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < sorted.size(); ++i)
        if (sorted[i]->offset < sorted[i - 1]->offset + sorted[i - 1]->bytes)
            return broken(fmt::format("tensors {} and {} overlap at byte {} of the data",
                inQuotes(sorted[i - 1]->tensor.name), inQuotes(sorted[i]->tensor.name),
                sorted[i]->offset));
    return {};
}

Status checkNames(const std::vector<Place>& places, const Metadata& metadata)
{
    const auto entries = metadata.entries();
    const auto twice = std::adjacent_find(entries.begin(), entries.end(),
        [](const auto& a, const auto& b) { return a.key == b.key; });
    if (twice != entries.end())
        return broken(fmt::format("the metadata {} appear twice", inQuotes(twice->key)));
    std::vector<std::string_view> names;
    for (const Place& place : places)
        names.push_back(place.tensor.name);
    std::sort(names.begin(), names.end());
    if (const auto same = std::adjacent_find(names.begin(), names.end()); same != names.end())
        return broken(fmt::format("tensor {} appears twice", inQuotes(*same)));
    return {};
}

Result<GgufHeader> parseHeader(std::span<const std::byte> file, std::string_view source)
{
    GgufHeader header;
    GgufCursor cursor(file, kMaxGgufHeader);
    MOESCOPE_TRY(header.version, readVersion(cursor));
    MOESCOPE_TRY(const auto tensorCount, cursor.number<std::uint64_t>("the number of tensors"));
    MOESCOPE_TRY(const auto metadataCount, cursor.number<std::uint64_t>("the number of metadata"));
    MOESCOPE_TRY(auto entries, readMetadata(cursor, metadataCount));
    header.metadata = Metadata(std::move(entries), displayName(source, 1000));
    MOESCOPE_TRY(const std::uint64_t alignment, alignmentOf(header.metadata));
    std::vector<Place> places;
    for (std::uint64_t i = 0; i < tensorCount; ++i) {
        MOESCOPE_TRY(Place place, readTensor(cursor, i, tensorCount));
        places.push_back(std::move(place));
    }
    MOESCOPE_CHECK(checkNames(places, header.metadata));
    const std::uint64_t begin = (cursor.position() + alignment - 1) / alignment * alignment;
    const auto data
        = file.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(begin, file.size())));
    MOESCOPE_CHECK(placeTensors(places, data, alignment));
    header.tensors.reserve(places.size());
    for (Place& place : places)
        header.tensors.push_back(std::move(place.tensor));
    return header;
}

} // namespace

bool isGguf(std::span<const std::byte> file)
{
    return file.size() >= kMagic.size()
        && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<GgufHeader> parseGguf(std::span<const std::byte> file, std::string_view source)
{
    const std::string name = displayName(source, 1000);
    try {
        if (auto other = recogniseOtherFormat(file, source, "GGUF"))
            return tl::unexpected(std::move(*other));
        auto header = parseHeader(file, source);
        if (header)
            return header;
        const Error& error = header.error();
        return fail(error.code,
            error.code == ErrorCode::BadFormat
                ? fmt::format("{} is broken: {}.", name, error.message)
                : fmt::format("{} cannot be opened: {}.", name, error.message));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("There is not enough memory for the header of {}.", name));
    }
}

} // namespace moescope
