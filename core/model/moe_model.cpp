// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/moe_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/family.h"

namespace moescope {

namespace fs = std::filesystem;

std::string_view projectionName(Projection projection)
{
    switch (projection) {
    case Projection::Gate:
        return "gate";
    case Projection::Up:
        return "up";
    case Projection::Down:
        break;
    }
    return "down";
}

const MatrixView& MlpTensors::operator[](Projection projection) const
{
    switch (projection) {
    case Projection::Gate:
        return gate;
    case Projection::Up:
        return up;
    case Projection::Down:
        break;
    }
    return down;
}

std::string RouterSpec::describe() const
{
    if (experts == 0)
        return "no router (dense model)";
    return fmt::format("{} over {} experts, top {}, weights {}",
        score == ScoreFunction::Softmax ? "softmax" : "sigmoid", experts, topK,
        renormalise ? "renormalised to sum 1" : "not renormalised");
}

std::uint32_t ModelConfig::mixtureLayerCount() const
{
    return static_cast<std::uint32_t>(std::ranges::count(layers, true, &LayerSpec::mixture));
}

namespace {

/// generation_config.json may name more end tokens than config.json; without it nothing changes.
void addGenerationEndTokens(ModelConfig& config, const fs::path& folder)
{
    const auto generation = readJsonFile(folder / "generation_config.json", 1U << 20);
    if (!generation || !generation->is_object())
        return;
    const auto it = generation->find("eos_token_id");
    if (it == generation->end())
        return;
    const auto add = [&](const Json& id) {
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= config.vocabulary)
            return;
        const auto token = id.get<std::int32_t>();
        if (std::ranges::find(config.endTokens, token) == config.endTokens.end())
            config.endTokens.push_back(token);
    };
    if (it->is_array())
        std::ranges::for_each(*it, add);
    else
        add(*it);
}

std::uint64_t mlpElements(const MlpTensors& mlp)
{
    return mlp.gate.elements() + mlp.up.elements() + mlp.down.elements();
}

} // namespace

Result<std::shared_ptr<const MoeModel>> MoeModel::open(std::shared_ptr<const Checkpoint> checkpoint)
{
    const fs::path path = checkpoint->folder() / "config.json";
    const std::string source = path.string();
    MOESCOPE_TRY(const Json json, readJsonFile(path, 16U << 20));
    if (!json.is_object())
        return fail(ErrorCode::BadFormat, fmt::format("{} should hold one JSON object.", source));
    MOESCOPE_TRY(const auto modelType, jsonOptionalString(json, "model_type", source));
    if (!modelType)
        return fail(ErrorCode::Unsupported,
            fmt::format("{} does not say its \"model_type\", so the weights can only be inspected.",
                source));
    const Family* family = findFamily(*modelType);
    if (!family)
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "{}: models of the type \"{}\" cannot be run yet; their tensors can be inspected.",
                source, *modelType));

    std::shared_ptr<MoeModel> model(new MoeModel);
    MOESCOPE_TRY(model->m_config, family->readConfig(json, source));
    model->m_config.modelType = *modelType;
    model->m_config.familyName = family->name;
    for (const std::int32_t id : model->m_config.endTokens) {
        if (static_cast<std::uint32_t>(id) >= model->m_config.vocabulary)
            return fail(ErrorCode::BadFormat,
                fmt::format("{}: the end token {} is outside the vocabulary of {}.", source, id,
                    model->m_config.vocabulary));
    }
    addGenerationEndTokens(model->m_config, checkpoint->folder());
    MOESCOPE_TRY(model->m_tensors, family->findTensors(model->m_config, *checkpoint));
    for (std::uint32_t l = 0; l < model->m_config.layerCount(); ++l) {
        if (model->m_config.layers[l].mixture)
            model->m_mixtureLayers.emplace_back(l);
    }
    model->m_checkpoint = std::move(checkpoint);
    return std::shared_ptr<const MoeModel>(std::move(model));
}

std::uint64_t MoeModel::parameters() const
{
    std::uint64_t total = m_tensors.embedding.elements() + m_tensors.finalNorm.size();
    if (m_tensors.head.data != m_tensors.embedding.data)
        total += m_tensors.head.elements();
    for (const LayerTensors& layer : m_tensors.layers) {
        total += layer.attentionNorm.size() + layer.mlpNorm.size() + layer.qNorm.size()
            + layer.kNorm.size();
        total += layer.q.elements() + layer.k.elements() + layer.v.elements() + layer.o.elements();
        total += layer.router.elements() + mlpElements(layer.dense);
        for (const MlpTensors& expert : layer.experts)
            total += mlpElements(expert);
    }
    return total;
}

std::uint64_t MoeModel::activeParameters() const
{
    std::uint64_t total = parameters();
    for (const LayerTensors& layer : m_tensors.layers) {
        if (!layer.experts.empty())
            total -= (layer.experts.size() - m_config.router.topK)
                * mlpElements(layer.experts.front());
    }
    return total;
}

DType MoeModel::weightDtype() const
{
    for (const LayerTensors& layer : m_tensors.layers)
        return layer.experts.empty() ? layer.dense.gate.dtype : layer.experts.front().gate.dtype;
    return m_tensors.embedding.dtype;
}

} // namespace moescope
