// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/inspect_report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/cli/inspect_export.h"
#include "app/cli/inspect_figures.h"
#include "core/base/text.h"
#include "core/io/json.h"
#include "core/model/config_words.h"
#include "core/report/model_identity.h"
#include "core/report/number_text.h"

namespace moescope::cli {

namespace {

class Facts {
public:
    void add(std::string name, std::string value)
    {
        m_table.rows.push_back({std::move(name), std::move(value)});
    }
    Figure figure() &&
    {
        m_table.columns = {{"fact", "", false, -1, ""}, {"value", "", false, -1, ""}};
        return {"facts", "Facts", "", "", std::move(m_table)};
    }

private:
    TableFigure m_table;
};

void addModelFacts(Facts& facts, const MoeModel& model)
{
    const ModelConfig& config = model.config();
    facts.add("parameters", formatParameters(model.parameters()));
    facts.add("active for one token", formatParameters(model.activeParameters()));
    facts.add("layers",
        fmt::format(
            "{}, {} of them with experts", config.layerCount(), config.mixtureLayerCount()));
    facts.add("hidden size", formatCount(config.hidden));
    facts.add("vocabulary", formatCount(config.vocabulary));
    facts.add("longest context", formatCount(config.maxPositions));
    facts.add("router", config.router.describe());
    if (const std::string second = describeSecondRouter(config); !second.empty())
        facts.add("second router", second);
    if (config.router.experts > 0)
        facts.add("expert width",
            formatCount(
                config
                    .layers[model.mixtureLayers().empty() ? 0 : model.mixtureLayers().front().value]
                    .intermediate));
    const AttentionSpec& attention = config.attention;
    if (attention.heads > 0) {
        facts.add("attention",
            fmt::format("{} heads of {}, {} key-value heads", attention.heads, attention.headDim,
                attention.kvHeads));
        facts.add("tokens mixed by", describeMixers(config));
        facts.add("rotary base", displayNumber(attention.rope.base));
        facts.add("rotary kind", describeRope(config));
    }
    if (config.router.sharedExperts > 0)
        facts.add("shared experts", describeSharedExperts(config.router));
    if (!config.missingPart.empty())
        facts.add("cannot be run", "missing: " + config.missingPart);
    else
        facts.add(
            "output head", config.tiedEmbeddings ? "tied to the embedding" : "its own matrix");
}

Figure factsFigure(const OpenModel& open)
{
    Facts facts;
    const Checkpoint& checkpoint = *open.checkpoint;
    facts.add("path", open.path.string());
    facts.add("format",
        fmt::format("{}, {} file{}, {}", checkpoint.format(), checkpoint.files().size(),
            checkpoint.files().size() == 1 ? "" : "s", formatBytes(checkpoint.totalBytes())));
    facts.add("tensors",
        fmt::format(
            "{}, mostly {}", formatCount(checkpoint.tensors().size()), dominantDType(checkpoint)));
    if (const auto architecture = checkpoint.metadata().string("general.architecture");
        architecture && *architecture)
        facts.add("architecture", displayName(**architecture));
    facts.add("family",
        open.model ? fmt::format("{} ({})", open.model->config().familyName, open.modelType)
            : open.modelType.empty() ? "unknown"
                                     : open.modelType);
    if (open.model)
        addModelFacts(facts, *open.model);
    else
        facts.add("cannot be run", open.modelError.message);
    if (open.tokenizer)
        facts.add("tokenizer",
            fmt::format("{}, {} tokens", open.tokenizer->kind(),
                formatCount(open.tokenizer->vocabularySize())));
    else
        facts.add("no tokenizer", open.tokenizerError.message);
    if (open.tokenizer && !open.tokenizer->warning().empty())
        facts.add("tokenizer warning", open.tokenizer->warning());
    return std::move(facts).figure();
}

std::vector<const TensorInfo*> chosenTensors(
    const Checkpoint& checkpoint, const std::string& pattern)
{
    std::vector<const TensorInfo*> chosen;
    for (const TensorInfo& tensor : checkpoint.tensors())
        if (matchesPattern(pattern, tensor.name))
            chosen.push_back(&tensor);
    return chosen;
}

/// "layers.12.experts.3.w1" and its like become "layers.*.experts.*.w1".
std::string withoutNumbers(const std::string& name)
{
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool begins = i == 0 || name[i - 1] == '.';
        std::size_t end = i;
        while (end < name.size() && name[end] >= '0' && name[end] <= '9')
            ++end;
        if (begins && end > i && (end == name.size() || name[end] == '.')) {
            out += '*';
            i = end - 1;
        } else {
            out += name[i];
        }
    }
    return out;
}

struct TensorGroup {
    std::string name;
    const TensorInfo* first = nullptr;
    std::size_t count = 0;
    std::uint64_t bytes = 0;
};

std::vector<TensorGroup> groupTensors(const std::vector<const TensorInfo*>& tensors, bool single)
{
    std::vector<TensorGroup> groups;
    std::map<std::string, std::size_t> places;
    for (const TensorInfo* tensor : tensors) {
        const std::string name = single ? tensor->name : withoutNumbers(tensor->name);
        const std::string key
            = fmt::format("{} {} {}", name, dtypeName(tensor->dtype), formatShape(tensor->shape));
        const auto [it, added] = places.emplace(key, groups.size());
        if (added)
            groups.push_back({name, tensor, 0, 0});
        ++groups[it->second].count;
        groups[it->second].bytes += tensor->bytes.size();
    }
    for (TensorGroup& group : groups)
        if (group.count == 1)
            group.name = group.first->name;
    return groups;
}

Figure tensorsFigure(const std::vector<const TensorInfo*>& tensors, bool single)
{
    TableFigure table;
    table.columns = {{"tensor", "", false, -1, ""}, {"dtype", "", false, -1, ""},
        {"shape", "", false, -1, ""},
        {"count", "", true, 0, "tensors with this name, dtype and shape"},
        {"size", "", false, -1, "of all of them"}};
    for (const TensorGroup& group : groupTensors(tensors, single))
        table.rows.push_back({group.name, std::string(dtypeName(group.first->dtype)),
            formatShape(group.first->shape), static_cast<double>(group.count),
            formatBytes(group.bytes)});
    return {"tensors", "Tensors", single ? "" : "* stands for any number", "", std::move(table)};
}

Json configToJson(const MoeModel& model)
{
    const ModelConfig& config = model.config();
    const AttentionSpec& attention = config.attention;
    Json json;
    json["model_type"] = config.modelType;
    json["family"] = config.familyName;
    json["parameters"] = model.parameters();
    json["active_parameters"] = model.activeParameters();
    json["hidden"] = config.hidden;
    json["vocabulary"] = config.vocabulary;
    json["max_positions"] = config.maxPositions;
    json["norm_eps"] = config.normEps;
    json["tied_embeddings"] = config.tiedEmbeddings;
    json["layers"] = config.layerCount();
    json["end_tokens"] = config.endTokens;
    json["mixture_layers"] = Json::array();
    for (const LayerId layer : model.mixtureLayers())
        json["mixture_layers"].push_back(layer.value);
    json["intermediate"] = Json::array();
    for (const LayerSpec& layer : config.layers)
        json["intermediate"].push_back(layer.intermediate);
    json["attention"] = {{"heads", attention.heads}, {"kv_heads", attention.kvHeads},
        {"head_dim", attention.headDim}, {"rope_base", attention.rope.base},
        {"rope_kind", attention.rope.kind}};
    json["windows"] = Json::array();
    for (const LayerSpec& layer : config.layers)
        json["windows"].push_back(layer.window ? Json(*layer.window) : Json());
    json["chunks"] = Json::array();
    for (const LayerSpec& layer : config.layers)
        json["chunks"].push_back(layer.chunk ? Json(*layer.chunk) : Json());
    json["mixers"] = describeMixers(config);
    json["missing_part"] = config.missingPart.empty() ? Json() : Json(config.missingPart);
    const RouterSpec& router = config.router;
    if (router.experts > 0)
        json["router"] = {{"experts", router.experts}, {"top_k", router.topK},
            {"score", scoreName(router.score)}, {"selection_bias", router.selectionBias},
            {"groups", router.groups}, {"kept_groups", router.keptGroups},
            {"renormalise", router.renormalise}, {"scale", plainDouble(router.scale)},
            {"shared_experts", router.sharedExperts}, {"rule", router.describe()}};
    else
        json["router"] = nullptr;
    return json;
}

} // namespace

