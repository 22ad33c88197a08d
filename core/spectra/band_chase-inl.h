// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Part of reduction_kernels.cpp, compiled once for each target: no include guard, but Highway's.
#if defined(MOESCOPE_BAND_CHASE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MOESCOPE_BAND_CHASE_INL
#undef MOESCOPE_BAND_CHASE_INL
#else
#define MOESCOPE_BAND_CHASE_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using BatchTag = hn::CappedTag<double, kBatch>;
using BatchVector = hn::Vec<BatchTag>;

/// Sweeps that follow one another closely, so that the band is read from memory once for all.
inline constexpr std::size_t kSweeps = 16;

/// The second stage for as many matrices as a vector has lanes. Sweep s makes column s tridiagonal
/// with one reflection of kBandwidth rows; each further step chases the bulge that the one before
/// made down by kBandwidth rows.
class BandChase {
public:
    BandChase(double* batch, std::size_t order)
        : m_batch(batch)
        , m_order(order)
    {
    }

    void run()
    {
        if (m_order < 3)
            return;
        const std::size_t sweeps = m_order - 2;
        for (std::size_t first = 0; first < sweeps; first += kSweeps) {
            const std::size_t group = std::min(kSweeps, sweeps - first);
            const std::size_t steps = (m_order - first + kBandwidth - 1) / kBandwidth + group;
            for (std::size_t time = 0; time < steps; ++time) {
                for (std::size_t g = 0; g < std::min(group, time + 1); ++g)
                    step(first + g, time - g, m_reflections[g]);
            }
        }
    }

private:
    struct Reflection {
        BatchVector v[kBandwidth];
        BatchVector tau;
    };

    double* at(std::size_t column, std::size_t offset) const
    {
        return m_batch + (column * 2 * kBandwidth + offset) * kBatch;
    }

    /// The reflection that leaves `x` with its first element alone, which it returns.
    static BatchVector makeReflection(BatchVector* x, Reflection& reflection)
    {
        const BatchTag d;
        auto tail = hn::Zero(d);
        auto other = hn::Zero(d);
        for (std::size_t k = 1; k < kBandwidth; ++k)
            (k % 2 ? tail : other) = hn::MulAdd(x[k], x[k], k % 2 ? tail : other);
        tail = hn::Add(tail, other);
        const auto none = hn::Eq(tail, hn::Zero(d));
        const auto head = x[0];
        const auto length = hn::Sqrt(hn::MulAdd(head, head, tail));
        const auto beta = hn::IfThenElse(hn::Gt(head, hn::Zero(d)), hn::Neg(length), length);
        const auto one = hn::Set(d, 1.0);
        const auto divisor = hn::IfThenElse(none, one, hn::Sub(head, beta));
        const auto scale = hn::Div(one, divisor);
        reflection.tau = hn::IfThenElseZero(
            hn::Not(none), hn::Div(hn::Sub(beta, head), hn::IfThenElse(none, one, beta)));
        reflection.v[0] = one;
        for (std::size_t k = 1; k < kBandwidth; ++k)
            reflection.v[k] = hn::Mul(x[k], scale);
        return hn::IfThenElse(none, head, beta);
    }

    void step(std::size_t sweep, std::size_t index, Reflection& reflection)
    {
        const BatchTag d;
        const std::size_t first = sweep + 1 + index * kBandwidth;
        if (first >= m_order)
            return;
        if (index == 0) {
            BatchVector x[kBandwidth];
            for (std::size_t k = 0; k < kBandwidth; ++k)
                x[k] = hn::Load(d, at(sweep, k + 1));
            hn::Store(makeReflection(x, reflection), d, at(sweep, 1));
            for (std::size_t k = 1; k < kBandwidth; ++k)
                hn::Store(hn::Zero(d), d, at(sweep, k + 1));
        }
        reflectDiagonal(first, reflection);
        if (first + kBandwidth < m_order)
            chase(first, reflection);
    }

