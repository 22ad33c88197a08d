// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/result.h"

namespace moescope::cli {

/// Standard output and standard error of this process.
class Console {
public:
    Console();

    /// A reader that closed its end of the pipe is no error: what follows is dropped and closed()
    /// tells.
    Status write(std::string_view text);
    bool closed() const { return m_closed; }

    /// "moescope-cli: <sentence>" on one line of standard error, safe for a terminal.
    static void error(std::string_view sentence);

    bool outIsTerminal() const { return m_outIsTerminal; }
    bool errorIsTerminal() const { return m_errorIsTerminal; }
    std::size_t width() const { return m_width; } ///< of standard output, in columns
    bool colour() const { return m_colour; }

private:
    bool m_outIsTerminal = false;
    bool m_errorIsTerminal = false;
    bool m_colour = false;
    bool m_closed = false;
    std::size_t m_width = 100;
};

} // namespace moescope::cli
