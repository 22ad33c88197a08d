// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/safetensors.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/header_sax.h"
#include "core/checkpoint/other_formats.h"

namespace moescope {

namespace {

constexpr std::size_t kLengthBytes = 8;

tl::unexpected<Error> broken(std::string_view source, std::string_view problem)
{
    return fail(
        ErrorCode::BadFormat, fmt::format("{} is broken: {}.", displayName(source, 1000), problem));
}

/// The JSON text of the header.
Result<std::string_view> headerText(std::span<const std::byte> file, std::string_view source)
{
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    if (auto other = recogniseOtherFormat(file, source, "safetensors"))
        return tl::unexpected(std::move(*other));
    if (file.size() < kLengthBytes)
        return broken(source,
            fmt::format(
                "it has {} bytes, but a safetensors file begins with a header length of {} bytes",
                file.size(), kLengthBytes));
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), kLengthBytes);
    if (length > kMaxSafetensorsHeader)
        return broken(source,
            fmt::format(
                "its header claims {} bytes, more than the {} that are accepted, so it is no "
                "safetensors file or damaged",
                length, kMaxSafetensorsHeader));
    if (length > file.size() - kLengthBytes)
        return broken(source,
            fmt::format("its header claims {} bytes, but only {} follow (an incomplete download?)",
                length, file.size() - kLengthBytes));
    const std::string_view header = text.substr(kLengthBytes, static_cast<std::size_t>(length));
    if (!header.starts_with('{'))
        return broken(source, "its header does not begin with \"{\"");
    // The JSON parser takes a zero byte for the end of its input.
    if (header.find('\0') != std::string_view::npos)
        return broken(source, "its header contains a zero byte");
    return header;
}

Status checkNames(const std::vector<HeaderSax::Entry>& entries, std::string_view source)
{
    std::unordered_set<std::string_view> names;
    names.reserve(entries.size());
    for (const auto& entry : entries)
        if (!names.insert(entry.tensor.name).second)
            return broken(
                source, fmt::format("tensor \"{}\" appears twice", displayName(entry.tensor.name)));
    return {};
}

/// Entries sorted by offset must follow one another without overlap or gap, up to the last byte.
Status checkLayout(
    const std::vector<HeaderSax::Entry>& entries, std::uint64_t dataBytes, std::string_view source)
{
    std::uint64_t position = 0;
    const TensorInfo* previous = nullptr;
    for (const auto& entry : entries) {
        if (entry.begin < position)
            return broken(source,
                fmt::format("tensors \"{}\" and \"{}\" overlap at byte {} of the data",
                    displayName(previous->name), displayName(entry.tensor.name), entry.begin));
        if (entry.begin > position)
            return broken(source,
                fmt::format("{} bytes before tensor \"{}\" belong to no tensor",
                    entry.begin - position, displayName(entry.tensor.name)));
        position = entry.end;
        previous = &entry.tensor;
    }
    if (position < dataBytes)
        return broken(source,
            fmt::format(
                "{} bytes after the last tensor belong to no tensor", dataBytes - position));
    return {};
}

} // namespace

Result<SafetensorsHeader> parseSafetensors(std::span<const std::byte> file, std::string_view source)
{
    try {
        MOESCOPE_TRY(const std::string_view text, headerText(file, source));
        const auto data = file.subspan(kLengthBytes + text.size());
        HeaderSax sax(data.size());
        if (!Json::sax_parse(text, &sax)) {
            if (sax.error.code == ErrorCode::BadFormat)
                return broken(source, sax.error.message);
            return fail(sax.error.code,
                fmt::format(
                    "{} cannot be opened: {}.", displayName(source, 1000), sax.error.message));
        }
        MOESCOPE_CHECK(checkNames(sax.entries, source));
        const auto byPlace = [](const auto& a, const auto& b) {
            return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
        };
        // Most writers keep the order of the data.
        if (!std::is_sorted(sax.entries.begin(), sax.entries.end(), byPlace))
            std::sort(sax.entries.begin(), sax.entries.end(), byPlace);
        MOESCOPE_CHECK(checkLayout(sax.entries, data.size(), source));

        SafetensorsHeader header;
        header.metadata = std::move(sax.metadata);
        header.tensors.reserve(sax.entries.size());
        for (auto& entry : sax.entries) {
            entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
            header.tensors.push_back(std::move(entry.tensor));
        }
        return header;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format(
                "There is not enough memory for the header of {}.", displayName(source, 1000)));
    } catch (const std::exception&) {
        return broken(source, "its header is not valid JSON");
    }
}

} // namespace moescope
