// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/certain_spectra.h"

#include <utility>

namespace moescope {

CertainSpectra::CertainSpectra(
    std::size_t m, std::size_t n, std::vector<double> shares, Load load, Keep keep)
    : m_batch(m, n)
    , m_shares(std::move(shares))
    , m_load(std::move(load))
    , m_keep(std::move(keep))
{
}

Status CertainSpectra::add(std::size_t task, SpectrumPrecision first)
{
    MOESCOPE_TRY(const Input input, m_load(task));
    MOESCOPE_CHECK(m_batch.add(input.matrix, input.base, first));
    m_tasks.push_back(task);
    return m_batch.full() ? solve() : Status();
}

Status CertainSpectra::finish()
{
    while (m_batch.size() > 0)
        MOESCOPE_CHECK(solve());
    return {};
}

Status CertainSpectra::solve()
{
    const std::vector<std::size_t> tasks = std::exchange(m_tasks, {});
    MOESCOPE_TRY(auto spectra, m_batch.solve());
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const bool certain = isCertain(spectra[i], m_shares);
        if (!certain)
            again.push_back(tasks[i]);
        m_keep(tasks[i], std::move(spectra[i]), certain);
    }
    for (const std::size_t task : again)
        MOESCOPE_CHECK(add(task, SpectrumPrecision::Double));
    return {};
}

} // namespace moescope
