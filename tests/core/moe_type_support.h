// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <stdexcept>

#include "core/experiments/moe_type.h"
#include "core/spectra/spectrum.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

// What the tests of moe-type-analyze share. Helpers throw, so that QtTest ends the test.

namespace moescope::test {

inline std::shared_ptr<const OpenModel> openAt(const std::filesystem::path& folder)
{
    const auto model = openModel(folder);
    if (!model)
        throw std::runtime_error(model.error().message);
    return *model;
}

inline std::shared_ptr<const OpenModel> sample(const char* name)
{
    return openAt(resources() / "samples" / name);
}

inline MoeTypeSpec layersOf(std::initializer_list<std::uint32_t> numbers)
{
    MoeTypeSpec spec;
    for (const std::uint32_t number : numbers)
        spec.layers.emplace_back(number);
    return spec;
}

inline Result<MoeTypeResult> analyse(
    std::shared_ptr<const OpenModel> model, const MoeTypeSpec& spec = {}, unsigned threads = 2)
{
    WorkerPool pool(threads);
    TaskContext context(pool);
    return analyseMoeType(std::move(model), spec, context);
}

inline double meanRank(const std::vector<std::vector<double>>& spectra, double share)
{
    double sum = 0;
    for (const auto& sigma : spectra)
        sum += static_cast<double>(energyRank(sigma, share));
    return sum / static_cast<double>(spectra.size());
}

/// Equal cosines between `experts` matrices of m x n.
inline ProjectionAnalysis analysisWith(
    std::size_t experts, std::size_t m, std::size_t n, double cosine)
{
    ProjectionAnalysis analysis;
    analysis.m = m;
    analysis.n = n;
    analysis.norms.assign(experts, 1.0);
    analysis.cosine.assign(experts * experts, cosine);
    for (std::size_t e = 0; e < experts; ++e)
        analysis.cosine[e * experts + e] = 1;
    analysis.cosines = summariseCosines(analysis.cosine, experts);
    analysis.deltaShare = 1 - cosine;
    analysis.baseEnergy = cosine + (1 - cosine) / static_cast<double>(experts);
    return analysis;
}

inline const Figure& figureNamed(const Report& report, std::string_view id)
{
    const auto at = std::find_if(report.figures.begin(), report.figures.end(),
        [&](const Figure& figure) { return figure.id == id; });
    if (at == report.figures.end())
        throw std::runtime_error("no figure " + std::string(id));
    return *at;
}

} // namespace moescope::test
