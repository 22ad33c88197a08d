// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMenu>

namespace moescope::ui {

class ModelController;
class Session;
class Settings;

/// Everything that can be opened: samples, what was opened lately, the Hugging Face cache, folders
/// and files.
class ModelMenu : public QMenu {
    Q_OBJECT

public:
    ModelMenu(ModelController& models, const Session& session, const Settings& settings,
        QWidget* parent = nullptr);

    /// At the end of the menu, below a line.
    void addLastActions(const QList<QAction*>& actions);

signals:
    void chosen(const QString& what);

private:
    void fill();
    void addHeading(const QString& title);
    void addModel(
        const QString& what, const QString& name, const QString& detail, const QString& help);

    ModelController& m_models;
    const Session& m_session;
    const Settings& m_settings;
    QList<QAction*> m_last;
};

} // namespace moescope::ui
