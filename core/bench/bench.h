// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/bench/machine.h"
#include "core/model/open_model.h"
#include "core/report/report.h"

namespace moescope::bench {

struct BenchSpec {
    std::uint32_t promptTokens = 256;
    std::uint32_t longPromptTokens = 2000; ///< 0: left out
    std::uint32_t newTokens = 32;
    std::uint32_t runs = 3;
    std::uint32_t matrices = 8; ///< experts whose spectra are timed; 0: left out
};

/// Cost of running one model, in units of what the machine can do.
struct RuntimeBench {
    std::uint64_t bytesPerToken = 0; ///< of the weights that one generated token reads
    double operationsPerToken = 0; ///< of a prompt's token: twice the active weights
    Figures prefill; ///< tokens/s
    Figures generation; ///< tokens/s
    std::optional<double> firstToken; ///< seconds to the first token after the long prompt
    std::optional<double> longPrefill; ///< tokens/s of the long prompt
    std::uint32_t longTokens = 0;
};
Result<RuntimeBench> measureRuntime(
    const MoeModel& model, const BenchSpec& spec, TaskContext& context);

/// Time of one matrix of `rows` x `cols`, all threads busy with one each.
struct SpectraBench {
    std::size_t rows = 0;
    std::size_t cols = 0;
    std::size_t matrices = 0;
    Figures ours; ///< seconds a matrix a thread
    Figures direct; ///< LAPACK gesdd, single precision, values only
};
Result<SpectraBench> measureSpectra(
    std::size_t rows, std::size_t cols, std::size_t matrices, TaskContext& context);

/// Machine facts, figures and ratios.
Report benchReport(const OpenModel& open, const Machine& machine, const RuntimeBench& runtime,
    const std::optional<SpectraBench>& spectra, const BenchSpec& spec);

} // namespace moescope::bench
