// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/moe_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/family.h"
#include "core/model/foreign_weights.h"
#include "core/model/gguf/gguf_config.h"
#include "core/model/gguf/gguf_tensors.h"

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

const MatrixView& MlpTensors::bias(Projection projection) const
{
    switch (projection) {
    case Projection::Gate:
        return gateBias;
    case Projection::Up:
        return upBias;
    case Projection::Down:
        break;
    }
    return downBias;
}

std::string_view scoreName(ScoreFunction score)
{
    switch (score) {
    case ScoreFunction::Softmax:
        return "softmax";
    case ScoreFunction::SoftmaxOfChosen:
        return "softmax of the chosen";
    case ScoreFunction::Sigmoid:
        return "sigmoid";
    case ScoreFunction::SqrtSoftplus:
        return "square root of softplus";
    case ScoreFunction::SparseMixer:
        break;
    }
    return "sparsemixer";
}

std::string RouterSpec::describe() const
{
    if (experts == 0)
        return "no router (dense model)";
    std::string text = score == ScoreFunction::SoftmaxOfChosen
        ? fmt::format("top {} of {} experts by logit, softmax over those", topK, experts)
        : fmt::format("{} over {} experts, top {}", scoreName(score), experts, topK);
    if (selectionBias)
        text += " with a bias for the choice alone";
    if (groups > 1)
        text += fmt::format(", from the best {} of {} groups", keptGroups, groups);
    if (renormalise && normPower != 1)
        text += fmt::format(", weights divided by their {:g}-norm", normPower);
    else if (score != ScoreFunction::SoftmaxOfChosen)
        text += renormalise ? ", weights renormalised to sum 1" : ", weights not renormalised";
    if (scale != 1.0F)
        text += fmt::format(", times {:g}", scale);
    if (weighsInput)
        text += ", the weight multiplies the expert's input";
    return text;
}

std::string_view RouterSpec::selectionUnit() const
{
    if (!selectionBias && groups == 1)
        return "logit";
    return score == ScoreFunction::Softmax ? "probability" : "score";
}

std::uint32_t ModelConfig::mixtureLayerCount() const
{
    return static_cast<std::uint32_t>(std::ranges::count(layers, true, &LayerSpec::mixture));
}

namespace {

/// generation_config.json may name more end tokens than config.json; without it nothing changes.
Status addGenerationEndTokens(ModelConfig& config, const fs::path& folder)
{
    const auto generation = readJsonFile(folder / "generation_config.json", 1U << 20);
    if (!generation && generation.error().code != ErrorCode::NotFound)
        return tl::unexpected(generation.error());
    if (!generation || !generation->is_object())
        return {};
    const auto it = generation->find("eos_token_id");
    if (it == generation->end())
        return {};
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
    return {};
}

std::uint64_t elements(const MlpTensors& mlp)
{
    return mlp.gate.elements() + mlp.up.elements() + mlp.down.elements() + mlp.gateBias.elements()
        + mlp.upBias.elements() + mlp.downBias.elements();
}

std::uint64_t elements(const std::vector<MatrixView>& parts)
{
    std::uint64_t total = 0;
    for (const MatrixView& part : parts)
        total += part.elements();
    return total;
}

std::uint64_t elements(const LatentTensors& latent)
{
    std::uint64_t total = latent.queryDown.elements() + latent.queryNorm.elements()
        + latent.query.elements() + latent.down.elements() + latent.norm.elements();
    for (const LatentHead& head : latent.heads)
        total += head.keys.elements() + head.values.elements();
    return total;
}

std::uint64_t elements(const DeltaTensors& delta)
{
    return elements(delta.q) + elements(delta.k) + elements(delta.v) + elements(delta.z)
        + elements(delta.beta) + elements(delta.decay) + delta.convolution.size()
        + delta.logDecay.size() + delta.decayBias.size() + delta.norm.elements()
        + delta.out.elements();
}

std::uint64_t elements(const RoutedHeadsTensors::Expert& expert)
{
    return expert.query.elements() + expert.output.elements();
}

std::uint64_t elements(const LayerTensors& layer)
{
    std::uint64_t total = layer.q.elements() + layer.k.elements() + layer.v.elements()
        + layer.o.elements() + layer.router.elements() + layer.sharedGate.elements()
        + elements(layer.dense);
    for (const Norm* norm : {&layer.attentionNorm, &layer.qNorm, &layer.kNorm,
             &layer.attentionPostNorm, &layer.mlpNorm, &layer.mlpPostNorm})
        total += norm->elements();
    for (const std::vector<float>* vector : {&layer.qBias, &layer.kBias, &layer.vBias, &layer.oBias,
             &layer.sinks, &layer.routerBias, &layer.selectionBias, &layer.mixtureBias})
        total += vector->size();
    for (const MlpTensors& expert : layer.experts)
        total += elements(expert);
    if (layer.shared)
        total += elements(*layer.shared);
    if (layer.latent)
        total += elements(*layer.latent);
    if (layer.delta)
        total += elements(*layer.delta);
    if (layer.routedHeads) {
        total += layer.routedHeads->router.elements() + layer.routedHeads->outputBias.size();
        for (const auto& expert : layer.routedHeads->experts)
            total += elements(expert);
    }
    return total;
}

} // namespace

