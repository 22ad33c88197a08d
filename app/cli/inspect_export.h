// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "app/cli/environment.h"
#include "app/cli/output.h"

namespace moescope::cli {

/// A name of a tensor against a pattern with * and ?; an empty pattern takes every name.
bool matchesPattern(const std::string& pattern, std::string_view name);

/// Writes the tensors of `model` (a path or name) that match as float32, and tells what was
/// written.
Result<Document> exportDecoded(const std::string& model, const std::string& pattern,
    const std::string& out, Environment& environment);

} // namespace moescope::cli
