// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLineEdit;
class QSpinBox;

namespace moescope::ui {

class Settings;
class Style;

/// Edits the settings; nothing changes before OK.
class SettingsDialog : public QDialog {
    Q_OBJECT

public:
    SettingsDialog(Settings& settings, Style& style, QWidget* parent);
    void accept() override;

signals:
    void settingsChanged();

private:
    void addLook(QFormLayout& form);
    void addWork(QFormLayout& form);
    void addFolder(QFormLayout& form, QLineEdit* field, const QString& label, const QString& choose,
        const QString& objectName);

    Settings& m_settings;
    QComboBox* m_theme;
    QDoubleSpinBox* m_font;
    QCheckBox* m_motion;
    QSpinBox* m_threads;
    QDoubleSpinBox* m_memory;
    QLineEdit* m_hub;
    QLineEdit* m_reports;
};

} // namespace moescope::ui
