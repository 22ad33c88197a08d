// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "app/cli/console.h"
#include "core/io/json.h"
#include "core/report/report.h"

namespace moescope::cli {

/// Where a result goes. With neither, a text for people goes to standard output.
struct OutputOptions {
    std::string json; ///< a file, or "-" for standard output
    std::string output; ///< a file whose suffix names the form
    std::string figure; ///< only this one of the figures
    bool toStandardOutput() const { return json.empty() && output.empty(); }
};

/// What a command found. `json` and `text` replace what would be made of the report.
struct Document {
    Report report;
    std::optional<Json> json;
    std::optional<std::string> text;
};

/// Refuses, before any work, a suffix that names no form and a folder that does not exist.
Status checkOutputs(const OutputOptions& options);
Status checkOutputPath(const std::string& path);

Status emit(Document document, const OutputOptions& options, Console& console);

} // namespace moescope::cli
