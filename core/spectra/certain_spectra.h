// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/spectra/spectrum_batch.h"

namespace moescope {

/// Spectra of many matrices of one shape, in single precision where that is certain to give the
/// ranks of double precision at all `shares`, else in double. One for each thread; memory is that
/// of one batch.
class CertainSpectra {
public:
    struct Input {
        std::span<const float> matrix;
        std::span<const double> base; ///< subtracted; may be empty
    };
    /// The matrix of a task, valid until the next call; called again when it is redone in double.
    using Load = std::function<Result<Input>(std::size_t task)>;
    /// Called for each spectrum found, also for those in single precision that will be redone.
    using Keep = std::function<void(std::size_t task, Spectrum&& spectrum, bool certain)>;

    CertainSpectra(std::size_t m, std::size_t n, std::vector<double> shares, Load load, Keep keep);

    /// Begins a task; tasks whose batch is full are finished meanwhile.
    Status add(std::size_t task, SpectrumPrecision first);
    /// Finishes all tasks.
    Status finish();

private:
    Status solve();

    SpectrumBatch m_batch;
    std::vector<double> m_shares;
    Load m_load;
    Keep m_keep;
    std::vector<std::size_t> m_tasks; // of the matrices in the batch
};

} // namespace moescope
