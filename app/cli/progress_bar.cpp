// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/progress_bar.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "core/report/display_width.h"

namespace moescope::cli {

namespace {

constexpr std::size_t kBarWidth = 24;
constexpr auto kQuietStart = std::chrono::milliseconds(300); // short work shows nothing
constexpr auto kInterval = std::chrono::milliseconds(100);

std::string timeLeft(double seconds)
{
    const auto whole = static_cast<long>(seconds + 0.5);
    return whole < 90 ? fmt::format("{} s left", whole)
                      : fmt::format("{} min left", (whole + 30) / 60);
}

void put(const std::string& text)
{
    // Progress that cannot be shown is no reason to stop.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

} // namespace

ProgressBar::ProgressBar(std::size_t width)
    : m_width(width)
{
}

ProgressBar::~ProgressBar()
{
    if (m_drawn)
        put("\r\x1b[K");
}

void ProgressBar::update(double fraction, std::string_view stage)
{
    const auto now = Clock::now();
    if (now - m_start < kQuietStart || (m_drawn && now - m_last < kInterval))
        return;
    m_last = now;
    m_drawn = true;
    const double share = std::clamp(fraction, 0.0, 1.0);
    const auto full = static_cast<std::size_t>(share * kBarWidth);
    std::string line = fmt::format("[{}{}] {:3.0f} %  {}", std::string(full, '#'),
        std::string(kBarWidth - full, ' '), 100 * share, terminalText(stage));
    const double elapsed = std::chrono::duration<double>(now - m_start).count();
    if (share > 0.02 && elapsed > 1)
        line += ", " + timeLeft(elapsed / share - elapsed);
    put("\r" + fitText(line, m_width > 1 ? m_width - 1 : 1) + "\x1b[K");
}

} // namespace moescope::cli
