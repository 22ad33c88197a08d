// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/json_lines.h"

#include <fstream>
#include <iostream>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"

namespace moescope {

namespace fs = std::filesystem;

Status forEachJsonLine(const fs::path& path,
    const std::function<Status(const Json& line, std::string_view where)>& visit)
{
    std::ifstream file;
    const bool standardInput = path == "-";
    const std::string name = standardInput ? "standard input" : displayPath(path);
    if (!standardInput) {
        std::error_code error;
        if (!fs::exists(path, error))
            return fail(ErrorCode::NotFound, fmt::format("{} does not exist.", name));
        if (fs::is_directory(path, error))
            return fail(ErrorCode::Io, fmt::format("{} is a folder, not a file.", name));
        file.open(path, std::ios::binary);
        if (!file)
            return fail(ErrorCode::Io, fmt::format("{} cannot be read.", name));
    }
    std::istream& stream = standardInput ? std::cin : file;
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const std::string where = fmt::format("{}, line {}", name, number);
        MOESCOPE_TRY(const Json json, parseJson(line, where));
        if (!json.is_object())
            return fail(ErrorCode::BadFormat, fmt::format("{} is not a JSON object.", where));
        MOESCOPE_CHECK(visit(json, where));
    }
    if (stream.bad())
        return fail(ErrorCode::Io, fmt::format("{} cannot be read to its end.", name));
    return {};
}

} // namespace moescope
