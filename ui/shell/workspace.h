// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include "core/base/result.h"
#include "ui/shell/settings.h"

namespace moescope::ui {

/// What is looked at, to be kept under a name and opened again: a JSON file that ends in .moescope.
struct Workspace {
    Settings::LastSession session;
    QString texts; ///< file of the text set; empty without
    QByteArray geometry; ///< of the window
    QByteArray state;
};

Status writeWorkspace(const Workspace& workspace, const QString& path);
/// Errors name the file and what is wrong with it.
Result<Workspace> readWorkspace(const QString& path);

} // namespace moescope::ui
