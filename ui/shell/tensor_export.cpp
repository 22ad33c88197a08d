// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tensor_export.h"

#include <algorithm>
#include <utility>

#include <QAction>
#include <QFileDialog>
#include <QFileInfo>

#include "core/base/text.h"
#include "core/checkpoint/export_tensors.h"
#include "core/model/open_model.h"
#include "ui/jobs/job_runner.h"
#include "ui/session/session.h"
#include "ui/shell/page.h"
#include "ui/style/save_dialog.h"

namespace moescope::ui {

namespace {

constexpr std::uint64_t kShortWork = 1U << 24; ///< values that are written in about a second

const std::pair<const char*, const char*> kFormats[]
    = {{"npy", QT_TRANSLATE_NOOP("moescope::ui::TensorExport", "NumPy array (*.npy)")},
        {"csv", QT_TRANSLATE_NOOP("moescope::ui::TensorExport", "Comma-separated values (*.csv)")},
        {"safetensors",
            QT_TRANSLATE_NOOP("moescope::ui::TensorExport", "Safetensors (*.safetensors)")}};

Status exportOne(const Checkpoint& checkpoint, const std::string& name, const std::string& path,
    TaskContext& context)
{
    MOESCOPE_TRY(const DecodedTensors found,
        findDecodedTensors(checkpoint, [&](std::string_view other) { return other == name; }));
    if (found.tensors.empty())
        return fail(ErrorCode::Unsupported,
            "The tensor \"" + displayName(name) + "\" has a dtype without float32 values.");
    return exportTensors(checkpoint, found.tensors, path, context);
}

} // namespace

TensorExport::TensorExport(UiContext& context, QWidget* parent)
    : QObject(parent)
    , m_context(context)
    , m_parent(parent)
    , m_action(new QAction(tr("Export tensor…"), this))
{
    m_action->setObjectName(QStringLiteral("exportTensor"));
    m_action->setToolTip(
        tr("Save the chosen tensor decoded to float32: as a NumPy array, as CSV or as "
           "safetensors.\nCSV has one line a row and no header; of a vector one value a line. With "
           "three or more dimensions every line begins with the row's indices in all dimensions "
           "but the last."));
    connect(m_action, &QAction::triggered, this, &TensorExport::ask);
    setTensor({});
}

void TensorExport::setTensor(const QString& name)
{
    const auto open = m_context.session.model();
    m_name = open && open->checkpoint->find(name.toStdString()) ? name : QString();
    m_action->setEnabled(!m_name.isEmpty());
}

void TensorExport::ask()
{
    QString stem = m_name;
    stem.replace(QLatin1Char('/'), QLatin1Char('_'));
    auto* dialog = new QFileDialog(m_parent, tr("Export tensor"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("exportTensorDialog"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    beginWhereSaved(dialog);
    QStringList filters;
    for (const auto& [suffix, label] : kFormats)
        filters += tr(label);
    dialog->setNameFilters(filters);
    const auto choose = [dialog, filters](const QString& filter) {
        const QString suffix
            = QLatin1String(kFormats[std::max<qsizetype>(0, filters.indexOf(filter))].first);
        dialog->setDefaultSuffix(suffix);
        const QStringList chosen = dialog->selectedFiles();
        QString name = chosen.isEmpty() ? QString() : QFileInfo(chosen.front()).fileName();
        for (const auto& [other, label] : kFormats) {
            const QString ending = QLatin1Char('.') + QLatin1String(other);
            if (name.endsWith(ending, Qt::CaseInsensitive))
                dialog->selectFile(name.chopped(ending.size()) + QLatin1Char('.') + suffix);
        }
    };
    connect(dialog, &QFileDialog::filterSelected, dialog, choose);
    dialog->setDefaultSuffix(QLatin1String(kFormats[0].first));
    dialog->selectFile(stem + QLatin1Char('.') + QLatin1String(kFormats[0].first));
    connect(dialog, &QFileDialog::fileSelected, this, &TensorExport::save);
    dialog->open();
}

void TensorExport::save(const QString& path)
{
    const auto open = m_context.session.model();
    const TensorInfo* tensor = open ? open->checkpoint->find(m_name.toStdString()) : nullptr;
    if (!tensor)
        return;
    const QString ending = QFileInfo(path).suffix().toLower();
    if (std::ranges::none_of(
            kFormats, [&](const auto& format) { return ending == QLatin1String(format.first); })) {
        emit failed(tr("The name %1 must end in .npy, .csv or .safetensors.").arg(path));
        return;
    }
    auto work
        = [checkpoint = open->checkpoint, name = m_name.toStdString(), file = path.toStdString()](
              TaskContext& context) { return exportOne(*checkpoint, name, file, context); };
    auto done = [this, path](const auto& answer) {
        m_running.remove(path);
        if (*answer)
            emit saved(path);
        else if (answer->error().code != ErrorCode::Cancelled)
            emit failed(QString::fromStdString(answer->error().message));
        emit busyChanged();
    };
    const bool isShort = tensor->elements() <= kShortWork;
    m_running.insert(path);
    m_context.runner.start({QStringLiteral("export ") + path, tr("Exporting %1").arg(m_name),
                               isShort ? JobSlot::Light : JobSlot::Heavy},
        this, std::move(work), std::move(done));
    emit busyChanged();
}

} // namespace moescope::ui
