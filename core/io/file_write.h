// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace moescope {

/// Writes a temporary file beside `path` and renames it, so that an older file survives any
/// failure. Devices and pipes (such as /dev/stdout) are written directly. Errors are CannotWrite
/// and name the path.
Status writeFileAtomically(const std::filesystem::path& path, std::string_view content);
/// Same, for content that is produced piece by piece; `produce` returns an error to give up.
Status writeFileAtomically(
    const std::filesystem::path& path, const std::function<Status(std::ostream&)>& produce);

/// Error when `path` is missing (NotFound), or a folder, device, pipe or socket (Io). To be asked
/// before opening what a model folder holds: to open a pipe or a device can hang or have effects.
Status checkRegularFile(const std::filesystem::path& path);

/// What the system's `error` (errno) means for one who wants to read `path`: NotFound or Io.
tl::unexpected<Error> cannotRead(const std::filesystem::path& path, int error);

/// Reads a whole regular file of at most `maxBytes`.
Result<std::string> readTextFile(
    const std::filesystem::path& path, std::size_t maxBytes = 1U << 30);

/// Up to `count` bytes from the beginning; none of what is no regular file or cannot be read.
std::string firstBytes(const std::filesystem::path& path, std::size_t count);

} // namespace moescope
