// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/display_width.h"

#include <algorithm>

#include <fmt/format.h>
#include <utf8proc.h>

#include "core/base/text.h"

namespace moescope {

namespace {

std::size_t widthOf(char32_t point)
{
    return static_cast<std::size_t>(
        std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(point))));
}

/// C0, C1, DEL, line separators and everything that turns the writing direction around.
bool isDangerous(char32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F)
        || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x61C;
}

} // namespace

std::size_t displayWidth(std::string_view text)
{
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decodeUtf8(text, i);
        width += widthOf(point.value);
        i += point.bytes;
    }
    return width;
}

std::string terminalText(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decodeUtf8(text, i);
        if (isDangerous(point.value))
            out += fmt::format("‹{:02x}›", static_cast<std::uint32_t>(point.value));
        else
            appendUtf8(out, point.value);
        i += point.bytes;
    }
    return out;
}

std::string fitText(std::string_view text, std::size_t width)
{
    if (displayWidth(text) <= width)
        return std::string(text);
    if (width == 0)
        return {};
    std::size_t used = 1;
    std::size_t end = 0;
    while (end < text.size()) {
        const CodePoint point = decodeUtf8(text, end);
        if (used + widthOf(point.value) > width)
            break;
        used += widthOf(point.value);
        end += point.bytes;
    }
    return std::string(text.substr(0, end)) + "…";
}

std::string padRight(std::string text, std::size_t width)
{
    const std::size_t used = displayWidth(text);
    text.append(width > used ? width - used : 0, ' ');
    return text;
}

std::string padLeft(std::string text, std::size_t width)
{
    const std::size_t used = displayWidth(text);
    return used < width ? std::string(width - used, ' ') + text : text;
}

std::string wrapText(std::string_view text, std::size_t width, std::size_t indent)
{
    const std::string margin(indent, ' ');
    const std::size_t room = std::max<std::size_t>(width > indent ? width - indent : 0, 10);
    std::string out;
    std::string line;
    std::size_t used = 0;
    const auto endLine = [&] {
        out += margin + line + "\n";
        line.clear();
        used = 0;
    };
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        begin = end + 1;
        const std::size_t wide = displayWidth(word);
        if (used > 0 && used + 1 + wide > room)
            endLine();
        if (used > 0)
            line += ' ';
        line += word;
        used += wide + (used > 0 ? 1 : 0);
    }
    if (!line.empty())
        endLine();
    return out;
}

std::vector<std::string> breakText(std::string_view text, std::size_t width)
{
    std::vector<std::string> lines;
    while (displayWidth(text) > width) {
        std::size_t end = 0;
        std::size_t space = std::string_view::npos;
        std::size_t used = 0;
        while (end < text.size()) {
            const CodePoint point = decodeUtf8(text, end);
            used += widthOf(point.value);
            if (text[end] == ' ' && end > 0)
                space = end; // a space may stand behind the last column
            if (used > width && end > 0)
                break;
            end += point.bytes;
        }
        const bool atSpace = space != std::string_view::npos;
        lines.emplace_back(text.substr(0, atSpace ? space : end));
        text.remove_prefix(atSpace ? space + 1 : end);
        if (text.empty())
            return lines;
    }
    lines.emplace_back(text);
    return lines;
}

} // namespace moescope
