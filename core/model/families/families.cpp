// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>
#include <array>

namespace moescope {

std::span<const Family* const> families()
{
    static const std::array all = {&dbrxFamily(), &deepseekV2Family(), &deepseekV3Family(),
        &deepseekV32Family(), &dots1Family(), &ernieMoeFamily(), &flexOlmoFamily(),
        &glm4MoeFamily(), &glm4MoeLiteFamily(), &glmMoeDsaFamily(), &gptOssFamily(),
        &graniteMoeFamily(), &graniteMoeHybridFamily(), &graniteMoeSharedFamily(), &grok1Family(),
        &hunyuanMoeFamily(), &jetmoeFamily(), &kimiFamily(), &llamaFamily(), &llama4Family(),
        &minimaxM2Family(), &mixtralFamily(), &olmoeFamily(), &phimoeFamily(), &qwen2MoeFamily(),
        &qwen35MoeFamily(), &qwen3MoeFamily(), &qwen3NextFamily(), &solarFamily()};
    return all;
}

const Family* findFamily(std::string_view modelType)
{
    for (const Family* family : families()) {
        if (std::ranges::find(family->modelTypes, modelType) != family->modelTypes.end())
            return family;
    }
    return nullptr;
}

} // namespace moescope
