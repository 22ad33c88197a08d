// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QList>

#include "ui/shell/command.h"

class QAction;

namespace moescope::ui {

class Session;
class Settings;
struct UiContext;

struct PaletteSources {
    const UiContext& context;
    const Settings& settings;
    QList<QAction*> pages;
    QList<QAction*> actions;
    std::function<void(const QString& what)> openModel;
};

/// Pages, layers, models and everything in the menus.
std::vector<Command> paletteCommands(const PaletteSources& sources);
/// "expert 5 of layer 12" for the open model; nothing when it has no such layer, expert or token.
std::optional<Command> goToCommand(Session& session, const QString& text);

} // namespace moescope::ui
