// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace moescope {

/// The few BLAS and LAPACK calls of this program. Every call runs on the calling thread alone and
/// gives the same bits on any thread; several threads may call at once.

/// Largest order whose n² still fits the 32-bit integers of LAPACK.
inline constexpr std::size_t kMaxOrder = 46340;

/// gram += block · blockᵀ for a row-major block [order][columns]; only the upper triangle of the
/// row-major `gram` [order][order] is written.
void addOuterGram(
    std::span<double> gram, std::span<const double> block, std::size_t order, std::size_t columns);
void addOuterGram(
    std::span<float> gram, std::span<const float> block, std::size_t order, std::size_t columns);
/// gram += blockᵀ · block for a row-major block [rows][order].
void addInnerGram(
    std::span<double> gram, std::span<const double> block, std::size_t rows, std::size_t order);
void addInnerGram(
    std::span<float> gram, std::span<const float> block, std::size_t rows, std::size_t order);

/// Eigenvalues, ascending, of a symmetric matrix whose row-major upper triangle is given; the
/// matrix is destroyed. The two buffers are resized as needed. SpectrumBatch, which is faster, is
/// tested against it.
Result<std::vector<double>> symmetricEigenvalues(std::span<double> matrix, std::size_t order,
    std::vector<double>& work, std::vector<int>& integers);

/// Only the reduction to three diagonals of the same, by LAPACK's sytrd; the matrix is destroyed.
/// With the products above, in both precisions, the yardstick of `bench` for spectra.
Status tridiagonalise(std::span<float> matrix, std::size_t order, std::vector<float>& work);
Status tridiagonalise(std::span<double> matrix, std::size_t order, std::vector<double>& work);

/// The library and the processor whose kernels it has chosen: "OpenBLAS, Haswell kernels". It names
/// the environment variable that has chosen them, if one has.
std::string linearAlgebraName();
/// c = a · b for square row-major matrices: the yardstick of `bench`.
void squareProduct(
    std::span<const float> a, std::span<const float> b, std::span<float> c, std::size_t order);
/// Singular values by LAPACK's gesdd in single precision, descending: what `bench` compares with.
Result<std::vector<float>> directSingularValues(
    std::span<const float> matrix, std::size_t m, std::size_t n);

} // namespace moescope
