// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/linear_algebra.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cstdlib>
#include <type_traits>

#include <fmt/format.h>

namespace moescope {

static_assert(std::is_same_v<lapack_int, int>);

namespace {

/// From this order on the reduction in two stages wins: the plain one waits for memory.
constexpr std::size_t kTwoStageOrder = 2048;

/// Parallelism is one matrix per worker; threads inside a sum would make results depend on their
/// number.
void useOneThread()
{
    static const bool done = [] {
        openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(done);
}

blasint asInt(std::size_t value)
{
    return static_cast<blasint>(value);
}

template <typename T, typename Reduce>
Status tridiagonaliseBy(Reduce reduce, std::span<T> matrix, std::size_t order, std::vector<T>& work)
{
    useOneThread();
    constexpr std::size_t kBlockColumns = 64;
    work.resize(order * (kBlockColumns + 3));
    T* diagonal = work.data();
    T* side = diagonal + order;
    T* scales = side + order;
    const lapack_int n = asInt(order);
    const lapack_int info = reduce(LAPACK_COL_MAJOR, 'L', n, matrix.data(), n, diagonal, side,
        scales, scales + order, asInt(order * kBlockColumns));
    if (info != 0)
        return fail(ErrorCode::Internal,
            fmt::format("A matrix of order {} could not be reduced to three diagonals (LAPACK "
                        "sytrd returned {}).",
                order, info));
    return {};
}

} // namespace

void addOuterGram(
    std::span<double> gram, std::span<const double> block, std::size_t order, std::size_t columns)
{
    useOneThread();
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, asInt(order), asInt(columns), 1.0,
        block.data(), asInt(columns), 1.0, gram.data(), asInt(order));
}

void addOuterGram(
    std::span<float> gram, std::span<const float> block, std::size_t order, std::size_t columns)
{
    useOneThread();
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, asInt(order), asInt(columns), 1.0F,
        block.data(), asInt(columns), 1.0F, gram.data(), asInt(order));
}

void addInnerGram(
    std::span<float> gram, std::span<const float> block, std::size_t rows, std::size_t order)
{
    useOneThread();
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, asInt(order), asInt(rows), 1.0F,
        block.data(), asInt(order), 1.0F, gram.data(), asInt(order));
}

void addInnerGram(
    std::span<double> gram, std::span<const double> block, std::size_t rows, std::size_t order)
{
    useOneThread();
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, asInt(order), asInt(rows), 1.0, block.data(),
        asInt(order), 1.0, gram.data(), asInt(order));
}

Result<std::vector<double>> symmetricEigenvalues(std::span<double> matrix, std::size_t order,
    std::vector<double>& work, std::vector<int>& integers)
{
    useOneThread();
    if (order == 0)
        return std::vector<double>{};
    if (order > kMaxOrder)
        return fail(ErrorCode::Unsupported,
            fmt::format("Eigenvalues of a matrix of order {} are not supported, the limit is {}.",
                order, kMaxOrder));
    std::vector<double> values(order);
    const lapack_int n = asInt(order);
    // The row-major upper triangle is LAPACK's column-major lower one. The _work forms neither
    // allocate nor print.
    const auto solve = order >= kTwoStageOrder ? LAPACKE_dsyevd_2stage_work : LAPACKE_dsyevd_work;
    double wantedWork = 0;
    lapack_int wantedIntegers = 0;
    lapack_int info = solve(LAPACK_COL_MAJOR, 'N', 'L', n, matrix.data(), n, values.data(),
        &wantedWork, -1, &wantedIntegers, -1);
    if (info == 0) {
        work.resize(static_cast<std::size_t>(wantedWork));
        integers.resize(static_cast<std::size_t>(wantedIntegers));
        info = solve(LAPACK_COL_MAJOR, 'N', 'L', n, matrix.data(), n, values.data(), work.data(),
            asInt(work.size()), integers.data(), asInt(integers.size()));
    }
    if (info != 0)
        return fail(ErrorCode::Internal,
            fmt::format("The eigenvalues of a matrix of order {} did not converge (LAPACK dsyevd "
                        "returned {}).",
                order, info));
    return values;
}

Status tridiagonalise(std::span<float> matrix, std::size_t order, std::vector<float>& work)
{
    return tridiagonaliseBy(LAPACKE_ssytrd_work, matrix, order, work);
}

Status tridiagonalise(std::span<double> matrix, std::size_t order, std::vector<double>& work)
{
    return tridiagonaliseBy(LAPACKE_dsytrd_work, matrix, order, work);
}

std::string linearAlgebraName()
{
    std::string name = fmt::format("OpenBLAS, {} kernels", openblas_get_corename());
    if (std::getenv("OPENBLAS_CORETYPE") != nullptr)
        name += " as OPENBLAS_CORETYPE says";
    return name;
}

void squareProduct(
    std::span<const float> a, std::span<const float> b, std::span<float> c, std::size_t order)
{
    useOneThread();
    const blasint n = asInt(order);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0F, a.data(), n, b.data(), n,
        0.0F, c.data(), n);
}

Result<std::vector<float>> directSingularValues(
    std::span<const float> matrix, std::size_t m, std::size_t n)
{
    useOneThread();
    std::vector<float> copy(matrix.begin(), matrix.end());
    std::vector<float> values(std::min(m, n));
    // The row-major matrix is the column-major transpose, which has the same singular values.
    const lapack_int info = LAPACKE_sgesdd(LAPACK_COL_MAJOR, 'N', asInt(n), asInt(m), copy.data(),
        asInt(n), values.data(), nullptr, 1, nullptr, 1);
    if (info != 0)
        return fail(ErrorCode::Internal,
            fmt::format("The singular values of a {} x {} matrix did not converge (LAPACK sgesdd "
                        "returned {}).",
                m, n, info));
    return values;
}

} // namespace moescope
