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
#include <utility>
#include <vector>

namespace moescope {

namespace {

thread_local bool t_insideBody = false;
thread_local bool t_yielding = false;

struct Batch {
    std::size_t count = 0;
    const std::function<void(std::size_t)>* body = nullptr;
    bool yields = false;
    std::atomic<std::size_t> next{0};
    std::size_t helpers = 0; // workers inside run(), guarded by the pool's mutex
    std::exception_ptr error;
    std::mutex errorMutex;

    bool isHandedOut() const { return next.load() >= count; }

    /// Until all is handed out or `mayGoOn`, asked before every index, is false.
    template <typename MayGoOn>
    void run(const MayGoOn& mayGoOn)
    {
        t_insideBody = true;
        try {
            while (mayGoOn()) {
                const std::size_t i = next.fetch_add(1);
                if (i >= count)
                    break;
                (*body)(i);
            }
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
    std::condition_variable turn; ///< somebody stopped running
    std::deque<Batch*> batches; ///< of all callers, the oldest first
    std::atomic<std::size_t> running{0}; ///< callers and helpers; written under the mutex
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

    std::size_t limit() const { return threads.size() + 1; }

    /// What a helper should do: batches that yield come last. Null when nothing is left.
    Batch* nextBatch() const
    {
        Batch* found = nullptr;
        for (Batch* batch : batches) {
            if (batch->isHandedOut() || (batch->yields && running.load() >= limit()))
                continue;
            if (!found || (found->yields && !batch->yields))
                found = batch;
        }
        return found;
    }

    /// Runs what is left of a batch on this thread, which holds `lock`, and counts as running
    /// meanwhile.
    void runOn(Batch& batch, bool isHelper, std::unique_lock<std::mutex>& lock)
    {
        ++running;
        lock.unlock();
        batch.run([&] {
            if (!batch.yields || running.load() <= limit())
                return true;
            if (isHelper)
                return false; // the loop finds the other batch
            std::unique_lock waiting(mutex);
            leave();
            turn.wait(waiting, [&] { return running.load() < limit(); });
            ++running;
            return true;
        });
        lock.lock();
        leave();
    }

    void leave()
    {
        --running;
        if (std::ranges::none_of(batches, &Batch::yields))
            return;
        turn.notify_all();
        work.notify_all();
    }

    void loop()
    {
        std::unique_lock lock(mutex);
        while (true) {
            Batch* batch = nullptr;
            work.wait(lock, [&] { return stopping || (batch = nextBatch()); });
            if (stopping)
                return;
            ++batch->helpers;
            runOn(*batch, true, lock);
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
    if (count < 2 || t_insideBody) {
        for (std::size_t i = 0; i < count; ++i)
            body(i);
        return;
    }
    Batch batch;
    batch.count = count;
    batch.body = &body;
    batch.yields = t_yielding;
    std::unique_lock lock(m_state->mutex);
    m_state->batches.push_back(&batch);
    m_state->work.notify_all();
    m_state->runOn(batch, false, lock);
    std::erase(m_state->batches, &batch);
    m_state->done.wait(lock, [&] { return batch.helpers == 0; });
    lock.unlock();
    if (batch.error)
        std::rethrow_exception(batch.error);
}

YieldingWork::YieldingWork()
    : m_before(std::exchange(t_yielding, true))
{
}

YieldingWork::~YieldingWork()
{
    t_yielding = m_before;
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
