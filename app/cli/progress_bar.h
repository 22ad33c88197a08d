// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace moescope::cli {

/// One line on standard error, redrawn in place: bar, share, what is done now, time left. Erased by
/// the destructor.
class ProgressBar {
public:
    explicit ProgressBar(std::size_t width);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(double fraction, std::string_view stage);

private:
    using Clock = std::chrono::steady_clock;
    std::size_t m_width;
    Clock::time_point m_start = Clock::now();
    Clock::time_point m_last;
    bool m_drawn = false;
};

} // namespace moescope::cli
