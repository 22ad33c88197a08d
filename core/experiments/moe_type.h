// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiments/bias_artefact.h"
#include "core/experiments/rounding_effect.h"
#include "core/experiments/taxonomy.h"
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
    std::uint64_t seed = 1;
};
/// The spec with its layers and experts written out, sorted and without repeats. Unsupported for a
/// dense model or an unknown family, InvalidArgument for layers, shares or projections that make no
/// sense.
Result<MoeTypeSpec> resolveMoeTypeSpec(const OpenModel& model, MoeTypeSpec spec);

/// One layer's numbers; emitted through TaskContext::partial as
/// `std::shared_ptr<const LayerWeights>`.
struct LayerWeights {
    LayerId layer;
    std::uint32_t ordinal = 0; ///< among the mixture layers
    std::vector<Projection> projections;
    std::vector<ProjectionAnalysis> analyses; ///< one per projection
    /// One per projection whose experts have biases; of the first layer of a run only.
    std::vector<BiasArtefact> artefacts;
    /// One per projection whose weights are quantised in a way that no earlier layer of the run
    /// has.
    std::vector<RoundingEffect> rounding;

    const ProjectionAnalysis* find(Projection projection) const; ///< null when it was not asked for
};

enum class OriginVerdict : std::uint8_t { NotEnoughData, ExactCopies, Evidence, NoEvidence, Mixed };
std::string_view originText(OriginVerdict verdict); ///< "evidence", "no evidence found", ...

inline constexpr double kOriginDelta = 0.05; ///< smallest mean cosine that counts
inline constexpr double kOriginZ = 10;
inline constexpr double kExactCopyShare = 1e-12;

/// One test that voted on the origin.
struct OriginTest {
    LayerId layer;
    Projection projection = Projection::Gate;
    std::size_t experts = 0;
    std::size_t pairs = 0;
    std::uint64_t weights = 0; ///< looked at
    double cosineMean = std::numeric_limits<double>::quiet_NaN();
    double cosineError = 0; ///< standard error of the mean, see CosineSummary
    double nullSd = 0; ///< of the mean cosine of independent experts: 1/sqrt(mn·N(N-1)/2)
    double z = 0;
    double baseEnergy = 0;
    double baseEnergyNull = 0; ///< 1/N
    OriginVerdict verdict = OriginVerdict::NoEvidence;

    Interval interval() const; ///< 95 % of cosineMean
};
OriginTest testOrigin(LayerId layer, Projection projection, const ProjectionAnalysis& analysis);
OriginVerdict combineOrigin(const std::vector<OriginTest>& tests);

/// The sources' label and score, from the gate ranks and the down cosine alone. Decides nothing
/// here.
struct LegacyType {
    std::string label; ///< "native", "upcycled" or "undecided"
    double native = 0; ///< scores in [0, 1]
    double upcycled = 0;
};
std::optional<LegacyType> legacyType(const LayerWeights& layer); ///< needs gate and down

struct MoeTypeResult {
    std::shared_ptr<const OpenModel> model;
    MoeTypeSpec spec; ///< resolved
    std::vector<std::shared_ptr<const LayerWeights>> layers; ///< as finished
    std::vector<OriginTest> tests;
    OriginVerdict origin = OriginVerdict::NotEnoughData;

    bool complete() const { return !layers.empty() && layers.size() == spec.layers.size(); }
};
/// Adds a finished layer: its tests and the verdict so far. A caller that collects partial results
/// starts from {model, resolved spec} and calls this for each.
void addLayer(MoeTypeResult& result, std::shared_ptr<const LayerWeights> layer);

/// Layer by layer, in ascending order. After a cancel the error is Cancelled and the layers that
/// were emitted stay valid.
Result<MoeTypeResult> analyseMoeType(
    std::shared_ptr<const OpenModel> model, const MoeTypeSpec& spec, TaskContext& context);
/// Bytes that analyseMoeType will need on this many threads, its result included.
Result<std::uint64_t> moeTypeMemory(
    const OpenModel& model, const MoeTypeSpec& spec, unsigned threads);

/// What the spectra, the similarity and the ranks of a report are shown of.
struct MoeTypeView {
    std::optional<LayerId> layer; ///< the first one when it is not there
    std::optional<Projection> projection; ///< comes first; the others follow
    std::optional<ExpertId> expert; ///< in front of the others; nothing = their mean
    bool differences = true; ///< of W_i - W̄, else of W_i
    std::optional<double> share; ///< of the energy, whose rank is marked; nothing = 0.95 or so
};

/// Marked incomplete while layers are missing.
Report moeTypeReport(const MoeTypeResult& result, const MoeTypeView& view = {});

/// The figures alone, for a view that changes its selection without running again. They work on
/// partial results; layers of result.spec that are not there yet are drawn as pending.
Figure originFigure(const MoeTypeResult& result);
Figure compressibleFigure(const MoeTypeResult& result);
/// `differences`: of W_i - W̄, else of W_i. `share`: the energy share whose rank is marked.
Figure decayFigure(const LayerWeights& layer, Projection projection, bool differences,
    std::optional<ExpertId> selected, double share);
Figure similarityFigure(const LayerWeights& layer, Projection projection);
Figure rankByLayerFigure(const MoeTypeResult& result, double share, bool differences);
Figure cosineByLayerFigure(const MoeTypeResult& result);
Figure moeTypeTableFigure(const MoeTypeResult& result);
/// Right and wrong numbers side by side; nothing for experts without biases.
std::optional<Figure> biasArtefactFigure(const MoeTypeResult& result);
/// What the storage types alone explain; nothing while no quantised layer was analysed.
std::optional<Figure> roundingFigure(const MoeTypeResult& result);
/// Literature values of the known model of this shape beside the measured ones; nothing for an
/// unknown shape.
std::optional<Figure> publishedFigure(
    const MoeTypeResult& result, const std::vector<KnownModel>& models);

} // namespace moescope
