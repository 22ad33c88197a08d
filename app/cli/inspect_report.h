// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/model/open_model.h"
#include "core/report/report.h"

namespace moescope::cli {

/// Facts, rules and tensors of an open model. `pattern` (shell wildcards) chooses tensors, which
/// are then listed one by one; without it, tensors that differ in a number only share a line. The
/// fields always list the chosen ones singly.
Report inspectReport(const OpenModel& open, const std::string& pattern);

} // namespace moescope::cli
