// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>
#include <vector>

namespace moescope {

std::span<const Family* const> families()
{
    static const std::vector<const Family*> all = [] {
        std::vector<const Family*> list{&dbrxFamily(), &deepseekFamily(), &deepseekV2Family(),
            &deepseekV32Family(), &deepseekV3Family(), &dots1Family(), &ernieMoeFamily(),
            &flexOlmoFamily(), &glm4MoeFamily(), &glm4MoeLiteFamily(), &glmMoeDsaFamily(),
            &gptOssFamily(), &graniteMoeFamily(), &graniteMoeHybridFamily(),
            &graniteMoeSharedFamily(), &grok1Family(), &hunyuanMoeFamily(), &jetmoeFamily(),
            &kimiFamily(), &llama4Family(), &llamaFamily(), &minimaxM2Family(), &mixtralFamily(),
            &olmoeFamily(), &phimoeFamily(), &qwen2MoeFamily(), &qwen35MoeFamily(),
            &qwen3MoeFamily(), &qwen3NextFamily(), &qwen3VlMoeFamily(), &solarFamily()};
        for (const Family& family : weightsOnlyFamilies())
            list.push_back(&family);
        return list;
    }();
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
