// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/resources.h"

#include <cstdlib>

#include <fmt/format.h>

namespace moescope {

namespace fs = std::filesystem;

Result<fs::path> findResources()
{
    std::error_code error;
    const auto usable = [&](const fs::path& path) { return fs::is_directory(path / "samples", error); };
    if (const char* chosen = std::getenv("MOESCOPE_RESOURCES"); chosen && *chosen) {
        if (usable(chosen))
            return fs::path(chosen);
        return fail(ErrorCode::NotFound,
            fmt::format("MOESCOPE_RESOURCES names {}, which has no samples folder.", chosen));
    }
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path installed = (program.parent_path() / "../share/moescope").lexically_normal();
    if (!error && usable(installed))
        return installed;
    const fs::path source = MOESCOPE_SOURCE_RESOURCES;
    if (usable(source))
        return source;
    return fail(ErrorCode::NotFound,
        fmt::format("The program's resources were found neither in {} nor in {}; set MOESCOPE_RESOURCES.",
            installed.string(), source.string()));
}

} // namespace moescope
