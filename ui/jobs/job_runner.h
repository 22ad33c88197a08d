// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <vector>

#include <QObject>
#include <QString>

#include "core/base/result.h"
#include "core/task/task_context.h"

namespace moescope {
class WorkerPool;
}

namespace moescope::ui {

/// One job runs in each slot, more wait their turn: long computations, short ones, models that are
/// opened, and folders and small files that may lie on a slow disk.
enum class JobSlot : std::uint8_t { Heavy, Light, Open, Files };

using JobId = std::uint64_t;

struct JobSpec {
    QString key; ///< a new job of the same key stops the old one, whose answer is dropped
    QString title; ///< what the status bar says: "Weights", "Opening native"
    JobSlot slot = JobSlot::Heavy;
};

/// What a person may know about a job.
struct JobInfo {
    JobId id = 0;
    QString key;
    QString title;
    QString stage; ///< "layer 3 of 8"; empty before the first progress
    double fraction = 0; ///< [0, 1], never falls
    double seconds = 0; ///< since it began to run
    std::optional<double> secondsLeft; ///< nothing before it can be guessed
    bool waiting = false; ///< its slot is taken by another job
    bool stopping = false; ///< cancelled, about to answer
};

/// Runs core's long functions away from the window: the only place of the program that touches
/// threads. Lives on the window's thread; all handlers and signals arrive there. The destructor
/// stops and waits for everything.
class JobRunner : public QObject {
    Q_OBJECT

public:
    using PartialHandler = std::function<void(const std::any& unit)>;

    explicit JobRunner(QObject* parent = nullptr);
    ~JobRunner() override;

    /// Starts `work(TaskContext&) -> Result<T>` and later calls `done(std::shared_ptr<const
    /// Result<T>>)`, also after a cancel (ErrorCode::Cancelled) and after an exception (Internal,
    /// OutOfMemory). Whole units that the work emits go to `partial`, in order and before `done`;
    /// work that is a few units ahead of the window waits for it.
    /// Neither is called once `receiver` is gone or the key was started anew; a job whose receiver
    /// dies is stopped.
    template <typename Work, typename Done>
    JobId start(
        const JobSpec& spec, QObject* receiver, Work work, Done done, PartialHandler partial = {})
    {
        using Answer = std::invoke_result_t<Work&, TaskContext&>;
        ErasedWork erased;
        erased.run = [work = std::move(work)](TaskContext& context) mutable -> Erased {
            return std::make_shared<const Answer>(guarded<Answer>(work, context));
        };
        erased.fail = [](Error error) -> Erased {
            return std::make_shared<const Answer>(tl::unexpected(std::move(error)));
        };
        erased.done = [done = std::move(done)](const Erased& answer) mutable {
            done(std::static_pointer_cast<const Answer>(answer));
        };
        erased.partial = std::move(partial);
        return startErased(spec, receiver, std::move(erased));
    }

    /// Asks the job to stop; its `done` still comes. Unknown ids are ignored.
    void cancel(JobId id);
    void cancel(const QString& key);
    void cancelAll();

    /// Jobs that run or wait, oldest first; replaced ones are left out.
    std::vector<JobInfo> jobs() const;
    bool isRunning(const QString& key) const;
    bool isBusy() const;

    /// Threads of the jobs that start from now on; 0 = all cores but one, which the window keeps.
    void setThreads(unsigned threads);
    unsigned threads() const;
    static unsigned defaultThreads();
    /// Bytes that a job may use; 0 = 80 % of what is available when it starts.
    void setMemoryLimit(std::uint64_t bytes) { m_memoryLimit = bytes; }
    std::uint64_t memoryLimit() const;

signals:
    /// The list or a job's progress changed.
    void jobsChanged();
    void jobFinished(const QString& key);
    /// The last job has answered.
    void idle();

private:
    using Erased = std::shared_ptr<const void>;
    struct ErasedWork {
        std::function<Erased(TaskContext&)> run;
        std::function<Erased(Error)> fail;
        std::function<void(const Erased&)> done;
        PartialHandler partial;
    };
    struct Job;

    template <typename Answer, typename Work>
    static Answer guarded(Work& work, TaskContext& context)
    {
        try {
            return work(context);
        } catch (const std::bad_alloc&) {
            return tl::unexpected(outOfMemory());
        } catch (const std::exception& exception) {
            return tl::unexpected(unexpected(exception.what()));
        } catch (...) {
            return tl::unexpected(unexpected("an exception of an unknown type"));
        }
    }
    static Error outOfMemory();
    static Error unexpected(const char* what);

    JobId startErased(const JobSpec& spec, QObject* receiver, ErasedWork work);
    void pump();
    void launch(Job& job);
    void replaceKey(const QString& key);
    void stop(Job& job);
    void deliverUnits(JobId id);
    void onFinished(JobId id);
    void deliver(JobId id, Erased answer);
    void refresh();
    Job* find(JobId id) const;

    struct Threads;
    std::unique_ptr<Threads> m_threads;
    std::vector<std::unique_ptr<Job>> m_jobs;
    JobId m_lastId = 0;
    std::uint64_t m_memoryLimit = 0;
};

} // namespace moescope::ui
