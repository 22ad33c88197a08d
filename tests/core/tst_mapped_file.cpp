// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <numeric>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "core/io/mapped_file.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
namespace fs = std::filesystem;

namespace {

sigjmp_buf escape;
volatile sig_atomic_t escapes = 0;
std::atomic<int> foreignSignals = 0;

/// The handler that was there before ours: it must see what is not ours.
void onForeignBusError(int)
{
    ++foreignSignals;
    if (escapes != 0)
        siglongjmp(escape, 1);
}

std::size_t pageSize()
{
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t sum(std::span<const std::byte> bytes)
{
    std::uint64_t total = 0;
    for (const std::byte byte : bytes)
        total += static_cast<std::uint64_t>(byte);
    return total;
}

} // namespace

class TestMappedFile : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    fs::path file(const char* name) const { return m_folder.filePath(name).toStdString(); }

    /// A file of `pages` pages full of ones, and half a page more.
    fs::path writePages(const char* name, std::size_t pages) const
    {
        const fs::path path = file(name);
        const auto status
            = writeFileAtomically(path, std::string(pages * pageSize() + pageSize() / 2, '\1'));
        return status ? path : fs::path();
    }

private slots:
    void initTestCase()
    {
        struct sigaction action { };
        action.sa_handler = onForeignBusError;
        QCOMPARE(::sigaction(SIGBUS, &action, nullptr), 0);
    }

    void bytesAreThoseOfTheFile()
    {
        VERIFY_OK(writeFileAtomically(file("a"), "some bytes"));
        const auto mapped = MappedFile::open(file("a"));
        VERIFY_OK(mapped);
        QCOMPARE((*mapped)->size(), std::size_t{10});
        QCOMPARE(std::string(reinterpret_cast<const char*>((*mapped)->bytes().data()), 10),
            std::string("some bytes"));
        QCOMPARE((*mapped)->path(), file("a"));
        VERIFY_OK((*mapped)->status());
    }

    void aFileThatShrinksReadsAsZeros()
    {
        const std::size_t page = pageSize();
        const fs::path path = writePages("shrinks", 20);
        const auto mapped = MappedFile::open(path);
        const auto untouched = MappedFile::open(writePages("stays", 3));
        VERIFY_OK(mapped);
        VERIFY_OK(untouched);
        QCOMPARE(sum((*mapped)->bytes()), std::uint64_t{20 * page + page / 2});

        QCOMPARE(::truncate(path.c_str(), static_cast<off_t>(5 * page + 10)), 0);
        // Noticed even before a lost page is touched.
        QVERIFY(!(*mapped)->status());
        QCOMPARE(sum((*mapped)->bytes()), std::uint64_t{5 * page + 10});
        QCOMPARE((*mapped)->status().error().code, ErrorCode::Io);
        const std::string expected = "has shrunk from " + std::to_string(20 * page + page / 2)
            + " to " + std::to_string(5 * page + 10) + " bytes";
        QVERIFY((*mapped)->status().error().message.find(expected) != std::string::npos);
        QVERIFY((*mapped)->status().error().message.find("shrinks") != std::string::npos);

        // What was lost stays lost when the file grows again.
        QCOMPARE(::truncate(path.c_str(), static_cast<off_t>(30 * page)), 0);
        QCOMPARE((*mapped)->status().error().code, ErrorCode::Io);
        VERIFY_OK((*untouched)->status());
        QCOMPARE(sum((*untouched)->bytes()), std::uint64_t{3 * page + page / 2});
        QCOMPARE(foreignSignals.load(), 0);
    }

    void aFileThatShrinksToNothingReadsAsZeros()
    {
        const fs::path path = writePages("vanishes", 4);
        const auto mapped = MappedFile::open(path);
        VERIFY_OK(mapped);
        QCOMPARE(::truncate(path.c_str(), 0), 0);
        QCOMPARE((*mapped)->bytes().back(), std::byte{0});
        QCOMPARE(sum((*mapped)->bytes()), std::uint64_t{0});
        QVERIFY(!(*mapped)->status());
    }

    void manyThreadsMayHitTheLostPages()
    {
        const std::size_t page = pageSize();
        const fs::path path = writePages("threads", 400);
        const auto mapped = MappedFile::open(path);
        VERIFY_OK(mapped);
        QCOMPARE(::truncate(path.c_str(), static_cast<off_t>(page)), 0);
        std::vector<std::uint64_t> sums(8);
        {
            std::vector<std::thread> threads;
            for (auto& result : sums)
                threads.emplace_back([&] { result = sum((*mapped)->bytes()); });
            for (auto& thread : threads)
                thread.join();
        }
        QCOMPARE(sums, std::vector<std::uint64_t>(8, page));
    }

    void aDeletedFileStaysReadable()
    {
        const fs::path path = writePages("deleted", 2);
        const auto mapped = MappedFile::open(path);
        VERIFY_OK(mapped);
        fs::remove(path);
        QCOMPARE(sum((*mapped)->bytes()), std::uint64_t{2 * pageSize() + pageSize() / 2});
        VERIFY_OK((*mapped)->status());
    }

    void slotsAreUsedAgain()
    {
        const fs::path path = writePages("again", 1);
        for (int i = 0; i < 10000; ++i)
            VERIFY_OK(MappedFile::open(path));
    }

    void aCheckpointReportsAShrunkenFile()
    {
        const auto spec = test::manyExpertsModel(test::ModelSpec::Family::Olmoe);
        VERIFY_OK(test::writeModel(file("model"), spec));
        const fs::path path = file("model") / "model.safetensors";
        const auto checkpoint = Checkpoint::open(path);
        VERIFY_OK(checkpoint);
        VERIFY_OK((*checkpoint)->status());
        QVERIFY(fs::file_size(path) > 4 * pageSize());
        QCOMPARE(::truncate(path.c_str(), 100), 0);
        for (const TensorInfo& tensor : (*checkpoint)->tensors()) {
            const auto view
                = MatrixView::rowMajor(tensor.dtype, 1, tensor.elements(), tensor.bytes.data());
            QCOMPARE(decodeAll(view).size(), tensor.elements());
        }
        QCOMPARE((*checkpoint)->status().error().code, ErrorCode::Io);
        QVERIFY((*checkpoint)->status().error().message.find("has shrunk") != std::string::npos);
    }

    void foreignBusErrorsReachTheOldHandler()
    {
        const fs::path path = writePages("foreign", 4);
        const auto guarded = MappedFile::open(path);
        VERIFY_OK(guarded);
        const int before = foreignSignals.load();
        ::raise(SIGBUS);
        QCOMPARE(foreignSignals.load(), before + 1);

        const int descriptor = ::open(path.c_str(), O_RDONLY);
        void* const memory = ::mmap(nullptr, 2 * pageSize(), PROT_READ, MAP_SHARED, descriptor, 0);
        QVERIFY(memory != MAP_FAILED);
        QCOMPARE(::truncate(path.c_str(), 0), 0);
        if (sigsetjmp(escape, 1) == 0) {
            escapes = 1;
            const volatile char value = *static_cast<const volatile char*>(memory);
            static_cast<void>(value);
            escapes = 0;
            QFAIL("the access should not have come back");
        }
        escapes = 0;
        QCOMPARE(foreignSignals.load(), before + 2);
        ::munmap(memory, 2 * pageSize());
        ::close(descriptor);
    }
};

QTEST_APPLESS_MAIN(TestMappedFile)
#include "tst_mapped_file.moc"
