// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/recorder.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "core/task/worker_pool.h"
#include "tests/support/files.h"

namespace moescope::test {

namespace {

template <typename T>
std::vector<T> elements(const TensorInfo& info)
{
    std::vector<T> out(info.elements());
    std::memcpy(out.data(), info.bytes.data(), info.bytes.size());
    return out;
}

} // namespace

void Recorder::onHidden(std::uint32_t layer, std::uint32_t, std::span<const float> x)
{
    append("hidden." + std::to_string(layer), x);
}

void Recorder::onRouting(LayerId layer, std::uint32_t, const Routing& routing)
{
    append("", layer, routing);
}

void Recorder::onAttentionRouting(LayerId layer, std::uint32_t, const Routing& routing)
{
    append("attn_", layer, routing);
}

void Recorder::onLogits(std::uint32_t, std::span<const float> logits)
{
    append("logits", logits);
}

void Recorder::append(const std::string& prefix, LayerId layer, const Routing& routing)
{
    const std::string l = std::to_string(layer.value);
    append(prefix + "router_logits." + l, routing.logits);
    append(prefix + "topk_weights." + l, routing.weights);
    auto& list = ids[prefix + "topk_ids." + l];
    list.insert(list.end(), routing.ids.begin(), routing.ids.end());
}

void Recorder::append(const std::string& name, std::span<const float> x)
{
    auto& list = values[name];
    list.insert(list.end(), x.begin(), x.end());
}

Result<Recorder> run(
    const MoeModel& model, const std::vector<std::int32_t>& ids, Mode mode, unsigned threads)
{
    WorkerPool pool(threads);
    TaskContext context(pool);
    KvCache cache(model.config());
    ForwardSpec spec;
    spec.logits = LogitsWanted::All;
    if (mode == Mode::SmallChunks)
        spec.chunk = 7;
    Recorder recorder;
    const std::size_t step = mode == Mode::TokenByToken ? 1 : ids.size();
    for (std::size_t at = 0; at < ids.size(); at += step)
        MOESCOPE_CHECK(
            forward(model, cache, std::span(ids).subspan(at, step), spec, &recorder, context));
    return recorder;
}

Result<Expectations> Expectations::load(const std::filesystem::path& folder)
{
    Expectations expectations;
    MOESCOPE_TRY(expectations.m_json, readJsonFile(folder / "expected.json"));
    MOESCOPE_TRY(expectations.m_numbers, Checkpoint::open(folder / "expected.safetensors"));
    return expectations;
}

std::vector<std::int32_t> Expectations::prompt(std::size_t index) const
{
    return m_json["prompts"][index]["ids"].get<std::vector<std::int32_t>>();
}

std::vector<std::int32_t> Expectations::promptNamed(const std::string& name) const
{
    for (std::size_t p = 0; p < prompts(); ++p) {
        if (m_json["prompts"][p]["name"] == name)
            return prompt(p);
    }
    return {};
}

double Expectations::tolerance(std::string_view name) const
{
    const Json& tolerance = m_json["tolerance"];
    if (name.starts_with("topk_weights") || name.starts_with("attn_topk_weights"))
        return tolerance["weights_abs"];
    if (name.starts_with("router_logits") || name.starts_with("attn_router_logits"))
        return tolerance["router_logits_abs"];
    return tolerance[name.starts_with("hidden") ? "hidden_abs" : "logits_abs"];
}

void Expectations::sortChoices(std::map<std::string, std::vector<std::int32_t>>& ids,
    std::map<std::string, std::vector<float>>& values) const
{
    const std::size_t k = m_json["top_k"].get<std::size_t>();
    for (auto& [name, list] : ids) {
        constexpr std::string_view kIds = "topk_ids";
        const auto weights = values.find("topk_weights" + name.substr(kIds.size()));
        if (weights == values.end() || weights->second.size() != list.size())
            continue;
        for (std::size_t at = 0; at + k <= list.size(); at += k) {
            std::vector<std::pair<std::int32_t, float>> chosen;
            for (std::size_t i = at; i < at + k; ++i)
                chosen.emplace_back(list[i], weights->second[i]);
            std::ranges::sort(chosen);
            for (std::size_t i = 0; i < k; ++i)
                std::tie(list[at + i], weights->second[at + i]) = chosen[i];
        }
    }
}

Expectations::Outcome Expectations::compare(std::size_t prompt, const Recorder& recorded) const
{
    std::map<std::string, std::vector<std::int32_t>> wantedIds;
    std::map<std::string, std::vector<float>> wanted;
    const std::string prefix = "p" + std::to_string(prompt) + ".";
    for (const TensorInfo& info : m_numbers->tensors()) {
        if (!info.name.starts_with(prefix))
            continue;
        const std::string name = info.name.substr(prefix.size());
        if (info.dtype == DType::I32)
            wantedIds[name] = elements<std::int32_t>(info);
        else
            wanted[name] = elements<float>(info);
    }
    Recorder actual = recorded;
    if (m_sets) {
        sortChoices(wantedIds, wanted);
        sortChoices(actual.ids, actual.values);
    }

    Outcome outcome;
    outcome.compared = wantedIds.size() + wanted.size();
    const auto report = [&](const std::string& name, const std::string& problem) {
        if (outcome.problem.empty())
            outcome.problem = prefix + name + ": " + problem;
    };
    for (const auto& [name, list] : wantedIds) {
        if (!actual.ids.contains(name))
            report(name, "is missing");
        else if (actual.ids.at(name) != list)
            report(name, "other experts are chosen");
    }
    for (const auto& [name, list] : wanted) {
        if (!actual.values.contains(name)) {
            report(name, "is missing");
            continue;
        }
        const double allowed = tolerance(name);
        const auto comparison = compareFloats(actual.values.at(name), list, allowed);
        outcome.largest = std::max(outcome.largest, comparison.worst / allowed);
        if (!comparison.ok)
            report(name, comparison.message);
    }
    return outcome;
}

} // namespace moescope::test
