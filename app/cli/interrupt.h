// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <signal.h>

#include <atomic>
#include <stop_token>
#include <thread>

namespace moescope::cli {

/// Turns the first SIGINT or SIGTERM into a stop request and the second one into an immediate exit.
/// Must be made before any other thread, so that all of them leave the signals to its own one.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return m_stop.get_token(); }

private:
    void wait();

    sigset_t m_signals{};
    sigset_t m_before{};
    std::stop_source m_stop;
    std::atomic<bool> m_done{false};
    std::thread m_thread;
};

} // namespace moescope::cli
