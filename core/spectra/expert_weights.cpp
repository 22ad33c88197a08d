// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/expert_weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/spectra/certain_spectra.h"
#include "core/spectra/linear_algebra.h"
#include "core/stats/intervals.h"
#include "core/task/worker_pool.h"

namespace moescope {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMaxSurrogates = 4;
/// Bytes of the rows of all experts that are held together while their dot products are summed.
constexpr std::size_t kRowBlockBytes = std::size_t{16} << 20;
/// Of all work: reading and summing is cheap beside two decompositions an expert.
constexpr double kShareOfSums = 0.1;
/// What BLAS keeps for each thread that calls it.
constexpr std::uint64_t kBlasBytes = std::uint64_t{8} << 20;

std::size_t rowsPerBlock(std::size_t experts, std::size_t m, std::size_t n)
{
    const std::size_t rowBytes = experts * n * sizeof(double);
    return std::clamp<std::size_t>(kRowBlockBytes / std::max<std::size_t>(rowBytes, 1), 1, m);
}

Status checkBiases(std::span<const MatrixView> experts, std::span<const MatrixView> biases)
{
    if (!biases.empty() && biases.size() != experts.size())
        return fail(ErrorCode::InvalidArgument,
            fmt::format("There are {} biases for {} experts.", biases.size(), experts.size()));
    for (std::size_t i = 0; i < biases.size(); ++i) {
        if (biases[i].rows != experts[i].rows || biases[i].cols != 1
            || !isDecodable(biases[i].dtype))
            return fail(ErrorCode::InvalidArgument,
                fmt::format("The bias of expert {} does not fit its {} rows.", i, experts[i].rows));
    }
    return {};
}

Status checkViews(std::span<const MatrixView> experts)
{
    if (experts.empty())
        return fail(ErrorCode::InvalidArgument, "There are no experts to analyse.");
    const MatrixView& first = experts.front();
    for (std::size_t i = 0; i < experts.size(); ++i) {
        const MatrixView& view = experts[i];
        if (view.empty() || view.rows == 0 || view.cols == 0)
            return fail(ErrorCode::InvalidArgument, fmt::format("Expert {} has no weights.", i));
        if (view.rows != first.rows || view.cols != first.cols)
            return fail(ErrorCode::BadFormat,
                fmt::format("Expert {} is {} x {}, but expert 0 is {} x {}.", i, view.rows,
                    view.cols, first.rows, first.cols));
        if (!isDecodable(view.dtype))
            return fail(ErrorCode::Unsupported,
                fmt::format("Expert {} is stored as {}, which cannot be turned into numbers here.",
                    i, dtypeName(view.dtype)));
    }
    const std::size_t smaller = std::min(first.rows, first.cols);
    const std::size_t larger = std::max(first.rows, first.cols);
    if (smaller > kMaxOrder || larger > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return fail(ErrorCode::Unsupported,
            fmt::format("Experts of {} x {} are too large for their spectra, the smaller side may "
                        "be {} at most.",
                first.rows, first.cols, kMaxOrder));
    return {};
}

/// Both passes over the experts of one projection.
class Analyser {
public:
    Analyser(
        std::span<const MatrixView> experts, TaskContext& context, const ProjectionOptions& options)
        : m_experts(experts)
        , m_context(context)
        , m_options(options)
        , m_rows(experts.front().rows)
        , m_cols(experts.front().cols)
    {
        m_result.m = m_rows;
        m_result.n = m_cols;
    }

    Result<ProjectionAnalysis> run()
    {
        MOESCOPE_CHECK(sumOverRows());
        MOESCOPE_CHECK(decomposeExperts());
        return std::move(m_result);
    }

private:
    /// Sums over some rows of all experts.
    struct RowBlock {
        std::vector<double> values; // [N][rows·cols]
        std::vector<float> decoded; // [rows·cols]
        std::vector<double> dots; // [N][N], upper triangle
        std::vector<double> deltaEnergy; // [N]
        double meanEnergy = 0;
    };
    /// One thread's matrix and the spectra that it has begun.
    struct Slot {
        std::vector<float> matrix;
        std::optional<std::size_t> expert; // whose matrix it is
        std::optional<CertainSpectra> spectra;
        std::size_t doubles = 0;
    };

    Status sumOverRows();
    Status sumBlock(RowBlock& block, std::size_t first, std::size_t count);
    void finishSums(const std::vector<double>& dots, double deltaEnergy, double meanEnergy);
    /// Rows of one expert, its column bias added if there is one.
    void decode(std::size_t expert, std::size_t first, std::size_t count, std::span<float> out);
    Status decomposeExperts();
    Result<CertainSpectra::Input> load(Slot& slot, std::size_t task);
    void drawSurrogate(Slot& slot, std::size_t index);
    void keep(Slot& slot, std::size_t task, Spectrum&& spectrum, bool certain);

    /// work(slot, i) for i in [0, count), as many at a time as there are slots. Stop and progress
    /// are looked at between these waves, on the calling thread; the error of the lowest index
    /// wins.
    Status inWaves(std::size_t count, std::size_t slots, double from, double to,
        const std::function<Status(std::size_t, std::size_t)>& work,
        const std::function<void(std::size_t)>& collect = {});

    std::span<const MatrixView> m_experts;
    TaskContext& m_context;
    const ProjectionOptions& m_options;
    std::size_t m_rows;
    std::size_t m_cols;
    ProjectionAnalysis m_result;
    std::vector<double> m_mean; // [m][n]
    std::vector<std::vector<double>> m_surrogateRowEnergy; // [surrogates][m], of Δ
    SpectrumPrecision m_raw = SpectrumPrecision::Double; // first tried, of whole matrices
    SpectrumPrecision m_delta = SpectrumPrecision::Double;
};

Status Analyser::inWaves(std::size_t count, std::size_t slots, double from, double to,
    const std::function<Status(std::size_t, std::size_t)>& work,
    const std::function<void(std::size_t)>& collect)
{
    std::vector<Status> statuses(slots);
    for (std::size_t first = 0; first < count; first += slots) {
        MOESCOPE_CHECK(m_context.check());
        const std::size_t wave = std::min(slots, count - first);
        parallelFor(m_context.pool(), wave,
            [&](std::size_t slot) { statuses[slot] = work(slot, first + slot); });
        for (std::size_t slot = 0; slot < wave; ++slot) {
            MOESCOPE_CHECK(std::move(statuses[slot]));
            if (collect)
                collect(slot);
        }
        const double done = static_cast<double>(first + wave) / static_cast<double>(count);
        const double local = from + (to - from) * done;
        m_context.progress(
            m_options.progressFrom + (m_options.progressTo - m_options.progressFrom) * local,
            m_options.stage);
    }
    return m_context.check();
}

Status Analyser::sumOverRows()
{
    const std::size_t experts = m_experts.size();
    const std::size_t height = rowsPerBlock(experts, m_rows, m_cols);
    const std::size_t blocks = (m_rows + height - 1) / height;
    const std::size_t surrogates = std::min(experts, kMaxSurrogates);
    for (std::size_t s = 0; s < surrogates; ++s)
        m_result.surrogateExperts.push_back(s * experts / surrogates);
    m_surrogateRowEnergy.assign(surrogates, std::vector<double>(m_rows));
    m_mean.resize(m_rows * m_cols);

    std::vector<RowBlock> slots(std::min<std::size_t>(m_context.threads(), blocks));
    std::vector<double> dots(experts * experts);
    double deltaEnergy = 0;
    double meanEnergy = 0;
    // Blocks are added in their order, whichever thread summed them.
    const auto collect = [&](std::size_t slot) {
        const RowBlock& block = slots[slot];
        for (std::size_t i = 0; i < dots.size(); ++i)
            dots[i] += block.dots[i];
        for (const double energy : block.deltaEnergy)
            deltaEnergy += energy;
        meanEnergy += block.meanEnergy;
    };
    const auto work = [&](std::size_t slot, std::size_t index) {
        const std::size_t first = index * height;
        return sumBlock(slots[slot], first, std::min(height, m_rows - first));
    };
    MOESCOPE_CHECK(inWaves(blocks, slots.size(), 0, kShareOfSums, work, collect));
    finishSums(dots, deltaEnergy, meanEnergy);
    return {};
}

void Analyser::decode(
    std::size_t expert, std::size_t first, std::size_t count, std::span<float> out)
{
    decodeRows(m_experts[expert], first, count, out);
    if (m_options.columnBias.empty())
        return;
    std::vector<float> bias(count);
    decodeRows(m_options.columnBias[expert], first, count, bias);
    for (std::size_t i = 0; i < count * m_cols; ++i)
        out[i] += bias[i / m_cols];
}

Status Analyser::sumBlock(RowBlock& block, std::size_t first, std::size_t count)
{
    const std::size_t experts = m_experts.size();
    const std::size_t size = count * m_cols;
    block.values.resize(experts * size);
    block.decoded.resize(size);
    double* mean = m_mean.data() + first * m_cols;
    std::fill_n(mean, size, 0.0);
    for (std::size_t e = 0; e < experts; ++e) {
        decode(e, first, count, block.decoded);
        double* values = block.values.data() + e * size;
        bool finite = true;
        for (std::size_t i = 0; i < size; ++i) {
            finite = finite && std::isfinite(block.decoded[i]);
            values[i] = static_cast<double>(block.decoded[i]);
            mean[i] += values[i];
        }
        if (!finite) {
            const auto bad = std::find_if(block.decoded.begin(), block.decoded.end(),
                [](float x) { return !std::isfinite(x); });
            const auto index = static_cast<std::size_t>(bad - block.decoded.begin());
            return fail(ErrorCode::BadFormat,
                fmt::format("The weight of expert {} in row {}, column {} is {}, not a finite "
                            "number.",
                    e, first + index / m_cols, index % m_cols, *bad));
        }
    }
    block.meanEnergy = 0;
    for (std::size_t i = 0; i < size; ++i) {
        mean[i] /= static_cast<double>(experts);
        block.meanEnergy += mean[i] * mean[i];
    }
    block.dots.assign(experts * experts, 0.0);
    addOuterGram(block.dots, block.values, experts, size);

    block.deltaEnergy.assign(experts, 0.0);
    std::size_t surrogate = 0;
    for (std::size_t e = 0; e < experts; ++e) {
        const bool chosen = surrogate < m_result.surrogateExperts.size()
            && m_result.surrogateExperts[surrogate] == e;
        for (std::size_t r = 0; r < count; ++r) {
            const double* values = block.values.data() + e * size + r * m_cols;
            double energy = 0;
            for (std::size_t c = 0; c < m_cols; ++c) {
                const double difference = values[c] - mean[r * m_cols + c];
                energy += difference * difference;
            }
            block.deltaEnergy[e] += energy;
            if (chosen)
                m_surrogateRowEnergy[surrogate][first + r] = energy;
        }
        if (chosen)
            ++surrogate;
    }
    return {};
}

void Analyser::finishSums(const std::vector<double>& dots, double deltaEnergy, double meanEnergy)
{
    const std::size_t experts = m_experts.size();
    double energy = 0;
    m_result.norms.resize(experts);
    for (std::size_t i = 0; i < experts; ++i) {
        energy += dots[i * experts + i];
        m_result.norms[i] = std::sqrt(dots[i * experts + i]);
    }
    m_result.cosine.assign(experts * experts, 1.0);
    for (std::size_t i = 0; i < experts; ++i) {
        for (std::size_t j = i; j < experts; ++j) {
            const double product = m_result.norms[i] * m_result.norms[j];
            double cosine = i == j ? 1.0 : std::clamp(dots[i * experts + j] / product, -1.0, 1.0);
            if (!(product > 0))
                cosine = kNan;
            m_result.cosine[i * experts + j] = cosine;
            m_result.cosine[j * experts + i] = cosine;
        }
    }
    m_result.cosines = summariseCosines(m_result.cosine, experts);
    m_result.baseEnergy = energy > 0 ? static_cast<double>(experts) * meanEnergy / energy : kNan;
    m_result.deltaShare = energy > 0 ? deltaEnergy / energy : 0;
    const double meanNorm = mean(m_result.norms);
    m_result.normCv = meanNorm > 0 ? standardDeviation(m_result.norms) / meanNorm : 0;
}

// Tasks 2e and 2e + 1 are W_e and Δ_e, those behind them the surrogates.

Status Analyser::decomposeExperts()
{
    const std::size_t experts = m_experts.size();
    const std::size_t surrogates = m_result.surrogateExperts.size();
    m_result.rawSigma.resize(experts);
    m_result.deltaSigma.resize(experts);
    m_result.surrogateSigma.resize(surrogates);
    std::vector<double> shares{0.90, 0.95, 0.99};
    shares.insert(shares.end(), m_options.shares.begin(), m_options.shares.end());
    std::vector<Slot> slots(std::min<std::size_t>(m_context.threads(), experts + surrogates));
    for (Slot& slot : slots)
        slot.spectra.emplace(
            m_rows, m_cols, shares, [&](std::size_t task) { return load(slot, task); },
            [&](std::size_t task, Spectrum&& spectrum, bool certain) {
                keep(slot, task, std::move(spectrum), certain);
            });

    const SpectrumPrecision first = m_options.single && suitsSingle(m_rows, m_cols)
        ? SpectrumPrecision::Single
        : SpectrumPrecision::Double;
    m_raw = m_delta = first;
    // What turns out not to suit the first expert is not tried on the others.
    CertainSpectra& pilot = *slots.front().spectra;
    MOESCOPE_CHECK(pilot.add(0, m_raw));
    MOESCOPE_CHECK(pilot.add(1, m_delta));
    MOESCOPE_CHECK(pilot.finish());
    const auto work = [&](std::size_t slot, std::size_t index) -> Status {
        CertainSpectra& spectra = *slots[slot].spectra;
        const std::size_t expert = index + 1;
        if (expert >= experts)
            return spectra.add(experts + expert, first);
        MOESCOPE_CHECK(spectra.add(2 * expert, m_raw));
        return spectra.add(2 * expert + 1, m_delta);
    };
    // What waits in the batches then, and what must be redone in double, is work too.
    constexpr double kShareBegun = 0.9;
    MOESCOPE_CHECK(
        inWaves(experts - 1 + surrogates, slots.size(), kShareOfSums, kShareBegun, work));
    const auto finish
        = [&](std::size_t slot, std::size_t) { return slots[slot].spectra->finish(); };
    MOESCOPE_CHECK(inWaves(slots.size(), slots.size(), kShareBegun, 1, finish));
    for (const Slot& slot : slots)
        m_result.doubleSpectra += slot.doubles;
    return {};
}

Result<CertainSpectra::Input> Analyser::load(Slot& slot, std::size_t task)
{
    MOESCOPE_CHECK(m_context.check());
    slot.matrix.resize(m_rows * m_cols);
    if (task >= 2 * m_experts.size()) {
        drawSurrogate(slot, task - 2 * m_experts.size());
        return CertainSpectra::Input{slot.matrix, {}};
    }
    if (slot.expert != task / 2) {
        decode(task / 2, 0, m_rows, slot.matrix);
        slot.expert = task / 2;
    }
    if (task % 2 == 1)
        return CertainSpectra::Input{slot.matrix, m_mean};
    return CertainSpectra::Input{slot.matrix, {}};
}

void Analyser::keep(Slot& slot, std::size_t task, Spectrum&& spectrum, bool certain)
{
    if (!certain) {
        if (task == 0 && !isAccurate(spectrum))
            m_raw = SpectrumPrecision::Double;
        if (task == 1 && !isAccurate(spectrum))
            m_delta = SpectrumPrecision::Double;
        return;
    }
    slot.doubles += spectrum.precision == SpectrumPrecision::Double ? 1 : 0;
    const std::size_t experts = m_experts.size();
    auto& into = task >= 2 * experts ? m_result.surrogateSigma[task - 2 * experts]
        : task % 2 == 1              ? m_result.deltaSigma[task / 2]
                                     : m_result.rawSigma[task / 2];
    into = std::move(spectrum.values);
}

void Analyser::drawSurrogate(Slot& slot, std::size_t index)
{
    slot.expert.reset();
    Random random = Random::stream(m_options.seed, m_options.stream, index);
    for (std::size_t r = 0; r < m_rows; ++r) {
        float* row = slot.matrix.data() + r * m_cols;
        double energy = 0;
        for (std::size_t c = 0; c < m_cols; ++c) {
            row[c] = static_cast<float>(random.normal());
            energy += static_cast<double>(row[c]) * static_cast<double>(row[c]);
        }
        const double scale = energy > 0 ? std::sqrt(m_surrogateRowEnergy[index][r] / energy) : 0.0;
        for (std::size_t c = 0; c < m_cols; ++c)
            row[c] = static_cast<float>(static_cast<double>(row[c]) * scale);
    }
}

} // namespace

Result<ProjectionAnalysis> analyseProjection(
    std::span<const MatrixView> experts, TaskContext& context, const ProjectionOptions& options)
{
    try {
        MOESCOPE_CHECK(context.check());
        MOESCOPE_CHECK(checkViews(experts));
        MOESCOPE_CHECK(checkBiases(experts, options.columnBias));
        return Analyser(experts, context, options).run();
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("Not enough memory to analyse {} experts of {} x {}.", experts.size(),
                experts.front().rows, experts.front().cols));
    } catch (const std::exception& exception) {
        return fail(ErrorCode::Internal,
            fmt::format("The analysis of the expert weights failed: {}", exception.what()));
    }
}

std::uint64_t analyseProjectionMemory(std::span<const MatrixView> experts, unsigned threads)
{
    if (experts.empty())
        return 0;
    const std::uint64_t count = experts.size();
    const std::uint64_t m = experts.front().rows;
    const std::uint64_t n = experts.front().cols;
    const std::uint64_t elements = m * n;
    const std::uint64_t height = rowsPerBlock(count, m, n);
    const std::uint64_t perBlock
        = height * n * (count * sizeof(double) + sizeof(float)) + count * count * sizeof(double);
    const std::uint64_t perMatrix = elements * sizeof(float) + SpectrumBatch::bytes(m, n);
    const std::uint64_t blocks = std::min<std::uint64_t>(threads, (m + height - 1) / height);
    const std::uint64_t matrices = std::min<std::uint64_t>(threads, count + kMaxSurrogates);
    const std::uint64_t result
        = sizeof(double) * (2 * count * count + 2 * (count + kMaxSurrogates) * std::min(m, n));
    return elements * sizeof(double) + threads * kBlasBytes
        + std::max(blocks * perBlock, matrices * perMatrix) + result;
}

} // namespace moescope
