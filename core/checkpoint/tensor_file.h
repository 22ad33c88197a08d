// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moescope {

/// What stands before the values in a NumPy file (`.npy`, version 1.0): little-endian float32 in C
/// order. For up to 1,000 dimensions.
std::string npyPrefix(std::span<const std::uint64_t> shape);

/// A tensor as lines of comma-separated values, without a header. A vector is one value a line and
/// a matrix one row a line; with more dimensions a line is one row of the last dimension behind the
/// indices of that row in the dimensions before. Values are the shortest text that reads back as
/// the same float32, or nan, inf and -inf.
class CsvLines {
public:
    explicit CsvLines(std::span<const std::uint64_t> shape);

    void append(std::span<const float> values, std::string& text);

private:
    void appendIndices(std::string& text) const;

    std::vector<std::uint64_t> m_leading; ///< dimensions whose indices are written
    std::uint64_t m_columns;
    std::uint64_t m_column = 0;
    std::uint64_t m_row = 0;
};

} // namespace moescope
