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
/// The folder of the last file that was saved; empty before the first.
void setLastSaveFolder(const QString& folder);
const QString& lastSaveFolder();

/// Begins in the folder for saving, else where something was saved last, else in the documents:
/// never where a model was opened, as Qt would. What is saved is remembered.
void beginWhereSaved(QFileDialog* dialog);

/// Asks where to save a file of this suffix. Deletes itself when closed; not open yet.
QFileDialog* makeSaveDialog(
    QWidget* parent, const QString& title, const QString& stem, const QString& suffix);

} // namespace moescope::ui
