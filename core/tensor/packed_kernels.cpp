// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Included once for each target, the same ones as in vector_kernels.cpp.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/tensor/packed_kernels.cpp"
#include <hwy/foreach_target.h>

#include "core/tensor/packed_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

RowKernels packedKQuants(DType dtype); // packed_k_quants.cpp
RowKernels packedSmallFloats(DType dtype); // packed_small_floats.cpp
RowKernels packedRows(DType dtype);

#if HWY_TARGET != HWY_SCALAR

/// 32 integers of eight or four bits with one scale.

struct BlocksOfQ8_0 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 34;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 1;
    static constexpr std::size_t kParts = 1;
    struct Header { };
    static HWY_INLINE void read(const std::byte*, const std::byte*, Header&) { }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header&, std::size_t, const Sink& sink)
    {
        const PackedVector scale = spreadHalf(block);
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPart; j += kFloats)
            sink(j, hn::Mul(scale, toFloats(loadSigned(block + 2 + j))));
    }
};

struct BlocksOfQ4_0 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 18;
    static constexpr std::size_t kScaleBytes = 0;
    static constexpr std::size_t kGroups = 1;
    static constexpr std::size_t kParts = 1;
    struct Header { };
    static HWY_INLINE void read(const std::byte*, const std::byte*, Header&) { }

    template <std::size_t kIndex, typename Sink>
    static HWY_INLINE void part(
        const std::byte* block, const Header&, std::size_t, const Sink& sink)
    {
        const FourBitScale<false, 8> scale(spreadHalf(block), hn::Zero(PackedFloats()));
#pragma GCC unroll 4
        for (std::size_t j = 0; j < 16; j += kFloats)
            sink(j, scale.low(loadCodes(block + 2 + j)));
#pragma GCC unroll 4
        for (std::size_t j = 0; j < 16; j += kFloats)
            sink(16 + j, scale.high(loadCodes(block + 2 + j)));
    }
};

RowKernels packedRows(DType dtype)
{
    switch (dtype) {
    case DType::Q8_0:
        return kernelsOf<RowsOf<BlocksOfQ8_0>>();
    case DType::Q4_0:
        return kernelsOf<RowsOf<BlocksOfQ4_0>>();
    case DType::Q4_K:
    case DType::Q5_K:
    case DType::Q6_K:
        return packedKQuants(dtype);
    case DType::Mxfp4:
    case DType::F4:
    case DType::F8E4M3:
        return packedSmallFloats(dtype);
    default:
        return {};
    }
}

#else

RowKernels packedRows(DType)
{
    return {};
}

#endif

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
