// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/spectrum_batch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/spectra/linear_algebra.h"
#include "core/spectra/reduction_kernels.h"
#include "core/spectra/spectrum.h"

namespace moescope {

static_assert(SpectrumBatch::kCapacity == kBatch);

namespace {

/// What single precision saves on smaller matrices is nothing beside the rest of the program.
constexpr std::size_t kSmallestSingle = 256;
/// By the Marchenko-Pastur law sigma_min / sigma_1 is 0.026 at this ratio of the sides.
constexpr double kSquarestSingle = 0.9;
/// Sums of squares whose own squares floats can hold.
constexpr float kSmallestTrace = 1e-10F;
constexpr float kLargestTrace = 1e15F;
constexpr double kSafety = 2;
/// Of the trace: far more than what double precision itself loses.
constexpr double kDoubleError = 1e-12;
constexpr std::uint64_t kProbeSeed = 0x5eed;

Error notFinite(std::span<const float> matrix, std::size_t n)
{
    const auto bad
        = std::find_if(matrix.begin(), matrix.end(), [](float x) { return !std::isfinite(x); });
    if (bad == matrix.end())
        return {ErrorCode::Internal, "The sum of squares of a matrix is not finite."};
    const auto index = static_cast<std::size_t>(bad - matrix.begin());
    return {ErrorCode::BadFormat,
        fmt::format("The weight in row {}, column {} is {}, not a finite number.", index / n,
            index % n, *bad)};
}

template <typename T>
T diagonalSum(const T* gram, std::size_t order)
{
    T sum = 0;
    for (std::size_t i = 0; i < order; ++i)
        sum += gram[i * paddedOrder(order) + i];
    return sum;
}

} // namespace

bool isAccurate(const Spectrum& spectrum)
{
    if (spectrum.precision == SpectrumPrecision::Double || spectrum.values.empty())
        return true;
    return spectrum.error <= kSingleTolerance * spectrum.values.front() * spectrum.values.back();
}

bool isCertain(const Spectrum& spectrum, std::span<const double> shares)
{
    if (spectrum.precision == SpectrumPrecision::Double)
        return true;
    if (!isAccurate(spectrum))
        return false;
    const std::vector<double>& values = spectrum.values;
    const double count = static_cast<double>(values.size());
    double total = 0;
    for (const double s : values)
        total += s * s;
    // The sum of r squares less `share` of all is a weighted sum of all squares, so that the root
    // of the sum of squared weights times the error bounds its error (Cauchy and Schwarz).
    const auto slack = [&](double r, double share) {
        return spectrum.error
            * std::sqrt(r * (1 - share) * (1 - share) + (count - r) * share * share);
    };
    return std::all_of(shares.begin(), shares.end(), [&](double share) {
        const std::size_t rank = energyRank(values, share);
        if (rank == 0)
            return false;
        double sum = 0;
        for (std::size_t r = 0; r + 1 < rank; ++r)
            sum += values[r] * values[r];
        const double before = sum - share * total;
        const double behind = before + values[rank - 1] * values[rank - 1];
        const auto r = static_cast<double>(rank);
        return before < -slack(r - 1, share) && behind > slack(r, share);
    });
}

bool suitsSingle(std::size_t m, std::size_t n)
{
    const std::size_t order = std::min(m, n);
    return order >= kSmallestSingle
        && static_cast<double>(order) <= kSquarestSingle * static_cast<double>(std::max(m, n));
}

SpectrumBatch::SpectrumBatch(std::size_t m, std::size_t n)
    : m_rows(m)
    , m_cols(n)
    , m_order(std::min(m, n))
{
}

template <typename T>
T* SpectrumBatch::zeroedGram()
{
    // Both precisions share the memory.
    m_gram.reserve(paddedElements(m_order) * sizeof(double));
    m_gram.assign(paddedElements(m_order) * sizeof(T), std::byte(0));
    return reinterpret_cast<T*>(m_gram.data());
}

Status SpectrumBatch::add(
    std::span<const float> matrix, std::span<const double> base, SpectrumPrecision precision)
{
    if (matrix.size() != m_rows * m_cols || (!base.empty() && base.size() != matrix.size()))
        return fail(ErrorCode::InvalidArgument,
            fmt::format("A {} x {} matrix has {} values, expected {}.", m_rows, m_cols,
                matrix.size(), m_rows * m_cols));
    if (m_order > kMaxOrder)
        return fail(ErrorCode::Unsupported,
            fmt::format("Singular values of a {} x {} matrix are not supported: the smaller side "
                        "may be {} at most.",
                m_rows, m_cols, kMaxOrder));
    if (full())
        return fail(ErrorCode::Internal, "A batch of spectra was asked to hold one more.");
    if (m_waiting.empty())
        m_bands.assign(batchElements(m_order), 0.0);
    if (precision == SpectrumPrecision::Single && addSingle(matrix, base))
        return {};
    const ReductionKernels& kernels = reductionKernels();
    auto* gram = zeroedGram<double>();
    kernels.gramDouble(
        {matrix.data(), base.empty() ? nullptr : base.data(), m_rows, m_cols}, gram, m_doubles);
    // Squares of finite floats cannot overflow a double, so the trace tells whether all were
    // finite.
    if (!std::isfinite(diagonalSum(gram, m_order)))
        return tl::unexpected(notFinite(matrix, m_cols));
    kernels.bandDouble(gram, m_order, m_bands.data(), size(), nullptr, m_doubles);
    m_waiting.push_back({{}, SpectrumPrecision::Double, 0});
    return {};
}

bool SpectrumBatch::addSingle(std::span<const float> matrix, std::span<const double> base)
{
    const ReductionKernels& kernels = reductionKernels();
    const GramSource source{matrix.data(), base.empty() ? nullptr : base.data(), m_rows, m_cols};
    auto* gram = zeroedGram<float>();
    kernels.gramFloat(source, gram, m_floats);
    const float trace = diagonalSum(gram, m_order);
    if (!(trace > kSmallestTrace && trace < kLargestTrace))
        return false;
    m_probes.resize(m_order * 2 * kProbes);
    Random random(kProbeSeed);
    for (std::size_t i = 0; i < m_order; ++i) {
        std::uint64_t bits = random.next();
        for (std::size_t p = 0; p < kProbes; ++p, bits >>= 1)
            m_probes[i * 2 * kProbes + p] = (bits & 1) != 0 ? 1.0 : -1.0;
    }
    kernels.gramTimesProbes(source, m_probes.data(), m_doubles);
    kernels.bandFloat(gram, m_order, m_bands.data(), size(), m_probes.data(), m_floats);
    const double error
        = kSafety * measuredError(size()) + kDoubleError * static_cast<double>(trace);
    m_waiting.push_back({{}, SpectrumPrecision::Single, error});
    return true;
}

double SpectrumBatch::measuredError(std::size_t lane) const
{
    // Band times rotated x, less rotated G x.
    std::vector<double> residual(m_order * kProbes);
    for (std::size_t j = 0; j < m_order; ++j) {
        const double* column = m_bands.data() + j * 2 * kBandwidth * kBatch + lane;
        const double* probe = m_probes.data() + j * 2 * kProbes;
        const std::size_t last = std::min(kBandwidth, m_order - 1 - j);
        for (std::size_t p = 0; p < kProbes; ++p)
            residual[j * kProbes + p] += column[0] * probe[p] - probe[kProbes + p];
        for (std::size_t q = 1; q <= last; ++q) {
            const double value = column[q * kBatch];
            for (std::size_t p = 0; p < kProbes; ++p) {
                residual[(j + q) * kProbes + p] += value * probe[p];
                residual[j * kProbes + p] += value * probe[q * 2 * kProbes + p];
            }
        }
    }
    double sum = 0;
    for (const double x : residual)
        sum += x * x;
    return std::sqrt(sum / static_cast<double>(kProbes));
}

Result<std::vector<Spectrum>> SpectrumBatch::solve()
{
    std::vector<Spectrum> spectra = std::move(m_waiting);
    m_waiting.clear();
    if (spectra.empty() || m_order == 0)
        return spectra;
    m_diagonal.resize(m_order * kBatch);
    m_squares.resize(m_order * kBatch);
    const ReductionKernels& kernels = reductionKernels();
    kernels.tridiagonal(m_bands.data(), m_order, m_diagonal.data(), m_squares.data());
    if (!kernels.eigenvalues(m_diagonal.data(), m_squares.data(), m_order))
        return fail(ErrorCode::Internal,
            fmt::format("The eigenvalues of a matrix of order {} did not converge.", m_order));
    for (std::size_t lane = 0; lane < spectra.size(); ++lane) {
        std::vector<double>& values = spectra[lane].values;
        values.resize(m_order);
        for (std::size_t i = 0; i < m_order; ++i)
            values[i] = std::sqrt(std::max(m_diagonal[i * kBatch + lane], 0.0));
        std::sort(values.rbegin(), values.rend());
    }
    return spectra;
}

std::uint64_t SpectrumBatch::bytes(std::size_t m, std::size_t n)
{
    const std::uint64_t order = std::min(m, n);
    const std::uint64_t step = paddedOrder(order);
    // Strips, rows beside the probes, panels of 16 KB for two vectors of columns; in both
    // precisions.
    const std::uint64_t strips = 12 * kBandwidth * (step + kTileRows);
    const std::uint64_t doubles = batchElements(order) + strips + (2 * kBatch + 3 * kProbes) * order
        + (4 + 2 * kProbes) * std::uint64_t{n};
    return sizeof(double) * (paddedElements(order) + doubles);
}

} // namespace moescope
