// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

#include "core/base/result.h"

namespace moescope {

class WorkerPool;

/// What a long computation needs from its caller: a way to stop it, a place to report to, threads.
/// Sinks are called on the thread that called the computation, never on a worker.
class TaskContext {
public:
    using ProgressSink = std::function<void(double fraction, std::string_view stage)>;
    /// Receives whole finished units (a layer, an expert); the type is named by the function that emits it.
    using PartialSink = std::function<void(const std::any& unit)>;

    TaskContext() = default;
    explicit TaskContext(WorkerPool& pool, std::stop_token stop = {})
        : m_pool(&pool)
        , m_stop(std::move(stop))
    {
    }

    void setProgressSink(ProgressSink sink) { m_progress = std::move(sink); }
    void setPartialSink(PartialSink sink) { m_partial = std::move(sink); }
    void setMemoryLimit(std::uint64_t bytes) { m_memoryLimit = bytes; }

    /// Error Cancelled once a stop was requested. Asked per tensor, per token, per decomposition.
    Status check() const;
    bool stopRequested() const { return m_stop.stop_requested(); }
    const std::stop_token& stopToken() const { return m_stop; }

    /// `fraction` in [0, 1]; a smaller value than the last one is raised to it.
    void progress(double fraction, std::string_view stage);
    void partial(const std::any& unit) const
    {
        if (m_partial)
            m_partial(unit);
    }

    /// The same stop, threads and memory limit without the sinks: for the steps of a longer piece of work.
    TaskContext quiet() const;

    /// Null means: run on the calling thread.
    WorkerPool* pool() const { return m_pool; }
    unsigned threads() const;
    /// Bytes that the work may use beyond mapped files; 0 = not limited.
    std::uint64_t memoryLimit() const { return m_memoryLimit; }
    /// Error OutOfMemory with both figures when `needed` is above the limit.
    Status checkMemory(std::uint64_t needed, std::string_view what) const;

private:
    WorkerPool* m_pool = nullptr;
    std::stop_token m_stop;
    ProgressSink m_progress;
    PartialSink m_partial;
    double m_last = 0;
    std::uint64_t m_memoryLimit = 0;
};

/// Memory that this machine could give now (MemAvailable), in bytes; 0 when unknown.
std::uint64_t availableMemory();

} // namespace moescope