namespace {

struct Described {
    ModelConfig config;
    ModelTensors tensors;
};

/// An end token outside the vocabulary can never come, so nothing is lost without it.
void dropUnknownEndTokens(ModelConfig& config)
{
    std::erase_if(config.endTokens, [&](std::int32_t id) {
        return id < 0 || static_cast<std::uint32_t>(id) >= config.vocabulary;
    });
}

Result<Described> openGguf(const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto description, gguf::describe(checkpoint));
    dropUnknownEndTokens(description.config);
    MOESCOPE_TRY(auto tensors, gguf::findTensors(description, checkpoint));
    return Described{std::move(description.config), std::move(tensors)};
}

/// Where the config declares quantised weights, eight-bit floats without their scales would be
/// wrong by the factors that are missing. Undeclared ones are plain numbers.
Status checkScales(const Json& json, const Checkpoint& checkpoint)
{
    if (!quantizationConfig(json))
        return {};
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        const bool packed = tensor.dtype == DType::F8E4M3 || tensor.dtype == DType::F8E5M2;
        // "w1.weight" may also have its scales in "w1.scale".
        const std::string stem = tensor.name.substr(0, tensor.name.rfind('.'));
        if (!packed || tensor.shape.size() < 2 || checkpoint.find(tensor.name + "_scale_inv")
            || checkpoint.find(tensor.name + "_scale") || checkpoint.find(stem + ".scale"))
            continue;
        const std::string name = displayName(tensor.name);
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the tensor \"{}\" is quantised to {}, but its scales "
                        "(\"{}_scale_inv\") were not found.",
                displayPath(checkpoint.path()), name, dtypeName(tensor.dtype), name));
    }
    return {};
}

Result<Described> openFolder(const Checkpoint& checkpoint)
{
    if (!checkpoint.config())
        return tl::unexpected(checkpoint.configError());
    const Json& json = *checkpoint.config();
    const std::string source = displayPath(checkpoint.folder() / "config.json");
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

    Described model;
    MOESCOPE_TRY(model.config, family->readConfig(json, source));
    model.config.modelType = *modelType;
    model.config.familyName = family->name;
    dropUnknownEndTokens(model.config);
    MOESCOPE_CHECK(addGenerationEndTokens(model.config, checkpoint.folder()));
    MOESCOPE_CHECK(checkScales(json, checkpoint));
    auto tensors = family->findTensors(model.config, checkpoint);
    if (!tensors) {
        auto foreign = tensors.error().code == ErrorCode::Unsupported
            ? std::nullopt
            : foreignQuantisation(json, checkpoint);
        return tl::unexpected(foreign ? std::move(*foreign) : std::move(tensors.error()));
    }
    model.tensors = std::move(*tensors);
    return model;
}

} // namespace

Result<std::shared_ptr<const MoeModel>> MoeModel::open(std::shared_ptr<const Checkpoint> checkpoint)
{
    const bool isGguf = checkpoint->format() == "GGUF";
    MOESCOPE_TRY(auto described, isGguf ? openGguf(*checkpoint) : openFolder(*checkpoint));
    std::shared_ptr<MoeModel> model(new MoeModel);
    model->m_config = std::move(described.config);
    model->m_tensors = std::move(described.tensors);
    for (std::uint32_t l = 0; l < model->m_config.layerCount(); ++l) {
        if (model->m_config.layers[l].mixture)
            model->m_mixtureLayers.emplace_back(l);
    }
    model->m_checkpoint = std::move(checkpoint);
    return std::shared_ptr<const MoeModel>(std::move(model));
}

std::uint64_t MoeModel::parameters() const
{
    std::uint64_t total = 0;
    if (!m_config.missingPart.empty()) {
        // Not every tensor of such a model was looked for.
        for (const TensorInfo& tensor : m_checkpoint->tensors())
            total += tensor.elements();
        return total;
    }
    total = m_tensors.embedding.elements() + m_tensors.finalNorm.elements()
        + m_tensors.headBias.size();
    if (m_tensors.head.data != m_tensors.embedding.data)
        total += m_tensors.head.elements();
    for (const LayerTensors& layer : m_tensors.layers)
        total += elements(layer);
    return total;
}

bool MoeModel::storesWeightsAs(DType dtype) const
{
    return std::ranges::any_of(m_tensors.layers, [&](const LayerTensors& layer) {
        std::vector<const MatrixView*> matrices{&layer.q, &layer.o, &layer.dense.gate};
        if (!layer.experts.empty())
            matrices.push_back(&layer.experts.front().gate);
        if (layer.shared)
            matrices.push_back(&layer.shared->gate);
        if (layer.latent)
            matrices.push_back(&layer.latent->down);
        if (layer.delta)
            matrices.push_back(&layer.delta->out);
        return std::ranges::any_of(matrices,
            [&](const MatrixView* matrix) { return !matrix->empty() && matrix->dtype == dtype; });
    });
}

std::uint64_t MoeModel::activeParameters() const
{
    std::uint64_t total = parameters();
    for (const LayerTensors& layer : m_tensors.layers) {
        if (!layer.experts.empty())
            total
                -= (layer.experts.size() - m_config.router.topK) * elements(layer.experts.front());
        if (layer.routedHeads)
            total -= (layer.routedHeads->experts.size() - m_config.router.topK)
                * elements(layer.routedHeads->experts.front());
    }
    return total;
}

const MatrixView& MoeModel::typicalWeights() const
{
    // Not every family's experts have a gate.
    if (!m_mixtureLayers.empty())
        return layer(m_mixtureLayers.front()).experts.front().up;
    return m_tensors.layers.empty() ? m_tensors.embedding : m_tensors.layers.front().dense.gate;
}

} // namespace moescope
