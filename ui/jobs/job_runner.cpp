// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job_runner.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <QElapsedTimer>
#include <QFutureWatcher>
#include <QPointer>
#include <QPromise>
#include <QThreadPool>
#include <QTimer>
#include <QtConcurrent/QtConcurrentRun>

#include "core/task/worker_pool.h"

namespace moescope::ui {

namespace {

using Answer = std::shared_ptr<const void>;

constexpr JobSlot kSlots[] = {JobSlot::Heavy, JobSlot::Light, JobSlot::Open, JobSlot::Files};
constexpr int kProgressSteps = 1'000'000;
constexpr int kRefreshMilliseconds = 100;
constexpr double kGuessAfterSeconds = 0.7;
constexpr double kGuessAfterFraction = 0.02;
constexpr std::size_t kUnitsInFlight = 4;

/// Units on their way from a job to the window. The job waits when the window is behind, so that
/// few of them, however large, are in memory at once.
class Mailbox {
public:
    /// True when the window must be told that there is something again.
    bool put(std::any unit, const std::stop_token& stop)
    {
        std::unique_lock lock(m_mutex);
        m_room.wait(lock, stop, [&] { return m_units.size() < kUnitsInFlight; });
        m_units.push_back(std::move(unit));
        return m_units.size() == 1;
    }
    std::vector<std::any> takeAll()
    {
        const std::scoped_lock lock(m_mutex);
        m_room.notify_all();
        return std::exchange(m_units, {});
    }

private:
    std::mutex m_mutex;
    std::condition_variable_any m_room;
    std::vector<std::any> m_units;
};

} // namespace

struct JobRunner::Job {
    JobId id = 0;
    JobSpec spec;
    QPointer<QObject> receiver;
    QMetaObject::Connection receiverGone;
    ErasedWork work;
    std::stop_source stop;
    std::shared_ptr<Mailbox> units = std::make_shared<Mailbox>();
    QFutureWatcher<Answer>* watcher = nullptr; ///< null while it waits
    QElapsedTimer clock;
    bool replaced = false;
    bool answered = false; ///< its answer is on the way
};

struct JobRunner::Threads {
    QThreadPool runners;
    std::shared_ptr<WorkerPool> workers;
    unsigned wanted = 0;
    QTimer refresh;
};

JobRunner::JobRunner(QObject* parent)
    : QObject(parent)
    , m_threads(std::make_unique<Threads>())
{
    m_threads->runners.setMaxThreadCount(static_cast<int>(std::size(kSlots)));
    setThreads(0);
    m_threads->refresh.setInterval(kRefreshMilliseconds);
    connect(&m_threads->refresh, &QTimer::timeout, this, &JobRunner::refresh);
}

JobRunner::~JobRunner()
{
    for (const auto& job : m_jobs) {
        job->stop.request_stop();
        if (job->watcher)
            job->watcher->disconnect(this);
    }
    m_threads->runners.waitForDone();
    for (const auto& job : m_jobs)
        delete job->watcher;
}

Error JobRunner::outOfMemory()
{
    return {ErrorCode::OutOfMemory, "The machine ran out of memory during this computation."};
}

Error JobRunner::unexpected(const char* what)
{
    return {ErrorCode::Internal, std::string("The computation failed unexpectedly: ") + what};
}

JobId JobRunner::startErased(const JobSpec& spec, QObject* receiver, ErasedWork work)
{
    replaceKey(spec.key);
    auto job = std::make_unique<Job>();
    const JobId id = job->id = ++m_lastId;
    job->spec = spec;
    job->receiver = receiver;
    job->work = std::move(work);
    job->receiverGone = connect(receiver, &QObject::destroyed, this, [this, id] { cancel(id); });
    m_jobs.push_back(std::move(job));
    m_threads->refresh.start();
    pump();
    emit jobsChanged();
    return id;
}

void JobRunner::replaceKey(const QString& key)
{
    for (const auto& job : m_jobs) {
        if (job->spec.key != key || job->replaced)
            continue;
        job->replaced = true;
        stop(*job);
    }
}

void JobRunner::pump()
{
    for (const JobSlot slot : kSlots) {
        const auto inSlot = [&](const auto& job) { return job->spec.slot == slot; };
        if (std::any_of(m_jobs.begin(), m_jobs.end(),
                [&](const auto& job) { return inSlot(job) && job->watcher; }))
            continue;
        const auto next = std::find_if(m_jobs.begin(), m_jobs.end(),
            [&](const auto& job) { return inSlot(job) && !job->answered; });
        if (next != m_jobs.end())
            launch(**next);
    }
}

void JobRunner::launch(Job& job)
{
    job.clock.start();
    job.watcher = new QFutureWatcher<Answer>(this);
    const JobId id = job.id;
    connect(job.watcher, &QFutureWatcherBase::finished, this, [this, id] { onFinished(id); });
    auto body = [this, id, run = job.work.run, stopToken = job.stop.get_token(),
                    workers = m_threads->workers, limit = memoryLimit(), units = job.units,
                    wantsUnits = bool(job.work.partial),
                    isHeavy = job.spec.slot == JobSlot::Heavy](QPromise<Answer>& promise) {
        std::optional<YieldingWork> yielding; // a prompt need not wait for a whole analysis
        if (isHeavy)
            yielding.emplace();
        promise.setProgressRange(0, kProgressSteps);
        TaskContext context(*workers, stopToken);
        context.setMemoryLimit(limit);
        int value = 0;
        QString lastStage;
        context.setProgressSink([&](double fraction, std::string_view stage) {
            const QString text
                = QString::fromUtf8(stage.data(), static_cast<qsizetype>(stage.size()));
            // A future forgets a text that comes with an unchanged value.
            const int step = text == lastStage ? value : value + 1;
            value = std::min(
                std::max(static_cast<int>(fraction * kProgressSteps), step), kProgressSteps);
            lastStage = text;
            promise.setProgressValueAndText(value, text);
        });
        if (wantsUnits)
            context.setPartialSink([&](const std::any& unit) {
                if (units->put(unit, stopToken))
                    QMetaObject::invokeMethod(
                        this, [this, id] { deliverUnits(id); }, Qt::QueuedConnection);
            });
        promise.addResult(run(context));
    };
    job.watcher->setFuture(QtConcurrent::run(&m_threads->runners, std::move(body)));
}

void JobRunner::stop(Job& job)
{
    job.stop.request_stop();
    if (job.watcher || job.answered)
        return;
    job.answered = true;
    // Never from inside cancel(): handlers may rely on it that start() and cancel() return first.
    QMetaObject::invokeMethod(
        this,
        [this, id = job.id] {
            if (Job* waiting = find(id))
                deliver(id, waiting->work.fail({ErrorCode::Cancelled, "Cancelled."}));
        },
        Qt::QueuedConnection);
}

void JobRunner::cancel(JobId id)
{
    if (Job* job = find(id)) {
        stop(*job);
        emit jobsChanged();
    }
}

void JobRunner::cancel(const QString& key)
{
    for (const JobInfo& job : jobs())
        if (job.key == key)
            cancel(job.id);
}

void JobRunner::cancelAll()
{
    for (const JobInfo& job : jobs())
        cancel(job.id);
}

void JobRunner::deliverUnits(JobId id)
{
    const Job* job = find(id);
    if (!job)
        return;
    for (const std::any& unit : job->units->takeAll()) {
        job = find(id); // a handler may start the key anew or end the receiver
        if (!job || job->replaced || !job->receiver)
            return;
        const PartialHandler handler = job->work.partial;
        handler(unit);
    }
}

void JobRunner::onFinished(JobId id)
{
    deliverUnits(id);
    const Job* job = find(id);
    if (!job)
        return;
    const QFuture<Answer> future = job->watcher->future();
    Erased answer;
    if (future.resultCount() > 0)
        answer = future.result();
    if (!answer)
        answer = job->work.fail(outOfMemory());
    deliver(id, std::move(answer));
}

void JobRunner::deliver(JobId id, Erased answer)
{
    const auto position = std::find_if(
        m_jobs.begin(), m_jobs.end(), [&](const auto& candidate) { return candidate->id == id; });
    const std::unique_ptr<Job> job = std::move(*position);
    m_jobs.erase(position);
    disconnect(job->receiverGone);
    if (job->watcher)
        job->watcher->deleteLater();
    pump();
    if (!job->replaced && job->receiver)
        job->work.done(answer);
    emit jobFinished(job->spec.key);
    emit jobsChanged();
    if (m_jobs.empty()) {
        m_threads->refresh.stop();
        emit idle();
    }
}

void JobRunner::refresh()
{
    emit jobsChanged();
}

JobRunner::Job* JobRunner::find(JobId id) const
{
    const auto position = std::find_if(
        m_jobs.begin(), m_jobs.end(), [&](const auto& job) { return job->id == id; });
    return position == m_jobs.end() ? nullptr : position->get();
}

std::vector<JobInfo> JobRunner::jobs() const
{
    std::vector<JobInfo> list;
    for (const auto& job : m_jobs) {
        if (job->replaced)
            continue;
        JobInfo info;
        info.id = job->id;
        info.key = job->spec.key;
        info.title = job->spec.title;
        info.waiting = !job->watcher;
        info.stopping = job->stop.stop_requested();
        if (job->watcher) {
            info.stage = job->watcher->progressText();
            info.fraction = static_cast<double>(job->watcher->progressValue()) / kProgressSteps;
            info.seconds = static_cast<double>(job->clock.elapsed()) / 1000.0;
            if (info.seconds > kGuessAfterSeconds && info.fraction > kGuessAfterFraction)
                info.secondsLeft = info.seconds * (1.0 - info.fraction) / info.fraction;
        }
        list.push_back(std::move(info));
    }
    return list;
}

bool JobRunner::isRunning(const QString& key) const
{
    return std::any_of(m_jobs.begin(), m_jobs.end(),
        [&](const auto& job) { return !job->replaced && job->spec.key == key; });
}

bool JobRunner::isBusy() const
{
    return !m_jobs.empty();
}

unsigned JobRunner::defaultThreads()
{
    const unsigned cores = std::thread::hardware_concurrency();
    return cores > 1 ? cores - 1 : 1;
}

void JobRunner::setThreads(unsigned threads)
{
    const unsigned wanted = threads == 0 ? defaultThreads() : threads;
    if (m_threads->workers && m_threads->wanted == wanted)
        return;
    m_threads->wanted = wanted;
    m_threads->workers = std::make_shared<WorkerPool>(wanted); // running jobs keep the old one
}

unsigned JobRunner::threads() const
{
    return m_threads->wanted;
}

std::uint64_t JobRunner::memoryLimit() const
{
    return m_memoryLimit != 0 ? m_memoryLimit : availableMemory() / 5 * 4;
}

} // namespace moescope::ui
