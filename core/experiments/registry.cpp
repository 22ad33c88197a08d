// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/registry.h"

#include <algorithm>
#include <array>

/// One line an experiment, in the order of the help; `X(name)` needs a function `ExperimentInfo
/// nameExperiment()`.
#define MOESCOPE_EXPERIMENTS(X)                                                                    \
    X(explore)                                                                                     \
    X(moeType)

namespace moescope {

#define MOESCOPE_DECLARE(name) ExperimentInfo name##Experiment();
MOESCOPE_EXPERIMENTS(MOESCOPE_DECLARE)
#undef MOESCOPE_DECLARE

std::span<const ExperimentInfo> experiments()
{
#define MOESCOPE_MAKE(name) name##Experiment(),
    static const std::array kAll = {MOESCOPE_EXPERIMENTS(MOESCOPE_MAKE)};
#undef MOESCOPE_MAKE
    return kAll;
}

const ExperimentInfo* findExperiment(std::string_view id)
{
    const auto all = experiments();
    const auto it = std::find_if(
        all.begin(), all.end(), [&](const ExperimentInfo& info) { return info.id == id; });
    return it == all.end() ? nullptr : &*it;
}

} // namespace moescope
