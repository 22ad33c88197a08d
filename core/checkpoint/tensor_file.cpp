// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/tensor_file.h"

#include <iterator>

#include <fmt/format.h>

namespace moescope {

std::string npyPrefix(std::span<const std::uint64_t> shape)
{
    constexpr std::size_t kAlignment = 64;
    constexpr std::size_t kBefore = 10; // bytes before the header
    std::string dimensions;
    for (const std::uint64_t size : shape)
        dimensions += fmt::format("{}, ", size);
    if (shape.size() > 1)
        dimensions.erase(dimensions.size() - 2);
    else if (shape.size() == 1)
        dimensions.pop_back(); // Python's tuple of one: "(3,)"
    std::string header
        = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", dimensions);
    header.append(kAlignment - 1 - (kBefore + header.size()) % kAlignment, ' ');
    header += '\n';
    std::string prefix("\x93NUMPY\1\0", kBefore - sizeof(std::uint16_t));
    prefix += static_cast<char>(header.size() & 0xFF);
    prefix += static_cast<char>(header.size() >> 8);
    return prefix + header;
}

CsvLines::CsvLines(std::span<const std::uint64_t> shape)
    : m_columns(shape.size() < 2 ? 1 : shape.back())
{
    if (shape.size() > 2)
        m_leading.assign(shape.begin(), shape.end() - 1);
}

void CsvLines::appendIndices(std::string& text) const
{
    std::uint64_t rest = m_row;
    std::uint64_t below = 1;
    for (std::size_t i = 1; i < m_leading.size(); ++i)
        below *= m_leading[i];
    for (std::size_t i = 0; i < m_leading.size(); ++i) {
        fmt::format_to(std::back_inserter(text), "{},", rest / below);
        rest %= below;
        if (i + 1 < m_leading.size())
            below /= m_leading[i + 1];
    }
}

void CsvLines::append(std::span<const float> values, std::string& text)
{
    for (const float value : values) {
        if (m_column == 0)
            appendIndices(text);
        // A NaN's sign says nothing.
        if (value != value)
            text += "nan";
        else
            fmt::format_to(std::back_inserter(text), "{}", value);
        if (++m_column < m_columns) {
            text += ',';
            continue;
        }
        text += '\n';
        m_column = 0;
        ++m_row;
    }
}

} // namespace moescope
