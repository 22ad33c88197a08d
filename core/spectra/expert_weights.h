// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/task/task_context.h"
#include "core/tensor/matrix_view.h"

namespace moescope {

/// One projection of all experts of a layer, analysed: sigma_j of W_i and of the differences from the mean W_i - W̄,
/// pairwise cosines, base energy. Shapes: N experts, m x n each.
struct ProjectionAnalysis {
    std::size_t m = 0;
    std::size_t n = 0;
    std::vector<double> norms; ///< [N] Frobenius
    std::vector<double> cosine; ///< [N][N], flattened W_i; 1 on the diagonal; NaN for an expert of zeros
    double cosineMean = 0; ///< off the diagonal
    double cosineSd = 0; ///< of the pairs
    double baseEnergy = 0; ///< N‖W̄‖² / Σ‖W_i‖²
    double deltaShare = 0; ///< Σ‖Δ_i‖² / Σ‖W_i‖²; at most 1e-12 means exact copies
    double normCv = 0; ///< coefficient of variation of the norms
    std::vector<std::vector<double>> rawSigma; ///< [N][min], descending
    std::vector<std::vector<double>> deltaSigma; ///< [N][min]
};

/// What analyseProjection needs to keep: matrices decoded one at a time, memory is about (threads + 2) matrices of
/// floats plus the Gram matrices. Cancel is seen between matrices. Results do not depend on the thread count.
Result<ProjectionAnalysis> analyseProjection(std::span<const MatrixView> experts, TaskContext& context);
std::uint64_t analyseProjectionMemory(std::span<const MatrixView> experts, unsigned threads);

/// Order of rows that puts similar experts side by side: leaves of average-linkage clustering of 1 - cosine.
std::vector<std::size_t> clusteredOrder(std::span<const double> cosine, std::size_t count);

} // namespace moescope
