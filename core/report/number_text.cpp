// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/number_text.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace moescope {

std::string exactNumber(double value)
{
    if (std::isnan(value))
        return {};
    return fmt::format("{}", value);
}

double plainDouble(float value)
{
    const std::string text = fmt::format("{}", value);
    double result = value;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
}

std::string displayNumber(double value, int decimals)
{
    if (std::isnan(value))
        return "–";
    if (std::isinf(value))
        return value > 0 ? "∞" : "−∞";
    std::string text;
    if (decimals >= 0)
        text = fmt::format("{:.{}f}", value, decimals);
    else if (value == std::floor(value) && std::abs(value) < 1e15)
        text = fmt::format("{:.0f}", value);
    else
        text = fmt::format("{:.4g}", value);
    // A rounded negative zero would only puzzle its reader.
    if (text.front() == '-' && text.find_first_of("123456789") == std::string::npos)
        text.erase(0, 1);
    // The signs of a number and of its exponent are minus signs.
    for (std::size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at))
        text.replace(at, 1, "−");
    return text;
}

std::string titleWithUnit(std::string_view title, std::string_view unit)
{
    return unit.empty() ? std::string(title) : fmt::format("{} ({})", title, unit);
}

} // namespace moescope
