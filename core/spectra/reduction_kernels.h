// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/aligned_vector.h"

namespace moescope {

/// Diagonals that the first stage of the reduction leaves beside the main one.
inline constexpr std::size_t kBandwidth = 16;
/// Matrices whose bands the second stage takes together, one in each lane of its vectors.
inline constexpr std::size_t kBatch = 8;
/// Random vectors that are carried through the first stage to measure its rounding.
inline constexpr std::size_t kProbes = 4;

/// Floats or doubles between the rows of a square matrix of `order` that the kernels work on. They
/// touch kTileRows more rows than there are, so that tiles need no edges.
constexpr std::size_t paddedOrder(std::size_t order)
{
    // An odd number of cache lines: the rows of a tile then lie in different sets of the cache.
    return (order + 63) / 32 * 32 + 16;
}
inline constexpr std::size_t kTileRows = 32;
/// Elements of such a matrix.
constexpr std::size_t paddedElements(std::size_t order)
{
    return (order + kTileRows) * paddedOrder(order);
}
/// Doubles of the bands of a batch: [order + 2 kBandwidth][2 kBandwidth][kBatch], zero before the
/// first band is written.
constexpr std::size_t batchElements(std::size_t order)
{
    return (order + 2 * kBandwidth) * 2 * kBandwidth * kBatch;
}

/// What a Gram matrix is made of: matrix - base, row-major [rows][cols].
struct GramSource {
    const float* matrix = nullptr;
    const double* base = nullptr; ///< null: zeros
    std::size_t rows = 0;
    std::size_t cols = 0;
};

/// Eigenvalues of Gram matrices in two stages: dense to band by products of blocks (compact WY form
/// of the reflections, Schreiber and Van Loan), then the bands of several matrices side by side to
/// tridiagonal form (chase of the bulges, Lang) and eigenvalues. Chosen for the processor at run
/// time (Highway). A result depends on its own matrix alone, not on its lane or its neighbours.
/// All memory starts with a cache line; padding outside the matrices must be zero at first.
struct ReductionKernels {
    /// Upper triangle of the smaller Gram matrix into the zeroed `gram`; `scratch` is resized.
    void (*gramFloat)(const GramSource& source, float* gram, AlignedVector<float>& scratch)
        = nullptr;
    void (*gramDouble)(const GramSource& source, double* gram, AlignedVector<double>& scratch)
        = nullptr;
    /// Probes are [order][2 kProbes], random vectors x beside G x: fills in G x for the smaller
    /// Gram matrix, in double.
    void (*gramTimesProbes)(
        const GramSource& source, double* probes, AlignedVector<double>& scratch)
        = nullptr;

    /// Reduces `gram` (destroyed) to a band, written into `lane` of the batch; applies the same
    /// rotation to the probes unless they are null.
    void (*bandFloat)(float* gram, std::size_t order, double* batch, std::size_t lane,
        double* probes, AlignedVector<float>& scratch)
        = nullptr;
    void (*bandDouble)(double* gram, std::size_t order, double* batch, std::size_t lane,
        double* probes, AlignedVector<double>& scratch)
        = nullptr;

    /// Bands to tridiagonal form: diagonal[order][kBatch], squares of the side diagonal likewise.
    void (*tridiagonal)(double* batch, std::size_t order, double* diagonal, double* squares)
        = nullptr;
    /// Eigenvalues in no order, in place of the diagonal; false where they did not converge.
    bool (*eigenvalues)(double* diagonal, double* squares, std::size_t order) = nullptr;

    const char* name = "";
};

const ReductionKernels& reductionKernels();
/// Every set that this processor can run, the best first: for tests.
std::vector<ReductionKernels> everyReductionKernels();

} // namespace moescope
