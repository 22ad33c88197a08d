// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
    std::uint32_t matrices = 8; ///< on which gesdd is timed, sixteen times as many of ours; 0: none
};

/// Bytes that the measurements of a model need at most, one after the other, and those of
/// measureSpectra() alone.
std::uint64_t benchMemory(const MoeModel& model, const BenchSpec& spec, unsigned threads);
std::uint64_t spectraMemory(std::size_t rows, std::size_t cols, unsigned threads);

/// The same prompt read with Precision::Bf16 and in float32, in turns.
struct PrecisionBench {
    Figures prefill; ///< tokens/s with Bf16
    Figures exact; ///< and with float32
    Figures gain; ///< times as fast as float32 just before
    double stateError = 0; ///< |difference| / |state| of what leaves the last layer, NaN if it is
    double changedChoices = 0; ///< share of (token, layer) whose chosen experts differ
    std::size_t choices = 0;
};
Result<PrecisionBench> measurePrecision(
    const MoeModel& model, const BenchSpec& spec, TaskContext& context);

/// Cost of running one model, in units of what the machine can do.
struct RuntimeBench {
    std::string packing; ///< of the experts' weights, or of the MLP's: "bf16", "q4_k"
    std::uint64_t bytesPerToken = 0; ///< of the weights that one generated token reads
    double operationsPerToken = 0; ///< of a prompt's token: twice the active weights
    Figures prefill; ///< tokens/s
    Figures generation; ///< tokens/s
    std::optional<double> firstToken; ///< seconds to the first token after the long prompt
    std::optional<double> longPrefill; ///< tokens/s of the long prompt
    std::uint32_t longTokens = 0;
    std::optional<double> attention; ///< seconds of the long prompt's attention, projections aside
    std::optional<PrecisionBench> bf16; ///< where it was asked for
};
Result<RuntimeBench> measureRuntime(
    const MoeModel& model, const BenchSpec& spec, TaskContext& context);

/// Seconds that softmax attention takes for a prompt of that length in all layers that have it, on
/// random queries, keys and values; nothing without such a layer.
Result<std::optional<double>> measureAttention(
    const MoeModel& model, std::uint32_t tokens, TaskContext& context);

/// Spectra of Gaussian matrices, all threads busy. Seconds of processor time of one thread for one
/// matrix, but for `wall`. The floor is what LAPACK needs for the Gram matrix and its reduction to
/// three diagonals alone.
struct SpectraBench {
    std::size_t rows = 0;
    std::size_t cols = 0;
    std::size_t matrices = 0; ///< ours; the others are timed once for sixteen of these
    std::size_t doubles = 0; ///< of these, for which single precision was not certain
    Figures ours;
    Figures wall; ///< seconds that pass for one matrix on all threads together
    Figures ourDouble; ///< double precision from the start
    Figures direct; ///< LAPACK gesdd, single precision, values only
    Figures floorSingle;
    Figures floorDouble;
};
Result<SpectraBench> measureSpectra(
    std::size_t rows, std::size_t cols, std::size_t matrices, TaskContext& context);

/// Machine facts, figures and ratios.
Report benchReport(const OpenModel& open, const Machine& machine, const RuntimeBench& runtime,
    const std::optional<SpectraBench>& spectra, const BenchSpec& spec);

} // namespace moescope::bench