    /// The block on the diagonal, from both sides.
    void reflectDiagonal(std::size_t first, const Reflection& reflection)
    {
        const BatchTag d;
        BatchVector w[kBandwidth];
        for (auto& sum : w)
            sum = hn::Zero(d);
        for (std::size_t j = 0; j < kBandwidth; ++j) {
            const double* column = at(first + j, 0);
            const auto vj = reflection.v[j];
            auto sum = hn::MulAdd(hn::Load(d, column), vj, w[j]);
            for (std::size_t i = j + 1; i < kBandwidth; ++i) {
                const auto x = hn::Load(d, column + (i - j) * kBatch);
                w[i] = hn::MulAdd(x, vj, w[i]);
                sum = hn::MulAdd(x, reflection.v[i], sum);
            }
            w[j] = sum;
        }
        auto product = hn::Zero(d);
        for (std::size_t i = 0; i < kBandwidth; ++i) {
            w[i] = hn::Mul(w[i], reflection.tau);
            product = hn::MulAdd(w[i], reflection.v[i], product);
        }
        const auto half = hn::Mul(hn::Set(d, -0.5), hn::Mul(product, reflection.tau));
        for (std::size_t i = 0; i < kBandwidth; ++i)
            w[i] = hn::MulAdd(half, reflection.v[i], w[i]);
        for (std::size_t j = 0; j < kBandwidth; ++j) {
            double* column = at(first + j, 0);
            const auto vj = reflection.v[j];
            const auto wj = w[j];
            for (std::size_t i = j; i < kBandwidth; ++i) {
                double* to = column + (i - j) * kBatch;
                auto x = hn::Load(d, to);
                x = hn::NegMulAdd(reflection.v[i], wj, x);
                hn::Store(hn::NegMulAdd(w[i], vj, x), d, to);
            }
        }
    }

    /// The block below the diagonal: reflected from the right it fills, and a new reflection from
    /// the left, which replaces the old one, empties its first column again.
    void chase(std::size_t first, Reflection& reflection)
    {
        const BatchTag d;
        BatchVector u[kBandwidth];
        for (auto& sum : u)
            sum = hn::Zero(d);
        for (std::size_t j = 0; j < kBandwidth; ++j) {
            const double* column = at(first + j, kBandwidth - j);
            const auto vj = reflection.v[j];
#pragma GCC unroll 16
            for (std::size_t i = 0; i < kBandwidth; ++i)
                u[i] = hn::MulAdd(hn::Load(d, column + i * kBatch), vj, u[i]);
        }
        for (auto& sum : u)
            sum = hn::Mul(sum, reflection.tau);
        Reflection next;
        for (std::size_t j = 0; j < kBandwidth; ++j) {
            double* column = at(first + j, kBandwidth - j);
            const auto vj = reflection.v[j];
            BatchVector x[kBandwidth];
#pragma GCC unroll 16
            for (std::size_t i = 0; i < kBandwidth; ++i)
                x[i] = hn::NegMulAdd(u[i], vj, hn::Load(d, column + i * kBatch));
            if (j == 0) {
                hn::Store(makeReflection(x, next), d, column);
                for (std::size_t i = 1; i < kBandwidth; ++i)
                    hn::Store(hn::Zero(d), d, column + i * kBatch);
                continue;
            }
            auto even = hn::Mul(x[0], next.v[0]);
            auto odd = hn::Mul(x[1], next.v[1]);
#pragma GCC unroll 16
            for (std::size_t i = 2; i < kBandwidth; i += 2) {
                even = hn::MulAdd(x[i], next.v[i], even);
                odd = hn::MulAdd(x[i + 1], next.v[i + 1], odd);
            }
            const auto factor = hn::Mul(hn::Add(even, odd), next.tau);
#pragma GCC unroll 16
            for (std::size_t i = 0; i < kBandwidth; ++i)
                hn::Store(hn::NegMulAdd(factor, next.v[i], x[i]), d, column + i * kBatch);
        }
        reflection = next;
    }

