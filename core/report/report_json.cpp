// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/version.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/report/pretty_json.h"
#include "core/report/report.h"
#include "core/report/sidecar.h"

namespace moescope {

namespace fs = std::filesystem;

Json programToJson()
{
    return {{"version", kVersion}, {"commit", kCommit}};
}

Json identityToJson(const ModelIdentity& model)
{
    return {{"id", model.id}, {"files", model.files}, {"hash", model.hash},
        {"hash_of", model.hashOf}, {"dtype", model.dtype}};
}

Json reportToJson(const Report& report)
{
    Json json;
    json["schema"] = fmt::format("moescope/{}/1", report.experiment);
    json["program"] = programToJson();
    json["title"] = report.title;
    json["complete"] = report.complete;
    json["model"] = identityToJson(report.model);
    if (!report.scope.empty())
        json["scope"] = report.scope;
    json["spec"] = report.spec ? *report.spec : Json::object();
    json["seed"] = report.seed;
    json["fields"] = report.fields ? *report.fields : Json::object();
    for (const BigArray& array : report.bigArrays)
        json["fields"][array.name] = Json{{"omitted",
                                              "too many numbers for the JSON; written to a "
                                              ".safetensors file beside it when the report goes "
                                              "to a file"},
            {"shape", array.shape}};
    json["findings"] = Json::array();
    for (const Finding& finding : report.findings)
        json["findings"].push_back(findingToJson(finding));
    json["figures"] = Json::array();
    for (const Figure& figure : report.figures)
        json["figures"].push_back(figureToJson(figure));
    return json;
}

Status writeReportJson(const Report& report, const fs::path& path)
{
    Json json = reportToJson(report);
    fs::path sidecar = path;
    sidecar += ".safetensors";
    std::error_code error;
    const fs::file_status before = fs::status(path, error);
    const bool hadSidecar = fs::exists(sidecar, error);
    bool wroteSidecar = false;
    // A pipe or a device has no place beside it for a second file, so there everything stays in the
    // JSON.
    if (!fs::exists(before) || fs::is_regular_file(before)) {
        SafetensorsWriter writer;
        const std::string name = sidecar.filename().string();
        for (const BigArray& array : report.bigArrays) {
            const std::string tensor = "fields." + array.name;
            writer.addF32Parts(tensor, array.shape, array.parts, array.part);
            json["fields"][array.name] = sidecarReference(name, tensor, DType::F32, array.shape);
        }
        if (moveBigArrays(json, writer, name) + report.bigArrays.size() > 0) {
            MOESCOPE_CHECK(writer.write(sidecar));
            wroteSidecar = true;
        }
    }
    const Status written = writeFileAtomically(path, prettyJson(json));
    if (!written && wroteSidecar && !hadSidecar)
        fs::remove(sidecar, error);
    return written;
}

} // namespace moescope
