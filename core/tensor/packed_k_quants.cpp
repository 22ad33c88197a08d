// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Included once for each target, the same ones as in vector_kernels.cpp.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/tensor/packed_k_quants.cpp"
#include <hwy/foreach_target.h>

#include "core/tensor/packed_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

RowKernels packedKQuants(DType dtype);

#if HWY_TARGET != HWY_SCALAR

/// Blocks of 256 with a small scale for each 32 or 16. Headers hold these scales multiplied out.
struct KFactors {
    alignas(64) float values[16];
};

/// The eight scales of a block of Q4_K or Q5_K, then its eight minima.
HWY_INLINE void factorsOfK(const std::byte* block, KFactors& factors)
{
    const hn::FixedTag<std::uint32_t, 4> words;
    // Six bits of numbers 0 to 3 in the first two words (scales, minima); their upper two bits and
    // the halves of the third make numbers 4 to 7.
    const auto packed = hn::LoadU(words, reinterpret_cast<const std::uint32_t*>(block + 4));
    const auto first = hn::And(packed, hn::Set(words, 0x3F3F3F3FU));
    const auto upper
        = hn::ShiftLeft<4>(hn::And(hn::ShiftRight<6>(packed), hn::Set(words, 0x03030303U)));
    const auto third = hn::Shuffle2301(hn::ShiftRightLanes<2>(words, packed));
    const auto halves
        = hn::OddEven(hn::ShiftRight<4>(third), hn::ShiftRightLanes<2>(words, packed));
    const auto second = hn::Or(upper, hn::And(halves, hn::Set(words, 0x0F0F0F0FU)));
    alignas(16) std::uint8_t numbers[16];
    hn::Store(
        hn::BitCast(Bytes16(), hn::InterleaveLower(words, first, second)), Bytes16(), numbers);
    const PackedVector d = spreadHalf(block);
    const PackedVector dmin = spreadHalf(block + 2);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 16; i += kFloats) {
        PackedVector unit = i < 8 ? d : dmin;
        if constexpr (kWide)
            unit = hn::IfThenElse(hn::FirstN(PackedFloats(), 8), d, dmin);
        hn::Store(
            hn::Mul(unit, toFloats(loadCodes(numbers + i))), PackedFloats(), factors.values + i);
    }
}

template <std::size_t kHalf>
HWY_INLINE Codes halfOf(Codes bytes)
{
    return kHalf == 0 ? lowHalf(bytes) : highHalf(bytes);
}

struct BlocksOfQ4_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 144;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 4;
    static constexpr std::size_t kParts = 2;
    using Header = KFactors;
    static HWY_INLINE void read(const std::byte* block, const std::byte*, Header& factors)
    {
        factorsOfK(block, factors);
    }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header& factors, std::size_t group, const Sink& sink)
    {
        const float* of = factors.values + 2 * group + kIndex;
        const FourBitScale<true> scale(spread(of[0]), spread(of[8]));
        const std::byte* codes = block + 16 + 32 * group;
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPart; j += kFloats)
            sink(j,
                kIndex == 0 ? scale.low(loadCodes(codes + j)) : scale.high(loadCodes(codes + j)));
    }
};

struct BlocksOfQ5_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 176;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 4;
    static constexpr std::size_t kParts = 2;
    using Header = KFactors;
    static HWY_INLINE void read(const std::byte* block, const std::byte*, Header& factors)
    {
        factorsOfK(block, factors);
    }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header& factors, std::size_t group, const Sink& sink)
    {
        const std::size_t sub = 2 * group + kIndex;
        const PackedVector scale = spread(factors.values[sub]);
        const PackedVector min = spread(factors.values[8 + sub]);
        const std::byte* codes = block + 48 + 32 * group;
        const Codes bit = hn::Set(PackedInts(), 1 << sub);
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPart; j += kFloats) {
            const Codes low = halfOf<kIndex>(loadCodes(codes + j));
            const auto isHigh = hn::TestBit(loadCodes(block + 16 + j), bit);
            const Codes high = hn::IfThenElseZero(isHigh, hn::Set(PackedInts(), 16));
            sink(j, hn::MulSub(scale, toFloats(hn::Or(low, high)), min));
        }
    }
};

struct BlocksOfQ6_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 210;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 2;
    static constexpr std::size_t kParts = 4;
    using Header = KFactors;
    static HWY_INLINE void read(const std::byte* block, const std::byte*, Header& factors)
    {
        const PackedVector d = spreadHalf(block + 208);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 16; i += kFloats)
            hn::Store(hn::Mul(d, toFloats(loadSigned(block + 192 + i))), PackedFloats(),
                factors.values + i);
    }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header& factors, std::size_t group, const Sink& sink)
    {
        const std::byte* low = block + 64 * group + 32 * (kIndex % 2);
        const std::byte* high = block + 128 + 32 * group;
        const float* of = factors.values + 8 * group + 2 * kIndex;
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPart; j += kFloats) {
            const Codes first = halfOf<kIndex / 2>(loadCodes(low + j));
            const Codes two = hn::And(
                hn::ShiftRight<2 * kIndex>(loadCodes(high + j)), hn::Set(PackedInts(), 3));
            const Codes code = hn::Or(first, hn::ShiftLeft<4>(two));
            const Codes centred = hn::Sub(code, hn::Set(PackedInts(), 32));
            sink(j, hn::Mul(spread(of[j / 16]), toFloats(centred)));
        }
    }
};

RowKernels packedKQuants(DType dtype)
{
    switch (dtype) {
    case DType::Q4_K:
        return kernelsOf<RowsOf<BlocksOfQ4_K>>();
    case DType::Q5_K:
        return kernelsOf<RowsOf<BlocksOfQ5_K>>();
    default:
        return kernelsOf<RowsOf<BlocksOfQ6_K>>();
    }
}

#endif

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
