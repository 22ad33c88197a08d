// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/task/task_context.h"

namespace moescope::bench {

/// Median and spread of repeated measurements.
struct Figures {
    double median = 0;
    double lowest = 0;
    double highest = 0;
    std::size_t runs = 0;
};
Figures summarise(std::vector<double> values);

/// What this machine can do at best, on the task's threads: the yardsticks of all ratios.
struct Machine {
    std::string processor;
    unsigned cores = 0;
    unsigned threads = 0;
    std::string instructions; ///< the set that the products use: "AVX-512", "AVX2"
    bool bf16Products = false; ///< and it has products of bfloat16 numbers
    Figures readBandwidth; ///< GB/s of plain reads of a buffer far larger than the caches
    std::string linearAlgebra; ///< what the yardsticks of products and spectra are measured with
    Figures matrixRate; ///< GF/s of its single-precision products, one matrix a thread
};

/// GB/s of plain reads of a buffer of about `bytes`, on the task's threads. Errors: Cancelled,
/// OutOfMemory.
Result<Figures> measureReadBandwidth(TaskContext& context, std::size_t bytes);

/// Bytes that measureMachine() needs.
std::uint64_t machineMemory(unsigned threads);
/// Takes about a second. Errors: Cancelled, OutOfMemory.
Result<Machine> measureMachine(TaskContext& context);

} // namespace moescope::bench
