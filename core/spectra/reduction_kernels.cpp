// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/reduction_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

// Vectors of unknown size cannot stand in arrays, as the tiles below need. Included once for each
// target; the two left out differ from their neighbours in nothing that is used here.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS                                                                       \
    (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/spectra/reduction_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/spectra/band_chase-inl.h"
#include "core/spectra/block_reduction-inl.h"
#include "core/spectra/gram_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

ReductionKernels reductionKernelsOfTarget()
{
    return {gram<float>, gram<double>, gramTimesProbes, toBand<float>, toBand<double>,
        batchToTridiagonal, batchEigenvalues, hwy::TargetName(HWY_TARGET)};
}

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moescope {

HWY_EXPORT(reductionKernelsOfTarget);

const ReductionKernels& reductionKernels()
{
    static const ReductionKernels chosen = HWY_DYNAMIC_DISPATCH(reductionKernelsOfTarget)();
    return chosen;
}

std::vector<ReductionKernels> everyReductionKernels()
{
    std::vector<ReductionKernels> all;
    for (std::int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
        hwy::ChosenTarget target;
        target.Update(left & -left);
        all.push_back(HWY_DISPATCH_TABLE(reductionKernelsOfTarget)[target.GetIndex()]());
    }
    return all;
}

} // namespace moescope
#endif
