// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/task/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace moescope {

namespace {

thread_local bool t_insideBody = false;

struct Batch {
    std::size_t count = 0;
    const std::function<void(std::size_t)>* body = nullptr;
    std::atomic<std::size_t> next {0};
    std::size_t helpers = 0; // workers inside run(), guarded by the pool's mutex
    std::exception_ptr error;
    std::mutex errorMutex;

    void run()
    {
        t_insideBody = true;
        try {
            for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1))
                (*body)(i);
        } catch (...) {
            next.store(count);
            const std::scoped_lock lock(errorMutex);
            if (!error)
                error = std::current_exception();
        }
        t_insideBody = false;
    }
};

} // namespace

struct WorkerPool::State {
    std::mutex mutex;
    std::condition_variable work;
    std::condition_variable done;
    std::deque<Batch*> batches;
    bool stopping = false;
    std::vector<std::thread> threads;

    /// False when the system refused one; those that were made stay.
    bool start(std::size_t count)
    {
        try {
            threads.reserve(count);
            while (threads.size() < count)
                threads.emplace_back([this] { loop(); });
            return true;
        } catch (const std::system_error&) {
            return false;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    void stop()
    {
        {
            const std::scoped_lock lock(mutex);
            stopping = true;
        }
        work.notify_all();
        for (auto& thread : threads)
            thread.join();
        threads.clear();
        stopping = false;
    }

    void loop()
    {
        std::unique_lock lock(mutex);
        while (true) {
            work.wait(lock, [&] { return stopping || !batches.empty(); });
            if (stopping)
                return;
            Batch* batch = batches.front();
            if (batch->next.load() >= batch->count) {
                batches.pop_front();
                continue;
            }
            ++batch->helpers;
            lock.unlock();
            batch->run();
            lock.lock();
            if (--batch->helpers == 0)
                done.notify_all();
        }
    }
};

WorkerPool::WorkerPool(unsigned threads)
    : m_state(std::make_unique<State>())
{
    if (threads == 0)
        threads = std::max(1U, std::thread::hardware_concurrency());
    if (m_state->start(threads - 1))
        return;
    // The system gives no more. Half of what it gave leaves room for the work itself.
    const std::size_t given = m_state->threads.size();
    m_state->stop();
    m_state->start(given / 2);
}

WorkerPool::~WorkerPool()
{
    m_state->stop();
}

unsigned WorkerPool::threads() const
{
    return static_cast<unsigned>(m_state->threads.size()) + 1;
}

void WorkerPool::forEach(std::size_t count, const std::function<void(std::size_t)>& body)
{
    if (count < 2 || m_state->threads.empty() || t_insideBody) {
        for (std::size_t i = 0; i < count; ++i)
            body(i);
        return;
    }
    Batch batch;
    batch.count = count;
    batch.body = &body;
    {
        const std::scoped_lock lock(m_state->mutex);
        m_state->batches.push_back(&batch);
    }
    m_state->work.notify_all();
    batch.run();
    {
        std::unique_lock lock(m_state->mutex);
        std::erase(m_state->batches, &batch);
        m_state->done.wait(lock, [&] { return batch.helpers == 0; });
    }
    if (batch.error)
        std::rethrow_exception(batch.error);
}

void parallelFor(WorkerPool* pool, std::size_t count, const std::function<void(std::size_t)>& body)
{
    if (pool) {
        pool->forEach(count, body);
        return;
    }
    for (std::size_t i = 0; i < count; ++i)
        body(i);
}

} // namespace moescope
