// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/intervention_words.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/io/json.h"

namespace moescope {

namespace {

/// "expert 9", "experts 1, 3"
std::string listed(std::string_view one, std::vector<std::uint32_t> numbers)
{
    std::ranges::sort(numbers);
    std::string text = fmt::format("{}{}", one, numbers.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < numbers.size(); ++i)
        text += fmt::format("{} {}", i == 0 ? "" : ",", numbers[i]);
    return text;
}

/// Everything that was changed in one layer.
struct LayerChanges {
    std::vector<std::uint32_t> masked;
    std::vector<std::uint32_t> forced;
    std::vector<std::uint32_t> zeroed; ///< positions
    bool withoutAttention = false;
    bool withoutMlp = false;
};

std::string layerText(const LayerChanges& changes)
{
    std::string text;
    const auto add
        = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (!changes.masked.empty())
        add(listed("expert", changes.masked) + " masked");
    if (!changes.forced.empty())
        add(listed("expert", changes.forced) + " forced");
    if (!changes.zeroed.empty())
        add("values zeroed at " + listed("position", changes.zeroed));
    if (changes.withoutAttention)
        add("attention removed");
    if (changes.withoutMlp)
        add("MLP removed");
    return text;
}

Json placesOf(const std::vector<Interventions::ExpertAt>& experts)
{
    Json places = Json::array();
    for (const auto& at : experts)
        places.push_back({{"layer", at.layer.value}, {"expert", at.expert.value}});
    return places;
}

} // namespace

std::string interventionsText(const Interventions& interventions)
{
    std::map<std::uint32_t, LayerChanges> layers;
    for (const auto& at : interventions.masked)
        layers[at.layer.value].masked.push_back(at.expert.value);
    for (const auto& at : interventions.forced)
        layers[at.layer.value].forced.push_back(at.expert.value);
    for (const auto& at : interventions.zeroedValues)
        layers[at.layer.value].zeroed.push_back(at.position);
    for (const auto& at : interventions.removed) {
        LayerChanges& changes = layers[at.layer.value];
        (at.component == Interventions::Component::Attention ? changes.withoutAttention
                                                             : changes.withoutMlp)
            = true;
    }
    std::string text;
    const auto add
        = [&text](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
    for (const auto& [layer, changes] : layers)
        add(fmt::format("layer {}: {}", layer, layerText(changes)));
    if (interventions.topK)
        add(fmt::format(
            "{} expert{} per token", *interventions.topK, *interventions.topK == 1 ? "" : "s"));
    if (interventions.embeddingNoise != 0)
        add(fmt::format("noise of standard deviation {} on every embedding (seed {})",
            interventions.embeddingNoise, interventions.noiseSeed));
    return text;
}

Json interventionsFields(const Interventions& interventions)
{
    Json fields = Json::object();
    if (interventions.topK)
        fields["experts_per_token"] = *interventions.topK;
    if (!interventions.masked.empty())
        fields["masked"] = placesOf(interventions.masked);
    if (!interventions.forced.empty())
        fields["forced"] = placesOf(interventions.forced);
    for (const auto& at : interventions.zeroedValues)
        fields["zeroed_values"].push_back({{"layer", at.layer.value}, {"position", at.position}});
    for (const auto& at : interventions.removed)
        fields["removed"].push_back({{"layer", at.layer.value},
            {"component",
                at.component == Interventions::Component::Attention ? "attention" : "mlp"}});
    if (interventions.embeddingNoise != 0) {
        fields["embedding_noise"] = interventions.embeddingNoise;
        fields["noise_seed"] = interventions.noiseSeed;
    }
    return fields;
}

} // namespace moescope
