// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace moescope::cli {

/// One sentence on what is wrong with the command line and what to do about it. `first` is what
/// stands right after the program's name.
std::string wrongUseSentence(
    const CLI::App& app, const CLI::ParseError& error, const std::string& first);

/// Options may stand before the command, as in `-m native explore`: moves the command to the front.
void moveCommandToFront(const CLI::App& app, std::span<char*> arguments);

} // namespace moescope::cli
