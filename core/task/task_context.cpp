// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/task/task_context.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/task/worker_pool.h"

namespace moescope {

Status TaskContext::check() const
{
    if (m_stop.stop_requested())
        return fail(ErrorCode::Cancelled, "Cancelled.");
    return {};
}

void TaskContext::progress(double fraction, std::string_view stage)
{
    m_last = std::clamp(fraction, m_last, 1.0);
    if (m_progress)
        m_progress(m_last, stage);
}

TaskContext TaskContext::quiet() const
{
    TaskContext context;
    context.m_pool = m_pool;
    context.m_stop = m_stop;
    context.m_memoryLimit = m_memoryLimit;
    return context;
}

unsigned TaskContext::threads() const
{
    return m_pool ? m_pool->threads() : 1;
}

Status TaskContext::checkMemory(std::uint64_t needed, std::string_view what) const
{
    if (m_memoryLimit == 0 || needed <= m_memoryLimit)
        return {};
    return fail(ErrorCode::OutOfMemory,
        fmt::format("{} needs about {} of memory, but only {} may be used; shorten the input, free memory or raise "
                    "the limit (--memory).",
            what, formatBytes(needed), formatBytes(m_memoryLimit)));
}

std::uint64_t availableMemory()
{
    std::ifstream file("/proc/meminfo");
    std::string key;
    std::uint64_t kib = 0;
    while (file >> key >> kib) {
        if (key == "MemAvailable:")
            return kib * 1024;
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return 0;
}

} // namespace moescope