Report inspectReport(const OpenModel& open, const std::string& pattern)
{
    Report report;
    report.experiment = "inspect";
    report.title = "What the model " + open.name + " is";
    report.model = identifyModel(open);
    (*report.spec)["tensors"] = pattern.empty() ? Json() : Json(pattern);
    const auto tensors = chosenTensors(*open.checkpoint, pattern);
    Json& fields = *report.fields;
    fields["path"] = open.path.string();
    fields["format"] = open.checkpoint->format();
    fields["bytes"] = open.checkpoint->totalBytes();
    const bool runs = open.model && open.model->config().missingPart.empty();
    fields["runnable"] = runs;
    fields["why_not"] = runs ? Json()
        : open.model         ? Json("missing: " + open.model->config().missingPart)
                             : Json(open.modelError.message);
    fields["model_type"] = open.modelType;
    fields["config"] = open.model ? configToJson(*open.model) : Json();
    if (open.tokenizer) {
        const auto bos = open.tokenizer->bosId();
        fields["tokenizer"] = {{"kind", open.tokenizer->kind()},
            {"vocabulary", open.tokenizer->vocabularySize()}, {"bos", bos ? Json(*bos) : Json()},
            {"file", open.tokenizer->source().filename().string()}};
    } else {
        fields["tokenizer"] = nullptr;
    }
    fields["tensors"] = Json::array();
    for (const TensorInfo* tensor : tensors)
        fields["tensors"].push_back({{"name", tensor->name}, {"dtype", dtypeName(tensor->dtype)},
            {"shape", tensor->shape}, {"bytes", tensor->bytes.size()},
            {"file", open.checkpoint->files()[tensor->file]->path().filename().string()}});
    fields["types"] = typesToJson(*open.checkpoint);
    fields["metadata"] = metadataToJson(open.checkpoint->metadata());
    report.figures = {
        factsFigure(open), typesFigure(*open.checkpoint), tensorsFigure(tensors, !pattern.empty())};
    if (!open.checkpoint->metadata().entries().empty())
        report.figures.insert(
            report.figures.begin() + 1, metadataFigure(open.checkpoint->metadata()));
    return report;
}

} // namespace moescope::cli
