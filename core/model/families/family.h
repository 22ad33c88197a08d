// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"
#include "core/model/moe_model.h"

namespace moescope {

/// A kind of model: how its config.json and its tensor names are to be understood. One file each,
/// listed in families.cpp.
struct Family {
    std::vector<std::string_view> modelTypes; ///< values of `model_type` that it claims
    std::string_view name; ///< "OLMoE"
    /// `source` names the config file in errors.
    Result<ModelConfig> (*readConfig)(const Json& config, std::string_view source) = nullptr;
    /// Finds every tensor and checks its shape and dtype.
    Result<ModelTensors> (*findTensors)(const ModelConfig& config, const Checkpoint& checkpoint)
        = nullptr;
};

const Family& dbrxFamily();
const Family& deepseekFamily();
const Family& deepseekV2Family();
const Family& deepseekV32Family();
const Family& deepseekV3Family();
const Family& dots1Family();
const Family& ernieMoeFamily();
const Family& flexOlmoFamily();
const Family& glm4MoeFamily();
const Family& glm4MoeLiteFamily();
const Family& glmMoeDsaFamily();
const Family& gptOssFamily();
const Family& graniteMoeFamily();
const Family& graniteMoeHybridFamily();
const Family& graniteMoeSharedFamily();
const Family& grok1Family();
const Family& hunyuanMoeFamily();
const Family& jetmoeFamily();
const Family& kimiFamily();
const Family& llama4Family();
const Family& llamaFamily();
const Family& minimaxM2Family();
const Family& mixtralFamily();
const Family& olmoeFamily();
const Family& phimoeFamily();
const Family& qwen2MoeFamily();
const Family& qwen35MoeFamily();
const Family& qwen3MoeFamily();
const Family& qwen3NextFamily();
const Family& qwen3VlMoeFamily();
const Family& solarFamily();

/// Families that open for the analysis of their weights only.
std::span<const Family> weightsOnlyFamilies();

std::span<const Family* const> families();
const Family* findFamily(std::string_view modelType);

} // namespace moescope
