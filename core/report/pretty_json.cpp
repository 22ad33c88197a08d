// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/pretty_json.h"

#include <algorithm>

#include "core/io/json.h"

namespace moescope {

namespace {

bool isFlat(const Json& value)
{
    return std::none_of(
        value.begin(), value.end(), [](const Json& element) { return element.is_structured(); });
}

void append(std::string& out, const Json& value, std::size_t depth)
{
    if (!value.is_structured() || value.empty() || (value.is_array() && isFlat(value))) {
        out += dumpJson(value, -1);
        return;
    }
    const bool object = value.is_object();
    const std::string margin(depth + 1, ' ');
    out += object ? "{\n" : "[\n";
    bool first = true;
    for (const auto& [key, element] : value.items()) {
        if (!first)
            out += ",\n";
        first = false;
        out += margin;
        if (object)
            out += dumpJson(Json(key), -1) + ": ";
        append(out, element, depth + 1);
    }
    out += "\n" + std::string(depth, ' ') + (object ? "}" : "]");
}

} // namespace

std::string prettyJson(const Json& value)
{
    std::string out;
    append(out, value, 0);
    out += "\n";
    return out;
}

} // namespace moescope
