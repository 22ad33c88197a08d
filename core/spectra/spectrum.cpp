// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/spectrum.h"

#include <algorithm>
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "core/spectra/spectrum_batch.h"

namespace moescope {

Result<std::vector<double>> singularValues(
    std::span<const float> matrix, std::size_t m, std::size_t n)
{
    try {
        SpectrumBatch batch(m, n);
        MOESCOPE_CHECK(batch.add(matrix, {}, SpectrumPrecision::Double));
        MOESCOPE_TRY(auto spectra, batch.solve());
        return std::move(spectra.front().values);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("Not enough memory for the singular values of a {} x {} matrix.", m, n));
    }
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
    constexpr double kTie = 1e-12;
    double total = 0;
    for (const double s : singularValues)
        total += s * s;
    if (!(total > 0))
        return 0;
    double sum = 0;
    for (std::size_t r = 0; r < singularValues.size(); ++r) {
        sum += singularValues[r] * singularValues[r];
        if (sum >= (share - kTie) * total)
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
