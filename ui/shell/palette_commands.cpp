// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/palette_commands.h"

#include <algorithm>

#include <QAction>
#include <QCoreApplication>
#include <QStringList>

#include "core/checkpoint/recent_models.h"
#include "core/experiments/explore.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/shell/page.h"
#include "ui/shell/settings.h"

namespace moescope::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("PaletteCommands", text);
}

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

void addActions(std::vector<Command>& commands, const QList<QAction*>& actions, const QString& kind)
{
    for (QAction* action : actions) {
        if (!action->isEnabled())
            continue;
        const QString key = action->shortcut().toString(QKeySequence::NativeText);
        QStringList words{kind, key};
        words.removeAll(QString());
        const QString detail = words.join(QStringLiteral(" · "));
        QString title = action->text().remove(QLatin1Char('&'));
        commands.push_back({std::move(title), detail, [action] { action->trigger(); }});
    }
}

void addModels(std::vector<Command>& commands, const PaletteSources& sources)
{
    const ModelController& models = sources.context.models;
    const auto add
        = [&](const QString& title, const QString& detail, const std::filesystem::path& path) {
              commands.push_back({title, detail,
                  [open = sources.openModel, what = text(path.string())] { open(what); }});
          };
    for (const SampleModel& sample : models.samples())
        add(text(sample.title), tr("open sample"), sample.folder);
    for (const auto& path : readRecentModels(sources.settings.recentFile()))
        add(text(displayName(path, models.samples())), tr("open recent"), path);
    for (const HubModel& model : models.hubModels())
        add(text(model.name), tr("open from the hub cache"), model.folder);
}

void addLayers(std::vector<Command>& commands, Session& session)
{
    const auto open = session.model();
    if (!open || !open->model)
        return;
    for (const LayerId layer : open->model->mixtureLayers())
        commands.push_back({tr("Layer %1").arg(layer.value), tr("go to"),
            [&session, layer] { session.selectLayer(layer); }});
}

/// Why the target cannot be gone to; empty when it can.
QString reasonAgainst(const Session& session, const GoTo& target)
{
    const auto open = session.model();
    if (!open || !open->model)
        return tr("There is nowhere to go: no model is open that can be run");
    const auto& layers = open->model->mixtureLayers();
    const std::size_t count = open->model->config().layerCount();
    const std::uint32_t experts = open->model->config().router.experts;
    if (layers.empty())
        return tr("This model is dense: it has no experts");
    if (target.layer && *target.layer >= count)
        return tr("There is no layer %1: this model has layers 0 to %2")
            .arg(*target.layer)
            .arg(count - 1);
    if (target.layer
        && std::find(layers.begin(), layers.end(), LayerId(*target.layer)) == layers.end())
        return tr("Layer %1 is dense: it has no experts").arg(*target.layer);
    if (target.expert && *target.expert >= experts)
        return tr("There is no expert %1: a layer has experts 0 to %2")
            .arg(*target.expert)
            .arg(experts - 1);
    const auto result = session.explore();
    if (target.token && !result)
        return tr("There is no token %1: no prompt was analysed yet").arg(*target.token);
    if (target.token && *target.token >= result->a.trace.tokenCount())
        return tr("There is no token %1: the prompt has tokens 0 to %2")
            .arg(*target.token)
            .arg(result->a.trace.tokenCount() - 1);
    return {};
}

} // namespace

std::vector<Command> paletteCommands(const PaletteSources& sources)
{
    std::vector<Command> commands;
    addActions(commands, sources.pages, tr("page"));
    addModels(commands, sources);
    addLayers(commands, sources.context.session);
    addActions(commands, sources.actions, {});
    return commands;
}

std::optional<Command> goToCommand(Session& session, const QString& wanted)
{
    const auto target = parseGoTo(wanted);
    if (!target)
        return std::nullopt;
    if (const QString reason = reasonAgainst(session, *target); !reason.isEmpty())
        return Command{reason, {}, {}};
    QStringList parts;
    if (target->expert)
        parts.append(tr("expert %1").arg(*target->expert));
    if (target->layer)
        parts.append(tr("layer %1").arg(*target->layer));
    if (target->token)
        parts.append(tr("token %1").arg(*target->token));
    const auto go = [&session, target = *target] {
        Selection next = session.selection();
        if (target.layer && next.layer != LayerId(*target.layer)) {
            next.layer = LayerId(*target.layer);
            next.experts.clear();
        }
        if (target.expert)
            next.experts = {ExpertId(*target.expert)};
        if (target.token) {
            next.tokens = TokenRange{*target.token, *target.token};
            next.side = PromptSide::A;
        }
        session.select(next);
    };
    return Command{tr("Go to %1").arg(parts.join(QStringLiteral(", "))), tr("go to"), go};
}

} // namespace moescope::ui
