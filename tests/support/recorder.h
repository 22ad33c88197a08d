// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/json.h"
#include "core/model/moe_model.h"
#include "core/runtime/forward.h"

namespace moescope::test {

/// Everything that a folder's expected.safetensors names, collected from any number of passes.
class Recorder : public ForwardObserver {
public:
    std::map<std::string, std::vector<float>> values;
    std::map<std::string, std::vector<std::int32_t>> ids;

    void onHidden(std::uint32_t layer, std::uint32_t, std::span<const float> x) override;
    void onRouting(LayerId layer, std::uint32_t, const Routing& routing) override;
    void onAttentionRouting(LayerId layer, std::uint32_t, const Routing& routing) override;
    void onLogits(std::uint32_t, std::span<const float> logits) override;

private:
    void append(const std::string& prefix, LayerId layer, const Routing& routing);
    void append(const std::string& name, std::span<const float> x);
};

/// How a prompt is cut.
enum class Mode { Prefill, TokenByToken, SmallChunks };

Result<Recorder> run(
    const MoeModel& model, const std::vector<std::int32_t>& ids, Mode mode, unsigned threads);

/// What a reference folder expects of the model in it.
class Expectations {
public:
    static Result<Expectations> load(const std::filesystem::path& folder);

    const Json& json() const { return m_json; }
    std::size_t prompts() const { return m_json["prompts"].size(); }
    std::vector<std::int32_t> prompt(std::size_t index) const;
    std::vector<std::int32_t> promptNamed(const std::string& name) const;

    /// Compares every tensor of one prompt. `problem` is empty when all of them are within their
    /// tolerance and the same experts were chosen; `largest` is the worst deviation as a share of
    /// its tolerance.
    struct Outcome {
        std::string problem;
        std::size_t compared = 0;
        double largest = 0;
    };
    Outcome compare(std::size_t prompt, const Recorder& actual) const;
    /// From now on ids and weights of a token are compared in no particular order.
    void choicesAreSets() { m_sets = true; }

private:
    double tolerance(std::string_view name) const;
    /// Orders each token's choices by expert, so that sets can be compared.
    void sortChoices(std::map<std::string, std::vector<std::int32_t>>& ids,
        std::map<std::string, std::vector<float>>& values) const;

    bool m_sets = false;
    Json m_json;
    std::shared_ptr<const Checkpoint> m_numbers;
};

} // namespace moescope::test
