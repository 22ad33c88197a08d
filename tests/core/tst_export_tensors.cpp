// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stop_token>

#include <QtCore/QTemporaryDir>

#include "core/checkpoint/export_tensors.h"
#include "core/checkpoint/tensor_file.h"
#include "core/io/file_write.h"
#include "core/task/worker_pool.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/support/files.h"

using namespace moescope;
using test::CheckpointBuilder;
namespace fs = std::filesystem;

namespace {

/// What a NumPy file says, checked as strictly as the format is defined.
struct Array {
    std::string problem;
    std::string header;
    std::vector<float> values;
};

Array readNpy(const fs::path& path)
{
    Array array;
    const auto text = readTextFile(path);
    if (!text || !text->starts_with(std::string_view("\x93NUMPY\1\0", 8)) || text->size() < 10) {
        array.problem = "no NumPy file";
        return array;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>((*text)[i]); };
    const std::size_t begin = 10 + std::size_t{byte(8)} + 256 * std::size_t{byte(9)};
    if (begin % 64 != 0 || begin > text->size() || (*text)[begin - 1] != '\n')
        array.problem = "the header is not padded to a multiple of 64";
    array.header = text->substr(10, begin - 10);
    while (!array.header.empty() && (array.header.back() == ' ' || array.header.back() == '\n'))
        array.header.pop_back();
    array.values.resize((text->size() - begin) / sizeof(float));
    if (!array.values.empty())
        std::memcpy(array.values.data(), text->data() + begin, text->size() - begin);
    return array;
}

std::vector<float> counted(std::size_t count)
{
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(i) * 0.5F - 3;
    return values;
}

std::string csvOf(std::span<const std::uint64_t> shape, std::span<const float> values)
{
    CsvLines lines(shape);
    std::string text;
    for (const float value : values) // one by one: the cuts between pieces leave no trace
        lines.append({&value, 1}, text);
    std::string whole;
    CsvLines(shape).append(values, whole);
    return whole == text ? text : "depends on how the values are cut";
}

} // namespace

