// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/explore.h"
#include "core/io/json_fwd.h"

/// What the report of a prompt says of a changed model beside the untouched one. All of it needs
/// comparesInterventions(result).
namespace moescope {

/// What was changed and what came of it; beside them the fields of the two runs stand.
Json changeFields(const ExploreResult& result);
std::vector<Finding> changeFindings(const ExploreResult& result);
/// Tokens after which another one is the most likely, and the change layer by layer.
std::vector<Figure> changeFigures(const ExploreResult& result);

} // namespace moescope
