// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>
#include <array>

namespace moescope {

std::span<const Family* const> families()
{
    static const std::array all = {&deepseekV2Family(), &deepseekV32Family(), &deepseekV3Family(),
        &dots1Family(), &ernieMoeFamily(), &flexOlmoFamily(), &glm4MoeFamily(),
        &glm4MoeLiteFamily(), &glmMoeDsaFamily(), &gptOssFamily(), &hunyuanMoeFamily(),
        &kimiFamily(), &llamaFamily(), &minimaxM2Family(), &mixtralFamily(), &olmoeFamily(),
        &qwen2MoeFamily(), &qwen3MoeFamily(), &solarFamily()};
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
