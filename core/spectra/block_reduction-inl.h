// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Part of reduction_kernels.cpp, compiled once for each target: no include guard, but Highway's.
#if defined(MOESCOPE_BLOCK_REDUCTION_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MOESCOPE_BLOCK_REDUCTION_INL
#undef MOESCOPE_BLOCK_REDUCTION_INL
#else
#define MOESCOPE_BLOCK_REDUCTION_INL
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
template <typename T>
void packPanels(const GramSource& source, std::size_t first, std::size_t count, T* out)
{
    constexpr std::size_t kWidth = kTileColumns<T>;
    const bool wide = source.rows <= source.cols;
    const std::size_t order = wide ? source.rows : source.cols;
    const auto value = [&](std::size_t index) {
        const double x = static_cast<double>(source.matrix[index]);
        return static_cast<T>(source.base ? x - source.base[index] : x);
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
        packPanels(source, first, depth, scratch.data());
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

/// The first stage for one matrix: kBandwidth rows at a time are turned into a triangle by
/// reflections, which are then applied to the rest as products of blocks.
template <typename T>
class BandReduction {
public:
    BandReduction(T* matrix, std::size_t order, AlignedVector<T>& scratch)
        : m_matrix(matrix)
        , m_order(order)
        , m_step(paddedOrder(order))
    {
        const std::size_t tall = (order + kTileRows) * kBandwidth;
        const std::size_t flat = kBandwidth * m_step;
        const std::size_t needed = 3 * flat + 5 * tall + kBlock * kBlockStep;
        scratch.assign(std::max(scratch.size(), needed), T(0));
        T* next = scratch.data();
        const auto take = [&next](std::size_t count) {
            T* taken = next;
            next += count;
            return taken;
        };
        m_vAcross = take(flat);
        m_right = take(2 * flat);
        m_v = take(tall);
        m_x = take(tall);
        m_w = take(tall);
        m_left = take(2 * tall);
        m_block = take(kBlock * kBlockStep);
    }

    void run(double* batch, std::size_t lane, double* probes)
    {
        for (std::size_t first = 0; first < m_order; first += kBandwidth) {
            const std::size_t start = first + kBandwidth;
            if (start < m_order) {
                m_rest = m_order - start;
                m_corner = m_matrix + start * m_step + start;
                reflectRows(first);
                if (probes)
                    reflectProbes(probes + start * 2 * kProbes);
                writeBand(first, batch, lane);
                applyToCorner();
            } else {
                writeBand(first, batch, lane);
            }
        }
    }

private:
    static constexpr std::size_t kBlock = 64;
    static constexpr std::size_t kBlockStep = kBlock + 16;
    static constexpr std::size_t kFar = 256;

    /// rows [first, first + kBandwidth), columns behind them, to a triangle; the reflections stay
    /// in m_vAcross and m_tau.
    void reflectRows(std::size_t first)
    {
        const hn::ScalableTag<T> d;
        constexpr std::size_t lanes = kLanes<T>;
        const std::size_t end = (m_rest + lanes - 1) / lanes * lanes;
        const auto row
            = [&](std::size_t i) { return m_matrix + (first + i) * m_step + first + kBandwidth; };
        for (std::size_t i = 0; i < kBandwidth; ++i) {
            T* v = m_vAcross + i * m_step;
            std::fill_n(v, end + 2 * lanes, T(0));
            m_tau[i] = 0;
            if (i >= m_rest)
                continue;
            v[i] = 1;
            T* x = row(i);
            const std::size_t from = i / lanes * lanes;
            const T head = x[i];
            auto sum = hn::Zero(d);
            std::copy(x + i + 1, x + m_rest, v + i + 1);
            v[i] = 0;
            for (std::size_t c = from; c < end; c += lanes) {
                const auto tail = hn::LoadU(d, v + c);
                sum = hn::MulAdd(tail, tail, sum);
            }
            const T tail = hn::GetLane(hn::SumOfLanes(d, sum));
            v[i] = 1;
            if (!(tail > 0))
                continue;
            const T length = std::sqrt(head * head + tail);
            const T beta = head > 0 ? -length : length;
            m_tau[i] = (beta - head) / beta;
            const auto scale = hn::Set(d, 1 / (head - beta));
            for (std::size_t c = from; c < end; c += lanes)
                hn::StoreU(hn::Mul(hn::LoadU(d, v + c), scale), d, v + c);
            v[i] = 1;
            std::fill_n(v, i, T(0));
            x[i] = beta;
            std::size_t r = i + 1;
            for (; r + 4 <= kBandwidth; r += 4)
                reflect<4>(v, m_tau[i], row(r), from, end);
            for (; r < kBandwidth; ++r)
                reflect<1>(v, m_tau[i], row(r), from, end);
        }
    }

    template <std::size_t kRows>
    void reflect(const T* v, T tau, T* rows, std::size_t from, std::size_t end)
    {
        const hn::ScalableTag<T> d;
        constexpr std::size_t lanes = kLanes<T>;
        hn::Vec<decltype(d)> sums[kRows];
        for (auto& sum : sums)
            sum = hn::Zero(d);
        for (std::size_t c = from; c < end; c += lanes) {
            const auto x = hn::LoadU(d, v + c);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < kRows; ++r)
                sums[r] = hn::MulAdd(x, hn::LoadU(d, rows + r * m_step + c), sums[r]);
        }
        for (auto& sum : sums)
            sum = hn::Mul(hn::Set(d, -tau), hn::SumOfLanes(d, sum));
        for (std::size_t c = from; c < end; c += lanes) {
            const auto x = hn::LoadU(d, v + c);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < kRows; ++r) {
                T* at = rows + r * m_step + c;
                hn::StoreU(hn::MulAdd(x, sums[r], hn::LoadU(d, at)), d, at);
            }
        }
    }

    /// In double and with the factor that makes each stored vector an exact reflection.
    void reflectProbes(double* probes) const
    {
        const hn::CappedTag<double, 2 * kProbes> d;
        constexpr std::size_t lanes = hn::MaxLanes(d);
        constexpr std::size_t vectors = 2 * kProbes / lanes;
        for (std::size_t i = 0; i < kBandwidth; ++i) {
            if (m_tau[i] == 0)
                continue;
            const T* v = m_vAcross + i * m_step;
            double square = 0;
            hn::Vec<decltype(d)> sums[vectors];
            for (auto& sum : sums)
                sum = hn::Zero(d);
            for (std::size_t r = i; r < m_rest; ++r) {
                const double x = static_cast<double>(v[r]);
                square += x * x;
#pragma GCC unroll 4
                for (std::size_t q = 0; q < vectors; ++q)
                    sums[q] = hn::MulAdd(
                        hn::Set(d, x), hn::LoadU(d, probes + r * 2 * kProbes + q * lanes), sums[q]);
            }
            for (auto& sum : sums)
                sum = hn::Mul(sum, hn::Set(d, -2 / square));
            for (std::size_t r = i; r < m_rest; ++r) {
                const auto x = hn::Set(d, static_cast<double>(v[r]));
#pragma GCC unroll 4
                for (std::size_t q = 0; q < vectors; ++q) {
                    double* at = probes + r * 2 * kProbes + q * lanes;
                    hn::StoreU(hn::MulAdd(x, sums[q], hn::LoadU(d, at)), d, at);
                }
            }
        }
    }

    void writeBand(std::size_t first, double* batch, std::size_t lane) const
    {
        const std::size_t end = std::min(first + kBandwidth, m_order);
        for (std::size_t j = first; j < end; ++j) {
            const T* row = m_matrix + j * m_step;
            double* out = batch + j * 2 * kBandwidth * kBatch + lane;
            const std::size_t last = std::min(j + kBandwidth + 1, m_order);
            for (std::size_t i = j; i < last; ++i)
                out[(i - j) * kBatch] = static_cast<double>(row[i]);
        }
    }

    /// corner = Qᵀ · corner · Q with Q = I - V T Vᵀ: corner -= V Wᵀ + W Vᵀ.
    void applyToCorner()
    {
        const std::size_t rows = m_rest;
        const std::size_t tall = (rows + kTileRows) * kBandwidth;
        std::fill_n(m_v + rows * kBandwidth, kTileRows * kBandwidth, T(0));
        for (std::size_t k = 0; k < kBandwidth; ++k) {
            const T* v = m_vAcross + k * m_step;
            for (std::size_t r = 0; r < rows; ++r)
                m_v[r * kBandwidth + k] = v[r];
        }
        T small[kBandwidth * kBandwidth] = {};
        addThin(kBandwidth, rows, m_vAcross, m_step, 1, m_v, small);
        T triangle[kBandwidth * kBandwidth] = {};
        for (std::size_t i = 0; i < kBandwidth; ++i) {
            triangle[i * kBandwidth + i] = m_tau[i];
            for (std::size_t j = 0; j < i; ++j) {
                T sum = 0;
                for (std::size_t k = j; k < i; ++k)
                    sum += triangle[j * kBandwidth + k] * small[k * kBandwidth + i];
                triangle[j * kBandwidth + i] = -m_tau[i] * sum;
            }
        }
        std::fill_n(m_x, tall, T(0));
        addThin(rows, kBandwidth, m_v, kBandwidth, 1, triangle, m_x);
        std::fill_n(m_w, tall, T(0));
        multiplyCorner();

        std::fill(std::begin(small), std::end(small), T(0));
        addThin(kBandwidth, rows, m_vAcross, m_step, 1, m_w, small);
        T half[kBandwidth * kBandwidth];
        for (std::size_t i = 0; i < kBandwidth; ++i) {
            for (std::size_t j = 0; j < kBandwidth; ++j) {
                T sum = 0;
                for (std::size_t k = 0; k <= i; ++k)
                    sum += triangle[k * kBandwidth + i] * small[k * kBandwidth + j];
                half[i * kBandwidth + j] = sum / -2;
            }
        }
        addThin(rows, kBandwidth, m_v, kBandwidth, 1, half, m_w);
        subtractProducts();
    }

    /// m_w += corner · m_x, of the corner's upper triangle alone.
    void multiplyCorner()
    {
        for (std::size_t i = 0; i < m_rest; i += kBlock) {
            const std::size_t high = std::min(kBlock, m_rest - i);
            const T* diagonal = m_corner + i * m_step + i;
            for (std::size_t r = 0; r < kBlock; ++r) {
                for (std::size_t c = r; c < kBlock; ++c) {
                    const T value = r < high && c < high ? diagonal[r * m_step + c] : T(0);
                    m_block[r * kBlockStep + c] = value;
                    m_block[c * kBlockStep + r] = value;
                }
            }
            addThin(high, high, m_block, kBlockStep, 1, m_x + i * kBandwidth, m_w + i * kBandwidth);
            for (std::size_t j = i + kBlock; j < m_rest; j += kFar) {
                const std::size_t wide = std::min(kFar, m_rest - j);
                const T* tile = m_corner + i * m_step + j;
                addThin(high, wide, tile, m_step, 1, m_x + j * kBandwidth, m_w + i * kBandwidth);
                addThin(wide, high, tile, 1, m_step, m_x + i * kBandwidth, m_w + j * kBandwidth);
            }
        }
    }

    void subtractProducts()
    {
        constexpr std::size_t kWidth = kTileColumns<T>;
        const std::size_t rows = m_rest;
        for (std::size_t r = 0; r < rows + kTileRows; ++r) {
            T* out = m_left + r * 2 * kBandwidth;
            if (r < rows) {
                std::copy_n(m_v + r * kBandwidth, kBandwidth, out);
                std::copy_n(m_w + r * kBandwidth, kBandwidth, out + kBandwidth);
            } else {
                std::fill_n(out, 2 * kBandwidth, T(0));
            }
        }
        const std::size_t end = (rows + kWidth - 1) / kWidth * kWidth;
        for (std::size_t k = 0; k < kBandwidth; ++k) {
            T* w = m_right + k * m_step;
            for (std::size_t r = 0; r < rows; ++r)
                w[r] = m_w[r * kBandwidth + k];
            std::fill(w + rows, w + end, T(0));
            T* v = m_right + (kBandwidth + k) * m_step;
            std::copy_n(m_vAcross + k * m_step, rows, v);
            std::fill(v + rows, v + end, T(0));
        }
        for (std::size_t first = 0; first < rows; first += kFar) {
            const std::size_t last = std::min(first + kFar, end);
            for (std::size_t r = 0; r < std::min(last, rows); r += kRegisterRows) {
                for (std::size_t c = std::max(first, r / kWidth * kWidth); c < last; c += kWidth)
                    addTile<kRegisterRows, 2, true>(2 * kBandwidth, m_left + r * 2 * kBandwidth,
                        2 * kBandwidth, 1, m_right + c, m_step, m_corner + r * m_step + c, m_step);
            }
        }
    }

    T* m_matrix;
    std::size_t m_order;
    std::size_t m_step;
    std::size_t m_rest = 0; ///< order of the corner that is not reduced yet
    T* m_corner = nullptr;
    T m_tau[kBandwidth] = {};
    T* m_vAcross = nullptr; ///< [kBandwidth][step]
    T* m_right = nullptr; ///< [2 kBandwidth][step]: Wᵀ above Vᵀ
    T* m_v = nullptr; ///< [rest][kBandwidth], as the next two
    T* m_x = nullptr; ///< V T
    T* m_w = nullptr;
    T* m_left = nullptr; ///< [rest][2 kBandwidth]: V beside W
    T* m_block = nullptr; ///< a block of the diagonal with both its triangles
};

template <typename T>
void toBand(T* gram, std::size_t order, double* batch, std::size_t lane, double* probes,
    AlignedVector<T>& scratch)
{
    BandReduction<T>(gram, order, scratch).run(batch, lane, probes);
}

inline ReductionKernels reductionKernelsOfTarget()
{
    return {gram<float>, gram<double>, gramTimesProbes, toBand<float>, toBand<double>,
        batchToTridiagonal, batchEigenvalues, hwy::TargetName(HWY_TARGET)};
}

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
