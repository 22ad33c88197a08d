// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "core/base/result.h"
#include "core/io/json_fwd.h"
#include "core/task/task_context.h"

namespace moescope {

/// "standard input" for "-", else the path; for errors.
std::string inputName(const std::filesystem::path& path);

/// Calls `visit` with every JSON object of a file that has one a line, in order; empty lines are
/// skipped and "-" is standard input. `where` ("prompts.jsonl, line 3") is for errors. Stops at the
/// first error, and as soon as `context` is asked to, even while it waits for a pipe or a terminal.
Status forEachJsonLine(const std::filesystem::path& path,
    const std::function<Status(const Json& line, std::string_view where)>& visit,
    const TaskContext& context = {});

} // namespace moescope
