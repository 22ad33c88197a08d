// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/report/figure.h"

namespace moescope::cli {

/// Keys, types and values of what the file says besides tensors.
Figure metadataFigure(const Metadata& metadata);
/// {key: {"type", "value"}}; of long lists "count" and the first values.
Json metadataToJson(const Metadata& metadata);

/// How many tensors, values and bytes each type has, the largest first.
Figure typesFigure(const Checkpoint& checkpoint);
Json typesToJson(const Checkpoint& checkpoint);

} // namespace moescope::cli
