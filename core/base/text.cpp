// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text.h"

#include <array>

#include <fmt/format.h>

namespace moescope {

CodePoint decodeUtf8(std::string_view text, std::size_t offset)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[offset + i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return {lead, 1, true};
    std::size_t length = 0;
    char32_t value = 0;
    char32_t smallest = 0;
    if ((lead & 0xE0) == 0xC0) {
        length = 2, value = lead & 0x1F, smallest = 0x80;
    } else if ((lead & 0xF0) == 0xE0) {
        length = 3, value = lead & 0x0F, smallest = 0x800;
    } else if ((lead & 0xF8) == 0xF0) {
        length = 4, value = lead & 0x07, smallest = 0x10000;
    } else {
        return {};
    }
    if (text.size() - offset < length)
        return {};
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80)
            return {};
        value = (value << 6) | (byte(i) & 0x3F);
    }
    if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return {};
    return {value, static_cast<std::uint8_t>(length), true};
}

bool isValidUtf8(std::string_view text)
{
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decodeUtf8(text, i);
        if (!point.valid)
            return false;
        i += point.bytes;
    }
    return true;
}

void appendUtf8(std::string& out, char32_t c)
{
    const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::string toValidUtf8(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const CodePoint point = decodeUtf8(bytes, i);
        appendUtf8(out, point.value);
        i += point.bytes;
    }
    return out;
}

std::string displayName(std::string_view bytes, std::size_t maxBytes)
{
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
        if (out.size() >= maxBytes) {
            out += "…";
            break;
        }
        const CodePoint point = decodeUtf8(bytes, i);
        const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
        appendUtf8(out, control ? U'\uFFFD' : point.value);
        i += point.bytes;
    }
    return out;
}

std::string displayPath(const std::filesystem::path& path)
{
    return displayName(path.native(), 1000);
}

std::string visibleToken(std::string_view bytes)
{
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
        const CodePoint point = decodeUtf8(bytes, i);
        const auto raw = static_cast<unsigned char>(bytes[i]);
        if (!point.valid)
            out += fmt::format("‹{:02x}›", raw);
        else if (point.value == ' ')
            out += "·";
        else if (point.value == '\n')
            out += "⏎";
        else if (point.value == '\t')
            out += "⇥";
        else if (point.value < 0x20 || point.value == 0x7F)
            out += fmt::format("‹{:02x}›", raw);
        else
            out += bytes.substr(i, point.bytes);
        i += point.bytes;
    }
    return out;
}

std::string formatBytes(std::uint64_t bytes)
{
    if (bytes < 1000)
        return fmt::format("{} B", bytes);
    static constexpr std::array<const char*, 5> units = {"kB", "MB", "GB", "TB", "PB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    value /= 1000;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return value < 99.95 ? fmt::format("{:.1f} {}", value, units[unit])
                         : fmt::format("{:.0f} {}", value, units[unit]);
}

std::string formatCount(std::uint64_t count)
{
    std::string digits = std::to_string(count);
    for (std::size_t i = digits.size(); i > 3; i -= 3)
        digits.insert(i - 3, ",");
    return digits;
}

std::string formatParameters(std::uint64_t count)
{
    const auto value = static_cast<double>(count);
    if (value >= 1e9)
        return fmt::format("{:.{}f} B", value / 1e9, value < 1e10 ? 2 : 1);
    if (value >= 1e6)
        return fmt::format("{:.1f} M", value / 1e6);
    return formatCount(count);
}

} // namespace moescope
