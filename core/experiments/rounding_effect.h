// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/model/moe_model.h"
#include "core/spectra/expert_weights.h"
#include "core/stats/intervals.h"

namespace moescope {

/// The mean of the same number over several draws of noise, with its 95 % interval (Student's t).
struct DrawnMean {
    double mean = 0;
    double spread = 0; ///< standard deviation over the draws
    Interval interval;
};

/// What storing weights in few bits does by itself: Gaussian matrices of the experts' shape and
/// spread, each analysed before and after it was rounded the same way. Both share their sampling
/// noise, so the differences are those of the rounding.
struct RoundingEffect {
    Projection projection = Projection::Gate;
    std::string type; ///< how the weights are stored, "q4_0"
    struct Estimate {
        std::size_t draws = 0;
        DrawnMean rank; ///< change of rank / ceiling at the headline share; 0: no effect
        DrawnMean cosine; ///< change of the cosine of two independent matrices; 0: no effect
        DrawnMean likeness; ///< cosine of a matrix with its rounded self; 1: no effect
        double plainRank = 0; ///< rank / ceiling before rounding, mean of the draws
        double plainCosine = 0;
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

/// Eight, but three for matrices of more than 2^20 weights: there one draw costs as much as two
/// experts of the analysis, and its numbers hardly differ from draw to draw.
std::size_t roundingDraws(const MatrixView& expert);

/// `analysis` is that of the same experts. `share` of the energy defines the rank.
Result<RoundingEffect> measureRounding(const MatrixView& expert, Projection projection,
    const ProjectionAnalysis& analysis, double share, TaskContext& context,
    const ProjectionOptions& options);
std::uint64_t roundingMemory(const MatrixView& expert, unsigned threads);

} // namespace moescope
