// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <atomic>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include <QSignalSpy>

#include "core/task/worker_pool.h"
#include "tests/support/files.h"
#include "ui/jobs/job_runner.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr int kPatience = 20000; // milliseconds; only a broken runner needs them

JobSpec spec(const char* key, JobSlot slot = JobSlot::Heavy)
{
    return {QString::fromLatin1(key), QStringLiteral("Title"), slot};
}

/// A job that says when it began and goes on when it is let, at the latest when the test ends.
class Gate {
public:
    ~Gate() { let(); }
    /// For the job: copies share the state.
    auto pass() const
    {
        return [state = m_state] {
            state->began.release();
            state->open.acquire();
        };
    }
    void waitUntilBegun() { m_state->began.acquire(); }
    void let() { m_state->open.release(); }

private:
    struct State {
        std::counting_semaphore<> began{0};
        std::counting_semaphore<> open{0};
    };
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

/// Collects what comes back and waits for it.
template <typename T>
struct Await {
    std::shared_ptr<const Result<T>> answer;
    std::vector<T> partials;

    auto done()
    {
        return [this](std::shared_ptr<const Result<T>> result) { answer = std::move(result); };
    }
    auto partial()
    {
        return [this](const std::any& unit) { partials.push_back(std::any_cast<T>(unit)); };
    }
    bool wait()
    {
        return QTest::qWaitFor([this] { return answer != nullptr; }, kPatience);
    }
};

} // namespace

class TestJobs : public QObject {
    Q_OBJECT

private slots:
    void resultsComeBackOnTheWindowsThread()
    {
        JobRunner runner;
        QThread* handler = nullptr;
        QThread* worker = nullptr;
        std::shared_ptr<const Result<int>> answer;
        runner.start(
            spec("a"), this,
            [&](TaskContext&) -> Result<int> {
                worker = QThread::currentThread();
                return 42;
            },
            [&](std::shared_ptr<const Result<int>> result) {
                handler = QThread::currentThread();
                answer = std::move(result);
            });
        QVERIFY(!answer);
        QVERIFY(runner.isRunning(QStringLiteral("a")));
        QVERIFY(QTest::qWaitFor([&] { return answer != nullptr; }, kPatience));
        QCOMPARE(answer->value(), 42);
        QCOMPARE(handler, thread());
        QVERIFY(worker != thread());
        QVERIFY(!runner.isBusy());
    }

    void errorsAndExceptionsBecomeAnswers_data()
    {
        QTest::addColumn<int>("what");
        QTest::addColumn<int>("code");
        QTest::newRow("error") << 0 << static_cast<int>(ErrorCode::BadFormat);
        QTest::newRow("exception") << 1 << static_cast<int>(ErrorCode::Internal);
        QTest::newRow("bad_alloc") << 2 << static_cast<int>(ErrorCode::OutOfMemory);
        QTest::newRow("no std exception") << 3 << static_cast<int>(ErrorCode::Internal);
    }

    void errorsAndExceptionsBecomeAnswers()
    {
        QFETCH(int, what);
        QFETCH(int, code);
        JobRunner runner;
        Await<int> await;
        runner.start(
            spec("a"), this,
            [what](TaskContext&) -> Result<int> {
                if (what == 0)
                    return fail(ErrorCode::BadFormat, "broken");
                if (what == 1)
                    throw std::runtime_error("the reason");
                if (what == 2)
                    throw std::bad_alloc();
                throw 7;
            },
            await.done());
        QVERIFY(await.wait());
        QVERIFY(!await.answer->has_value());
        QCOMPARE(static_cast<int>(await.answer->error().code), code);
        QVERIFY(!await.answer->error().message.empty());
        if (what == 1)
            QVERIFY(await.answer->error().message.find("the reason") != std::string::npos);
    }

    void cancelEndsTheJobAndKeepsWhatWasFinished()
    {
        JobRunner runner;
        Await<int> await;
        Gate gate;
        const JobId id = runner.start(
            spec("a"), this,
            [pass = gate.pass()](TaskContext& context) -> Result<int> {
                context.partial(7);
                pass();
                MOESCOPE_CHECK(context.check());
                return 1;
            },
            await.done(), await.partial());
        gate.waitUntilBegun();
        runner.cancel(id);
        QVERIFY(runner.jobs().front().stopping);
        QVERIFY(!await.answer); // never from inside cancel()
        gate.let();
        QVERIFY(await.wait());
        QCOMPARE(await.answer->error().code, ErrorCode::Cancelled);
        QCOMPARE(await.partials, std::vector<int>{7});
    }

