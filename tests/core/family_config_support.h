// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

#include "core/io/json.h"
#include "core/model/families/family.h"
#include "tests/support/files.h"

/// What the tests of families' configs share.
namespace moescope::test {

/// Eight layers of four heads in the usual spelling.
inline Json usual()
{
    return {{"hidden_size", 64}, {"num_hidden_layers", 8}, {"num_attention_heads", 4},
        {"num_key_value_heads", 2}, {"intermediate_size", 32}, {"vocab_size", 100},
        {"num_experts", 8}, {"num_local_experts", 8}, {"num_experts_per_tok", 2},
        {"moe_intermediate_size", 16}};
}

inline Result<ModelConfig> read(std::string_view type, const Json& json)
{
    return findFamily(type)->readConfig(json, "config.json");
}

inline Result<ModelConfig> readWith(std::string_view type, const char* key, const Json& value)
{
    Json json = usual();
    json[key] = value;
    return read(type, json);
}

template <typename T>
std::vector<T> ofLayers(const ModelConfig& config, T (*get)(const LayerSpec&))
{
    std::vector<T> values;
    for (const LayerSpec& layer : config.layers)
        values.push_back(get(layer));
    return values;
}
inline std::vector<int> mixtures(const ModelConfig& config)
{
    return ofLayers<int>(config, [](const LayerSpec& layer) { return layer.mixture ? 1 : 0; });
}

} // namespace moescope::test

#define VERIFY_REFUSED(result, errorCode, part)                                                    \
    do {                                                                                           \
        const auto& refused_ = (result);                                                           \
        QVERIFY(!refused_);                                                                        \
        QCOMPARE(refused_.error().code, errorCode);                                                \
        QVERIFY2(refused_.error().message.find(part) != std::string::npos,                         \
            refused_.error().message.c_str());                                                     \
    } while (false)
