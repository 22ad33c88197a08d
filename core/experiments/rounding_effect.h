// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/model/moe_model.h"
#include "core/spectra/expert_weights.h"

namespace moescope {

/// What storing weights in few bits does by itself: the numbers of an analysis for Gaussian
/// matrices of the experts' shape and spread that were rounded the same way.
struct RoundingEffect {
    Projection projection = Projection::Gate;
    std::string type; ///< how the weights are stored, "q4_0"
    struct Estimate {
        double rank = 0; ///< over the ceiling of noise, at the headline share; 1: no effect
        double cosine = 0; ///< of two independent matrices after rounding; 0: no effect
        double likeness = 0; ///< cosine of a matrix with its rounded self
    };
    std::optional<Estimate> estimate; ///< none for types whose rounding is not plain
};

/// Whether the weights are kept in blocks or single bytes rather than as they were trained.
bool isQuantised(const MatrixView& matrix);

/// Types whose rounding takes the nearest value with the scale from the block's largest magnitude.
enum class PlainRounding : std::uint8_t { Q8, Q4, Fp4 };
std::optional<PlainRounding> plainRounding(const MatrixView& matrix);
/// Rounds whole blocks of 32 in place; scales are not rounded to their own type, except for Fp4,
/// whose scales are powers of two.
void roundPlainly(PlainRounding rounding, std::span<float> values);

/// `analysis` is that of the same experts. `share` of the energy defines the rank. Costs as much as
/// the analysis of two experts.
Result<RoundingEffect> measureRounding(const MatrixView& expert, Projection projection,
    const ProjectionAnalysis& analysis, double share, TaskContext& context,
    ProjectionOptions options);
std::uint64_t roundingMemory(const MatrixView& expert, unsigned threads);

} // namespace moescope
