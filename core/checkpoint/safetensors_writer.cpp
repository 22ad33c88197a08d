// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <ostream>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

namespace moescope {

namespace {

std::string jsonText(std::string_view text)
{
    return dumpJson(Json(text), -1);
}

/// Nothing when the size of the shape does not fit 64 bits.
std::optional<std::uint64_t> sizeOf(DType dtype, std::span<const std::uint64_t> shape)
{
    std::optional<std::uint64_t> elements = 1;
    for (const std::uint64_t size : shape)
        elements = elements ? checkedMul(*elements, size) : elements;
    return elements ? storedBytes(dtype, *elements) : std::nullopt;
}

} // namespace

void SafetensorsWriter::addF32(
    std::string name, std::vector<std::uint64_t> shape, std::span<const float> values)
{
    addBytes(std::move(name), DType::F32, std::move(shape), std::as_bytes(values));
}

void SafetensorsWriter::addI32(
    std::string name, std::vector<std::uint64_t> shape, std::span<const std::int32_t> values)
{
    addBytes(std::move(name), DType::I32, std::move(shape), std::as_bytes(values));
}

void SafetensorsWriter::addBytes(std::string name, DType dtype, std::vector<std::uint64_t> shape,
    std::span<const std::byte> bytes)
{
    m_entries.push_back({std::move(name), dtype, std::move(shape), {bytes.begin(), bytes.end()}});
}

void SafetensorsWriter::setMetadata(std::string key, std::string value)
{
    m_metadata[std::move(key)] = std::move(value);
}

Status SafetensorsWriter::write(const std::filesystem::path& path) const
{
    const auto refuse = [&](std::string_view name, std::string_view problem) {
        return fail(ErrorCode::InvalidArgument,
            fmt::format("{} was not written: tensor \"{}\" {}.", displayPath(path),
                displayName(name), problem));
    };
    std::string header = "{";
    if (!m_metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : m_metadata)
            header += fmt::format(
                "{}{}:{}", header.ends_with('{') ? "" : ",", jsonText(key), jsonText(value));
        header += '}';
    }
    std::unordered_set<std::string_view> names;
    std::uint64_t position = 0;
    for (const Entry& entry : m_entries) {
        if (!isValidUtf8(entry.name) || entry.name == "__metadata__")
            return refuse(entry.name, "has a name that the format does not allow");
        if (!names.insert(entry.name).second)
            return refuse(entry.name, "was added twice");
        if (sizeOf(entry.dtype, entry.shape) != entry.bytes.size())
            return refuse(entry.name,
                fmt::format("has {} bytes, which do not fill the shape {} of {}",
                    entry.bytes.size(), formatShape(entry.shape), dtypeName(entry.dtype)));
        header += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
            header == "{" ? "" : ",", jsonText(entry.name), safetensorsName(entry.dtype),
            fmt::join(entry.shape, ","), position, position + entry.bytes.size());
        position += entry.bytes.size();
    }
    header += '}';
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > kMaxSafetensorsHeader)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("{} was not written: its header would have {} bytes, more than the {} that "
                        "are accepted.",
                displayPath(path), header.size(), kMaxSafetensorsHeader));

    return writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        const std::uint64_t length = header.size();
        stream.write(reinterpret_cast<const char*>(&length), sizeof length);
        stream.write(header.data(), static_cast<std::streamsize>(header.size()));
        for (const Entry& entry : m_entries)
            stream.write(reinterpret_cast<const char*>(entry.bytes.data()),
                static_cast<std::streamsize>(entry.bytes.size()));
        return {};
    });
}

} // namespace moescope
