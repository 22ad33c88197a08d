// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shell_actions.h"

#include <algorithm>

#include <QActionGroup>
#include <QGuiApplication>
#include <QMenu>
#include <QWidget>

namespace moescope::ui {

ShellActions::ShellActions(QWidget* window)
    : QObject(window)
    , m_window(window)
{
    openFolder = make("openFolder", tr("Open &folder…"), QKeySequence(QStringLiteral("Ctrl+O")));
    openFile = make("openFile", tr("&Open file…"), QKeySequence(QStringLiteral("Ctrl+Shift+O")));
    modelFacts = make("modelFacts", tr("&Model facts"), QKeySequence(QStringLiteral("Ctrl+I")));
    showTensors = make("showTensors", tr("&Tensors"), QKeySequence(QStringLiteral("Ctrl+T")));
    focusPrompt
        = make("focusPrompt", tr("&Go to the prompt"), QKeySequence(QStringLiteral("Ctrl+L")));
    analyse
        = make("analyse", tr("&Analyse the prompt"), QKeySequence(QStringLiteral("Ctrl+Return")));
    comparePrompts = make("comparePrompts", tr("&Compare with a second prompt"),
        QKeySequence(QStringLiteral("Ctrl+Shift+L")));
    openTexts = make("openTexts", tr("Open &texts…"), QKeySequence(QStringLiteral("Ctrl+Shift+T")));
    openTexts->setToolTip(tr("A .jsonl file with a {domain, doc, text} a line, or a .txt file"));
    bundledTexts = make("bundledTexts", tr("&Bundled texts"));
    openWorkspace = make("openWorkspace", tr("&Open workspace…"));
    saveWorkspace
        = make("saveWorkspace", tr("&Save workspace…"), QKeySequence(QStringLiteral("Ctrl+Alt+S")));
    floatPage = make("floatPage", tr("Page in a &window of its own"),
        QKeySequence(QStringLiteral("Ctrl+Shift+N")));
    previousDocument = make("previousDocument", tr("Previous document of the texts"),
        QKeySequence(QStringLiteral("Alt+PgUp")));
    nextDocument = make("nextDocument", tr("Next document of the texts"),
        QKeySequence(QStringLiteral("Alt+PgDown")));
    cancelJobs = make(
        "cancelJobs", tr("Cancel running &computations"), QKeySequence(QStringLiteral("Ctrl+.")));
    back = make("back", tr("&Previous selection"), QKeySequence(QStringLiteral("Alt+Left")));
    forward = make("forward", tr("&Next selection"), QKeySequence(QStringLiteral("Alt+Right")));
    undo = make("undo", tr("&Undo intervention"), QKeySequence(QStringLiteral("Ctrl+Z")));
    redo = make("redo", tr("&Redo intervention"), QKeySequence(QStringLiteral("Ctrl+Shift+Z")));
    toggleInspector
        = make("toggleInspector", tr("Show &inspector"), QKeySequence(QStringLiteral("F9")));
    toggleInspector->setCheckable(true);
    toggleInspector->setChecked(true);
    themeSystem = make("themeSystem", tr("As the &system"));
    themeLight = make("themeLight", tr("&Light"));
    themeDark = make("themeDark", tr("&Dark"));
    auto* themes = new QActionGroup(this);
    for (QAction* theme : {themeSystem, themeLight, themeDark}) {
        theme->setCheckable(true);
        themes->addAction(theme);
    }
    largerText = make("largerText", tr("&Larger text"), QKeySequence(QStringLiteral("Ctrl++")));
    largerText->setShortcuts(
        {QKeySequence(QStringLiteral("Ctrl++")), QKeySequence(QStringLiteral("Ctrl+="))});
    smallerText = make("smallerText", tr("&Smaller text"), QKeySequence(QStringLiteral("Ctrl+-")));
    normalText = make("normalText", tr("&Normal text"), QKeySequence(QStringLiteral("Ctrl+0")));
    exportJson = make("exportJson", tr("Report as &JSON…"), QKeySequence(QStringLiteral("Ctrl+S")));
    exportMarkdown = make("exportMarkdown", tr("Report as &Markdown…"));
    exportHtml = make("exportHtml", tr("Report as one &HTML file…"),
        QKeySequence(QStringLiteral("Ctrl+Shift+S")));
    exportPdf = make("exportPdf", tr("Report as P&DF…"), QKeySequence(QStringLiteral("Ctrl+P")));
    exportPng = make("exportPng", tr("&Picture of the page…"));
    palette = make("palette", tr("&Command palette"), QKeySequence(QStringLiteral("Ctrl+K")));
    settings = make("settings", tr("&Settings…"), QKeySequence(QStringLiteral("Ctrl+,")));
    keys = make("keys", tr("&Keys"), QKeySequence(QStringLiteral("F1")));
    about = make("about", tr("&About Moescope"));
    quit = make("quit", tr("&Quit"), QKeySequence(QStringLiteral("Ctrl+Q")));
}

QAction* ShellActions::make(const char* name, const QString& text, const QKeySequence& key)
{
    auto* action = new QAction(text, this);
    action->setObjectName(QStringLiteral("action.") + QLatin1String(name));
    action->setShortcut(key);
    m_window->addAction(action);
    m_all.push_back(action);
    return action;
}

QMenu* ShellActions::makeMenu(QWidget* parent) const
{
    auto* menu = new QMenu(parent);
    menu->setObjectName(QStringLiteral("moreMenu"));
    QMenu* exports = menu->addMenu(tr("&Export the page"));
    exports->addActions({exportJson, exportMarkdown, exportHtml, exportPdf, exportPng});
    menu->addSeparator();
    QMenu* texts = menu->addMenu(tr("&Texts"));
    texts->addActions({openTexts, bundledTexts, previousDocument, nextDocument});
    QMenu* workspace = menu->addMenu(tr("Wor&kspace"));
    workspace->addActions({openWorkspace, saveWorkspace});
    menu->addSeparator();
    menu->addActions({undo, redo, back, forward});
    menu->addSeparator();
    QMenu* theme = menu->addMenu(tr("&Theme"));
    theme->addActions({themeSystem, themeLight, themeDark});
    QMenu* text = menu->addMenu(tr("Te&xt size"));
    text->addActions({largerText, smallerText, normalText});
    text->addSeparator();
    const int percent = qRound(parent->devicePixelRatioF() * 100);
    QAction* hint
        = text->addAction(tr("Screen at %1 %; start with --scale to change it").arg(percent));
    hint->setEnabled(false);
    menu->addActions({toggleInspector, floatPage});
    menu->addSeparator();
    menu->addActions({palette, settings, keys, about, quit});
    return menu;
}

std::vector<FactRow> ShellActions::keyRows(const std::vector<QAction*>& pages) const
{
    std::vector<FactRow> rows{{tr("Window"), {}}};
    const auto add = [](std::vector<FactRow>& to, const QAction* action) {
        QStringList shortcuts;
        for (const QKeySequence& key : action->shortcuts())
            shortcuts += key.toString(QKeySequence::NativeText);
        const QString& words = action->whatsThis().isEmpty() ? action->text() : action->whatsThis();
        FactRow row{shortcuts.join(QStringLiteral(", ")), QString(words).remove(QLatin1Char('&'))};
        if (!shortcuts.isEmpty() && std::ranges::find(to, row) == to.end())
            to.push_back(std::move(row));
    };
    for (const QAction* page : pages)
        add(rows, page);
    for (const QAction* action : m_all)
        add(rows, action);
    // What the pages and figures have registered themselves.
    std::vector<FactRow> onPages;
    std::vector<FactRow> onFigures;
    for (const QAction* action : m_window->findChildren<QAction*>()) {
        if (std::ranges::find(pages, action) != pages.end()
            || std::ranges::find(m_all, action) != m_all.end())
            continue;
        const bool whole = action->shortcutContext() == Qt::WindowShortcut
            || action->shortcutContext() == Qt::ApplicationShortcut;
        add(whole ? onPages : onFigures, action);
    }
    rows.insert(rows.end(), onPages.begin(), onPages.end());
    rows.insert(rows.end(),
        {{QStringLiteral("?"), tr("This sheet")},
            {QStringLiteral("Esc"), tr("Give up the chosen experts, then the chosen tokens")},
            {tr("Prompt"), {}}, {QStringLiteral("Enter"), tr("Run it")},
            {QStringLiteral("Shift+Enter"), tr("New line")},
            {tr("Up, Down"), tr("On the first and last line: earlier and later prompts")},
            {tr("Figures"), {}},
            {tr("Arrow keys"), tr("Walk from cell to cell, token to token, layer to layer")},
            {tr("Ctrl+wheel"), tr("Zoom a grid")},
            {tr("Ctrl+click"), tr("Choose several experts or tokens")},
            {tr("Shift+arrow, drag"), tr("Choose a span of tokens")},
            {tr("Right click, Menu"), tr("Copy, save as PNG, SVG, PDF or CSV")}});
    rows.insert(rows.end(), onFigures.begin(), onFigures.end());
    return rows;
}

} // namespace moescope::ui
