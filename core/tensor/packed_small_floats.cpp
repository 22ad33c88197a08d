// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <bit>

// Included once for each target, the same ones as in vector_kernels.cpp.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/tensor/packed_small_floats.cpp"
#include <hwy/foreach_target.h>

#include "core/tensor/packed_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

RowKernels packedSmallFloats(DType dtype);

#if HWY_TARGET != HWY_SCALAR

/// Halves of scales E8M0 as floats, 2^(bits - 128), for values that are doubled.
constexpr std::array<float, 256> halvesOfE8M0(std::uint32_t last)
{
    std::array<float, 256> halves{};
    for (std::uint32_t bits = 0; bits < 256; ++bits)
        halves[bits] = std::bit_cast<float>(bits < 2 ? 0x00200000U << bits : (bits - 1) << 23);
    halves[255] = std::bit_cast<float>(last);
    return halves;
}

/// The last code is NaN in the format itself and 2^128 in GGUF files.
constexpr std::array<float, 256> kHalves = halvesOfE8M0(0x7FC00000U);
constexpr std::array<float, 256> kHalvesOfGguf = halvesOfE8M0(254U << 23);

/// Values of four-bit floats of one scale.
template <bool kNegativeZero>
struct Fp4Scale {
    PackedVector half;
    PackedVector table; ///< of wide registers: the value of each code

    HWY_INLINE explicit Fp4Scale(float halfScale)
        : half(spread(halfScale))
        , table(half)
    {
        if constexpr (kWide) {
            alignas(64) static constexpr float kTwice[16] = {
                0, 1, 2, 3, 4, 6, 8, 12, kNegativeZero ? -0.0F : 0.0F, -1, -2, -3, -4, -6, -8, -12};
            table = hn::Mul(half, hn::Load(PackedFloats(), kTwice));
        }
    }
    /// The values of sixteen codes, for sixteen columns.
    template <typename SixteenBytes, typename Sink>
    HWY_INLINE void operator()(SixteenBytes codes, std::size_t column, const Sink& sink) const
    {
        if constexpr (kWide) {
            sink(column, lookUp(table, hn::PromoteTo(PackedInts(), codes)));
        } else {
            // The upper two bytes of each doubled value as a float; the others are zeros.
            alignas(16) static constexpr std::uint8_t kUpper[16] = {0, 0x3F, 0x40, 0x40, 0x40, 0x40,
                0x41, 0x41, kNegativeZero ? 0x80 : 0, 0xBF, 0xC0, 0xC0, 0xC0, 0xC0, 0xC1, 0xC1};
            alignas(16) static constexpr std::uint8_t kLower[16]
                = {0, 0x80, 0, 0x40, 0x80, 0xC0, 0, 0x40, 0, 0x80, 0, 0x40, 0x80, 0xC0, 0, 0x40};
            const Bytes16 bytes;
            const auto upper = hn::TableLookupBytes(hn::Load(bytes, kUpper), codes);
            const auto lower = hn::TableLookupBytes(hn::Load(bytes, kLower), codes);
            eight(hn::InterleaveLower(bytes, lower, upper), column, sink);
            eight(hn::InterleaveUpper(bytes, lower, upper), column + 8, sink);
        }
    }

private:
    template <typename SixteenBytes, typename Sink>
    HWY_INLINE void eight(SixteenBytes bytes, std::size_t column, const Sink& sink) const
    {
        const hn::FixedTag<std::uint16_t, 8> eightWords;
        const auto words = hn::BitCast(eightWords, bytes);
        if constexpr (kFloats == 8) {
            sink(column, scaled(words));
        } else if constexpr (kFloats == 4) {
            sink(column, scaled(hn::LowerHalf(words)));
            sink(column + 4, scaled(hn::UpperHalf(hn::Half<decltype(eightWords)>(), words)));
        }
    }
    template <typename Words>
    HWY_INLINE PackedVector scaled(Words upper) const
    {
        const hn::Rebind<std::uint32_t, PackedFloats> d;
        return hn::Mul(
            half, hn::BitCast(PackedFloats(), hn::ShiftLeft<16>(hn::PromoteTo(d, upper))));
    }
};

struct BlocksOfMxfp4 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 17;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 1;
    static constexpr std::size_t kParts = 1;
    struct Header { };
    static HWY_INLINE void read(const std::byte*, const std::byte*, Header&) { }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header&, std::size_t, const Sink& sink)
    {
        const Fp4Scale<false> scale(kHalvesOfGguf[std::to_integer<std::uint8_t>(*block)]);
        if constexpr (kWide) {
            const Codes codes = loadCodes(block + 1);
            sink(0, lookUp(scale.table, codes));
            sink(16, lookUp(scale.table, highHalf(codes)));
        } else {
            const Bytes16 bytes;
            const auto codes = hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(block + 1));
            scale(hn::And(codes, hn::Set(bytes, 15)), 0, sink);
            scale(hn::ShiftRight<4>(codes), 16, sink);
        }
    }
};

/// Two lanes of 32 bits for each byte of half a block.
constexpr std::array<std::uint8_t, 64> pairsOfLanes(std::uint8_t firstByte)
{
    std::array<std::uint8_t, 64> order{};
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<std::uint8_t>(firstByte + i / 8);
    return order;
}

