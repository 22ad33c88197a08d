// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/spectrum.h"

#include <algorithm>
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "core/spectra/linear_algebra.h"

namespace moescope {

namespace {

/// Rows or columns that are turned to double at a time: wide enough for BLAS to run at full speed.
constexpr std::size_t kBlock = 256;
/// What LAPACK's reduction to three diagonals asks for at most, in columns.
constexpr std::uint64_t kSolverColumns = 110;

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

void accumulateGram(std::span<const float> matrix, std::span<const double> base, std::size_t m,
    std::size_t n, SpectrumWorkspace& workspace)
{
    const bool wide = m <= n;
    const std::size_t order = std::min(m, n);
    const std::size_t length = std::max(m, n);
    workspace.gram.assign(order * order, 0.0);
    workspace.block.resize(order * std::min(kBlock, length));
    for (std::size_t first = 0; first < length; first += kBlock) {
        const std::size_t count = std::min(kBlock, length - first);
        // Wide: columns [first, first + count) of all rows; tall: whole rows, which lie together.
        const std::size_t rows = wide ? m : 1;
        const std::size_t run = wide ? count : count * n;
        double* out = workspace.block.data();
        for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t start = wide ? r * n + first : first * n;
            for (std::size_t i = 0; i < run; ++i)
                out[i] = base.empty() ? static_cast<double>(matrix[start + i])
                                      : static_cast<double>(matrix[start + i]) - base[start + i];
            out += run;
        }
        if (wide)
            addOuterGram(workspace.gram, workspace.block, order, count);
        else
            addInnerGram(workspace.gram, workspace.block, count, order);
    }
}

} // namespace

Result<std::vector<double>> singularValues(std::span<const float> matrix,
    std::span<const double> base, std::size_t m, std::size_t n, SpectrumWorkspace& workspace)
{
    if (matrix.size() != m * n || (!base.empty() && base.size() != matrix.size()))
        return fail(ErrorCode::InvalidArgument,
            fmt::format(
                "A {} x {} matrix has {} values, expected {}.", m, n, matrix.size(), m * n));
    const std::size_t order = std::min(m, n);
    if (order > kMaxOrder)
        return fail(ErrorCode::Unsupported,
            fmt::format("Singular values of a {} x {} matrix are not supported: the smaller side "
                        "may be {} at most.",
                m, n, kMaxOrder));
    if (order == 0)
        return std::vector<double>{};
    accumulateGram(matrix, base, m, n, workspace);
    // Squares of finite floats cannot overflow a double, so the trace tells whether all were
    // finite.
    double trace = 0;
    for (std::size_t i = 0; i < order; ++i)
        trace += workspace.gram[i * order + i];
    if (!std::isfinite(trace))
        return tl::unexpected(notFinite(matrix, n));
    MOESCOPE_TRY(auto values,
        symmetricEigenvalues(workspace.gram, order, workspace.solver, workspace.solverIntegers));
    std::reverse(values.begin(), values.end());
    for (double& value : values)
        value = std::sqrt(std::max(value, 0.0));
    return values;
}

Result<std::vector<double>> singularValues(
    std::span<const float> matrix, std::size_t m, std::size_t n)
{
    try {
        SpectrumWorkspace workspace;
        return singularValues(matrix, {}, m, n, workspace);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("Not enough memory for the singular values of a {} x {} matrix.", m, n));
    }
}

std::uint64_t spectrumWorkspaceBytes(std::size_t m, std::size_t n)
{
    const std::uint64_t order = std::min(m, n);
    return sizeof(double) * order * (order + kBlock + kSolverColumns);
}

std::vector<double> singularValuesReference(
    std::span<const float> matrix, std::size_t m, std::size_t n)
{
    // One-sided Jacobi: rotates pairs of the `order` vectors until all are orthogonal.
    const std::size_t order = std::min(m, n);
    const std::size_t length = std::max(m, n);
    std::vector<std::vector<double>> vectors(order, std::vector<double>(length));
    for (std::size_t i = 0; i < order; ++i)
        for (std::size_t j = 0; j < length; ++j)
            vectors[i][j] = static_cast<double>(m <= n ? matrix[i * n + j] : matrix[j * n + i]);
    constexpr int kMaxSweeps = 60;
    constexpr double kTolerance = 1e-15;
    bool rotated = true;
    for (int sweep = 0; sweep < kMaxSweeps && rotated; ++sweep) {
        rotated = false;
        for (std::size_t p = 0; p < order; ++p) {
            for (std::size_t q = p + 1; q < order; ++q) {
                double pp = 0;
                double qq = 0;
                double pq = 0;
                for (std::size_t j = 0; j < length; ++j) {
                    pp += vectors[p][j] * vectors[p][j];
                    qq += vectors[q][j] * vectors[q][j];
                    pq += vectors[p][j] * vectors[q][j];
                }
                if (pq == 0 || std::abs(pq) <= kTolerance * std::sqrt(pp) * std::sqrt(qq))
                    continue;
                rotated = true;
                const double zeta = (qq - pp) / (2 * pq);
                const double t
                    = (zeta >= 0 ? 1.0 : -1.0) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
                const double c = 1 / std::sqrt(1 + t * t);
                const double s = c * t;
                for (std::size_t j = 0; j < length; ++j) {
                    const double x = vectors[p][j];
                    const double y = vectors[q][j];
                    vectors[p][j] = c * x - s * y;
                    vectors[q][j] = s * x + c * y;
                }
            }
        }
    }
    std::vector<double> values(order);
    for (std::size_t i = 0; i < order; ++i) {
        double sum = 0;
        for (const double x : vectors[i])
            sum += x * x;
        values[i] = std::sqrt(sum);
    }
    std::sort(values.rbegin(), values.rend());
    return values;
}

std::size_t energyRank(std::span<const double> singularValues, double share)
{
    double total = 0;
    for (const double s : singularValues)
        total += s * s;
    if (!(total > 0))
        return 0;
    double sum = 0;
    for (std::size_t r = 0; r < singularValues.size(); ++r) {
        sum += singularValues[r] * singularValues[r];
        if (sum >= share * total)
            return r + 1;
    }
    return singularValues.size();
}

std::vector<double> cumulativeEnergy(std::span<const double> singularValues)
{
    std::vector<double> shares(singularValues.size());
    double sum = 0;
    for (std::size_t r = 0; r < singularValues.size(); ++r) {
        sum += singularValues[r] * singularValues[r];
        shares[r] = sum;
    }
    if (!(sum > 0))
        return {};
    for (double& share : shares)
        share /= sum;
    return shares;
}

double breakEvenRank(std::size_t m, std::size_t n)
{
    if (m == 0 || n == 0)
        return 0;
    const auto rows = static_cast<double>(m);
    const auto cols = static_cast<double>(n);
    return rows * cols / (rows + cols);
}

} // namespace moescope
