// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/aligned_vector.h"
#include "core/base/result.h"

namespace moescope {

enum class SpectrumPrecision { Single, Double };

/// Singular values, descending, and how far they may be off.
struct Spectrum {
    std::vector<double> values;
    SpectrumPrecision precision = SpectrumPrecision::Double;
    /// Of single precision: bound of the root of the sum over j of the squared errors of sigma_j².
    double error = 0;
};

/// Whether all values are within kSingleTolerance of the largest one of those that double precision
/// gives; small ones lose half of their digits in a Gram matrix.
bool isAccurate(const Spectrum& spectrum);
inline constexpr double kSingleTolerance = 1e-3;
/// Whether, too, energyRank() at each of the shares is the one that double precision gives.
bool isCertain(const Spectrum& spectrum, std::span<const double> shares);

/// Whether single precision may be worth trying for this shape: not for small matrices, which cost
/// nothing, nor for nearly square ones, whose smallest values are too small for isAccurate().
bool suitsSingle(std::size_t m, std::size_t n);

/// Singular values of matrices of one shape, a few at a time: each is reduced to a band as it
/// comes, the bands of a full batch are finished side by side. One for each thread. A spectrum
/// depends on its matrix and precision alone.
///
/// In double the values are square roots of the eigenvalues of the smaller Gram matrix: those below
/// about 1e-8 of the largest are rounding noise (negative eigenvalues become 0), the sum of squares
/// is exact to rounding. In single the whole way from the matrix to its band is measured on random
/// vectors: for A the matrix, B the band and Q the rotation between them, computed in double, the
/// mean of |(B Qᵀ - Qᵀ A Aᵀ) x|² estimates ‖E‖² (Frobenius) of the error E that B is exact for, and
/// the eigenvalues of A Aᵀ and of A Aᵀ + E differ by no more in root of the sum of squares (Hoffman
/// and Wielandt). Twice the estimate counts as the bound: chance can hide more only of an error
/// that moves a few eigenvalues, far too few for what isCertain() allows.
class SpectrumBatch {
public:
    static constexpr std::size_t kCapacity = 8;

    SpectrumBatch(std::size_t m, std::size_t n);

    std::size_t size() const { return m_waiting.size(); }
    bool full() const { return size() == kCapacity; }

    /// `matrix` - `base`, both row-major; an empty base subtracts nothing. Single precision gives
    /// way to double where floats could overflow or vanish. BadFormat names the first NaN or
    /// infinity. Not when full.
    Status add(
        std::span<const float> matrix, std::span<const double> base, SpectrumPrecision precision);
    /// All that was added, in that order; the batch is empty then.
    Result<std::vector<Spectrum>> solve();

    /// Memory that one batch takes at most.
    static std::uint64_t bytes(std::size_t m, std::size_t n);

private:
    template <typename T>
    T* zeroedGram();
    double trace(const float* gram) const;
    /// Empty when floats cannot hold the Gram matrix.
    bool addSingle(std::span<const float> matrix, std::span<const double> base);
    double measuredError(std::size_t lane) const;

    std::size_t m_rows;
    std::size_t m_cols;
    std::size_t m_order;
    std::vector<Spectrum> m_waiting; // without values
    AlignedVector<std::byte> m_gram;
    AlignedVector<double> m_bands;
    AlignedVector<double> m_diagonal;
    AlignedVector<double> m_squares;
    AlignedVector<double> m_probes;
    AlignedVector<float> m_floats;
    AlignedVector<double> m_doubles;
};

} // namespace moescope
