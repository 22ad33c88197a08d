// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/save_dialog.h"

#include <QCoreApplication>
#include <QFileDialog>

namespace moescope::ui {

namespace {

QString& folderInUse()
{
    static QString folder;
    return folder;
}

} // namespace

void setSaveFolder(const QString& folder)
{
    folderInUse() = folder;
}

const QString& saveFolder()
{
    return folderInUse();
}

QFileDialog* makeSaveDialog(
    QWidget* parent, const QString& title, const QString& stem, const QString& suffix)
{
    auto* dialog = new QFileDialog(parent, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(suffix);
    dialog->setNameFilter(
        QCoreApplication::translate("SaveDialog", "%1 file (*.%2)").arg(suffix.toUpper(), suffix));
    if (!saveFolder().isEmpty())
        dialog->setDirectory(saveFolder());
    dialog->selectFile(stem + QLatin1Char('.') + suffix);
    return dialog;
}

} // namespace moescope::ui
