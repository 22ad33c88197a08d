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

tl::unexpected<Error> refuse(
    const std::filesystem::path& path, std::string_view name, std::string_view problem)
{
    return fail(ErrorCode::InvalidArgument,
        fmt::format("{} was not written: tensor \"{}\" {}.", displayPath(path), displayName(name),
            problem));
}

} // namespace

Result<std::string> safetensorsPrefix(std::span<const SafetensorsEntry> entries,
    const std::map<std::string, std::string>& metadata, const std::filesystem::path& path)
{
    std::string header = "{";
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata)
            header += fmt::format(
                "{}{}:{}", header.ends_with('{') ? "" : ",", jsonText(key), jsonText(value));
        header += '}';
    }
    std::unordered_set<std::string_view> names;
    std::uint64_t position = 0;
    for (const SafetensorsEntry& entry : entries) {
        if (!isValidUtf8(entry.name) || entry.name == "__metadata__")
            return refuse(path, entry.name, "has a name that the format does not allow");
        if (!names.insert(entry.name).second)
            return refuse(path, entry.name, "was added twice");
        const auto bytes = sizeOf(entry.dtype, entry.shape);
        const auto end = bytes ? checkedAdd(position, *bytes) : std::nullopt;
        if (!end)
            return refuse(path, entry.name, "is too large");
        header += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
            header == "{" ? "" : ",", jsonText(entry.name), safetensorsName(entry.dtype),
            fmt::join(entry.shape, ","), position, *end);
        position = *end;
    }
    header += '}';
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > kMaxSafetensorsHeader)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("{} was not written: its header would have {} bytes, more than the {} that "
                        "are accepted.",
                displayPath(path), header.size(), kMaxSafetensorsHeader));
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header;
}

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
    m_entries.push_back({std::move(name), dtype, std::move(shape)});
    m_contents.emplace_back(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

void SafetensorsWriter::addF32Parts(std::string name, std::vector<std::uint64_t> shape,
    std::size_t parts, std::function<std::vector<float>(std::size_t)> part)
{
    m_entries.push_back({std::move(name), DType::F32, std::move(shape)});
    m_contents.emplace_back(Parts{parts, std::move(part)});
}

void SafetensorsWriter::setMetadata(std::string key, std::string value)
{
    m_metadata[std::move(key)] = std::move(value);
}

Status SafetensorsWriter::write(const std::filesystem::path& path) const
{
    const auto wrongSize = [&](const SafetensorsEntry& entry, std::uint64_t bytes) {
        return refuse(path, entry.name,
            fmt::format("has {} bytes, which do not fill the shape {} of {}", bytes,
                formatShape(entry.shape), dtypeName(entry.dtype)));
    };
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const auto* bytes = std::get_if<std::vector<std::byte>>(&m_contents[i]);
        if (bytes && sizeOf(m_entries[i].dtype, m_entries[i].shape) != bytes->size())
            return wrongSize(m_entries[i], bytes->size());
    }
    MOESCOPE_TRY(const std::string prefix, safetensorsPrefix(m_entries, m_metadata, path));
    return writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        const auto put = [&](std::span<const std::byte> bytes) {
            stream.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
        };
        stream.write(prefix.data(), static_cast<std::streamsize>(prefix.size()));
        for (std::size_t i = 0; i < m_entries.size(); ++i) {
            if (const auto* bytes = std::get_if<std::vector<std::byte>>(&m_contents[i])) {
                put(*bytes);
                continue;
            }
            const Parts& parts = std::get<Parts>(m_contents[i]);
            std::uint64_t written = 0;
            for (std::size_t part = 0; part < parts.count && stream; ++part) {
                const std::vector<float> values = parts.make(part);
                put(std::as_bytes(std::span(values)));
                written += values.size() * sizeof(float);
            }
            if (stream && sizeOf(m_entries[i].dtype, m_entries[i].shape) != written)
                return wrongSize(m_entries[i], written);
        }
        return {};
    });
}

} // namespace moescope