alignas(64) constexpr auto kFirstBytes = pairsOfLanes(0);
alignas(64) constexpr auto kLastBytes = pairsOfLanes(8);

/// Two codes a byte, the scales of 32 in bytes beside them.
struct BlocksOfF4 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 16;
    static constexpr std::size_t kScaleBytes = 1;
    static constexpr std::size_t kGroups = 1;
    static constexpr std::size_t kParts = 1;
    struct Header {
        float half;
    };
    static HWY_INLINE void read(const std::byte*, const std::byte* scale, Header& header)
    {
        const auto bits = std::to_integer<std::uint8_t>(*scale);
        header.half = kHalves[bits];
    }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header& header, std::size_t, const Sink& sink)
    {
        const Fp4Scale<true> scale(header.half);
        if constexpr (kWide) {
            sink(0, lookUp(scale.table, sixteenCodes(block, kFirstBytes)));
            sink(16, lookUp(scale.table, sixteenCodes(block, kLastBytes)));
        } else {
            const Bytes16 bytes;
            const auto codes = hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(block));
            const auto low = hn::And(codes, hn::Set(bytes, 15));
            const auto high = hn::ShiftRight<4>(codes);
            scale(hn::InterleaveLower(bytes, low, high), 0, sink);
            scale(hn::InterleaveUpper(bytes, low, high), 16, sink);
        }
    }

private:
    /// Codes in the lower four bits of each lane, for lookUp, which ignores the others.
    static HWY_INLINE Codes sixteenCodes(
        const std::byte* block, const std::array<std::uint8_t, 64>& order)
    {
        alignas(64) static constexpr std::int32_t kShifts[16]
            = {0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4};
        const hn::Repartition<std::uint8_t, PackedFloats> bytes;
        const auto all = hn::LoadDup128(bytes, reinterpret_cast<const std::uint8_t*>(block));
        const auto spreadOut = hn::TableLookupBytes(all, hn::Load(bytes, order.data()));
        return hn::Shr(hn::BitCast(PackedInts(), spreadOut), hn::Load(PackedInts(), kShifts));
    }
};

/// Eight-bit floats, with or without float scales for every scaleCols columns.
struct RowsOfF8E4M3 {
    static HWY_INLINE PackedVector load(const std::byte* from)
    {
        const PackedFloats d;
        const hn::Rebind<std::uint16_t, PackedFloats> words;
        const hn::Rebind<std::int16_t, PackedFloats> shorts;
        const hn::Rebind<std::uint8_t, PackedFloats> bytes;
        const hn::Rebind<hwy::float16_t, PackedFloats> half;
        const auto code
            = hn::PromoteTo(words, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(from)));
        // A half has the same fields, but its exponents stand for 2^8 less.
        const auto signs = hn::ShiftRight<1>(hn::BitCast(shorts, hn::ShiftLeft<8>(code)));
        const auto bits = hn::And(signs, hn::Set(shorts, static_cast<std::int16_t>(0xBFFF)));
        const PackedVector value = hn::Mul(hn::PromoteTo(d, hn::BitCast(half, bits)), spread(256));
        return hn::IfThenElse(
            hn::Eq(hn::Abs(value), spread(480)), spread(std::bit_cast<float>(0x7FC00000U)), value);
    }

    template <std::size_t kRows, typename Sink>
    static HWY_INLINE void visit(const StoredRows& rows, std::size_t first, Sink& sink)
    {
        const std::byte* values = rows.data + first * rows.stride;
        const std::size_t tile = rows.scales ? rows.scaleCols : rows.cols;
        float factors[kRows];
        std::fill_n(factors, kRows, 1.0F);
        const std::byte* scale = rows.scales + first * rows.scaleStride;
        for (std::size_t column = 0; column < rows.cols; scale += sizeof(float)) {
            for (std::size_t r = 0; rows.scales && r < kRows; ++r)
                std::memcpy(factors + r, scale + r * rows.scaleStride, sizeof(float));
            const std::size_t end = std::min(rows.cols, column + tile);
            for (; column + kFloats <= end; column += kFloats) {
#pragma GCC unroll 8
                for (std::size_t r = 0; r < kRows; ++r) {
                    if (column % 64 == 0)
                        hwy::Prefetch(values + (r + kRows) * rows.stride + column);
                    sink(r, column,
                        hn::Mul(load(values + r * rows.stride + column), spread(factors[r])));
                }
            }
            const std::size_t rest = std::min(end - column, kFloats - 1);
            for (std::size_t r = 0; rest > 0 && r < kRows; ++r) {
                alignas(64) std::byte padded[kFloats] = {};
                std::memcpy(padded, values + r * rows.stride + column, rest);
                sink.tail(r, column, hn::Mul(load(padded), spread(factors[r])), rest);
            }
            column = end;
        }
    }
};

RowKernels packedSmallFloats(DType dtype)
{
    switch (dtype) {
    case DType::Mxfp4:
        return kernelsOf<RowsOf<BlocksOfMxfp4>>();
    case DType::F4:
        return kernelsOf<RowsOf<BlocksOfF4>>();
    default:
        return kernelsOf<RowsOfF8E4M3>();
    }
}

#endif

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
