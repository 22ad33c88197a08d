// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/inspect_export.h"

#include <map>

#include <fmt/format.h>
#include <fnmatch.h>

#include "core/base/text.h"
#include "core/checkpoint/export_tensors.h"
#include "core/io/json.h"
#include "core/report/model_identity.h"

namespace moescope::cli {

namespace {

Document summary(const OpenModel& open, const DecodedTensors& found, const std::string& pattern,
    const std::string& out)
{
    struct Total {
        std::size_t tensors = 0;
        std::uint64_t values = 0;
    };
    std::map<std::string, Total> totals;
    Json list = Json::array();
    for (const DecodedTensor& tensor : found.tensors) {
        Total& total = totals[tensor.packing];
        ++total.tensors;
        total.values += tensor.elements();
        list.push_back(
            {{"name", tensor.name}, {"stored_as", tensor.packing}, {"shape", tensor.shape}});
    }
    TableFigure table;
    table.columns = {{"stored as", "", false, -1, ""}, {"tensors", "", true, 0, ""},
        {"values", "", false, -1, ""}, {"written", "", false, -1, "as float32"}};
    for (const auto& [packing, total] : totals)
        table.rows.push_back({packing, static_cast<double>(total.tensors),
            formatParameters(total.values), formatBytes(total.values * sizeof(float))});
    Json skipped = Json::array();
    for (const TensorInfo* tensor : found.skipped) {
        skipped.push_back(tensor->name);
        table.rows.push_back({std::string(dtypeName(tensor->dtype)), 1.0,
            formatParameters(tensor->elements()), "left out: has no float32 values"});
    }
    Document document;
    Report& report = document.report;
    report.experiment = "inspect";
    report.title = fmt::format("{} tensor{} written to {} as float32",
        formatCount(found.tensors.size()), found.tensors.size() == 1 ? "" : "s", out);
    report.model = identifyModel(open);
    (*report.spec)["tensors"] = pattern.empty() ? Json() : Json(pattern);
    report.figures.push_back({"exported", "Exported tensors", "", "", std::move(table)});
    (*report.fields)
        = {{"out", out}, {"tensors", std::move(list)}, {"skipped", std::move(skipped)}};
    return document;
}

} // namespace

bool matchesPattern(const std::string& pattern, std::string_view name)
{
    return pattern.empty() || ::fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0;
}

Result<Document> exportDecoded(const std::string& model, const std::string& pattern,
    const std::string& out, Environment& environment)
{
    MOESCOPE_CHECK(checkOutputPath(out));
    // The weights alone: a config that contradicts them is no reason not to look at them.
    OpenModel open;
    MOESCOPE_TRY(open.path, environment.resolve(model));
    open.name = modelTitle(open.path);
    MOESCOPE_TRY(open.checkpoint, Checkpoint::open(open.path));
    MOESCOPE_TRY(const DecodedTensors found,
        findDecodedTensors(*open.checkpoint,
            [&](std::string_view name) { return matchesPattern(pattern, name); }));
    if (found.tensors.empty() && found.skipped.empty())
        return fail(ErrorCode::InvalidArgument,
            pattern.empty() ? fmt::format("{} has no tensors to export.", displayPath(open.path))
                            : fmt::format("No tensor of {} matches \"{}\".", displayPath(open.path),
                                displayName(pattern)));
    if (found.tensors.empty())
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: tensor \"{}\" has the dtype {}, which has no float32 values.",
                displayPath(open.path), displayName(found.skipped.front()->name),
                dtypeName(found.skipped.front()->dtype)));
    environment.showProgress();
    const Status written = exportTensors(*open.checkpoint, found.tensors, out, environment.task());
    environment.hideProgress();
    if (!written)
        return tl::unexpected(written.error());
    return summary(open, found, pattern, out);
}

} // namespace moescope::cli
