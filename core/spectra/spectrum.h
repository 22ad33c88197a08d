// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// Singular values of a row-major m x n matrix, descending, min(m, n) of them, in double: a
/// SpectrumBatch of one. BadFormat names the first NaN or infinity.
Result<std::vector<double>> singularValues(
    std::span<const float> matrix, std::size_t m, std::size_t n);

/// The slow plain way (one-sided Jacobi in double), for tests. Every value has full relative
/// accuracy.
std::vector<double> singularValuesReference(
    std::span<const float> matrix, std::size_t m, std::size_t n);

/// Smallest r whose r largest squares sum to `share` of all squares; 0 for zero energy. A share
/// that is missed by less than 1e-12 counts as reached, so that rounding decides no ties.
std::size_t energyRank(std::span<const double> singularValues, double share);
/// Cumulative energy share after 1..min values; empty for zero energy.
std::vector<double> cumulativeEnergy(std::span<const double> singularValues);

/// Rank that i.i.d. noise of this shape needs for `share` of its energy: the Marchenko-Pastur law
/// (closed form of EXPERIMENTS section 3.0). In [0, min(m, n)], not rounded.
double marchenkoPasturRank(std::size_t m, std::size_t n, double share);
/// Singular values of i.i.d. noise with unit mean square, descending, min(m, n) of them: the root
/// mean square inside each quantile of the Marchenko-Pastur law, so that the squares sum to mn.
std::vector<double> marchenkoPasturSpectrum(std::size_t m, std::size_t n);
/// mn/(m+n): above this rank two factors are larger than the matrix.
double breakEvenRank(std::size_t m, std::size_t n);

} // namespace moescope
