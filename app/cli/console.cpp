// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/report/display_width.h"

namespace moescope::cli {

namespace {

constexpr std::size_t kFallbackWidth = 100;
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 400;

std::size_t widthOfTerminal(bool terminal)
{
    winsize size{};
    if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
    std::size_t columns = kFallbackWidth;
    if (const char* text = std::getenv("COLUMNS"))
        std::from_chars(text, text + std::strlen(text), columns);
    return std::clamp(columns, kNarrowest, kWidest);
}

bool allowsColour()
{
    const char* off = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return !(off && *off) && !(term && std::string_view(term) == "dumb");
}

} // namespace

Console::Console()
    : m_outIsTerminal(::isatty(STDOUT_FILENO) == 1)
    , m_errorIsTerminal(::isatty(STDERR_FILENO) == 1)
    , m_colour(m_outIsTerminal && allowsColour())
    , m_width(widthOfTerminal(m_outIsTerminal))
{
}

Status Console::write(std::string_view text)
{
    while (!text.empty() && !m_closed) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            m_closed = true;
        } else if (errno != EINTR) {
            return fail(ErrorCode::CannotWrite,
                fmt::format("Standard output cannot be written: {}.",
                    std::generic_category().message(errno)));
        }
    }
    return {};
}

void Console::error(std::string_view sentence)
{
    std::string line(sentence);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line = "moescope-cli: " + terminalText(line) + "\n";
    // There is nowhere left to report a failure of this write.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace moescope::cli
