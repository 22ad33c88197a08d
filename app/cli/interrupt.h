// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <semaphore.h>
#include <signal.h>

#include <atomic>
#include <stop_token>
#include <thread>

namespace moescope::cli {

/// Turns the first SIGINT or SIGTERM into a stop request and the second one into an immediate exit.
/// One at a time.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return m_stop.get_token(); }

private:
    static void onSignal(int signal);
    void wait();

    struct sigaction m_interruptBefore { };
    struct sigaction m_terminateBefore { };
    std::stop_source m_stop;
    std::atomic<bool> m_done{false};
    std::thread m_thread;
};

} // namespace moescope::cli
