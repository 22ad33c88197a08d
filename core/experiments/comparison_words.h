// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/experiments/explore.h"

namespace moescope {

enum class AgainstNull : std::uint8_t { Below, AsRandom, Above };
AgainstNull againstNull(double value, const Interval& band);

/// Which tail the p of a set overlap is.
inline constexpr const char* kSharedSide = "one-sided, more";

/// One plain sentence about a comparison. The numbers alone decide which sentence it is.
struct Statement {
    std::string text;
    bool asRandom = false; ///< what random routing gives as well
};

/// How far two prompts are routed alike and where they part. Empty without a comparison.
std::vector<Statement> describeDivergence(const ExploreResult& result);
/// How far two prompts are routed alike, where they part, and whether they share more than random
/// routing would; `layer` is the one whose sets are spoken of. Empty without a comparison.
std::vector<Statement> describeComparison(const ExploreResult& result, LayerId layer);

} // namespace moescope
