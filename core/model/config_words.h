// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/model/config.h"

namespace moescope {

/// What mixes the tokens and how far it sees: "full attention", "linear attention (gated delta
/// net) in 3 layers, full attention in 1 layer".
std::string describeMixers(const ModelConfig& config);
/// "default", "yarn, none in 2 layers"
std::string describeRope(const ModelConfig& config);
/// "top 2 of 6 sets of 2 query heads, by the same rule"; empty where there is no second router.
std::string describeSecondRouter(const ModelConfig& config);
/// "1 that reads every token, outside the router, 32 wide"; empty where there is none.
std::string describeSharedExperts(const RouterSpec& router);

} // namespace moescope
