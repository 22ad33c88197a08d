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

#include "core/spectra/gram_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

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

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