class TestExportTensors : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    TaskContext m_task;

    fs::path file(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

    /// The tensor `name` of a checkpoint, written to `out`.
    Status write(const fs::path& model, std::string_view name, const fs::path& out)
    {
        MOESCOPE_TRY(const auto checkpoint, Checkpoint::open(model));
        MOESCOPE_TRY(const DecodedTensors found,
            findDecodedTensors(*checkpoint, [&](std::string_view other) { return other == name; }));
        return exportTensors(*checkpoint, found.tensors, out, m_task);
    }

private slots:
    void arraysKeepTheirShape_data()
    {
        QTest::addColumn<std::vector<std::uint64_t>>("shape");
        QTest::addColumn<QString>("written");
        const auto row = [](const char* name, std::vector<std::uint64_t> shape, const char* text) {
            QTest::newRow(name) << std::move(shape) << QString::fromLatin1(text);
        };
        row("scalar", {}, "()");
        row("vector", {5}, "(5,)");
        row("matrix", {3, 7}, "(3, 7)");
        row("one", {1, 1}, "(1, 1)");
        row("stack", {2, 3, 5}, "(2, 3, 5)");
        row("five dimensions", {2, 1, 3, 1, 2}, "(2, 1, 3, 1, 2)");
        row("no rows", {0, 4}, "(0, 4)");
        row("no columns", {4, 0}, "(4, 0)");
        row("empty", {0}, "(0,)");
    }

    void arraysKeepTheirShape()
    {
        using Shape = std::vector<std::uint64_t>;
        QFETCH(Shape, shape);
        QFETCH(QString, written);
        std::size_t count = 1;
        for (const std::uint64_t size : shape)
            count *= size;
        for (const DType dtype : {DType::F32, DType::BF16, DType::F16, DType::F64}) {
            CheckpointBuilder builder;
            builder.add("w", dtype, shape, counted(count));
            const fs::path model = file("model.safetensors");
            VERIFY_OK(builder.writeFile(model));
            VERIFY_OK(write(model, "w", file("w.npy")));
            const Array array = readNpy(file("w.npy"));
            QCOMPARE(array.problem, std::string());
            QCOMPARE(array.header,
                "{'descr': '<f4', 'fortran_order': False, 'shape': " + written.toStdString()
                    + ", }");
            QCOMPARE(array.values, counted(count));
            VERIFY_OK(write(model, "w", file("w.csv")));
            QCOMPARE(*readTextFile(file("w.csv")), csvOf(shape, counted(count)));
        }
    }

    void textHasALineForEveryRow()
    {
        const std::uint64_t matrix[] = {2, 3};
        QCOMPARE(csvOf(matrix, counted(6)), std::string("-3,-2.5,-2\n-1.5,-1,-0.5\n"));
        const std::uint64_t vector[] = {3};
        QCOMPARE(csvOf(vector, counted(3)), std::string("-3\n-2.5\n-2\n"));
        QCOMPARE(csvOf({}, counted(1)), std::string("-3\n"));
        const std::uint64_t stack[] = {2, 2, 1, 2};
        QCOMPARE(csvOf(stack, counted(8)),
            std::string("0,0,0,-3,-2.5\n0,1,0,-2,-1.5\n1,0,0,-1,-0.5\n1,1,0,0,0.5\n"));
    }

    void textReadsBackTheSame()
    {
        using Limits = std::numeric_limits<float>;
        const float values[] = {0.1F, 1.0F / 3, 16777216, 1e-45F, Limits::min(), Limits::max(),
            -Limits::max(), -0.0F, 3e7F, 1e20F};
        std::string text = csvOf({}, values);
        for (const float value : values) {
            char* end = nullptr;
            const float back = std::strtof(text.c_str(), &end);
            QVERIFY2(*end == '\n', text.c_str());
            QVERIFY2(std::memcmp(&back, &value, sizeof value) == 0, text.c_str());
            text.erase(0, text.find('\n') + 1);
        }
        const float odd[]
            = {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()};
        const std::uint64_t row[] = {1, 4};
        QCOMPARE(csvOf(row, odd), std::string("inf,-inf,nan,nan\n"));
    }

    void quantisedTensorsAreDecoded()
    {
        const fs::path model = test::fixtures() / "gguf" / "quants.gguf";
        const auto expected
            = Checkpoint::open(test::fixtures() / "gguf" / "quants_expected.safetensors");
        VERIFY_OK(expected);
        std::size_t compared = 0;
        for (const TensorInfo& tensor : (*expected)->tensors()) {
            VERIFY_OK(write(model, tensor.name, file("q.npy")));
            const Array array = readNpy(file("q.npy"));
            QCOMPARE(array.problem, std::string());
            QVERIFY2(array.values.size() * sizeof(float) == tensor.bytes.size()
                    && std::memcmp(array.values.data(), tensor.bytes.data(), tensor.bytes.size())
                        == 0,
                tensor.name.c_str());
            ++compared;
        }
        QCOMPARE(compared, std::size_t{39});
    }

    void longTensorsAreWrittenInPieces()
    {
        // Longer than any piece, with rows that no piece holds a whole number of.
        constexpr std::size_t kRows = 701;
        constexpr std::size_t kCols = 4001;
        CheckpointBuilder builder;
        builder.add("w", DType::BF16, {kRows, kCols}, std::vector<float>(kRows * kCols, 0.25F));
        VERIFY_OK(builder.writeFile(file("long.safetensors")));
        VERIFY_OK(write(file("long.safetensors"), "w", file("long.csv")));
        const auto text = readTextFile(file("long.csv"));
        VERIFY_OK(text);
        QCOMPARE(text->size(), kRows * kCols * 5); // "0.25" and what follows it
        QCOMPARE(static_cast<std::size_t>(std::ranges::count(*text, '\n')), kRows);
        VERIFY_OK(write(file("long.safetensors"), "w", file("long.npy")));
        const Array array = readNpy(file("long.npy"));
        QCOMPARE(array.values, std::vector<float>(kRows * kCols, 0.25F));
    }

    void aCancelLeavesNothing()
    {
        CheckpointBuilder builder;
        builder.add("w", DType::F32, {3, 1 << 20}, std::vector<float>(3 << 20, 1));
        VERIFY_OK(builder.writeFile(file("big.safetensors")));
        const auto checkpoint = Checkpoint::open(file("big.safetensors"));
        VERIFY_OK(checkpoint);
        const auto found = findDecodedTensors(**checkpoint, [](std::string_view) { return true; });
        VERIFY_OK(found);
        for (const char* name : {"big.npy", "big.csv"}) {
            VERIFY_OK(writeFileAtomically(file(name), "older"));
            std::stop_source stop;
            int calls = 0;
            WorkerPool pool(1);
            TaskContext task(pool, stop.get_token());
            task.setProgressSink([&](double, std::string_view) {
                ++calls;
                stop.request_stop();
            });
            const Status written = exportTensors(**checkpoint, found->tensors, file(name), task);
            QVERIFY(!written);
            QCOMPARE(written.error().code, ErrorCode::Cancelled);
            QCOMPARE(calls, 1);
            QCOMPARE(*readTextFile(file(name)), std::string("older"));
        }
        for (const auto& entry : fs::directory_iterator(m_folder.path().toStdString()))
            QVERIFY2(!entry.path().filename().string().starts_with("big.npy.")
                    && !entry.path().filename().string().starts_with("big.csv."),
                entry.path().c_str());
    }

    void oneTensorAFile()
    {
        CheckpointBuilder builder;
        builder.add("a", DType::F32, {2}, {1, 2});
        builder.add("b", DType::F32, {2}, {3, 4});
        VERIFY_OK(builder.writeFile(file("two.safetensors")));
        const auto checkpoint = Checkpoint::open(file("two.safetensors"));
        VERIFY_OK(checkpoint);
        const auto found = findDecodedTensors(**checkpoint, [](std::string_view) { return true; });
        VERIFY_OK(found);
        for (const char* name : {"two.npy", "two.CSV"}) {
            const Status written = exportTensors(**checkpoint, found->tensors, file(name), m_task);
            QVERIFY(!written);
            QCOMPARE(written.error().code, ErrorCode::InvalidArgument);
            QVERIFY2(written.error().message.find("holds one tensor, but 2") != std::string::npos,
                written.error().message.c_str());
            QVERIFY(!fs::exists(file(name)));
        }
        const Status full = write(file("two.safetensors"), "a", "/dev/full");
        QVERIFY(!full && full.error().code == ErrorCode::CannotWrite);
    }
};

QTEST_APPLESS_MAIN(TestExportTensors)
#include "tst_export_tensors.moc"
