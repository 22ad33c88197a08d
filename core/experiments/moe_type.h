// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/open_model.h"
#include "core/report/report.h"
#include "core/spectra/expert_weights.h"
#include "core/task/task_context.h"

namespace moescope {

struct MoeTypeSpec {
    std::vector<LayerId> layers; ///< absolute; empty = all mixture layers
    std::vector<double> shares = {0.90, 0.95, 0.99};
    std::uint32_t experts = 0; ///< the first N; 0 = all
    std::vector<Projection> projections = {Projection::Gate, Projection::Up, Projection::Down};
};

/// One layer's numbers; emitted through TaskContext::partial as `std::shared_ptr<const LayerWeights>`.
struct LayerWeights {
    LayerId layer;
    std::vector<Projection> projections;
    std::vector<ProjectionAnalysis> analyses; ///< one per projection
};

enum class OriginVerdict { NotEnoughData, ExactCopies, Evidence, NoEvidence, Mixed };
std::string_view originText(OriginVerdict verdict); ///< "evidence", "no evidence found", ...

/// One test that voted on the origin.
struct OriginTest {
    LayerId layer;
    Projection projection = Projection::Gate;
    double cosineMean = 0;
    double nullSd = 0; ///< SD of the mean cosine of independent experts: 1/sqrt(mn·N(N-1)/2)
    double z = 0;
    double baseEnergy = 0;
    double baseEnergyNull = 0; ///< 1/N
    OriginVerdict verdict = OriginVerdict::NoEvidence;
};
OriginTest testOrigin(LayerId layer, Projection projection, const ProjectionAnalysis& analysis);
OriginVerdict combineOrigin(const std::vector<OriginTest>& tests);

struct MoeTypeResult {
    std::shared_ptr<const OpenModel> model;
    MoeTypeSpec spec;
    std::vector<std::shared_ptr<const LayerWeights>> layers; ///< as finished
    std::vector<OriginTest> tests;
    OriginVerdict origin = OriginVerdict::NotEnoughData;
};

Result<MoeTypeResult> analyseMoeType(std::shared_ptr<const OpenModel> model, const MoeTypeSpec& spec, TaskContext& context);
Report moeTypeReport(const MoeTypeResult& result);

/// The figures alone, for a view that changes its selection without running again. They work on partial results.
Figure originFigure(const MoeTypeResult& result);
Figure compressibleFigure();
Figure decayFigure(const LayerWeights& layer, Projection projection, bool differences, std::optional<ExpertId> selected, double share);
Figure similarityFigure(const LayerWeights& layer, Projection projection);
/// `layerCount`: all layers asked for; those not there yet are drawn as pending.
Figure rankByLayerFigure(const MoeTypeResult& result, double share, bool differences);
Figure cosineByLayerFigure(const MoeTypeResult& result);

} // namespace moescope
