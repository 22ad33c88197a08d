// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSet>
#include <QString>

class QAction;
class QWidget;

namespace moescope::ui {

struct UiContext;

/// Saves the chosen tensor decoded to float32: asks where to, writes in a job and tells how it
/// went.
class TensorExport : public QObject {
    Q_OBJECT

public:
    /// `parent` stands behind the dialog.
    TensorExport(UiContext& context, QWidget* parent);

    QAction* action() const { return m_action; } ///< disabled while no tensor is chosen
    void setTensor(const QString& name); ///< a name that is no tensor's chooses none
    /// The ending of `path` is the format: .npy, .csv or .safetensors.
    void save(const QString& path);
    bool isBusy() const { return !m_running.isEmpty(); }

signals:
    void saved(const QString& path);
    void failed(const QString& message);
    void busyChanged();

private:
    void ask();

    UiContext& m_context;
    QWidget* m_parent;
    QAction* m_action;
    QString m_name;
    QSet<QString> m_running; ///< files that are being written
};

} // namespace moescope::ui