    double* m_batch;
    std::size_t m_order;
    Reflection m_reflections[kSweeps];
};

inline void batchToTridiagonal(double* batch, std::size_t order, double* diagonal, double* squares)
{
    for (std::size_t lane = 0; lane < kBatch; lane += hn::MaxLanes(BatchTag()))
        BandChase(batch + lane, order).run();
    for (std::size_t i = 0; i < order; ++i) {
        const double* column = batch + i * 2 * kBandwidth * kBatch;
        for (std::size_t lane = 0; lane < kBatch; ++lane) {
            diagonal[i * kBatch + lane] = column[lane];
            const double side = column[kBatch + lane];
            squares[i * kBatch + lane] = i + 1 < order ? side * side : 0;
        }
    }
}

/// The rational QL method without square roots (Pal, Walker and Kahan; EISPACK's tqlrat), every
/// lane with its own shift and place, all in one sweep from the bottom up.
class BatchQl {
public:
    BatchQl(double* diagonal, double* squares, std::size_t order)
        : m_diagonal(diagonal)
        , m_squares(squares)
        , m_order(order)
    {
    }

    bool run()
    {
        int exponents[kWidth];
        for (std::size_t lane = 0; lane < kWidth; ++lane) {
            double norm = 0;
            for (std::size_t i = 0; i < m_order; ++i)
                norm = std::max({norm, std::abs(m_diagonal[i * kBatch + lane]),
                    std::sqrt(m_squares[i * kBatch + lane])});
            const double least = std::frexp(norm, &exponents[lane]) * kEpsilon / 8;
            m_least[lane] = std::max(least * least, std::numeric_limits<double>::min());
            scale(lane, -exponents[lane]);
        }
        // A sweep or two find an eigenvalue; LAPACK gives up after thirty.
        bool unfinished = prepare();
        for (std::size_t sweep = 0; sweep < 30 * m_order && unfinished; ++sweep) {
            sweepUp();
            unfinished = prepare();
        }
        for (std::size_t lane = 0; lane < kWidth; ++lane)
            scale(lane, exponents[lane]);
        return !unfinished;
    }

private:
    static constexpr std::size_t kWidth = hn::MaxLanes(BatchTag());
    static constexpr double kEpsilon = std::numeric_limits<double>::epsilon() / 2;

    /// Of the order of 1, neither the products nor the quotients of a sweep can overflow.
    static constexpr double kVanishing = 1e-290;

    /// Times 2^exponent, which rounds nothing but what is far below the rounding of the largest.
    void scale(std::size_t lane, int exponent)
    {
        const double factor = std::ldexp(1.0, exponent);
        for (std::size_t i = 0; i < m_order; ++i) {
            m_diagonal[i * kBatch + lane] *= factor;
            m_squares[i * kBatch + lane] *= factor * factor;
        }
    }

    /// Passes what has converged and sets the shifts; false when all has.
    bool prepare()
    {
        m_lowest = m_order - 1;
        m_highest = 0;
        for (std::size_t lane = 0; lane < kWidth; ++lane) {
            std::size_t& l = m_place[lane];
            const auto d = [&](std::size_t i) { return m_diagonal[i * kBatch + lane]; };
            const auto e = [&](std::size_t i) { return m_squares[i * kBatch + lane]; };
            while (l + 1 < m_order
                && e(l) <= std::max(kEpsilon * kEpsilon * std::abs(d(l) * d(l + 1)), m_least[lane]))
                ++l;
            m_limit[lane] = static_cast<double>(l);
            m_lowest = std::min(m_lowest, l);
            m_highest = std::max(m_highest, l);
            if (l + 1 >= m_order) {
                m_shift[lane] = 0;
                continue;
            }
            const double root = std::sqrt(e(l));
            const double middle = (d(l + 1) - d(l)) / (2 * root);
            const double length = std::sqrt(middle * middle + 1);
            m_shift[lane] = d(l) - root / (middle + (middle >= 0 ? length : -length));
        }
        return m_lowest + 1 < m_order;
    }

