// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Part of reduction_kernels.cpp, compiled once for each target: no include guard, but Highway's.
#if defined(MOESCOPE_GRAM_PRODUCT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MOESCOPE_GRAM_PRODUCT_INL
#undef MOESCOPE_GRAM_PRODUCT_INL
#else
#define MOESCOPE_GRAM_PRODUCT_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
inline constexpr std::size_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());
template <typename T>
inline constexpr std::size_t kTileColumns = 2 * kLanes<T>;
/// Rows of a tile of two vectors, so that its sums and factors fit the registers.
inline constexpr std::size_t kRegisterRows
    = std::min<std::size_t>(HWY_MAX_BYTES >= 64 ? 8 : 4, kTileColumns<double>);

/// c[r][j] += or -= sum over k of a[r * rowStep + k * colStep] * b[k * bStep + j] for kRows rows
/// and kVectors vectors.
template <std::size_t kRows, std::size_t kVectors, bool kSubtract, typename T>
HWY_INLINE void addTile(std::size_t depth, const T* HWY_RESTRICT a, std::size_t rowStep,
    std::size_t colStep, const T* HWY_RESTRICT b, std::size_t bStep, T* HWY_RESTRICT c,
    std::size_t cStep)
{
    const hn::ScalableTag<T> d;
    using Vector = hn::Vec<decltype(d)>;
    Vector sums[kRows][kVectors];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v)
            sums[r][v] = hn::Zero(d);
    }
    for (std::size_t k = 0; k < depth; ++k) {
        Vector factors[kVectors];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v)
            factors[v] = hn::LoadU(d, b + v * kLanes<T>);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < kRows; ++r) {
            const Vector x = hn::Set(d, a[r * rowStep]);
#pragma GCC unroll 2
            for (std::size_t v = 0; v < kVectors; ++v)
                sums[r][v] = hn::MulAdd(x, factors[v], sums[r][v]);
        }
        a += colStep;
        b += bStep;
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) {
            T* at = c + r * cStep + v * kLanes<T>;
            const Vector old = hn::LoadU(d, at);
            hn::StoreU(kSubtract ? hn::Sub(old, sums[r][v]) : hn::Add(old, sums[r][v]), d, at);
        }
    }
}

/// out [rows][kBandwidth] += a [rows][depth] · b [depth][kBandwidth]; rows are rounded up to 16.
template <typename T>
void addThin(std::size_t rows, std::size_t depth, const T* a, std::size_t rowStep,
    std::size_t colStep, const T* b, T* out)
{
    constexpr std::size_t kVectors = std::min<std::size_t>(2, kBandwidth / kLanes<T>);
    constexpr std::size_t kRows = kVectors == 1 ? 2 * kRegisterRows : kRegisterRows;
    for (std::size_t r = 0; r < rows; r += kRows) {
        for (std::size_t v = 0; v < kBandwidth; v += kVectors * kLanes<T>) {
            const T* from = a + r * rowStep;
            T* to = out + r * kBandwidth + v;
            if (rowStep == 1)
                addTile<kRows, kVectors, false>(
                    depth, from, 1, colStep, b + v, kBandwidth, to, kBandwidth);
            else
                addTile<kRows, kVectors, false>(
                    depth, from, rowStep, 1, b + v, kBandwidth, to, kBandwidth);
        }
    }
}

/// Columns [first, first + count) of the vectors whose products make the Gram matrix, as panels of
/// [count][kTileColumns].
template <bool kBase, typename T>
void packPanels(const GramSource& source, std::size_t first, std::size_t count, T* out)
{
    constexpr std::size_t kWidth = kTileColumns<T>;
    const bool wide = source.rows <= source.cols;
    const std::size_t order = wide ? source.rows : source.cols;
    const auto value = [&](std::size_t index) {
        if constexpr (kBase)
            return static_cast<T>(static_cast<double>(source.matrix[index]) - source.base[index]);
        else
            return static_cast<T>(source.matrix[index]);
    };
    for (std::size_t i0 = 0; i0 < order; i0 += kWidth, out += count * kWidth) {
        const std::size_t width = std::min(kWidth, order - i0);
        if (width < kWidth)
            std::fill_n(out, count * kWidth, T(0));
        if (wide) {
            for (std::size_t r = 0; r < width; ++r) {
                const std::size_t from = (i0 + r) * source.cols + first;
                for (std::size_t k = 0; k < count; ++k)
                    out[k * kWidth + r] = value(from + k);
            }
        } else {
            for (std::size_t k = 0; k < count; ++k) {
                const std::size_t from = (first + k) * source.cols + i0;
                for (std::size_t r = 0; r < width; ++r)
                    out[k * kWidth + r] = value(from + r);
            }
        }
    }
}

template <typename T>
void gram(const GramSource& source, T* out, AlignedVector<T>& scratch)
{
    constexpr std::size_t kWidth = kTileColumns<T>;
    // A panel of at most 16 KB stays in the first cache, the others come from the second one.
    constexpr std::size_t kDepth = 128;
    const std::size_t order = std::min(source.rows, source.cols);
    const std::size_t length = std::max(source.rows, source.cols);
    const std::size_t step = paddedOrder(order);
    const std::size_t panels = (order + kWidth - 1) / kWidth;
    scratch.resize(std::max(scratch.size(), panels * kWidth * kDepth));
    for (std::size_t first = 0; first < length; first += kDepth) {
        const std::size_t depth = std::min(kDepth, length - first);
        if (source.base)
            packPanels<true>(source, first, depth, scratch.data());
        else
            packPanels<false>(source, first, depth, scratch.data());
        for (std::size_t j = 0; j < panels; ++j) {
            const T* right = scratch.data() + j * depth * kWidth;
            for (std::size_t i = 0; i <= j; ++i) {
                const T* left = scratch.data() + i * depth * kWidth;
                for (std::size_t r = 0; r < kWidth; r += kRegisterRows)
                    addTile<kRegisterRows, 2, false>(depth, left + r, 1, kWidth, right, kWidth,
                        out + (i * kWidth + r) * step + j * kWidth, step);
            }
        }
    }
}

