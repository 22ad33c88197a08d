// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QFileDialog;
class QWidget;

namespace moescope::ui {

/// Where reports and figures are saved unless a person goes elsewhere; empty = where they were
/// last.
void setSaveFolder(const QString& folder);
const QString& saveFolder();

/// Asks where to save a file of this suffix. Deletes itself when closed; not open yet.
QFileDialog* makeSaveDialog(
    QWidget* parent, const QString& title, const QString& stem, const QString& suffix);

} // namespace moescope::ui
