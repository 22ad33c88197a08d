// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/experiments/registry.h"

namespace moescope {

/// Error InvalidArgument, naming the parameter, for a name that is not in `parameters`, a required
/// one that is missing, a number that is none, or a choice that does not exist.
Status checkParameters(const ExperimentInput& input, std::span<const ParameterInfo> parameters);

/// The value given, or nothing.
std::optional<std::string> givenText(const ExperimentInput& input, std::string_view name);
/// As a layer number; checkParameters has seen that it is one.
std::optional<LayerId> givenLayer(const ExperimentInput& input, std::string_view name);

/// "0,3,7" or "0-3,7"; `what` names the list in errors. Values up to 2^31 - 1, at most a million of
/// them.
Result<std::vector<std::uint32_t>> parseCountList(std::string_view text, std::string_view what);
/// "0.9,0.95"
Result<std::vector<double>> parseNumberList(std::string_view text, std::string_view what);
/// Token ids "1,2,3" or "1 2 3"; at least one.
Result<std::vector<std::int32_t>> parseTokenIds(std::string_view text);

} // namespace moescope
