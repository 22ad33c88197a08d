// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QPushButton;
class QSlider;
class QSpinBox;

namespace moescope::ui {

class ElidedLabel;
class InlineMessage;
class Session;
class Style;

/// Changes to the model, one line: experts per token, what is masked or forced, undo and redo.
class InterventionBar : public QWidget {
    Q_OBJECT

public:
    InterventionBar(Style& style, Session& session, QWidget* parent = nullptr);

    /// The changes cannot be run; one sentence.
    void showFailure(const QString& message);

private:
    void follow(); ///< the model or the changes are others
    void setK(int k);

    Session& m_session;
    QSlider* m_slider;
    QSpinBox* m_spin;
    ElidedLabel* m_of;
    ElidedLabel* m_list;
    QPushButton* m_undo;
    QPushButton* m_redo;
    QPushButton* m_clear;
    InlineMessage* m_message;
};

/// "masked: L5 E11 · forced: L2 E0", or empty.
QString interventionList(const Session& session);

} // namespace moescope::ui
