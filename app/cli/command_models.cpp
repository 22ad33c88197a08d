// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "core/base/text.h"
#include "core/checkpoint/hub_cache.h"
#include "core/checkpoint/recent_models.h"
#include "core/io/json.h"

namespace moescope::cli {

namespace {

Figure samplesFigure(const std::vector<SampleModel>& samples)
{
    TableFigure table;
    table.columns = {{"id", "", false, -1, ""}, {"name", "", false, -1, ""},
        {"history", "", false, -1, ""}, {"folder", "", false, -1, ""}};
    for (const SampleModel& sample : samples)
        table.rows.push_back({sample.id, sample.title, sample.history, sample.folder.string()});
    return {"samples", "Sample models", "their history is known", "", std::move(table)};
}

Figure hubFigure(const std::vector<HubModel>& models, const std::filesystem::path& cache)
{
    TableFigure table;
    table.columns = {{"name", "", false, -1, ""}, {"family", "", false, -1, ""},
        {"size", "", false, -1, ""}, {"files", "", false, -1, ""}, {"revision", "", false, -1, ""}};
    for (const HubModel& model : models)
        table.rows.push_back({model.name, model.modelType, formatBytes(model.bytes),
            std::string(model.complete ? "complete" : "incomplete"), model.revision.substr(0, 12)});
    return {"hub", "Hugging Face cache", cache.string(), "", std::move(table)};
}

Figure recentFigure(const std::vector<std::filesystem::path>& recent)
{
    TableFigure table;
    table.columns = {{"path", "", false, -1, ""}};
    for (const auto& path : recent)
        table.rows.push_back({path.string()});
    return {"recent", "Opened lately in the window", "", "", std::move(table)};
}

Json toJson(const std::vector<SampleModel>& samples)
{
    Json list = Json::array();
    for (const SampleModel& sample : samples)
        list.push_back({{"id", sample.id}, {"title", sample.title},
            {"folder", sample.folder.string()}, {"history", sample.history}});
    return list;
}

Json toJson(const std::vector<HubModel>& models)
{
    Json list = Json::array();
    for (const HubModel& model : models)
        list.push_back({{"name", model.name}, {"revision", model.revision},
            {"folder", model.folder.string()}, {"bytes", model.bytes},
            {"model_type", model.modelType}, {"complete", model.complete}});
    return list;
}

Status runModels(const OutputOptions& output, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputs(output));
    const auto cache = environment.hubCache();
    const std::vector<SampleModel> samples = listSamples(environment.resources());
    const std::vector<HubModel> hub = listHubModels(cache);
    auto recent = readRecentModels(defaultRecentFile());
    std::erase_if(recent, [](const auto& path) {
        std::error_code error;
        return !std::filesystem::exists(path, error);
    });
    Json recentJson = Json::array();
    for (const auto& path : recent)
        recentJson.push_back(path.string());
    Document document;
    document.report.experiment = "models";
    document.report.title = "Models that can be opened by name";
    document.report.figures = {samplesFigure(samples), recentFigure(recent), hubFigure(hub, cache)};
    document.json = Json{{"schema", "moescope/models/1"}, {"program", programToJson()},
        {"samples", toJson(samples)}, {"recent", recentJson}, {"hub_cache", cache.string()},
        {"hub", toJson(hub)}};
    return emit(std::move(document), output, environment.console());
}

} // namespace

void addModelsCommand(CLI::App& app, Commands& commands)
{
    Command& command = addCommand(app, commands, "models",
        "Lists the sample models, those opened lately and those in the Hugging Face hub cache",
        "  moescope-cli models\n  moescope-cli models --json -");
    const auto output = std::make_shared<OutputOptions>();
    addOutputOptions(*command.parser, *output, true);
    command.run = [output](Environment& environment) { return runModels(*output, environment); };
}

} // namespace moescope::cli
