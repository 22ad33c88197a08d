// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/recent_models.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/io/file_write.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kKept = 12;
constexpr std::size_t kMaxFileBytes = 1U << 20;

fs::path fromEnvironment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? fs::path(value) : fs::path();
}

} // namespace

fs::path defaultRecentFile()
{
    const fs::path state = fromEnvironment("XDG_STATE_HOME");
    const fs::path base = state.is_absolute() ? state : fromEnvironment("HOME") / ".local/state";
    return base / "moescope" / "recent";
}

std::vector<fs::path> readRecentModels(const fs::path& file)
{
    std::vector<fs::path> models;
    const auto text = readTextFile(file, kMaxFileBytes);
    if (!text)
        return models;
    for (std::string_view rest = *text; !rest.empty() && models.size() < kKept;) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const fs::path path = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (path.is_absolute())
            models.push_back(path);
    }
    return models;
}

Status addRecentModel(const fs::path& file, const fs::path& model)
{
    std::error_code error;
    const fs::path absolute = fs::absolute(model, error).lexically_normal();
    if (error || absolute.string().find('\n') != std::string::npos)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("The name {} cannot be remembered.", model.string()));
    std::vector<fs::path> models = readRecentModels(file);
    std::erase(models, absolute);
    models.insert(models.begin(), absolute);
    models.resize(std::min(models.size(), kKept));
    fs::create_directories(file.parent_path(), error);
    std::string text;
    for (const fs::path& path : models)
        text += path.string() + '\n';
    return writeFileAtomically(file, text);
}

} // namespace moescope
