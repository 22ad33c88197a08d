// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace moescope::cli {

/// The whole program: parses, runs one command, prints errors; returns the exit code.
int runCommandLine(int argc, char** argv);

} // namespace moescope::cli
