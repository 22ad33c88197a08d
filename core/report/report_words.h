// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/report/report.h"

namespace moescope {

/// A finding's numbers as one line of plain text: "supported, measured 0.31 [0.2, 0.4], null 0.05
/// (...), n 12 tokens".
std::string findingFacts(const Finding& finding);
/// "native sample, bf16, hash 12ab...": plain text, empty for a report without a model.
std::string modelLine(const ModelIdentity& model);
/// "Moescope 0.1.0 (commit)".
std::string programLine();

} // namespace moescope
