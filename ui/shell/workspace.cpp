// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/workspace.h"

#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

namespace moescope::ui {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMostBytes = 16U << 20;

std::string base64(const QByteArray& bytes)
{
    return bytes.toBase64().toStdString();
}

} // namespace

Status writeWorkspace(const Workspace& workspace, const QString& path)
{
    const Settings::LastSession& session = workspace.session;
    Json json;
    json["moescope_workspace"] = kVersion;
    json["model"] = session.model.toStdString();
    json["prompt"] = session.prompt.toStdString();
    if (!session.promptIds.empty())
        json["prompt_ids"] = session.promptIds;
    if (session.compare)
        json["compare"] = session.compare->toStdString();
    if (!session.compareIds.empty())
        json["compare_ids"] = session.compareIds;
    json["add_special"] = session.addSpecial;
    if (session.layer)
        json["layer"] = *session.layer;
    json["page"] = session.page.toStdString();
    if (!workspace.texts.isEmpty())
        json["texts"] = workspace.texts.toStdString();
    json["window_geometry"] = base64(workspace.geometry);
    json["window_state"] = base64(workspace.state);
    return writeFileAtomically(path.toStdString(), dumpJson(json));
}

Result<Workspace> readWorkspace(const QString& path)
{
    const std::filesystem::path file = path.toStdString();
    const std::string name = displayPath(file);
    MOESCOPE_TRY(const Json json, readJsonFile(file, kMostBytes));
    if (!json.is_object() || !json.contains("moescope_workspace"))
        return fail(ErrorCode::BadFormat, fmt::format("{} is not a Moescope workspace.", name));
    MOESCOPE_TRY(const auto version, jsonUInt(json, "moescope_workspace", name));
    if (version != kVersion)
        return fail(ErrorCode::Unsupported,
            fmt::format("{} is a workspace of version {}; this program reads version {}.", name,
                version, kVersion));
    Status status;
    const auto text = [&](const char* key) -> std::optional<QString> {
        const auto value = jsonOptionalString(json, key, name);
        if (!value)
            status = tl::unexpected(value.error());
        return value && *value ? std::optional(QString::fromStdString(**value)) : std::nullopt;
    };
    const auto ids = [&](const char* key) {
        std::vector<std::int32_t> all;
        const auto list = json.find(key);
        if (list == json.end())
            return all;
        for (const Json& id : *list) {
            if (!id.is_number_unsigned()
                || id.get<std::uint64_t>() > std::numeric_limits<std::int32_t>::max()) {
                status = fail(ErrorCode::BadFormat,
                    fmt::format("{} has a \"{}\" that is no list of token ids.", name, key));
                break;
            }
            all.push_back(id.get<std::int32_t>());
        }
        return all;
    };
    Workspace workspace;
    workspace.session.promptIds = ids("prompt_ids");
    workspace.session.compareIds = ids("compare_ids");
    workspace.session.model = text("model").value_or(QString());
    workspace.session.prompt = text("prompt").value_or(QString());
    workspace.session.compare = text("compare");
    workspace.session.page = text("page").value_or(QString());
    workspace.texts = text("texts").value_or(QString());
    workspace.geometry
        = QByteArray::fromBase64(text("window_geometry").value_or(QString()).toLatin1());
    workspace.state = QByteArray::fromBase64(text("window_state").value_or(QString()).toLatin1());
    MOESCOPE_CHECK(status);
    MOESCOPE_TRY(const auto special, jsonOptionalBool(json, "add_special", name));
    workspace.session.addSpecial = special.value_or(true);
    MOESCOPE_TRY(const auto layer, jsonOptionalUInt(json, "layer", name));
    if (layer && *layer <= std::numeric_limits<std::uint32_t>::max())
        workspace.session.layer = static_cast<std::uint32_t>(*layer);
    if (workspace.session.model.isEmpty())
        return fail(ErrorCode::BadFormat, fmt::format("{} names no model.", name));
    return workspace;
}

} // namespace moescope::ui