    void sweepUp()
    {
        const BatchTag d;
        const auto shift = hn::Load(d, m_shift);
        const auto limit = hn::Load(d, m_limit);
        const auto one = hn::Set(d, 1.0);
        const auto zero = hn::Zero(d);
        const auto vanishing = hn::Set(d, kVanishing);
        auto c = one;
        auto s = zero;
        auto gamma = hn::Sub(hn::Load(d, m_diagonal + (m_order - 1) * kBatch), shift);
        auto p = hn::Mul(gamma, gamma);
        for (std::size_t i = m_order - 1; i-- > m_lowest;) {
            const auto b = hn::Load(d, m_squares + i * kBatch);
            const auto alpha = hn::Load(d, m_diagonal + i * kBatch);
            const auto r = hn::Add(p, b);
            const auto square = hn::Mul(s, r);
            const auto empty = hn::Lt(r, vanishing);
            const auto still = hn::Lt(p, vanishing);
            const auto inverse = hn::Div(one, hn::IfThenElse(empty, one, r));
            const auto cNext = hn::IfThenElse(empty, one, hn::Mul(p, inverse));
            const auto secant = hn::IfThenElse(
                empty, one, hn::Div(r, hn::IfThenElse(still, one, p))); // 1 / cNext
            const auto sNext = hn::Mul(b, inverse);
            const auto gammaNext
                = hn::NegMulAdd(sNext, gamma, hn::Mul(cNext, hn::Sub(alpha, shift)));
            const auto value = hn::Add(gamma, hn::Sub(alpha, gammaNext));
            const auto pNext = hn::IfThenElse(hn::AndNot(empty, still), hn::Mul(c, b),
                hn::Mul(hn::Mul(gammaNext, gammaNext), secant));
            double* below = m_diagonal + (i + 1) * kBatch;
            double* squareBelow = m_squares + (i + 1) * kBatch;
            if (i >= m_highest) {
                hn::Store(square, d, squareBelow);
                hn::Store(value, d, below);
                c = cNext;
                s = sNext;
                gamma = gammaNext;
                p = pNext;
            } else {
                const auto moves = hn::Ge(hn::Set(d, static_cast<double>(i)), limit);
                hn::Store(hn::IfThenElse(moves, square, hn::Load(d, squareBelow)), d, squareBelow);
                hn::Store(hn::IfThenElse(moves, value, hn::Load(d, below)), d, below);
                c = hn::IfThenElse(moves, cNext, c);
                s = hn::IfThenElse(moves, sNext, s);
                gamma = hn::IfThenElse(moves, gammaNext, gamma);
                p = hn::IfThenElse(moves, pNext, p);
            }
        }
        alignas(64) double squareTop[kWidth];
        alignas(64) double top[kWidth];
        hn::Store(hn::Mul(s, p), d, squareTop);
        hn::Store(hn::Add(shift, gamma), d, top);
        for (std::size_t lane = 0; lane < kWidth; ++lane) {
            if (m_place[lane] + 1 >= m_order)
                continue;
            m_squares[m_place[lane] * kBatch + lane] = squareTop[lane];
            m_diagonal[m_place[lane] * kBatch + lane] = top[lane];
        }
    }

    double* m_diagonal;
    double* m_squares;
    std::size_t m_order;
    std::size_t m_lowest = 0;
    std::size_t m_highest = 0;
    std::size_t m_place[kWidth] = {};
    double m_least[kWidth] = {};
    alignas(64) double m_shift[kWidth] = {};
    alignas(64) double m_limit[kWidth] = {};
};

inline bool batchEigenvalues(double* diagonal, double* squares, std::size_t order)
{
    bool all = true;
    for (std::size_t lane = 0; lane < kBatch; lane += hn::MaxLanes(BatchTag()))
        all = BatchQl(diagonal + lane, squares + lane, order).run() && all;
    return all;
}

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
