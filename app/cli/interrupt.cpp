// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <unistd.h>

#include "app/cli/exit_code.h"

namespace moescope::cli {

Interrupt::Interrupt()
{
    sigemptyset(&m_signals);
    sigaddset(&m_signals, SIGINT);
    sigaddset(&m_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &m_signals, &m_before);
    m_thread = std::thread([this] { wait(); });
}

Interrupt::~Interrupt()
{
    m_done = true;
    pthread_kill(m_thread.native_handle(), SIGTERM);
    m_thread.join();
    pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
}

void Interrupt::wait()
{
    while (true) {
        int signal = 0;
        sigwait(&m_signals, &signal);
        if (m_done)
            return;
        if (m_stop.stop_requested())
            ::_exit(kExitCancelled);
        m_stop.request_stop();
    }
}

} // namespace moescope::cli
