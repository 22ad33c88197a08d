// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <thread>
#include <vector>

#include "core/spectra/linear_algebra.h"
#include "core/task/worker_pool.h"
#include "core/tensor/bf16_products.h"
#include "core/tensor/vector_kernels.h"

namespace moescope::bench {

namespace {

constexpr std::size_t kBenchBuffer = std::size_t{512} << 20;

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since)
{
    return std::chrono::duration<double>(Clock::now() - since).count();
}

std::string processorName()
{
    std::ifstream info("/proc/cpuinfo");
    std::string line;
    while (std::getline(info, line)) {
        if (line.starts_with("model name")) {
            const auto colon = line.find(':');
            return colon == std::string::npos ? line : line.substr(colon + 2);
        }
    }
    return "unknown";
}

constexpr std::size_t kOrder = 1024; ///< of the matrices whose products are timed

/// What people call Highway's targets.
std::string instructionSet(std::string_view target)
{
    return std::string(target.starts_with("AVX3") ? "AVX-512" : target);
}

Result<Figures> matrixRate(TaskContext& context)
{
    constexpr std::size_t kProducts = 4;
    const unsigned threads = context.threads();
    const std::vector<float> a(kOrder * kOrder, 0.5F);
    std::vector<std::vector<float>> results(threads, std::vector<float>(kOrder * kOrder));
    std::vector<double> rates;
    for (int run = 0; run < 4; ++run) {
        MOESCOPE_CHECK(context.check());
        const auto start = Clock::now();
        parallelFor(context.pool(), threads, [&](std::size_t t) {
            for (std::size_t i = 0; i < kProducts; ++i)
                squareProduct(a, a, results[t], kOrder);
        });
        const double operations
            = 2.0 * kOrder * kOrder * kOrder * kProducts * static_cast<double>(threads);
        if (run > 0) // the first one warms up
            rates.push_back(operations / seconds(start) / 1e9);
    }
    return summarise(rates);
}

} // namespace

Figures summarise(std::vector<double> values)
{
    Figures figures;
    figures.runs = values.size();
    if (values.empty())
        return figures;
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    figures.median = values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    figures.lowest = values.front();
    figures.highest = values.back();
    return figures;
}

Result<Figures> measureReadBandwidth(TaskContext& context, std::size_t bytes)
{
    constexpr std::size_t kPart = std::size_t{1} << 17; // a megabyte
    const std::size_t parts = std::max<std::size_t>(1, bytes / sizeof(std::uint64_t) / kPart);
    const std::vector<std::uint64_t> buffer(parts * kPart, 1);
    std::atomic<std::uint64_t> total = 0;
    std::vector<double> rates;
    for (int run = 0; run < 5; ++run) {
        MOESCOPE_CHECK(context.check());
        const auto start = Clock::now();
        parallelFor(context.pool(), parts, [&](std::size_t part) {
            std::uint64_t sums[8] = {};
            const std::uint64_t* words = buffer.data() + part * kPart;
            for (std::size_t i = 0; i < kPart; i += 8) {
                for (std::size_t j = 0; j < 8; ++j)
                    sums[j] += words[i + j];
            }
            for (const std::uint64_t sum : sums)
                total += sum;
        });
        rates.push_back(
            static_cast<double>(sizeof(std::uint64_t) * buffer.size()) / seconds(start) / 1e9);
    }
    if (total != 5 * buffer.size())
        return fail(
            ErrorCode::Internal, "The memory that was read does not hold what was written.");
    return summarise(rates);
}

std::uint64_t machineMemory(unsigned threads)
{
    return kBenchBuffer + sizeof(float) * kOrder * kOrder * (1 + std::uint64_t{threads});
}

Result<Machine> measureMachine(TaskContext& context)
{
    Machine machine;
    machine.processor = processorName();
    machine.cores = std::thread::hardware_concurrency();
    machine.threads = context.threads();
    machine.instructions = instructionSet(vectorKernels().name);
    machine.bf16Products = hasBf16Products();
    machine.linearAlgebra = linearAlgebraName();
    MOESCOPE_TRY(machine.readBandwidth, measureReadBandwidth(context, kBenchBuffer));
    MOESCOPE_TRY(machine.matrixRate, matrixRate(context));
    return machine;
}

} // namespace moescope::bench
