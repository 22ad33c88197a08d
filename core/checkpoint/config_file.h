// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/io/json_fwd.h"

namespace moescope {

/// config.json of a model folder: one object, of at most 16 MB. Errors name the file.
Result<Json> readConfigFile(const std::filesystem::path& folder);
/// The "model_type" it declares; empty when it declares none.
std::string declaredModelType(const Json& config);
/// The language model's part of a config that also describes other parts (`text_config`).
const Json& textConfig(const Json& config);
/// `quantization_config` of a config or of its language model's part; null when there is none.
const Json* quantizationConfig(const Json& config);

} // namespace moescope
