// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/result.h"

namespace moescope {

/// The folder with samples, lexicon and help: the environment variable MOESCOPE_RESOURCES, else
/// `../share/moescope` beside the running program's folder, else the source tree it was built from. NotFound names them.
Result<std::filesystem::path> findResources();

} // namespace moescope
