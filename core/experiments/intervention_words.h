// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/io/json_fwd.h"
#include "core/runtime/forward.h"

namespace moescope {

/// What was changed, layer by layer and then everywhere: "layer 6: expert 9 masked; 1 expert per
/// token". Empty for the untouched model.
std::string interventionsText(const Interventions& interventions);
/// The same for programs: `masked` and `forced` as {layer, expert}, `experts_per_token` and so on;
/// what was not changed is left out.
Json interventionsFields(const Interventions& interventions);

} // namespace moescope
