// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace moescope {

/// Threads for work that is parallel over independent outputs; the result never depends on their
/// number.
class WorkerPool {
public:
    static constexpr unsigned kMostThreads = 1024; ///< that a user may ask for

    /// `threads` counts the calling thread too; 0 means all cores. Makes do with fewer where the
    /// system gives no more.
    explicit WorkerPool(unsigned threads = 0);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    unsigned threads() const;

    /// Calls body(i) once for every i in [0, count), on any thread, and returns when all are done.
    /// The first exception is rethrown here. May be called from several threads at once; calls from
    /// inside a body run serially.
    void forEach(std::size_t count, const std::function<void(std::size_t)>& body);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// While one lives, what its thread gives to a pool makes way for what others give: it begins no
/// bodies while theirs take all threads. Those that have begun are finished, so that for the length
/// of one body more threads may be busy than the pool has; callers that do not yield never wait for
/// each other.
class YieldingWork {
public:
    YieldingWork();
    ~YieldingWork();
    YieldingWork(const YieldingWork&) = delete;
    YieldingWork& operator=(const YieldingWork&) = delete;

private:
    bool m_before;
};

/// forEach on the pool, or serially when there is none.
void parallelFor(WorkerPool* pool, std::size_t count, const std::function<void(std::size_t)>& body);

} // namespace moescope
