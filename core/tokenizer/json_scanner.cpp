// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/json_scanner.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope::tokenization {

tl::unexpected<Error> JsonScanner::error(std::string_view problem) const
{
    return fail(
        ErrorCode::BadFormat, fmt::format("{} is broken: {} (byte {}).", m_source, problem, m_at));
}

char JsonScanner::peek()
{
    m_at = std::min(m_text.find_first_not_of(" \t\r\n", m_at), m_text.size());
    return m_at < m_text.size() ? m_text[m_at] : '\0';
}

bool JsonScanner::take(char c)
{
    if (peek() != c || m_at == m_text.size())
        return false;
    ++m_at;
    return true;
}

Status JsonScanner::expect(char c, std::string_view what)
{
    if (take(c))
        return {};
    if (m_at == m_text.size())
        return error(fmt::format("it ends where {} should follow", what));
    return error(fmt::format("{} should stand here", what));
}

Status JsonScanner::expectEnd()
{
    peek();
    return m_at == m_text.size() ? Status() : error("there is text after its end");
}

Result<std::uint32_t> JsonScanner::readHex()
{
    std::uint32_t value = 0;
    const char* first = m_text.data() + m_at;
    if (m_text.size() - m_at < 4 || std::from_chars(first, first + 4, value, 16).ptr != first + 4)
        return error("\\u needs four hexadecimal digits");
    m_at += 4;
    return value;
}

Status JsonScanner::readEscape(std::string& out)
{
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (m_at == m_text.size())
        return error("a string is not closed");
    const char kind = m_text[m_at++];
    if (const std::size_t i = kNames.find(kind); i != kNames.npos) {
        out += kValues[i];
        return {};
    }
    if (kind != 'u')
        return error("unknown escape in a string");
    MOESCOPE_TRY(std::uint32_t value, readHex());
    if (value >= 0xD800 && value < 0xDC00 && m_text.substr(m_at).starts_with("\\u")) {
        m_at += 2;
        MOESCOPE_TRY(const std::uint32_t low, readHex());
        if (low < 0xDC00 || low > 0xDFFF)
            return error("half a surrogate pair in a string");
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    }
    if (value >= 0xD800 && value < 0xE000)
        return error("half a surrogate pair in a string");
    appendUtf8(out, value);
    return {};
}

Status JsonScanner::readString(std::string& out)
{
    out.clear();
    MOESCOPE_CHECK(expect('"', "a string"));
    while (m_at < m_text.size()) {
        const char c = m_text[m_at++];
        if (c == '"')
            return {};
        if (c == '\\') {
            MOESCOPE_CHECK(readEscape(out));
        } else if (static_cast<unsigned char>(c) < 0x20) {
            return error("a control character in a string");
        } else {
            out += c;
        }
    }
    return error("a string is not closed");
}

Status JsonScanner::readInteger(std::int64_t& out)
{
    peek();
    const char* first = m_text.data() + m_at;
    const char* end = m_text.data() + m_text.size();
    const auto [last, problem] = std::from_chars(first, end, out);
    if (problem != std::errc() || (last != end && (*last == '.' || *last == 'e' || *last == 'E')))
        return error("a whole number should stand here");
    m_at += static_cast<std::size_t>(last - first);
    return {};
}

Status JsonScanner::skipString()
{
    for (++m_at; m_at < m_text.size(); ++m_at) {
        m_at = std::min(m_text.find_first_of("\"\\", m_at), m_text.size());
        if (m_at == m_text.size())
            break;
        if (m_text[m_at] == '"') {
            ++m_at;
            return {};
        }
        ++m_at;
    }
    m_at = m_text.size();
    return error("a string is not closed");
}

Result<std::string_view> JsonScanner::skipValue()
{
    peek();
    const std::size_t begin = m_at;
    std::size_t depth = 0;
    do {
        switch (peek()) {
        case '{':
        case '[':
            ++depth;
            ++m_at;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return error("a value should stand here");
            --depth;
            ++m_at;
            break;
        case '"':
            MOESCOPE_CHECK(skipString());
            break;
        case ',':
        case ':':
            if (depth == 0)
                return error("a value should stand here");
            ++m_at;
            break;
        default:
            if (m_at == m_text.size())
                return error("it ends inside a value");
            m_at = std::min(m_text.find_first_of("{}[]\",: \t\r\n", m_at), m_text.size());
        }
    } while (depth > 0);
    return m_text.substr(begin, m_at - begin);
}

} // namespace moescope::tokenization
