// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config_words.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope {

namespace {

using Mixer = LayerSpec::Mixer;

std::string mixerWords(const LayerSpec& layer, const ModelConfig& config)
{
    if (layer.mixer == Mixer::DeltaNet)
        return "linear attention (gated delta net)";
    if (layer.mixer == Mixer::Missing)
        return config.missingPart.empty() ? "an unknown mixer" : config.missingPart;
    std::string words
        = layer.mixer == Mixer::LatentAttention ? "latent attention (MLA)" : "attention";
    if (layer.window)
        words += fmt::format(" in a sliding window of {} positions", formatCount(*layer.window));
    if (layer.chunk)
        words += fmt::format(" within chunks of {} positions", formatCount(*layer.chunk));
    if (!layer.window && !layer.chunk)
        words = "full " + words;
    if (layer.mixer == Mixer::RoutedHeads)
        words += ", heads chosen by a router of their own";
    return words;
}

std::string layersText(std::size_t layers)
{
    return fmt::format("{} layer{}", layers, layers == 1 ? "" : "s");
}

} // namespace

std::string describeMixers(const ModelConfig& config)
{
    std::vector<std::pair<std::string, std::size_t>> kinds;
    for (const LayerSpec& layer : config.layers) {
        std::string words = mixerWords(layer, config);
        const auto known
            = std::ranges::find(kinds, words, &std::pair<std::string, std::size_t>::first);
        if (known == kinds.end())
            kinds.emplace_back(std::move(words), 1);
        else
            ++known->second;
    }
    std::string text;
    for (const auto& [words, layers] : kinds) {
        text += text.empty() ? "" : "; ";
        text += kinds.size() == 1 ? words : fmt::format("{} in {}", words, layersText(layers));
    }
    if (const std::uint32_t sparse = config.attention.sparseBeyond; sparse > 0)
        text += fmt::format("; beyond {} tokens to chosen keys only", formatCount(sparse));
    return text;
}

std::string describeRope(const ModelConfig& config)
{
    const auto attends
        = [](const LayerSpec& layer) { return layer.mixer != Mixer::DeltaNet && !layer.rope; };
    const auto without = static_cast<std::size_t>(std::ranges::count_if(config.layers, attends));
    if (without == 0)
        return config.attention.rope.kind;
    if (without == config.layers.size())
        return "none";
    return fmt::format("{}, none in {}", config.attention.rope.kind, layersText(without));
}

std::string describeSecondRouter(const ModelConfig& config)
{
    if (std::ranges::find(config.layers, Mixer::RoutedHeads, &LayerSpec::mixer)
        == config.layers.end())
        return {};
    return fmt::format("top {} of {} sets of {} query heads, by the same rule", config.router.topK,
        config.router.experts, config.attention.kvHeads);
}

std::string describeSharedExperts(const RouterSpec& router)
{
    if (router.sharedExperts == 0)
        return {};
    std::string text = router.sharedExperts == 1
        ? "1 that reads every token"
        : fmt::format("{} that read every token", router.sharedExperts);
    text += fmt::format(", outside the router, {} wide", formatCount(router.sharedIntermediate));
    return router.sharedGate ? text + ", behind a gate of its own" : text;
}

} // namespace moescope
