// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/io/json_fwd.h"

namespace moescope::tokenization {

/// Members that a part of a tokenizer.json must have; errors name `source` and the key.
Result<std::string> requiredString(
    const Json& object, std::string_view key, std::string_view source);
Result<bool> requiredBool(const Json& object, std::string_view key, std::string_view source);
Result<const Json*> requiredArray(
    const Json& object, std::string_view key, std::string_view source);
/// The member "type"; `json` must be an object.
Result<std::string> typeOf(const Json& json, std::string_view source);
tl::unexpected<Error> unsupportedType(std::string_view type, std::string_view source);

} // namespace moescope::tokenization
