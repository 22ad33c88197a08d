// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/save_dialog.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QStandardPaths>

namespace moescope::ui {

namespace {

struct Folders {
    QString chosen;
    QString last;
};

Folders& folders()
{
    static Folders all;
    return all;
}

QString firstFolder()
{
    for (const QString& folder : {folders().chosen, folders().last,
             QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation)})
        if (!folder.isEmpty() && QFileInfo(folder).isDir())
            return folder;
    return QDir::homePath();
}

} // namespace

void setSaveFolder(const QString& folder)
{
    folders().chosen = folder;
}

void setLastSaveFolder(const QString& folder)
{
    folders().last = folder;
}

const QString& lastSaveFolder()
{
    return folders().last;
}

void beginWhereSaved(QFileDialog* dialog)
{
    dialog->setDirectory(firstFolder());
    QObject::connect(dialog, &QFileDialog::fileSelected, dialog,
        [](const QString& path) { setLastSaveFolder(QFileInfo(path).absolutePath()); });
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
    beginWhereSaved(dialog);
    dialog->selectFile(stem + QLatin1Char('.') + suffix);
    return dialog;
}

} // namespace moescope::ui
