// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QFont>
#include <QObject>
#include <QString>

#include "ui/style/theme.h"

namespace moescope::ui {

class SystemColourScheme;

enum class ThemeMode { System, Light, Dark };

/// The look in force: theme, fonts and sizes. One object, made by main (or a test) and handed to
/// every widget that paints; `changed()` says that colours or sizes are different now. GUI thread.
class Style : public QObject {
    Q_OBJECT

public:
    explicit Style(QObject* parent = nullptr);
    ~Style() override;

    const Theme& theme() const { return *m_theme; }
    ThemeMode mode() const { return m_mode; }
    void setMode(ThemeMode mode);

    /// Base size in points, 6 to 32; 10 is 100 %.
    double fontSize() const { return m_fontSize; }
    void setFontSize(double points);
    /// Off by setting, or by the system when its animation duration is 0.
    void setMotion(bool allowed);
    int motionMs() const; ///< 150 or 0

    /// `n` pixels at 100 %, scaled with the font.
    double px(double n) const { return n * m_scale; }
    int pxInt(double n) const; ///< rounded, at least 1 for n > 0
    int dpi() const { return m_dpi; } ///< logical resolution the sizes hold for

    /// Words. `steps` sizes up or down (one step is about 12 %).
    QFont words(int steps = 0, QFont::Weight weight = QFont::Normal) const;
    /// Tokens and numbers: monospaced, so figures are tabular.
    QFont mono(int steps = 0, QFont::Weight weight = QFont::Normal) const;

    /// Palette, font and style sheet of the whole application; stays in force when the theme
    /// changes.
    void applyToApplication();
    QString styleSheet() const;

signals:
    void changed();

private:
    void refresh();
    void measure();

    const Theme* m_theme = &lightTheme();
    std::unique_ptr<SystemColourScheme> m_system;
    ThemeMode m_mode = ThemeMode::System;
    double m_fontSize = 10;
    double m_scale = 1;
    int m_dpi = 96;
    bool m_motion = true;
    bool m_applied = false;
    QString m_wordsFamily;
    QString m_monoFamily;
};

} // namespace moescope::ui
