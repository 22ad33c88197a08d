// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/interrupt.h"

#include <unistd.h>

#include <cerrno>

#include "app/cli/exit_code.h"

namespace moescope::cli {

namespace {

// A handler may do little more than this; a stop request takes locks, so a thread makes it.
// Blocking the signals and waiting for them would not do: libraries have started threads of their
// own before main().
sem_t g_signals;

} // namespace

Interrupt::Interrupt()
{
    ::sem_init(&g_signals, 0, 0);
    m_thread = std::thread([this] { wait(); });
    struct sigaction action { };
    action.sa_handler = &Interrupt::onSignal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &m_interruptBefore);
    ::sigaction(SIGTERM, &action, &m_terminateBefore);
}

Interrupt::~Interrupt()
{
    ::sigaction(SIGINT, &m_interruptBefore, nullptr);
    ::sigaction(SIGTERM, &m_terminateBefore, nullptr);
    m_done = true;
    ::sem_post(&g_signals);
    m_thread.join();
}

void Interrupt::onSignal(int)
{
    const int before = errno;
    ::sem_post(&g_signals);
    errno = before;
}

void Interrupt::wait()
{
    while (true) {
        while (::sem_wait(&g_signals) != 0) { }
        if (m_done)
            return;
        if (m_stop.stop_requested())
            ::_exit(kExitCancelled);
        m_stop.request_stop();
    }
}

} // namespace moescope::cli
