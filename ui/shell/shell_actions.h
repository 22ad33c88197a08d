// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAction>
#include <QObject>

#include "ui/shell/facts_dialog.h"

class QMenu;

namespace moescope::ui {

/// Everything the window can be told to do, apart from what its pages add. The menus, the palette
/// and the sheet of keys are made from it.
class ShellActions : public QObject {
    Q_OBJECT

public:
    explicit ShellActions(QWidget* window);

    QAction* openFolder;
    QAction* openFile;
    QAction* modelFacts;
    QAction* showTensors;
    QAction* focusPrompt;
    QAction* comparePrompts;
    QAction* analyse;
    QAction* openTexts;
    QAction* openWorkspace;
    QAction* saveWorkspace;
    QAction* floatPage;
    QAction* bundledTexts;
    QAction* previousDocument;
    QAction* nextDocument;
    QAction* cancelJobs;
    QAction* back;
    QAction* forward;
    QAction* undo;
    QAction* redo;
    QAction* toggleInspector;
    QAction* themeSystem;
    QAction* themeLight;
    QAction* themeDark;
    QAction* largerText;
    QAction* smallerText;
    QAction* normalText;
    QAction* exportJson;
    QAction* exportMarkdown;
    QAction* exportHtml;
    QAction* exportPdf;
    QAction* exportPng;
    QAction* palette;
    QAction* settings;
    QAction* keys;
    QAction* about;
    QAction* quit;

    /// The menu behind the three dots. Owned by `parent`.
    QMenu* makeMenu(QWidget* parent) const;
    /// In the order of the sheet of keys.
    const std::vector<QAction*>& all() const { return m_all; }
    /// Every action with a shortcut, then the keys that pages and figures answer to.
    std::vector<FactRow> keyRows(const std::vector<QAction*>& pages) const;

private:
    QAction* make(const char* name, const QString& text, const QKeySequence& key = {});

    QWidget* m_window;
    std::vector<QAction*> m_all;
};

} // namespace moescope::ui