    void aWaitingJobIsCancelledWithoutRunning()
    {
        JobRunner runner;
        Await<int> first;
        Await<int> second;
        Gate gate;
        std::atomic<bool> ran = false;
        runner.start(
            spec("a"), this,
            [pass = gate.pass()](TaskContext&) -> Result<int> {
                pass();
                return 1;
            },
            first.done());
        const JobId waiting = runner.start(
            spec("b"), this,
            [&ran](TaskContext&) -> Result<int> {
                ran = true;
                return 2;
            },
            second.done());
        QCOMPARE(runner.jobs().size(), 2U);
        QVERIFY(runner.jobs()[1].waiting);
        runner.cancel(waiting);
        QVERIFY(second.wait());
        QCOMPARE(second.answer->error().code, ErrorCode::Cancelled);
        gate.let();
        QVERIFY(first.wait());
        QVERIFY(!ran);
    }

    void aNewJobOfTheSameKeyReplacesTheOldOne()
    {
        JobRunner runner;
        Gate gate;
        int oldAnswers = 0;
        std::vector<int> oldPartials;
        Await<int> await;
        std::atomic<bool> oldWasStopped = false;
        runner.start(
            spec("a"), this,
            [&, pass = gate.pass()](TaskContext& context) -> Result<int> {
                pass();
                oldWasStopped = context.stopRequested();
                context.partial(1);
                return 1; // late: it did not look
            },
            [&](const auto&) { ++oldAnswers; },
            [&](const std::any& unit) { oldPartials.push_back(std::any_cast<int>(unit)); });
        gate.waitUntilBegun();
        runner.start(
            spec("a"), this, [](TaskContext&) -> Result<int> { return 2; }, await.done());
        QCOMPARE(runner.jobs().size(), 1U);
        gate.let();
        QVERIFY(await.wait());
        QCOMPARE(await.answer->value(), 2);
        QVERIFY(oldWasStopped);
        QCOMPARE(oldAnswers, 0);
        QVERIFY(oldPartials.empty());
    }

    void heavyAndLightJobsRunSideBySide()
    {
        JobRunner runner;
        Gate gate;
        Await<int> heavy;
        Await<int> light;
        runner.start(
            spec("heavy"), this,
            [pass = gate.pass()](TaskContext&) -> Result<int> {
                pass();
                return 1;
            },
            heavy.done());
        gate.waitUntilBegun();
        runner.start(
            spec("light", JobSlot::Light), this, [](TaskContext&) -> Result<int> { return 2; },
            light.done());
        QVERIFY(light.wait());
        QVERIFY(!heavy.answer);
        gate.let();
        QVERIFY(heavy.wait());
    }

    void partialsComeInOrderAndBeforeTheAnswer()
    {
        JobRunner runner;
        std::vector<int> seen;
        bool answered = false;
        bool lateUnit = false;
        runner.start(
            spec("a"), this,
            [](TaskContext& context) -> Result<int> {
                for (int i = 0; i < 500; ++i)
                    context.partial(i);
                return 0;
            },
            [&](const auto&) { answered = true; },
            [&](const std::any& unit) {
                lateUnit = lateUnit || answered;
                seen.push_back(std::any_cast<int>(unit));
            });
        QVERIFY(QTest::qWaitFor([&] { return answered; }, kPatience));
        QVERIFY(!lateUnit);
        QCOMPARE(seen.size(), 500U);
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
    }

    void fewUnitsAreInMemoryHoweverSlowTheWindowIs()
    {
        JobRunner runner;
        const auto alive = std::make_shared<std::atomic<int>>(0);
        int most = 0;
        int seen = 0;
        bool answered = false;
        runner.start(
            spec("a"), this,
            [alive](TaskContext& context) -> Result<int> {
                for (int i = 0; i < 300; ++i) {
                    ++*alive;
                    context.partial(std::shared_ptr<int>(new int(i), [alive](const int* unit) {
                        delete unit;
                        --*alive;
                    }));
                }
                return 0;
            },
            [&](const auto&) { answered = true; },
            [&](const std::any&) {
                ++seen;
                most = std::max(most, alive->load());
            });
        QVERIFY(QTest::qWaitFor([&] { return answered; }, kPatience));
        QCOMPARE(seen, 300);
        QVERIFY2(most <= 10, qPrintable(QString::number(most)));
        QCOMPARE(alive->load(), 0);
    }

