// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace moescope::ui {

class Generation;
class InlineMessage;
class Style;

/// Continuing the prompt, one line: play, step, stop, speed, temperature, seed, length.
class GenerateBar : public QWidget {
    Q_OBJECT

public:
    GenerateBar(Style& style, Generation& generation, QWidget* parent = nullptr);

private:
    void follow();
    void readSettings();

    Generation& m_generation;
    QPushButton* m_play;
    QPushButton* m_step;
    QPushButton* m_discard;
    QPushButton* m_keep;
    QComboBox* m_speed;
    QDoubleSpinBox* m_temperature;
    QSpinBox* m_seed;
    QSpinBox* m_most;
    QLabel* m_state;
    InlineMessage* m_message;
};

} // namespace moescope::ui
