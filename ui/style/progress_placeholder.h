// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace moescope::ui {

class Style;

/// Stands where a result will be: what is being computed, how far, the time left and a cancel
/// button.
class ProgressPlaceholder : public QWidget {
    Q_OBJECT

public:
    explicit ProgressPlaceholder(Style& style, QWidget* parent = nullptr);

    /// `fraction` in 0..1, or negative when it is not known.
    void setProgress(double fraction, const QString& stage, const QString& timeLeft = {});
    void setCancellable(bool cancellable);

signals:
    void cancelled();

private:
    void restyle();

    Style& m_style;
    QLabel* m_stage;
    QProgressBar* m_bar;
    QLabel* m_timeLeft;
    QPushButton* m_cancel;
};

} // namespace moescope::ui