/// to[p][j] += sum over four rows of from[r][p] * rows[r][j].
inline void addRows(const double* rows, std::size_t cols, const double* from, double* to)
{
    const hn::ScalableTag<double> d;
    const std::size_t lanes = kLanes<double>;
    std::size_t j = 0;
    for (; j + lanes <= cols; j += lanes) {
        for (std::size_t p = 0; p < kProbes; ++p) {
            auto sum = hn::LoadU(d, to + p * cols + j);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < 4; ++r)
                sum = hn::MulAdd(
                    hn::Set(d, from[r * kProbes + p]), hn::LoadU(d, rows + r * cols + j), sum);
            hn::StoreU(sum, d, to + p * cols + j);
        }
    }
    for (; j < cols; ++j) {
        for (std::size_t p = 0; p < kProbes; ++p) {
            for (std::size_t r = 0; r < 4; ++r)
                to[p * cols + j] += from[r * kProbes + p] * rows[r * cols + j];
        }
    }
}

/// to[r][p] = row r · from[p] for four rows.
inline void rowProducts(const double* rows, std::size_t cols, const double* from, double* to)
{
    const hn::ScalableTag<double> d;
    const std::size_t lanes = kLanes<double>;
    for (std::size_t p = 0; p < kProbes; p += 2) {
        hn::Vec<decltype(d)> sums[4][2];
        for (auto& row : sums)
            row[0] = row[1] = hn::Zero(d);
        std::size_t j = 0;
        for (; j + lanes <= cols; j += lanes) {
            const auto a = hn::LoadU(d, from + p * cols + j);
            const auto b = hn::LoadU(d, from + (p + 1) * cols + j);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < 4; ++r) {
                const auto x = hn::LoadU(d, rows + r * cols + j);
                sums[r][0] = hn::MulAdd(x, a, sums[r][0]);
                sums[r][1] = hn::MulAdd(x, b, sums[r][1]);
            }
        }
        for (std::size_t r = 0; r < 4; ++r) {
            for (std::size_t q = 0; q < 2; ++q) {
                double sum = hn::GetLane(hn::SumOfLanes(d, sums[r][q]));
                for (std::size_t k = j; k < cols; ++k)
                    sum += rows[r * cols + k] * from[(p + q) * cols + k];
                to[r * kProbes + p + q] = sum;
            }
        }
    }
}

inline void gramTimesProbes(
    const GramSource& source, double* probes, AlignedVector<double>& scratch)
{
    const bool wide = source.rows <= source.cols;
    const std::size_t order = std::min(source.rows, source.cols);
    const std::size_t cols = source.cols;
    // Four rows, then one vector of `cols` for each probe.
    scratch.resize(std::max(scratch.size(), (4 + kProbes) * cols));
    double* rows = scratch.data();
    double* across = rows + 4 * cols;
    const auto load = [&](std::size_t first) {
        for (std::size_t r = 0; r < 4; ++r) {
            double* out = rows + r * cols;
            if (first + r >= source.rows) {
                std::fill_n(out, cols, 0.0);
                continue;
            }
            const float* from = source.matrix + (first + r) * cols;
            if (source.base) {
                const double* base = source.base + (first + r) * cols;
                for (std::size_t j = 0; j < cols; ++j)
                    out[j] = static_cast<double>(from[j]) - base[j];
            } else {
                for (std::size_t j = 0; j < cols; ++j)
                    out[j] = static_cast<double>(from[j]);
            }
        }
    };
    double four[4 * kProbes];
    const auto fourProbes = [&](std::size_t first) {
        for (std::size_t r = 0; r < 4; ++r) {
            for (std::size_t p = 0; p < kProbes; ++p)
                four[r * kProbes + p]
                    = first + r < order ? probes[(first + r) * 2 * kProbes + p] : 0.0;
        }
    };
    if (wide) {
        std::fill_n(across, kProbes * cols, 0.0);
        for (std::size_t r = 0; r < source.rows; r += 4) {
            load(r);
            fourProbes(r);
            addRows(rows, cols, four, across);
        }
        for (std::size_t r = 0; r < source.rows; r += 4) {
            load(r);
            rowProducts(rows, cols, across, four);
            for (std::size_t i = r; i < std::min(r + 4, order); ++i) {
                for (std::size_t p = 0; p < kProbes; ++p)
                    probes[i * 2 * kProbes + kProbes + p] = four[(i - r) * kProbes + p];
            }
        }
        return;
    }
    scratch.resize(std::max(scratch.size(), (4 + 2 * kProbes) * cols));
    rows = scratch.data();
    across = rows + 4 * cols;
    double* result = across + kProbes * cols;
    for (std::size_t j = 0; j < cols; ++j) {
        for (std::size_t p = 0; p < kProbes; ++p)
            across[p * cols + j] = probes[j * 2 * kProbes + p];
    }
    std::fill_n(result, kProbes * cols, 0.0);
    for (std::size_t r = 0; r < source.rows; r += 4) {
        load(r);
        rowProducts(rows, cols, across, four);
        addRows(rows, cols, four, result);
    }
    for (std::size_t j = 0; j < cols; ++j) {
        for (std::size_t p = 0; p < kProbes; ++p)
            probes[j * 2 * kProbes + kProbes + p] = result[p * cols + j];
    }
}

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
