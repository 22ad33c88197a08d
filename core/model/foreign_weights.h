// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/checkpoint/checkpoint.h"
#include "core/io/json.h"

namespace moescope {

/// Why the weights cannot be read as numbers when another tool has quantised them to a form that is
/// not known (GPTQ, AWQ, bitsandbytes, ...): Unsupported, with the tool and a tensor. `config` is
/// config.json.
std::optional<Error> foreignQuantisation(const Json& config, const Checkpoint& checkpoint);

} // namespace moescope
