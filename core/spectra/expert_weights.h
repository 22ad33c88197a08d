// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tensor/matrix_view.h"

namespace moescope {

/// Off-diagonal pairs of a cosine matrix; pairs with an expert of zeros (NaN) are left out.
struct CosineSummary {
    std::size_t pairs = 0;
    double mean = std::numeric_limits<double>::quiet_NaN(); ///< NaN without pairs
    double sd = 0; ///< of the pairs
    /// Standard error of the mean: delete-one-expert jackknife, since pairs that share an expert
    /// are not independent. NaN with fewer than three experts.
    double error = std::numeric_limits<double>::quiet_NaN();
};
CosineSummary summariseCosines(std::span<const double> cosine, std::size_t count);

/// One projection of all experts of a layer, analysed: sigma_j of W_i and of the differences from
/// the mean Δ_i = W_i - W̄, pairwise cosines, base energy. Shapes: N experts, m x n each.
struct ProjectionAnalysis {
    std::size_t m = 0;
    std::size_t n = 0;
    std::vector<double> norms; ///< [N] Frobenius
    std::vector<double>
        cosine; ///< [N][N], flattened W_i; 1 on the diagonal; NaN for an expert of zeros
    CosineSummary cosines;
    double baseEnergy = 0; ///< N‖W̄‖² / Σ‖W_i‖²; NaN when all are zero
    double deltaShare = 0; ///< Σ‖Δ_i‖² / Σ‖W_i‖²; at most 1e-12 means exact copies
    double normCv = 0; ///< coefficient of variation of the norms
    std::vector<std::vector<double>> rawSigma; ///< [N][min], descending
    std::vector<std::vector<double>> deltaSigma; ///< [N][min]
    /// Surrogates: Gaussian noise with the row norms of Δ_i, for a few experts spread over the
    /// layer.
    std::vector<std::size_t> surrogateExperts;
    std::vector<std::vector<double>> surrogateSigma; ///< [surrogates][min]
    /// Of all these spectra, how many were found in double precision: single is tried first where
    /// it may do, but the ranks must be certain.
    std::size_t doubleSpectra = 0;

    std::size_t experts() const { return norms.size(); }
    std::size_t spectra() const
    {
        return rawSigma.size() + deltaSigma.size() + surrogateSigma.size();
    }
    std::size_t minimum() const { return m < n ? m : n; }
    std::uint64_t weights() const { return std::uint64_t{norms.size()} * m * n; }
};

struct ProjectionOptions {
    std::uint64_t seed = 1; ///< of the surrogates
    std::uint64_t stream = 0; ///< tells layers and projections of one run apart
    double progressFrom = 0; ///< the part of the whole work that this call is
    double progressTo = 1;
    std::string stage = "experts"; ///< what the progress sink is told
    /// One [m, 1] for each expert, added to every column of its matrix. A bias is no weight: only
    /// the demonstration of that mistake asks for it. Empty: none.
    std::span<const MatrixView> columnBias;
    /// Shares of energy, beside 90, 95 and 99 %, whose ranks must be those of double precision.
    std::vector<double> shares;
    bool single = true; ///< whether single precision may be tried (see SpectrumBatch)
};

/// Matrices are decoded one at a time: memory is about (threads + 2) matrices of floats plus the
/// Gram matrices and a few thin bands. Cancel is seen between matrices. Results do not depend on
/// the thread count. BadFormat names the first expert, row and column that hold NaN or infinity.
Result<ProjectionAnalysis> analyseProjection(std::span<const MatrixView> experts,
    TaskContext& context, const ProjectionOptions& options = {});
std::uint64_t analyseProjectionMemory(std::span<const MatrixView> experts, unsigned threads);

/// Order of rows that puts similar experts side by side: leaves of average-linkage clustering of
/// 1 - cosine.
std::vector<std::size_t> clusteredOrder(std::span<const double> cosine, std::size_t count);

} // namespace moescope
