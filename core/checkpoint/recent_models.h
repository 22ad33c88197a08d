// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// Where the window keeps what was opened lately: XDG_STATE_HOME, else ~/.local/state, then
/// moescope/recent.
std::filesystem::path defaultRecentFile();
/// Absolute paths, the latest first, whether or not they can be reached now; unreadable lines are
/// left out. No file gives an empty list.
std::vector<std::filesystem::path> readRecentModels(const std::filesystem::path& file);
/// Puts `model` first, keeps twelve, makes missing folders.
Status addRecentModel(const std::filesystem::path& file, const std::filesystem::path& model);

} // namespace moescope