    void progressNeverFallsAndNamesTheStage()
    {
        JobRunner runner;
        Await<int> await;
        Gate gate;
        std::vector<double> fractions;
        connect(&runner, &JobRunner::jobsChanged, this, [&] {
            for (const JobInfo& job : runner.jobs())
                fractions.push_back(job.fraction);
        });
        runner.start(
            spec("a"), this,
            [pass = gate.pass()](TaskContext& context) -> Result<int> {
                for (int i = 0; i <= 100; ++i)
                    context.progress(i * 0.005, i % 2 ? "odd" : "even");
                context.progress(0.2, "back");
                context.progress(0.5, "half");
                pass();
                return 0;
            },
            await.done());
        gate.waitUntilBegun();
        const auto atHalf = [&] { return runner.jobs().front().stage == QLatin1String("half"); };
        QVERIFY(QTest::qWaitFor(atHalf, kPatience));
        QVERIFY(std::abs(runner.jobs().front().fraction - 0.5) < 0.001);
        gate.let();
        QVERIFY(await.wait());
        QVERIFY(!fractions.empty());
        QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
    }

    void aDeadReceiverStopsTheJobAndHearsNothing()
    {
        JobRunner runner;
        Gate gate;
        auto receiver = std::make_unique<QObject>();
        int answers = 0;
        std::atomic<bool> stopped = false;
        runner.start(
            spec("a"), receiver.get(),
            [&, pass = gate.pass()](TaskContext& context) -> Result<int> {
                pass();
                stopped = context.stopRequested();
                return 1;
            },
            [&](const auto&) { ++answers; });
        gate.waitUntilBegun();
        receiver.reset();
        gate.let();
        QVERIFY(QTest::qWaitFor([&] { return !runner.isBusy(); }, kPatience));
        QVERIFY(stopped);
        QCOMPARE(answers, 0);
    }

    void theDestructorStopsAndWaits()
    {
        std::atomic<bool> ended = false;
        int answers = 0;
        {
            JobRunner runner;
            std::binary_semaphore began{0};
            runner.start(
                spec("a"), this,
                [&](TaskContext& context) -> Result<int> {
                    began.release();
                    while (!context.stopRequested())
                        std::this_thread::yield();
                    ended = true;
                    return 1;
                },
                [&](const auto&) { ++answers; });
            runner.start(
                spec("waiting"), this, [](TaskContext&) -> Result<int> { return 1; },
                [&](const auto&) { ++answers; });
            began.acquire();
        }
        QVERIFY(ended);
        QCoreApplication::processEvents();
        QCOMPARE(answers, 0);
    }

    void aHandlerMayStartTheNextJob()
    {
        JobRunner runner;
        Await<int> second;
        runner.start(
            spec("a"), this, [](TaskContext&) -> Result<int> { return 1; },
            [&](const auto&) {
                runner.start(
                    spec("a"), this, [](TaskContext&) -> Result<int> { return 2; }, second.done());
            });
        QVERIFY(second.wait());
        QCOMPARE(second.answer->value(), 2);
    }

    void jobsGetThreadsAndAMemoryLimit()
    {
        JobRunner runner;
        runner.setThreads(3);
        runner.setMemoryLimit(1000);
        struct Seen {
            unsigned threads = 0;
            std::uint64_t memory = 0;
        };
        std::shared_ptr<const Result<Seen>> answer;
        runner.start(
            spec("a"), this,
            [](TaskContext& context) -> Result<Seen> {
                return Seen{context.threads(), context.memoryLimit()};
            },
            [&](auto result) { answer = std::move(result); });
        QVERIFY(QTest::qWaitFor([&] { return answer != nullptr; }, kPatience));
        QCOMPARE((*answer)->threads, 3U);
        QCOMPARE((*answer)->memory, std::uint64_t(1000));
        runner.setThreads(0);
        QCOMPARE(runner.threads(), JobRunner::defaultThreads());
        runner.setMemoryLimit(0);
        QVERIFY(runner.memoryLimit() > 0);
        QVERIFY(runner.memoryLimit() <= availableMemory());
    }

    void idleIsToldOnceEverythingAnswered()
    {
        JobRunner runner;
        QSignalSpy idle(&runner, &JobRunner::idle);
        Await<int> a;
        Await<int> b;
        runner.start(
            spec("a"), this, [](TaskContext&) -> Result<int> { return 1; }, a.done());
        runner.start(
            spec("b"), this, [](TaskContext&) -> Result<int> { return 1; }, b.done());
        QVERIFY(a.wait());
        QVERIFY(b.wait());
        QVERIFY(QTest::qWaitFor([&] { return idle.count() == 1; }, kPatience));
        QVERIFY(!runner.isBusy());
    }
};

QTEST_GUILESS_MAIN(TestJobs)
#include "tst_jobs.moc"
