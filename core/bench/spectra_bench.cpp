// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>

#include <time.h>

#include "core/base/random.h"
#include "core/bench/bench.h"
#include "core/spectra/certain_spectra.h"
#include "core/spectra/linear_algebra.h"
#include "core/task/worker_pool.h"

namespace moescope::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// Of ours, that a thread is given at a time.
constexpr std::size_t kMatrices = 2 * SpectrumBatch::kCapacity;
constexpr std::size_t kMostWeights = std::size_t{64} << 20; ///< of all noise

std::size_t noiseMatrices(std::size_t rows, std::size_t cols)
{
    return std::clamp<std::size_t>(kMostWeights / (rows * cols), 1, kMatrices);
}

/// Seconds that the processor spent on this thread: other programs do not count.
double threadSeconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// What one thread holds and measures.
class Lane {
public:
    Lane(std::size_t rows, std::size_t cols)
        : m_rows(rows)
        , m_cols(cols)
        , m_order(std::min(rows, cols))
    {
    }

    double ours = 0; ///< seconds a matrix, as the others
    double ourDouble = 0;
    double direct = 0;
    double floorSingle = 0;
    double floorDouble = 0;
    std::size_t doubles = 0;

    Status timeOurs(const std::vector<std::vector<float>>& matrices)
    {
        const double start = threadSeconds();
        CertainSpectra spectra(
            m_rows, m_cols, {0.90, 0.95, 0.99},
            [&](std::size_t i) {
                return CertainSpectra::Input{matrices[i % matrices.size()], {}};
            },
            [&](std::size_t, Spectrum&& spectrum, bool certain) {
                doubles += certain && spectrum.precision == SpectrumPrecision::Double ? 1 : 0;
            });
        const SpectrumPrecision first
            = suitsSingle(m_rows, m_cols) ? SpectrumPrecision::Single : SpectrumPrecision::Double;
        for (std::size_t i = 0; i < kMatrices; ++i)
            MOESCOPE_CHECK(spectra.add(i, first));
        MOESCOPE_CHECK(spectra.finish());
        ours = (threadSeconds() - start) / static_cast<double>(kMatrices);
        return {};
    }

    Status timeOthers(const std::vector<std::vector<float>>& matrices)
    {
        double start = threadSeconds();
        SpectrumBatch batch(m_rows, m_cols);
        for (std::size_t i = 0; i < SpectrumBatch::kCapacity; ++i)
            MOESCOPE_CHECK(batch.add(matrices[i % matrices.size()], {}, SpectrumPrecision::Double));
        MOESCOPE_CHECK(batch.solve());
        ourDouble = (threadSeconds() - start) / static_cast<double>(SpectrumBatch::kCapacity);

        start = threadSeconds();
        MOESCOPE_CHECK(directSingularValues(matrices.front(), m_rows, m_cols));
        direct = threadSeconds() - start;
        MOESCOPE_TRY(floorSingle, floorOf<float>(matrices.front()));
        MOESCOPE_TRY(floorDouble, floorOf<double>(matrices.front()));
        return {};
    }

private:
    template <typename T>
    Result<double> floorOf(const std::vector<float>& matrix) const
    {
        const std::vector<T> block(matrix.begin(), matrix.end());
        std::vector<T> gram(m_order * m_order);
        std::vector<T> work;
        const double start = threadSeconds();
        if (m_rows <= m_cols)
            addOuterGram(gram, block, m_rows, m_cols);
        else
            addInnerGram(gram, block, m_rows, m_cols);
        MOESCOPE_CHECK(tridiagonalise(gram, m_order, work));
        return threadSeconds() - start;
    }

    std::size_t m_rows;
    std::size_t m_cols;
    std::size_t m_order;
};

} // namespace

std::uint64_t spectraMemory(std::size_t rows, std::size_t cols, unsigned threads)
{
    const std::uint64_t matrix = std::uint64_t{rows} * cols;
    const std::uint64_t order = std::min(rows, cols);
    // A lane holds a batch, or a double copy, its Gram matrix and LAPACK's memory.
    const std::uint64_t lane = std::max<std::uint64_t>(
        2 * SpectrumBatch::bytes(rows, cols), sizeof(double) * (2 * matrix + 2 * order * order));
    return noiseMatrices(rows, cols) * matrix * sizeof(float) + threads * lane;
}

Result<SpectraBench> measureSpectra(
    std::size_t rows, std::size_t cols, std::size_t matrices, TaskContext& context)
{
    SpectraBench bench;
    bench.rows = rows;
    bench.cols = cols;
    Random random(31);
    std::vector<std::vector<float>> noise(
        noiseMatrices(rows, cols), std::vector<float>(rows * cols));
    for (auto& matrix : noise) {
        MOESCOPE_CHECK(context.check());
        for (float& value : matrix)
            value = static_cast<float>(random.normal());
    }
    const unsigned threads = context.threads();
    std::vector<Lane> lanes(threads, Lane(rows, cols));
    std::vector<Status> statuses(threads);
    const auto onEach = [&](const auto& work) -> Status {
        MOESCOPE_CHECK(context.check());
        parallelFor(context.pool(), threads, [&](std::size_t i) { statuses[i] = work(lanes[i]); });
        for (Status& status : statuses)
            MOESCOPE_CHECK(std::move(status));
        return {};
    };
    std::vector<double> ours;
    std::vector<double> wall;
    std::vector<double> ourDouble;
    std::vector<double> direct;
    std::vector<double> floorSingle;
    std::vector<double> floorDouble;
    // Everything takes turns, so that what slows the machine down slows all.
    for (std::size_t done = 0; done < matrices; done += threads) {
        const auto start = Clock::now();
        MOESCOPE_CHECK(onEach([&](Lane& lane) { return lane.timeOurs(noise); }));
        const std::size_t count = threads * kMatrices;
        wall.push_back(std::chrono::duration<double>(Clock::now() - start).count()
            / static_cast<double>(count));
        bench.matrices += count;
        MOESCOPE_CHECK(onEach([&](Lane& lane) { return lane.timeOthers(noise); }));
        for (const Lane& lane : lanes) {
            ours.push_back(lane.ours);
            ourDouble.push_back(lane.ourDouble);
            direct.push_back(lane.direct);
            floorSingle.push_back(lane.floorSingle);
            floorDouble.push_back(lane.floorDouble);
        }
    }
    for (const Lane& lane : lanes)
        bench.doubles += lane.doubles;
    bench.ours = summarise(ours);
    bench.wall = summarise(wall);
    bench.ourDouble = summarise(ourDouble);
    bench.direct = summarise(direct);
    bench.floorSingle = summarise(floorSingle);
    bench.floorDouble = summarise(floorDouble);
    return bench;
}

} // namespace moescope::bench
