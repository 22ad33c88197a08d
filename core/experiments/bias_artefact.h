// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/model/moe_model.h"
#include "core/spectra/expert_weights.h"

namespace moescope {

/// What an analysis of weights finds when each expert's bias is wrongly added to every column of
/// its matrix: experts look alike and their differences look low-rank. The best-known claim that
/// GPT-OSS was grown from a dense model came from this.
struct BiasArtefact {
    Projection projection = Projection::Gate;
    double biasOverWeight = 0; ///< SD of the biases over SD of the weights
    double rightCosine = 0; ///< mean over pairs
    double wrongCosine = 0;
    double rightRank = 0; ///< of the differences, mean over experts
    double wrongRank = 0;
    double rightFirst = 0; ///< share of the differences' energy in their first direction
    double wrongFirst = 0;
    double ceiling = 0; ///< rank of noise of that shape
    ProjectionAnalysis wrong; ///< everything, with the mistake
};

/// Whether any of the experts has a bias on this projection.
bool hasBias(std::span<const MlpTensors> experts, Projection projection);

/// The mistake on one projection of a layer beside the right numbers, which analyseProjection()
/// gave for the same experts. `share` of the energy defines the rank. Costs as much as that
/// analysis.
Result<BiasArtefact> measureBiasArtefact(std::span<const MlpTensors> experts, Projection projection,
    const ProjectionAnalysis& right, double share, TaskContext& context, ProjectionOptions options);

} // namespace moescope
