// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings_dialog.h"

#include <cmath>
#include <thread>

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "core/base/text.h"
#include "core/checkpoint/hub_cache.h"
#include "core/task/task_context.h"
#include "ui/jobs/job_runner.h"
#include "ui/shell/settings.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {
constexpr double kGigabyte = 1e9;
}

SettingsDialog::SettingsDialog(Settings& settings, Style& style, QWidget* parent)
    : QDialog(parent)
    , m_settings(settings)
    , m_theme(new QComboBox(this))
    , m_font(new QDoubleSpinBox(this))
    , m_motion(new QCheckBox(tr("Allow short animations"), this))
    , m_threads(new QSpinBox(this))
    , m_memory(new QDoubleSpinBox(this))
    , m_hub(new QLineEdit(this))
    , m_reports(new QLineEdit(this))
{
    setObjectName(QStringLiteral("settingsDialog"));
    setWindowTitle(tr("Settings"));
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(style.pxInt(16));
    form->setVerticalSpacing(style.pxInt(8));
    addLook(*form);
    addWork(*form);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    buttons->setObjectName(QStringLiteral("settingsButtons"));
    connect(buttons, &QDialogButtonBox::accepted, this, &SettingsDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    const int margin = style.pxInt(16);
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->setSpacing(margin);
    layout->addLayout(form);
    layout->addWidget(buttons);
    setMinimumWidth(style.pxInt(520));
}

void SettingsDialog::addLook(QFormLayout& form)
{
    m_theme->setObjectName(QStringLiteral("themeChoice"));
    m_theme->addItem(tr("As the system"), static_cast<int>(ThemeMode::System));
    m_theme->addItem(tr("Light"), static_cast<int>(ThemeMode::Light));
    m_theme->addItem(tr("Dark"), static_cast<int>(ThemeMode::Dark));
    m_theme->setCurrentIndex(m_theme->findData(static_cast<int>(m_settings.theme())));
    form.addRow(tr("&Theme"), m_theme);

    m_font->setObjectName(QStringLiteral("fontSize"));
    m_font->setRange(9, 20);
    m_font->setSingleStep(0.5);
    m_font->setDecimals(1);
    m_font->setSuffix(tr(" pt"));
    m_font->setValue(m_settings.fontSize());
    form.addRow(tr("Text &size"), m_font);

    m_motion->setObjectName(QStringLiteral("motion"));
    m_motion->setChecked(m_settings.motion());
    form.addRow(tr("Motion"), m_motion);
}

void SettingsDialog::addWork(QFormLayout& form)
{
    m_threads->setObjectName(QStringLiteral("threads"));
    m_threads->setRange(0, static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
    m_threads->setSpecialValueText(tr("automatic (%1)").arg(JobRunner::defaultThreads()));
    m_threads->setValue(static_cast<int>(m_settings.threads()));
    m_threads->setToolTip(tr("Threads of a computation. Automatic leaves one core to the window."));
    form.addRow(tr("T&hreads"), m_threads);

    m_memory->setObjectName(QStringLiteral("memoryLimit"));
    m_memory->setRange(0, 4096);
    m_memory->setDecimals(1);
    m_memory->setSingleStep(0.5);
    m_memory->setSuffix(tr(" GB"));
    const std::string now = formatBytes(availableMemory() / 5 * 4);
    m_memory->setSpecialValueText(
        tr("automatic (80 % of what is free, now %1)").arg(QString::fromStdString(now)));
    m_memory->setValue(static_cast<double>(m_settings.memoryLimit()) / kGigabyte);
    m_memory->setToolTip(tr("A computation that would need more is refused before it starts."));
    form.addRow(tr("&Memory limit"), m_memory);

    m_hub->setText(m_settings.hubCache());
    m_hub->setPlaceholderText(QString::fromStdString(defaultHubCache().string()));
    addFolder(form, m_hub, tr("Hu&gging Face cache"), tr("Folder of the Hugging Face cache"),
        QStringLiteral("hubFolder"));
    m_reports->setText(m_settings.reportFolder());
    m_reports->setPlaceholderText(tr("where something was saved last"));
    addFolder(form, m_reports, tr("&Reports and figures"), tr("Folder for reports and figures"),
        QStringLiteral("reportFolder"));
}

void SettingsDialog::addFolder(QFormLayout& form, QLineEdit* field, const QString& label,
    const QString& choose, const QString& objectName)
{
    field->setObjectName(objectName);
    auto* button = new QPushButton(tr("Choose…"), this);
    button->setObjectName(objectName + QStringLiteral("Choose"));
    button->setAccessibleName(choose);
    button->setAutoDefault(false);
    connect(button, &QPushButton::clicked, this, [this, field, choose] {
        auto* dialog = new QFileDialog(this, choose, field->text());
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::Directory);
        connect(dialog, &QFileDialog::fileSelected, field, &QLineEdit::setText);
        dialog->open();
    });
    auto* row = new QHBoxLayout;
    row->addWidget(field, 1);
    row->addWidget(button);
    auto* words = new QLabel(label, this);
    words->setBuddy(field);
    form.addRow(words, row);
}

void SettingsDialog::accept()
{
    m_settings.setTheme(static_cast<ThemeMode>(m_theme->currentData().toInt()));
    m_settings.setFontSize(m_font->value());
    m_settings.setMotion(m_motion->isChecked());
    m_settings.setThreads(static_cast<unsigned>(m_threads->value()));
    m_settings.setMemoryLimit(
        static_cast<std::uint64_t>(std::llround(m_memory->value() * kGigabyte)));
    m_settings.setHubCache(m_hub->text().trimmed());
    m_settings.setReportFolder(m_reports->text().trimmed());
    emit settingsChanged();
    QDialog::accept();
}

} // namespace moescope::ui
