// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include <sys/stat.h>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/task/task_context.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;

class TestBase : public QObject {
    Q_OBJECT

private slots:
    void utf8RoundTripsAndMarksBrokenBytes()
    {
        const std::string text = "aé漢🙂";
        std::string again;
        for (std::size_t i = 0; i < text.size();) {
            const CodePoint point = decodeUtf8(text, i);
            QVERIFY(point.valid);
            appendUtf8(again, point.value);
            i += point.bytes;
        }
        QCOMPARE(again, text);
        QVERIFY(!isValidUtf8("\xC0\xAF"));
        QVERIFY(!isValidUtf8("\xED\xA0\x80"));
        QVERIFY(!isValidUtf8("\xE6\xBC"));
        QCOMPARE(toValidUtf8("a\xFFz"), std::string("a\xEF\xBF\xBDz"));
        QCOMPARE(visibleToken(" a\n\t\xE3"), std::string("·a⏎⇥‹e3›"));
    }

    void numbersReadWell()
    {
        QCOMPARE(formatBytes(999), std::string("999 B"));
        QCOMPARE(formatBytes(13'800'000'000), std::string("13.8 GB"));
        QCOMPARE(formatCount(1234567), std::string("1,234,567"));
        QCOMPARE(formatParameters(46'702'792'704), std::string("46.7 B"));
    }

    void randomIsReproducible()
    {
        Random a = Random::stream(1, 2, 3);
        Random b = Random::stream(1, 2, 3);
        Random c = Random::stream(1, 2, 4);
        QCOMPARE(a.next(), b.next());
        QVERIFY(a.next() != c.next());
        double sum = 0;
        double squares = 0;
        constexpr int n = 20000;
        for (int i = 0; i < n; ++i) {
            const double x = a.normal();
            sum += x;
            squares += x * x;
        }
        QVERIFY(std::abs(sum / n) < 0.03);
        QVERIFY(std::abs(squares / n - 1) < 0.05);
    }

    void yieldingWorkMakesWay()
    {
        constexpr std::size_t kBodies = 5'000'000;
        WorkerPool pool(1);
        std::atomic<bool> done = false;
        std::atomic<bool> begun = false;
        std::atomic<bool> inside = false;
        std::atomic<std::size_t> finished = 0;
        std::thread yielding([&] {
            const YieldingWork yields;
            pool.forEach(kBodies, [&](std::size_t) {
                if (done)
                    return;
                inside = true;
                begun = true;
                std::this_thread::yield();
                ++finished;
                inside = false;
            });
        });
        while (!begun)
            std::this_thread::yield();
        bool stoodStill = true;
        std::size_t before = 0;
        pool.forEach(2, [&](std::size_t i) {
            if (i == 0) {
                // The body that had begun may end, and one that was about to begin.
                for (int j = 0; j < 2000 || inside; ++j)
                    std::this_thread::yield();
                before = finished;
            } else {
                for (int j = 0; j < 2000; ++j)
                    std::this_thread::yield();
                stoodStill = finished <= before + 1;
            }
        });
        done = true;
        yielding.join();
        QVERIFY(before < kBodies);
        QVERIFY(stoodStill);
    }

    void poolRunsEveryIndexOnce()
    {
        WorkerPool pool(4);
        std::vector<std::atomic<int>> seen(1000);
        pool.forEach(seen.size(), [&](std::size_t i) {
            pool.forEach(2, [&](std::size_t) {}); // nested calls run in place
            ++seen[i];
        });
        for (const auto& count : seen)
            QCOMPARE(count.load(), 1);
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, pool.forEach(10, [](std::size_t i) {
            if (i == 3)
                throw std::runtime_error("three");
        }));
    }

    void progressNeverGoesBack()
    {
        TaskContext context;
        std::vector<double> seen;
        context.setProgressSink([&](double f, std::string_view) { seen.push_back(f); });
        context.progress(0.5, "a");
        context.progress(0.2, "b");
        QCOMPARE(seen, (std::vector<double>{0.5, 0.5}));
    }

    void hostileJsonIsRefused()
    {
        QVERIFY(parseJson("{\"a\": [1, 2.5, null]}", "x").has_value());
        QVERIFY(parseJson(R"({"a":1,"a":2})", "x").error().message.find("appears twice")
            != std::string::npos);
        QVERIFY(!parseJson(std::string(100000, '['), "x").has_value());
        QVERIFY(!parseJson("{\"a\":", "x").has_value());
        QVERIFY(!parseJson("", "x").has_value());
        QVERIFY(!parseJson(std::string_view("{}\0x", 4), "x").has_value());
        std::string many = "{\"k\": 0";
        for (int i = 0; i < 30000; ++i)
            many += ", \"k" + std::to_string(i) + "\": 0";
        QVERIFY(parseJson(many + "}", "x").error().message.find("more than") != std::string::npos);
        QVERIFY(!parseJson("\"\xFF\"", "x").has_value());
    }

    void whatIsNoFileIsNotOpened()
    {
        QTemporaryDir folder;
        const std::filesystem::path pipe = folder.filePath("pipe").toStdString();
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0); // to open it would wait for a writer
        for (const std::filesystem::path& path :
            {pipe, std::filesystem::path("/dev/zero"), std::filesystem::path("/")}) {
            const auto text = readTextFile(path);
            QVERIFY(!text);
            QCOMPARE(text.error().code, ErrorCode::Io);
            QVERIFY(firstBytes(path, 4).empty());
        }
        VERIFY_OK(writeFileAtomically(folder.filePath("a").toStdString(), "GGUF and more"));
        QCOMPARE(firstBytes(folder.filePath("a").toStdString(), 4), std::string("GGUF"));
        QCOMPARE(firstBytes(folder.filePath("a").toStdString(), 99).size(), std::size_t{13});
    }

    void newFilesHaveTheUsualModeAndReplacedOnesKeepTheirs()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("a.txt").toStdString();
        const auto mode = [&] {
            struct stat info { };
            return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
        };
        const mode_t before = ::umask(0027);
        const auto written = writeFileAtomically(path, "new");
        ::umask(before);
        VERIFY_OK(written);
        QCOMPARE(mode(), mode_t{0640});
        QCOMPARE(::chmod(path.c_str(), 0604), 0);
        VERIFY_OK(writeFileAtomically(path, "newer"));
        QCOMPARE(mode(), mode_t{0604});
    }

    void writingThatThrowsLeavesNothing()
    {
        QTemporaryDir folder;
        QVERIFY_THROWS_EXCEPTION(std::runtime_error,
            (void)writeFileAtomically(
                folder.filePath("a.txt").toStdString(), [](std::ostream& stream) -> Status {
                    stream << "half";
                    throw std::runtime_error("no");
                }));
        QVERIFY(std::filesystem::is_empty(folder.path().toStdString()));
    }

    void writingKeepsTheOldFileOnFailure()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("a.txt").toStdString();
        VERIFY_OK(writeFileAtomically(path, "old"));
        const auto failed = writeFileAtomically(path, [](std::ostream& s) -> Status {
            s << "half";
            return fail(ErrorCode::Cancelled, "Cancelled.");
        });
        QVERIFY(!failed);
        QCOMPARE(*readTextFile(path), std::string("old"));
        QCOMPARE(writeFileAtomically(folder.filePath("no/such/x").toStdString(), "x").error().code,
            ErrorCode::CannotWrite);
        QCOMPARE(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1);
    }
};

QTEST_APPLESS_MAIN(TestBase)
#include "tst_base.moc"
